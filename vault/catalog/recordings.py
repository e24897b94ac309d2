"""Recordings in the catalog: rows in, views out, and the state transitions."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vault.catalog.criteria import Criteria, matching
from vault.catalog.facts import facts_digest, row_digest
from vault.catalog.schema import (
    copies,
    from_micros,
    key_slots,
    labels,
    recordings,
    renditions,
    schedules,
    segments,
    tokens,
)
from vault.errors import AlteredRowError, RecordingNotFoundError
from vault.ids import is_id
from vault.model import BlobName, Kind, RecordingId, RenditionName, Segment, State


@dataclass(frozen=True, slots=True)
class Recording:
    """What the catalog says of a recording in clear; nothing in it identifies a caller."""

    id: RecordingId
    kind: Kind
    media_type: str
    state: State
    started_at: datetime | None
    ended_at: datetime
    ended_basis: str
    created_at: datetime
    duration_ms: int | None
    direction: str | None
    agent: str | None
    seat: str | None
    queue: str | None
    industry: str | None
    jurisdiction: str | None
    consent: str
    interaction: str | None
    source: str
    purged_at: datetime | None
    labels: frozenset[str]
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendition:
    """One sealed version of a recording's content."""

    recording: RecordingId
    name: RenditionName
    media_type: str
    blob: BlobName
    plain_size: int
    sealed_size: int
    sealed_sha256: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a rendition's blob outside the primary store."""

    blob: BlobName
    store: str
    version: str
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewRows:
    """The rows of one new recording, to be inserted together."""

    recording: dict[str, Any]
    rendition: dict[str, Any]
    key_slots: tuple[dict[str, Any], ...]
    tokens: tuple[dict[str, Any], ...]
    labels: tuple[dict[str, Any], ...]
    segments: tuple[dict[str, Any], ...] = ()

    @property
    def id(self) -> RecordingId:
        """The id of the recording these rows make."""
        return RecordingId(self.recording["id"])


IDS = 1000
"""Ids asked for in one query: a database takes 32,766 values or 65,535, and no more."""

SOON = from_micros(0)
"""When to look at what was never looked at, or must be looked at again."""

_COLUMNS = [c for c in recordings.c if c.name in Recording.__slots__]


def insert_new(connection: Connection, rows: Sequence[NewRows]) -> set[RecordingId]:
    """Insert those whose (source, source_token) is new; return their ids."""
    if not rows:
        return set()
    # in one order everywhere: two that take in the same recordings must not wait for each other in a circle
    rows = sorted(rows, key=lambda row: (row.recording["source"], row.recording["source_token"]))
    build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = build(recordings).on_conflict_do_nothing(index_elements=["source", "source_token"])
    taken = {
        RecordingId(i)
        for i in connection.scalars(statement.returning(recordings.c.id), [row.recording for row in rows])
    }
    mine = [row for row in rows if row.id in taken]
    for table, parts in (
        (renditions, [row.rendition for row in mine]),
        (key_slots, [part for row in mine for part in row.key_slots]),
        (tokens, [part for row in mine for part in row.tokens]),
        (labels, [part for row in mine for part in row.labels]),
        (segments, [part for row in mine for part in row.segments]),
        (schedules, [{"recording": row.id, "look_at": SOON, "for_review": False} for row in mine]),
    ):
        if parts:
            connection.execute(insert(table), parts)
    return taken


def get(connection: Connection, recording: str) -> Recording:
    """Return one recording by its id.

    Raises:
        RecordingNotFoundError: nothing of that id was ever taken in.

    """
    row = (
        connection.execute(select(*_COLUMNS).where(recordings.c.id == recording)).first() if is_id(recording) else None
    )
    if row is None:
        raise RecordingNotFoundError("expected the id of a recording of this vault (32 hex digits)")
    return _views(connection, [row])[0]


def get_many(connection: Connection, ids: Iterable[str]) -> list[Recording]:
    """Return those of the recordings that exist, in order of their ids."""
    found: list[Recording] = []
    for some in batched(sorted(ids)):
        query = select(*_COLUMNS).where(recordings.c.id.in_(some)).order_by(recordings.c.id)
        found += _views(connection, connection.execute(query).all())
    return found


def of_interactions(connection: Connection, names: Iterable[str]) -> Iterator[list[Recording]]:
    """Yield what belongs to some interactions in batches, with memory for one of them; not what is purged."""
    query = select(*_COLUMNS).where(recordings.c.interaction.in_(sorted(names)), recordings.c.state != State.PURGED)
    with connection.execute(query, execution_options={"yield_per": IDS}) as result:
        for rows in result.partitions():
            yield _views(connection, rows)


