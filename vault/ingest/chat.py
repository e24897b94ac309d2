"""Look at written conversations: JSON, JSON Lines, vCon, WebVTT, e-mail and plain text.

A chat is read whole, because it is screened whole, so its size has a limit; what is larger is refused before it is
read. Text that pretends to be another format (HTML, a playlist, a mailbox, JSON that does not parse) is refused
rather than taken as plain text: screening reads plain text as it stands, and encoded card numbers would pass.

Times are taken from the content only if they name their zone, and only if every time in the conversation is readable:
an end that is guessed too early would end retention too early.
"""

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.errors import MultipartInvariantViolationDefect
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, NoReturn, TypeAlias

from vault.ingest.errors import ChatTooLargeError, UnrecognisedContentError
from vault.model import Kind

MAX_CHAT_SIZE = 64 * 1024 * 1024  # bytes
MAX_JSON_VALUES = 4_000_000  # objects, arrays and separators: bounds the memory that parsing takes
_TIME_KEYS = frozenset({"ts", "time", "timestamp", "date", "created_at", "createdAt"})
MESSAGE_LIST_KEYS = ("messages", "transcript", "Messages", "Transcript")
TEXT_KEYS = ("text", "body", "message", "content", "Content", "html_body", "plain_body")
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)  # what a chat's times may be

