"""The beginning of a screening: may it be screened at all, by what rules, with which keys; and its clean end."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import Connection, select

from keys.keyring import Keyring
from vault import playback
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.intents import Intents
from vault.catalog.recordings import Recording
from vault.catalog.schema import screen_attempts, screenings
from vault.clock import Clock
from vault.errors import WrongStateError
from vault.model import BlobName, Kind, RecordingId, RenditionName, State
from vault.screen import gate
from vault.screen.errors import Why
from vault.screen.gate import Route
from vault.screen.options import Options
from vault.screen.review import rulings
from vault.screen.setup import Setup
from vault.screen.work import attempts
from vault.screen.work.attempts import Claim
from vault.screen.work.job import Job, Result
from vault.screen.work.pool import Task
from vault.screen.work.receive import NewBlob
from vault.sealed.format import new_data_key
from vault.store.file import FileStore

_LANGUAGE: Final = re.compile(r"language:([a-z]{2})", re.IGNORECASE)
_HOPELESS: Final = frozenset({Why.TOO_LONG, Why.DIED})
"""What screening again would run into again: two people who let it pass mean the original as it is."""


@dataclass(eq=False, slots=True)
class Begun:
    """A screening under way."""

    found: Recording
    options: Options
    task: Task
    claim: Claim
    blobs: dict[RenditionName, NewBlob] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the original and of the recording."""
        self.task.source.close()
        self.claim.release()


@dataclass(frozen=True, slots=True)
class Doomed:
    """A recording that is quarantined without being looked at."""

    found: Recording
    options: Options
    result: Result


class Beginner:
    """Begins screenings."""

    def __init__(
        self, *, catalog: Catalog, store: FileStore, intents: Intents, keyring: Keyring, clock: Clock, setup: Setup,
        run_folder: Path,
    ) -> None:  # fmt: skip
        self._catalog, self._store, self._intents, self._keyring = catalog, store, intents, keyring
        self._clock, self._setup, self._run_folder = clock, setup, run_folder

    def begin(
        self, recording: RecordingId, on_progress: Callable[[RecordingId, float], None], *, died: str | None = None
    ) -> Begun | Doomed | None:
        """Begin one screening; None when another process is at it. `died`: how its worker just died under our hands.

        Raises:
            WrongStateError: it is not `sealed`.
            RecordingNotFoundError: there is no such recording.
            IntegrityError, UnavailableError, ReviewAlteredError: see playback and review.

        """
        claim = Claim.take(self._run_folder, recording)
        if claim is None:
            return None
        with contextlib.ExitStack() as undo:
            undo.callback(claim.release)
            with self._catalog.write() as connection:
                prepared = self._prepare(connection, recording, died)
            if not isinstance(prepared, _Prepared):
                return prepared
            undo.callback(self.take_back, recording)
            source = self._store.open(prepared.blob)
            undo.pop_all()
        return self._begun(prepared, source, claim, on_progress)

    def take_back(self, recording: RecordingId) -> None:
        """Do not count a screening that was broken off for no fault of the recording."""
        with self._catalog.write() as connection:
            attempts.take_back(connection, recording)

    def _begun(
        self, prepared: "_Prepared", source: BinaryIO, claim: Claim, on_progress: Callable[[RecordingId, float], None]
    ) -> Begun:
        recording, blobs = prepared.found.id, dict[RenditionName, NewBlob]()

        def write(name: RenditionName, data: bytes | memoryview) -> None:
            if name not in blobs:
                blobs[name] = NewBlob(self._store, self._intents.take(1)[0])
            blobs[name].write(data)

        seconds = self._budget(prepared.found)
        task = Task(prepared.job, source, seconds, write, lambda done: on_progress(recording, done))
        return Begun(prepared.found, prepared.job.options, task, claim, blobs)

    def _budget(self, found: Recording) -> float:
        return self._setup.seconds + self._setup.factor * (found.duration_ms or 0) / 1000

    def _prepare(self, connection: Connection, recording: RecordingId, died: str | None) -> "_Prepared | Doomed | None":
        found = rows.get(connection, recording)
        if found.state is not State.SEALED:
            raise WrongStateError(f"expected {recording} to be sealed, it is {found.state}")
        if died is None and self._is_elsewhere(connection, found):
            return None
        if died is not None:
            attempts.died(connection, recording)
        options = replace(
            self._setup.options,
            languages=languages_of(found) or self._setup.options.languages,
            ruling=rulings.ruling_of(connection, recording),
        )
        before = connection.scalar(select(screenings.c.why).where(screenings.c.recording == recording))
        if attempts.are_spent(connection, recording, self._setup.attempts):
            return Doomed(found, options, Result(why=Why.DIED, reason=_why_given_up(recording, self._setup, died)))
        if not options.ruling.accept and not _fits(found):
            text = "there is no screener for what it is"
            return Doomed(found, options, Result(why=Why.UNKNOWN_MEDIA, reason=text))
        original = playback.rendition_of(connection, recording, RenditionName.ORIGINAL)
        job = Job(
            recording, original.media_type, original.sealed_size, options, self._run_folder,
            key=playback.data_key(connection, self._keyring, recording, RenditionName.ORIGINAL),
            redacted_key=new_data_key(), transcript_key=new_data_key(),
            verbatim=options.ruling.accept and before in _HOPELESS,
        )  # fmt: skip
        attempts.begin(connection, recording, self._clock.now())
        return _Prepared(found, job, original.blob)

    def _is_elsewhere(self, connection: Connection, found: Recording) -> bool:
        """Tell whether another machine may be at it; on this one, its claim would have told."""
        if self._catalog.is_sqlite:
            return False
        last: datetime | None = connection.scalar(
            select(screen_attempts.c.last_at).where(screen_attempts.c.recording == found.id)
        )
        return last is not None and self._clock.now() < last + timedelta(seconds=self._budget(found))


@dataclass(frozen=True, slots=True)
class _Prepared:
    found: Recording
    job: Job
    blob: BlobName


def _why_given_up(recording: RecordingId, setup: Setup, died: str | None) -> str:
    """Return in words why a recording is not tried again, what it may be, and what to do."""
    if died is None:
        what = "what screened it was killed again and again, workers and all: is the machine out of memory over it?"
    else:
        what = f"its workers died again and again, the last time so: {died}"
    return (
        f"{what}. It may be too large for its worker, or damaged. Raise screen.memory_mib (now {setup.memory >> 20}), "
        f"or lower screen.workers (now {setup.workers}) where memory is short, then run "
        f"'strongroom screen review retry {recording}'"
    )


def languages_of(found: Recording) -> frozenset[str]:
    """Return the languages that a recording's labels say are spoken in it: `language:es`."""
    return frozenset(match[1].lower() for label in found.labels if (match := _LANGUAGE.fullmatch(label)))


def _fits(found: Recording) -> bool:
    """Tell whether there is a screener for a kind in such a form."""
    route = gate.route_of(found.media_type)
    if found.kind is Kind.CHAT:
        return route is Route.TEXT
    return route is not None
