"""Check the fields of one manifest row and turn them into metadata.

Every check names the field and what was expected, never the value: a value may be a caller's number. Text is
NFC-normalised and stripped; an absent field, null and blank text mean the same.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from vault.model import Caller, Consent, Direction, Metadata, Segment

MAX_TEXT = 256  # characters of a text field
MAX_LABEL = 64  # characters
MAX_LABELS = 64
MAX_CALLERS = 32
MAX_SEGMENTS = 64
MAX_MS = 31 * 86_400_000  # milliseconds; no recording is longer
MAX_NUMBER = 64  # characters; longer than any number with a SIP domain or an extension
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)  # before: an unset clock, or the zero of one
TOLERANCE = timedelta(days=1)  # how far ahead of ours a recorder's clock may be

_TEXT_FIELDS = (
    "agent",
    "seat",
    "queue",
    "account",
    "contract",
    "case",
    "industry",
    "interaction",
    "source",
    "source_ref",
)
FIELDS = frozenset(
    {"path", "started", "ended", "direction", "callers", "jurisdiction", "labels", "segments", "consent", *_TEXT_FIELDS}
)
_CALLER_FIELDS = {"number": MAX_NUMBER, "email": MAX_TEXT, "name": MAX_TEXT}
CALLER_COLUMNS = {"caller_number": "number", "caller_email": "email", "caller_name": "name"}
COLUMNS = FIELDS - {"callers"} | CALLER_COLUMNS.keys()

# Controls, line and paragraph separators, text direction overrides (they disguise text), surrogates.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_JURISDICTION = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z0-9]{1,3})?", re.ASCII)
_SEGMENT = re.compile(r"(?P<label>.+)@\s*(?P<begin>[0-9]{1,15})\s*-\s*(?P<end>[0-9]{1,15})\s*", re.ASCII | re.DOTALL)
_SEGMENT_FIELDS = frozenset({"label", "begin_ms", "end_ms"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)

_E = TypeVar("_E", bound=StrEnum)


class FieldError(Exception):
    """A field is wrong; caught by the manifest reader, which makes it a row's error."""

    def __init__(self, field: str | None, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


@dataclass(frozen=True, slots=True)
class Checked:
    """The path as written, and the metadata."""

    path: str
    metadata: Metadata


def printable_name(name: str) -> str | None:
    """Return the name of an unknown field if it is a plain word, None if it may be data in the wrong place."""
    return name if _NAME.fullmatch(name) else None


def check(row: Mapping[str, Any], now: datetime) -> Checked:
    """Return path and metadata of a row.

    Raises:
        FieldError: a field is unknown, missing, malformed, too long, or contradicts another.

    """
    for name in row:
        if name not in FIELDS:
            shown = printable_name(name)
            raise FieldError(shown, "unknown-field", f"expected one of the known fields, got {shown or 'another'}")
    path = _path(row.get("path"))
    started, ended = _time(row, "started", now), _time(row, "ended", now)
    if started and ended and ended < started:
        raise FieldError("ended", "end-before-start", "expected an end not before the start")
    texts = {name: text_of(name, row.get(name)) for name in _TEXT_FIELDS}
    if (texts["source"] is None) != (texts["source_ref"] is None):
        missing = "source" if texts["source"] is None else "source_ref"
        raise FieldError(missing, "incomplete", "expected source and source_ref together, got one of them")
    given: dict[str, Any] = {
        "started": started,
        "ended": ended,
        "direction": _choice(Direction, "direction", row.get("direction")),
        "callers": _callers(row.get("callers")),
        "jurisdiction": _jurisdiction(row.get("jurisdiction")),
        "labels": _labels(row.get("labels")),
        "consent": _choice(Consent, "consent", row.get("consent")) or Consent.UNKNOWN,
        "segments": _segments(row.get("segments")),
        **texts,
    }
    return Checked(path, Metadata(**given))


def _path(value: object) -> str:
    if value is None or value == "":
        raise FieldError("path", "missing", "expected a path, got none")
    if not isinstance(value, str):
        raise FieldError("path", "wrong-type", f"expected text, got {_type(value)}")
    if _FORBIDDEN.search(value):
        raise FieldError("path", "control-characters", "expected a path without control characters")
    return value  # as written: normalising could name another file


def text_of(field: str, value: object, limit: int = MAX_TEXT) -> str | None:
    """Return the text of a field, NFC-normalised and stripped; None if it is blank.

    Raises:
        FieldError: it is no text, longer than `limit` characters, or holds controls.

    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(field, "wrong-type", f"expected text, got {_type(value)}")
    if len(value) > limit:
        raise FieldError(field, "too-long", f"expected at most {limit} characters, got {len(value)}")
    if _FORBIDDEN.search(value):
        raise FieldError(field, "control-characters", "expected text without control characters")
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    return text.strip() or None


def _time(row: Mapping[str, Any], field: str, now: datetime) -> datetime | None:
    text = text_of(field, row.get(field))
    if text is None:
        return None
    if not _TIME.fullmatch(text):
        raise FieldError(
            field, "time", "expected a date and time with its zone such as 2026-03-01T10:00:00+01:00 or ...Z"
        )
    try:
        value = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise FieldError(field, "time", "expected a date and time that exist") from exc
    if value < EARLIEST:
        raise FieldError(field, "time-too-early", "expected a time after 1 January 1970, got one of an unset clock")
    if value > now + TOLERANCE:
        raise FieldError(field, "time-in-future", "expected a time that has come, got one more than a day ahead")
    return value


def _choice(values: type[_E], field: str, value: object) -> _E | None:
    text = text_of(field, value)
    if text is None:
        return None
    try:
        return values(text.lower())
    except ValueError as exc:
        known = ", ".join(values)
        raise FieldError(field, "unknown-value", f"expected one of {known}, got another") from exc


def _jurisdiction(value: object) -> str | None:
    text = text_of("jurisdiction", value)
    if text is None:
        return None
    if not _JURISDICTION.fullmatch(text):
        raise FieldError(
            "jurisdiction", "unknown-value", "expected an ISO 3166 code such as DE or US-CA, or EU, got another"
        )
    return text.upper()


def _labels(value: object) -> frozenset[str]:
    items = _list("labels", value, MAX_LABELS)
    labels = [text_of(f"labels[{n}]", item, MAX_LABEL) for n, item in enumerate(items)]
    return frozenset(label for label in labels if label)


def _segments(value: object) -> tuple[Segment, ...]:
    found = set()
    for n, item in enumerate(_list("segments", value, MAX_SEGMENTS)):
        field = f"segments[{n}]"
        if not isinstance(item, dict):
            raise FieldError(field, "wrong-type", f"expected an object, got {_type(item)}")
        if unknown := item.keys() - _SEGMENT_FIELDS:
            name = printable_name(min(unknown))
            expected = "expected only label, begin_ms and end_ms"
            raise FieldError(f"{field}.{name}" if name else field, "unknown-field", expected)
        label = text_of(f"{field}.label", item.get("label"), MAX_LABEL)
        if label is None:
            raise FieldError(f"{field}.label", "missing", "expected a label, got none")
        begin, end = _milliseconds(f"{field}.begin_ms", item), _milliseconds(f"{field}.end_ms", item)
        if end <= begin:
            raise FieldError(f"{field}.end_ms", "end-before-start", "expected an end after the begin")
        found.add((begin, end, label))
    return tuple(Segment(label, begin, end) for begin, end, label in sorted(found))


def _milliseconds(field: str, item: Mapping[str, Any]) -> int:
    value = item.get(field.rpartition(".")[2])
    if value is None:
        raise FieldError(field, "missing", "expected whole milliseconds from the start, got none")
    if type(value) is not int:
        raise FieldError(field, "wrong-type", "expected whole milliseconds from the start")
    if not 0 <= value <= MAX_MS:
        raise FieldError(field, "segment", f"expected 0 to {MAX_MS} milliseconds from the start")
    return value


def _segment_of(cell: str) -> dict[str, Any]:
    """Return the segment that a cell's part `label@begin-end` stands for."""
    found = _SEGMENT.fullmatch(cell)
    if found is None:
        raise FieldError("segments", "segment", "expected label@begin-end in whole milliseconds, ';' between several")
    return {"label": found["label"], "begin_ms": int(found["begin"]), "end_ms": int(found["end"])}


def _callers(value: object) -> tuple[Caller, ...]:
    callers = []
    for n, item in enumerate(_list("callers", value, MAX_CALLERS)):
        field = f"callers[{n}]"
        if not isinstance(item, dict):
            raise FieldError(field, "wrong-type", f"expected an object, got {_type(item)}")
        if unknown := item.keys() - _CALLER_FIELDS.keys():
            name = printable_name(min(unknown))
            raise FieldError(
                f"{field}.{name}" if name else field, "unknown-field", "expected only number, email and name"
            )
        texts = {name: text_of(f"{field}.{name}", item.get(name), limit) for name, limit in _CALLER_FIELDS.items()}
        email = texts["email"]
        if email and ("@" not in email.strip("@") or " " in email):
            raise FieldError(f"{field}.email", "email", "expected an e-mail address, got something else")
        if any(texts.values()):
            callers.append(Caller(**texts))
    return tuple(callers)


def _list(field: str, value: object, limit: int) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(field, "wrong-type", f"expected a list, got {_type(value)}")
    if len(value) > limit:
        raise FieldError(field, "too-long", f"expected at most {limit} entries, got {len(value)}")
    return value


def _type(value: object) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return names.get(type(value), "a number")


def from_columns(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the row that the cells of a CSV line stand for: ';' separates several of one kind.

    Raises:
        FieldError: the caller columns that are filled name different numbers of callers, or a segment is none.

    """
    row: dict[str, Any] = {}
    columns: dict[str, list[str]] = {}
    for name, cell in cells.items():
        if not cell.strip():
            continue
        if name in CALLER_COLUMNS:
            columns[CALLER_COLUMNS[name]] = [part.strip() for part in cell.split(";")]
        elif name == "labels":
            row[name] = cell.split(";")
        elif name == "segments":
            row[name] = [_segment_of(part.strip()) for part in cell.split(";") if part.strip()]
        else:
            row[name] = cell
    if len({len(parts) for parts in columns.values()}) > 1:
        raise FieldError(
            f"caller_{min(columns, key=lambda name: len(columns[name]))}",
            "uneven-callers",
            "expected as many callers in each caller column, got different numbers",
        )
    if columns:
        row["callers"] = [dict(zip(columns, parts, strict=True)) for parts in zip(*columns.values(), strict=True)]
    return row
