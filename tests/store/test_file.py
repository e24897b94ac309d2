"""What a folder adds to the contract: the fast way in, failing disks, missing disks, strange files."""

import errno
import hashlib
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.samples import MIB, content, digest, name, put, read
from vault.errors import BlobExistsError, BlobNotFoundError, ChecksumError, StoreUnavailableError
from vault.store import durable
from vault.store.base import StoredBlob, key_of
from vault.store.disk import MARKER, create_store
from vault.store.file import FileStore, open_primary


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    create_store(tmp_path / "store")
    return open_primary(tmp_path / "store")


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record which folders are synced."""
    seen: list[str] = []
    original = durable.sync_folder

    def spy(path: Path) -> None:
        seen.append(path.name)
        original(path)

    monkeypatch.setattr(durable, "sync_folder", spy)
    return seen


def broken(code: int) -> Callable[..., None]:
    def verb(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return verb


def files(store: FileStore) -> list[str]:
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())


def test_a_blob_lies_private_in_the_folder_of_its_first_seven_digits(store: FileStore) -> None:
    blob = name()
    store.put_bytes(blob, b"sealed")
    path = store.root / blob[:7] / blob
    assert path.read_bytes() == b"sealed"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_stream_is_written_piece_by_piece(store: FileStore) -> None:
    blob, data = name(), content(3 * MIB)
    with store.write_new(blob) as sink:
        for start in range(0, len(data), 700_000):
            piece = memoryview(data)[start : start + 700_000]
            assert sink.write(piece) == len(piece)
    assert read(store, blob) == data


def test_a_blob_is_synced_before_its_block_ends_and_its_name_by_sync_folders(
    store: FileStore, syncs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    original = durable.sync_file

    def spy(descriptor: int) -> None:
        synced.append(descriptor)
        original(descriptor)

    monkeypatch.setattr(durable, "sync_file", spy)
    one, two, three = name(), name(), name(minutes=40)
    store.put_bytes(one, b"1")
    assert len(synced) == 2  # the folder's name in the root, when it was made, and the blob
    store.put_bytes(two, b"2")
    store.put_bytes(three, b"3")
    syncs.clear()
    store.sync_folders([one, two, three])
    assert syncs == [one[:7], "store", three[:7], "store"]
    syncs.clear()
    store.sync_folders([two, one])
    assert syncs == [one[:7]]


def test_a_folder_that_another_process_made_is_synced_into_the_root_too(store: FileStore, syncs: list[str]) -> None:
    blob = name()
    other = open_primary(store.root)
    other.put_bytes(blob, b"x")
    syncs.clear()
    mine = name()
    store.put_bytes(mine, b"y")
    store.sync_folders([mine])
    assert syncs == [mine[:7], "store"]


def test_a_taken_name_is_refused_and_the_file_left_alone(store: FileStore) -> None:
    blob = name()
    store.put_bytes(blob, b"first")
    with pytest.raises(BlobExistsError, match=f"expected no blob {blob} in primary, found one"):
        store.put_bytes(blob, b"second")
    assert read(store, blob) == b"first"


def test_an_error_of_the_writer_removes_the_file_and_comes_out_unchanged(store: FileStore) -> None:
    blob = name()
    mistake = OSError("the source broke")

    def seal() -> None:
        with store.write_new(blob) as sink:
            sink.write(b"half")
            raise mistake

    with pytest.raises(OSError, match="the source broke") as caught:
        seal()
    assert caught.value is mistake
    assert store.stat(blob) == ()


@pytest.mark.parametrize("verb", ["create_new", "write", "sync_file", "make_private_folder"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_failing_disk_is_told_and_leaves_no_file(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, verb: str, code: int
) -> None:
    blob, data = name(), b"sealed"
    for write in (lambda: store.put_bytes(blob, data), lambda: put(store, blob, data)):
        with monkeypatch.context() as patch:
            patch.setattr(durable, verb, broken(code))
            with pytest.raises(StoreUnavailableError, match=os.strerror(code)) as caught:
                write()
        assert isinstance(caught.value.__cause__, OSError)
        assert ("space" in caught.value.hint and "nothing acknowledged" in caught.value.hint) == (code == errno.ENOSPC)
        assert files(store) == [MARKER]


@pytest.mark.parametrize("verb", ["sync_folder", "publish"])
def test_put_is_not_acknowledged_while_its_name_is_not_durable(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    blob = name()
    put(store, name(), b"made the folders")
    with monkeypatch.context() as patch:
        patch.setattr(durable, verb, broken(errno.EIO))
        with pytest.raises(StoreUnavailableError, match=os.strerror(errno.EIO)):
            put(store, blob, b"sealed")
    put(store, blob, b"sealed")
    assert read(store, blob) == b"sealed"


def test_an_adopted_blob_is_synced_again_because_the_crash_may_have_come_first(
    store: FileStore, syncs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = name()
    path = store.root / key_of(blob)
    path.parent.mkdir()
    path.write_bytes(b"sealed")
    synced: list[str] = []
    original = durable.sync_file

    def spy(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        original(descriptor)

    monkeypatch.setattr(durable, "sync_file", spy)
    assert put(store, blob, b"sealed") == ""
    assert synced == [blob, blob[:7], "store"]
    assert syncs == [blob[:7], "store"]


def test_put_reads_back_what_the_disk_holds(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    original = durable.write
    monkeypatch.setattr(durable, "write", lambda fd, data: original(fd, bytes(len(data))))
    with pytest.raises(ChecksumError, match=r"expected 6 bytes .* back"):
        put(store, name(), b"sealed")
    assert files(store) == [MARKER]


def test_put_sweeps_what_a_crashed_put_of_the_same_blob_left(store: FileStore) -> None:
    blob, other = name(), name()
    (store.root / "incoming").mkdir()
    for part in (f"{blob}-0123", f"{other}-0123"):
        (store.root / "incoming" / part).write_bytes(b"half")
    put(store, blob, b"sealed")
    assert files(store) == sorted([key_of(blob), f"incoming/{other}-0123", MARKER])
    assert [found.blob for found in store.all() if found.is_strange] == [f"incoming/{other}-0123"]
    store.delete(other)
    assert files(store) == sorted([key_of(blob), MARKER])


def test_two_puts_of_one_blob_at_once_end_in_one_blob(store: FileStore) -> None:
    blob, data = name(), content(2 * MIB)

    class Overtaken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == MIB:
                put(store, blob, data)
            return super().read(size)

    assert store.put(blob, Overtaken(data), len(data), sha256=digest(data)) == ""
    assert read(store, blob) == data
    assert files(store) == sorted([key_of(blob), MARKER])


def test_delete_removes_the_folder_with_its_last_blob(store: FileStore) -> None:
    one, two = name(), name()
    store.put_bytes(one, b"1")
    store.put_bytes(two, b"2")
    store.delete(one)
    assert (store.root / two[:7]).is_dir()
    store.delete(two)
    assert not (store.root / two[:7]).exists()
    store.put_bytes(two, b"again")
    store.sync_folders([two])
    assert read(store, two) == b"again"


def test_delete_is_durable_at_return(store: FileStore, syncs: list[str]) -> None:
    blob = name()
    store.put_bytes(blob, b"1")
    syncs.clear()
    store.delete(blob)
    assert syncs == [blob[:7]]


def test_a_write_survives_a_folder_that_is_removed_under_it(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    original = durable.make_private_folder
    removed: list[Path] = []

    def make(path: Path) -> None:
        original(path)
        if not removed:
            removed.append(path)
            path.rmdir()

    monkeypatch.setattr(durable, "make_private_folder", make)
    blob = name()
    store.put_bytes(blob, b"sealed")
    assert read(store, blob) == b"sealed"


def test_a_missing_disk_is_neither_written_nor_taken_for_empty(store: FileStore, tmp_path: Path) -> None:
    held = name()
    store.put_bytes(held, b"sealed")
    store.root.rename(tmp_path / "unmounted")
    store.root.mkdir()  # the empty mount point
    acts: list[Callable[[], object]] = [
        lambda: open_primary(store.root),
        lambda: store.put_bytes(name(), b"x"),
        lambda: put(store, name(), b"x"),
        lambda: store.open(held),
        lambda: store.stat(held),
        lambda: store.delete(held),
        lambda: list(store.all()),
    ]
    for act in acts:
        with pytest.raises(StoreUnavailableError, match="expected a store at") as caught:
            act()
        assert "mount" in caught.value.hint
    health = store.probe()
    assert (health.reachable, health.writable) == (False, False)
    assert list(store.root.iterdir()) == []


def test_create_store_again_changes_nothing(store: FileStore) -> None:
    blob = name()
    store.put_bytes(blob, b"sealed")
    before = (store.root / MARKER).stat()
    create_store(store.root)
    assert (store.root / MARKER).stat().st_mtime_ns == before.st_mtime_ns
    assert read(store, blob) == b"sealed"


def test_create_store_says_when_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="expected to create the store"):
        create_store(tmp_path / "file" / "store")


def test_all_shows_strange_files_by_their_path(store: FileStore, tmp_path: Path) -> None:
    blob = name()
    store.put_bytes(blob, b"sealed")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"x")
    (store.root / "notes.txt").write_bytes(b"note")
    (store.root / blob).write_bytes(b"in the root")
    (store.root / blob[:7] / f"{blob}.bak").write_bytes(b"")
    (store.root / "0000000").mkdir()
    (store.root / "0000000" / blob).write_bytes(b"wrong folder")
    linked = name()
    (store.root / key_of(linked)).symlink_to(tmp_path / "outside" / "secret")
    (store.root / "linked").symlink_to(tmp_path / "outside")
    found = list(store.all())
    assert [one for one in found if not one.is_strange] == [StoredBlob(blob, size=6)]
    expected = ["0000000/" + blob, blob, f"{blob[:7]}/{blob}.bak", key_of(linked), "linked", "notes.txt"]
    assert sorted(one.blob for one in found if one.is_strange) == sorted(expected)


def test_a_link_is_never_followed(store: FileStore, tmp_path: Path) -> None:
    blob = name()
    (tmp_path / "outside").write_bytes(b"sealed")
    path = store.root / key_of(blob)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "outside")
    with pytest.raises(StoreUnavailableError, match="symbolic"):
        store.open(blob)
    with pytest.raises(StoreUnavailableError, match="symbolic"):
        put(store, blob, b"sealed")
    with pytest.raises(BlobExistsError):
        store.put_bytes(blob, b"x")
    store.delete(blob)
    assert (tmp_path / "outside").read_bytes() == b"sealed"


def test_a_read_error_of_the_disk_is_the_stores_error(store: FileStore) -> None:
    blob = name()
    store.put_bytes(blob, b"")
    path = store.root / key_of(blob)
    path.unlink()
    path.mkdir()  # opens like a file and cannot be read like one
    with pytest.raises(StoreUnavailableError, match=f"expected to open a blob in .*{os.strerror(errno.EISDIR)}"):
        store.open(blob)


@pytest.mark.parametrize("count", [-1, 10])
def test_a_bad_sector_is_the_stores_error(store: FileStore, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    blob = name()
    store.put_bytes(blob, b"sealed")
    with store.open(blob) as reader:
        os.close(reader.fileno())  # whatever reads now gets an error of the system
        descriptor = os.open(store.root, os.O_RDONLY)
        assert descriptor == reader.fileno()
        with pytest.raises(StoreUnavailableError, match="expected to read a blob"):
            reader.read(count)


def test_a_folder_has_no_versions(store: FileStore) -> None:
    blob = name()
    store.put_bytes(blob, b"sealed")
    with pytest.raises(BlobNotFoundError, match="a folder has no versions"):
        store.open(blob, "1")


def test_a_file_that_vanishes_while_all_is_listed_is_left_out(store: FileStore) -> None:
    blobs = sorted(name() for _ in range(3))
    for blob in blobs:
        store.put_bytes(blob, b"x")
    found = store.all()
    assert next(found).blob == blobs[0]
    store.delete(blobs[1])
    assert [one.blob for one in found] == [blobs[2]]


def test_the_probe_tells_the_free_space_and_leaves_nothing(store: FileStore) -> None:
    stale = store.root / "probe" / "stale"
    fresh = store.root / "probe" / "fresh"
    stale.parent.mkdir()
    for path, age in ((stale, 7200), (fresh, 60)):
        path.write_bytes(b"")
        times = path.stat().st_mtime - age
        os.utime(path, (times, times))
    health = store.probe()
    assert (health.writable, health.versioned, health.lock_enabled, health.lock_enforced) == (True, False, False, None)
    assert health.free_bytes is not None
    assert health.free_bytes > 0
    assert files(store) == ["probe/fresh", MARKER]


def test_the_probe_tells_of_a_disk_that_cannot_be_written(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "sync_file", broken(errno.EROFS))
    health = store.probe()
    assert (health.reachable, health.writable) == (True, False)
    assert os.strerror(errno.EROFS) in health.problems[0]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB where the system lets us mount one; elsewhere a plain folder, see the test."""
    place = tmp_path / "tiny"
    place.mkdir()
    if shutil.which("mount"):
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
        subprocess.run(command, capture_output=True, check=False)
    yield place
    if place.is_mount():
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_frees_what_it_took(tiny_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not tiny_disk.is_mount():  # not allowed to mount: every file beyond 1 MiB fails as on a full disk
        original, full = durable.write, broken(errno.ENOSPC)

        def write_on_full(descriptor: int, data: durable.Bytes) -> int:
            if os.fstat(descriptor).st_size + len(data) > MIB:
                full()
            return original(descriptor, data)

        monkeypatch.setattr(durable, "write", write_on_full)
    create_store(tiny_disk / "store")
    store = open_primary(tiny_disk / "store")
    blob = name()
    store.put_bytes(blob, content(1000))
    big = name()

    def fill() -> None:
        with store.write_new(big) as sink:
            for _ in range(40):
                sink.write(content(64 * 1024))

    for write in (fill, lambda: put(store, big, content(2 * MIB))):
        with pytest.raises(StoreUnavailableError, match="No space left"):
            write()
        assert store.stat(big) == ()
        assert files(store) == sorted([key_of(blob), MARKER])
    assert hashlib.sha256(read(store, blob)).digest() == digest(content(1000))
    store.put_bytes(big, content(1000))
    assert len(list(store.all())) == 2
