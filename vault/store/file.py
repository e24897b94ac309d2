"""Blobs in a folder: `<root>/<first 7 hex digits>/<32 hex digits>`, files 0600, folders 0700.

Two ways in. Ingest uses `write_new` or `put_bytes`, which write under the final name at once, and makes a batch durable
with one `sync_folders`; what a crash leaves half written is found through the catalog's intent row. `put` needs no
intent: it writes under `incoming/` and gives a complete file its name.

All writing goes through the verbs of `durable`.
"""

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from vault.errors import BlobExistsError, BlobNotFoundError, ChecksumError, StoreUnavailableError
from vault.model import BlobName
from vault.store import durable
from vault.store.base import CHUNK, StoredBlob, StoreHealth, blob_at, key_of
from vault.store.disk import (
    MARKER,
    Reader,
    Sink,
    check_marker,
    check_read_back,
    open_plain,
    sweep_probes,
    told,
    unavailable,
    walk,
)

INCOMING: Final = "incoming"
PROBES: Final = "probe"
PROBE_LIVES: Final = 3600  # seconds after which a probe that is still there was left by a crash
CREATE_ATTEMPTS: Final = 5  # a delete may remove the empty folder between its making and the file's


def open_store(root: Path, name: str) -> "FileStore":
    """Open a store that `disk.create_store` made.

    Raises:
        StoreUnavailableError: it is not there, as when its disk is not mounted.

    """
    check_marker(root)
    return FileStore(root, name)


def open_primary(root: Path) -> "FileStore":
    """Open the vault's primary store. Raises as `open_store` does."""
    return open_store(root, "primary")


