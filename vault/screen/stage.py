"""The screening stage: sealed → screened, or quarantined when a recording cannot be screened wholly.

For one recording:

1. claim it and count the attempt, so that what kills its worker again and again is noticed;
2. in a worker process (a few small chats: here): find card data, cut it out, screen the result once more, seal it under
   a key of its own; the sealed bytes come back and are made durable in the store;
3. one transaction, if the recording is still `sealed`: renditions, key slots, report, log entry, state, and the count
   of attempts goes. Or, when the gate objects: `quarantined`, with the reason.

The redacted rendition is what the archive stage copies. A transcript stays in the primary store.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert

from keys.errors import StrongroomError
from keys.keyring import Keyring
from vault import playback, private
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.intents import Intents
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import key_slots, renditions, screenings
from vault.clock import Clock
from vault.errors import CatalogUnavailableError
from vault.log import journal
from vault.log.entry import Act
from vault.model import Kind, RecordingId, RenditionName, State
from vault.people import Actor
from vault.screen import record
from vault.screen.errors import Why, WorkerError
from vault.screen.options import Options
from vault.screen.outcome import Finding
from vault.screen.setup import Setup
from vault.screen.work import attempts, job, vcon_sound
from vault.screen.work.begin import Beginner, Begun, Doomed
from vault.screen.work.job import Result
from vault.screen.work.parts import Parts
from vault.screen.work.pool import WORK, Died, End, Overran, Pool, Task
from vault.sealed.writer import SealedSummary
from vault.store.file import FileStore
from vault.told import TRANSCRIPT_TYPE

FEW = 16  # chats that are screened in this process: a worker would take longer to start
SMALL = 2**20  # bytes of a chat that counts as one of them

OnError = Callable[[RecordingId, StrongroomError], None]
OnProgress = Callable[[RecordingId, float], None]


@dataclass(frozen=True, slots=True)
class Screened:
    """What screening one recording came to; `moved` is False when another worker was first."""

    recording: RecordingId
    state: State
    findings: tuple[Finding, ...]
    reason: str | None
    moved: bool = True
    why: Why | None = None

    @property
    def cuts(self) -> int:
        """How many findings were cut."""
        return sum(finding.cut for finding in self.findings)


class Screener:
    """Screens recordings side by side. It needs the keyring: it must read what it screens."""

    def __init__(
        self, *, catalog: Catalog, store: FileStore, intents: Intents, keyring: Keyring, clock: Clock, actor: Actor,
        setup: Setup, run_folder: Path, work: str = WORK,
    ) -> None:  # fmt: skip
        """Take a vault's parts; `work` names what workers run (see vault.screen.work.worker)."""
        self._catalog, self._store, self._intents = catalog, store, intents
        self._keyring, self._clock, self._actor = keyring, clock, actor
        self._setup, self._work = setup, work
        self._beginner = Beginner(
            catalog=catalog, store=store, intents=intents, keyring=keyring, clock=clock, setup=setup,
            run_folder=run_folder,
        )  # fmt: skip
        self._begun: dict[Task, Begun] = {}
        self._parts = Parts()

    def due(self, *, limit: int = 1000) -> Iterator[RecordingId]:
        """Yield every sealed recording."""
        last = ""
        while True:
            with self._catalog.read() as connection:
                ids = rows.next_in_state(connection, State.SEALED, Kind, after=last, limit=limit)
            if not ids:
                return
            yield from ids
            last = ids[-1]

    def screen(
        self,
        ids: Iterable[RecordingId],
        on_error: OnError,
        on_progress: OnProgress = lambda _id, _seconds: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Screened]:
        """Screen recordings and yield what came of each, as they end; `on_error` hears of those that wait again.

        What is under way when `stop` says so, or when the caller goes away, is given up and costs no attempt.

        Raises:
            CatalogUnavailableError: the catalog does not answer.

        """
        self._on_error, self._on_progress, self._left = on_error, on_progress, FEW
        with Pool(self._setup.workers, memory=self._setup.memory, work=self._work) as pool:
            try:
                for recording in ids:
                    yield from self._next(pool, recording)
                    while not pool.has_room and not stop():
                        yield from self._collect(pool)
                    if stop():
                        return
                while pool.tasks and not stop():
                    yield from self._collect(pool)
            finally:
                self._give_up()

    def _next(self, pool: Pool, recording: RecordingId, died: str | None = None) -> Iterator[Screened]:
        """Begin one; what needs no worker is ended at once."""
        try:
            begun = self._beginner.begin(recording, self._on_progress, died=died)
            if isinstance(begun, Doomed):
                yield self._quarantine(begun.found, begun.options, begun.result)
        except StrongroomError as exc:
            self._on_error(recording, exc)
            return
        if isinstance(begun, Begun):
            self._begun[begun.task] = begun
            if self._is_for_here(begun):
                yield from self._end(pool, begun.task, self._run_here(begun.task))
            else:
                pool.begin(begun.task)

    def _is_for_here(self, begun: Begun) -> bool:
        one = begun.task.job
        is_small = (
            begun.found.kind is Kind.CHAT and one.sealed_size <= SMALL and one.media_type != vcon_sound.MEDIA_TYPE
        )
        self._left -= is_small
        return is_small and self._left >= 0 and self._work == WORK

    def _run_here(self, task: Task) -> End:
        try:
            return job.run(task.job, task.source, self._parts, _Outlet(task))
        except StrongroomError as exc:
            return exc

    def _collect(self, pool: Pool) -> Iterator[Screened]:
        for task, end in pool.collect():
            yield from self._end(pool, task, end)

    def _end(self, pool: Pool, task: Task, end: End) -> Iterator[Screened]:
        begun = self._begun.pop(task)
        recording = begun.found.id
        try:
            if isinstance(end, Result):
                yield self._settle(begun, end)
            elif isinstance(end, Overran):
                text = f"it took longer than the {end.seconds:.0f} s that it may"
                yield self._settle(begun, Result(why=Why.TOO_LONG, reason=text))
            else:
                self._abandon(begun)
                if isinstance(end, StrongroomError):
                    self._beginner.take_back(recording)
                    self._on_error(recording, end)
        except CatalogUnavailableError:
            begun.blobs.clear()  # whether it was committed is not known: a sweep looks before it deletes
            raise
        except StrongroomError as exc:
            self._abandon(begun)
            self._beginner.take_back(recording)
            self._on_error(recording, exc)
        finally:
            begun.close()
        if isinstance(end, Died):
            yield from self._next(pool, recording, end.reason)

    def _settle(self, begun: Begun, result: Result) -> Screened:
        if result.why is not None:
            self._abandon(begun)
            return self._quarantine(begun.found, begun.options, result)
        return self._keep(begun, result)

    def _abandon(self, begun: Begun) -> None:
        """Remove what a screening wrote that did not come to its end."""
        blobs = list(begun.blobs.values())
        begun.blobs.clear()
        for blob in blobs:
            blob.abandon()
        if blobs:
            self._intents.discard([blob.name for blob in blobs], self._store.delete)

    def _give_up(self) -> None:
        """Let go of what is under way; it is begun anew by the next pass."""
        while self._begun:
            task, begun = self._begun.popitem()
            with contextlib.suppress(StrongroomError):  # a sweep finds what could not be removed now
                self._abandon(begun)
                self._beginner.take_back(task.job.recording)
            begun.close()

    # The two transactions

    def _quarantine(self, found: Recording, options: Options, result: Result) -> Screened:
        with self._catalog.write() as connection:
            moved = rows.transition(connection, found.id, expected=State.SEALED, then=State.QUARANTINED)
            attempts.end(connection, found.id)
            if moved:
                self._record(connection, found, options, result, Act.QUARANTINE)
        return Screened(found.id, State.QUARANTINED, result.findings, result.reason, moved, result.why)

    def _keep(self, begun: Begun, result: Result) -> Screened:
        found, task = begun.found, begun.task
        kept = [(RenditionName.REDACTED, result.media_type, task.job.redacted_key, result.redacted)]
        if result.transcript is not None:
            kept.append((RenditionName.TRANSCRIPT, TRANSCRIPT_TYPE, task.job.transcript_key, result.transcript))
        new = [(self._rendition(begun, name, media, summary), key) for name, media, key, summary in kept]
        with self._catalog.write() as connection:
            moved = rows.transition(connection, found.id, expected=State.SEALED, then=State.SCREENED)
            attempts.end(connection, found.id)
            if moved:
                for rendition, key in new:
                    self._insert(connection, rendition, key)
                self._record(connection, found, begun.options, result, Act.SCREEN)
        if not moved:
            self._abandon(begun)
        return Screened(found.id, State.SCREENED, result.findings, None, moved)

    def _rendition(
        self, begun: Begun, name: RenditionName, media_type: str, summary: SealedSummary | None
    ) -> Rendition:
        blob = begun.blobs.get(name)
        if blob is None or summary is None:
            raise WorkerError("expected a worker to hand out what it says it sealed")
        blob.finish(summary)
        return Rendition(
            begun.found.id, name, media_type, blob.name, summary.plain_size, summary.sealed_size,
            summary.sealed_sha256, self._clock.now(),
        )  # fmt: skip

    def _insert(self, connection: Connection, rendition: Rendition, key: bytes) -> None:
        connection.execute(insert(renditions).values({name: getattr(rendition, name) for name in Rendition.__slots__}))
        connection.execute(
            insert(key_slots).values(private.slot_row(self._keyring, rendition.recording, rendition.name, key))
        )
        self._intents.fulfil(connection, [rendition.blob])

    def _record(self, connection: Connection, found: Recording, options: Options, result: Result, act: Act) -> None:
        """Write the report and the log entry; a report of an earlier screening goes."""
        now = self._clock.now()
        of_report = (key_slots.c.subject == found.id, key_slots.c.purpose == playback.REPORT)
        connection.execute(delete(screenings).where(screenings.c.recording == found.id))
        connection.execute(delete(key_slots).where(*of_report))
        sealed, slot = private.seal_document(
            self._keyring, found.id, playback.REPORT, record.report_of(options, result)
        )
        connection.execute(insert(key_slots).values(slot))
        details = record.details_of(found.kind, options, result)
        connection.execute(
            insert(screenings).values(
                recording=found.id, at=now, engine=details["engine"], cuts=details["cuts"], preset=options.preset,
                outcome=State.SCREENED if act is Act.SCREEN else State.QUARANTINED, why=result.why,
                sealed_report=sealed,
            )
        )  # fmt: skip
        journal.append(connection, [self._actor.entry(now, act, found.id, details)])


class _Outlet:
    """Hands what a job has to its task, in this process."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def progress(self, seconds: float) -> None:
        self._task.progress(seconds)

    def write(self, rendition: RenditionName, data: memoryview) -> None:
        self._task.write(rendition, data)
