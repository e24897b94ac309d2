"""One screening from sealed original to sealed result: what a worker process does, and nothing else.

A job holds one recording's data key and two fresh ones. It reads the sealed original from an open file, and hands out
sealed bytes; the catalog, the keyring, the store and the network are out of its reach. Its memory does not grow with
the recording: the plaintext result lies in a `Spill`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar, cast

from keys.errors import StrongroomError
from vault.model import RecordingId, RenditionName
from vault.screen import gate
from vault.screen.errors import PartMissingError, UnscreenableError, Why
from vault.screen.options import Options, Preset
from vault.screen.outcome import Engine, Finding, Redaction
from vault.screen.work.parts import Parts
from vault.sealed.format import associated_data
from vault.sealed.reader import SealedReader, SeekableReader
from vault.sealed.spill import Spill
from vault.sealed.writer import SealedSummary, SinkWrite, seal

_COPY = 2**20  # bytes
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to be screened, and the keys it takes."""

    recording: RecordingId
    media_type: str
    sealed_size: int  # bytes
    options: Options
    scratch: Path  # the folder of the Spill
    key: bytes = field(repr=False)  # of the original
    redacted_key: bytes = field(repr=False)
    transcript_key: bytes = field(repr=False)
    verbatim: bool = False  # two people let it pass, and screening it again would fail as before


@dataclass(frozen=True, slots=True)
class Result:
    """What a screening came to. Without a `why` the result was sealed; with one there is none."""

    findings: tuple[Finding, ...] = ()
    engines: tuple[Engine, ...] = ()
    media_type: str = ""
    why: Why | None = None
    reason: str | None = None
    redacted: SealedSummary | None = None
    transcript: SealedSummary | None = None


class Outlet(Protocol):
    """Where a job hands out what it has."""

    def progress(self, seconds: float) -> None:
        """Tell how many seconds of the recording are done."""
        ...

    def write(self, rendition: RenditionName, data: memoryview) -> None:
        """Hand out sealed bytes; the view is valid only during the call."""
        ...


Work = Callable[[Job, BinaryIO, Parts, Outlet], Result]
"""What a worker runs for each job."""


def run(job: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    """Screen one recording and hand out the sealed result, if it may be archived.

    What goes wrong because of the content comes back as a result, never as an error.

    Raises:
        IntegrityError: the sealed original was altered.
        UnavailableError: the original cannot be read, or the scratch file cannot be written.
        MemoryError: it took more than there is.

    """
    aad = associated_data(job.recording, RenditionName.ORIGINAL)
    raw = cast("SeekableReader", sealed)  # an open file is one
    with SealedReader(raw, job.sealed_size, job.key, aad) as source, Spill(job.scratch) as spill:
        try:
            redaction = _redacted(job, source, spill, parts, outlet)
        except UnscreenableError as exc:
            return Result(why=exc.why, reason=exc.reason)
        except PartMissingError as exc:
            return Result(why=Why.PART_MISSING, reason=str(exc))
        objection = None
        if not job.options.ruling.accept:  # what two people let pass needs no second opinion
            objection = _objection(job, redaction, source, spill, parts)
        if objection is not None:
            why, reason = objection
            return Result(redaction.findings, redaction.engines, redaction.media_type, why, reason)
        return _sealed(job, redaction, spill, outlet)


def _redacted(job: Job, source: SealedReader, spill: Spill, parts: Parts, outlet: Outlet) -> Redaction:
    """Write the redacted content to `spill`; the content itself, where two people let pass what cannot be screened.

    Where they let pass a language, what is heard by the ears for others, and every key press, is cut all the same.
    """
    if job.verbatim:
        return _copied(job, source, spill)

    def redacted(options: Options) -> Redaction:
        _rewind(source, spill)
        return _guarded(lambda: parts.redact(job.media_type, cast("BinaryIO", source), spill, options, outlet.progress))

    try:
        try:
            return redacted(job.options)
        except UnscreenableError as exc:
            if exc.why is not Why.LANGUAGE or not job.options.ruling.accept:
                raise
            known = parts.ear.languages
            return redacted(replace(job.options, preset=Preset.STRICT, languages=known, transcript=False))
    except (UnscreenableError, PartMissingError):
        if job.options.ruling.accept:
            return _copied(job, source, spill)
        raise


def _copied(job: Job, source: SealedReader, spill: Spill) -> Redaction:
    _rewind(source, spill)
    while chunk := source.read(_COPY):
        spill.write(chunk)
    return Redaction((), (), job.media_type)


def _rewind(source: SealedReader, spill: Spill) -> None:
    source.seek(0)
    spill.truncate(0)
    spill.seek(0)


def _objection(
    job: Job, redaction: Redaction, source: SealedReader, spill: Spill, parts: Parts
) -> tuple[Why, str] | None:
    objection = gate.objection(redaction, (), job.options)
    if objection is not None:
        return objection
    source.seek(0)
    spill.seek(0)
    original, result = cast("BinaryIO", source), cast("BinaryIO", spill)
    try:
        residue = _guarded(
            lambda: (
                *parts.recheck(redaction, original, result, job.options),
                *parts.recheck_transcript(redaction, job.options),
            )
        )
    except UnscreenableError as exc:
        return exc.why, f"the second pass over the result: {exc.reason}"
    except PartMissingError as exc:
        return Why.PART_MISSING, str(exc)
    return gate.objection(redaction, residue, job.options)


def _guarded(act: Callable[[], _T]) -> _T:
    """Run a decoder or a model over content that may be made to harm it; its errors are not of ours."""
    try:
        return act()
    except (StrongroomError, MemoryError):
        raise
    except ImportError as exc:
        raise PartMissingError(f"the Python package {exc.name} cannot be loaded") from exc
    except Exception as exc:  # noqa: BLE001 - whatever a decoder fails with; the message is left out: it may quote the content
        raise UnscreenableError(f"the screener failed with {type(exc).__name__}") from None


def _sealed(job: Job, redaction: Redaction, spill: Spill, outlet: Outlet) -> Result:
    def put(name: RenditionName) -> SinkWrite:
        def write(data: memoryview) -> int:
            outlet.write(name, data)
            return len(data)

        return write

    spill.seek(0)
    aad = associated_data(job.recording, RenditionName.REDACTED)
    redacted = seal(spill, put(RenditionName.REDACTED), job.redacted_key, aad)
    transcript = None
    if redaction.transcript is not None:
        aad = associated_data(job.recording, RenditionName.TRANSCRIPT)
        transcript = seal((redaction.transcript,), put(RenditionName.TRANSCRIPT), job.transcript_key, aad)
    return Result(redaction.findings, redaction.engines, redaction.media_type, redacted=redacted, transcript=transcript)