Found: TypeAlias = tuple[Kind, str, datetime | None, datetime | None]
"""Kind, media type, first and last instant."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_JSON_START = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_HEADER_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,75}:")
_MAILBOX = re.compile(rb"From [^\r\n]+\r?\n[A-Za-z][A-Za-z0-9-]{0,75}:")
_VTT = re.compile(r"WEBVTT(?:[ \t][^\r\n]*)?(?:\r\n|\r|\n)")  # W3C WebVTT, section 4.1
_VTT_CUE = re.compile(
    r"^(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}[ \t]+-->[ \t]+(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}", re.MULTILINE
)
_POSING = (
    (re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE), "an HTML page"),
    (re.compile(r"\s*<\?xml|\s*<svg\b"), "an XML document"),
    (re.compile(r"\s*#EXTM3U"), "an M3U8 playlist"),
    (re.compile(r"\s*ffconcat version"), "an FFmpeg concat script"),
    (re.compile(r"\s*file\s+'"), "an FFmpeg concat script"),
    (re.compile(r"\s*v=0\r?\no="), "an SDP session description"),
    (re.compile(r"\s*\[playlist\]", re.IGNORECASE), "a PLS playlist"),
    (re.compile(r"(?:BEGIN:VCARD|BEGIN:VCALENDAR)\r?\n"), "a vCard or a calendar"),
)


def look(stream: BinaryIO, size: int, head: bytes) -> Found:
    """Return what the text in `stream` (`size` bytes, beginning with `head`) is, with its first and last instant.

    Raises:
        UnrecognisedContentError: it is no conversation of a known form.
        ChatTooLargeError: it is above MAX_CHAT_SIZE bytes, or has more JSON values than MAX_JSON_VALUES.

    """
    if size > MAX_CHAT_SIZE:
        raise ChatTooLargeError(f"expected a chat of at most {MAX_CHAT_SIZE} bytes, got {size}")
    data = head + stream.read(max(0, size - len(head)))
    if _MAILBOX.match(data):
        raise UnrecognisedContentError("a mailbox (mbox)", hint="split the mailbox into one .eml file a message")
    if _HEADER_LINE.match(data) and (email := _email(data)) is not None:
        return email
    text = _decode(data)
    return _json(text) if _JSON_START.match(text) else _prose(text)


def _prose(text: str) -> Found:
    for pattern, name in _POSING:
        if pattern.match(text):
            raise UnrecognisedContentError(name)
    if _CONTROLS.search(text):
        raise UnrecognisedContentError("text with control characters")
    if not text.strip():
        raise UnrecognisedContentError("an empty text")
    if not _VTT.match(text):
        return Kind.CHAT, "text/plain", None, None
    if not _VTT_CUE.search(text):
        raise UnrecognisedContentError("a WebVTT file without cues")
    return Kind.CHAT, "text/vtt", None, None


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise UnrecognisedContentError("text that is neither UTF-8 nor UTF-16 with a byte order mark") from exc


def _email(data: bytes) -> Found | None:
    """Return what an Internet message (RFC 5322) is, None if `data` does not begin with its header."""
    end = re.search(rb"\r?\n\r?\n", data)
    header = data[: end.end()] if end else data
    if b"\0" in data or len(header) > 1024 * 1024:
        return None
    parsed = BytesHeaderParser(policy=compat32).parsebytes(header)
    # some versions of Python call a header alone a multipart without parts: it is, and says nothing of the mail
    defects = [d for d in parsed.defects if not isinstance(d, MultipartInvariantViolationDefect)]
    if defects or "From" not in parsed or not any(n in parsed for n in ("Date", "Message-ID", "MIME-Version")):
        return None
    sent: datetime | None = None
    try:
        sent = _bounded(parsedate_to_datetime(str(parsed["Date"])))
    except (ValueError, OverflowError):
        sent = None  # an unreadable date leaves the time unknown, and unknown means keep
    return Kind.CHAT, "message/rfc822", sent, sent


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _json(text: str) -> Found:
    if text.count("{") + text.count("[") + text.count(",") > MAX_JSON_VALUES:
        raise ChatTooLargeError(f"expected a chat of at most {MAX_JSON_VALUES} JSON values, got more")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return _json_lines(text)
    if isinstance(value, list):
        return _messages(value, "application/json")
    if _is_vcon(value):
        return _vcon(value)
    for key in MESSAGE_LIST_KEYS:
        if isinstance(value.get(key), list):
            return _messages(value[key], "application/json")
    if any(isinstance(value.get(key), str) for key in TEXT_KEYS):
        return _messages([value], "application/x-ndjson")  # JSON Lines with a single line
    if _listed(value):  # the export of a help desk: comments, conversation_parts, in whatever object
        return _messages([value], "application/json")
    raise UnrecognisedContentError("JSON that holds no messages")


def _listed(value: Any) -> list[dict[str, Any]]:
    """Return the objects of every list, at any depth, whose items are objects and carry some text."""
    found: list[dict[str, Any]] = []
    open_ = [value]
    while open_:
        item = open_.pop()
        is_list = isinstance(item, list) and all(isinstance(one, dict) for one in item)
        if is_list and any(isinstance(one.get(key), str) and one[key].strip() for one in item for key in TEXT_KEYS):
            found += item
        inner = item.values() if isinstance(item, dict) else item
        open_ += [one for one in inner if isinstance(one, dict | list)]
    return found


def _json_lines(text: str) -> Found:
    values = []
    for line in text.split("\n"):
        if line.strip():
            try:
                values.append(_DECODER.decode(line))
            except (ValueError, RecursionError) as exc:
                raise UnrecognisedContentError("JSON that is damaged or cut short") from exc
    return _messages(values, "application/x-ndjson")


def _messages(values: list[Any], media_type: str) -> Found:
    if not values or not all(isinstance(value, dict) for value in values):
        raise UnrecognisedContentError("JSON that is not a list of messages")
    within = [one for value in values for one in _listed(value)]  # whose times may be later than those around them
    if not within and not any(isinstance(item, str) for value in values for item in value.values()):
        raise UnrecognisedContentError("JSON messages without any text")
    return Kind.CHAT, media_type, *_span(_message_times([*values, *within]))


def _message_times(values: Iterable[dict[str, Any]]) -> list[datetime] | None:
    """Return the instants of messages; None if one is not readable, because it may be the last."""
    times = []
    for value in values:
        for key in _TIME_KEYS & value.keys():
            item = value[key]
            if item is not None:
                # a chat has many of these, so the bounds are held against the first and the last only (_span)
                instant = _iso(item) if type(item) is str and "-" in item else _instant(item)
                if instant is None:
                    return None
                times.append(instant)
    return times


def _span(times: list[datetime] | None) -> tuple[datetime | None, datetime | None]:
    low, high = (_bounded(min(times)), _bounded(max(times))) if times else (None, None)
    return (low, high) if low is not None and high is not None else (None, None)


def _iso(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _instant(value: object) -> datetime | None:
    """Return the UTC instant of an RFC 3339 text with a zone, or of seconds or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            if "-" in value:
                instant = _iso(value)
                return None if instant is None else _bounded(instant)
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        # LATEST in seconds lies before EARLIEST in milliseconds, so the two cannot be confused.
        seconds = value if value <= LATEST.timestamp() else value / 1000
        return _bounded(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _bounded(value: datetime) -> datetime | None:
    if value.tzinfo is None:
        return None
    try:
        value = value.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, in a zone that leaves it
        return None
    return value if EARLIEST <= value <= LATEST else None


def _is_vcon(value: dict[str, Any]) -> bool:
    """Return whether an object is an unsigned vCon (draft-ietf-vcon-vcon-core).

    Raises:
        UnrecognisedContentError: it is a signed or encrypted one.

    """
    if {"payload", "signatures"} <= value.keys():
        raise UnrecognisedContentError("a signed vCon", hint="verify it, and take in the vCon in its payload")
    if {"ciphertext", "recipients"} <= value.keys():
        raise UnrecognisedContentError("an encrypted vCon", hint="decrypt it, and take in the vCon within")
    return "vcon" in value or ("uuid" in value and ("parties" in value or "dialog" in value))


def _vcon(value: dict[str, Any]) -> Found:
    dialogs = value.get("dialog", [])
    if not isinstance(dialogs, list) or not all(isinstance(dialog, dict) for dialog in dialogs):
        raise UnrecognisedContentError("a vCon whose dialog is not a list of objects")
    types = {_dialog_type(dialog) for dialog in dialogs}
    kind = Kind.SCREEN if "video" in types else Kind.CALL if "audio" in types else Kind.CHAT
    return kind, "application/vcon+json", *_vcon_span(dialogs)


def _dialog_type(dialog: dict[str, Any]) -> str:
    """Return "audio", "video" or something else; a recording that does not say what it is was a call."""
    stated = dialog.get("mediatype") or dialog.get("mimetype")  # the name of -01 and before
    major = stated.partition("/")[0].lower() if isinstance(stated, str) else ""
    if dialog.get("type") in {"recording", "audio", "video"}:
        return major or ("video" if dialog["type"] == "video" else "audio")
    return ""


def _vcon_span(dialogs: list[dict[str, Any]]) -> tuple[datetime | None, datetime | None]:
    starts, ends = [], []
    is_end_known = True
    for dialog in dialogs:
        if not dialog:
            continue  # the placeholder of a redacted dialog
        start, duration = _instant(dialog.get("start")), dialog.get("duration")
        if start is None:
            return None, None
        starts.append(start)
        if isinstance(duration, int | float) and not isinstance(duration, bool) and 0 <= duration <= 31 * 24 * 3600:
            ends.append(start + timedelta(seconds=duration))
        elif duration is None and dialog.get("type") != "recording":
            ends.append(start)  # a written message takes no time
        else:
            is_end_known = False
    return (min(starts), max(ends) if is_end_known else None) if starts else (None, None)
