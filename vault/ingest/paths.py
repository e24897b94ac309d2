"""Find and open files below one folder, and nothing outside it.

Paths come from manifests that others wrote. They are relative to the folder, and what they lead to must be a regular
file inside it, wherever symbolic links point. A pipe or a device is never opened. POSIX only.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from keys.errors import StrongroomError
from vault.ingest.errors import FileMissingError, FileUnreadableError, NotAFileError, PathOutsideError

MAX_PATH_SIZE = 4096  # bytes, PATH_MAX of Linux
IGNORED_NAMES = ("Thumbs.db", "desktop.ini")  # what Windows leaves beside files; names with a leading dot go as well

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def parts_of(path: str | Path) -> tuple[str, ...]:
    """Return the names along a relative path.

    Raises:
        PathOutsideError: it is absolute, empty or too long, climbs with '..', or holds a NUL.

    """
    text = os.fspath(path)
    if not text or "\0" in text or len(os.fsencode(text)) > MAX_PATH_SIZE:
        raise PathOutsideError(f"expected a path of 1 to {MAX_PATH_SIZE} bytes, got none or a longer or malformed one")
    pure = PurePosixPath(text)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise PathOutsideError("expected a relative path without '..', got one that may leave the folder")
    return pure.parts


def resolve_inside(folder: Path, path: str | Path) -> Path:
    """Return `path`, taken relative to `folder`, as a relative path free of symbolic links to a regular file.

    The answer can be out of date at once: what counts is what `open_regular` finds.

    Raises:
        PathOutsideError: it leaves the folder, by itself or through a symbolic link.
        NotAFileError: it is a folder, a pipe, a device or a socket.
        FileMissingError: there is nothing.
        FileUnreadableError: the system does not let us look.

    """
    names = parts_of(path)
    with _translated():
        place = os.fspath(folder)
        mode = 0
        for name in names:
            place = f"{place}/{name}"
            mode = os.lstat(place).st_mode
            if stat.S_ISLNK(mode):
                return _through_links(folder, names)
        if not stat.S_ISREG(mode):
            raise NotAFileError(f"expected a regular file, got {_kind_of(mode)}")
        return Path(*names)


def _through_links(folder: Path, names: tuple[str, ...]) -> Path:
    base = folder.resolve(strict=True)
    try:
        real = base.joinpath(*names).resolve(strict=True)
    except RuntimeError as exc:  # how Python before 3.13 reports a loop of links
        raise NotAFileError("expected a regular file, got a loop of symbolic links") from exc
    if not real.is_relative_to(base):
        raise PathOutsideError("expected a file inside the folder, got a symbolic link that leads out of it")
    mode = real.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise NotAFileError(f"expected a regular file, got {_kind_of(mode)}")
    return real.relative_to(base)


def open_regular(folder: Path, path: str | Path) -> BinaryIO:
    """Open the regular file at `path`, taken relative to `folder`, for reading; the caller closes it.

    Every step is opened relative to the one before without following a link, so nobody can swap in a link between
    the check and the opening. Links that stay inside the folder are resolved first.

    Raises:
        PathOutsideError: it leaves the folder, by itself or through a symbolic link.
        NotAFileError: it is a folder, a pipe, a device or a socket.
        FileMissingError: there is nothing.
        FileUnreadableError: the system does not let us open it.

    """
    names = resolve_inside(folder, path).parts
    with _translated(), ExitStack() as opened:
        at = _keep(opened, os.open(folder, _OPEN_FOLDER))
        for name in names[:-1]:
            at = _keep(opened, os.open(name, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=at))
        file = os.open(names[-1], _OPEN_FILE, dir_fd=at)
        mode = os.fstat(file).st_mode
        if not stat.S_ISREG(mode):
            os.close(file)
            raise NotAFileError(f"expected a regular file, got {_kind_of(mode)}")
        return os.fdopen(file, "rb")


def _keep(opened: ExitStack, descriptor: int) -> int:
    opened.callback(os.close, descriptor)
    return descriptor


def walk(folder: Path) -> Iterator[Path | tuple[Path, StrongroomError]]:
    """Yield the regular files below `folder` as relative paths, in a fixed order; errors come with their path.

    Order: by name within a folder, folders in their place, compared by code point. Names that begin with a dot
    and IGNORED_NAMES are passed over without a word. Links, pipes, devices and sockets are reported, not followed:
    a link inside the folder leads to a file that is found anyway. Memory is that of the largest folder's names.
    """
    left = [_entries(folder, Path())]  # a stack, since folders may be nested deeper than Python calls may
    while left:
        found = next(left[-1], None)
        if found is None:
            left.pop()
        elif isinstance(found, _Folder):
            left.append(_entries(folder, found.path))
        else:
            yield found


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path


def _entries(folder: Path, below: Path) -> Iterator[Path | tuple[Path, StrongroomError] | _Folder]:
    try:
        with _translated(), os.scandir(folder / below) as entries:
            found = sorted((entry.name, _mode(entry)) for entry in entries)
    except StrongroomError as exc:
        yield below, exc
        return
    for name, mode in found:
        if name.startswith(".") or name in IGNORED_NAMES:
            continue
        if stat.S_ISDIR(mode):
            yield _Folder(below / name)
        elif stat.S_ISREG(mode):
            yield below / name
        else:
            yield below / name, NotAFileError(f"expected a regular file, got {_kind_of(mode)}")


def _mode(entry: os.DirEntry[str]) -> int:
    # The type is in the entry itself; asking for the rest would cost a system call a file.
    if entry.is_symlink():
        return stat.S_IFLNK
    if entry.is_dir(follow_symlinks=False):
        return stat.S_IFDIR
    return stat.S_IFREG if entry.is_file(follow_symlinks=False) else entry.stat(follow_symlinks=False).st_mode


def _kind_of(mode: int) -> str:
    names = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a symbolic link",
    }
    return names.get(stat.S_IFMT(mode), "something else")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the system says into our errors."""
    try:
        yield
    except FileNotFoundError as exc:
        raise FileMissingError("expected a file, got nothing at that path") from exc
    except NotADirectoryError as exc:
        raise NotAFileError("expected a folder along the path, got something else") from exc
    except OSError as exc:
        raise FileUnreadableError(f"expected a readable file, got: {exc.strerror}") from exc
