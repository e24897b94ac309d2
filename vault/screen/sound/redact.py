"""Redaction of recorded sound: a recording in, the same recording with card data silenced out.

`redact` is for calls. The screener of recorded screens takes `find_cuts` for the tracks of sound in them, and
vault.screen.sound.mute (`carrier`, `output`, `MutedTrack`) to write those. SPEC.md has the rules. Nothing here touches
a file, a key or the clock; what cannot be wholly screened is refused.
"""

from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import OnProgress, Options
from vault.screen.outcome import Engine, Finding, Redaction
from vault.screen.sound import captions, mute
from vault.screen.sound.decide import Silence, decide, silences
from vault.screen.sound.decode import opened
from vault.screen.sound.listen import Listener, listen
from vault.screen.sound.overhear import Hears
from vault.screen.sound.understand import understand
from vault.screen.sound.verify import flaws
from vault.sealed.spill import Spill

ENGINE: Final = Engine("strongroom-sound", "4")  # raise when a rule of SPEC.md changes


@dataclass(frozen=True, slots=True)
class SoundCuts:
    """What was found in the sound of a recording, and what is to be silenced: in order, without overlaps."""

    findings: tuple[Finding, ...]
    spans: tuple[Silence, ...]
    engines: tuple[Engine, ...]
    tracks: int  # channels listened to; 0 when there is no sound
    transcript: bytes | None = None  # WebVTT, without what is silenced


def find_cuts(
    source: BinaryIO,
    options: Options,
    ear: Listener,
    on_progress: OnProgress,
    *,
    words: Hears | None = None,
    pictures: bool = True,
) -> SoundCuts:
    """Listen to all tracks of sound of the media in a seekable stream, and decide what is to be silenced.

    With `words` numbers that were understood stay under `balanced`, and a transcript is made if the options ask for it.

    Raises:
        UnscreenableError: it cannot be wholly decoded, or is in a language that `ear` does not know, or the
            recogniser of words failed over a transcript; without `pictures` also when it has a video track.

    """
    unknown = options.languages - ear.languages
    if unknown or not options.languages:
        named = ", ".join(sorted(unknown)) or "no language"
        raise UnscreenableError(f"spoken digits are not recognised well enough in: {named}", why=Why.LANGUAGE)
    heard = listen(source, ear, pictures=pictures, on_seconds=on_progress)
    understood = understand(source, heard, words, options, pictures=pictures)
    findings = decide(understood.channels, options, understood.spelled)
    spans, engines = silences(findings), (*ear.engines, *understood.engines, ENGINE)
    if understood.lines is None:
        return SoundCuts(findings, spans, engines, len(heard))
    transcript, screened = captions.screened(understood.lines, spans, options)
    return SoundCuts(findings, spans, (*engines, *screened.engines), len(heard), transcript)


def redact(
    media_type: str,
    source: BinaryIO,
    sink: Spill,
    options: Options,
    ear: Listener,
    on_progress: OnProgress,
    words: Hears | None = None,
) -> Redaction:
    """Write `source` to `sink` with every span silenced in which card data is spoken or keyed.

    The codec and the container stay where silence can be put into them, else it becomes FLAC: the media type of the
    result says so. Tags, titles, chapters and cover pictures are nobody's to screen and do not reach the result.

    Raises:
        UnscreenableError: it cannot be wholly decoded, screened or silenced.
        StoreUnavailableError, SealedSegmentError: the sink cannot be written; see Spill.

    """
    cuts = find_cuts(source, options, ear, on_progress, words=words, pictures=False)
    if not cuts.tracks:
        raise UnscreenableError("expected sound, got a file without any")
    try:
        media = _write(media_type, source, sink, cuts.spans, lossless=False)
    except UnscreenableError:  # of packets that no silence is known for
        media = _write(media_type, source, sink, cuts.spans, lossless=True)
    return Redaction(cuts.findings, cuts.engines, media, cuts.transcript)


def _write(media_type: str, source: BinaryIO, sink: Spill, spans: tuple[Silence, ...], *, lossless: bool) -> str:
    with opened(source) as container:
        chosen = mute.carrier(media_type, container, spans, lossless=lossless)
        with mute.output(sink, chosen) as target:
            before = mute.write(container, target, spans, lossless=lossless)
    wrong = flaws(before, cast("BinaryIO", sink), spans)
    if wrong:
        raise UnscreenableError(f"the result is not the recording with silence in it: {wrong}", why=Why.RESIDUE)
    return chosen.media_type
