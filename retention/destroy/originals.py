"""Destroying originals whose redacted renditions are archived, where the policy says so. Ciphertext only; no key.

For a batch of recordings:

1. ask the stores whether the redacted renditions are there, as long as they should be;
2. in one transaction that no hold, release or policy can run beside, read the holds, the policy and the recordings
   again and decide again; destroy the key slot and the row of each original that is to go, log it, and note what the
   store must give up in `deletions`.

After the transaction the caller owes vault.deletions.finish, which overwrites what the destroyed rows left in the
database files and deletes the blobs; `check` reports what is still owed.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, delete, select

from keys.errors import StrongroomError
from retention.core.facts import AppliedPolicy, HoldRef
from retention.core.stages import original_from
from retention.destroy import purge_faults
from retention.destroy.decide_original import Evidence, OriginalCode, OriginalDecision, original_of
from retention.hold import holds
from retention.plans import policies
from retention.policy.language import Original
from retention.schedule import cases
from retention.schedule.cases import Case
from vault import deletions
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.recordings import Copy, Recording, Rendition
from vault.catalog.schema import key_slots, recordings, renditions, screenings
from vault.clock import Clock
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import RecordingId, RenditionName, State
from vault.people import AUTO, Actor
from vault.store.base import BlobStore

BATCH = 100
"""Originals destroyed in one transaction."""
_SCANNED = 1000  # recordings looked at in one query
_THREADS = 8

Proven: TypeAlias = frozenset[tuple[str, str, str]]
"""(blob, store, version) of what a store just had; the vault's own store has no versions."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What became of one original that the policy has destroyed; `code` and `reason` say why it was not."""

    recording: RecordingId
    done: bool
    code: OriginalCode
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Originals with card data that a hold alone keeps: how many, and the first few."""

    count: int
    ids: tuple[RecordingId, ...]


def destroy(
    catalog: Catalog, clock: Clock, stores: Mapping[str, BlobStore], ids: Sequence[RecordingId]
) -> Iterator[Destroyed]:
    """Destroy, as `auto`, those of the originals that the policy lets go; yield what was destroyed or could not be.

    What the schedule or a hold keeps is passed over without a word.

    Raises:
        RetentionAlteredError: holds or the policy in force are not the ones the log has.
        CatalogUnavailableError: the catalog does not answer.

    """
    with catalog.read() as connection:
        wanted = _wanted(connection, ids, policies.current(connection), clock.now())
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        yield from _destroy(catalog, clock, batch, _prove(catalog, stores, batch))


def _destroys_any(policy: AppliedPolicy | None) -> bool:
    return policy is not None and any(rule.original is Original.DESTROY for rule in policy.policy.rules)


def _wanted(
    connection: Connection, ids: Sequence[RecordingId], policy: AppliedPolicy | None, now: datetime
) -> list[RecordingId]:
    """Return those that the schedule destroys and no hold keeps, so that the stores are asked about no others."""
    there = select(recordings.c.id).join_from(recordings, renditions)
    there = there.where(recordings.c.state == State.ARCHIVED, recordings.c.id.in_(ids))
    there = there.where(renditions.c.name == RenditionName.ORIGINAL)
    found = cases.of(connection, rows.get_many(connection, connection.scalars(there)), now)
    return [case.recording.id for case in found if not case.holds and _lets_go(case, policy, now)]


def _lets_go(case: Case, policy: AppliedPolicy | None, now: datetime) -> bool:
    since = original_from(case.facts, policy, case.circumstances)
    return since is not None and since <= now


def _prove(catalog: Catalog, stores: Mapping[str, BlobStore], ids: Sequence[RecordingId]) -> Proven:
    """Do step 1: ask the stores about every copy of the redacted renditions; what is not as it should is left out."""
    with catalog.read() as connection:
        its = rows.renditions_of(connection, ids)
        redacted = [r for found in its.values() for r in found if r.name is RenditionName.REDACTED]
        copies = rows.copies_of(connection, [r.blob for r in redacted])
    places = [(r, deletions.PRIMARY, "") for r in redacted]
    places += [(r, copy.store, copy.version) for r in redacted for copy in copies.get(r.blob, ())]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="original") as pool:
        there = pool.map(lambda place: _is_there(stores, *place), places)
        return frozenset((r.blob, store, version) for (r, store, version), ok in zip(places, there, strict=True) if ok)


def _is_there(stores: Mapping[str, BlobStore], rendition: Rendition, name: str, version: str) -> bool:
    try:
        found = list(stores[name].stat(rendition.blob)) if name in stores else []
    except StrongroomError:
        return False  # what a store does not say is not known
    mine = [blob for blob in found if version in ("", blob.version)]
    return bool(mine) and not any(b.is_marker for b in found) and mine[-1].size == rendition.sealed_size


def _destroy(catalog: Catalog, clock: Clock, ids: Sequence[RecordingId], proven: Proven) -> list[Destroyed]:
    """Do step 2 for one batch."""
    results: list[Destroyed] = []
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        now = clock.now()
        rows.lock(connection, ids)  # a purge that is at work on one of them waits, or is waited for
        policy = policies.current(connection)
        purge_faults.refuse_untold(connection, policy)
        entries: list[Entry] = []
        doomed: list[Rendition] = []
        actor = Actor(AUTO, f"policy/{policy.version}" if policy else "policy/none")
        for recording, original, decision in _decided(connection, ids, policy, proven, now):
            if decision.destroy and original is not None:
                doomed.append(original)
                entries.append(_entry(actor, original, decision, now))
            results.append(
                Destroyed(recording.id, decision.destroy, decision.reasons[0].code, decision.reasons[0].text)
            )
        _destroy_rows(connection, doomed, now)
        journal.append(connection, entries)
    return results


def _entry(actor: Actor, original: Rendition, decision: OriginalDecision, now: datetime) -> Entry:
    details: dict[str, int | str] = {
        "sealed_sha256": original.sealed_sha256.hex(),
        "policy": decision.policy_version or 0,
        "rule": decision.rule or "",
    }
    return actor.entry(now, Act.ORIGINAL_DESTROYED, original.recording, details)


def _destroy_rows(connection: Connection, doomed: Sequence[Rendition], now: datetime) -> None:
    if not doomed:
        return
    ids = [original.recording for original in doomed]
    deletions.note(connection, doomed, now)
    slots = delete(key_slots).where(key_slots.c.subject.in_(ids), key_slots.c.purpose == RenditionName.ORIGINAL)
    gone = delete(renditions).where(renditions.c.recording.in_(ids), renditions.c.name == RenditionName.ORIGINAL)
    if connection.execute(slots).rowcount != len(ids) or connection.execute(gone).rowcount != len(ids):
        raise RuntimeError("expected the originals read in this very transaction, each with its key slot")
    info.owe_scrub(connection, now)


def _decided(
    connection: Connection, ids: Sequence[RecordingId], policy: AppliedPolicy | None, proven: Proven | None,
    now: datetime,
) -> Iterator[tuple[Recording, Rendition | None, OriginalDecision]]:  # fmt: skip
    """Yield each recording with its original and what is decided over it; `proven` None: go by the catalog's copies."""
    found = rows.get_many(connection, ids)
    case_of = {case.recording.id: case for case in cases.of(connection, found, now)}
    for recording, original, evidence in _evidence(connection, found, proven):
        yield recording, original, _original(case_of[recording.id], policy, evidence, now)


