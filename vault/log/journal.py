"""The log's side in the catalog: entries written in the acting transaction, given their place in the tree in batches.

Writers do not queue for the tree: `append` inserts a row without a place. `sequence` gives every entry that has none
the next leaf and signs a checkpoint over the whole, in one transaction that only one process at a time may hold.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, select, true, update

from keys.signing import SigningKey
from vault.catalog.engine import LOCK_SEQUENCE, Catalog
from vault.catalog.schema import log_checkpoints, log_entries
from vault.clock import Clock
from vault.log import checkpoint
from vault.log.entry import Act, Entry, decode
from vault.log.errors import EntryFormatError, EntryNotFoundError, LogStateError
from vault.log.merkle import Frontier, inclusion_proof, leaf_hash

BATCH = 10_000
"""Entries sequenced in one transaction."""
_SUBJECTS = 1000  # asked for in one query: a database takes 32,766 values or 65,535, and no more


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries in the acting transaction: what happened and its entry are durable together or not at all."""
    if entries:
        connection.execute(
            insert(log_entries), [{"body": e.encode(), "act": e.act, "subject": e.subject} for e in entries]
        )


def sequence(catalog: Catalog, key: SigningKey, origin: str, clock: Clock) -> int:
    """Give every waiting entry its leaf and sign a checkpoint a batch; return how many entries were placed.

    Raises:
        LogStateError: the frontier of the newest checkpoint is not the one its signature covers.
        CatalogUnavailableError: the catalog does not answer.

    """
    placed = 0
    while True:
        with catalog.write(lock=LOCK_SEQUENCE) as connection:
            count = _sequence_batch(connection, key, origin, clock)
        placed += count
        if count < BATCH:
            return placed


def _sequence_batch(connection: Connection, key: SigningKey, origin: str, clock: Clock) -> int:
    waiting = connection.execute(
        select(log_entries.c.id, log_entries.c.body)
        .where(log_entries.c.leaf_index.is_(None))
        .order_by(log_entries.c.id)
        .limit(BATCH)
    ).all()
    if not waiting:
        return 0
    frontier = _frontier(connection, key, origin)
    placed = connection.scalar(select(func.max(log_entries.c.leaf_index)))
    if placed is not None and placed >= frontier.size:
        # signing on would give two entries one place
        raise LogStateError(f"expected a checkpoint over entry {placed}, the newest one covers {frontier.size}")
    places = []
    for row in waiting:
        places.append({"entry": row.id, "leaf": frontier.size})
        frontier.append(leaf_hash(row.body))
    place = update(log_entries).where(log_entries.c.id == bindparam("entry")).values(leaf_index=bindparam("leaf"))
    connection.execute(place, places)
    signed = checkpoint.sign(checkpoint.Checkpoint(origin, frontier.size, frontier.root()), key)
    connection.execute(
        insert(log_checkpoints).values(
            size=frontier.size, note=signed, frontier=frontier.serialise(), created_at=clock.now()
        )
    )
    return len(waiting)


def _frontier(connection: Connection, key: SigningKey, origin: str) -> Frontier:
    newest = connection.execute(select(log_checkpoints).order_by(log_checkpoints.c.size.desc()).limit(1)).first()
    if newest is None:
        return Frontier()
    frontier = Frontier.parse(newest.frontier)
    said = checkpoint.open_(newest.note, origin, key.public)
    # a forged frontier would make us sign a history that never was
    if (said.size, said.root) != (frontier.size, frontier.root()):
        raise LogStateError("expected the frontier that the newest checkpoint signs, got another")
    return frontier


def entries(connection: Connection, *, subject: str | None = None, batch: int = 1000) -> Iterator[tuple[int, bytes]]:
    """Yield (leaf index, body) in order, in memory for one batch; of one subject only, if given."""
    last = -1
    while True:
        query = select(log_entries.c.leaf_index, log_entries.c.body).where(log_entries.c.leaf_index > last)
        if subject is not None:
            query = query.where(log_entries.c.subject == subject)
        rows = connection.execute(query.order_by(log_entries.c.leaf_index).limit(batch)).all()
        for row in rows:
            yield row.leaf_index, row.body
        if len(rows) < batch:
            return
        last = rows[-1].leaf_index


def ingest_entries(connection: Connection, recordings: Sequence[str]) -> dict[str, Entry]:
    """Return what the log told when each of the recordings was taken in; one that cannot be read counts as none."""
    return _of_recordings(connection, Act.INGEST, recordings)


def screen_entries(connection: Connection, recordings: Sequence[str]) -> dict[str, Entry]:
    """Return what the log told when each of the recordings was screened; one that cannot be read counts as none."""
    return _of_recordings(connection, Act.SCREEN, recordings)


def archive_entries(connection: Connection, recordings: Sequence[str]) -> dict[str, Entry]:
    """Return what the log told when each of the recordings was archived; one that cannot be read counts as none."""
    return _of_recordings(connection, Act.ARCHIVE, recordings)


