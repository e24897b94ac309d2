"""Opening sealed blobs: any byte range, decrypting only the segments it needs (SPEC.md beside this file).

Nothing here opens a file or fetches a key. What comes out is authenticated: the plaintext of a segment is handed on
only after its tag was verified, and the end of the content is told only after the last segment was (SEAL-15).
"""

import io
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import InvalidTag

from vault.errors import SealedSegmentError, SealedShapeError
from vault.sealed.format import (
    FIRST_PLAIN,
    HEADER_SIZE,
    OTHER_PLAIN,
    SEGMENT_SIZE,
    TAG_SIZE,
    check_key,
    plain_size_of,
    segment_cipher,
    segment_nonce,
    segments_of,
)
from vault.sealed.writer import Reader, fill

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_NONE: Final = -1  # no segment has this number


class SeekableReader(Reader, Protocol):
    """A binary source that can be read from any place, such as an open file."""

    def seek(self, offset: int, /) -> int:
        """Go to `offset` bytes from the start and return it."""
        ...


class SealedReader(io.RawIOBase):
    """The plaintext of one sealed blob as a seekable, read-only binary file.

    `raw` holds the blob and nothing else; `sealed_size` is its size in bytes as the catalog knows it (or as the store
    tells it: a wrong one is found out when the end is read). One segment is kept at a time. Closing the reader leaves
    `raw` open, for whoever opened it. Not for use by several threads at once.
    """

    def __init__(self, raw: SeekableReader, sealed_size: int, key: bytes, aad: bytes) -> None:
        """Read the header of the blob; nothing is authenticated yet.

        Raises:
            SealedShapeError: no blob has this size, or this header (SEAL-11, SEAL-12).
            RuntimeError: the key is not 32 bytes, or `raw` is non-blocking.

        """
        super().__init__()
        check_key(key)
        self._size = plain_size_of(sealed_size)
        self._sealed_size = sealed_size
        self._last = segments_of(sealed_size) - 1
        self._raw = raw
        self._header = self._read_header()
        self._cipher = segment_cipher(key, self._header, aad)
        # One byte more than a segment, to notice bytes after the last.
        self._sealed = memoryview(bytearray(min(SEGMENT_SIZE, sealed_size) + 1))
        self._plain = memoryview(bytearray(min(OTHER_PLAIN, self._size)))
        self._cached = _NONE
        self._end_is_verified = False
        self._position = 0

    @property
    def size(self) -> int:
        """The size of the plaintext in bytes, as `sealed_size` has it; verified once the end was read."""
        return self._size

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the position in the plaintext, in bytes."""
        self._check_open()
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position in the plaintext, which may lie after its end, and return it; nothing is decrypted.

        Raises:
            ValueError: the position would be negative, `whence` is unknown, or the reader is closed.

        """
        self._check_open()
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        if whence not in starts or starts[whence] + offset < 0:
            raise ValueError(f"expected a position of at least 0, got {offset} with whence {whence}")
        self._position = starts[whence] + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer` as far as the plaintext goes and return how many bytes that was; 0 at the end.

        On an error the position stays where it was, and `buffer` holds at most authenticated bytes.

        Raises:
            SealedSegmentError: a segment that is needed is missing, altered, or not in its place (SEAL-13..16).
            ValueError: the reader is closed.

        """
        self._check_open()
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), max(0, self._size - self._position))
        if wanted == 0 and len(target) > 0:
            self._verify_end()
        done = 0
        while done < wanted:
            number, offset = _place(self._position + done)
            plain = self._segment(number)[offset : offset + wanted - done]
            target[done : done + len(plain)] = plain
            done += len(plain)
        self._position += done
        return done

    def readall(self) -> bytes:
        """Return everything from the position to the end, and verify that it is the end.

        Raises:
            SealedSegmentError: a segment that is needed is missing, altered, or not in its place (SEAL-13..16).
            ValueError: the reader is closed.

        """
        self._check_open()
        content = bytearray(max(0, self._size - self._position))
        self.readinto(content)
        self._verify_end()
        return bytes(content)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("expected an open reader, got a closed one")

    def _read_header(self) -> bytes:
        header = bytearray(HEADER_SIZE)
        self._raw.seek(0)
        count = fill(self._raw, memoryview(header))
        if count < HEADER_SIZE:
            raise SealedShapeError(f"expected a header of {HEADER_SIZE} bytes, got {count}")
        if header[0] != HEADER_SIZE:
            raise SealedShapeError(f"expected a header that starts with its length {HEADER_SIZE}, got {header[0]}")
        return bytes(header)

    def _verify_end(self) -> None:
        # That nothing follows is a statement too: only the last segment, sealed as the last, can make it.
        if not self._end_is_verified:
            self._segment(self._last)

    def _segment(self, number: int) -> memoryview:
        """Return the authenticated plaintext of a segment, from the cache if it is there."""
        start = number * SEGMENT_SIZE if number else HEADER_SIZE
        end = min((number + 1) * SEGMENT_SIZE, self._sealed_size)
        plain = self._plain[: end - start - TAG_SIZE]
        if number != self._cached:
            # Decryption writes before it knows; until it succeeds the cache holds nothing.
            self._cached = _NONE
            self._decrypt(number, self._fetch(number, start, end), plain)
            self._cached = number
        return plain

    def _fetch(self, number: int, start: int, end: int) -> memoryview:
        is_last = number == self._last
        size = end - start
        self._raw.seek(start)
        count = fill(self._raw, self._sealed[: size + is_last])
        if count != size:
            got = "more" if count > size else str(count)
            raise SealedSegmentError(f"segment {number}: expected {size} bytes, got {got}")
        return self._sealed[:size]

    def _decrypt(self, number: int, sealed: memoryview, plain: memoryview) -> None:
        is_last = number == self._last
        nonce = segment_nonce(self._header, number, last=is_last)
        try:
            self._cipher.decrypt_into(nonce, sealed, None, plain)
        except InvalidTag as exc:
            raise SealedSegmentError(
                f"segment {number} of {self._last + 1}: expected bytes sealed for this place with this key, "
                "got bytes that do not authenticate"
            ) from exc
        self._end_is_verified |= is_last


def _place(position: int) -> tuple[int, int]:
    """Return the segment that holds a position of the plaintext, and the position in that segment."""
    if position < FIRST_PLAIN:
        return 0, position
    number, offset = divmod(position - FIRST_PLAIN, OTHER_PLAIN)
    return number + 1, offset


def open_all(sealed: bytes, key: bytes, aad: bytes) -> bytes:
    """Return the whole plaintext of a blob held in memory, for small things.

    Raises:
        SealedShapeError: no blob has this size, or this header (SEAL-11, SEAL-12).
        SealedSegmentError: a segment is altered or not in its place (SEAL-13..16).
        RuntimeError: the key is not 32 bytes.

    """
    with SealedReader(io.BytesIO(sealed), len(sealed), key, aad) as reader:
        return reader.readall()
