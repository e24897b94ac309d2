"""Screenings that were begun and did not end: how often, and who is at it now.

A recording that kills its worker, or the whole machine, is found here by the next pass, and after a few times it is
quarantined instead of tried again. Who begins a screening counts 1, before anything can go wrong, and who then sees the
worker die counts the rest of DEATH. What is cut off together with its parent (a kill of the service, a power cut) so
stays at 1: it is seldom the recording's fault, and still comes to an end if it is.

While one process is at a recording others leave it alone: it holds a lock file in the vault's run folder, which the
system lets go of when the process dies, however it dies.
"""

import contextlib
import fcntl
import os
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Connection, delete, insert, select, update

from vault.catalog.schema import screen_attempts
from vault.model import RecordingId
from vault.store import durable

DEATH: Final = 4
"""What a worker's death counts that its parent saw; a screening that was cut off together with its parent counts 1."""


def are_spent(connection: Connection, recording: RecordingId, allowed: int) -> bool:
    """Tell whether as many workers died over it as are allowed, or DEATH times as many together with their parents."""
    query = select(screen_attempts.c.attempts).where(screen_attempts.c.recording == recording)
    return (connection.scalar(query) or 0) >= allowed * DEATH


def begin(connection: Connection, recording: RecordingId, now: datetime) -> None:
    """Count one that nobody saw the end of yet."""
    mine = screen_attempts.c.recording == recording
    more = update(screen_attempts).where(mine).values(attempts=screen_attempts.c.attempts + 1, last_at=now)
    if connection.execute(more).rowcount == 0:
        connection.execute(insert(screen_attempts).values(recording=recording, attempts=1, last_at=now))


def died(connection: Connection, recording: RecordingId) -> None:
    """Count the last one as a death: its worker died, and we did not."""
    mine = screen_attempts.c.recording == recording
    connection.execute(update(screen_attempts).where(mine).values(attempts=screen_attempts.c.attempts + DEATH - 1))


def end(connection: Connection, recording: RecordingId) -> None:
    """Forget them: it came to an end."""
    connection.execute(delete(screen_attempts).where(screen_attempts.c.recording == recording))


def take_back(connection: Connection, recording: RecordingId) -> None:
    """Do not count the last one: it was broken off, and not by the recording."""
    mine = screen_attempts.c.recording == recording
    connection.execute(update(screen_attempts).where(mine).values(attempts=screen_attempts.c.attempts - 1))
    connection.execute(delete(screen_attempts).where(mine, screen_attempts.c.attempts < 1))


class Claim:
    """The right to screen a recording on this machine, held until it is let go of or the process is dead."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    @classmethod
    def take(cls, run_folder: Path, recording: RecordingId) -> Self | None:
        """Return the claim, or None when another process has it."""
        durable.make_private_folder(run_folder)
        path = run_folder / f"screen-{recording}.lock"
        while True:
            lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, durable.FILE_MODE)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return None
            # whoever had it before may have removed it before it was locked
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), path.stat()):
                    return cls(path, lock)
            os.close(lock)

    def release(self) -> None:
        """Let go of it."""
        durable.remove_plain(self._path)
        os.close(self._descriptor)
