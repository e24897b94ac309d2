"""Count every durable step a process takes, and die at one of them.

Moments are: before and after each verb of `vault.store.durable`, in the middle of each write, before and after each
commit of the catalog, each scrub, each put, delete and lock of a store and each request to a server; and before
anything else in Python creates, opens for writing, renames, changes or removes a file of the vault, whoever does it.
A step is the first moment after something changed outside the process: two moments between which nothing did leave
the same to find, so dying at one of them is enough.

What is installed here stays for the life of the process, so it is for child processes only.
"""

import contextlib
import errno
import inspect
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from botocore.httpsession import URLLib3Session
from sqlalchemy import Connection

from retention.destroy import purge
from vault import deletions
from vault.archive import Archiver
from vault.catalog.engine import Catalog
from vault.ingest import intake
from vault.log import journal
from vault.store import durable
from vault.store.file import FileStore
from vault.store.s3 import S3Store

VERBS = sorted(
    name
    for name, verb in vars(durable).items()
    if inspect.isfunction(verb) and verb.__module__ == durable.__name__ and not name.startswith("_")
)
"""Every verb of the durable layer, so that a new one is covered the day it is written."""

_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "os.truncate"})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def die() -> NoReturn:
    """End this process as a power cut or the kernel's memory killer would: nothing of ours runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # the signal may need a moment; nothing may happen meanwhile
        signal.pause()


class Steps:
    """The steps taken so far by all threads; at step `last` the process dies."""

    def __init__(self, last: int, home: Path) -> None:
        self.kinds: Counter[str] = Counter()
        self.count = 0
        self._last, self._home = last, str(home)
        self._changed = True
        self._lock = threading.RLock()

    def at(self, kind: str, *, changed: bool = False) -> None:
        """Note a moment; `changed` tells that something outside the process is not what it was before it."""
        with self._lock:
            self.kinds[kind] += 1
            if self._changed or changed:
                self._changed = False
                self.count += 1
                if self.count == self._last:
                    die()

    def install(self) -> None:
        for name in VERBS:
            verb = getattr(durable, name)
            setattr(durable, name, self._around(f"durable.{name}", self._in_two(verb) if name == "write" else verb))
        for owner in (FileStore, S3Store):
            for name in ("put", "delete", "lock"):
                if hasattr(owner, name):
                    setattr(owner, name, self._around(f"store.{name}", getattr(owner, name)))
        Catalog.scrub = self._around("scrub", Catalog.scrub, changes=True)  # type: ignore[method-assign]
        Catalog.write = self._write(Catalog.write)  # type: ignore[method-assign]
        URLLib3Session.send = self._around("request", URLLib3Session.send, changes=True)
        sys.addaudithook(self._audit)

    def _around(self, kind: str, act: Callable[..., Any], *, changes: bool = False) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.at(f"{kind} before")
            result = act(*args, **kwargs)
            self.at(f"{kind} after", changed=changes)
            return result

        return stepped

    def _in_two(self, write: Callable[[int, durable.Bytes], int]) -> Callable[[int, durable.Bytes], int]:
        def halves(descriptor: int, data: durable.Bytes) -> int:
            view = memoryview(data).cast("B")
            done = write(descriptor, view[: len(view) // 2])
            self.at("durable.write half", changed=True)
            done += write(descriptor, view[done:])
            self._changed = True
            return done

        return halves

    def _write(self, write: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def stepped(catalog: Catalog, *, lock: int | None = None) -> Iterator[Connection]:
            with write(catalog, lock=lock) as connection:
                yield connection
                self.at("commit before")
            self.at("commit after", changed=True)

        return stepped

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _CHANGES and not (event == "open" and isinstance(args[2], int) and args[2] & _WRITES):
            return
        if isinstance(args[0], str | os.PathLike) and os.fspath(args[0]).startswith(self._home):
            self.at(f"file {event}")
            self._changed = True  # by what comes next


class FullDisk:
    """A disk that takes so many writes and half of the next; after that it is full for this process."""

    def __init__(self, writes: int) -> None:
        self.was_full = False
        self._left = writes
        self._lock = threading.Lock()

    def install(self) -> None:
        write = durable.write

        def full(descriptor: int, data: durable.Bytes) -> int:
            with self._lock:
                self._left -= 1
                if self._left >= 0:
                    return write(descriptor, data)
                if self._left == -1:
                    view = memoryview(data).cast("B")
                    write(descriptor, view[: len(view) // 2])
                self.was_full = True
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        durable.write = full


def cross_many_batches() -> None:
    """Make batches so small that a run over a few recordings crosses several of them."""
    intake.CHUNK = 2
    purge.BATCH = 2
    deletions.BATCH = 3
    journal.BATCH = 4
    Archiver.due.__kwdefaults__ = {"limit": 2}
