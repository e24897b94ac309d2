"""The parts that screen: rules for text, ears for sound, an eye for pictures. Loaded when first needed, then kept.

A part that is missing, or is another than the one that was measured, is told as PartMissingError; the recording is
quarantined then, never passed. Nothing here is downloaded, and what a process never needs it never loads.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from vault.model import Kind
from vault.screen import gate
from vault.screen.errors import PartMissingError, UnscreenableError, Why
from vault.screen.gate import Route
from vault.screen.options import OnProgress, Options, Preset, Ruling
from vault.screen.outcome import Engine, Finding, Redaction
from vault.screen.text import recheck as second_text
from vault.screen.text import redact as text
from vault.screen.work import vcon_sound
from vault.sealed.spill import Spill

if TYPE_CHECKING:
    from vault.screen.picture.ocr import Eye
    from vault.screen.sound.listen import Listener
    from vault.screen.sound.speech import Ear
    from vault.screen.sound.speech_second import SecondEar
    from vault.screen.sound.speech_words import Words


@dataclass(frozen=True, slots=True)
class Part:
    """One part as `inventory` found it: what it is made of, or why it is missing; and what needs it."""

    name: str
    kinds: frozenset[Kind]
    engines: tuple[Engine, ...] = ()
    missing: PartMissingError | None = None
    folder: Path | None = None  # it was loaded from, where the settings name one


def inventory(options: Options | None = None) -> Iterator[Part]:
    """Load every part that sound and pictures need under these options, and yield what it is."""
    found, options = Parts(), options or Options()
    heard, seen = frozenset({Kind.CALL, Kind.SCREEN}), frozenset({Kind.SCREEN})
    yield _part("ear", heard, lambda: found.ear.engines)
    yield _part("second ear", heard, lambda: found.second_ear.engines)
    yield _part("eye", seen, lambda: found.eye.engines)
    if found.wants_words(options):
        words = _part("words", heard, lambda: (cast("Words", found.words(options)).engine,))
        yield replace(words, folder=options.recogniser)


def _part(name: str, kinds: frozenset[Kind], load: Callable[[], tuple[Engine, ...]]) -> Part:
    try:
        return Part(name, kinds, load())
    except PartMissingError as exc:
        return Part(name, kinds, missing=exc)
    except ImportError as exc:
        return Part(name, kinds, missing=PartMissingError(f"the Python package {exc.name} cannot be loaded"))


class Parts:
    """The parts of one process."""

    def __init__(self) -> None:
        self._words: dict[Path | None, Words] = {}

    @cached_property
    def ear(self) -> "Ear":
        """What hears spoken digits. Raises PartMissingError."""
        from vault.screen.sound.speech import Ear  # noqa: PLC0415 - see above

        return Ear()

    @cached_property
    def second_ear(self) -> "SecondEar":
        """What hears them in another way, for the second pass. Raises PartMissingError."""
        from vault.screen.sound.speech_second import SecondEar  # noqa: PLC0415 - see above

        return SecondEar()

    @staticmethod
    def wants_words(options: Options) -> bool:
        """Tell whether the options have a use for a recogniser of words: a transcript, or numbers that may stay."""
        return options.transcript or (options.recogniser is not None and options.preset is Preset.BALANCED)

    def words(self, options: Options) -> "Words | None":
        """Return what hears words, if the options have a use for it.

        Raises:
            PartMissingError: it is missing.

        """
        chosen = options.recogniser
        if not self.wants_words(options):
            return None
        if chosen not in self._words:
            from vault.screen.sound.speech_words import Words  # noqa: PLC0415 - see above

            self._words[chosen] = Words(chosen)
        return self._words[chosen]

    @cached_property
    def eye(self) -> "Eye":
        """What reads pictures. Raises PartMissingError."""
        from vault.screen.picture.ocr import Eye  # noqa: PLC0415 - see above

        return Eye()

    def redact(
        self, media_type: str, source: BinaryIO, sink: Spill, options: Options, on_progress: OnProgress
    ) -> Redaction:
        """Write `source` to `sink` without card data, and return what was found.

        Raises:
            UnscreenableError: it cannot be wholly screened.
            PartMissingError: a part that this takes is missing.

        """
        route = gate.route_of(media_type)
        if route is Route.TEXT:
            content, redaction = self._redact_text(media_type, source.read(), sink, options, on_progress)
            sink.truncate(0)
            sink.seek(0)
            sink.write(content)
            return redaction
        if route is Route.SOUND:
            from vault.screen.sound import redact as sound  # noqa: PLC0415 - see above

            return sound.redact(media_type, source, sink, options, self.ear, on_progress, self.words(options))
        if route is Route.PICTURE:
            from vault.screen.picture import redact as picture  # noqa: PLC0415 - see above

            words = self.words(options)
            return picture.redact(media_type, source, sink, options, self.eye, self.ear, on_progress, words)
        raise UnscreenableError("there is no screener for its media type", why=Why.UNKNOWN_MEDIA)

    def recheck(
        self, redaction: Redaction, original: BinaryIO, result: BinaryIO, options: Options
    ) -> tuple[Finding, ...]:
        """Return what an independent pass still finds in a result. Raises as `redact` does."""
        media_type = redaction.media_type
        route = gate.route_of(media_type)
        if route is Route.TEXT:
            return self._recheck_text(redaction, original, result, options)
        if route is None:
            raise UnscreenableError("there is no screener for what it became", why=Why.UNKNOWN_MEDIA)
        from vault.screen.sound import recheck as sound  # noqa: PLC0415 - see above
        from vault.screen.sound.decide import silences  # noqa: PLC0415 - see above

        found: tuple[Finding, ...] = ()
        if route is Route.PICTURE:
            from vault.screen.picture import recheck as picture  # noqa: PLC0415 - see above

            found = picture.recheck(result, options, self.eye, redaction.findings, lambda _: None)
        silent = silences(finding for finding in redaction.findings if finding.box is None)
        second = cast("Listener", self.second_ear)  # which nobody asks for its languages
        words = self.words(options) if options.preset is Preset.BALANCED else None  # which may have spared numbers
        return (*found, *sound.recheck(media_type, result, original, options, second, silent, words))

    def recheck_transcript(self, redaction: Redaction, options: Options) -> tuple[Finding, ...]:
        """Return what an independent pass still finds in the transcript, if there is one. Raises as `redact` does."""
        if redaction.transcript is None:
            return ()
        from vault.screen.sound import captions  # noqa: PLC0415 - see above

        return second_text.recheck(captions.MEDIA_TYPE, redaction.transcript, replace(options, ruling=Ruling()))

    def _redact_text(
        self, media_type: str, content: bytes, scratch: Spill, options: Options, on_progress: OnProgress
    ) -> tuple[bytes, Redaction]:
        if media_type != vcon_sound.MEDIA_TYPE:
            return text.redact(media_type, content, options)

        def of_sound(kind: str, source: BinaryIO, options: Options) -> tuple[bytes, Redaction]:
            scratch.truncate(0)
            scratch.seek(0)
            redaction = self.redact(kind, source, scratch, options, on_progress)
            return vcon_sound.read_all(scratch), redaction

        return vcon_sound.redact(content, options, lambda plain: text.redact(media_type, plain, options), of_sound)

    def _recheck_text(
        self, redaction: Redaction, original: BinaryIO, result: BinaryIO, options: Options
    ) -> tuple[Finding, ...]:
        media_type, content = redaction.media_type, result.read()
        if media_type != vcon_sound.MEDIA_TYPE:
            return second_text.recheck(media_type, content, options)
        plain, after = vcon_sound.parted(content)
        found = second_text.recheck(media_type, plain, options)
        _, before = vcon_sound.parted(original.read())
        for old, new in zip(before, after, strict=True):
            of_it = replace(
                redaction, findings=vcon_sound.findings_of(old, redaction.findings), media_type=new.media_type
            )
            found += self.recheck(of_it, BytesIO(old.content), BytesIO(new.content), options)
        return found
