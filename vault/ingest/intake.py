"""Taking recordings in: examine, seal, one durable commit; acknowledged means durable.

For a chunk of items the steps are:

1. examine (side by side): open, recognise from the content, digest what is small or has no reference of its own;
2. ask the catalog which (source, source_ref) it has: same bytes are duplicates, other bytes are refused;
3. seal (side by side) under blob names whose intents are durable, each file fsynced;
4. fsync the folders, once for the chunk;
5. one transaction: recording, rendition, key slots, tokens, labels, log entry; the intents go. Only now is it
   acknowledged.

The caller owes: a user who may ingest, and a sweep of dead owners' intents before the first chunk.
"""

import hashlib
import io
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import BinaryIO

from sqlalchemy import select

from keys.errors import StrongroomError
from keys.keyring import IndexKey, Keyring
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.intents import Intents
from vault.catalog.schema import recordings
from vault.clock import Clock
from vault.errors import EmptyFileError, FileChangedError, OtherBytesError, PurgedBeforeError, TwinRefusedError
from vault.ids import new_recording_id
from vault.ingest.errors import FileUnreadableError
from vault.ingest.probe import Content, probe
from vault.ingest.record import Sealed, build_rows, check_segments, entries_of
from vault.log import journal
from vault.model import BlobName, Metadata, RecordingId, RenditionName
from vault.people import Actor
from vault.sealed.format import associated_data, new_data_key
from vault.sealed.writer import SealedSummary, seal, seal_small
from vault.store.file import FileStore

SMALL = 256 * 1024  # bytes; held in memory between examining and sealing
CHUNK = 128  # items that share one commit
_READ = 1024 * 1024  # bytes
FILES = "files"
"""The source of recordings that came without a reference; their content's digest is the reference."""


class Outcome(StrEnum):
    """What became of an item."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Item:
    """One file to take in: where it stands in its manifest, how to open it, what is said of it."""

    place: str
    name: str
    open: Callable[[], BinaryIO]
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one item; `error` says why it was refused."""

    place: str
    name: str
    outcome: Outcome
    recording: RecordingId | None = None
    content: Content | None = None
    error: StrongroomError | None = None


@dataclass(slots=True)
class _Examined:
    item: Item
    source: str
    source_ref: str = ""
    source_token: bytes = b""
    content: Content | None = None
    data: bytes | None = None
    digest: bytes | None = None
    stamp: tuple[int, int] = (0, 0)
    blob: BlobName | None = None
    sealed: Sealed | None = None
    error: StrongroomError | None = None


