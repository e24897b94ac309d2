"""A seekable scratch file for plaintext that may not touch a disk (promise P1).

Muxers must go back and rewrite what they wrote, which a sealed blob does not allow. A `Spill` keeps a few chunks in
memory; what does not fit goes to a nameless file, each chunk encrypted under a key that lives in this object alone. The
file is gone when the process is, however it ends, and nothing can open what it left on the disk.
"""

import io
import os
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import SealedSegmentError, StoreUnavailableError

CHUNK: Final = 2**20  # bytes of plaintext
_NONCE, _TAG = 12, 16
_STORED: Final = _NONCE + CHUNK + _TAG


class Spill(io.RawIOBase):
    """A binary file for reading, writing and seeking. Close it, or leave it to the garbage collector.

    `memory` bytes are kept in clear in memory (at least two chunks); the rest lies encrypted in `folder`.
    """

    def __init__(self, folder: Path, *, memory: int = 32 * CHUNK) -> None:
        super().__init__()
        self._folder, self._capacity = folder, max(2, memory // CHUNK)
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._chunks: OrderedDict[int, bytearray] = OrderedDict()  # least recently used first
        self._dirty: set[int] = set()
        self._stored: set[int] = set()
        self._file: BinaryIO | None = None
        self._position = self._size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, which may lie after the end, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("expected a position of at least 0")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        """Fill `buffer` as far as the content goes; return how many bytes that was.

        Raises:
            SealedSegmentError: the scratch file was altered.
            StoreUnavailableError: it cannot be read.

        """
        target = memoryview(buffer).cast("B")
        wanted = max(0, min(len(target), self._size - self._position))
        done = 0
        while done < wanted:
            number, offset = divmod(self._position + done, CHUNK)
            count = min(CHUNK - offset, wanted - done)
            target[done : done + count] = memoryview(self._chunk(number))[offset : offset + count]
            done += count
        self._position += done
        return done

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Write all of `data` at the position; a gap behind the end reads as zeros.

        Raises:
            SealedSegmentError: the scratch file was altered.
            StoreUnavailableError: the disk is full or the file cannot be written.

        """
        source = memoryview(data).cast("B")
        done = 0
        while done < len(source):
            number, offset = divmod(self._position + done, CHUNK)
            count = min(CHUNK - offset, len(source) - done)
            self._chunk(number)[offset : offset + count] = source[done : done + count]
            self._dirty.add(number)
            done += count
        self._position += done
        if done:
            self._size = max(self._size, self._position)
        return done

    def truncate(self, size: int | None = None) -> int:
        """Cut the content at `size`, or at the position; return the new size. It never grows by this.

        Raises:
            SealedSegmentError, StoreUnavailableError: see write.

        """
        size = self._position if size is None else size
        if size < self._size:
            last, offset = divmod(size, CHUNK)
            if offset:
                self._chunk(last)[offset:] = bytes(CHUNK - offset)
                self._dirty.add(last)
            first_gone = last + bool(offset)
            for number in [n for n in (*self._chunks, *self._stored) if n >= first_gone]:
                self._chunks.pop(number, None)
                self._dirty.discard(number)
                self._stored.discard(number)
            self._size = size
        return self._size

    def close(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._chunks.clear()
        super().close()

    def __len__(self) -> int:
        return self._size

    def _chunk(self, number: int) -> bytearray:
        if self.closed:
            raise ValueError("expected an open spill, got a closed one")
        found = self._chunks.get(number)
        if found is None:
            while len(self._chunks) >= self._capacity:
                self._evict()
            found = self._load(number) if number in self._stored else bytearray(CHUNK)
            self._chunks[number] = found
        self._chunks.move_to_end(number)
        return found

    def _evict(self) -> None:
        number, plain = next(iter(self._chunks.items()))
        if number in self._dirty:
            nonce = os.urandom(_NONCE)
            sealed = nonce + self._cipher.encrypt(nonce, plain, number.to_bytes(8))
            try:
                scratch = self._scratch()
                scratch.seek(number * _STORED)
                scratch.write(sealed)
                scratch.flush()
            except OSError as exc:
                raise StoreUnavailableError(f"the scratch file cannot be written: {exc.strerror}") from exc
            self._stored.add(number)
            self._dirty.discard(number)
        del self._chunks[number]

    def _load(self, number: int) -> bytearray:
        try:
            scratch = self._scratch()
            scratch.seek(number * _STORED)
            sealed = scratch.read(_STORED)
        except OSError as exc:
            raise StoreUnavailableError(f"the scratch file cannot be read: {exc.strerror}") from exc
        try:
            return bytearray(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], number.to_bytes(8)))
        except InvalidTag as exc:
            raise SealedSegmentError("expected the scratch file as it was written, got other bytes") from exc

    def _scratch(self) -> BinaryIO:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - close() closes it
        return self._file
