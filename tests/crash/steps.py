"""Count every durable step a process takes, and die at one of them.

Steps are the moments before and after each verb of `vault.store.durable`, each commit of the catalog, each scrub and
each put, delete and lock of a store; the moment in the middle of each write; and the moment before anything else in
Python creates, opens for writing, renames or removes a file of the vault, whoever does it. What is installed here stays
for the life of the process, so it is for child processes only.
"""

import contextlib
import inspect
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Connection

from retention import purge
from vault.archive import Archiver
from vault.catalog import deletions
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
        self._count, self._last, self._home = 0, last, str(home)
        self._lock = threading.Lock()
        self._inside = threading.local()  # whether this thread is in a durable verb, whose own calls are not counted

    def at(self, kind: str) -> None:
        with self._lock:
            self._count += 1
            self.kinds[kind] += 1
            if self._count == self._last:
                die()

    def install(self) -> None:
        for name in VERBS:
            setattr(durable, name, self._verb(name, getattr(durable, name)))
        for owner in (FileStore, S3Store):
            for name in ("put", "delete", "lock"):
                setattr(owner, name, self._around(f"store.{name}", getattr(owner, name)))
        Catalog.scrub = self._around("scrub", Catalog.scrub)  # type: ignore[method-assign]
        Catalog.write = self._write(Catalog.write)  # type: ignore[assignment, method-assign]
        sys.addaudithook(self._audit)

    def _around(self, kind: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.at(f"{kind} before")
            result = act(*args, **kwargs)
            self.at(f"{kind} after")
            return result

        return stepped

    def _verb(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        if name == "write":
            verb = self._in_two(verb)
        stepped = self._around(f"durable.{name}", verb)

        def inside(*args: Any, **kwargs: Any) -> Any:
            before = getattr(self._inside, "verb", False)
            self._inside.verb = True
            try:
                return stepped(*args, **kwargs)
            finally:
                self._inside.verb = before

        return inside

    def _in_two(self, write: Callable[[int, durable.Bytes], int]) -> Callable[[int, durable.Bytes], int]:
        def halves(descriptor: int, data: durable.Bytes) -> int:
            view = memoryview(data).cast("B")
            done = write(descriptor, view[: len(view) // 2])
            self.at("durable.write half")
            return done + write(descriptor, view[done:])

        return halves

    def _write(self, write: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def stepped(catalog: Catalog, *, lock: int | None = None) -> Iterator[Connection]:
            with write(catalog, lock=lock) as connection:
                yield connection
                self.at("commit before")
            self.at("commit after")

        return stepped

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _CHANGES and not (event == "open" and isinstance(args[2], int) and args[2] & _WRITES):
            return
        ours = isinstance(args[0], str | os.PathLike) and os.fspath(args[0]).startswith(self._home)
        if ours and not getattr(self._inside, "verb", False):
            self.at(f"file {event}")


def cross_many_batches() -> None:
    """Make batches so small that a run over a few recordings crosses several of them."""
    intake.CHUNK = 2
    purge.BATCH = 2
    deletions.BATCH = 3
    journal.BATCH = 4
    Archiver.due.__kwdefaults__["limit"] = 2
