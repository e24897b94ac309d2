"""The digest of what retention goes by, written to the log at ingest.

Who can write to the database could otherwise make a recording look older, or of another industry, and have it
destroyed in good order. `check` compares this digest with the row.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from keys import canonical
from vault.catalog.schema import to_micros
from vault.model import Segment

_LATER = ("state", "purged_at")
"""Columns that stages write."""
_FIELDS = ("id", "kind", "queue", "industry", "jurisdiction", "ended_basis")


def facts_digest(row: Mapping[str, Any], labels: frozenset[str], segments: Iterable[Segment] = ()) -> str:
    """Return the hex SHA-256 of the facts of a recording row that decide its retention."""
    ended: datetime = row["ended_at"]
    created: datetime = row["created_at"]
    value: dict[str, canonical.Json] = {name: row[name] for name in _FIELDS}
    value |= {"ended": to_micros(ended), "created": to_micros(created), "labels": sorted(labels)}
    # only where there are any: recordings without parts keep the digests they had before there were parts
    if parts := sorted((part.begin_ms, part.end_ms, part.label) for part in segments):
        value["segments"] = [list(part) for part in parts]
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def row_digest(row: Mapping[str, Any], tokens: Iterable[tuple[str, bytes]]) -> str:
    """Return the hex SHA-256 of everything that was taken in with a recording, with the tokens it is found by.

    Who can write to the database could otherwise take a recording out of a hold's sight. It covers names of people
    (the agent) and stays in the log when these are gone: the content token and the sealed metadata, which a purge
    destroys, keep anyone from guessing them by the digest.
    """
    value = {name: _plain(item) for name, item in row.items() if name not in _LATER}
    value["tokens"] = [[field, token.hex()] for field, token in sorted(tokens)]
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def _plain(item: object) -> canonical.Json:
    if isinstance(item, datetime):
        return to_micros(item)
    if isinstance(item, bytes):
        return hashlib.sha256(item).hexdigest()
    return item if item is None or isinstance(item, int) else str(item)
