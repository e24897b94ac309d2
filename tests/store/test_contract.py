"""What every blob store promises, run over each of them."""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from keys.errors import InvalidInputError
from tests.store.samples import MIB, content, digest, name, put, read
from vault.errors import BlobExistsError, BlobNotFoundError, ChecksumError
from vault.model import BlobName
from vault.store.base import BlobStore, StoredBlob, verify

SIZES = [0, 1, 12_345, MIB, 16 * MIB, 16 * MIB + 1, 40 * MIB + 7]


@pytest.mark.parametrize("size", SIZES)
def test_what_was_put_is_read_back_whole(store: BlobStore, size: int) -> None:
    blob, data = name(), content(size)
    version = put(store, blob, data)
    assert read(store, blob) == data
    assert read(store, blob, version) == data
    assert [(found.blob, found.version, found.size) for found in store.stat(blob)] == [(blob, version, size)]


def test_a_version_has_an_id_where_the_store_keeps_versions(store: BlobStore) -> None:
    assert bool(put(store, name(), b"sealed")) == store.probe().versioned


def test_put_again_after_a_crash_adopts_what_is_there(store: BlobStore) -> None:
    blob, data = name(), content(100_000)
    version = put(store, blob, data)
    assert put(store, blob, data) == version
    assert len(store.stat(blob)) == 1


@pytest.mark.parametrize("other", [content(100_001), bytes(100_000), b""], ids=["longer", "same size", "empty"])
def test_put_never_overwrites_other_content(store: BlobStore, other: bytes) -> None:
    blob, data = name(), content(100_000)
    put(store, blob, data)
    with pytest.raises(BlobExistsError, match="found other content of 100000 bytes"):
        put(store, blob, other)
    assert read(store, blob) == data
    assert len(store.stat(blob)) == 1


@pytest.mark.parametrize("size", [100, 17 * MIB], ids=["one request", "parts"])
@pytest.mark.parametrize("defect", ["short", "long", "altered"])
def test_put_refuses_a_source_that_is_not_what_it_claims(store: BlobStore, size: int, defect: str) -> None:
    blob, data = name(), content(size)
    bad = {"short": data[:-1], "long": data + b"x", "altered": b"x" + data[1:]}[defect]
    with pytest.raises(ChecksumError, match=f"expected {size} bytes with SHA-256 {digest(data).hex()}"):
        store.put(blob, io.BytesIO(bad), size, sha256=digest(data))
    assert store.stat(blob) == ()
    assert list(store.all()) == []
    put(store, blob, data)
    assert read(store, blob) == data


def test_put_reads_a_source_from_a_pipe_that_gives_little_at_a_time(store: BlobStore) -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 1_000_003) if size != -1 else -1)

    blob, data = name(), content(17 * MIB)
    store.put(blob, Trickle(data), len(data), sha256=digest(data))
    assert read(store, blob) == data


def test_a_reader_seeks_and_reads_any_range(store: BlobStore) -> None:
    blob, data = name(), content(9 * MIB + 11)
    put(store, blob, data)
    with store.open(blob) as reader:
        assert reader.seekable()
        for start, count in [
            (0, 10),
            (5 * MIB - 3, MIB),
            (10, 7),
            (len(data) - 5, 100),
            (0, len(data)),
            (len(data), 5),
        ]:
            assert reader.seek(start) == start
            assert reader.read(count) == data[start : start + count]
            assert reader.tell() == min(start + count, len(data))
        assert reader.seek(-4, os.SEEK_END) == len(data) - 4
        assert reader.seek(2, os.SEEK_CUR) == len(data) - 2
        assert reader.read() == data[-2:]
        assert reader.read(1) == b""


def test_a_reader_fills_a_buffer(store: BlobStore) -> None:
    blob, data = name(), content(3 * MIB)
    put(store, blob, data)
    buffer = bytearray(2 * MIB)
    with store.open(blob) as reader:
        assert reader.readinto(buffer) == 2 * MIB  # type: ignore[attr-defined]
    assert buffer == data[: 2 * MIB]


def test_two_readers_of_one_blob_do_not_disturb_each_other(store: BlobStore) -> None:
    blob, data = name(), content(MIB)
    put(store, blob, data)
    with store.open(blob) as one, store.open(blob) as two:
        assert one.read(1000) == data[:1000]
        two.seek(500_000)
        assert two.read(10) == data[500_000:500_010]
        assert one.read(1000) == data[1000:2000]


