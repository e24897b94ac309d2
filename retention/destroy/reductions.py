"""Leaving only the transcript of recordings whose sound and picture the policy lets go. Ciphertext only; no key.

For a batch of recordings:

1. read the transcript back from the store, whole: it will be all that is left;
2. in one transaction that no hold, release, event or policy can run beside, read everything again and decide again;
   destroy the key slots and rows of the original and of the redacted rendition, log it, and note what the stores must
   give up, in every copy and version.

After the transaction the caller owes vault.deletions.finish. Where an object lock still keeps a copy, its blob stays
until the lock ends, without a key, as after a purge.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete

from keys.errors import StrongroomError
from retention.core.ends import counting, transcript_end
from retention.core.facts import AppliedPolicy
from retention.destroy import purge_faults
from retention.destroy.decide_reduction import ATTESTS, Evidence, ReductionCode, ReductionDecision, reduction_of
from retention.plans import policies
from retention.recorded import events
from retention.recorded.events import Event, Standing, Subject
from retention.schedule import cases
from retention.schedule.cases import Case
from vault import deletions
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.recordings import Copy, Recording, Rendition
from vault.catalog.schema import copies as copies_table
from vault.catalog.schema import key_slots, renditions
from vault.clock import Clock
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import BlobName, RecordingId, RenditionName, State
from vault.people import AUTO, Actor
from vault.store.base import BlobStore, verify
from vault.told import media_entries

BATCH = 100
"""Recordings of which all but the transcript is destroyed in one transaction."""
MEDIA = (RenditionName.ORIGINAL, RenditionName.REDACTED)
"""What goes."""
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Reduced:
    """What became of one recording that the policy lets be its transcript; `code` and `reason` say why it was not."""

    recording: RecordingId
    done: bool
    code: ReductionCode
    reason: str


@dataclass(frozen=True, slots=True)
class _Found:
    """One recording, what it has, and what is decided over it."""

    media: Sequence[Rendition]
    transcript: Rendition | None
    attested: Event | None
    evidence: Evidence


def destroy(
    catalog: Catalog, clock: Clock, stores: Mapping[str, BlobStore], ids: Sequence[RecordingId]
) -> Iterator[Reduced]:
    """Destroy, as `auto`, all but the transcript of those of the recordings that the policy lets be that.

    What the schedule or a hold keeps, or nobody attested, is passed over without a word.

    Raises:
        RetentionAlteredError: holds or the policy in force are not the ones the log has.
        CatalogUnavailableError: the catalog does not answer.

    """
    archives = has_archive(stores)
    with catalog.read() as connection:
        wanted = _wanted(connection, ids, clock.now())
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        read = _read_back(catalog, stores, batch)
        yield from _destroy(catalog, clock, batch, read, archives=archives)


def has_archive(stores: Mapping[str, BlobStore]) -> bool:
    """Return whether what is screened is on its way to an archive."""
    return any(name != deletions.PRIMARY for name in stores)


def _wanted(connection: Connection, ids: Sequence[RecordingId], now: datetime) -> list[RecordingId]:
    """Return those that were attested, that the schedule lets go and that no hold keeps: the store is asked of them."""
    its = {i: {r.name: r for r in of} for i, of in rows.renditions_of(connection, ids).items()}
    attested = [i for i in _attested(connection, its) if any(name in its[i] for name in MEDIA)]
    policy = policies.current(connection)
    found = cases.of(connection, rows.get_many(connection, attested), now)
    return [case.recording.id for case in found if not case.holds and _lets_go(case, policy, now)]


def _lets_go(case: Case, policy: AppliedPolicy | None, now: datetime) -> bool:
    rules = counting(case.facts, policy, case.circumstances)
    since = transcript_end(rules, case.facts, case.circumstances)
    return since is not None and since <= now


def _decision(case: Case, policy: AppliedPolicy | None, found: _Found, now: datetime) -> ReductionDecision:
    return reduction_of(case.facts, policy, case.holds, found.evidence, now, case.circumstances)


def _read_back(catalog: Catalog, stores: Mapping[str, BlobStore], ids: Sequence[RecordingId]) -> frozenset[BlobName]:
    """Do step 1: return the blobs of the transcripts that are in the store as they should be."""
    with catalog.read() as connection:
        its = rows.renditions_of(connection, ids)
    transcripts = [r for found in its.values() for r in found if r.name is RenditionName.TRANSCRIPT]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="transcript") as pool:
        whole = pool.map(lambda rendition: _is_whole(stores, rendition), transcripts)
        return frozenset(r.blob for r, ok in zip(transcripts, whole, strict=True) if ok)


def _is_whole(stores: Mapping[str, BlobStore], rendition: Rendition) -> bool:
    try:
        verify(stores[deletions.PRIMARY], rendition.blob, "", rendition.sealed_sha256)
    except StrongroomError:
        return False  # what a store does not give is not known
    return True


def _destroy(
    catalog: Catalog, clock: Clock, ids: Sequence[RecordingId], read: frozenset[BlobName], *, archives: bool
) -> list[Reduced]:
    """Do step 2 for one batch."""
    results: list[Reduced] = []
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        now = clock.now()
        rows.lock(connection, ids)  # a purge that is at work on one of them waits, or is waited for
        policy = policies.current(connection)
        purge_faults.refuse_untold(connection, policy)
        actor = Actor(AUTO, f"policy/{policy.version}" if policy else "policy/none")
        entries: list[Entry] = []
        doomed: list[Rendition] = []
        for recording, found, decision in _decided(connection, ids, policy, read, now, archives=archives):
            if decision.reduce:
                doomed += found.media
                entries.append(actor.entry(now, Act.MEDIA_DESTROYED, recording.id, _told(found, decision)))
            results.append(Reduced(recording.id, decision.reduce, decision.reasons[0].code, decision.reasons[0].text))
        _destroy_rows(connection, doomed, now)
        journal.append(connection, entries)
    return results


def _told(found: _Found, decision: ReductionDecision) -> dict[str, int | str]:
    if found.transcript is None or found.attested is None:
        raise RuntimeError("expected a transcript that was attested")
    return {
        **{f"{rendition.name}_sha256": rendition.sealed_sha256.hex() for rendition in found.media},
        "transcript_sha256": found.transcript.sealed_sha256.hex(),
        "attested_by": found.attested.id,
        "policy": decision.policy_version or 0,
        "rule": decision.rule or "",
    }


def _destroy_rows(connection: Connection, doomed: Sequence[Rendition], now: datetime) -> None:
    if not doomed:
        return
    deletions.note(connection, doomed, now)
    connection.execute(delete(copies_table).where(copies_table.c.blob.in_([r.blob for r in doomed])))
    for name in MEDIA:
        ids = [rendition.recording for rendition in doomed if rendition.name is name]
        slots = delete(key_slots).where(key_slots.c.subject.in_(ids), key_slots.c.purpose == name)
        gone = delete(renditions).where(renditions.c.recording.in_(ids), renditions.c.name == name)
        if connection.execute(slots).rowcount != len(ids) or connection.execute(gone).rowcount != len(ids):
            raise RuntimeError("expected the renditions read in this very transaction, each with its key slot")
    info.owe_scrub(connection, now)


def _decided(
    connection: Connection, ids: Sequence[RecordingId], policy: AppliedPolicy | None, read: frozenset[BlobName] | None,
    now: datetime, *, archives: bool,
) -> Iterator[tuple[Recording, _Found, ReductionDecision]]:  # fmt: skip
    """Yield each recording with what it has and what is decided over it; `read` None: go by the catalog."""
    recordings = rows.get_many(connection, ids)
    found = _found(connection, recordings, read, archives=archives)
    for case in cases.of(connection, recordings, now):
        its = found[case.recording.id]
        yield case.recording, its, _decision(case, policy, its, now)


def _found(
    connection: Connection, recordings: Sequence[Recording], read: frozenset[BlobName] | None, *, archives: bool
) -> dict[str, _Found]:
    ids = [recording.id for recording in recordings]
    its = {i: {r.name: r for r in of} for i, of in rows.renditions_of(connection, ids).items()}
    copies = rows.copies_of(connection, [r.blob for of in its.values() for r in of.values()])
    faults = purge_faults.of(connection, recordings)
    attested = _attested(connection, its)
    entries = [
        told(connection, ids)
        for told in (journal.ingest_entries, journal.screen_entries, journal.archive_entries, journal.original_entries)
    ]
    found: dict[str, _Found] = {}
    for recording in recordings:
        mine = its.get(recording.id, {})
        transcript = mine.get(RenditionName.TRANSCRIPT)
        of_log = _Log(*(told.get(recording.id) for told in entries))
        evidence = Evidence(
            has_media=any(name in mine for name in MEDIA), has_transcript=transcript is not None,
            will_be_archived=archives, is_told=of_log.tells(recording, mine),
            is_attested=recording.id in attested,
            is_read=transcript is not None and (read is None or transcript.blob in read),
            fault=faults[recording.id][1] if recording.id in faults else _strange(mine, copies),
        )  # fmt: skip
        media = [mine[name] for name in MEDIA if name in mine]
        found[recording.id] = _Found(media, transcript, attested.get(recording.id), evidence)
    return found


def _attested(connection: Connection, its: Mapping[str, Mapping[RenditionName, Rendition]]) -> dict[str, Event]:
    """Return the event, in force, by which a person attested the transcript of each, recorded after it was made."""
    keys = {events.key_of(recording): recording for recording in its}
    found: dict[str, Event] = {}
    for row in connection.execute(events.rows_of(Subject.RECORDING, keys)):
        event = events.event_of(row)
        transcript = its[keys[event.key]].get(RenditionName.TRANSCRIPT)
        is_about_it = transcript is not None and event.recorded_at >= transcript.created_at
        if event.name == ATTESTS and event.standing is Standing.IN_FORCE and is_about_it:
            found[keys[event.key]] = event
    return found


def _strange(mine: Mapping[RenditionName, Rendition], copies: Mapping[str, Sequence[Copy]]) -> str | None:
    outside = [name for name, rendition in mine.items() if copies.get(rendition.blob)]
    if set(outside) - {RenditionName.REDACTED}:
        return "What is not redacted has a copy outside the vault's own store; run 'check'."
    return None


@dataclass(frozen=True, slots=True)
class _Log:
    """What the log told of one recording."""

    taken_in: Entry | None
    screened: Entry | None
    archived: Entry | None
    original_destroyed: Entry | None

    def tells(self, recording: Recording, mine: Mapping[RenditionName, Rendition]) -> bool:
        """Return whether each rendition is the one it told of, and none is missing without its word."""
        original, redacted, transcript = (mine.get(name) for name in (*MEDIA, RenditionName.TRANSCRIPT))
        is_in_archive = recording.state is State.ARCHIVED
        return (
            (self.original_destroyed is not None if original is None else _says(self.taken_in, original))
            and _says(self.screened, redacted)
            and (not is_in_archive or _says(self.archived, redacted))
            and _says(self.screened, transcript, "transcript_sha256")
        )


def _says(told: Entry | None, rendition: Rendition | None, name: str = "sealed_sha256") -> bool:
    digest = None if told is None else told.details.get(name)
    return rendition is not None and digest == rendition.sealed_sha256.hex()


def decision_of(
    connection: Connection, recording: RecordingId, now: datetime, *, archives: bool = True
) -> ReductionDecision:
    """Return what the catalog, the log and the policy say of one recording's sound and picture, without the stores.

    `archives`: the vault has an archive, so that what is screened waits for that.

    Raises:
        PolicyAlteredError, CanonicalFormError: the policy or a hold was altered.

    """
    policy = policies.current(connection)
    for _, _, decision in _decided(connection, [recording], policy, None, now, archives=archives):
        return decision
    raise RuntimeError("expected a recording that the catalog has")


def entry_of(connection: Connection, recording: RecordingId) -> Entry | None:
    """Return what the log told when all but the recording's transcript was destroyed, or None."""
    return media_entries(connection, [recording]).get(recording)
