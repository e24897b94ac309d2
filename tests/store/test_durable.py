"""The durable verbs: what each does, in which order it syncs, and what it leaves when the disk fails."""

import errno
import os
import stat
from pathlib import Path

import pytest

from vault.store import durable


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the syncs, with the path of what was synced, and the changes of names."""
    seen: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        seen.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    for verb in ("rename", "replace", "unlink", "mkdir"):
        original = getattr(Path, verb)

        def spy(self: Path, *args: object, verb: str = verb, original: object = original, **kwargs: object) -> object:
            seen.append(f"{verb} {self.name}")
            return original(self, *args, **kwargs)  # type: ignore[operator]

        monkeypatch.setattr(Path, verb, spy)
    return seen


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        durable.write_new(tmp_path / "f", b"content")
        durable.make_private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert mode(tmp_path / "f") == 0o600
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_create_new_refuses_what_is_there_and_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for taken in ("file", "link"):
        with pytest.raises(FileExistsError):
            durable.create_new(tmp_path / taken)
    assert (tmp_path / "file").read_bytes() == b"old"
    assert not (tmp_path / "elsewhere").exists()


def test_write_goes_on_after_a_short_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    durable.write_new(tmp_path / "f", memoryview(b"0123456789"))
    assert (tmp_path / "f").read_bytes() == b"0123456789"


def test_write_new_syncs_the_content(tmp_path: Path, calls: list[str]) -> None:
    durable.write_new(tmp_path / "f", b"content")
    assert calls == ["sync f"]


@pytest.mark.parametrize("verb", ["write", "sync_file"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_write_new_leaves_nothing_when_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, code: int
) -> None:
    def broken(*_: object) -> None:
        raise fail(code)

    monkeypatch.setattr(durable, verb, broken)
    with pytest.raises(OSError, match=os.strerror(code)):
        durable.write_new(tmp_path / "f", b"content")
    assert list(tmp_path.iterdir()) == []


def test_publish_renames_then_syncs_the_folder_and_never_replaces(tmp_path: Path, calls: list[str]) -> None:
    (tmp_path / "part").write_bytes(b"new")
    (tmp_path / "taken").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        durable.publish(tmp_path / "part", tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == b"old"
    durable.publish(tmp_path / "part", tmp_path / "final")
    assert calls == ["rename part", f"sync {tmp_path.name}"]
    assert (tmp_path / "final").read_bytes() == b"new"


def test_replace_syncs_the_content_before_the_name_and_then_the_folder(tmp_path: Path, calls: list[str]) -> None:
    (tmp_path / "f").write_bytes(b"old")
    durable.replace_atomically(tmp_path / "f", b"new")
    kinds = [(call.split()[0], call.endswith(".new")) for call in calls]
    assert kinds == [("sync", True), ("replace", True), ("sync", False)]
    assert (tmp_path / "f").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("verb", ["write", "sync_file"])
def test_replace_keeps_the_old_content_when_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    (tmp_path / "f").write_bytes(b"old")

    def broken(*_: object) -> None:
        raise fail(errno.ENOSPC)

    monkeypatch.setattr(durable, verb, broken)
    with pytest.raises(OSError, match="No space"):
        durable.replace_atomically(tmp_path / "f", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_replace_clears_what_a_crash_left_and_nothing_else(tmp_path: Path) -> None:
    for other in ("f.0123456789abcdef.new", "f.mine.new", "g.0123456789abcdef.new"):
        (tmp_path / other).write_bytes(b"half")
    durable.replace_atomically(tmp_path / "f", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "f.mine.new", "g.0123456789abcdef.new"]


def test_replace_gives_up_its_file_when_the_name_cannot_be_given(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(IsADirectoryError):
        durable.replace_atomically(tmp_path / "f", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_remove_syncs_the_folder_and_is_content_when_nothing_is_there(tmp_path: Path, calls: list[str]) -> None:
    (tmp_path / "f").write_bytes(b"x")
    durable.remove(tmp_path / "f")
    assert calls == ["unlink f", f"sync {tmp_path.name}"]
    durable.remove(tmp_path / "f")
    durable.remove(tmp_path / "no folder" / "f")
    assert list(tmp_path.iterdir()) == []


def test_each_new_folder_is_synced_into_its_parent(tmp_path: Path, calls: list[str]) -> None:
    durable.make_private_folder(tmp_path / "a" / "b")
    assert calls == ["mkdir a", f"sync {tmp_path.name}", "mkdir b", "sync a"]
    calls.clear()
    durable.make_private_folder(tmp_path / "a" / "b")
    assert calls == []


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        durable.make_private_folder(tmp_path / "a" / "b")


def test_only_an_empty_folder_is_removed(tmp_path: Path) -> None:
    (tmp_path / "full" / "f").parent.mkdir()
    (tmp_path / "full" / "f").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    assert not durable.remove_empty_folder(tmp_path / "full")
    assert durable.remove_empty_folder(tmp_path / "empty")
    assert durable.remove_empty_folder(tmp_path / "empty")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
