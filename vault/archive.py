"""The archive stage: screened → archived. Handles ciphertext only; it cannot reach a key.

For a batch of recordings:

1. make it durable that their redacted renditions are about to be copied, so that a crash leaves nothing unnamed, and
   leave out those that another process is copying;
2. side by side: put each sealed blob into the archive store (idempotent: what a crash left there is adopted) and lock
   it until its retention ends, where the store has locks, reading the lock back;
3. one transaction: of those still `screened`, the copy, the log entry, the state; the announcement goes;
4. what was purged meanwhile is deleted from the archive again.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from keys.errors import StrongroomError
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.intents import Intents
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import copies
from vault.clock import Clock
from vault.errors import NotScreenedError, RecordingNotFoundError
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import Kind, RecordingId, RenditionName, State
from vault.people import Actor
from vault.store.base import BlobStore
from vault.told import media_entries

LockUntil = Callable[[Recording], datetime | None]
"""Tells until when a recording must be kept, or None when that is open; retention's answer, handed in from above."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What became of one recording; `error` says why it was not archived."""

    recording: RecordingId
    version: str = ""
    locked_until: datetime | None = None
    error: StrongroomError | None = None


@dataclass(frozen=True, slots=True)
class _Copied:
    recording: Recording
    redacted: Rendition
    version: str = ""
    locked: datetime | None = None
    error: StrongroomError | None = None


class Archiver:
    """Copies screened recordings into the archive store."""

    def __init__(
        self, *, catalog: Catalog, primary: BlobStore, archive: BlobStore, intents: Intents, lock_until: LockUntil,
        clock: Clock, actor: Actor, threads: int,
    ) -> None:  # fmt: skip
        self._catalog, self._primary, self._archive, self._intents = catalog, primary, archive, intents
        self._lock_until, self._clock, self._actor, self._threads = lock_until, clock, actor, threads

    def due(self, *, limit: int = 64) -> Iterator[list[RecordingId]]:
        """Yield every screened recording, in batches."""
        last = ""
        while True:
            with self._catalog.read() as connection:
                ids = rows.next_in_state(connection, State.SCREENED, Kind, after=last, limit=limit)
            if not ids:
                return
            yield ids
            last = ids[-1]

    def archive(self, ids: Sequence[RecordingId]) -> list[Archived]:
        """Archive a batch of recordings; one that fails does not stop the others.

        What another process is archiving at this moment is left to it and not among the results.

        Raises:
            CatalogUnavailableError: the catalog does not answer.

        """
        ready, results = self._ready(ids)
        ours = self._intents.announce([redacted.blob for _, redacted in ready], self._archive.name)
        with ThreadPoolExecutor(self._threads, thread_name_prefix="archive") as pool:
            copied = list(pool.map(lambda pair: self._copy(*pair), [r for r in ready if r[1].blob in ours]))
        return results + self._record(copied)

    def _ready(self, ids: Sequence[RecordingId]) -> tuple[list[tuple[Recording, Rendition]], list[Archived]]:
        ready: list[tuple[Recording, Rendition]] = []
        refused: list[Archived] = []
        with self._catalog.read() as connection:
            renditions = rows.renditions_of(connection, ids)
            told = journal.screen_entries(connection, ids)
            # a transcript alone, of a vault that had no archive then, stays where it is
            reduced = media_entries(connection, ids)
            known = [found for found in rows.get_many(connection, ids) if found.id not in reduced]
            unknown = RecordingNotFoundError("expected the id of a recording of this vault (32 hex digits)")
            refused.extend(
                Archived(i, error=unknown) for i in sorted(set(ids) - reduced.keys() - {found.id for found in known})
            )
            for found in known:
                redacted = next((r for r in renditions.get(found.id, []) if r.name is RenditionName.REDACTED), None)
                if found.state is State.SCREENED and redacted is not None and _is_told(redacted, told.get(found.id)):
                    ready.append((found, redacted))
                else:
                    error = NotScreenedError(f"expected {found.id} to be screened, by the log too; it is {found.state}")
                    refused.append(Archived(found.id, error=error))
        return ready, refused

    def _copy(self, recording: Recording, redacted: Rendition) -> _Copied:
        try:
            with self._primary.open(redacted.blob) as source:
                version = self._archive.put(redacted.blob, source, redacted.sealed_size, sha256=redacted.sealed_sha256)
            until = self._lock_until(recording)
            locked = self._archive.lock(redacted.blob, version, until) if until is not None else None
        except StrongroomError as exc:
            return _Copied(recording, redacted, error=exc)
        return _Copied(recording, redacted, version, locked)

    def _record(self, copied: list[_Copied]) -> list[Archived]:
        results, late = [], []
        with self._catalog.write() as connection:
            for c in copied:
                if c.error is not None:
                    results.append(Archived(c.recording.id, error=c.error))
                elif rows.transition(connection, c.recording.id, expected=State.SCREENED, then=State.ARCHIVED):
                    self._insert(connection, c)
                    results.append(Archived(c.recording.id, c.version, c.locked))
                elif rows.get(connection, c.recording.id).state is State.PURGED:
                    late.append(c.redacted.blob)
        if late:
            self._intents.discard(late, self._archive.delete, self._archive.name)
        return results

    def _insert(self, connection: Connection, c: _Copied) -> None:
        now, store = self._clock.now(), self._archive.name
        connection.execute(
            insert(copies).values(
                blob=c.redacted.blob, store=store, version=c.version, locked_until=c.locked, created_at=now
            )
        )
        details = {"store": store, "sealed_sha256": c.redacted.sealed_sha256.hex()}
        if c.locked is not None:
            details["locked_until"] = c.locked.isoformat()
        journal.append(connection, [self._actor.entry(now, Act.ARCHIVE, c.recording.id, details)])
        self._intents.fulfil(connection, [c.redacted.blob], store)


def _is_told(redacted: Rendition, screened: Entry | None) -> bool:
    # who can write to the catalog could call the original redacted
    return screened is not None and screened.details.get("sealed_sha256") == redacted.sealed_sha256.hex()
