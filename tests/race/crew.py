"""Processes that race: each has the same vault open, all start their jobs from one barrier, again and again."""

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any, Final

from service.assembly import Vault
from tests import vaults

PATIENCE: Final = 120.0  # seconds after which a child is taken for stuck
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Signals:
    """Two flags by which jobs of one race wait for each other; all down when a race starts."""

    read: Event
    placed: Event


@dataclass(frozen=True, slots=True)
class Job:
    """What one process does in a race: `work(vault, signals, *args)`, after a delay in seconds."""

    work: Callable[..., Any]
    args: tuple[Any, ...] = ()
    delay: float = 0.0
    at: datetime = vaults.START


@dataclass(frozen=True, slots=True)
class Failure:
    """What a job raised."""

    kind: str
    text: str


def _rest(_vault: Vault, _signals: Signals) -> None:
    """Take no part in this race."""


def _child(pipe: Connection, barrier: Barrier, signals: Signals, home: Path, environment: Mapping[str, str]) -> None:
    clock = vaults.StandingClock()
    with vaults.opened(home, clock, environment) as vault:
        _ = vault.keyring, vault.index, vault.signing_key  # opening keys is slow and no part of a race
        pipe.send(None)
        while (job := pipe.recv()) is not None:
            clock.instant = job.at
            barrier.wait(PATIENCE)
            time.sleep(job.delay)
            try:
                answer = job.work(vault, signals, *job.args)
            except Exception as exc:  # noqa: BLE001 - whatever it is, the parent judges it
                answer = Failure(type(exc).__name__, str(exc))
            pipe.send(answer)


class Crew:
    """Some processes with one vault open; `race` starts one job in each at the same moment."""

    def __init__(self, home: Path, environment: Mapping[str, str], size: int) -> None:
        barrier = _SPAWN.Barrier(size)
        self._signals = Signals(_SPAWN.Event(), _SPAWN.Event())
        self._pipes: list[Connection] = []
        self._children: list[BaseProcess] = []
        for _ in range(size):
            ours, theirs = _SPAWN.Pipe()
            child = _SPAWN.Process(
                target=_child, args=(theirs, barrier, self._signals, home, dict(environment)), daemon=True
            )
            child.start()
            theirs.close()
            self._pipes.append(ours)
            self._children.append(child)
        for pipe in self._pipes:
            _answer(pipe)

    def race(self, *jobs: Job) -> list[Any]:
        """Run the jobs side by side and return what each returned, or its Failure."""
        for signal in (self._signals.read, self._signals.placed):
            signal.clear()
        spare = len(self._pipes) - len(jobs)
        for pipe, job in zip(self._pipes, [*jobs, *[Job(_rest)] * spare], strict=True):
            pipe.send(job)
        return [_answer(pipe) for pipe in self._pipes][: len(jobs)]

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.send(None)
        for child, pipe in zip(self._children, self._pipes, strict=True):
            child.join(10)
            if child.is_alive():
                child.kill()
                child.join()
            child.close()
            pipe.close()


def _answer(pipe: Connection) -> Any:
    if not pipe.poll(PATIENCE):
        raise AssertionError("a racing process is stuck")
    return pipe.recv()


@contextlib.contextmanager
def crew(home: Path, environment: Mapping[str, str], size: int) -> Iterator[Crew]:
    """Yield a crew that is ended in the end."""
    found = Crew(home, environment, size)
    try:
        yield found
    finally:
        found.close()


def done(*answers: Any) -> None:
    """Assert that no job failed."""
    assert [a for a in answers if isinstance(a, Failure)] == []
