"""One encoding per value, for everything that is signed or hashed.

The encoding is RFC 8785 (JSON Canonicalization Scheme) restricted to null, booleans, integers of at most 53 bits,
strings, arrays and objects with ASCII keys; there are no floats, so number formatting never matters. Decoders
re-encode and compare: whatever is not byte for byte canonical is refused.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from keys.errors import CanonicalFormError

Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

MAX_INTEGER = 2**53 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_PLAIN = frozenset({str, bool, type(None)})


def _check(value: Json) -> None:
    # exact types first: nearly every value has one, and everything that is logged or signed comes through here
    if type(value) in _PLAIN or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise CanonicalFormError(f"expected an integer of at most 53 bits, got one of {value.bit_length()}")
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not key.isascii():
                raise CanonicalFormError("expected ASCII keys")
            if type(item) not in _PLAIN:
                _check(item)
        return
    if isinstance(value, list | tuple):
        for item in value:
            _check(item)
        return
    raise CanonicalFormError(f"expected a JSON value without floats, got {type(value).__name__}")


def encode(value: Json) -> bytes:
    """Return the canonical bytes of `value`.

    Raises:
        CanonicalFormError: the value holds a float, a large integer, a non-ASCII key or a non-JSON type.

    """
    _check(value)
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError as exc:
        raise CanonicalFormError("expected well-formed Unicode, got a lone surrogate") from exc


def decode(data: bytes) -> Json:
    """Return the value of canonical bytes.

    Raises:
        CanonicalFormError: `data` is not JSON, or not the one canonical encoding of its value.

    """
    try:
        value: Json = json.loads(data)
        again = encode(value)
    except (ValueError, RecursionError) as exc:
        raise CanonicalFormError("expected canonical JSON") from exc
    if again != data:
        raise CanonicalFormError("expected canonical JSON, got another encoding of the same value")
    return value


def base64_of(data: bytes) -> str:
    """Return standard padded base64 (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def unbase64(text: str) -> bytes:
    """Return the bytes of canonical standard base64.

    Raises:
        CanonicalFormError: other alphabet, missing padding, line breaks or non-zero trailing bits.

    """
    try:
        data = base64.b64decode(text, validate=True)  # noqa: TID251 - this is the strict wrapper the ban points to
    except (binascii.Error, ValueError) as exc:
        raise CanonicalFormError("expected standard base64") from exc
    if base64_of(data) != text:
        raise CanonicalFormError("expected canonical base64")
    return data
