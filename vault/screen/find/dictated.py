"""Security codes that were asked for and are given in parts, read back as they come, or only after some talk.

    cvc? / seven / seven / three / three / seven / thanks, 737

An announcement opens the wait for its code; what answers in few words and no more than four digits is taken for it,
until a whole code was said, somebody speaks of another number, or too many messages have passed.
"""

from collections.abc import Iterator, Sequence

from vault.screen.find.digits import Block, Reading
from vault.screen.find.numerals import count_letters
from vault.screen.find.talk import Hit, Marks, Talk, is_masked_tail
from vault.screen.outcome import FindingKind

RULE = "SCR-08"
NEAR = 16  # characters from the announcement to the first digits in one message
WAIT = 12  # messages from the announcement, or the last part, to the next part
MAX_PARTS = 12  # four digits, each said by both and once more together
CODE_DIGITS = 3  # of the shortest code
MOST_DIGITS = 4  # of a message that gives a part of one
PART_LETTERS = 14  # besides the digits and the speaker's name, in such a message
_COUNTS = frozenset({Reading.OTHER, Reading.UNESCAPED_OTHER})  # which read "one moment" as a digit


def _letters(talk: Talk, index: int) -> int:
    """Return how many letters a message has besides its digits and the name of who speaks."""
    speaker = talk.segments[index].speaker
    letters = talk.scans[index].letters
    if speaker and f"{speaker}:" in talk.segments[index].text:
        letters -= count_letters(speaker.lower())
    return max(0, letters)


def _part(talk: Talk, index: int, taken: set[tuple[int, int]]) -> tuple[Block, ...]:
    """Return the digits of a message that may give a part of a code."""
    scanned = talk.scans.get(index)
    if scanned is None or not 0 < scanned.size <= MOST_DIGITS or talk.segments[index].cells or talk.tame(index):
        return ()
    if any((index, b.start) in taken or is_masked_tail(talk, index, b.start, len(b.digits)) for b in scanned.blocks):
        return ()
    return scanned.blocks if _letters(talk, index) <= PART_LETTERS else ()


def _begun(talk: Talk, index: int) -> tuple[Block, ...]:
    """Return the first digits of a code in the message that announces it: "the cvc is seven"."""
    scanned, spans = talk.scans.get(index), talk.code_talk(index)
    if scanned is None or talk.tame(index):
        return ()
    behind = tuple(b for b in scanned.blocks if 0 <= b.start - spans[-1][1] <= NEAR)
    return behind if 0 < sum(len(b.digits) for b in behind) < CODE_DIGITS else ()


def _answer(talk: Talk, order: Sequence[int], at: int, taken: set[tuple[int, int]]) -> list[int]:
    """Return the messages that give the code which the one at position `at` announces."""
    parts: list[int] = []
    last = at
    for position in range(at + 1, len(order)):
        index = order[position]
        if (
            position - last > WAIT
            or len(parts) == MAX_PARTS
            or talk.names_other_number(index)
            or talk.expiry_talk(index)
        ):
            break
        if talk.code_talk(index) and not parts:
            break  # it opens a wait of its own
        if not _part(talk, index, taken):
            continue
        parts.append(index)
        last = position
        if talk.scans[index].size >= CODE_DIGITS:
            break
    return parts


def _is_code(talk: Talk, order: Sequence[int], at: int, parts: Sequence[int], begun: int) -> bool:
    """Say whether what answers is a code, or all that is said of one, with the digits `begun` before."""
    if begun + sum(talk.scans[i].size for i in parts) < CODE_DIGITS:
        return bool(parts) and all(_letters(talk, i) == 0 for i in parts) and parts[0] in order[at + 1 : at + 3]
    return begun > 0 or len(parts) > 1 or _letters(talk, parts[0]) == 0


def mark(talk: Talk, order: Sequence[int], taken: set[tuple[int, int]], marks: Marks) -> Iterator[Hit]:
    """Mark the codes given in parts in one stream, and yield what to tell; `taken` are the blocks of card numbers."""
    if talk.reading in _COUNTS or len(order) < 2:  # noqa: PLR2004 - a question and an answer
        return
    for at, index in enumerate(order):
        parts = _answer(talk, order, at, taken) if talk.code_talk(index) else []
        begun = _begun(talk, index) if parts else ()
        size = sum(len(b.digits) for b in begun)
        if not parts or not _is_code(talk, order, at, parts, size):
            continue
        said = [(index, b) for b in begun] + [(i, b) for i in parts for b in talk.scans[i].blocks]
        blocks = [(i, b) for i, b in said if (i, b.start) not in taken]
        blocks = [(i, b) for i, b in blocks if marks.left(i, b)]
        for i, block in blocks:
            marks.add(i, block, 0, len(block.digits))
        if blocks:
            count = sum(len(b.digits) for _, b in blocks)
            yield Hit(FindingKind.CODE, RULE, count, places=[(i, b.start, b.end) for i, b in blocks])
