"""Redaction of a recorded screen: a recording in, the same recording with card data covered and silenced out.

Two passes over the source: the first finds what to cover and when, the second paints and encodes. Memory does not grow
with the length of the recording. SPEC.md has the rules; nothing here touches a file, a key or the clock, and what
cannot be wholly screened is refused.
"""

from array import array
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from av.container import InputContainer
from av.video.frame import VideoFrame

from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import OnProgress, Options, Preset
from vault.screen.outcome import Engine, Finding, FindingKind, Medium, Redaction
from vault.screen.picture import verify
from vault.screen.picture.film import Film, Shot, packets, picture
from vault.screen.picture.follow import Number
from vault.screen.picture.lines import Box, around
from vault.screen.picture.masks import Mask, dropped, merged
from vault.screen.picture.ocr import Eye
from vault.screen.picture.turn import Turning
from vault.screen.picture.write import target_of, write
from vault.screen.sound.decide import Silence
from vault.screen.sound.decode import opened, tracks
from vault.screen.sound.listen import Listener
from vault.screen.sound.matroska import blocks
from vault.screen.sound.mute import Carrier
from vault.screen.sound.overhear import Hears
from vault.screen.sound.redact import SoundCuts, find_cuts
from vault.screen.sound.verify import flaws as sound_flaws
from vault.sealed.spill import Spill

ENGINE: Final = Engine("strongroom-picture", "4")  # raise when a rule of SPEC.md changes
_READ, _HEARD, _WRITTEN = 0.7, 0.05, 0.25  # what the passes take of the progress
_NO_SOUND: Final = SoundCuts((), (), (), 0)


def redact(
    media_type: str, source: BinaryIO, sink: Spill, options: Options, eye: Eye, ear: Listener, on_progress: OnProgress,
    words: Hears | None = None,
) -> Redaction:  # fmt: skip
    """Write `source`, a screen recording, to `sink` with card data covered in its pictures and silenced in its sound.

    With `words` its sound is understood as a call's is, and a transcript made if the options ask for one.
    Under `report-only` nothing is covered; the findings say what would be. The codec stays H.264, VP8 or VP9 where it
    was one of them and becomes H.264 otherwise (VP9 in WebM); Ogg becomes Matroska.

    Raises:
        UnscreenableError: it cannot be wholly decoded, read or written.
        StoreUnavailableError, SealedSegmentError: the sink cannot be written; see Spill.

    """
    eye.forget()
    counts = blocks(source)
    with opened(source) as container:
        has_sound = bool(tracks(container, pictures=True))
    times, first, end, found = _watch(source, counts, options, eye, on_progress)
    masks, findings = _ruled(*found, times, end, options)
    cuts = _NO_SOUND
    if has_sound:
        cuts = find_cuts(source, options, ear, lambda s: on_progress(end * _READ + s * _HEARD), words=words)
    done: Callable[[Shot], None] = lambda shot: on_progress(end * (_READ + _HEARD) + shot.seconds * _WRITTEN)  # noqa: E731
    target = _write(media_type, source, sink, _Plan(times, first, end, masks, cuts.spans), done)
    on_progress(end)
    engines = (ENGINE, *eye.engines, *cuts.engines)
    return Redaction((*findings, *cuts.findings), engines, target.media_type, cuts.transcript)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the second pass works from: the frames' times, the first of them, where the last ends; what to hide."""

    times: "array[float]"
    first: VideoFrame
    end: float
    masks: list[Mask]
    spans: tuple[Silence, ...]


def _write(media_type: str, source: BinaryIO, sink: Spill, plan: _Plan, on_shot: Callable[[Shot], None]) -> Carrier:
    """Write the result, and a second time with its sound in a lossless form where the first way fails."""
    try:
        return _write_once(media_type, source, sink, plan, on_shot, lossless=False)
    except UnscreenableError:  # sound of packets that no silence is known for
        if not plan.spans:
            raise
        return _write_once(media_type, source, sink, plan, on_shot, lossless=True)


