"""Card numbers from digit blocks: inside one text, and split over texts with other talk between.

What stands in one chain is found by vault.screen.find.chains. Blocks with talk or other messages between join whole:
when a card's number was asked for, or grouped as on a card near talk of cards or near one another.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from vault.screen.find.chains import Card, Chain, by_cell, cards_in_chain, is_phone
from vault.screen.find.digits import Block
from vault.screen.find.schemes import MIN_DIGITS, Match, aligned, is_usual
from vault.screen.find.sequences import sequences
from vault.screen.find.talk import KEPT, At, Hit, Marks, Talk, chains_of
from vault.screen.outcome import FindingKind

REACH = 6  # messages before and after in which talk of cards counts
MAX_MESSAGES = 12  # from one part of a number to the next, near talk of cards
MAX_MESSAGES_PLAIN = 6  # the same without
MAX_GAP = 300  # characters of talk between two parts in one text, near talk of cards
MAX_GAP_GROUPS = 80  # the same without, all parts of four digits or more
MAX_GAP_SMALL = 24  # the same without, some part smaller
BARE_LETTERS = 8  # besides the digits, in a message that only gives a part
MAX_GAP_TIGHT = 3  # characters between parts that letters glue together: "4x1x1"
MIN_ECHO = 3  # digits of a part that is read back
ECHO_REACH = 2  # messages behind the last part in which it may be read back
MAX_LETTERS = 60  # besides the digits, in a message that holds a part, without talk of cards

FILLER_LETTERS, FILLER_WORDS = 12, 2  # between two parts of a number given in one message

_SEP, _TALK, _LINE, _NEXT = range(4)
_FAR = (_NEXT, MAX_MESSAGES + 1)


class _Stream:
    """One stream of segments: positions, links between blocks, talk of cards near."""

    def __init__(self, talk: Talk, order: Sequence[int]) -> None:
        self.talk, self.order = talk, order
        self.position = {index: at for at, index in enumerate(order)}

    @cached_property
    def card_talk(self) -> list[int]:
        """The positions of the segments that speak of cards."""
        return [at for at, index in enumerate(self.order) if self.talk.is_card_talk(index)]

    def is_near_card_talk(self, first: int, last: int) -> bool:
        """Say whether anything from REACH before segment `first` to REACH after `last` speaks of cards."""
        low = bisect_left(self.card_talk, self.position[first] - REACH)
        return low < bisect_right(self.card_talk, self.position[last] + REACH)

    def is_asked_for(self, first: int, last: int) -> bool:
        """Say whether anything from REACH before segment `first` to just after `last` speaks of a card's number."""
        low, high = self.position[first] - REACH, self.position[last] + 1
        return any(self.talk.is_number_talk(i) for i in self.order[max(0, low) : high + 1])

    def echoes(self, card: Card) -> list[At]:
        """Return the blocks among the parts of a card and just behind that repeat some of its digits."""
        digits = "".join(at.block.digits[start:end] for at, start, end in card.parts)
        taken = {(at.segment, at.block.start) for at, _, _ in card.parts}
        first, last = (self.position[card.parts[i][0].segment] for i in (0, -1))
        return [
            at
            for at in self.talk.at(self.order[first : last + ECHO_REACH + 1])
            if len(at.block.digits) >= MIN_ECHO
            and self.talk.scans[at.segment].letters <= BARE_LETTERS
            and at.block.digits in digits
            and at.block.digits != digits[-KEPT:]
            and (at.segment, at.block.start) not in taken
        ]

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


def _is_shaped(blocks: Sequence[At], links: Sequence[tuple[int, int]], *, bare: bool) -> bool:
    """Say whether chains with talk between are the groups printed on a card: 4111, 1111 1111, "one one double one".

    Halves of eight unbroken digits and single digits count where the messages are `bare`, that is, say nothing else.
    """
    chains: list[list[int]] = []  # the digits of each block
    for at, kind in zip(blocks, (_TALK, *(kind for kind, _ in links)), strict=True):
        if kind != _SEP:
            chains.append([])
        chains[-1].append(len(at.block.digits))
    size = sum(map(sum, chains))
    tight = all(gap <= MAX_GAP_TIGHT for _, gap in links)
    if size == MIN_DIGITS and not tight:
        return False  # no card of today; a telephone number and a count too often are
    if all(chain == [1] for chain in chains):
        return bare or tight
    breaks = set(accumulate(sum(chain) for chain in chains)) - {size}
    groups = {4, 10} if size in (14, 15) and 10 in breaks else set(range(4, size, 4))  # noqa: PLR2004
    if not breaks <= groups:
        return False
    start = 0
    for chain in chains:
        inner = set(accumulate(chain, initial=start)) - {start, start + sum(chain)}
        unbroken = len(chain) == 1 and chain[0] > 6  # noqa: PLR2004 - the middle of an Amex
        if (unbroken and not bare) or (not inner <= groups and max(chain) > 3 and not bare):  # noqa: PLR2004 - "triple one"
            return False
        start += sum(chain)
    return True


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
    segments = list(dict.fromkeys(at.segment for at in blocks))
    bare = all(talk.scans[i].letters <= BARE_LETTERS for i in segments)
    shaped = _is_shaped(blocks, links, bare=bare)
    joined = kinds <= {_SEP, _LINE}
    usual = _is_usual(found, blocks)
    likely = usual or len(segments) == 1
    if joined and bare and shaped and likely and _SEP not in outer:
        return True
    whole = alone and (_NEXT not in kinds or outer == {_NEXT})  # all the digits of their messages
    fillers = len(segments) == 1 and _is_past_fillers(talk, blocks, outer)
    if not shaped and not whole and not fillers and not (joined and alone):
        return False
    other = any(map(talk.names_other_number, segments))
    near = stream.is_near_card_talk(segments[0], segments[-1])
    asked = whole and not other and stream.is_asked_for(segments[0], segments[-1])
    tame = any(at.block.ordinal in talk.tame(at.segment) for at in blocks)
    if joined and alone and (shaped or (not other and not tame and (bare or near) and usual)):
        return True
    if fillers and not tame and not other and usual:
        return True
    if tame or (len(segments) > 1 and other):
        return False
    if asked:
        return True
    return shaped and ((_SEP not in outer and near) or (likely and whole and _are_close(talk, blocks, links)))


