"""Key files on disk: private, whole or absent, durable before the call returns.

The verbs of vault.store.durable lie above this layer, so these few lines keep the same promises on their own: a reader
never sees a half-written file, and after a crash there is either the old content or the new one.
"""

import os
import secrets
from pathlib import Path

from keys.envelope import MAX_FILE_LEN
from keys.errors import (
    KeyFileError,
    KeyFileExistsError,
    KeyFileNotFoundError,
    KeyFilePermissionError,
    KeyFileUnavailableError,
)

_PRIVATE = 0o600
_OTHERS = 0o077  # every permission of group and world


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_beside(path: Path, data: bytes) -> Path:
    """Write a synced private file next to `path` and return its name."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def write_new_private(path: Path, data: bytes) -> None:
    """Write a key file of mode 0600 where there is none yet, durable on return.

    Raises:
        KeyFileExistsError: something is there already; it was not touched.
        KeyFileUnavailableError: the folder is missing, full or not writable.

    """
    try:
        temporary = _write_beside(path, data)
        try:
            # A link is the one way to name a finished file that fails if the name is taken.
            os.link(temporary, path)
        finally:
            temporary.unlink()
        _sync_folder(path.parent)
    except FileExistsError as exc:
        raise KeyFileExistsError(f"expected no file at {path}, got one") from exc
    except OSError as exc:
        raise KeyFileUnavailableError(f"cannot write {path}: {exc.strerror}") from exc


def replace_private(path: Path, data: bytes) -> None:
    """Put new content in the place of a key file in one step, durable on return.

    Raises:
        KeyFileNotFoundError: there is no key file to replace.
        KeyFileUnavailableError: the folder is full or not writable; the old content stays.

    """
    if not path.exists():
        raise KeyFileNotFoundError(f"expected a key file at {path}, got none")
    try:
        temporary = _write_beside(path, data)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as exc:
        raise KeyFileUnavailableError(f"cannot replace {path}: {exc.strerror}") from exc


def read_private(path: Path) -> bytes:
    """Return the bytes of a key file that only its owner can touch.

    Raises:
        KeyFileNotFoundError: there is none.
        KeyFilePermissionError: group or world may read, write or run it.
        KeyFileError: too large to be a key file.
        KeyFileUnavailableError: it cannot be read.

    """
    try:
        with path.open("rb") as file:
            # The mode is read from the open file: a check by name could be answered by another file.
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if mode & _OTHERS:
                raise KeyFilePermissionError(
                    f"expected {path} to be private (mode 600), got mode {mode:o}",
                    hint=f"run 'chmod 600 {path}', and consider what is in it seen by the others",
                )
            data = file.read(MAX_FILE_LEN + 1)
    except FileNotFoundError as exc:
        raise KeyFileNotFoundError(f"expected a key file at {path}, got none") from exc
    except OSError as exc:
        raise KeyFileUnavailableError(f"cannot read {path}: {exc.strerror}") from exc
    if len(data) > MAX_FILE_LEN:
        raise KeyFileError(f"expected a key file of at most {MAX_FILE_LEN} bytes at {path}")
    return data
