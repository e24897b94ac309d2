"""Card numbers inside one chain of digit blocks.

Near talk of cards every window counts that passes Luhn and lies in an issuer's range. Elsewhere a window must stand
where blocks do, or be broken where cards are printed with a gap, or be as long as the cards people carry.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import phonenumbers

from vault.screen.find.digits import Block
from vault.screen.find.schemes import MIN_DIGITS, UATP, UATP_DIGITS, Match, is_uatp, is_usual, windows
from vault.screen.find.talk import At, Segment
from vault.screen.find.tame import OTHER_NUMBER, REACH_BACK, is_other_number

_USUAL = 16  # digits of most cards
_UATP_BREAKS = [4, 9]  # as air travel cards print it
_AFFIX = 10  # characters before a number in which what it is glued to stands
_IN_CODE = re.compile(r"[0-9][A-Za-z]{1,9}$")  # digits and letters glued before it: a parcel's "1Z60B..."
_LETTER = re.compile(r"(?<![^\W_])[A-Za-z]$")


@dataclass(slots=True)
class Card:
    """A card number found; `parts` are (where, first digit, end digit) in order.

    `certain` tells that its end is known. Where it is not, because a shorter number ends before it or more digits
    are glued to it, what would be kept as its last four digits may be a security code.
    """

    scheme: str
    rule: str
    parts: list[tuple[At, int, int]] = field(default_factory=list)
    certain: bool = True
    echoes: list[At] = field(default_factory=list)  # read back by the other one; no digits of the number beside these


def by_cell(blocks: Sequence[Block], text: str, cells: str) -> list[list[Block]]:
    """Return the blocks of a chain cell by cell of the table's row that they stand in."""
    out = [[blocks[0]]]
    for left, right in pairwise(blocks):
        if cells in text[left.end : right.start]:
            out.append([])
        out[-1].append(right)
    return out


def _printed(size: int, breaks: Sequence[int]) -> bool:
    """Say whether a number of `size` digits broken at `breaks` is grouped as cards print it, or finer or coarser."""
    printed = {4, 10} if size in (14, 15) else set(range(4, size, 4))
    given = set(breaks)
    if given == set(range(4, size, 4)):
        return True
    return given <= printed or given >= printed or given == set(range(3, size - 1, 3)) or given == {6}


def is_phone(text: str, start: int, digits: str, first: int = 0) -> bool:
    """Say whether digits after a plus sign are an international telephone number (ITU-T E.164).

    It is when the country has given out such numbers, or when they have their length and the `first` digits, which
    stand apart, are the country's code.
    """
    if not text[:start].rstrip(" (").endswith("+"):
        return False
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return False
    if digits[:first] == str(number.country_code):
        return phonenumbers.is_possible_number(number)
    return phonenumbers.is_valid_number(number)


class Chain:
    """The blocks of one chain as one string of digits; `tame` are the ordinals of dates and amounts.

    A chain with `cells` runs over several cells of a table, which end with that sign: only numbers made of nothing but
    whole cells count in it, as what stands in one cell has a chain of its own.
    """

    def __init__(self, segment: int, chain: Sequence[At], cells: str = "") -> None:
        self.segment, self.chain, self.cells = segment, chain, cells
        self.tame: frozenset[int] = frozenset()
        self.digits = "".join(at.block.digits for at in chain)
        self.starts = [0]
        for at in chain[:-1]:
            self.starts.append(self.starts[-1] + len(at.block.digits))
        self.windows = sorted([*windows(self.digits), *self._air_travel()], key=lambda window: window[0])

    def _air_travel(self) -> Iterator[tuple[int, int, Match]]:
        """Yield the windows of whole blocks that are numbers of air travel cards."""
        for start in self.starts:
            number = self.digits[start : start + UATP_DIGITS]
            if is_uatp(number) and self.is_aligned(start, start + UATP_DIGITS):
                yield start, UATP_DIGITS, Match(UATP, checked=True)

    def breaks(self, start: int, end: int) -> list[int]:
        """Return where blocks begin inside start..end, counted from `start`."""
        return [s - start for s in self.starts[bisect_right(self.starts, start) : bisect_left(self.starts, end)]]

    def is_aligned(self, start: int, end: int) -> bool:
        """Say whether blocks begin at `start` and end at `end`."""
        at, after = bisect_left(self.starts, start), bisect_left(self.starts, end)
        ends = end == len(self.digits) or (after < len(self.starts) and self.starts[after] == end)
        return self.starts[at : at + 1] == [start] and ends

    def is_of_cells(self, start: int, end: int, text: str) -> bool:
        """Say whether start..end is made of whole cells of a table, each a group of digits."""
        parts = self.parts(start, end)
        between = [text[a.block.end : b.block.start] for (a, _, _), (b, _, _) in pairwise(parts)]
        crossed = [self.cells in some for some in between]
        exact = self.breaks(start, end) in ([4, 8, 12], [4, 10])
        return self.is_aligned(start, end) and any(crossed) and (all(crossed) or exact)

    def is_tame(self, start: int, end: int) -> bool:
        """Say whether a date or an amount stands in start..end."""
        return bool(self.tame) and any(at.block.ordinal in self.tame for at, _, _ in self.parts(start, end))

    def is_inside_other_number(self, start: int) -> bool:
        """Say whether the block that digit `start` stands in is a number of another kind."""
        return is_other_number(self.chain[bisect_right(self.starts, start) - 1].block.digits)

    def is_named_otherwise(self, text: str) -> bool:
        """Say whether the words before the chain announce a number of another kind."""
        first = self.chain[0].block.start
        return OTHER_NUMBER.search(text[max(0, first - REACH_BACK) : first].lower()) is not None

    def is_behind_letter(self, text: str, start: int) -> bool:
        """Say whether a single letter is glued to the block that begins at digit `start`: a parcel's "H3752..."."""
        at = self.chain[bisect_right(self.starts, start) - 1].block.start
        return _LETTER.search(text, max(0, at - 2), at) is not None

    def parts(self, start: int, end: int) -> list[tuple[At, int, int]]:
        """Return the parts of blocks that digits start..end stand in."""
        out = []
        for index in range(bisect_right(self.starts, start) - 1, bisect_left(self.starts, end)):
            at, base = self.chain[index], self.starts[index]
            out.append((at, max(0, start - base), min(len(at.block.digits), end - base)))
        return out


