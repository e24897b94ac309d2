"""Transcripts of one or two words a segment: read as one text for the codes that no segment announces by itself."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain

from vault.screen.find import codes, joining
from vault.screen.find.digits import Reading
from vault.screen.find.talk import KEPT, Hit, Marks, Segment, Talk
from vault.screen.outcome import FindingKind

WORDS, CHARS = 2, 32  # the most words and characters of a segment that is a word of a transcript
MIN_STRIP = 3  # segments on end
WINDOW, OVERLAP = 120, 40  # segments read at once, and how many of them are read again with the next ones


def _strips(talk: Talk, order: Sequence[int]) -> Iterator[list[int]]:
    """Yield the runs of short segments of a stream that hold digits."""
    strip: list[int] = []
    for index in (*order, None):
        if index is not None:
            segment = talk.segments[index]
            if len(segment.text) <= CHARS and len(segment.text.split()) <= WORDS and not segment.typed:
                strip.append(index)
                continue
        if len(strip) >= MIN_STRIP and any(i in talk.scans and talk.scans[i].blocks for i in strip):
            yield strip
        strip = []


def _windows(strip: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield a strip piece by piece, so that the time stays linear; a code and what announces it are in one of them."""
    for at in range(0, max(1, len(strip) - OVERLAP), WINDOW - OVERLAP):
        yield strip[at : at + WINDOW]


def mark(talk: Talk, order: Sequence[int], marks: Marks) -> Iterator[Hit]:
    """Mark the codes and dates in the words of one stream read on end, and yield what to tell."""
    for strip in chain.from_iterable(map(_windows, _strips(talk, order))):
        texts = [talk.segments[i].text for i in strip]
        joined = Talk([Segment(" ".join(texts))], Reading.PLAIN, [0])
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        words = {block.start: strip[bisect_right(starts, block.start) - 1] for block in joined.scans[0].blocks}
        cut = {at.segment for at in talk.at(strip) if marks.has(at.segment, at.block)}
        cards = [c for c in joining.cards_in(joined, [0]) if words[c.parts[0][0].block.start] in cut]
        inner = Marks()
        joining.mark(cards, inner, KEPT)
        for hit in codes.mark(joined, [[0]], cards, inner):
            for _, start, end in hit.places:
                low, high = bisect_right(starts, start) - 1, bisect_right(starts, end - 1)
                yield from _cut(talk, strip[low:high], marks, hit.kind, hit.rule)


def _cut(talk: Talk, some: Sequence[int], marks: Marks, kind: FindingKind, rule: str) -> Iterator[Hit]:
    blocks = [at for at in talk.at(some) if marks.left(at.segment, at.block)]
    for at in blocks:
        marks.add(at.segment, at.block, 0, len(at.block.digits))
    if blocks:
        count = sum(len(at.block.digits) for at in blocks)
        yield Hit(kind, rule, count, places=[(at.segment, at.block.start, at.block.end) for at in blocks])