class Intake:
    """Takes items in. One object per run; it is a context manager that owns worker threads and intents."""

    def __init__(
        self, *, catalog: Catalog, store: FileStore, intents: Intents, keyring: Keyring, index: IndexKey, clock: Clock,
        actor: Actor, region: str, threads: int, on_bytes: Callable[[int], None] | None = None,
    ) -> None:  # fmt: skip
        self._catalog, self._store, self._intents = catalog, store, intents
        self._keyring, self._index, self._clock = keyring, index, clock
        self._actor, self._region, self._on_bytes = actor, region, on_bytes
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="seal")
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")

    def close(self) -> None:
        """Stop the worker threads once what is in hand is done."""
        self._pool.shutdown()
        self._committer.shutdown()

    def take(self, items: Iterable[Item]) -> Iterator[Receipt]:
        """Take the items in; yield a receipt for each, in order, once it is durable or refused."""
        source = iter(items)
        committing: Future[list[Receipt]] | None = None
        # a chunk is committed while the next one is examined and sealed
        while chunk := list(islice(source, CHUNK)):
            sealed = self._seal_chunk(chunk)
            if committing is not None:
                yield from committing.result()
            committing = self._committer.submit(self._commit, sealed)
        if committing is not None:
            yield from committing.result()

    def _seal_chunk(self, chunk: list[Item]) -> list[_Examined]:
        examined = [_Examined(item, item.metadata.source or FILES, item.metadata.source_ref or "") for item in chunk]
        self._side_by_side(self._examine, examined)
        known = self._known([e for e in examined if e.error is None])
        fresh = []
        for e in examined:
            if e.error is None and (e.source, e.source_token) not in known:
                known[e.source, e.source_token] = None, None  # a second one in this chunk waits for the commit
                fresh.append(e)
            elif e.data is not None:
                e.digest, e.data = hashlib.sha256(e.data).digest(), None  # all that comparing takes
        for e, blob in zip(fresh, self._intents.take(len(fresh)), strict=True):
            e.blob = blob
        self._side_by_side(self._seal, fresh)
        self._store.sync_folders([e.sealed.blob for e in fresh if e.sealed is not None])
        return examined

    def _side_by_side(self, step: Callable[[_Examined], None], items: list[_Examined]) -> None:
        """Do a step for all items; every thread takes the next one, since a task for each costs more than a chat."""
        left = deque(items)

        def work() -> None:
            while True:
                try:
                    e = left.popleft()
                except IndexError:
                    return
                step(e)

        tasks = [self._pool.submit(work) for _ in range(min(self._threads, len(items)))]
        wait(tasks)
        for task in tasks:
            task.result()

    # step 1
    def _examine(self, e: _Examined) -> None:
        try:
            with e.item.open() as stream:
                self._read(e, stream)
            check_segments(e.item.metadata, _content(e))
            if not e.source_ref:
                e.source_ref = f"sha256:{_known_digest(e).hex()}"
            e.source_token = self._index.token("source", f"{e.source}\0{e.source_ref}")
        except StrongroomError as exc:
            e.error = exc
        except OSError as exc:
            e.error = FileUnreadableError(f"expected a readable file, got: {exc.strerror}")

    def _read(self, e: _Examined, stream: BinaryIO) -> None:
        status = os.fstat(stream.fileno())
        e.stamp = status.st_size, status.st_mtime_ns
        if status.st_size == 0:
            raise EmptyFileError("expected a recording, got an empty file")
        if status.st_size <= SMALL:
            e.data = stream.read(status.st_size + 1)
            if len(e.data) != status.st_size:
                raise FileChangedError("the file changed while it was read")
            e.content = probe(io.BytesIO(e.data), len(e.data))
            if not e.source_ref:
                e.digest = hashlib.sha256(e.data).digest()
            return
        e.content = probe(stream, status.st_size)
        if not e.source_ref:
            stream.seek(0)
            e.digest = _sha256(stream)

    # step 2
    def _known(self, examined: list[_Examined]) -> dict[tuple[str, bytes], tuple[RecordingId | None, bytes | None]]:
        with self._catalog.read() as connection:
            found = connection.execute(
                select(recordings.c.source, recordings.c.source_token, recordings.c.id, recordings.c.content_token)
                .where(
                    recordings.c.source.in_({e.source for e in examined}),
                    recordings.c.source_token.in_([e.source_token for e in examined]),
                )
            )  # fmt: skip
            return {(row[0], row[1]): (row[2], row[3]) for row in found}

    # step 3
    def _seal(self, e: _Examined) -> None:
        blob, recording = _named(e), new_recording_id(self._clock.now())
        key = new_data_key()
        aad = associated_data(recording, RenditionName.ORIGINAL)
        try:
            if e.data is not None:
                sealed, summary = seal_small(e.data, key, aad)
                self._store.put_bytes(blob, sealed)
                e.data = None
            else:
                summary = self._seal_stream(e, blob, key, aad)
            e.digest = summary.plain_sha256
            e.sealed = Sealed(recording, blob, key, summary)
        except StrongroomError as exc:
            e.error = exc
        except OSError as exc:
            e.error = FileUnreadableError(f"expected a readable file, got: {exc.strerror}")
        if e.error is not None:
            self._intents.discard([blob], self._store.delete)

    def _seal_stream(self, e: _Examined, blob: BlobName, key: bytes, aad: bytes) -> SealedSummary:
        with e.item.open() as stream:
            with self._store.write_new(blob) as sink:
                summary = seal(stream, sink.write, key, aad, on_chunk=self._on_bytes)
            status = os.fstat(stream.fileno())
        changed = (status.st_size, status.st_mtime_ns) != e.stamp or summary.plain_size != e.stamp[0]
        if changed or (e.digest is not None and e.digest != summary.plain_sha256):
            raise FileChangedError("the file changed while it was read")
        return summary

    # step 5
    def _commit(self, examined: list[_Examined]) -> list[Receipt]:
        fresh = [e for e in examined if e.sealed is not None]
        now = self._clock.now()
        if fresh:
            new = [
                build_rows(e.item.metadata, _content(e), e.source, e.source_ref, e.source_token, _sealed(e), now=now,
                           keyring=self._keyring, index=self._index, region=self._region)
                for e in fresh
            ]  # fmt: skip
            with self._catalog.write() as connection:
                taken = rows.insert_new(connection, new)
                entries = [e for row in new if row.id in taken for e in entries_of(row, actor=self._actor, now=now)]
                journal.append(connection, entries)
                Intents.fulfil(connection, [_sealed(e).blob for e in fresh if _sealed(e).recording in taken])
                names = self._intents.top_up(connection)
            self._intents.add(names)
            for e in fresh:
                if _sealed(e).recording not in taken:
                    self._intents.discard([_sealed(e).blob], self._store.delete)
                    e.sealed = None
        waiting = [e for e in examined if e.error is None and e.sealed is None]
        known = self._known(waiting) if waiting else {}
        return [self._receipt(e, known) for e in examined]

    def _receipt(
        self, e: _Examined, known: dict[tuple[str, bytes], tuple[RecordingId | None, bytes | None]]
    ) -> Receipt:
        if e.error is not None:
            return Receipt(e.item.place, e.item.name, Outcome.REFUSED, error=e.error)
        if e.sealed is not None:
            return Receipt(e.item.place, e.item.name, Outcome.TAKEN, e.sealed.recording, e.content)
        recording, content_token = known.get((e.source, e.source_token), (None, None))
        if recording is None:
            twin = TwinRefusedError("expected to compare with an item of the same source_ref, but that was refused")
            return Receipt(e.item.place, e.item.name, Outcome.REFUSED, error=twin)
        try:
            digest = e.digest or _digest(e.item)
        except OSError as exc:
            return Receipt(
                e.item.place, e.item.name, Outcome.REFUSED,
                error=FileUnreadableError(f"expected a readable file, got: {exc.strerror}"),
            )  # fmt: skip
        if content_token is None:
            # a purged recording keeps no trace of its bytes, so nobody can tell whether these are the same
            gone = PurgedBeforeError(f"expected a new source_ref, got that of {recording}, which was purged")
            return Receipt(e.item.place, e.item.name, Outcome.REFUSED, recording, error=gone)
        if content_token == self._index.token("content", digest.hex()):
            return Receipt(e.item.place, e.item.name, Outcome.DUPLICATE, recording, e.content)
        error = OtherBytesError(f"expected the bytes of {recording}, which came under the same source and source_ref")
        return Receipt(e.item.place, e.item.name, Outcome.REFUSED, recording, error=error)


def _digest(item: Item) -> bytes:
    with item.open() as stream:
        return _sha256(stream)


def _sha256(stream: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    while chunk := stream.read(_READ):
        digest.update(chunk)
    return digest.digest()


def _known_digest(e: _Examined) -> bytes:
    if e.digest is None:
        raise RuntimeError("expected the digest of an item without a reference")
    return e.digest


def _named(e: _Examined) -> BlobName:
    if e.blob is None:
        raise RuntimeError("expected an item whose blob has a durable intent")
    return e.blob


def _content(e: _Examined) -> Content:
    if e.content is None:
        raise RuntimeError("expected an examined item")
    return e.content


def _sealed(e: _Examined) -> Sealed:
    if e.sealed is None:
        raise RuntimeError("expected a sealed item")
    return e.sealed