def _write_once(
    media_type: str, source: BinaryIO, sink: Spill, plan: _Plan, on_shot: Callable[[Shot], None], *, lossless: bool
) -> Carrier:
    result = cast("BinaryIO", sink)
    with opened(source) as container:
        target = target_of(media_type, container, plan.spans, lossless=lossless)
        extents = write(container, result, target, plan.first, plan.masks, plan.spans, on_shot, lossless=lossless)
    wrong = verify.flaws(result, plan.times, plan.end, plan.masks, (plan.first.width, plan.first.height))
    wrong = wrong or (sound_flaws(extents, result, plan.spans) if extents else "")
    if wrong:
        raise UnscreenableError(f"the result is not the recording with card data covered: {wrong}", why=Why.RESIDUE)
    return target


def _watch(
    source: BinaryIO, counts: Container[int], options: Options, eye: Eye, on_progress: OnProgress
) -> tuple["array[float]", VideoFrame, float, tuple[list[Mask], list[Number]]]:
    """Look at all frames; return their times, the first, the end of the last, the masks and what they are of.

    When the text turns out to stand on its side or its head, all is looked at again the other way; once a way.
    """
    turns: list[int] = []
    again: int | None = 0
    while again is not None:
        turns.append(again)
        watch, times = Turning(eye, options, again), array("d")
        with opened(source) as container:
            film = Film(container, twice=True)
            for shot in _shots(container, film, watch, other=turns):
                times.append(shot.seconds)
                on_progress(shot.seconds * _READ)
            again = watch.again if watch.again not in turns else None
            if again is None:
                film.check_whole(counts)
    assert film.first is not None  # noqa: S101 - check_whole
    return times, film.first, film.end, watch.finish()


def _shots(container: InputContainer, film: Film, watch: Turning, *, other: Container[int | None]) -> Iterator[Shot]:
    """Show the frames to a watch, and yield them, until it wants to begin again in a way not in `other`."""
    for packet in packets(container, film.stream):
        for shot in film.shots(packet):
            watch.see(shot.index, shot.seconds, picture(shot.frame, film.rotation))
            yield shot
            if watch.again is not None and watch.again not in other:
                return


def _ruled(
    masks: Iterable[Mask], numbers: list[Number], times: "array[float]", end: float, options: Options
) -> tuple[list[Mask], tuple[Finding, ...]]:
    """Return the masks to paint and the findings, after what people ruled."""
    cut = options.preset is not Preset.REPORT_ONLY
    paint: list[Mask] = []
    parts: dict[int, list[tuple[Mask, bool]]] = {}
    for mask in merged(masks):
        begin, until = times[mask.first], _after(times, mask.last, end)
        let = dropped(mask, begin, until, options.ruling)
        parts.setdefault(mask.of, []).append((mask, let))
        if cut and not let:
            paint.append(mask)
    findings = [_finding(numbers[of], some, times, end, cut=cut) for of, some in sorted(parts.items())]
    for span in options.ruling.add:
        first = next((i for i, t in enumerate(times) if _after(times, i, end) > span.begin), None)
        last = next((i for i in range(len(times) - 1, -1, -1) if times[i] < span.end), None)
        if first is None or last is None or last < first:
            continue
        box = Box(*span.box) if span.box is not None else Box(0, 0, 2**16, 2**16)
        if cut:
            paint.append(Mask(first, last, box))
        findings.append(
            Finding(Medium.REVIEW, FindingKind.DIGITS, "PIC-12", begin=span.begin, end=span.end, box=span.box, cut=cut)
        )
    return paint, tuple(findings)


def _after(times: "array[float]", frame: int, end: float) -> float:
    return times[frame + 1] if frame + 1 < len(times) else end


def _finding(
    number: Number, parts: list[tuple[Mask, bool]], times: "array[float]", end: float, *, cut: bool
) -> Finding:
    first, last = min(m.first for m, _ in parts), max(m.last for m, _ in parts)
    return Finding(
        Medium.PICTURE, number.kind, number.rule, length=number.length, scheme=number.scheme, sure=number.sure,
        begin=times[first], end=_after(times, last, end), box=around(m.box for m, _ in parts)[:],
        cut=cut and not all(let for _, let in parts),
    )  # fmt: skip
