"""The decision core: segments of a talk in, what must be cut out.

Knows no file format. A medium (chat, mail, and later a speech recogniser) hands over `Segment`s in the order of the
talk and cuts the spans it gets back. Card numbers come first (vault.screen.find.joining), then the security codes and
expiry dates near them or announced (vault.screen.find.codes). SPEC.md has the rules by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vault.screen.find import codes, fields, joining, runs, strips, tracks
from vault.screen.find.chains import Card
from vault.screen.find.digits import Reading, Scan, may_hold_numbers
from vault.screen.find.glance import is_harmless, may_announce_digits
from vault.screen.find.schemes import MIN_DIGITS, match
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
    escaped = {text for i in numbers if has_escapes(text := segments[i].text)}
    if escaped:
        plain = {segments[i].text: scan for i, scan in base.scans.items() if segments[i].text.isascii()}
        plain = {text: scan for text, scan in plain.items() if text not in escaped}
        base = Talk(segments, Reading.UNESCAPED, numbers, allowed, plain)
        talks.append(base)
        other = Reading.UNESCAPED_OTHER
    if any(s.ambiguous for s in base.scans.values()):
        clear = {segments[i].text: scan for i, scan in base.scans.items() if not scan.ambiguous}
        talks.append(Talk(segments, other, numbers, allowed, clear))
    return talks


def _differing(streams: Sequence[list[int]], talk: Talk, before: Sequence[Talk]) -> list[list[int]]:
    """Return the streams that a talk reads otherwise than one before it did; the others yield nothing new."""
    return [
        order
        for order in streams
        if not any(all(_is_same(talk.scans[i], other.scans[i]) for i in order if i in talk.scans) for other in before)
    ]


def _is_same(one: Scan, other: Scan) -> bool:
    """Say whether two readings of a text give the same digits in the same places."""
    return one is other or (one.blocks, *one[1:4], one.spared) == (other.blocks, *other[1:4], other.spared)


def _is_idle(segment: Segment, run: int | None) -> bool:
    """Say whether a number or an id that counts as a whole is no card number, and no run to be cut."""
    text = segment.text
    if segment.joins or not (text.isascii() and text.isdigit()) or match(text):
        return False
    return run is None or len(text) < run or segment.exempt


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
    telling = {name for name in {segment.hint for segment in segments} if may_announce_digits(name)}
    open_ = [i for i, s in enumerate(segments) if not s.whole or s.hint in telling or not _is_idle(s, run)]
    known = {text: may_hold_numbers(text) for text in {segments[i].text for i in open_}}
    numbers = [i for i in open_ if known[segments[i].text]]
    if not numbers:
        return Found((), {})
    marks, hits = Marks(), list[Hit]()
    streams = streams_of(segments)
    some = set(numbers)
    streams = [order for order in streams if not some.isdisjoint(order)]
    read: list[tuple[Talk, list[Card], list[list[int]]]] = []
    for talk in _readings(segments, numbers, allowed):
        new = _differing(streams, talk, [other for other, _, _ in read])
        cards = [card for stream in new for card in joining.cards_in(talk, stream)]
        cards += fields.cards_in(talk, strict=run is not None)
        hits += joining.mark(cards, marks, keep)
        if not keep:
            joining.mark_around(talk, cards, marks, wide=wide)
        hits += tracks.mark(talk, cards, marks)
        hits += codes.mark(talk, streams, cards, marks)
        for order in streams:
            hits += strips.mark(talk, order, marks)
        read.append((talk, cards, new))
    every = [card for _, cards, _ in read for card in cards]
    hits += fields.mark_growing([talk for talk, _, _ in read], every, marks)
    if run is not None:
        for talk, cards, new in read:
            hits += runs.mark(talk, new, cards, marks, run)
    return Found(tuple(_distinct(hits)), marks.cuts())
