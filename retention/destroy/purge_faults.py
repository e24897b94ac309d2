"""Why a purge refuses where the catalog is not what the log has: a planted, altered or lost row decides nothing.

Who can write to the database could otherwise have a recording destroyed in good order: by another policy, without the
hold or the extension on it, by an event or a request that never was, or made to look older.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from retention.core.facts import AppliedPolicy
from retention.errors import RetentionAlteredError
from retention.hold import check_holds
from retention.recorded import check_demands, check_events
from vault.catalog import recordings as rows
from vault.catalog.recordings import Recording
from vault.catalog.schema import key_slots, renditions
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import State


def refuse_untold(connection: Connection, policy: AppliedPolicy | None) -> None:
    """Refuse to destroy anything by a policy, holds or extensions that are not the ones the log has.

    Raises:
        RetentionAlteredError: they differ; nothing is destroyed until that is mended.

    """
    entries = list(journal.of_acts(connection, Act.POLICY_APPLIED))
    last = entries[-1].details if entries else {}
    told = (last.get("version"), last.get("policy_sha256")) if entries else None
    if told != ((policy.version, policy.policy.version_digest) if policy else None):
        raise RetentionAlteredError("expected the policy in force to be the one the log says was applied last")
    for found in check_holds.findings(connection):
        raise RetentionAlteredError(f"{found.subject}: {found.text}")
    for found in check_demands.of_extensions(connection):
        raise RetentionAlteredError(f"{found.subject}: {found.text}")


def of(connection: Connection, found: Sequence[Recording]) -> dict[str, tuple[str, str]]:
    """Return why each of the recordings that may not be destroyed may not: a code and a sentence, by id."""
    alive = [r for r in found if r.state is not State.PURGED]
    faults = _altered(connection, alive)
    # a hold covers a recording through the others of its interaction too: what was altered may be hidden from it
    hidden = _hidden(connection, {r.interaction for r in alive if r.interaction is not None})
    for recording in alive:
        if recording.interaction in hidden:
            text = "Another recording of its interaction is not what the log has; run 'check'."
            faults.setdefault(recording.id, ("interaction-altered", text))
    for altered in (check_events.altered(check_events.of(connection, alive)), check_demands.of(connection, alive)):
        for recording_id, fault in altered.items():
            faults.setdefault(recording_id, fault)
    for recording_id in _without_a_slot(connection, [r.id for r in alive]):
        text = "The catalog has lost one of its keys, so its destruction cannot be certified; run 'check'."
        faults.setdefault(recording_id, ("key-slot-lost", text))
    return faults


def _without_a_slot(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Return those that have a rendition without its key slot."""
    has = (key_slots.c.subject == renditions.c.recording) & (key_slots.c.purpose == renditions.c.name)
    query = select(renditions.c.recording).join_from(renditions, key_slots, has, isouter=True)
    return list(connection.scalars(query.where(renditions.c.recording.in_(ids), key_slots.c.subject.is_(None))))


def _hidden(connection: Connection, names: set[str]) -> set[str]:
    """Return the interactions of which a recording was altered, or taken out; with memory for one batch of them."""
    if not names:
        return set()
    hidden: set[str | None] = set()
    for kin in rows.of_interactions(connection, names):
        altered = _altered(connection, kin)
        hidden.update(r.interaction for r in kin if r.id in altered)
    name_of = {rows.interaction_sha256(name): name for name in names}
    for entries in journal.joined(connection, sorted(name_of)):
        joined = {str(entry.details.get("recording")): name_of[str(entry.subject)] for entry in entries}
        there = rows.interactions_of(connection, list(joined))
        gone = [recording for recording, name in joined.items() if there.get(recording) != name]
        purged = journal.purge_entries(connection, gone)
        hidden.update(joined[recording] for recording in gone if recording not in purged)
    return {name for name in hidden if name is not None}


def _altered(connection: Connection, found: Sequence[Recording]) -> dict[str, tuple[str, str]]:
    """Return what is wrong with each of the recordings that are not what the log has since they were taken in."""
    ids = [recording.id for recording in found]
    told, digests = journal.ingest_entries(connection, ids), rows.row_sha256s(connection, ids)
    wrong = {recording.id: _difference(recording, told.get(recording.id), digests) for recording in found}
    return {recording: fault for recording, fault in wrong.items() if fault is not None}


def _difference(recording: Recording, told: Entry | None, digests: Mapping[str, str]) -> tuple[str, str] | None:
    if told is None or told.details.get("facts_sha256") != rows.facts_sha256(recording):
        return "facts-altered", "What retention goes by is not what the log has since it was taken in; run 'check'."
    if told.details.get("row_sha256") != digests[recording.id]:
        return "row-altered", "What holds find it by is not what the log has since it was taken in; run 'check'."
    return None
