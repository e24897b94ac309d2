"""Names of blobs that are about to be written, so that what a crash leaves in a store can be found by name.

An intent is committed before its blob is written and removed in the transaction that makes the blob belong to a
recording. The owner of an intent holds a lock file while it lives; when the lock is free the owner is dead, and
`sweep` deletes what it left.
"""

import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vault.catalog.engine import Catalog
from vault.catalog.schema import copies, intents, renditions
from vault.clock import Clock
from vault.errors import BlobLockedError, StoreUnavailableError
from vault.ids import new_blob_name, new_id
from vault.model import BlobName
from vault.store import durable

DeleteBlob: TypeAlias = Callable[[BlobName], None]
PRIMARY: Final = "primary"

STRANGER_LIVES = timedelta(hours=24)
"""An owner without a lock file here works on another machine; after this time it is taken for dead."""


class Intents:
    """The intents of one running piece of work; a context manager that leaves none behind when all went well."""

    def __init__(self, catalog: Catalog, run_folder: Path, clock: Clock, *, ahead: int = 1) -> None:
        self._catalog = catalog
        self._run_folder = run_folder
        self._clock = clock
        self._ahead = ahead
        self._free: deque[BlobName] = deque()
        self._owner = new_id(clock.now())
        durable.make_private_folder(run_folder)
        self._lock_file = run_folder / f"{self._owner}.lock"
        self._lock = _make_lock(self._lock_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        # unused names were never written; used ones are either rows by now or are left for a sweep to clean up
        try:
            with self._catalog.write() as connection:
                connection.execute(delete(intents).where(intents.c.blob.in_(list(self._free))))
                left = connection.execute(select(intents.c.blob).where(intents.c.owner == self._owner)).first()
            if left is None:
                durable.remove_plain(self._lock_file)
        finally:
            os.close(self._lock)

    def top_up(self, connection: Connection, at_least: int = 0) -> list[BlobName]:
        """Insert names until `ahead` of them are free; hand them to `add` once this transaction is committed."""
        now = self._clock.now()
        fresh = [new_blob_name(now) for _ in range(max(self._ahead, at_least) - len(self._free))]
        if fresh:
            connection.execute(
                insert(intents),
                [{"blob": name, "store": PRIMARY, "owner": self._owner, "since": now} for name in fresh],
            )
        return fresh

    def add(self, names: list[BlobName]) -> None:
        """Set names free whose intents are durable."""
        self._free.extend(names)

    def announce(self, blobs: list[BlobName], store: str) -> set[BlobName]:
        """Make it durable that these blobs are about to be copied into another store; return those that are ours.

        What a dead owner announced before is ours now. What a living one announced stays theirs: were it to become
        ours and we died, a sweep would delete under their hands what they copied.
        """
        if not blobs:
            return set()
        now = self._clock.now()
        these = and_(intents.c.blob.in_(blobs), intents.c.store == store)
        build = sqlite.insert if self._catalog.is_sqlite else postgresql.insert
        with contextlib.ExitStack() as held, self._catalog.write() as connection:
            latest = select(intents.c.owner, func.max(intents.c.since)).where(these).group_by(intents.c.owner)
            for owner, since in connection.execute(latest).all():
                if owner != self._owner and _hold_dead(held, self._run_folder, owner, now - since):
                    connection.execute(
                        update(intents).where(these, intents.c.owner == owner).values(owner=self._owner, since=now)
                    )
            connection.execute(
                build(intents).on_conflict_do_nothing(),
                [{"blob": b, "store": store, "owner": self._owner, "since": now} for b in blobs],
            )
            return set(connection.scalars(select(intents.c.blob).where(these, intents.c.owner == self._owner)))

    def take(self, count: int) -> list[BlobName]:
        """Return `count` names whose intents are durable."""
        if len(self._free) < count:
            with self._catalog.write() as connection:
                names = self.top_up(connection, at_least=count)
            self.add(names)
        return [self._free.popleft() for _ in range(count)]

    @staticmethod
    def fulfil(connection: Connection, blobs: list[BlobName], store: str = PRIMARY) -> None:
        """Drop the intents of blobs that this very transaction makes belong to a recording."""
        connection.execute(delete(intents).where(intents.c.blob.in_(blobs), intents.c.store == store))

    def discard(self, blobs: list[BlobName], delete_blob: DeleteBlob, store: str = PRIMARY) -> None:
        """Delete blobs that turned out not to be needed, then their intents."""
        for blob in blobs:
            delete_blob(blob)
        with self._catalog.write() as connection:
            self.fulfil(connection, blobs, store)


def sweep(catalog: Catalog, run_folder: Path, clock: Clock, delete_from: Mapping[str, DeleteBlob]) -> int:
    """Delete the blobs that dead owners left without a row; return how many intents were cleared.

    `delete_from` has the deleting function of each store that is within reach; what lies in others waits.
    """
    with catalog.read() as connection:
        owners = connection.execute(
            select(intents.c.owner, func.max(intents.c.since))
            .where(intents.c.store.in_(list(delete_from)))
            .group_by(intents.c.owner)
            .order_by(intents.c.owner)
        ).all()
    cleared = 0
    for owner, since in owners:
        with contextlib.ExitStack() as held:
            if _hold_dead(held, run_folder, owner, clock.now() - since):
                cleared += sum(_clear(catalog, owner, store, delete_from[store]) for store in delete_from)
    _remove_idle_locks(catalog, run_folder)
    return cleared


def _hold_dead(held: contextlib.ExitStack, run_folder: Path, owner: str, age: timedelta) -> bool:
    """Tell whether an owner is dead; its lock is held then, so that nobody else disposes of what it left."""
    path = run_folder / f"{owner}.lock"
    lock = _take_lock(path)
    if lock is not None:
        held.callback(os.close, lock)
    # whose lock is held lives, however old its intents are; without a lock file only time tells
    return lock is not None or (not path.exists() and age >= STRANGER_LIVES)


def _clear(catalog: Catalog, owner: str, store: str, delete_blob: DeleteBlob) -> int:
    owned = renditions.c.blob if store == PRIMARY else copies.c.blob
    with catalog.read() as connection:
        # read under the owner's lock: somebody may have taken over what it announced
        # and wait for what a dead client's server may still be committing: then the intent is gone, the blob a row's
        mine = select(intents.c.blob).where(intents.c.owner == owner, intents.c.store == store).with_for_update()
        blobs = [BlobName(blob) for blob in connection.scalars(mine)]
        kept = set(connection.scalars(select(owned).where(owned.in_(blobs))))
    cleared = []
    for blob in blobs:
        try:
            if blob not in kept:
                delete_blob(blob)
            cleared.append(blob)
        except BlobLockedError:
            continue  # the intent stays: archiving again adopts the blob, or a later sweep finds it unlocked
        except StoreUnavailableError:
            break  # the intents stay for a later sweep; what needs this store finds out for itself that it is away
    if cleared:
        with catalog.write() as connection:
            Intents.fulfil(connection, cleared, store)
    return len(cleared)


def _make_lock(path: Path) -> int:
    """Make a lock file and return a descriptor that holds its lock."""
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # a sweep may have taken it for a dead owner's before it was locked, and removed it
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        os.close(lock)


def _take_lock(path: Path) -> int | None:
    """Return a descriptor holding the lock, or None when its owner lives or has no lock file here."""
    try:
        lock = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def is_idle(lock_file: Path) -> bool:
    """Tell whether a lock file is there whose owner is dead."""
    lock = _take_lock(lock_file)
    if lock is not None:
        os.close(lock)
    return lock is not None


def _remove_idle_locks(catalog: Catalog, run_folder: Path) -> None:
    # owners that died before their first intent, or whose last one was cleared
    with catalog.read() as connection:
        owners = set(connection.scalars(select(intents.c.owner).distinct()))
    for path in sorted(run_folder.glob("*.lock")):
        lock = _take_lock(path) if path.stem not in owners else None
        if lock is not None:
            durable.remove_plain(path)
            os.close(lock)
