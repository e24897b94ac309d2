"""Making sealed blobs: plaintext in, a sealed blob and its digests out (SPEC.md beside this file).

Constant memory, one pass. Nothing here opens a file, makes bytes durable or keeps a key: it reads from a reader it is
handed and writes to a function it is handed, and what it wrote counts only once `seal` has returned.
"""

import hashlib
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, runtime_checkable

from vault.sealed.format import (
    FIRST_PLAIN,
    HEADER_SIZE,
    OTHER_PLAIN,
    SEGMENT_SIZE,
    TAG_SIZE,
    check_key,
    check_segment_count,
    new_header,
    segment_cipher,
    segment_nonce,
)

# Reading, encrypting and writing use one slot while the two digests finish with those before it. More slots were not
# faster, and each costs two segments of memory.
_SLOTS: Final = 3

# What ends within this many bytes never sees the slots: making one costs more than sealing a chat.
_HEAD_SIZE: Final = 2**16


@runtime_checkable
class Reader(Protocol):
    """A binary source such as an open file."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the start of `buffer` and return how many bytes that was; 0 at the end."""
        ...


Source: TypeAlias = Reader | Iterable[bytes | memoryview]
SinkWrite: TypeAlias = Callable[[memoryview], int | None]
OnChunk: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class SealedSummary:
    """What was sealed: sizes in bytes and the SHA-256 digests of the plaintext and of the blob."""

    plain_size: int
    plain_sha256: bytes
    sealed_size: int
    sealed_sha256: bytes


def fill(reader: Reader, view: memoryview) -> int:
    """Read until `view` is full or the reader ends; return how many bytes were read.

    Raises:
        RuntimeError: the reader is non-blocking or claims more than it was asked for.

    """
    done = 0
    while done < len(view):
        count = reader.readinto(view[done:])
        if count is None or not 0 <= count <= len(view) - done:
            raise RuntimeError(f"expected a reader to give 0 to {len(view) - done} bytes, got {count}")
        if count == 0:
            break
        done += count
    return done


def _write_all(sink_write: SinkWrite, view: memoryview) -> None:
    while view:
        count = sink_write(view)
        # Raw files may take a part. Whoever takes nothing, or does not say how much, would lose bytes unseen.
        if count is None or not 0 < count <= len(view):
            raise RuntimeError(f"expected the sink to take 1 to {len(view)} bytes and say so, got {count}")
        view = view[count:]


class _Chunks:
    """An iterable of byte strings as a reader."""

    def __init__(self, chunks: Iterable[bytes | memoryview]) -> None:
        self._chunks: Iterator[bytes | memoryview] = iter(chunks)
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _Slot:
    """A segment's plaintext and what it became, with the hashing still under way on both."""

    def __init__(self) -> None:
        self.plain = memoryview(bytearray(OTHER_PLAIN))
        self.sealed = memoryview(bytearray(SEGMENT_SIZE))
        self.size = 0  # bytes of plaintext
        self.hashing: list[Future[None]] = []

    def wait(self) -> None:
        for future in self.hashing:
            future.result()
        self.hashing.clear()


def _segments(head: memoryview, reader: Reader) -> Iterator[tuple[_Slot, bool]]:
    """Yield each segment's plaintext and whether it is the last, which only reading ahead can tell."""
    slots = [_Slot()]
    current = slots[0]
    current.plain[: len(head)] = head
    current.size = len(head) + fill(reader, current.plain[len(head) : FIRST_PLAIN])
    full = current.size == FIRST_PLAIN
    for number in itertools.count(1):
        if not full:
            break
        if number < _SLOTS:
            slots.append(_Slot())
        ahead = slots[number % _SLOTS]
        ahead.wait()
        ahead.size = fill(reader, ahead.plain)
        if ahead.size == 0:
            break
        yield current, False
        current, full = ahead, ahead.size == OTHER_PLAIN
    yield current, True
    for slot in slots:
        slot.wait()