def batched(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ids in runs of at most IDS."""
    for start in range(0, len(ids), IDS):
        yield ids[start : start + IDS]


def interaction_sha256(name: str) -> str:
    """Return the digest under which the log has what belongs to an interaction."""
    return hashlib.sha256(name.encode()).hexdigest()


def interactions_of(connection: Connection, ids: Sequence[str]) -> dict[str, str | None]:
    """Return the name of each recording's interaction, for those that the catalog has and that are not purged."""
    found: dict[str, str | None] = {}
    for some in batched(ids):
        is_alive = (recordings.c.id.in_(some), recordings.c.state != State.PURGED)
        query = select(recordings.c.id, recordings.c.interaction).where(*is_alive)
        found.update((row.id, row.interaction) for row in connection.execute(query))
    return found


def lock(connection: Connection, ids: Iterable[str]) -> None:
    """Let nobody else change these recordings before this transaction ends.

    On SQLite nobody else writes meanwhile anyway, and this locks nothing more.
    """
    found = select(recordings.c.id).where(recordings.c.id.in_(sorted(ids))).order_by(recordings.c.id)
    connection.execute(found.with_for_update()).all()


def page(
    connection: Connection, criteria: Criteria, *, limit: int, after: tuple[datetime, str] | None = None
) -> list[Recording]:
    """Return up to `limit` recordings, the latest first, after the keyset position of the last one seen."""
    query = select(*_COLUMNS).where(matching(criteria))
    if after is not None:
        ended, last = after
        query = query.where(
            or_(recordings.c.ended_at < ended, and_(recordings.c.ended_at == ended, recordings.c.id < last))
        )
    query = query.order_by(recordings.c.ended_at.desc(), recordings.c.id.desc()).limit(limit)
    return _views(connection, connection.execute(query).all())


def scan(connection: Connection, criteria: Criteria, *, batch: int = 1000) -> Iterator[list[Recording]]:
    """Yield every match in batches, in order of ids, with memory for one batch."""
    last = ""
    while True:
        query = select(*_COLUMNS).where(matching(criteria), recordings.c.id > last)
        rows = connection.execute(query.order_by(recordings.c.id).limit(batch)).all()
        if not rows:
            return
        yield _views(connection, rows)
        last = rows[-1].id


def _views(connection: Connection, rows: Sequence[Row[Any]]) -> list[Recording]:
    of: dict[str, set[str]] = {row.id: set() for row in rows}
    parts: dict[str, list[Segment]] = {row.id: [] for row in rows}
    if of:
        ids = list(of)
        for recording, label in connection.execute(
            select(labels.c.recording, labels.c.label).where(labels.c.recording.in_(ids))
        ):
            of[recording].add(label)
        query = select(segments).where(segments.c.recording.in_(ids))
        for row in connection.execute(query.order_by(segments.c.begin_ms, segments.c.end_ms, segments.c.label)):
            parts[row.recording].append(Segment(row.label, row.begin_ms, row.end_ms))
    return [_view(row, frozenset(of[row.id]), tuple(parts[row.id])) for row in rows]


def _view(row: Row[Any], of: frozenset[str], parts: tuple[Segment, ...]) -> Recording:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented row access
    try:
        values |= {"kind": Kind(values["kind"]), "state": State(values["state"]), "labels": of, "segments": parts}
    except ValueError as exc:
        raise AlteredRowError(f"expected recording {row.id} to have a known kind and state, got others") from exc
    return Recording(**values)


def facts_sha256(recording: Recording) -> str:
    """Return the digest of what retention goes by, to be compared with what the log told at ingest."""
    values = {name: getattr(recording, name) for name in Recording.__slots__}
    return facts_digest(values, recording.labels, recording.segments)


def row_sha256s(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the digest of each recording's whole row and tokens, to be compared with what the log told at ingest."""
    digests: dict[str, str] = {}
    for some in batched(ids):
        found_by: dict[str, list[tuple[str, bytes]]] = {}
        for recording, field, token in connection.execute(select(tokens).where(tokens.c.recording.in_(some))):
            found_by.setdefault(recording, []).append((field, token))
        for row in connection.execute(select(recordings).where(recordings.c.id.in_(some))):
            digests[row.id] = row_digest(dict(row._mapping), found_by.get(row.id, ()))  # noqa: SLF001 - documented
    return digests


def renditions_of(connection: Connection, ids: Iterable[str]) -> dict[str, list[Rendition]]:
    """Return the renditions of each of the recordings, by recording id."""
    found: dict[str, list[Rendition]] = {}
    query = select(renditions).where(renditions.c.recording.in_(sorted(ids)))
    for row in connection.execute(query.order_by(renditions.c.recording, renditions.c.name)):
        values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented row access
        if values["name"] not in set(RenditionName):
            raise AlteredRowError(f"expected recording {row.recording} to have known renditions, got another")
        values["name"] = RenditionName(values["name"])
        found.setdefault(row.recording, []).append(Rendition(**values))
    return found


def copies_of(connection: Connection, blobs: Iterable[str]) -> dict[str, list[Copy]]:
    """Return the copies outside the primary store, by blob."""
    found: dict[str, list[Copy]] = {}
    query = select(copies.c.blob, copies.c.store, copies.c.version, copies.c.locked_until)
    for row in connection.execute(query.where(copies.c.blob.in_(sorted(blobs))).order_by(copies.c.blob)):
        found.setdefault(row.blob, []).append(Copy(*row))
    return found


def transition(connection: Connection, recording: RecordingId, *, expected: State, then: State, **values: Any) -> bool:
    """Move one recording by one transition; False when it is no longer in the expected state."""
    result = connection.execute(
        update(recordings)
        .where(recordings.c.id == recording, recordings.c.state == expected)
        .values(state=then, **values)
    )
    return result.rowcount == 1


def transition_all(
    connection: Connection, ids: Sequence[RecordingId], *, expected: State, then: State, **values: Any
) -> int:
    """Move those of the recordings that are in the expected state by one transition; return how many that were."""
    result = connection.execute(
        update(recordings).where(recordings.c.id.in_(ids), recordings.c.state == expected).values(state=then, **values)
    )
    return result.rowcount


def next_in_state(
    connection: Connection, state: State, kinds: Iterable[Kind], *, after: str, limit: int
) -> list[RecordingId]:
    """Return ids of recordings that wait in a state, in order of ids."""
    query = (
        select(recordings.c.id)
        .where(recordings.c.state == state, recordings.c.kind.in_(sorted(kinds)), recordings.c.id > after)
        .order_by(recordings.c.id)
        .limit(limit)
    )
    return [RecordingId(i) for i in connection.scalars(query)]
