"""Reading many recordings lightly: the few columns a survey asks for, in batches by range of ids.

A view of a recording (`vault.catalog.recordings`) costs too much to make ten million of; a survey asks for what the
rules ask for, and sees that most recordings are alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, overload

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, func, select, type_coerce

from vault.catalog.schema import copies, labels, recordings, renditions, segments
from vault.model import RecordingId, State

_NONE: frozenset[str] = frozenset()

Row: TypeAlias = tuple[Any, ...]
"""A row as the driver returns it."""
Alike: TypeAlias = tuple[Any, ...]
"""The values of the fields that were asked for, in their order: what has the same is alike."""


class Glanced(NamedTuple):
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


class Batch(Sequence[Glanced]):
    """Recordings as a survey sees them, in order of their ids.

    Each is made when it is asked for: thousands of objects that live at once cost Python's collector more time than
    the database takes to read them.
    """

    def __init__(self, rows: Sequence[Row], many: Sequence[dict[str, frozenset[str]]]) -> None:
        self._rows, self._many = rows, many

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Glanced: ...
    @overload
    def __getitem__(self, place: slice) -> list[Glanced]: ...
    def __getitem__(self, place: int | slice) -> Glanced | list[Glanced]:
        """Return one, or some."""
        return (
            [*map(self._glanced, self._rows[place])] if isinstance(place, slice) else self._glanced(self._rows[place])
        )

    def __iter__(self) -> Iterator[Glanced]:
        return map(self._glanced, self._rows)

    def _glanced(self, row: Row) -> Glanced:
        alike = row[3:]
        for values in self._many:
            alike += (values.get(row[0], _NONE),)
        return Glanced(row[0], row[1], row[2], alike)


def scan(
    connection: Connection, fields: Sequence[str], *, after: str = "", until: str | None = None, batch: int = 5000
) -> Iterator[tuple[Range, Batch]]:
    """Yield what is not purged in batches in order of ids, with memory for one batch.

    `fields`: columns of `recordings`, `labels` and `segments`. `after` and `until`: the ids to begin after and to end
    with.
    """
    while batch_found := next_batch(connection, fields, after=after, until=until, batch=batch):
        yield batch_found
        after = batch_found[0].last


def next_batch(
    connection: Connection, fields: Sequence[str], *, after: str, until: str | None, batch: int
) -> tuple[Range, Batch] | None:
    """Return the next batch of a scan, or None at its end."""
    query = _columns(fields).where(recordings.c.state != State.PURGED, recordings.c.id > after)
    if until is not None:
        query = query.where(recordings.c.id <= until)
    rows = plain_rows(connection, query.order_by(recordings.c.id).limit(batch))
    if not rows:
        return None
    span = Range(rows[0][0], rows[-1][0])
    return span, Batch(rows, _values(connection, fields, span))


def chosen(connection: Connection, fields: Sequence[str], ids: Sequence[str]) -> Batch:
    """Return those of the recordings that are not purged, in order of their ids."""
    span = Chosen(ids)
    query = _columns(fields).where(recordings.c.state != State.PURGED, span.has(recordings.c.id))
    return Batch(plain_rows(connection, query.order_by(recordings.c.id)), _values(connection, fields, span))


def plain_rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """Return rows as the driver has them, of texts, numbers and truth values: at half the cost of SQLAlchemy's own."""
    result = connection.execute(query)
    if result.cursor is None:
        raise RuntimeError("expected a query that returns rows")
    found = result.cursor.fetchall()
    result.close()
    return list(found)


def _columns(fields: Sequence[str]) -> Select[Any]:
    plain = [recordings.c[field] for field in fields if field not in {"labels", "segments"}]
    instants = [type_coerce(recordings.c[name], BigInteger) for name in ("ended_at", "created_at")]
    return select(recordings.c.id, *instants, *plain)


def _values(connection: Connection, fields: Sequence[str], span: Span) -> list[dict[str, frozenset[str]]]:
    return [_many(connection, table, span) for table in (labels, segments) if table.name in fields]


def field_order(fields: Sequence[str]) -> tuple[str, ...]:
    """Return the order in which `Glanced.alike` has the values of these fields."""
    many = [name for name in ("labels", "segments") if name in fields]
    return (*(field for field in fields if field not in many), *many)


def _many(connection: Connection, table: Table, span: Span) -> dict[str, frozenset[str]]:
    query = select(table.c.recording, table.c.label).where(span.has(table.c.recording))
    # few sets are different: each is kept once
    known: dict[tuple[frozenset[str], str], frozenset[str]] = {}
    found: dict[str, frozenset[str]] = {}
    for recording, label in plain_rows(connection, query):
        more = found.get(recording, _NONE), label
        if (its := known.get(more)) is None:
            its = known[more] = more[0] | {label}
        found[recording] = its
    return found


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


def sealed(connection: Connection, span: Span) -> dict[str, list[tuple[bytes, int]]]:
    """Return the digest and the size in bytes of each sealed rendition, by recording."""
    query = select(renditions.c.recording, renditions.c.sealed_sha256, renditions.c.sealed_size)
    found: dict[str, list[tuple[bytes, int]]] = {}
    for recording, digest, size in plain_rows(connection, query.where(span.has(renditions.c.recording))):
        found.setdefault(recording, []).append((digest, size))
    return found
