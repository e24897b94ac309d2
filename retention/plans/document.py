"""Strict reading of the JSON values that plans are made of.

Each function returns the value it was asked for, or says what it got instead. Canonical bytes come from
`keys.canonical`; an instant is written in UTC to the microsecond, so that it too has one encoding.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from keys.canonical import Json
from retention.errors import PlanFormatError

_SHA256 = re.compile(r"[0-9a-f]{64}")


def instant_form(instant: datetime) -> str:
    """Return an instant as text.

    Raises:
        PlanFormatError: the instant has no time zone.

    """
    if instant.utcoffset() is None:
        raise PlanFormatError("expected a timezone-aware instant, got a naive one")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def members(value: Json, *names: str) -> Mapping[str, Json]:
    """Return the members of an object that has exactly these names.

    Raises:
        PlanFormatError: another type, or other names.

    """
    if not isinstance(value, Mapping):
        raise PlanFormatError(f"expected an object, got {type(value).__name__}")
    if set(value) != set(names):
        raise PlanFormatError(f"expected exactly the members {', '.join(sorted(names))}")
    return value


def items(value: Json) -> Sequence[Json]:
    """Return the items of an array.

    Raises:
        PlanFormatError: another type.

    """
    if not isinstance(value, list):
        raise PlanFormatError(f"expected an array, got {type(value).__name__}")
    return value


def text(value: Json) -> str:
    """Return a text that is not empty.

    Raises:
        PlanFormatError: another type, or an empty text.

    """
    if not isinstance(value, str) or not value:
        raise PlanFormatError(f"expected a text, got {type(value).__name__}")
    return value


def sha256(value: Json) -> str:
    """Return a SHA-256 digest in hex.

    Raises:
        PlanFormatError: anything but 64 lower-case hex digits.

    """
    digest = text(value)
    if not _SHA256.fullmatch(digest):
        raise PlanFormatError("expected a SHA-256 digest of 64 lower-case hex digits")
    return digest


def count(value: Json) -> int:
    """Return a whole number from 0 up.

    Raises:
        PlanFormatError: another type, or a number below 0.

    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PlanFormatError(f"expected a number from 0 up, got {type(value).__name__}")
    return value


def instant(value: Json) -> datetime:
    """Return an instant written by `instant_form`.

    Raises:
        PlanFormatError: another type, or another form.

    """
    written = text(value)
    try:
        found = datetime.fromisoformat(written)
    except ValueError as exc:
        raise PlanFormatError("expected an instant in UTC to the microsecond") from exc
    if found.utcoffset() is None or instant_form(found) != written:
        raise PlanFormatError("expected an instant in UTC to the microsecond")
    return found
