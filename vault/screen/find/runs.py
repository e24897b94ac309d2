"""The strict preset: runs of digits that could be part of a card number, though nothing shows that they are.

Told by how long they are alone: in one chain, or over messages amid talk of cards. Dates, amounts of money, allowed
numbers, ids and times of the file stay.
"""

from collections.abc import Iterator, Sequence

from vault.screen.find.chains import Card
from vault.screen.find.codes import BARE_ANSWER
from vault.screen.find.joining import REACH, is_filler
from vault.screen.find.talk import At, Hit, Marks, Talk, chains_of, is_masked_tail
from vault.screen.find.tame import tame_blocks
from vault.screen.outcome import FindingKind

RULE, SPLIT_RULE = "SCR-22", "SCR-23"
MIN_PART = 3  # digits of a part amid words
NEXT = 2  # messages from one part to the next


def _open(talk: Talk, index: int, marks: Marks) -> Iterator[list[At]]:
    """Yield the chains of a segment as far as they may be runs and can still be read."""
    segment, scanned = talk.segments[index], talk.scans.get(index)
    fraction = segment.whole and not segment.text.isdigit()  # a JSON number such as 0.98765432
    if scanned is None or segment.exempt or fraction:
        return
    for chain in chains_of(scanned.blocks):
        passed = talk.tame(index) and tame_blocks(segment.text, scanned.blocks, addresses=False)
        passed |= scanned.spared
        yield [At(index, b) for b in chain if b.ordinal not in passed and marks.left(index, b)]


def _cut(blocks: Sequence[At], rule: str, marks: Marks) -> Hit:
    count = sum(marks.left(at.segment, at.block) for at in blocks)
    for at in blocks:
        marks.add(at.segment, at.block, 0, len(at.block.digits))
    return Hit(FindingKind.DIGITS, rule, count, places=[(at.segment, at.block.start, at.block.end) for at in blocks])


def _in_chains(talk: Talk, order: Sequence[int], marks: Marks, run: int) -> Iterator[Hit]:
    for index in order:
        for blocks in list(_open(talk, index, marks)):
            if sum(marks.left(index, at.block) for at in blocks) >= run:
                yield _cut(blocks, RULE, marks)


def _past_fillers(
    talk: Talk, order: Sequence[int], marks: Marks, run: int, taken: set[tuple[int, int]]
) -> Iterator[Hit]:
    """Cut the chains of one message that only filler words stand between, when they reach `run` together."""
    for index in order:
        text = talk.segments[index].text
        groups: list[list[At]] = []
        for blocks in _open(talk, index, marks):
            free = _free(talk, index, blocks, taken)
            if not free or not groups or not groups[-1]:
                groups.append(free)
            elif is_filler(text[groups[-1][-1].block.end : free[0].block.start]):
                groups[-1] += free
            else:
                groups.append(free)
        for group in groups:
            if sum(len(at.block.digits) for at in group) >= run:
                yield _cut(group, RULE, marks)


def _free(talk: Talk, index: int, blocks: Sequence[At], taken: set[tuple[int, int]]) -> list[At]:
    """Return the blocks that are no card's last four."""
    free = [at for at in blocks if (index, at.block.start) not in taken]
    return [at for at in free if not is_masked_tail(talk, index, at.block.start, len(at.block.digits))]


def _parts(
    talk: Talk, order: Sequence[int], marks: Marks, taken: set[tuple[int, int]]
) -> Iterator[tuple[int, list[At]]]:
    """Yield the chains that may be parts of a number given over messages, with their message's place."""
    for position, index in enumerate(order):
        if not talk.segments[index].joins or talk.segments[index].whole or index not in talk.scans:
            continue
        bare = talk.scans[index].letters <= BARE_ANSWER
        for blocks in _open(talk, index, marks):
            free = _free(talk, index, blocks, taken)
            size = sum(len(at.block.digits) for at in free)
            if size >= MIN_PART or (bare and size):
                yield position, free


def _over_messages(
    talk: Talk, order: Sequence[int], marks: Marks, run: int, taken: set[tuple[int, int]]
) -> Iterator[Hit]:
    group: list[At] = []
    chains, last = 0, 0

    def cut() -> Iterator[Hit]:
        if chains > 1 and sum(len(at.block.digits) for at in group) >= run:
            yield _cut(group, SPLIT_RULE, marks)

    for position, blocks in _parts(talk, order, marks, taken):
        near = any(talk.is_card_talk(i) for i in order[max(0, position - REACH) : position + REACH + 1])
        if group and (position - last > NEXT or not near):
            yield from cut()
            group, chains = [], 0
        if near:
            group, chains, last = group + blocks, chains + 1, position
    yield from cut()


def mark(talk: Talk, streams: Sequence[Sequence[int]], cards: Sequence[Card], marks: Marks, run: int) -> list[Hit]:
    """Mark every run of at least `run` digits that can still be read, and return what to tell."""
    hits: list[Hit] = []
    taken = {(at.segment, at.block.start) for card in cards for at, _, _ in card.parts}
    for order in streams:
        hits += _in_chains(talk, order, marks, run)
        hits += _past_fillers(talk, order, marks, run, taken)
        if len(order) > 1 and any(talk.is_card_talk(i) for i in order):
            by: dict[str | None, list[int]] = {}
            for index in order:
                by.setdefault(talk.segments[index].speaker, []).append(index)
            for some in [order, *(by.values() if len(by) > 1 else ())]:
                hits += _over_messages(talk, some, marks, run, taken)
    return hits