def purge_entries(connection: Connection, recordings: Sequence[str]) -> dict[str, Entry]:
    """Return what the log told when each of the recordings was purged; one that cannot be read counts as none."""
    return _of_recordings(connection, Act.PURGE, recordings)


def original_entries(connection: Connection, recordings: Sequence[str]) -> dict[str, Entry]:
    """Return what the log told when the original of each was destroyed; one that cannot be read counts as none."""
    return _of_recordings(connection, Act.ORIGINAL_DESTROYED, recordings)


def _of_recordings(connection: Connection, act: Act, recordings: Sequence[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for start in range(0, len(recordings), _SUBJECTS):
        query = _about(act, recordings[start : start + _SUBJECTS]).order_by(log_entries.c.id)
        for told in _readable(act, connection.scalars(query)):
            found.setdefault(str(told.subject), told)
    return found


def joined(connection: Connection, interactions: Sequence[str]) -> Iterator[list[Entry]]:
    """Yield what the log told of every recording that joined some interactions, by the digests of their names.

    In batches, with memory for one of them; in no order.
    """
    query = _about(Act.INTERACTION_JOINED, interactions)
    with connection.execute(query, execution_options={"yield_per": _SUBJECTS}) as result:
        for rows in result.partitions():
            yield list(_readable(Act.INTERACTION_JOINED, (row.body for row in rows)))


def _about(act: Act, subjects: Sequence[str]) -> Select[tuple[bytes]]:
    # compared as an expression the act has no index: SQLite would take that and read every such act there is
    return select(log_entries.c.body).where(log_entries.c.subject.in_(subjects), (log_entries.c.act + "") == act)


def _readable(act: Act, bodies: Iterable[bytes]) -> Iterator[Entry]:
    for body in bodies:
        with contextlib.suppress(EntryFormatError):
            told = decode(body)
            if told.act is act and told.subject is not None:
                yield told


def of_subject(connection: Connection, act: Act, subject: str) -> Entry | None:
    """Return what the log told of one thing when this act was first done to it; None where it cannot be read."""
    return _of_recordings(connection, act, [subject]).get(subject)


def of_acts(connection: Connection, *acts: Act) -> Iterator[Entry]:
    """Yield every readable entry of some acts, in the order they were written, placed or not."""
    for _, _, _, body in _rows(connection, log_entries.c.act.in_(acts)):
        with contextlib.suppress(EntryFormatError):
            yield decode(body)


def faulty_rows(connection: Connection) -> Iterator[tuple[int, str]]:
    """Yield the rows whose columns do not say what their entry says, with what is wrong."""
    for row, act, subject, body in _rows(connection, true()):
        try:
            told = decode(body)
        except EntryFormatError as exc:
            yield row, str(exc)
            continue
        if (told.act, told.subject) != (act, subject):
            yield row, "the row names another act or subject than its entry"


def _rows(
    connection: Connection, condition: ColumnElement[bool], *, batch: int = 1000
) -> Iterator[tuple[int, str, str | None, bytes]]:
    last = 0
    while True:
        query = select(log_entries.c.id, log_entries.c.act, log_entries.c.subject, log_entries.c.body)
        found = connection.execute(
            query.where(condition, log_entries.c.id > last).order_by(log_entries.c.id).limit(batch)
        ).all()
        for row in found:
            yield row.id, row.act, row.subject, row.body
        if len(found) < batch:
            return
        last = found[-1].id


def unsequenced(connection: Connection) -> int:
    """Return how many entries still wait for their place."""
    query = select(func.count()).select_from(log_entries).where(log_entries.c.leaf_index.is_(None))
    return connection.scalars(query).one()


def checkpoints(connection: Connection) -> Iterator[str]:
    """Yield every signed checkpoint, the smallest first."""
    yield from connection.scalars(select(log_checkpoints.c.note).order_by(log_checkpoints.c.size))


def newest_checkpoint(connection: Connection) -> str:
    """Return the signed checkpoint over the most entries.

    Raises:
        LogStateError: there is none.

    """
    query = select(log_checkpoints.c.note).order_by(log_checkpoints.c.size.desc()).limit(1)
    newest: str | None = connection.scalar(query)
    if newest is None:
        raise LogStateError("expected a signed checkpoint, the log has none")
    return newest


def prove(connection: Connection, index: int) -> tuple[bytes, list[bytes], str]:
    """Return an entry's body, its inclusion proof and the newest checkpoint that the proof leads to.

    Raises:
        EntryNotFoundError: no checkpoint covers that entry.

    """
    newest = connection.execute(select(log_checkpoints).order_by(log_checkpoints.c.size.desc()).limit(1)).first()
    if newest is None or not 0 <= index < newest.size:
        raise EntryNotFoundError(f"expected the number of an entry below the newest checkpoint, got {index}")
    hashes, wanted = [], b""
    for at, body in entries(connection):
        if at == index:
            wanted = body
        if at < newest.size:
            hashes.append(leaf_hash(body))
    return wanted, inclusion_proof(hashes, index, newest.size), newest.note
