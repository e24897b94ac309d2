"""What a folder of blobs needs of the file system beside the durable verbs: reading, listing, errors, the marker."""

import contextlib
import errno
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vault.errors import ChecksumError, StoreUnavailableError
from vault.store import durable

MARKER: Final = "strongroom-store"
"""A file that tells a store from the empty mount point of a disk that is not there."""


def create_store(root: Path) -> None:
    """Make a folder into a store; doing it again changes nothing.

    Raises:
        StoreUnavailableError: the folder cannot be made or written.

    """
    with told(root, "create the store"):
        durable.make_private_folder(root)
        if not (root / MARKER).exists():
            durable.replace_atomically(root / MARKER, b"Sealed recordings. Do not add or change files here.\n")


def check_marker(root: Path) -> None:
    """Make sure that the store is there.

    Raises:
        StoreUnavailableError: it is not, as when its disk is not mounted: writing now would fill another disk, and what
            is missing now is not deleted.

    """
    if not (root / MARKER).is_file():
        raise StoreUnavailableError(
            f"expected a store at {root}, found no file {MARKER} there",
            hint="mount the disk that the store is on; a new vault is made by 'strongroom init'",
        )


@contextmanager
def told(place: Path, act: str) -> Iterator[None]:
    """Turn what the system says into the store's own error."""
    try:
        yield
    except OSError as exc:
        raise unavailable(place, act, exc) from exc


def unavailable(place: Path, act: str, exc: OSError) -> StoreUnavailableError:
    """Return the store's error for what the system said."""
    hint = None
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free or add space where the store is, then run the command again: nothing acknowledged was lost"
    return StoreUnavailableError(f"expected to {act} in {place}, got: {exc.strerror or exc}", hint=hint)


class Sink:
    """A new blob being written. It exists durably only once the block that gave it has ended without an error."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    def write(self, data: durable.Bytes) -> int:
        """Append all of `data` and return its length in bytes.

        Raises:
            StoreUnavailableError: the disk is full or fails.

        """
        with told(self._path, "write a blob"):
            return durable.write(self._descriptor, data)


class Reader(io.FileIO):
    """A blob's file whose errors are the store's. BufferedReader, around it, reads through these two alone."""

    def readinto(self, buffer: object) -> int:
        """Read into a buffer; see io.FileIO. Raises StoreUnavailableError."""
        with told(Path(str(self.name)), "read a blob"):
            return super().readinto(buffer)  # type: ignore[arg-type]

    def readall(self) -> bytes:
        """Read to the end; see io.FileIO. Raises StoreUnavailableError."""
        with told(Path(str(self.name)), "read a blob"):
            return super().readall()


def open_plain(path: str, flags: int) -> int:
    """Open a file, but no link: a link in the store was not put there by us."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def check_read_back(part: Path, size: int, sha256: bytes) -> None:
    """Read a synced file again, from the disk where the system can be asked to.

    Raises:
        ChecksumError: it holds other bytes than were written.

    """
    with part.open("rb") as file:
        if hasattr(os, "posix_fadvise"):  # forget the cached pages, so that the disk itself answers
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        found = hashlib.file_digest(file, "sha256")
        if file.tell() != size or found.digest() != sha256:
            raise ChecksumError(f"expected {size} bytes with SHA-256 {sha256.hex()} back, got {found.hexdigest()}")


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their paths; follow no links, hold one folder in memory."""
    with os.scandir(folder) as entries:
        here = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_folder in here:
        if is_folder:
            with contextlib.suppress(FileNotFoundError):  # its last blob was purged meanwhile
                yield from walk(folder / name)
        else:
            yield folder / name


def sweep_probes(folder: Path, before: float) -> None:
    """Remove the probes that were last written before then, in seconds since the epoch by the file system's clock."""
    for path in folder.iterdir():
        # Another process may sweep too.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                durable.remove_plain(path)
