"""Rows of a catalog, as ingest would make them, without a vault around."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from vault.catalog import recordings
from vault.catalog.recordings import NewRows
from vault.catalog.schema import key_epochs
from vault.ids import new_id

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def new_rows(*, tokens: tuple[tuple[str, bytes], ...] = (), labels: tuple[str, ...] = (), **given: Any) -> NewRows:
    """Return the rows of a recording; `given` columns stand over the usual ones."""
    recording = {
        "id": new_id(NOW), "kind": "chat", "media_type": "text/plain", "state": "sealed", "started_at": None,
        "ended_at": NOW, "ended_basis": "manifest", "created_at": NOW, "duration_ms": None, "direction": None,
        "agent": None, "seat": None, "queue": None, "industry": None, "jurisdiction": None, "consent": "unknown",
        "interaction": None, "source": "test", "source_token": secrets.token_bytes(16),
        "content_token": secrets.token_bytes(16), "sealed_metadata": secrets.token_bytes(40),
    } | given  # fmt: skip
    of = recording["id"]
    return NewRows(
        recording=recording,
        rendition={
            "recording": of, "name": "original", "media_type": "text/plain", "blob": new_id(NOW), "plain_size": 5,
            "sealed_size": 61, "sealed_sha256": secrets.token_bytes(32), "created_at": NOW,
        },
        key_slots=({"subject": of, "purpose": "original", "epoch": 1, "wrapped": secrets.token_bytes(60)},),
        tokens=tuple({"recording": of, "field": field, "token": token} for field, token in tokens),
        labels=tuple({"recording": of, "label": label} for label in labels),
    )  # fmt: skip


def add_epoch(connection: Connection) -> None:
    """Add the epoch that the key slots name, unless it is there."""
    if connection.execute(select(key_epochs.c.id)).first() is None:
        connection.execute(insert(key_epochs).values(id=1, state="active", wrapped=b"w", created_at=NOW))


def put(connection: Connection, *rows: NewRows) -> None:
    """Insert the rows, all of them new."""
    add_epoch(connection)
    assert recordings.insert_new(connection, rows) == {row.id for row in rows}
