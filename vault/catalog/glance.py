"""Reading many recordings lightly: the few columns a survey asks for, in batches by range of ids.

A view of a recording (`vault.catalog.recordings`) costs too much to make ten million of; a survey asks for what the
rules ask for, and sees that most recordings are alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, func, select, type_coerce

from vault.catalog.schema import copies, labels, recordings, renditions, segments
from vault.model import RecordingId, State

Alike: TypeAlias = tuple[Any, ...]
"""The values of the fields that were asked for, in their order: what has the same is alike."""


@dataclass(frozen=True, slots=True)
class Glanced:
    """A recording as a survey sees it; instants are microseconds since 1970 (vault.catalog.schema)."""

    id: RecordingId
    ended: int
    created: int
    alike: Alike


@dataclass(frozen=True, slots=True)
class Range:
    """The ids of one batch: everything from `first` to `last` is in it."""

    first: str
    last: str

    def has(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the SQL condition for rows whose id lies in this range."""
        return column.between(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ids of one batch, one by one."""

    ids: Sequence[str]

    def has(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the SQL condition for rows whose id is one of these."""
        return column.in_(self.ids)


Span: TypeAlias = Range | Chosen


def scan(
    connection: Connection, fields: Sequence[str], *, after: str = "", until: str | None = None, batch: int = 5000
) -> Iterator[tuple[Range, list[Glanced]]]:
    """Yield what is not purged in batches in order of ids, with memory for one batch.

    `fields`: columns of `recordings`, `labels` and `segments`. `after` and `until`: the ids to begin after and to end
    with.
    """
    while batch_found := next_batch(connection, fields, after=after, until=until, batch=batch):
        yield batch_found
        after = batch_found[0].last


def next_batch(
    connection: Connection, fields: Sequence[str], *, after: str, until: str | None, batch: int
) -> tuple[Range, list[Glanced]] | None:
    """Return the next batch of a scan, or None at its end."""
    query = _columns(fields).where(recordings.c.state != State.PURGED, recordings.c.id > after)
    if until is not None:
        query = query.where(recordings.c.id <= until)
    rows = connection.execute(query.order_by(recordings.c.id).limit(batch)).all()
    if not rows:
        return None
    span = Range(rows[0][0], rows[-1][0])
    return span, _glanced(connection, fields, span, rows)


def chosen(connection: Connection, fields: Sequence[str], ids: Sequence[str]) -> list[Glanced]:
    """Return those of the recordings that are not purged, in order of their ids."""
    span = Chosen(ids)
    query = _columns(fields).where(recordings.c.state != State.PURGED, span.has(recordings.c.id))
    return _glanced(connection, fields, span, connection.execute(query.order_by(recordings.c.id)).all())


def _columns(fields: Sequence[str]) -> Select[Any]:
    plain = [recordings.c[field] for field in fields if field not in {"labels", "segments"}]
    instants = [type_coerce(recordings.c[name], BigInteger) for name in ("ended_at", "created_at")]
    return select(recordings.c.id, *instants, *plain)


def _glanced(connection: Connection, fields: Sequence[str], span: Span, rows: Sequence[Any]) -> list[Glanced]:
    many = [_many(connection, table, span) for table in (labels, segments) if table.name in fields]
    return [
        Glanced(row[0], row[1], row[2], (*row[3:], *(values.get(row[0], frozenset()) for values in many)))
        for row in rows
    ]


def field_order(fields: Sequence[str]) -> tuple[str, ...]:
    """Return the order in which `Glanced.alike` has the values of these fields."""
    many = [name for name in ("labels", "segments") if name in fields]
    return (*(field for field in fields if field not in many), *many)


def _many(connection: Connection, table: Table, span: Span) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    query = select(table.c.recording, table.c.label).where(span.has(table.c.recording))
    for recording, label in connection.execute(query):
        found.setdefault(recording, set()).add(label)
    # few sets are different: each is kept once, and comparing two of them is comparing places
    known: dict[frozenset[str], frozenset[str]] = {}
    return {recording: known.setdefault(frozenset(its), frozenset(its)) for recording, its in found.items()}


def sealed_bytes(connection: Connection, span: Span) -> dict[str, int]:
    """Return the sealed size in bytes of each recording's renditions together."""
    query = select(renditions.c.recording, func.sum(renditions.c.sealed_size)).where(span.has(renditions.c.recording))
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(renditions.c.recording))}


def locked_until(connection: Connection, span: Span) -> dict[str, int]:
    """Return until when the archive's object lock keeps a copy of each recording that has one, in microseconds."""
    last = func.max(type_coerce(copies.c.locked_until, BigInteger))
    query = select(renditions.c.recording, last).join_from(copies, renditions, copies.c.blob == renditions.c.blob)
    query = query.where(span.has(renditions.c.recording), copies.c.locked_until.is_not(None))
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(renditions.c.recording))}
