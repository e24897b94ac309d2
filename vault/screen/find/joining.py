"""Card numbers from digit blocks: inside one text, and split over texts with other talk between.

Three grades of evidence, each asking for Luhn and an issuer's range:

1. one unbroken run: every window of it counts;
2. blocks with only separators between: windows that start and end where blocks do, or whose inner breaks stand where
   cards are printed with one; near talk of cards, every window;
3. blocks with talk or other messages between: windows of whole blocks, near talk of cards or grouped as on a card.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import phonenumbers

from vault.screen.find.schemes import MAX_DIGITS, MIN_DIGITS, Match, match, may_start, windows
from vault.screen.find.sequences import sequences
from vault.screen.find.talk import At, Hit, Marks, Segment, Talk, chains_of

REACH = 6  # messages before and after in which talk of cards counts
MAX_MESSAGES = 12  # from one part of a number to the next, near talk of cards
MAX_MESSAGES_PLAIN = 6  # the same without
MAX_GAP = 300  # characters of talk between two parts in one text, near talk of cards
MAX_GAP_GROUPS = 80  # the same without, all parts of four digits or more
MAX_GAP_SMALL = 24  # the same without, some part smaller
MAX_LETTERS = 60  # besides the digits, in a message that holds a part, without talk of cards

_USUAL = 16  # digits of most cards

_SEP, _TALK, _LINE, _NEXT = range(4)


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


def _printed(size: int, breaks: Sequence[int]) -> bool:
    """Say whether a number of `size` digits broken at `breaks` is grouped as cards print it, or finer or coarser."""
    printed = {4, 10} if size in (14, 15) else set(range(4, size, 4))
    given = set(breaks)
    return given <= printed or given >= printed or given == set(range(3, size - 1, 3)) or given == {6}


def _is_phone(text: str, start: int, digits: str) -> bool:
    """Say whether 13 digits after a plus sign are a valid international telephone number (ITU-T E.164)."""
    if len(digits) != MIN_DIGITS or not text[:start].rstrip(" (").endswith("+"):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False


class _Chain:
    """The blocks of one chain as one string of digits."""

    def __init__(self, segment: int, chain: Sequence[At]) -> None:
        self.segment, self.chain = segment, chain
        self.digits = "".join(at.block.digits for at in chain)
        self.starts = [0]
        for at in chain[:-1]:
            self.starts.append(self.starts[-1] + len(at.block.digits))

    def breaks(self, start: int, end: int) -> list[int]:
        """Return where blocks begin inside start..end, counted from `start`."""
        return [s - start for s in self.starts[bisect_right(self.starts, start) : bisect_left(self.starts, end)]]

    def is_aligned(self, start: int, end: int) -> bool:
        """Say whether blocks begin at `start` and end at `end`."""
        at, after = bisect_left(self.starts, start), bisect_left(self.starts, end)
        ends = end == len(self.digits) or (after < len(self.starts) and self.starts[after] == end)
        return self.starts[at : at + 1] == [start] and ends

    def parts(self, start: int, end: int) -> list[tuple[At, int, int]]:
        """Return the parts of blocks that digits start..end stand in."""
        out = []
        for index in range(bisect_right(self.starts, start) - 1, bisect_left(self.starts, end)):
            at, base = self.chain[index], self.starts[index]
            out.append((at, max(0, start - base), min(len(at.block.digits), end - base)))
        return out


def _accepts(chain: _Chain, start: int, end: int, found: Match, segment: Segment, *, near: bool) -> bool:
    entire = start == 0 and end == len(chain.digits)
    if segment.whole and not entire:
        return False
    if not found.checked:
        return entire and near and _printed(end - start, chain.breaks(start, end))
    aligned = chain.is_aligned(start, end)
    if aligned and _is_phone(segment.text, chain.chain[0].block.start if start == 0 else 0, chain.digits[start:end]):
        return False
    if aligned or near:
        return True
    breaks = chain.breaks(start, end)
    return not breaks or _printed(end - start, breaks)


def _cards_in_chain(chain: _Chain, segment: Segment, *, near: bool) -> Iterator[Card]:
    """Yield the card numbers of one chain, overlapping ones as one."""
    first = last = -1
    scheme = ""
    ends: list[tuple[int, int]] = []
    for start, size, found in windows(chain.digits):
        end = start + size
        if not _accepts(chain, start, end, found, segment, near=near):
            continue
        if start >= last:
            if last > 0:
                yield Card(scheme, "run", chain.parts(first, last), certain=_is_certain(chain, first, last, ends))
            first, last, scheme, ends = start, end, found.scheme, []
        ends.append((start, end))
        last = max(last, end)
    if last > 0:
        yield Card(scheme, "run", chain.parts(first, last), certain=_is_certain(chain, first, last, ends))


def _is_certain(chain: _Chain, first: int, last: int, windows_: Sequence[tuple[int, int]]) -> bool:
    """Say whether first..last is one card number, with nothing glued to it and no other that ends before it."""
    if not chain.is_aligned(first, last) or (first, last) not in windows_:
        return False
    return not any(
        end < last and (chain.is_aligned(start, end) or (last - first > _USUAL and end - start >= _USUAL - 1))
        for start, end in windows_
    )


class _Stream:
    """One stream of segments: positions, links between blocks, talk of cards near."""

    def __init__(self, talk: Talk, order: Sequence[int]) -> None:
        self.talk, self.order = talk, order
        self.position = {index: at for at, index in enumerate(order)}

    def is_near_card_talk(self, first: int, last: int) -> bool:
        """Say whether anything from REACH before segment `first` to REACH after `last` speaks of cards."""
        low, high = self.position[first] - REACH, self.position[last] + REACH
        return any(self.talk.is_card_talk(i) for i in self.order[max(0, low) : high + 1])

    def link(self, left: At, right: At) -> tuple[int, int]:
        """Return how two blocks hang together and how far apart they are."""
        scans = self.talk.scans
        if left.segment == right.segment:
            adjacent = right.block.sep and left.block.ordinal == right.block.ordinal - 1
            return (_SEP if adjacent else _TALK), right.block.start - left.block.end
        apart = self.position[right.segment] - self.position[left.segment]
        ends = left.block.ordinal == len(scans[left.segment].blocks) - 1 and not scans[left.segment].tail
        begins = right.block.ordinal == 0 and not scans[right.segment].lead
        return (_LINE if apart == 1 and ends and begins else _NEXT), apart


def _fits(
    stream: _Stream, blocks: Sequence[At], links: Sequence[tuple[int, int]], found: Match, outer: set[int]
) -> bool:
    """Say whether blocks with talk or messages between may be one card number.

    `links` lead to the second block and on; `outer` are the kinds that lead to the first and from the last.
    """
    talk = stream.talk
    if any(talk.segments[at.segment].whole for at in blocks) or not found.checked:
        return False
    kinds = {kind for kind, _ in links}
    alone = not outer & {_SEP, _LINE}
    if alone and kinds <= {_SEP, _LINE}:
        return True
    if stream.is_near_card_talk(blocks[0].segment, blocks[-1].segment):
        return True
    if not alone or (_NEXT in kinds and outer != {_NEXT}):
        return False  # a part given in a message is all the digits of that message
    breaks, total = [], 0
    for at in blocks[:-1]:
        total += len(at.block.digits)
        breaks.append(total)
    if not _printed(total + len(blocks[-1].block.digits), breaks):
        return False
    small = any(len(at.block.digits) < 4 for at in blocks)  # noqa: PLR2004 - a printed group
    limit = MAX_GAP_SMALL if small else MAX_GAP_GROUPS
    if any(gap > (limit if kind == _TALK else MAX_MESSAGES_PLAIN) for kind, gap in links if kind in (_TALK, _NEXT)):
        return False
    return _NEXT not in kinds or all(talk.scans[at.segment].letters <= MAX_LETTERS for at in blocks)


def _split_cards(stream: _Stream, blocks: Sequence[At]) -> Iterator[Card]:
    """Yield card numbers made of whole blocks that talk or messages stand between."""
    links = [(_NEXT, MAX_MESSAGES + 1), *(stream.link(a, b) for a, b in pairwise(blocks))]
    links.append(links[0])
    for first in range(len(blocks)):
        digits, split = "", False
        for last in range(first, len(blocks)):
            kind, gap = links[last]
            if last > first:
                if gap > (MAX_MESSAGES if kind in (_NEXT, _LINE) else MAX_GAP):
                    break
                split = split or kind != _SEP
            digits += blocks[last].block.digits
            if len(digits) > MAX_DIGITS or (len(digits) > 1 and not may_start(digits[:2])):
                break
            found = match(digits) if split and len(digits) >= MIN_DIGITS else None
            if found is None:
                continue
            outer = {links[first][0], links[last + 1][0]}
            window = blocks[first : last + 1]
            if _fits(stream, window, links[first + 1 : last + 1], found, outer):
                yield Card(found.scheme, "split", [(at, 0, len(at.block.digits)) for at in window])


def cards_in(talk: Talk, order: Sequence[int]) -> list[Card]:
    """Return the card numbers in the segments `order` of one stream."""
    cards: list[Card] = []
    if not any(index in talk.scans for index in order):
        return cards
    stream = _Stream(talk, order)
    for index in order:
        scanned = talk.scans.get(index)
        for blocks in chains_of(scanned.blocks) if scanned else ():
            if sum(len(b.digits) for b in blocks) >= MIN_DIGITS:
                chain = _Chain(index, [At(index, b) for b in blocks])
                near = stream.is_near_card_talk(index, index)
                cards += _cards_in_chain(chain, talk.segments[index], near=near)
    for sequence in sequences(talk, order):
        cards += _split_cards(stream, sequence)
    return cards


def mark_around(talk: Talk, cards: Sequence[Card], marks: Marks, *, wide: bool) -> None:
    """Mark every digit of the chains that hold parts of `cards`, so that no remainder can join anew.

    `wide` marks all digits of the segments instead, for talk so full of numbers that others join again and again.
    """
    touched: dict[int, set[int]] = {}
    for card in cards:
        for at, _, _ in card.parts:
            touched.setdefault(at.segment, set()).add(at.block.ordinal)
    for segment, indices in touched.items():
        for chain in chains_of(talk.scans[segment].blocks):
            if wide or any(block.ordinal in indices for block in chain):
                for block in chain:
                    marks.add(segment, block, 0, len(block.digits))


def mark(cards: Sequence[Card], marks: Marks, keep: int) -> list[Hit]:
    """Mark all digits of `cards` but the last `keep` of each, and return what to tell; a later mark beats a keep."""
    hits = []
    for card in cards:
        size = sum(end - start for _, start, end in card.parts)
        kept = min(keep, size) if card.certain else 0
        left = size - kept
        hit = Hit("card", card.rule, size, card.scheme, kept)
        if not card.certain:
            for at, _, _ in card.parts:
                marks.add(at.segment, at.block, 0, len(at.block.digits))
        marks.claim(tuple((at.segment, at.block, i) for at, start, end in card.parts for i in range(start, end)))
        for at, start, end in card.parts:
            taken = min(left, end - start)
            left -= taken
            if taken:
                marks.add(at.segment, at.block, start, start + taken)
            low, high = at.block.span(start)[0], at.block.span(end - 1)[1]
            hit.places.append((at.segment, low, high))
        hits.append(hit)
    return hits
