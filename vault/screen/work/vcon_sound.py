"""A vCon whose dialogs enclose sound: its text is screened as text, each sound as a call, and both are put together.

The draft has sound as a base64url body of a dialog (draft-ietf-vcon-vcon-core, section 4.3). A vCon is held in memory
as all text is; its size was bounded when it was taken in. Bodies that are pictures, or no sound for us, are refused by
the screener of text, which sees everything but the sounds.
"""

import base64
import binascii
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, cast

from keys.errors import InvalidInputError
from vault.ingest.probe import probe
from vault.model import Kind
from vault.screen.errors import UnscreenableError
from vault.screen.options import Options
from vault.screen.outcome import Finding, Redaction
from vault.sealed.spill import Spill

MEDIA_TYPE: Final = "application/vcon+json"
_TYPE_NAMES: Final = ("mediatype", "mimetype")


@dataclass(frozen=True, slots=True)
class Sound:
    """One enclosed sound: of which dialog, what it is, and its bytes."""

    dialog: int
    media_type: str
    content: bytes

    @property
    def where(self) -> str:
        """Its place, as a JSON pointer: what its findings are marked with."""
        return f"/dialog/{self.dialog}/body"


RedactText = Callable[[bytes], tuple[bytes, Redaction]]
RedactSound = Callable[[str, BinaryIO, Options], tuple[bytes, Redaction]]


def parted(content: bytes) -> tuple[bytes, list[Sound]]:
    """Return a vCon without its sounds, otherwise byte for byte as it was, and the sounds.

    What is not in the form of a vCon comes back whole: the screener of text says what is wrong with it.

    Raises:
        UnscreenableError: a sound cannot be taken out.

    """
    sounds = []
    for number, dialog in enumerate(_dialogs(content)):
        body = dialog.get("body")
        if not _is_sound(dialog) or not isinstance(body, str) or not body:
            continue
        data = _decoded(body)
        literal = f'"{body}"'.encode("ascii", "replace")
        if literal not in content:
            raise UnscreenableError("an enclosed sound is written with escapes")
        content = content.replace(literal, b'""')
        sounds.append(Sound(number, _media_type(data), data))
    return content, sounds


def redact(content: bytes, options: Options, of_text: RedactText, of_sound: RedactSound) -> tuple[bytes, Redaction]:
    """Return the vCon without card data in its text and its sounds, and what was found in both.

    Raises:
        UnscreenableError: some part of it cannot be wholly screened.
        PartMissingError: a part that this takes is missing.

    """
    text, sounds = parted(content)
    text, redaction = of_text(text)
    if not sounds:
        return text, redaction
    if len(sounds) > 1:  # seconds from the start of which of them? to let pass, it must be certain
        options = replace(options, ruling=replace(options.ruling, drop=()))
    document: dict[str, Any] = json.loads(text)
    findings, engines, transcript = list(redaction.findings), list(redaction.engines), None
    for sound in sounds:
        done, heard = of_sound(sound.media_type, io.BytesIO(sound.content), options)
        _put_back(document["dialog"][sound.dialog], done, heard.media_type)
        findings += [replace(finding, where=sound.where) for finding in heard.findings]
        engines += [engine for engine in heard.engines if engine not in engines]
        if len(sounds) == 1:  # the cues of several would not be in order of time, as WebVTT asks
            transcript = heard.transcript
    result = json.dumps(document, ensure_ascii=False).encode()
    return result, Redaction(tuple(findings), tuple(engines), MEDIA_TYPE, transcript)


def read_all(spill: Spill) -> bytes:
    """Return the whole content of a spill."""
    spill.seek(0)
    return cast("BinaryIO", spill).read()


def findings_of(sound: Sound, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return those of the findings that are of one sound."""
    return tuple(finding for finding in findings if finding.where == sound.where and finding.begin is not None)


def _dialogs(content: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return []
    found = document.get("dialog") if isinstance(document, dict) else None
    return found if isinstance(found, list) and all(isinstance(dialog, dict) for dialog in found) else []


def _is_sound(dialog: dict[str, Any]) -> bool:
    names = [str(dialog[name]) for name in _TYPE_NAMES if name in dialog]
    return dialog.get("encoding") == "base64url" and any(name.lower().startswith("audio/") for name in names)


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)  # noqa: TID251 - base64url, unpadded as the draft allows
    except (binascii.Error, ValueError) as exc:
        raise UnscreenableError("expected a base64url body of sound") from exc


def _media_type(data: bytes) -> str:
    try:
        found = probe(io.BytesIO(data), len(data))
    except InvalidInputError as exc:
        raise UnscreenableError("a dialog encloses what is no sound that can be screened") from exc
    if found.kind is not Kind.CALL or not found.media_type.startswith("audio/"):
        raise UnscreenableError("a dialog encloses something else than the sound it claims to be")
    return found.media_type


def _put_back(dialog: dict[str, Any], content: bytes, media_type: str) -> None:
    dialog["body"] = base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
    dialog.update(dict.fromkeys([name for name in _TYPE_NAMES if name in dialog], media_type))
    dialog.pop("content_hash", None)  # of what it was
