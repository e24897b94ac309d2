"""The screening stage: sealed → screened, or quarantined when a recording cannot be screened wholly.

For one recording:

1. open the original in memory (a chat is small; its size was bounded at ingest);
2. find and cut out card data; the redactor scans its own result again;
3. seal the redacted rendition under a key of its own, durable in the store;
4. one transaction, if the recording is still `sealed`: rendition, key slot, report, log entry, state.

Calls and screen recordings have no screener yet: they stay `sealed` and are therefore never archived.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert

from keys.keyring import Keyring
from vault import playback, private
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.intents import Intents
from vault.catalog.recordings import Rendition
from vault.catalog.schema import key_slots, renditions, screenings
from vault.clock import Clock
from vault.errors import NotScreenableYetError, WrongStateError
from vault.log import journal
from vault.log.entry import Act
from vault.model import BlobName, Kind, RecordingId, RenditionName, State
from vault.people import Actor
from vault.screen.errors import UnscreenableError
from vault.screen.text.chats import ENGINE, Finding, Redaction, redact
from vault.sealed.format import associated_data, new_data_key
from vault.sealed.reader import open_all
from vault.sealed.writer import seal_small
from vault.store.file import FileStore

SCREENABLE = frozenset({Kind.CHAT})
"""The kinds that have a screener."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What screening one recording came to; `moved` is False when another worker was first."""

    recording: RecordingId
    state: State
    findings: tuple[Finding, ...]
    reason: str | None
    moved: bool = True


class Screener:
    """Screens recordings one by one. It needs the keyring: it must read what it screens."""

    def __init__(
        self, *, catalog: Catalog, store: FileStore, intents: Intents, keyring: Keyring, clock: Clock, actor: Actor
    ) -> None:
        self._catalog, self._store, self._intents = catalog, store, intents
        self._keyring, self._clock, self._actor = keyring, clock, actor

    def due(self, *, limit: int = 1000) -> Iterator[RecordingId]:
        """Yield every sealed recording of a kind that has a screener."""
        last = ""
        while True:
            with self._catalog.read() as connection:
                ids = rows.next_in_state(connection, State.SEALED, SCREENABLE, after=last, limit=limit)
            if not ids:
                return
            yield from ids
            last = ids[-1]

    def screen(self, recording: RecordingId) -> Screened:
        """Screen one recording.

        Raises:
            NotScreenableYetError: no screener for its kind.
            WrongStateError: it is not `sealed`.
            IntegrityError, UnavailableError: see playback.

        """
        with self._catalog.read() as connection:
            found = rows.get(connection, recording)
            if found.state is not State.SEALED:
                raise WrongStateError(f"expected {recording} to be sealed, it is {found.state}")
            if found.kind not in SCREENABLE:
                raise NotScreenableYetError(f"{recording} is a {found.kind}; there is no screener for that kind yet")
            original = playback.rendition_of(connection, recording, RenditionName.ORIGINAL)
            key = playback.data_key(connection, self._keyring, recording, RenditionName.ORIGINAL)
        with self._store.open(original.blob) as raw:
            content = open_all(raw.read(), key, associated_data(recording, RenditionName.ORIGINAL))
        try:
            redaction = redact(original.media_type, content)
        except UnscreenableError as exc:
            return self._quarantine(recording, str(exc))
        return self._keep(recording, original.media_type, redaction)

    def _quarantine(self, recording: RecordingId, reason: str) -> Screened:
        with self._catalog.write() as connection:
            moved = rows.transition(connection, recording, expected=State.SEALED, then=State.QUARANTINED)
            if moved:
                self._record(connection, recording, State.QUARANTINED, (), reason)
                journal.append(
                    connection, [self._actor.entry(self._clock.now(), Act.QUARANTINE, recording, {"engine": ENGINE})]
                )
        return Screened(recording, State.QUARANTINED, (), reason, moved)

    def _keep(self, recording: RecordingId, media_type: str, redaction: Redaction) -> Screened:
        key = new_data_key()
        sealed, summary = seal_small(redaction.content, key, associated_data(recording, RenditionName.REDACTED))
        blob = self._intents.take(1)[0]
        self._store.put_bytes(blob, sealed)
        self._store.sync_folders([blob])
        now = self._clock.now()
        rendition = Rendition(
            recording, RenditionName.REDACTED, media_type, blob,
            summary.plain_size, summary.sealed_size, summary.sealed_sha256, now,
        )  # fmt: skip
        with self._catalog.write() as connection:
            moved = rows.transition(connection, recording, expected=State.SEALED, then=State.SCREENED)
            if moved:
                self._insert(connection, rendition, key)
                self._record(connection, recording, State.SCREENED, redaction.findings, None)
                digest = summary.sealed_sha256.hex()
                details: dict[str, int | str] = {
                    "engine": ENGINE,
                    "sealed_sha256": digest,
                    "cuts": len(redaction.findings),
                }
                journal.append(connection, [self._actor.entry(now, Act.SCREEN, recording, details)])
        if not moved:
            self._intents.discard([blob], self._store.delete)
        return Screened(recording, State.SCREENED, redaction.findings, None, moved)

    def _insert(self, connection: Connection, rendition: Rendition, key: bytes) -> None:
        connection.execute(insert(renditions).values({name: getattr(rendition, name) for name in Rendition.__slots__}))
        connection.execute(
            insert(key_slots).values(private.slot_row(self._keyring, rendition.recording, rendition.name, key))
        )
        self._intents.fulfil(connection, [BlobName(rendition.blob)])

    def _record(
        self, connection: Connection, recording: RecordingId, state: State, findings: tuple[Finding, ...],
        reason: str | None,
    ) -> None:  # fmt: skip
        report: private.Document = {"findings": [asdict(finding) for finding in findings], "reason": reason}
        sealed, slot = private.seal_document(self._keyring, recording, playback.REPORT, report)
        connection.execute(insert(key_slots).values(slot))
        connection.execute(
            insert(screenings).values(
                recording=recording, at=self._clock.now(), engine=ENGINE, outcome=state, cuts=len(findings),
                preset="balanced", sealed_report=sealed,
            )
        )  # fmt: skip
