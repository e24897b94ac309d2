"""The decision core: segments of a talk in, what must be cut out.

Knows no file format. A medium (chat, mail, and later a speech recogniser) hands over `Segment`s in the order of the
talk and cuts the spans it gets back. Card numbers come first (vault.screen.find.joining), then the security codes and
expiry dates near them or announced (vault.screen.find.codes). SPEC.md has the rules by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vault.screen.find import codes, joining, runs
from vault.screen.find.chains import Card
from vault.screen.find.digits import Reading, may_hold_numbers
from vault.screen.find.glance import is_harmless
from vault.screen.find.schemes import MIN_DIGITS
from vault.screen.find.talk import KEPT, Cut, Hit, Marks, Segment, Talk
from vault.screen.find.views import has_escapes
from vault.screen.options import Allowed


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be cut, by segment, and what to tell of it."""

    hits: tuple[Hit, ...]
    cuts: dict[int, list[Cut]]


def streams_of(segments: Sequence[Segment]) -> list[list[int]]:
    """Return the segments' indices, stream by stream; a segment that joins nothing is a stream of its own."""
    streams: dict[str, list[int]] = {}
    alone: list[list[int]] = []
    for index, segment in enumerate(segments):
        if segment.joins:
            streams.setdefault(segment.stream, []).append(index)
        else:
            alone.append([index])
    return [*streams.values(), *alone]


def _readings(segments: Sequence[Segment], numbers: list[int], allowed: Sequence[Allowed]) -> list[Talk]:
    """Read the segments in every way that differs from the plain one."""
    base = Talk(segments, Reading.PLAIN, numbers, allowed)
    talks = [base]
    other = Reading.OTHER
    if any(has_escapes(segments[i].text) for i in numbers):
        base = Talk(segments, Reading.UNESCAPED, numbers, allowed)
        talks.append(base)
        other = Reading.UNESCAPED_OTHER
    if any(s.ambiguous for s in base.scans.values()):
        talks.append(Talk(segments, other, numbers, allowed))
    return talks


def _distinct(hits: list[Hit]) -> Iterable[Hit]:
    """Drop what two readings found alike."""
    seen: set[tuple[str, tuple[tuple[int, tuple[int, int]], ...]]] = set()
    for hit in sorted(hits, key=lambda h: h.places[0]):
        key = (hit.kind, tuple(hit.spans().items()))
        if key not in seen:
            seen.add(key)
            yield hit


def find(
    segments: Sequence[Segment],
    *,
    keep: int = KEPT,
    wide: bool = False,
    run: int | None = None,
    allowed: Sequence[Allowed] = (),
) -> Found:
    """Find card numbers, security codes and expiry dates in a talk, in time linear in its length.

    `keep` digits at the end of a card number stay readable; with none, the digits around it go too, and
    with `wide` all digits of the segments it is found in. With `run`, every run of so many digits goes that could
    be part of a card number. `allowed` numbers are let alone.
    """
    if is_harmless(segments, MIN_DIGITS if run is None else min(run, MIN_DIGITS)):
        return Found((), {})
    known = {text: may_hold_numbers(text) for text in {segment.text for segment in segments}}
    numbers = [i for i, segment in enumerate(segments) if known[segment.text]]
    if not numbers:
        return Found((), {})
    marks, hits = Marks(), list[Hit]()
    streams = streams_of(segments)
    read: list[tuple[Talk, list[Card]]] = []
    for talk in _readings(segments, numbers, allowed):
        cards = [card for stream in streams for card in joining.cards_in(talk, stream)]
        hits += joining.mark(cards, marks, keep)
        if not keep:
            joining.mark_around(talk, cards, marks, wide=wide)
        hits += codes.mark(talk, streams, cards, marks)
        read.append((talk, cards))
    if run is not None:
        for talk, cards in read:
            hits += runs.mark(talk, streams, cards, marks, run)
    return Found(tuple(_distinct(hits)), marks.cuts())
