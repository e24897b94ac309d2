"""The digest of what retention goes by, written to the log at ingest.

Who can write to the database could otherwise make a recording look older, or of another industry, and have it
destroyed in good order. `check` compares this digest with the row.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keys import canonical
from vault.catalog.schema import to_micros

_FIELDS = ("id", "kind", "queue", "industry", "jurisdiction", "ended_basis")


def facts_digest(row: Mapping[str, Any], labels: frozenset[str]) -> str:
    """Return the hex SHA-256 of the facts of a recording row that decide its retention."""
    ended: datetime = row["ended_at"]
    created: datetime = row["created_at"]
    value: dict[str, canonical.Json] = {name: row[name] for name in _FIELDS}
    value |= {"ended": to_micros(ended), "created": to_micros(created), "labels": sorted(labels)}
    return hashlib.sha256(canonical.encode(value)).hexdigest()