class _Pipeline:
    """One blob on its way: this thread encrypts and writes, one thread a digest hashes beside it.

    Hashing costs more than all the rest, and hashlib works without the interpreter's lock. One thread a digest keeps
    the segments in order; a slot is reused only when both are done with it, which bounds the memory.
    """

    def __init__(self, sink_write: SinkWrite, key: bytes, aad: bytes) -> None:
        self._sink_write = sink_write
        self._header = new_header()
        self._cipher = segment_cipher(key, self._header, aad)
        self._plain_hash = hashlib.sha256()
        self._sealed_hash = hashlib.sha256()
        self._plain_size = 0
        self._sealed_size = 0

    def run(self, segments: Iterable[tuple[_Slot, bool]], on_chunk: OnChunk | None) -> SealedSummary:
        # Leaving the block waits for both threads, also when the source, the sink or on_chunk has raised.
        with ThreadPoolExecutor(1) as plain_thread, ThreadPoolExecutor(1) as sealed_thread:
            for number, (slot, last) in enumerate(segments):
                plain = slot.plain[: slot.size]
                slot.hashing.append(plain_thread.submit(self._plain_hash.update, plain))
                sealed = self._encrypt(slot, number, last=last)
                slot.hashing.append(sealed_thread.submit(self._sealed_hash.update, sealed))
                _write_all(self._sink_write, sealed)
                self._plain_size += len(plain)
                self._sealed_size += len(sealed)
                if on_chunk is not None:
                    on_chunk(len(plain))
        return SealedSummary(self._plain_size, self._plain_hash.digest(), self._sealed_size, self._sealed_hash.digest())

    def _encrypt(self, slot: _Slot, number: int, *, last: bool) -> memoryview:
        check_segment_count(number + 1)
        start = 0
        if number == 0:
            start = HEADER_SIZE
            slot.sealed[:start] = self._header
        sealed = slot.sealed[: start + slot.size + TAG_SIZE]
        nonce = segment_nonce(self._header, number, last=last)
        self._cipher.encrypt_into(nonce, slot.plain[: slot.size], None, sealed[start:])
        return sealed.toreadonly()


def seal_small(plaintext: bytes | memoryview, key: bytes, aad: bytes) -> tuple[bytes, SealedSummary]:
    """Seal bytes held in memory and return the blob: the quick way for chats and transcripts.

    What fits in one segment (1,048,520 bytes) is sealed without a thread or a buffer; more is handed to `seal`.

    Raises:
        RuntimeError: the key is not 32 bytes.

    """
    if len(plaintext) > FIRST_PLAIN:
        blob = io.BytesIO()
        summary = seal((plaintext,), blob.write, key, aad)
        return blob.getvalue(), summary
    check_key(key)
    header = new_header()
    sealed = header + segment_cipher(key, header, aad).encrypt(segment_nonce(header, 0, last=True), plaintext, None)
    digests = hashlib.sha256(plaintext).digest(), hashlib.sha256(sealed).digest()
    return sealed, SealedSummary(len(plaintext), digests[0], len(sealed), digests[1])


def seal(
    source: Source, sink_write: SinkWrite, key: bytes, aad: bytes, *, on_chunk: OnChunk | None = None
) -> SealedSummary:
    """Seal everything `source` gives and write the blob, in constant memory (about 7 MiB).

    `source` is a reader with `readinto`, or an iterable of byte strings. `sink_write` gets views that are valid only
    during the call, and returns how many bytes it took, as the `write` of a file does; what it wrote is a sealed blob
    only once this function has returned. `on_chunk` is told the plaintext bytes of each segment after it is written.
    Whatever the source, the sink or `on_chunk` raises comes out unchanged, and no thread outlives the call.

    Raises:
        InvalidInputError: the source gives more than a blob can hold (SEAL-10).
        RuntimeError: the key is not 32 bytes, or the source or sink does not say how much it gave or took.

    """
    check_key(key)
    reader = source if isinstance(source, Reader) else _Chunks(source)
    head = memoryview(bytearray(_HEAD_SIZE))
    size = fill(reader, head)
    if size < _HEAD_SIZE:
        return _seal_at_once(head[:size], sink_write, key, aad, on_chunk)
    segments = _segments(head, reader)
    slot, last = next(segments)
    if last:
        return _seal_at_once(slot.plain[: slot.size], sink_write, key, aad, on_chunk)
    return _Pipeline(sink_write, key, aad).run(itertools.chain(((slot, last),), segments), on_chunk)


def _seal_at_once(
    plaintext: memoryview, sink_write: SinkWrite, key: bytes, aad: bytes, on_chunk: OnChunk | None
) -> SealedSummary:
    blob, summary = seal_small(plaintext, key, aad)
    _write_all(sink_write, memoryview(blob))
    if on_chunk is not None:
        on_chunk(summary.plain_size)
    return summary
