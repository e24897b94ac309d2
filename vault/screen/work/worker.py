"""A worker process: takes jobs from its parent, one after the other, until the parent is gone.

It is started with an empty environment (the parent's may hold passphrases), with one socket and no other open file,
writes no core, and dies with its parent. Whatever a recording does to a decoder here, no key but its own is near.
"""

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import socket
import sys
from typing import Final

from keys.errors import StrongroomError
from vault.model import RenditionName
from vault.screen.work import wire
from vault.screen.work.job import Work
from vault.screen.work.parts import Parts
from vault.screen.work.wire import Word

_NICE: Final = 10
_FILES: Final = 256  # open at once
_ROOM: Final = 2  # what is asked for and not used counts here, and not with the parent
_PR_SET_PDEATHSIG: Final = 1
OUT_OF_MEMORY: Final = 12
"""The exit status of a worker that asked for more memory than it may."""
_WORDS: Final = {RenditionName.REDACTED: Word.REDACTED, RenditionName.TRANSCRIPT: Word.TRANSCRIPT}

BOOT: Final = "import sys; sys.path[:] = sys.argv[5:]; from vault.screen.work.worker import main; main(*sys.argv[1:5])"
"""What the interpreter of a worker is told: socket, parent, memory, work, then where modules are."""

ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # glibc gives big frames back at once instead of keeping them: 50 MiB less for a film of 4K
    "MALLOC_TRIM_THRESHOLD_": "1000000",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
}
"""All a worker's environment: the cores are shared by workers, not by threads, and nothing is fetched."""


def main(descriptor: str, parent: str, memory: str, work: str) -> None:
    """Work off jobs. `memory` is in bytes; `work` names a vault.screen.work.job.Work as module:function."""
    _confine(int(parent), int(memory))
    module, _, name = work.partition(":")
    run: Work = getattr(importlib.import_module(module), name)
    parts = Parts()
    with socket.socket(fileno=int(descriptor)) as channel, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        wire.send(channel, Word.READY)
        while (received := wire.receive_job(channel)) is not None:
            job, source = received
            try:
                with os.fdopen(source, "rb") as sealed:
                    result = run(job, sealed, parts, _Outlet(channel))
            except StrongroomError as exc:
                wire.send(channel, Word.FAILED, wire.encode_error(exc))
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            else:
                wire.send(channel, Word.RESULT, wire.encode_result(result))


class _Outlet:
    """Hands what a job has to the parent."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def progress(self, seconds: float) -> None:
        wire.send(self._channel, Word.PROGRESS, wire.pack_seconds(seconds))

    def write(self, rendition: RenditionName, data: memoryview) -> None:
        wire.send(self._channel, _WORDS[rendition], data)


def _confine(parent: int, memory: int) -> None:
    os.umask(0o077)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # the parent looks at what is in use now and then; this stops what asks for a great deal at once
    resource.setrlimit(resource.RLIMIT_DATA, (_ROOM * memory, _ROOM * memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    # the parent stops a worker; a terminal's Ctrl-C and a service manager's signal are for the parent
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before this
            os._exit(1)
