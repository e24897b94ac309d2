"""What stores still owe: blobs of purged recordings that must go, and the remains of destroyed rows.

A row in `deletions` is written in the transaction that destroys the keys and removed only when the store gave the blob
up, in every version. A store that refuses (a lock, an outage) is asked again later.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, insert, select, update

from keys.errors import StrongroomError
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.recordings import Rendition
from vault.catalog.schema import deletions, recordings, renditions
from vault.clock import Clock
from vault.errors import BlobLockedError
from vault.log import journal
from vault.log.entry import Act
from vault.model import BlobName, State
from vault.people import Actor
from vault.store.base import BlobStore

PRIMARY = "primary"
BATCH = 256
# a row that somebody planted must not have a blob deleted that is still somebody's recording
_KEPT = exists().where(
    renditions.c.blob == deletions.c.blob,
    recordings.c.id == renditions.c.recording,
    recordings.c.state != State.PURGED,
)
_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Owed:
    """What could not be finished in this pass."""

    blob: str
    store: str
    retry_at: datetime
    obstacle: str


def note(
    connection: Connection, renditions: Sequence[Rendition], now: datetime
) -> Mapping[BlobName, list[tuple[str, str]]]:
    """Note every copy of these renditions' blobs for deletion; return (store, version) of each, by blob."""
    elsewhere = rows.copies_of(connection, [r.blob for r in renditions])
    places = {r.blob: [(PRIMARY, ""), *((c.store, c.version) for c in elsewhere.get(r.blob, []))] for r in renditions}
    values = [
        {"blob": r.blob, "store": store, "recording": r.recording, "since": now, "retry_at": now, "attempts": 0}
        for r in renditions
        for store, _ in places[r.blob]
    ]
    if values:
        connection.execute(insert(deletions), values)
    return places


def finish(
    catalog: Catalog, clock: Clock, actor: Actor, stores: Mapping[str, BlobStore], *, threads: int = 8
) -> tuple[int, list[Owed]]:
    """Overwrite what destroyed rows left behind and delete what stores owe; return the number deleted and the rest.

    Raises:
        CatalogUnavailableError: the catalog does not answer.

    """
    _scrub(catalog)
    deleted = 0
    owed: list[Owed] = []
    started = clock.now()
    with ThreadPoolExecutor(threads, thread_name_prefix="delete") as pool:
        while True:
            with catalog.read() as connection:
                query = select(deletions).where(deletions.c.retry_at <= started, ~_KEPT)
                batch = connection.execute(query.order_by(deletions.c.blob).limit(BATCH)).all()
            if not batch:
                return deleted, owed
            errors = list(pool.map(lambda row: _delete(stores, BlobName(row.blob), row.store), batch))
            gone = [row for row, error in zip(batch, errors, strict=True) if error is None]
            deleted += len(gone)
            with catalog.write() as connection:
                for row, error in zip(batch, errors, strict=True):
                    if error is not None:
                        owed.append(_postpone(connection, row.blob, row.store, row.attempts, error, clock.now()))
                _forget(connection, gone, actor, clock.now())


def _scrub(catalog: Catalog) -> None:
    with catalog.read() as connection:
        owed = info.scrub_owed(connection)
    if owed is not None and catalog.scrub():
        with catalog.write() as connection:
            info.scrub_done(connection, owed)


def _delete(stores: Mapping[str, BlobStore], blob: BlobName, store: str) -> StrongroomError | str | None:
    if store not in stores:
        return f"the store '{store}' is not configured any more"
    try:
        stores[store].delete(blob)
    except StrongroomError as exc:
        return exc
    return None


def _postpone(
    connection: Connection, blob: str, store: str, attempts: int, error: StrongroomError | str, now: datetime
) -> Owed:
    retry_at = now + min(_FIRST_RETRY * 2 ** min(attempts, 20), _LAST_RETRY)
    if isinstance(error, BlobLockedError) and error.until is not None:
        retry_at = max(now + timedelta(seconds=1), error.until)
    obstacle = f"{error.code}: {error}" if isinstance(error, StrongroomError) else error
    connection.execute(
        update(deletions)
        .where(and_(deletions.c.blob == blob, deletions.c.store == store))
        .values(retry_at=retry_at, attempts=attempts + 1, obstacle=obstacle)
    )
    return Owed(blob, store, retry_at, obstacle)


def _forget(connection: Connection, gone: Sequence[Row[Any]], actor: Actor, now: datetime) -> None:
    if not gone:
        return
    one = delete(deletions).where(
        deletions.c.blob == bindparam("its_blob"), deletions.c.store == bindparam("its_store")
    )
    connection.execute(one, [{"its_blob": row.blob, "its_store": row.store} for row in gone])
    touched = {row.recording for row in gone}
    open_ = set(connection.scalars(select(deletions.c.recording).where(deletions.c.recording.in_(sorted(touched)))))
    gone_everywhere = sorted(touched - open_)
    journal.append(connection, [actor.entry(now, Act.COPIES_DELETED, recording) for recording in gone_everywhere])
