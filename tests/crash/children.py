"""Processes that a test starts, listens to, and kills.

They come from the standard library's fork server, which has everything imported and neither threads nor connections of
its own: a fork of pytest itself would have both.
"""

import multiprocessing
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, Concatenate, ParamSpec, TypeAlias

Tell: TypeAlias = Callable[[object], None]
P = ParamSpec("P")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.crash.stages", "pytest"])


@dataclass(frozen=True, slots=True)
class _Failure:
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended and what it told before, in order."""

    killed: bool
    told: list[Any] = field(default_factory=list)


class Child:
    """A running child; `work` gets a function that tells the parent something, then its arguments."""

    def __init__(self, work: Callable[Concatenate[Tell, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        self._heard, tells = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_main, args=(tells, work, args, kwargs))
        self._process.start()
        tells.close()

    def listen(self) -> Any:
        """Return the next thing the child tells."""
        return self._heard.recv()

    def kill(self) -> None:
        """Kill the child at whatever it is doing."""
        self._process.kill()

    def wait(self) -> Ended:
        """Hear the child out; what it failed with fails the test."""
        told: list[Any] = []
        try:
            while True:
                told.append(self._heard.recv())
        except EOFError:  # also when it died in the middle of a word
            pass
        finally:
            self._heard.close()
        self._process.join()
        code = self._process.exitcode
        self._process.close()
        failures = [word.text for word in told if isinstance(word, _Failure)]
        assert not failures, failures[0]
        assert code in (0, -signal.SIGKILL), f"expected a child that ends or is killed, got status {code}"
        return Ended(code != 0, told)


def barrier(parties: int) -> Barrier:
    """Return a starting line for that many children."""
    return _context.Barrier(parties)


def run(work: Callable[Concatenate[Tell, P], None], *args: P.args, **kwargs: P.kwargs) -> Ended:
    """Run a child to its end."""
    return Child(work, *args, **kwargs).wait()


def _main(tells: "Connection[Any, Any]", work: Callable[..., None], args: Any, kwargs: Any) -> None:
    try:
        work(tells.send, *args, **kwargs)
    except BaseException:  # noqa: BLE001 - the parent is told of everything
        tells.send(_Failure(traceback.format_exc()))
