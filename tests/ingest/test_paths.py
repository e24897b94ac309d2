"""Nothing outside the folder is opened, whatever path or link says so, and nothing but regular files."""

import inspect
import os
import socket
import sys
from pathlib import Path

import pytest

from vault.ingest import paths
from vault.ingest.errors import FileMissingError, FileUnreadableError, NotAFileError, PathOutsideError
from vault.ingest.paths import open_regular, resolve_inside, walk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "day").mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"a")
    (folder / "day" / "b.wav").write_bytes(b"b")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.wav").write_bytes(b"secret")
    return folder


def content(folder: Path, path: str) -> bytes:
    with open_regular(folder, path) as stream:
        return stream.read()


@pytest.mark.parametrize(("path", "expected"), [("a.wav", b"a"), ("day/b.wav", b"b"), ("./day//./b.wav", b"b")])
def test_files_inside_are_opened(tree: Path, path: str, expected: bytes) -> None:
    assert content(tree, path) == expected


@pytest.mark.parametrize(
    "path", ["../secret", "day/../../secret", "day/../a.wav", "/etc/passwd", "", ".", "..", "a\0b"]
)
def test_a_path_that_may_leave_the_folder_is_refused(tree: Path, path: str) -> None:
    for refuse in (resolve_inside, open_regular):
        with pytest.raises(PathOutsideError):
            refuse(tree, path)


def test_a_link_out_of_the_folder_is_refused(tree: Path) -> None:
    (tree / "out").symlink_to("../secret")
    (tree / "far").symlink_to(tree.parent / "elsewhere")
    for path in ("out", "far/c.wav"):
        for refuse in (resolve_inside, open_regular):
            with pytest.raises(PathOutsideError, match="symbolic link"):
                refuse(tree, path)


def test_links_inside_the_folder_are_followed(tree: Path) -> None:
    (tree / "today").symlink_to("day")
    (tree / "latest").symlink_to("today/b.wav")
    assert (content(tree, "today/b.wav"), content(tree, "latest")) == (b"b", b"b")
    assert resolve_inside(tree, "latest") == Path("day/b.wav")


def test_the_folder_itself_may_be_reached_through_a_link(tree: Path) -> None:
    link = tree.parent / "link"
    link.symlink_to(tree)
    (tree / "latest").symlink_to("day/b.wav")
    assert (content(link, "a.wav"), content(link, "latest")) == (b"a", b"b")


def test_a_neighbour_with_the_same_beginning_is_outside(tree: Path) -> None:
    twin = tree.parent / "inside"
    twin.mkdir()
    (twin / "x").write_bytes(b"secret")
    (tree / "x").symlink_to(twin / "x")
    with pytest.raises(PathOutsideError):
        open_regular(tree, "x")


def test_folders_pipes_devices_sockets_and_loops_are_no_files(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tree / "pipe")
    (tree / "loop").symlink_to("loop")
    monkeypatch.chdir(tree)  # the address of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    for path, kind in (("day", "a folder"), ("pipe", "a pipe"), ("socket", "a socket")):
        with pytest.raises(NotAFileError, match=kind):
            open_regular(tree, path)
    with pytest.raises((NotAFileError, FileUnreadableError)):
        open_regular(tree, "loop")
    with pytest.raises(NotAFileError, match="along the path"):
        open_regular(tree, "a.wav/x")
    with pytest.raises(NotAFileError, match="a device"):
        open_regular(Path("/dev"), "null")


def test_what_is_not_there_is_missing(tree: Path) -> None:
    (tree / "dangling").symlink_to("nothing")
    for path in ("nothing", "day/nothing", "dangling"):
        with pytest.raises(FileMissingError):
            open_regular(tree, path)


@pytest.mark.parametrize("victim", ["a.wav", "day/b.wav"])
def test_a_link_swapped_in_after_the_check_is_not_followed(
    tree: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    checked = resolve_inside

    def check_then_swap(folder: Path, path: str) -> Path:
        found = checked(folder, path)
        if victim == "a.wav":
            (tree / "a.wav").rename(tree / "moved")
            (tree / "a.wav").symlink_to("../secret")
        else:
            (tree / "day").rename(tree / "moved")
            (tree / "day").symlink_to("../elsewhere")
            (tree.parent / "elsewhere" / "b.wav").write_bytes(b"secret")
        return found

    monkeypatch.setattr(paths, "resolve_inside", check_then_swap)
    with pytest.raises((NotAFileError, FileUnreadableError)):
        open_regular(tree, victim)


def test_a_pipe_swapped_in_after_the_check_does_not_block(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_then_swap(_folder: Path, path: str) -> Path:
        (tree / path).unlink()
        os.mkfifo(tree / path)
        return Path(path)

    monkeypatch.setattr(paths, "resolve_inside", check_then_swap)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(NotAFileError, match="a pipe"):
        open_regular(tree, "a.wav")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_opening_leaks_no_descriptor(tree: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    content(tree, "day/b.wav")
    with pytest.raises(NotAFileError):
        open_regular(tree, "day")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_error_does_not_quote_the_path(tree: Path) -> None:
    with pytest.raises(FileMissingError) as caught:
        open_regular(tree, "12125550142.wav")
    assert "2125550142" not in str(caught.value)


def test_walking_is_sorted_and_passes_over_hidden_files(tree: Path) -> None:
    for name in ("B.wav", ".hidden", ".DS_Store", "Thumbs.db", "day/.x", "z.wav"):
        (tree / name).write_bytes(b"")
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_bytes(b"")
    assert list(walk(tree)) == [Path("B.wav"), Path("a.wav"), Path("day/b.wav"), Path("z.wav")]


def test_walking_reports_what_it_cannot_take_and_goes_on(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "link").symlink_to("a.wav")
    os.mkfifo(tree / "pipe")
    (tree / "zz").mkdir()
    (tree / "zz" / "c.wav").write_bytes(b"")
    scan = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "day":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    answers = list(walk(tree))
    assert [a for a in answers if isinstance(a, Path)] == [Path("a.wav"), Path("zz/c.wav")]
    errors = {str(a[0]): type(a[1]) for a in answers if isinstance(a, tuple)}
    assert errors == {"day": FileUnreadableError, "link": NotAFileError, "pipe": NotAFileError}


def test_walking_a_folder_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    ((path, error),) = walk(tmp_path / "none")  # type: ignore[misc]
    assert (path, type(error)) == (Path(), FileMissingError)


def test_walking_copes_with_folders_nested_deeper_than_python_calls(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "x.wav").write_bytes(b"")
    limit, depth = sys.getrecursionlimit(), len(inspect.stack(0))
    sys.setrecursionlimit(depth + 100)
    try:
        found = list(walk(tmp_path))
    finally:
        sys.setrecursionlimit(limit)
    assert found == [deep.relative_to(tmp_path) / "x.wav"]