def _accepts(chain: Chain, start: int, end: int, found: Match, segment: Segment, *, near: bool) -> bool:
    """Say whether a window of a chain is cut: it is by itself a card number, or stands near talk of cards."""
    entire = start == 0 and end == len(chain.digits)
    if segment.whole and not entire:
        return False
    usual = is_usual(found.scheme, end - start)
    if chain.cells and not (usual and chain.is_of_cells(start, end, segment.text)):
        return False
    printed = _printed(end - start, chain.breaks(start, end))
    named = chain.is_named_otherwise(segment.text)
    if not found.checked:
        return entire and near and printed and not named
    if found.scheme == UATP:
        breaks = chain.breaks(start, end)
        return (printed or breaks == _UATP_BREAKS) and not named and (near or (entire and bool(breaks)))
    if end - start == MIN_DIGITS and not _may_be_thirteen(chain, start, end, segment):
        return False
    if near and not named and (printed or not chain.is_tame(start, end)):
        return True
    if not entire and is_other_number(chain.digits):
        return False
    return _stands_alone(chain, start, end, found, segment.text, named=named)


def _may_be_thirteen(chain: Chain, start: int, end: int, segment: Segment) -> bool:
    """Say whether a window of thirteen digits may be a card number: whole blocks, and no telephone number.

    No scheme issues such numbers any more, so chance alone finds them inside longer ones.
    """
    if not chain.is_aligned(start, end):
        return False
    first = chain.chain[bisect_left(chain.starts, start)].block
    if _IN_CODE.search(segment.text, max(0, first.start - _AFFIX), first.start):
        return False
    return not is_phone(segment.text, first.start, chain.digits[start:end], len(first.digits))


def _stands_alone(chain: Chain, start: int, end: int, found: Match, text: str, *, named: bool) -> bool:
    """Say whether a window is a card number although nobody speaks of cards; `named`, that it is called otherwise."""
    usual = is_usual(found.scheme, end - start)
    if named and (not usual or chain.is_behind_letter(text, start)):
        return False
    breaks = chain.breaks(start, end)
    printed = _printed(end - start, breaks)
    if chain.is_aligned(start, end):
        if not breaks:
            return not is_other_number(chain.digits[start:end])
        entire = start == 0 and end == len(chain.digits)
        tame = chain.is_tame(start, end)  # "order 3991364608, $1256.50" is broken where some cards are, by chance
        return (printed and (not tame or not named)) or (entire and not named and not tame)
    return usual and not named and (printed if breaks else not chain.is_inside_other_number(start))


def cards_in_chain(chain: Chain, segment: Segment, *, near: bool) -> Iterator[Card]:
    """Yield the card numbers of one chain, overlapping ones as one."""
    scheme, last = "", 0
    taken: list[tuple[int, int]] = []
    for start, size, found in chain.windows:
        if not _accepts(chain, start, start + size, found, segment, near=near):
            continue
        if taken and start >= last:
            yield _card(chain, scheme, taken)
            taken = []
        scheme = scheme if taken else found.scheme
        taken.append((start, start + size))
        last = max(last, start + size)
    if taken:
        yield _card(chain, scheme, taken)


def _card(chain: Chain, scheme: str, ends: Sequence[tuple[int, int]]) -> Card:
    """Return overlapping windows as one card number."""
    first, last = ends[0][0], max(end for _, end in ends)
    rule = "SCR-05" if chain.breaks(first, last) else "SCR-04"
    return Card(scheme, rule, chain.parts(first, last), certain=_is_certain(chain, first, last, ends))


def _is_certain(chain: Chain, first: int, last: int, windows_: Sequence[tuple[int, int]]) -> bool:
    """Say whether first..last is one card number, with nothing glued to it and no other that ends before it."""
    if not chain.is_aligned(first, last) or (first, last) not in windows_:
        return False
    return not any(
        end < last and (chain.is_aligned(start, end) or (last - first > _USUAL and end - start >= _USUAL - 1))
        for start, end in windows_
    )
