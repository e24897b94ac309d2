"""What the log says of recordings, compared with what the catalog says of them (promises P2, P4 and P5).

Handles ciphertext and digests only. What differs is a fault: somebody altered a row without the acts that do.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection, select

from vault.catalog import recordings as rows
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import key_slots, log_entries, recordings
from vault.log import journal
from vault.log.entry import Act, Detail, Entry, Outcome, decode
from vault.log.errors import EntryFormatError
from vault.model import RenditionName, State

_LEADS_TO = {
    Act.INGEST: State.SEALED,
    Act.SCREEN: State.SCREENED,
    Act.QUARANTINE: State.QUARANTINED,
    Act.ARCHIVE: State.ARCHIVED,
    Act.PURGE: State.PURGED,
    Act.REVIEW_RULED: State.SEALED,
}
_ACTS = (*_LEADS_TO, Act.ORIGINAL_DESTROYED, Act.MEDIA_DESTROYED)
_BATCH = 500
_RENDERED_BY = {
    RenditionName.ORIGINAL: (Act.INGEST, "sealed_sha256"),
    RenditionName.REDACTED: (Act.SCREEN, "sealed_sha256"),
    RenditionName.TRANSCRIPT: (Act.SCREEN, "transcript_sha256"),
}
TRANSCRIPT_TYPE = "text/vtt"
"""What every transcript is."""


@dataclass(slots=True)
class _Told:
    """What the log told of one recording: the first entry of each act, and where the last that moved it led to."""

    first: dict[Act, Entry] = field(default_factory=dict)
    state: State | None = None


def differences(
    connection: Connection, batch: Sequence[Recording], renditions: Mapping[str, Sequence[Rendition]]
) -> Iterator[tuple[str, str, str]]:
    """Yield (promise, recording, what differs) for a batch of recordings."""
    ids = [recording.id for recording in batch]
    told = _told(connection, ids)
    digests = rows.row_sha256s(connection, ids)
    opens: dict[str, set[str]] = {}
    for recording_id, purpose in connection.execute(
        select(key_slots.c.subject, key_slots.c.purpose).where(key_slots.c.subject.in_(ids))
    ):
        opens.setdefault(recording_id, set()).add(purpose)
    for recording in batch:
        its = told[recording.id]
        taken_in = its.first.get(Act.INGEST)
        if taken_in is None:
            yield "P5", recording.id, "the log does not know that it was taken in"
            continue
        if its.state is not None and recording.state is not its.state:
            yield "P5", recording.id, f"the log says it is {its.state}, its row says {recording.state}"
        for rendition in renditions.get(recording.id, ()):
            yield from _rendition(recording, rendition, its)
        if State.PURGED in {recording.state, its.state}:
            continue
        there = {str(rendition.name) for rendition in renditions.get(recording.id, ())}
        yield from _original(recording, its, there, opens.get(recording.id, set()))
        if recording.state in {State.SCREENED, State.ARCHIVED}:
            yield from _derived(recording, its, there, opens.get(recording.id, set()))
        if taken_in.details.get("facts_sha256") != rows.facts_sha256(recording):
            yield "P2", recording.id, "what retention goes by is not what was taken in: the row was altered"
        elif taken_in.details.get("row_sha256") != digests[recording.id]:
            yield "P2", recording.id, "what holds find it by, or its sealed metadata, was altered since it was taken in"


def lost(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield (promise, recording, what is wrong) for what was taken in and has no row: a purge leaves a tombstone."""
    taken_in = journal.of_acts(connection, Act.INGEST)
    while batch := [str(entry.subject) for entry in islice(taken_in, _BATCH)]:
        known = set(connection.scalars(select(recordings.c.id).where(recordings.c.id.in_(batch))))
        for recording in sorted(set(batch) - known):
            yield "P2", recording, "the log says that it was taken in, the catalog has lost it"


def _told(connection: Connection, ids: Sequence[str]) -> dict[str, _Told]:
    found = {recording: _Told() for recording in ids}
    # compared as an expression the act has no index: SQLite would take that and read every such act there is
    query = select(log_entries.c.body).where(log_entries.c.subject.in_(ids), (log_entries.c.act + "").in_(_ACTS))
    for body in connection.scalars(query.order_by(log_entries.c.id)):
        with contextlib.suppress(EntryFormatError):  # the log's own check tells it
            entry = decode(body)
            if entry.subject in found and entry.act in _ACTS and entry.outcome is Outcome.DONE:
                its = found[entry.subject]
                its.first.setdefault(entry.act, entry)
                its.state = _led_to(entry) or its.state
    return found