def test_open_says_when_there_is_no_such_blob(store: BlobStore) -> None:
    blob = name()
    with pytest.raises(BlobNotFoundError, match=f"expected blob {blob} in archive, found none"):
        store.open(blob)
    assert store.stat(blob) == ()


def test_open_says_when_there_is_no_such_version(store: BlobStore) -> None:
    blob = name()
    put(store, blob, b"sealed")
    with pytest.raises(BlobNotFoundError, match="version"):
        store.open(blob, "0" * 32)


def test_delete_leaves_nothing_and_can_be_done_again(store: BlobStore) -> None:
    blob, neighbour = name(), name()
    put(store, blob, b"sealed")
    put(store, neighbour, b"another")
    store.delete(blob)
    assert store.stat(blob) == ()
    assert [found.blob for found in store.all()] == [neighbour]
    with pytest.raises(BlobNotFoundError):
        store.open(blob)
    store.delete(blob)


def test_a_deleted_blob_can_be_put_again(store: BlobStore) -> None:
    blob = name()
    put(store, blob, b"sealed")
    store.delete(blob)
    put(store, blob, b"other content")
    assert read(store, blob) == b"other content"


def test_all_yields_every_blob_once_in_order_of_names(store: BlobStore) -> None:
    held = {name(minutes): content(minutes) for minutes in range(0, 200, 10)}
    for blob, data in held.items():
        put(store, blob, data)
    found = list(store.all())
    assert [(one.blob, one.size) for one in found] == [(blob, len(held[blob])) for blob in sorted(held)]
    assert {(one.is_marker, one.is_strange) for one in found} == {(False, False)}


def test_all_of_an_empty_store_is_empty_after_a_probe_too(store: BlobStore) -> None:
    assert list(store.all()) == []
    store.probe()
    assert list(store.all()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a",
        "../" * 10 + "ab",
        "0" * 31,
        "0" * 33,
        "A" * 32,
        "0" * 31 + "\n",
        "0" * 32 + "\n",
        "\N{ARABIC-INDIC DIGIT ZERO}" * 32,
        "0" * 31 + "/",
    ],
)
def test_a_name_that_is_no_blob_name_never_becomes_a_path(store: BlobStore, bad: str) -> None:
    blob = BlobName(bad)
    acts: list[Callable[[], object]] = [
        lambda: put(store, blob, b"x"),
        lambda: store.open(blob),
        lambda: store.stat(blob),
        lambda: store.delete(blob),
        lambda: store.lock(blob, "", datetime(2030, 1, 1, tzinfo=UTC)),
    ]
    for act in acts:
        with pytest.raises(InvalidInputError, match="expected a blob name of 32 lower-case hex digits"):
            act()


def test_verify_reads_the_content_back(store: BlobStore) -> None:
    blob, data = name(), content(3 * MIB)
    version = put(store, blob, data)
    verify(store, blob, version, digest(data))
    with pytest.raises(ChecksumError, match=f"expected blob {blob} in archive with SHA-256 {'00' * 32}"):
        verify(store, blob, version, bytes(32))


def test_a_healthy_store_passes_the_probe(store: BlobStore) -> None:
    health = store.probe()
    assert (health.reachable, health.writable, health.problems) == (True, True, ())


def test_lock_wants_a_time_with_a_zone_and_an_existing_blob(store: BlobStore) -> None:
    blob = name()
    with pytest.raises(BlobNotFoundError):
        store.lock(blob, "", datetime(2030, 1, 1, tzinfo=UTC))
    version = put(store, blob, b"sealed")
    with pytest.raises(RuntimeError, match="with a zone"):
        store.lock(blob, version, datetime(2030, 1, 1))  # noqa: DTZ001 (the defect)


def test_lock_returns_its_end_exactly_where_the_store_locks(store: BlobStore) -> None:
    blob = name()
    version = put(store, blob, b"sealed")
    until = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    found = store.lock(blob, version, until)
    assert found == (until if store.probe().lock_enabled else None)
    expected = StoredBlob(blob, version, 6, locked_until=found, mode=None if found is None else "GOVERNANCE")
    assert store.stat(blob) == (expected,)
