"""The independent pass of the gate: the written result is decoded anew and listened to by other means than before.

Another recogniser, and another way to find key presses (vault.screen.sound.pairs); the same rules decide what would
have to be cut. Whatever that is, is residue.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, Final

from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options, Preset, Ruling
from vault.screen.outcome import Finding
from vault.screen.sound import pairs
from vault.screen.sound.decide import Silence, decide
from vault.screen.sound.decode import opened
from vault.screen.sound.listen import Hearing, listen
from vault.screen.sound.mute import FORMATS
from vault.screen.sound.overhear import Hears
from vault.screen.sound.understand import understand
from vault.screen.sound.verify import extents, flaws

_READ_BY: Final = {"mp2": "mp3", "webm": "matroska"}  # demuxers that go by another name than the muxer


def recheck(
    media_type: str,
    source: BinaryIO,
    original: BinaryIO,
    options: Options,
    second: Hearing,
    silences: Sequence[Silence],
    words: Hears | None = None,
) -> tuple[Finding, ...]:
    """Return what the result `source` of screening `original` still gives away; nothing when it may be archived.

    `silences` are the spans that were to be silenced. `words` speak for numbers under `balanced`, as in the first pass:
    what the preset lets stay is no residue. What people let pass (Ruling.drop) is not found again. For recorded screens
    it looks at their sound alone.

    Raises:
        UnscreenableError: the result is not of `media_type`, cannot be wholly decoded, is not silent in a span, or its
            sound is not as long as the original's.

    """
    with opened(source) as container:
        form = FORMATS.get(media_type, "")
        if _READ_BY.get(form, form) not in container.format.name.split(","):
            raise UnscreenableError("expected the result to be of its media type, it is not", why=Why.RESIDUE)
    wrong = flaws(extents(original)[0], source, silences)
    if wrong:
        raise UnscreenableError(f"the result is not the recording with silence in it: {wrong}", why=Why.RESIDUE)
    pictures = media_type.startswith("video/")
    heard = listen(source, second, pictures=pictures, on_seconds=lambda _: None, detectors=pairs.Detector)
    # report-only marks nothing as cut, and what this pass hears must object under it too
    preset = Preset.STRICT if options.preset is Preset.REPORT_ONLY else options.preset
    asked = replace(options, preset=preset, ruling=Ruling(drop=options.ruling.drop), transcript=False)
    understood = understand(source, heard, words, asked, pictures=pictures)
    found = decide(understood.channels, asked, understood.spelled)
    return tuple(finding for finding in found if finding.cut)