def _led_to(entry: Entry) -> State | None:
    # a review that rejects leaves the recording where it is
    return None if entry.details.get("verdict") == "reject" else _LEADS_TO.get(entry.act)


def _original(
    recording: Recording, its: _Told, there: Collection[str], opens: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Compare what is there of an original, and of its key, with whether the log told that it was destroyed."""
    name = RenditionName.ORIGINAL
    digest = _original_destroyed(its)
    if digest is None:
        if name not in there:
            yield "P2", recording.id, "its original rendition is missing"
        if name not in opens:
            yield "P2", recording.id, "the key slot of its original is missing: nothing can open it any more"
        return
    yield from _left(recording, name, there, opens)
    if digest != its.first[Act.INGEST].details.get("sealed_sha256"):
        yield "P5", recording.id, "the log says that another original was destroyed than the one taken in"


def _original_destroyed(its: _Told) -> Detail | None:
    """Return the digest of the original that the log says was destroyed, alone or with the redacted rendition."""
    alone, with_the_rest = its.first.get(Act.ORIGINAL_DESTROYED), its.first.get(Act.MEDIA_DESTROYED)
    if alone is not None:
        return alone.details.get("sealed_sha256", "")
    return None if with_the_rest is None else with_the_rest.details.get("original_sha256")


def _derived(
    recording: Recording, its: _Told, there: Collection[str], opens: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Compare what screening made with whether the log told that all but the transcript was destroyed."""
    screened, destroyed = its.first.get(Act.SCREEN), its.first.get(Act.MEDIA_DESTROYED)
    if destroyed is not None:
        yield from _left(recording, RenditionName.REDACTED, there, opens)
        told = None if screened is None else screened.details.get("sealed_sha256")
        if destroyed.details.get("redacted_sha256") != told:
            yield "P5", recording.id, "the log says that another redacted rendition was destroyed than the one it has"
    elif screened is not None and RenditionName.REDACTED not in there:
        yield "P2", recording.id, "its redacted rendition is missing"
    had_one = any(entry is not None and "transcript_sha256" in entry.details for entry in (screened, destroyed))
    if had_one and RenditionName.TRANSCRIPT not in there:
        yield "P2", recording.id, "its transcript is missing"


def _left(
    recording: Recording, name: RenditionName, there: Collection[str], opens: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    if name in there:
        yield "P3", recording.id, f"the log says that its {name} was destroyed, and it is still there"
    if name in opens:
        yield "P3", recording.id, f"the log says that its {name} was destroyed, and its key slot is still there"


def media_entries(connection: Connection, recordings: Sequence[str]) -> dict[str, Entry]:
    """Return what the log told when all but the transcript of each was destroyed; one that cannot be read is none."""
    told = {recording: its.first.get(Act.MEDIA_DESTROYED) for recording, its in _told(connection, recordings).items()}
    return {recording: entry for recording, entry in told.items() if entry is not None}


def _media_type(recording: Recording, rendition: Rendition, details: Mapping[str, Detail]) -> Detail:
    """Return the media type that a rendition must have: what cannot be written as it came in becomes another."""
    if rendition.name is RenditionName.TRANSCRIPT:
        return TRANSCRIPT_TYPE
    if rendition.name is RenditionName.REDACTED:
        return details.get("media_type", recording.media_type)
    return recording.media_type


def _rendition(recording: Recording, rendition: Rendition, its: _Told) -> Iterator[tuple[str, str, str]]:
    act, digest = _RENDERED_BY[rendition.name]
    entry = its.first.get(act)
    details = entry.details if entry is not None else {}
    promise = "P5" if rendition.name is RenditionName.ORIGINAL else "P4"
    if details.get(digest) != rendition.sealed_sha256.hex():
        yield promise, recording.id, f"the {rendition.name}'s digest is not the one the log has"
    if act is Act.INGEST and details.get("sealed_size") != rendition.sealed_size:
        yield promise, recording.id, "the original's size is not the one the log has"
    if rendition.media_type != _media_type(recording, rendition, details):
        yield "P5", recording.id, f"the media type of its {rendition.name} was altered"
