"""Sealed bytes from a job on their way into the store; what a worker says of them is checked, not believed."""

import contextlib
import hashlib

from vault.errors import ChecksumError
from vault.model import BlobName
from vault.sealed.format import sealed_size_of
from vault.sealed.writer import SealedSummary
from vault.store.file import FileStore


class NewBlob:
    """One blob being written. It is durable once `finish` has returned; `abandon` leaves nothing of it."""

    def __init__(self, store: FileStore, name: BlobName) -> None:
        """Create the blob. Raises as FileStore.write_new does."""
        self.name = name
        self._store = store
        self._stack = contextlib.ExitStack()
        self._sink = self._stack.enter_context(store.write_new(name))
        self._hash, self._size = hashlib.sha256(), 0

    def write(self, data: bytes | memoryview) -> None:
        """Append sealed bytes.

        Raises:
            StoreUnavailableError: the disk is full or fails.

        """
        self._sink.write(data)
        self._hash.update(data)
        self._size += len(data)

    def finish(self, summary: SealedSummary) -> None:
        """Make it durable.

        Raises:
            ChecksumError: it is not what the summary says.
            StoreUnavailableError: the disk fails.

        """
        if (self._size, self._hash.digest(), self._size) != (
            summary.sealed_size, summary.sealed_sha256, sealed_size_of(summary.plain_size),
        ):  # fmt: skip
            self.abandon()
            raise ChecksumError("expected a worker to say what it sealed, it said something else")
        self._stack.close()
        self._store.sync_folders([self.name])

    def abandon(self) -> None:
        """Remove it again, as far as the disk lets us."""
        broken = ChecksumError("the screening did not come to its end")
        with contextlib.suppress(ChecksumError):
            self._stack.__exit__(ChecksumError, broken, None)
