"""Comparing catalog, stores and log, in both directions, by promise. Repairs nothing, and cannot reach a key.

A finding is either a `fault` (a promise is broken: exit status 5) or `owed` (a stage has not finished; running it again
settles it). Memory does not grow with the vault.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from sqlalchemy import Connection, exists, func, select

from keys.errors import NotFoundError, StrongroomError
from keys.signing import PublicKey
from vault import people
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.catalog.engine import Catalog
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import (
    copies,
    deletions,
    intents,
    key_epochs,
    key_slots,
    log_checkpoints,
    recordings,
    renditions,
    screenings,
    tokens,
)
from vault.log import checkpoint, journal
from vault.log.entry import Act, Entry
from vault.log.errors import FrontierFormatError
from vault.log.merkle import Frontier
from vault.log.verify import LogReport, verify_log
from vault.model import BlobName, RenditionName, State
from vault.screen.review.faults import review_faults
from vault.sealed.format import sealed_size_of
from vault.store.base import BlobStore, StoredBlob, verify
from vault.told import differences, lost

_BATCH = 500
_THREADS = 8


class Severity(StrEnum):
    """Whether a finding breaks a promise or is work that a stage still owes."""

    FAULT = "fault"
    OWED = "owed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    promise: str
    severity: Severity
    subject: str
    text: str


def fault(promise: str, subject: str, text: str) -> Finding:
    """Return a broken promise."""
    return Finding(promise, Severity.FAULT, subject, text)


def owed(promise: str, subject: str, text: str) -> Finding:
    """Return unfinished work."""
    return Finding(promise, Severity.OWED, subject, text)


class Checker:
    """Checks a vault. Create it anew for every check."""

    def __init__(
        self, *, catalog: Catalog, stores: Mapping[str, BlobStore], public_key: PublicKey, origin: str, deep: bool,
        on_recordings: Callable[[int], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._catalog, self._stores = catalog, stores
        self._public_key, self._origin, self._deep = public_key, origin, deep
        self._on_recordings = on_recordings

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is not as it should be."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="check") as pool, self._catalog.read() as connection:
            yield from self._log(connection)
            yield from self._people(connection)
            for batch in rows.scan(connection, Criteria(), batch=_BATCH):
                yield from self._batch(connection, batch, pool)
                self._on_recordings(len(batch))
            for promise, subject, text in (*lost(connection), *review_faults(connection)):
                yield fault(promise, subject, text)
            for store in self._stores.values():
                yield from _strangers(connection, store)
            yield from _lost_epochs(connection)
            yield from _unfinished(connection)

    # P5

    def _log(self, connection: Connection) -> Iterator[Finding]:
        report = self.log_report(connection)
        for found in report.findings:
            if not found.is_warning:
                yield fault("P5", f"log {found.first}-{found.last}", found.message)
        if waiting := journal.unsequenced(connection):
            yield owed("P5", "log", f"{waiting} entries wait for their place in the tree")
        for row in connection.execute(select(log_checkpoints).order_by(log_checkpoints.c.size)):
            text = self._frontier_fault(row.size, row.note, row.frontier)
            if text is not None:
                yield fault("P5", f"checkpoint {row.size}", text)
        for number, wrong in journal.faulty_rows(connection):
            yield fault("P5", f"log row {number}", wrong)

    def log_report(self, connection: Connection) -> LogReport:
        """Return what the tree and its signed checkpoints prove."""
        return verify_log(journal.entries(connection), journal.checkpoints(connection), self._public_key, self._origin)

    def _frontier_fault(self, size: int, note: str, frontier: bytes) -> str | None:
        try:
            said = checkpoint.open_(note, self._origin, self._public_key)
            kept = Frontier.parse(frontier)
        except FrontierFormatError as exc:
            return str(exc)
        except StrongroomError:
            return None  # the log report tells it
        if (said.size, said.root) != (kept.size, kept.root()) or said.size != size:
            return "the row's size or frontier is not the one its note signs"
        return None

    def _people(self, connection: Connection) -> Iterator[Finding]:
        """Compare the users with what the log says of them: a planted user or key is one nobody logged."""
        known = {user.name: user for user in people.all_users(connection)}
        told: dict[str, Entry] = {}
        keys: dict[str, object] = {}
        for found in journal.of_acts(connection, Act.USER_ADDED, Act.USER_ROLES, Act.USER_DISABLED):
            if found.subject is not None:
                told[found.subject] = found
                keys.setdefault(found.subject, found.details.get("fingerprint"))
        for name, user in known.items():
            last = told.get(name)
            if last is None or keys[name] != user.public_key.fingerprint():
                yield fault("P5", f"user {name}", "the log knows no such user with this key")
            elif (last.act is Act.USER_DISABLED) != user.disabled:
                yield fault("P5", f"user {name}", "the log says otherwise whether the user is disabled")
            elif last.details.get("roles") != "+".join(sorted(user.roles)):
                yield fault("P5", f"user {name}", "the log knows the user under other roles")
        for name in sorted(set(told) - set(known)):
            yield fault("P5", f"user {name}", "the log knows this user, the catalog does not")

    # recordings: P1 to P6

    def _batch(self, connection: Connection, batch: list[Recording], pool: ThreadPoolExecutor) -> Iterator[Finding]:
        ids = [recording.id for recording in batch]
        its = rows.renditions_of(connection, ids)
        blobs = [rendition.blob for renditions in its.values() for rendition in renditions]
        elsewhere = rows.copies_of(connection, blobs)
        slots: dict[str, set[str]] = {}
        for row in connection.execute(
            select(key_slots.c.subject, key_slots.c.purpose).where(key_slots.c.subject.in_(ids))
        ):
            slots.setdefault(row.subject, set()).add(row.purpose)
        screened = dict(
            connection.execute(
                select(screenings.c.recording, screenings.c.outcome).where(screenings.c.recording.in_(ids))
            ).all()
        )
        alive: list[tuple[Rendition, str, str]] = []
        for promise, subject, text in differences(connection, batch, its):
            yield fault(promise, subject, text)
        for recording in batch:
            renditions = its.get(recording.id, [])
            if recording.state is State.PURGED:
                yield from _purged(recording, slots.get(recording.id, set()))
                continue
            yield from _kept(recording, renditions, slots.get(recording.id, set()))
            for rendition in renditions:
                alive.append((rendition, "primary", ""))
                for copy in elsewhere.get(rendition.blob, []):
                    alive.append((rendition, copy.store, copy.version))
                    yield from _clean(recording, rendition, screened.get(recording.id))
            # that a redacted rendition is missing without the log's word is found in vault.told
            redacted = [r for r in renditions if r.name is RenditionName.REDACTED]
            if recording.state is State.ARCHIVED and redacted and not any(elsewhere.get(r.blob) for r in redacted):
                yield fault("P6", recording.id, "it is archived and the catalog knows no copy in the archive")
        for findings in pool.map(self._blob, alive):
            yield from findings

    def _blob(self, wanted: tuple[Rendition, str, str]) -> list[Finding]:
        rendition, name, version = wanted
        store = self._stores.get(name)
        subject = f"{rendition.recording} {rendition.name} in {name}"
        if store is None:
            return [fault("P6", subject, f"the store '{name}' is not configured any more")]
        try:
            found = [b for b in store.stat(rendition.blob) if not b.is_marker and version in ("", b.version)]
            if not found:
                return [fault("P6", subject, "the blob is missing")]
            if found[-1].size != rendition.sealed_size:
                return [fault("P6", subject, f"expected {rendition.sealed_size} bytes, got {found[-1].size}")]
            if self._deep:
                verify(store, rendition.blob, version, rendition.sealed_sha256)
        except NotFoundError:
            return [fault("P6", subject, "the blob is missing")]
        except StrongroomError as exc:
            return [fault("P6", subject, f"{exc.code}: {exc}")]
        return []


def _kept(recording: Recording, renditions: list[Rendition], slots: set[str]) -> Iterator[Finding]:
    for purpose in sorted({"metadata", *(r.name for r in renditions)} - {RenditionName.ORIGINAL} - slots):
        yield fault("P2", recording.id, f"the key slot of its {purpose} is missing: nothing can open it any more")
    for rendition in renditions:
        if sealed_size_of(rendition.plain_size) != rendition.sealed_size:
            yield fault("P5", recording.id, f"the sizes of its {rendition.name} do not belong together")


def _purged(recording: Recording, slots: set[str]) -> Iterator[Finding]:
    if slots:
        yield fault("P3", recording.id, f"it is purged and still has key slots: {', '.join(sorted(slots))}")
    if recording.labels or recording.agent or recording.seat or recording.interaction:
        yield fault("P3", recording.id, "its tombstone still holds something personal")


def _clean(recording: Recording, rendition: Rendition, outcome: str | None) -> Iterator[Finding]:
    if rendition.name is not RenditionName.REDACTED or outcome != State.SCREENED:
        yield fault("P4", recording.id, f"its {rendition.name} is in the archive and was not screened")


def _strangers(connection: Connection, store: BlobStore) -> Iterator[Finding]:
    """Compare a store with the catalog, the other way round: every blob belongs to something."""
    stored = store.all()
    while batch := list(islice(stored, _BATCH)):
        names = [found.blob for found in batch if not found.is_strange]
        owners = _owners(connection, store.name, names)
        known = select(copies.c.blob, copies.c.version).where(copies.c.blob.in_(names), copies.c.store == store.name)
        versions = {row.blob: row.version for row in connection.execute(known)}
        for found in batch:
            yield from _stranger(store.name, found, owners.get(found.blob), versions.get(found.blob))


def _owners(connection: Connection, store: str, names: list[BlobName]) -> dict[str, str]:
    found = dict.fromkeys(
        connection.scalars(select(intents.c.blob).where(intents.c.blob.in_(names), intents.c.store == store)), "intent"
    )
    belongs = select(renditions.c.blob, recordings.c.state).join_from(renditions, recordings)
    if store != "primary":
        belongs = belongs.where(exists().where(copies.c.blob == renditions.c.blob, copies.c.store == store))
    for row in connection.execute(belongs.where(renditions.c.blob.in_(names))):
        found[row.blob] = "purged" if row.state == State.PURGED else "alive"
    going = select(deletions.c.blob).where(deletions.c.blob.in_(names), deletions.c.store == store)
    return found | dict.fromkeys(connection.scalars(going), "going")


def _stranger(store: str, found: StoredBlob, owner: str | None, version: str | None) -> Iterator[Finding]:
    subject = f"{found.blob} in {store}"
    if found.is_strange:
        yield fault("P6", subject, "something that is no blob lies in the store")
    elif owner is None:
        yield fault("P6", subject, "a blob that belongs to no recording")
    elif owner == "purged":
        yield fault("P3", subject, "a blob of a purged recording is still there and nothing notes its deletion")
    elif found.is_marker:
        yield fault("P6", subject, "a delete marker hides a blob")
    elif owner == "alive" and version not in {None, found.version}:
        yield fault("P6", subject, "another version of a blob than the one that was put there")


def _lost_epochs(connection: Connection) -> Iterator[Finding]:
    query = select(key_slots.c.epoch, func.count()).where(key_slots.c.epoch.not_in(select(key_epochs.c.id)))
    for epoch, count in connection.execute(query.group_by(key_slots.c.epoch)):
        yield fault("P2", f"epoch {epoch}", f"the catalog has lost it; nothing can open its {count} key slots any more")


def _unfinished(connection: Connection) -> Iterator[Finding]:
    since = info.scrub_owed(connection)
    if since is not None:
        yield owed("P3", "catalog", f"what rows destroyed since {since} left in the database is not overwritten yet")
    for row in connection.execute(select(deletions).order_by(deletions.c.blob)):
        text = f"to be deleted since {row.since:%Y-%m-%d}, next try {row.retry_at:%Y-%m-%d %H:%M}Z"
        yield owed("P3", f"{row.recording} in {row.store}", f"{text}: {row.obstacle or 'not tried yet'}")
    left = connection.scalars(select(func.count()).select_from(intents)).one()
    if left:
        yield owed("P6", "intents", f"{left} blobs are being written, or were left by a process that died")
    planted = select(deletions.c.recording).join(renditions, renditions.c.blob == deletions.c.blob)
    planted = planted.join(recordings, recordings.c.id == renditions.c.recording)
    for recording in connection.scalars(planted.where(recordings.c.state != State.PURGED).limit(_BATCH)):
        yield fault("P2", recording, "its blob is noted for deletion and it was not purged")
    lost = select(tokens.c.recording).join_from(tokens, recordings).where(recordings.c.state == State.PURGED)
    for recording in connection.scalars(lost.distinct().limit(_BATCH)):
        yield fault("P3", recording, "it is purged and can still be found by its caller")
    kept = select(recordings.c.id).where(recordings.c.state == State.PURGED, recordings.c.sealed_metadata.is_not(None))
    for recording in connection.scalars(kept.limit(_BATCH)):
        yield fault("P3", recording, "it is purged and its sealed metadata is still there")
