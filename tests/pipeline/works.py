"""What workers are made to run in tests, in place of `vault.screen.work.job.run`: dying, hanging, growing, lying."""

import contextlib
import json
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from vault.errors import StoreUnavailableError
from vault.model import RenditionName
from vault.screen.options import Options
from vault.screen.outcome import Redaction
from vault.screen.work import job
from vault.screen.work.job import Job, Outlet, Result
from vault.screen.work.parts import Parts

POISON = b"poison"


def content_of(work: Job, sealed: BinaryIO) -> bytes:
    """Return the plaintext of the original; the file is where it was afterwards."""
    from vault.sealed.format import associated_data
    from vault.sealed.reader import open_all

    data = sealed.read()
    sealed.seek(0)
    return open_all(data, work.key, associated_data(work.recording, RenditionName.ORIGINAL))


def only_poison(act: Callable[[Job, Outlet], None]) -> Any:
    """Return work that does something to what holds POISON, then screens as usual."""

    def work(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
        if POISON in content_of(one, sealed):
            act(one, outlet)
        return job.run(one, sealed, parts, outlet)

    return work


def _die(_job: Job, _outlet: Outlet) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_while_writing(_job: Job, outlet: Outlet) -> None:
    outlet.write(RenditionName.REDACTED, memoryview(b"half a blob"))
    os.kill(os.getpid(), signal.SIGKILL)


def _exit(_job: Job, _outlet: Outlet) -> None:
    os._exit(3)


def _run_out_of_memory(_job: Job, _outlet: Outlet) -> None:
    raise MemoryError


def _die_at_first(one: Job, outlet: Outlet) -> None:
    seen = one.scratch / "tried-once"
    if not seen.exists():
        seen.touch()
        _die(one, outlet)
    seen.unlink()


def _hang(_job: Job, _outlet: Outlet) -> None:
    while True:
        time.sleep(60)


def _grow(_job: Job, outlet: Outlet) -> None:
    kept = b"x" * (3 * 2**27)
    while kept:
        outlet.progress(1.0)
        time.sleep(1)


def _ask_for_much(_job: Job, _outlet: Outlet) -> None:
    kept = bytearray(2**36)
    while kept:
        time.sleep(60)


def _garble(_job: Job, outlet: Any) -> None:
    outlet._channel.sendall(b"\xff" * 64)
    _hang(_job, outlet)


def _fail(_job: Job, _outlet: Outlet) -> None:
    raise StoreUnavailableError("the store is away")


class OddError(Exception):
    """An error that no other process could put together again."""

    def __init__(self, first: object, second: object) -> None:
        super().__init__("4111 1111 1111 1111")
        self.parts = (first, second, lambda: None)


def _raise_odd(_job: Job, _outlet: Outlet) -> None:
    raise OddError(1, 2)


class _Odd(Parts):
    def redact(self, *args: Any, **kwargs: Any) -> Redaction:
        raise OddError(1, 2)


class _Blind(Parts):
    """A first pass that sees nothing: what it leaves is for the gate to find."""

    def redact(self, media_type: str, source: BinaryIO, sink: Any, options: Options, on_progress: Any) -> Redaction:
        on_progress(1.0)
        sink.write(source.read())
        return Redaction((), (), media_type)


die = only_poison(_die)
die_while_writing = only_poison(_die_while_writing)
leave = only_poison(_exit)
run_out_of_memory = only_poison(_run_out_of_memory)
die_at_first = only_poison(_die_at_first)
hang = only_poison(_hang)
grow = only_poison(_grow)
ask_for_much = only_poison(_ask_for_much)
garble = only_poison(_garble)
fail = only_poison(_fail)


def blind(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    return job.run(one, sealed, _Blind(), outlet)


def odd(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    return job.run(one, sealed, _Odd(), outlet)


def lie(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    told = job.run(one, sealed, parts, outlet)
    assert told.redacted is not None
    return replace(told, redacted=replace(told.redacted, sealed_sha256=bytes(32)))


def say_nothing(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    """Claim a result without handing it out."""

    class Deaf:
        def progress(self, seconds: float) -> None: ...

        def write(self, rendition: RenditionName, data: memoryview) -> None: ...

    return job.run(one, sealed, parts, Deaf())


def _open_files() -> Iterator[str]:
    for path in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(FileNotFoundError):  # the folder itself, which is not open any more
            yield str(path.readlink()).split(":")[0]


def look_around(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    """Tell what a worker can reach."""
    seen = {
        "environment": sorted(os.environ),
        "files": sorted(_open_files()),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "nice": os.nice(0),
        "arguments": Path("/proc/self/cmdline").read_bytes().decode("latin-1"),
        "keys": [one.key.hex(), one.redacted_key.hex()],
    }
    raise StoreUnavailableError(json.dumps(seen))


def wait_for_ever(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    """Hand out a piece, tell that, and hang."""
    outlet.write(RenditionName.REDACTED, memoryview(b"a piece"))
    (one.scratch / "waiting").write_text(str(os.getpid()))
    _hang(one, outlet)
    raise AssertionError("unreachable")


class _Scribe(Parts):
    """Parts that make a transcript too."""

    def redact(self, *args: Any, **kwargs: Any) -> Redaction:
        return replace(super().redact(*args, **kwargs), transcript=b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n")


def transcribe(one: Job, sealed: BinaryIO, parts: Parts, outlet: Outlet) -> Result:
    return job.run(one, sealed, _Scribe(), outlet)