def _original(case: Case, policy: AppliedPolicy | None, evidence: Evidence, now: datetime) -> OriginalDecision:
    return original_of(case.facts, policy, case.holds, evidence, now, case.circumstances)


def _evidence(
    connection: Connection, found: Sequence[Recording], proven: Proven | None
) -> Iterator[tuple[Recording, Rendition | None, Evidence]]:
    ids = [recording.id for recording in found]
    its = {i: {r.name: r for r in of} for i, of in rows.renditions_of(connection, ids).items()}
    copies = rows.copies_of(connection, [r.blob for of in its.values() for r in of.values()])
    faults = purge_faults.of(connection, found)
    taken_in, screened, archived = (
        told(connection, ids) for told in (journal.ingest_entries, journal.screen_entries, journal.archive_entries)
    )
    for recording in found:
        mine = its.get(recording.id, {})
        original, redacted = mine.get(RenditionName.ORIGINAL), mine.get(RenditionName.REDACTED)
        fault = faults[recording.id][1] if recording.id in faults else None
        if original is not None:
            if not _says(taken_in.get(recording.id), original):
                fault = "Its original is not the one that was taken in; run 'check'."
            elif copies.get(original.blob):
                fault = "Its original has a copy outside the vault's own store; run 'check'."
        is_told = redacted is not None and all(_says(told.get(recording.id), redacted) for told in (screened, archived))
        is_there = redacted is not None and _copied(redacted, copies.get(redacted.blob, ()), proven)
        yield recording, original, Evidence(original is not None, is_told, is_there, fault)


def _says(told: Entry | None, rendition: Rendition) -> bool:
    return told is not None and told.details.get("sealed_sha256") == rendition.sealed_sha256.hex()


def _copied(redacted: Rendition, copies: Sequence[Copy], proven: Proven | None) -> bool:
    if proven is None:
        return bool(copies)
    own = (redacted.blob, deletions.PRIMARY, "") in proven
    return own and any((redacted.blob, copy.store, copy.version) in proven for copy in copies)


def decision_of(connection: Connection, recording: RecordingId, now: datetime) -> OriginalDecision:
    """Return what the catalog, the log and the policy say of one original, without asking the stores.

    Raises:
        PolicyAlteredError, CanonicalFormError: the policy or a hold was altered.

    """
    policy = policies.current(connection)
    for _, _, decision in _decided(connection, [recording], policy, None, now):
        return decision
    raise RuntimeError("expected a recording that the catalog has")


def _archived(connection: Connection, after: str) -> list[RecordingId]:
    """Return the next archived recordings that have their original."""
    query = select(recordings.c.id).join_from(recordings, renditions)
    query = query.where(recordings.c.state == State.ARCHIVED, recordings.c.id > after)
    query = query.where(renditions.c.name == RenditionName.ORIGINAL).order_by(recordings.c.id).limit(_SCANNED)
    return [RecordingId(i) for i in connection.scalars(query)]


def kept_by_hold(connection: Connection, now: datetime, *, hold: str | None = None, samples: int = 5) -> Kept:
    """Return the originals with cuts that the policy would destroy and holds alone keep: they still have card data.

    `hold`: only those that this hold keeps, perhaps together with others.
    """
    policy = policies.current(connection)
    count, ids, last = 0, list[RecordingId](), ""
    while _destroys_any(policy) and (batch := _archived(connection, last)):
        held = holds.matching(connection, batch, now)
        cut = select(screenings.c.recording).where(screenings.c.recording.in_(batch), screenings.c.cuts > 0)
        mine = sorted(i for i in connection.scalars(cut) if held[i] and (hold is None or _keeps(hold, held[i])))
        for recording, _, decision in _decided(connection, mine, policy, None, now):
            if decision.kept_by_hold_alone:
                count += 1
                ids += [recording.id][: samples - len(ids)]
        last = batch[-1]
    return Kept(count, tuple(ids))


def _keeps(hold: str, held: Sequence[HoldRef]) -> bool:
    return any(reference.id == hold for reference in held)
