"""Identifiers: time-ordered, random, meaningless (the layout of a version 7 UUID, RFC 9562 section 5.7)."""

import re
import secrets
from datetime import datetime

from vault.model import BlobName, RecordingId

_ID = re.compile(r"[0-9a-f]{32}")


def new_id(now: datetime) -> str:
    """Return 32 hex digits: 48 bits of Unix milliseconds, then version, variant and 74 random bits."""
    millis = int(now.timestamp() * 1000)
    rand = secrets.randbits(74)
    value = (millis << 80) | (0x7 << 76) | ((rand >> 62) << 64) | (0b10 << 62) | (rand & (2**62 - 1))
    return f"{value:032x}"


def new_recording_id(now: datetime) -> RecordingId:
    """Return a fresh recording id."""
    return RecordingId(new_id(now))


def new_blob_name(now: datetime) -> BlobName:
    """Return a fresh blob name."""
    return BlobName(new_id(now))


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of an identifier."""
    return _ID.fullmatch(text) is not None