class FileStore:
    """Blobs in a folder."""

    def __init__(self, root: Path, name: str = "primary") -> None:
        self.root = root
        self._name = name
        self._durable_folders: set[Path] = set()  # whose own name is known to be on the disk

    @property
    def name(self) -> str:
        """What the catalog calls the store."""
        return self._name

    # The fast way in

    @contextmanager
    def write_new(self, blob: BlobName) -> Iterator[Sink]:
        """Yield a sink for a new blob; at the end its content is durable and its name waits for `sync_folders`.

        If the block raises, the file is removed again and the error comes out unchanged.

        Raises:
            BlobExistsError: the name is taken; the file there is left alone.
            InvalidInputError: not a blob name.
            StoreUnavailableError: the disk is full or fails.

        """
        path = self._path(blob)
        descriptor = self._create(path)
        try:
            yield Sink(descriptor, path)
            with told(path, "sync a blob"):
                durable.sync_file(descriptor)
        except BaseException:
            # The first error is the one to tell; a remainder is found through its intent row.
            with contextlib.suppress(OSError):
                durable.remove_plain(path)
            raise
        finally:
            os.close(descriptor)

    def put_bytes(self, blob: BlobName, data: durable.Bytes) -> None:
        """Write a small new blob, as `write_new` does. Raises the same."""
        with self.write_new(blob) as sink:
            sink.write(data)

    def sync_folders(self, blobs: Iterable[BlobName]) -> None:
        """Make the names of new blobs durable: one sync for each folder, however many blobs it got.

        Raises:
            InvalidInputError: not a blob name.
            StoreUnavailableError: the disk fails; then none of these blobs may be committed.

        """
        for folder in sorted({self._path(blob).parent for blob in blobs}):
            with told(folder, "sync a folder"):
                durable.sync_folder(folder)
                if folder not in self._durable_folders:
                    # Another process may have made it and not have synced its name yet.
                    durable.sync_folder(self.root)
                    self._durable_folders.add(folder)

    # The port

    def put(self, blob: BlobName, source: BinaryIO, size: int, *, sha256: bytes) -> str:
        """Store a blob whole or not at all; see the port.

        Raises:
            BlobExistsError: a blob of that name with other content is there.
            ChecksumError: the source is not of that size and digest, or the disk gives other bytes back.
            InvalidInputError: not a blob name.
            StoreUnavailableError: the disk is full or fails.

        """
        path = self._path(blob)
        if self._adopts(blob, path, size, sha256):
            return ""
        part = self.root / INCOMING / f"{blob}-{secrets.token_hex(8)}"
        descriptor = self._create(part)
        try:
            self._copy(source, size, sha256, descriptor, part)
            self._publish(blob, part, size, sha256)
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):  # what remains is swept by the next put or delete of this blob
                self._sweep_incoming(blob)
        self.sync_folders([blob])
        return ""

    def open(self, blob: BlobName, version: str = "") -> BinaryIO:
        """Return a seekable reader; see the port.

        Raises:
            BlobNotFoundError: there is no such blob; a folder has no versions.
            InvalidInputError: not a blob name.
            StoreUnavailableError: the file cannot be opened.

        """
        path = self._path(blob)
        if version:
            raise BlobNotFoundError(f"expected a version of blob {blob} in {self.name}, but a folder has no versions")
        try:
            return io.BufferedReader(Reader(path, opener=open_plain))
        except FileNotFoundError as exc:
            check_marker(self.root)
            raise BlobNotFoundError(f"expected blob {blob} in {self.name}, found none") from exc
        except OSError as exc:
            raise unavailable(path, "open a blob", exc) from exc

    def stat(self, blob: BlobName) -> tuple[StoredBlob, ...]:
        """Return what is there of a name: at most one; see the port."""
        path = self._path(blob)
        try:
            status = path.lstat()
        except FileNotFoundError:
            check_marker(self.root)
            return ()
        except OSError as exc:
            raise unavailable(path, "look at a blob", exc) from exc
        return (StoredBlob(blob, size=status.st_size),)

    def delete(self, blob: BlobName) -> None:
        """Remove a blob and what an interrupted `put` left of it; durable at return."""
        path = self._path(blob)
        check_marker(self.root)
        with told(path, "delete a blob"):
            durable.remove(path)
            self._sweep_incoming(blob)
            if durable.remove_empty_folder(path.parent):
                self._durable_folders.discard(path.parent)

    def lock(self, blob: BlobName, version: str, until: datetime) -> datetime | None:
        """Return None: a folder has no lock."""
        if until.tzinfo is None:
            raise RuntimeError("expected a time with a zone, got one without")
        if version or not self.stat(blob):
            raise BlobNotFoundError(f"expected blob {blob} in {self.name}, found none")
        return None

    def all(self) -> Iterator[StoredBlob]:
        """Yield everything in the folder, blobs in the order of their names; see the port.

        Our own marker and probes are left out; what a crash left under `incoming/` is shown as strange.
        """
        check_marker(self.root)
        with told(self.root, "list the store"):
            for path in walk(self.root):
                key = path.relative_to(self.root).as_posix()
                blob = blob_at(key)
                if key == MARKER or key.startswith(f"{PROBES}/"):
                    continue
                # A purge may delete a file between the listing and this line.
                with contextlib.suppress(FileNotFoundError):
                    status = path.lstat()
                    if blob is None or not stat.S_ISREG(status.st_mode):
                        yield StoredBlob(BlobName(key), size=status.st_size, is_strange=True)
                    else:
                        yield StoredBlob(blob, size=status.st_size)

    def probe(self) -> StoreHealth:
        """Write, read back and remove a throw-away file; see the port."""
        folder = self.root / PROBES
        path = folder / secrets.token_hex(16)
        content = secrets.token_bytes(1024)
        try:
            check_marker(self.root)
            with told(self.root, "look at the store"):
                free = shutil.disk_usage(self.root).free
        except StoreUnavailableError as exc:
            return StoreHealth(reachable=False, problems=(str(exc),))
        try:
            durable.make_private_folder(folder)
            durable.write_new(path, content)
            found = path.read_bytes()
            sweep_probes(folder, path.stat().st_mtime - PROBE_LIVES)
            durable.remove(path)
        except OSError as exc:
            problem = str(unavailable(self.root, "write and read a file", exc))
            return StoreHealth(reachable=True, free_bytes=free, problems=(problem,))
        if found != content:
            return StoreHealth(reachable=True, free_bytes=free, problems=("a file came back with other content",))
        return StoreHealth(reachable=True, writable=True, free_bytes=free)

    # Inside

    def _path(self, blob: BlobName) -> Path:
        return self.root / key_of(blob)

    def _create(self, path: Path) -> int:
        for _ in range(CREATE_ATTEMPTS):
            try:
                return durable.create_new(path)
            except FileNotFoundError:
                check_marker(self.root)
                with told(path.parent, "make a folder"):
                    durable.make_private_folder(path.parent)
            except FileExistsError as exc:
                raise BlobExistsError(f"expected no blob {path.name} in {self.name}, found one") from exc
            except OSError as exc:
                raise unavailable(path, "create a blob", exc) from exc
        raise StoreUnavailableError(f"expected a folder {path.parent} to write in, found none")

    def _adopts(self, blob: BlobName, path: Path, size: int, sha256: bytes) -> bool:
        """Tell whether the blob is there already, as a crash after `put` leaves it; make it durable then."""
        with told(path, "read a blob"):
            try:
                descriptor = open_plain(str(path), os.O_RDONLY)
            except FileNotFoundError:
                return False
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor).st_size
                if found != size or hashlib.file_digest(file, "sha256").digest() != sha256:
                    raise BlobExistsError(
                        f"expected no blob {blob} in {self.name} or the same one, found other content of {found} bytes"
                    )
                durable.sync_file(descriptor)
        self.sync_folders([blob])
        return True

    def _copy(self, source: BinaryIO, size: int, sha256: bytes, descriptor: int, part: Path) -> None:
        digest, copied = hashlib.sha256(), 0
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            with told(part, "write a blob"):
                copied += durable.write(descriptor, chunk)
        if copied != size or digest.digest() != sha256:
            raise ChecksumError(
                f"expected {size} bytes with SHA-256 {sha256.hex()} to store, got {copied} with {digest.hexdigest()}"
            )
        with told(part, "sync a blob"):
            durable.sync_file(descriptor)

    def _publish(self, blob: BlobName, part: Path, size: int, sha256: bytes) -> None:
        path = self._path(blob)
        with told(path, "write a blob"):
            try:
                check_read_back(part, size, sha256)
                durable.make_private_folder(path.parent)
                durable.publish(part, path)
            except (FileExistsError, FileNotFoundError):
                # Another put of the same blob was faster; it has swept our part away, or is about to.
                if not self._adopts(blob, path, size, sha256):
                    raise

    def _sweep_incoming(self, blob: BlobName) -> None:
        for part in (self.root / INCOMING).glob(f"{blob}-*"):
            durable.remove(part)
