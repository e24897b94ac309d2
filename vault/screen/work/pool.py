"""Worker processes, each with one job at a time: what dies, hangs or grows too big costs its own job and no other.

Why not a pool of a library: `concurrent.futures` gives every job up when one worker dies. Pebble does not, but its
workers share one pipe, so that one that is killed while writing spoils it for all, each can read the jobs (here: the
keys) of the others, and the parent unpickles what comes out of them. Here every worker has a socket of its own.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Self, TypeAlias

from keys.errors import StrongroomError
from vault.model import RenditionName
from vault.screen.errors import WorkerError
from vault.screen.work import wire
from vault.screen.work.job import Job, Result
from vault.screen.work.wire import Frames, Word
from vault.screen.work.worker import BOOT, ENVIRONMENT, OUT_OF_MEMORY

WORK: Final = "vault.screen.work.job:run"
_LOOK: Final = 0.25  # seconds between two looks at time and memory
_CHUNK: Final = 2**20  # bytes
_STATM: Final = "/proc/{}/statm"
_RENDITIONS: Final = {Word.REDACTED: RenditionName.REDACTED, Word.TRANSCRIPT: RenditionName.TRANSCRIPT}


@dataclass(frozen=True, slots=True)
class Died:
    """The worker died over the job, or was killed because it grew too big."""

    reason: str


@dataclass(frozen=True, slots=True)
class Overran:
    """The job took longer than it may."""

    seconds: float


End: TypeAlias = Result | Died | Overran | StrongroomError
"""How a job ended."""


@dataclass(eq=False, slots=True)
class Task:
    """A job, what goes with it, and where what it hands out is put."""

    job: Job
    source: BinaryIO
    seconds: float  # it may take
    write: Callable[[RenditionName, bytes | memoryview], None]
    progress: Callable[[float], None] = lambda _: None


@dataclass(eq=False, slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    frames: Frames = field(default_factory=Frames)
    is_ready: bool = False
    task: Task | None = None
    since: float = 0.0
    fault: StrongroomError | None = None  # of the parent's own: what the worker still says is not wanted


class Pool:
    """A few worker processes, started when they are needed; a context manager that leaves none behind."""

    def __init__(self, workers: int, *, memory: int, work: str = WORK) -> None:
        """Take how many workers there may be, the bytes of memory each may take, and what they run."""
        self._size, self._memory, self._work = workers, memory, work
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._ended: list[tuple[Task, End]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in list(self._workers):
            self._stop(worker)
        self._selector.close()

    @property
    def tasks(self) -> list[Task]:
        """The tasks at work."""
        return [worker.task for worker in self._workers if worker.task is not None]

    @property
    def has_room(self) -> bool:
        """Whether another task can be begun now."""
        return len(self.tasks) < self._size

    @property
    def pids(self) -> list[int]:
        """The processes at work."""
        return [worker.process.pid for worker in self._workers]

    def begin(self, task: Task) -> None:
        """Begin a task; there must be room."""
        worker = next((w for w in self._workers if w.task is None), None) or self._start()
        worker.task, worker.fault = task, None
        if worker.is_ready:
            self._hand_over(worker)

    def collect(self) -> list[tuple[Task, End]]:
        """Wait for a moment; return what ended in it."""
        for key, _ in self._selector.select(_LOOK):
            self._hear(key.data)
        for worker in list(self._workers):
            self._watch(worker)
        ended, self._ended = self._ended, []
        return ended

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            words = (str(theirs.fileno()), str(os.getpid()), str(self._memory), self._work)
            arguments = [*words, *(path or str(Path.cwd()) for path in sys.path)]
            process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-c", BOOT, *arguments], pass_fds=(theirs.fileno(),), env=ENVIRONMENT, cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0,
            )  # fmt: skip
        worker = _Worker(process, ours)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def _hand_over(self, worker: _Worker) -> None:
        if worker.task is None:
            return
        worker.since = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died: heard of in a moment
            wire.send_job(worker.channel, worker.task.job, worker.task.source)

    def _hear(self, worker: _Worker) -> None:
        try:
            data = worker.channel.recv(_CHUNK)
        except ConnectionResetError:
            data = b""
        if not data:
            self._bury(worker)
            return
        try:
            for word, body in worker.frames.feed(data):
                self._take(worker, word, body)
        except WorkerError as exc:
            self._stop(worker, exc)

    def _take(self, worker: _Worker, word: Word, body: bytes) -> None:
        task = worker.task
        if word is Word.READY and not worker.is_ready:
            worker.is_ready = True
            self._hand_over(worker)
        elif task is None or word in {Word.JOB, Word.READY}:
            raise WorkerError("expected a worker to speak of its job only")
        elif word is Word.PROGRESS:
            task.progress(wire.seconds_of(body))
        elif word in _RENDITIONS:
            self._put(worker, task, _RENDITIONS[word], body)
        else:
            end = wire.decode_result(body) if word is Word.RESULT else wire.decode_error(body)
            self._end(worker, worker.fault or end)

    def _put(self, worker: _Worker, task: Task, rendition: RenditionName, body: bytes) -> None:
        if worker.fault is None:
            try:
                task.write(rendition, body)
            except StrongroomError as exc:
                worker.fault = exc

    def _watch(self, worker: _Worker) -> None:
        if worker.task is None or not worker.is_ready:
            return
        spent = time.monotonic() - worker.since
        if spent > worker.task.seconds:
            self._stop(worker, Overran(worker.task.seconds))
        elif (taken := _resident(worker.process.pid)) > self._memory:
            self._stop(worker, Died(f"it took {taken >> 20} MiB of memory, of {self._memory >> 20} allowed"))

    def _bury(self, worker: _Worker) -> None:
        worker.process.wait()
        how = _how_ended(worker.process.returncode, self._memory)
        if worker.is_ready:
            self._stop(worker, Died(f"the worker ended, {how}"))
        else:  # no job's fault
            self._stop(worker, WorkerError(f"a worker could not start: it ended, {how}"))

    def _stop(self, worker: _Worker, end: End | None = None) -> None:
        """Take a worker away; its job ended like that."""
        worker.process.kill()
        worker.process.wait()
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        if end is not None:
            self._end(worker, worker.fault or end)

    def _end(self, worker: _Worker, end: End) -> None:
        if worker.task is not None:
            self._ended.append((worker.task, end))
            worker.task = None


def _how_ended(code: int, memory: int) -> str:
    """Return how a process ended, by its exit status, and what that most often means."""
    if code == OUT_OF_MEMORY:
        return f"since it asked for far more than the {memory >> 20} MiB of memory allowed"
    if code == -signal.SIGKILL:
        return "killed by SIGKILL: by the system for want of memory, or by hand"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"


def _resident(pid: int) -> int:
    """Return the bytes of memory a process has; 0 where the system does not tell."""
    try:
        pages = Path(_STATM.format(pid)).read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