def _is_past_fillers(talk: Talk, blocks: Sequence[At], outer: set[int]) -> bool:
    """Say whether blocks are all of one message, with only a filler word or two between any two."""
    if outer & {_SEP, _TALK}:
        return False
    text = talk.segments[blocks[0].segment].text
    between = [text[left.block.end : right.block.start] for left, right in pairwise(blocks)]
    return all(map(is_filler, between))


def is_filler(text: str) -> bool:
    """Say whether what stands between two parts in one message is at most two short words."""
    return len(text.split()) <= FILLER_WORDS and sum(c.isalpha() for c in text) <= FILLER_LETTERS


def _is_usual(found: Match, blocks: Sequence[At]) -> bool:
    """Say whether blocks have together as many digits as the cards people carry."""
    return is_usual(found.scheme, sum(len(at.block.digits) for at in blocks))


def _holds_phone(talk: Talk, blocks: Sequence[At]) -> bool:
    """Say whether what stands in one of several messages is, after a plus sign, a telephone number."""
    by: dict[int, list[Block]] = {}
    for at in blocks:
        by.setdefault(at.segment, []).append(at.block)
    return len(by) > 1 and any(
        is_phone(talk.segments[index].text, some[0].start, "".join(b.digits for b in some), len(some[0].digits))
        for index, some in by.items()
    )


def _are_close(talk: Talk, blocks: Sequence[At], links: Sequence[tuple[int, int]]) -> bool:
    """Say whether parts are so near one another, in messages so short, that they belong together unasked."""
    small = any(len(at.block.digits) < 4 for at in blocks)  # noqa: PLR2004 - a printed group
    limit = MAX_GAP_SMALL if small else MAX_GAP_GROUPS
    if any(gap > (limit if kind == _TALK else MAX_MESSAGES_PLAIN) for kind, gap in links if kind in (_TALK, _NEXT)):
        return False
    over_messages = any(kind == _NEXT for kind, _ in links)
    return not over_messages or all(talk.scans[at.segment].letters <= MAX_LETTERS for at in blocks)


def _split_cards(stream: _Stream, blocks: Sequence[At]) -> Iterator[Card]:
    """Yield card numbers made of whole blocks that talk or messages stand between."""
    links: dict[int, tuple[int, int]] = {0: _FAR, len(blocks): _FAR}

    def link(at: int) -> tuple[int, int]:
        """Return how block `at` hangs together with the one before it."""
        if at not in links:
            links[at] = stream.link(blocks[at - 1], blocks[at])
        return links[at]

    for first, last, found in aligned([at.block.digits for at in blocks]):
        inner = [link(at) for at in range(first + 1, last)]
        if any(gap > (MAX_MESSAGES if kind in (_NEXT, _LINE) else MAX_GAP) for kind, gap in inner):
            continue
        window = blocks[first:last]
        split = any(kind != _SEP for kind, _ in inner)
        outer = {link(first)[0], link(last)[0]}
        if split and _fits(stream, window, inner, found, outer) and not _holds_phone(stream.talk, window):
            yield Card(found.scheme, "SCR-06", [(at, 0, len(at.block.digits)) for at in window])


def _cards_of_chain(stream: _Stream, index: int, blocks: Sequence[Block]) -> Iterator[Card]:
    """Yield the card numbers in one chain; in a table, those in its cells and those made of whole cells."""
    segment = stream.talk.segments[index]
    chains = [(blocks, "")]
    if segment.cells:
        chains = [(blocks, segment.cells), *((some, "") for some in by_cell(blocks, segment.text, segment.cells))]
    for some, cells in chains:
        if sum(len(b.digits) for b in some) < MIN_DIGITS:
            continue
        chain = Chain(index, [At(index, b) for b in some], cells)
        if chain.windows:
            chain.tame = stream.talk.tame(index)
            yield from cards_in_chain(chain, segment, near=stream.is_near_card_talk(index, index))


def cards_in(talk: Talk, order: Sequence[int]) -> list[Card]:
    """Return the card numbers in the segments `order` of one stream."""
    cards: list[Card] = []
    if sum(talk.scans[index].size for index in order if index in talk.scans) < MIN_DIGITS:
        return cards
    stream = _Stream(talk, order)
    for index in order:
        scanned = talk.scans.get(index)
        for blocks in chains_of(scanned.blocks) if scanned and scanned.size >= MIN_DIGITS else ():
            cards += _cards_of_chain(stream, index, blocks)
    telling = [index for index in order if index in talk.scans and talk.scans[index].blocks]
    if len(telling) == 1 and len(chains_of(talk.scans[telling[0]].blocks)) == 1:
        return cards  # nothing to join
    for sequence in sequences(talk, order):
        for card in _split_cards(stream, sequence):
            card.echoes = stream.echoes(card)
            cards.append(card)
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
        hit = Hit(FindingKind.CARD, card.rule, size, card.scheme, kept)
        if not card.certain:
            for at, _, _ in card.parts:
                marks.add(at.segment, at.block, 0, len(at.block.digits))
        for at in card.echoes:
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
