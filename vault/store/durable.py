"""The few verbs through which the vault writes files, each with a stated promise about power loss.

Nobody else in `vault`, `retention`, `service` or `cli` opens a file for writing. Callers write `durable.verb(...)`,
through the module, so that a crash test can stop the process at any of them. Every verb raises OSError as the system
does; a store turns it into its own error.

What is synced is on the disk as far as the operating system can tell. A name is durable only when its folder is synced
too: a verb says which of the two it does.
"""

import contextlib
import fcntl
import glob
import os
import secrets
from pathlib import Path
from typing import TypeAlias

FILE_MODE = 0o600
FOLDER_MODE = 0o700

Bytes: TypeAlias = bytes | bytearray | memoryview


def create_new(path: Path) -> int:
    """Create a file that did not exist and return its descriptor. Promises nothing about power loss yet.

    Raises:
        FileExistsError: something of that name is there, a dangling link included.
        OSError: the folder is missing, full or read-only.

    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)


def write(descriptor: int, data: Bytes) -> int:
    """Write all of `data` and return its length in bytes. Promises nothing about power loss yet."""
    view = memoryview(data).cast("B")
    done = 0
    while done < len(view):
        done += os.write(descriptor, view[done:])
    return done


def sync_file(descriptor: int) -> None:
    """Make what was written to the file durable, but not its name. After an error the file must be given up.

    The kernel forgets a failed write once it has told of it, so a second sync would claim success.
    """
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync alone leaves the data in the drive's cache
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: what was created, renamed or removed in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: Bytes) -> None:
    """Create a file with this content and make the content durable; its name waits for `sync_folder`.

    When anything fails the file is removed again, as far as the disk lets us.

    Raises:
        FileExistsError: something of that name is there; it is left alone.
        OSError: from the disk.

    """
    descriptor = create_new(path)
    try:
        write(descriptor, data)
        sync_file(descriptor)
    except BaseException:
        # The first error is the one to tell; a remainder that cannot be removed now is found by its name later.
        with contextlib.suppress(OSError):
            remove_plain(path)
        raise
    finally:
        os.close(descriptor)


def publish(part: Path, final: Path) -> None:
    """Give a complete, synced file its final name, durable at return. It never replaces a file.

    The check and the rename are two steps: the caller makes sure that nobody else makes a different file of that name.

    Raises:
        FileExistsError: `final` exists.
        OSError: from the disk.

    """
    if os.path.lexists(final):
        raise FileExistsError(f"expected no file {final.name}, found one")
    part.rename(final)
    sync_folder(final.parent)


def replace_atomically(path: Path, data: Bytes) -> None:
    """Replace a small file: after a crash it holds either the old content or the new, never a mixture.

    Durable at return. Remainders of an earlier crash are cleared; of two that write at once, one may get an error.
    """
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    write_new(new, data)
    try:
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # as in write_new
            remove_plain(new)
        raise
    for remainder in path.parent.glob(f"{glob.escape(path.name)}.{'[0-9a-f]' * 16}.new"):
        remove_plain(remainder)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file if it is there; its absence is durable at return."""
    remove_plain(path)
    # Where the folder is gone, so is everything in it.
    with contextlib.suppress(FileNotFoundError):
        sync_folder(path.parent)


def remove_plain(path: Path) -> None:
    """Remove a file if it is there; after power loss it may be back."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def make_private_folder(path: Path) -> None:
    """Make a folder and its missing parents, open to their owner only; durable at return. One that exists is kept."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # somebody else made it meanwhile; a file there fails the next step
            folder.mkdir(FOLDER_MODE)
        sync_folder(folder.parent)


def remove_empty_folder(path: Path) -> bool:
    """Remove a folder if it is empty, and tell whether it is gone; after power loss it may be back, empty."""
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # not empty; or not ours to remove, which leaves an empty folder and harms nothing
    return True
