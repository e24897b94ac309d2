"""Sealing a large file, and opening a small part of one."""

import os
import statistics
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import data
from benchmarks.measure import Figure, Sizes, compare, in_turns, timed
from vault.clock import SystemClock
from vault.ids import new_blob_name, new_id
from vault.model import BlobName, RecordingId, RenditionName
from vault.sealed.format import associated_data, new_data_key
from vault.sealed.reader import SealedReader, SeekableReader
from vault.sealed.writer import seal
from vault.store.disk import create_store
from vault.store.file import FileStore, open_primary

_MIB = 1 << 20
_READS = 20
"""Reads of one range that make one round: one alone is too short to time."""


def _seal_file(store: FileStore, path: Path, blob: BlobName) -> None:
    aad = associated_data(RecordingId(new_id(SystemClock().now())), RenditionName.ORIGINAL)
    with path.open("rb", buffering=0) as source, store.write_new(blob) as sink:
        seal(source, sink.write, new_data_key(), aad)
    store.sync_folders([blob])


def _copy_file(path: Path, copy: Path) -> None:
    buffer = memoryview(bytearray(_MIB))
    with path.open("rb", buffering=0) as source, copy.open("wb", buffering=0) as target:
        while count := source.readinto(buffer):
            target.write(buffer[:count])
        os.fsync(target.fileno())
    folder = os.open(copy.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def seal_large_file(folder: Path, sizes: Sizes) -> list[Figure]:
    """Seal a file into the store, durably; floor: copy the same bytes (1 MiB at a time) and fsync file and folder."""
    source, copy, root = folder / "source", folder / "copy", folder / "store"
    data.write_file(source, sizes.seal_bytes)
    create_store(root)
    store = open_primary(root)

    def ours(_: int) -> float:
        blob = new_blob_name(SystemClock().now())
        seconds = timed(lambda: _seal_file(store, source, blob))
        store.delete(blob)
        return seconds

    def floor(_: int) -> float:
        seconds = timed(lambda: _copy_file(source, copy))
        copy.unlink()
        return seconds

    name = f"seal a file of {sizes.seal_bytes >> 20} MiB, with fsync"
    return [compare(name, ours, floor, sizes.rounds, aim=1.3)]


def open_range(folder: Path, sizes: Sizes) -> list[Figure]:
    """Open the blob and read 1 MiB at five places; floor: decrypt two segments of 1 MiB that are in memory.

    A range of 1 MiB touches two segments, so twice that is what it must decrypt. The blob is in the page cache.
    """
    root = folder / "store"
    create_store(root)
    store = open_primary(root)
    blob, recording = new_blob_name(SystemClock().now()), RecordingId(new_id(SystemClock().now()))
    key, aad = new_data_key(), associated_data(recording, RenditionName.ORIGINAL)
    piece = data.block(_MIB)
    with store.write_new(blob) as sink:
        size = seal((piece for _ in range(sizes.blob_bytes // _MIB)), sink.write, key, aad).sealed_size

    def read_at(offset: int) -> None:
        for _ in range(_READS):
            with store.open(blob) as raw, SealedReader(cast("SeekableReader", raw), size, key, aad) as reader:
                reader.seek(offset)
                assert len(reader.read(_MIB)) == _MIB

    cipher, nonce = AESGCM(key), bytes(12)
    sealed, plain = cipher.encrypt(nonce, piece, None), bytearray(_MIB)

    def decrypt() -> None:
        for _ in range(2 * _READS):
            cipher.decrypt_into(nonce, sealed, None, plain)

    last = sizes.blob_bytes - _MIB
    places = [last * quarter // 4 for quarter in range(5)]
    times: dict[int, list[float]] = {offset: [] for offset in places}

    def ours(_: int) -> float:
        for offset in places:
            times[offset].append(timed(lambda o=offset: read_at(o)))  # type: ignore[misc]
        return statistics.median(seen[-1] for seen in times.values())

    measured, floor = in_turns(ours, lambda _: timed(decrypt), sizes.rounds)
    medians = [statistics.median(seen) for seen in times.values()]
    name = f"open 1 MiB of a blob of {sizes.blob_bytes >> 20} MiB"
    to_ms = 1000 / _READS
    return [
        Figure(name, measured * to_ms, floor * to_ms, "ms", measured / floor, None),
        Figure(
            "  slowest against fastest of five offsets", max(medians) * to_ms, min(medians) * to_ms, "ms",
            max(medians) / min(medians), 1.5,
        ),
    ]  # fmt: skip
