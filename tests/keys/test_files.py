import os
import stat
from pathlib import Path

import pytest

from keys import files
from keys.errors import (
    KeyFileError,
    KeyFileExistsError,
    KeyFileNotFoundError,
    KeyFilePermissionError,
    KeyFileUnavailableError,
)


def test_a_new_key_file_is_private_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        files.write_new_private(tmp_path / "key", b"data")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert files.read_private(tmp_path / "key") == b"data"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_key_file_is_never_overwritten_by_a_new_one(tmp_path):
    files.write_new_private(tmp_path / "key", b"old")
    with pytest.raises(KeyFileExistsError, match="expected no file at"):
        files.write_new_private(tmp_path / "key", b"new")
    assert files.read_private(tmp_path / "key") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileExistsError, match="expected no file at"):
        files.write_new_private(tmp_path / "key", b"new")
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_file_is_replaced_in_one_step(tmp_path):
    files.write_new_private(tmp_path / "key", b"old")
    files.replace_private(tmp_path / "key", b"new")
    assert files.read_private(tmp_path / "key") == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    with pytest.raises(KeyFileNotFoundError, match="expected a key file at"):
        files.replace_private(tmp_path / "other", b"new")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666])
def test_a_key_file_that_others_can_touch_is_refused(tmp_path, mode):  # KEYF-09
    files.write_new_private(tmp_path / "key", b"data")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(KeyFilePermissionError, match=f"mode 600.*got mode {mode:o}") as caught:
        files.read_private(tmp_path / "key")
    assert f"chmod 600 {tmp_path / 'key'}" in caught.value.hint


def test_what_is_not_there_or_not_readable_is_told(tmp_path):
    with pytest.raises(KeyFileNotFoundError, match="got none"):
        files.read_private(tmp_path / "key")
    with pytest.raises(KeyFileUnavailableError, match="cannot read"):
        files.read_private(tmp_path)
    with pytest.raises(KeyFileUnavailableError, match="cannot write"):
        files.write_new_private(tmp_path / "missing" / "key", b"data")


def test_a_file_too_large_for_a_key_file_is_refused(tmp_path):
    files.write_new_private(tmp_path / "key", bytes(8193))
    with pytest.raises(KeyFileError, match="at most 8192 bytes"):
        files.read_private(tmp_path / "key")


class _Log:
    """Records the durable steps in their order, and may fail one of them."""

    def __init__(self, monkeypatch, fail=None):
        self.steps = []
        fsync, link, replace = os.fsync, os.link, Path.replace

        def step(name, action):
            def run(*args):
                self.steps.append(name)
                if name == fail:
                    raise OSError(28, "No space left on device")
                return action(*args)

            return run

        monkeypatch.setattr(os, "link", step("name", link))
        monkeypatch.setattr(Path, "replace", step("name", replace))
        monkeypatch.setattr(
            os,
            "fsync",
            lambda fd: step("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file", fsync)(fd),
        )


def test_the_file_is_synced_before_it_is_named_and_the_folder_after(tmp_path, monkeypatch):
    log = _Log(monkeypatch)
    files.write_new_private(tmp_path / "key", b"data")
    files.replace_private(tmp_path / "key", b"more")
    assert log.steps == ["file", "name", "folder"] * 2


@pytest.mark.parametrize("step", ["file", "name"])
def test_a_full_disk_leaves_no_half_a_key_file(tmp_path, monkeypatch, step):
    files.write_new_private(tmp_path / "old", b"old")
    _Log(monkeypatch, fail=step)
    with pytest.raises(KeyFileUnavailableError, match="No space left on device"):
        files.write_new_private(tmp_path / "key", b"data")
    with pytest.raises(KeyFileUnavailableError, match="No space left on device"):
        files.replace_private(tmp_path / "old", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert files.read_private(tmp_path / "old") == b"old"
