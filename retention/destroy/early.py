"""What goes before its recording: finding it, and having it destroyed.

Originals whose redacted rendition is archived (`retention.destroy.originals`), and sound and picture where a transcript
suffices (`retention.destroy.reductions`).

A whole look goes over every recording by its schedule alone, once a day and after a new policy, in batches, and goes
on where it was cut off. Between two of them only what was archived since is looked at, found by the log's index on
acts. So a pass costs what is new, and a hold that ended or an event that was recorded shows within a day. How far the
looks came stands in one row of `vault_info`: a hint, like the index on due dates, that can only delay. Whoever destroys
decides anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, delete, func, select

from retention.core.ends import Scheduled
from retention.core.facts import AppliedPolicy
from retention.destroy import originals, reductions
from retention.destroy.decide_original import OriginalCode
from retention.destroy.decide_reduction import ReductionCode
from retention.destroy.originals import Destroyed
from retention.destroy.reductions import Reduced
from retention.plans import policies
from retention.policy.language import Original
from retention.schedule.survey import Surveyor
from vault.catalog import glance, info
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.glance import Chosen, Glanced, Span
from vault.catalog.schema import log_entries, recordings, renditions, to_micros, vault_info
from vault.clock import Clock
from vault.log.entry import Act
from vault.model import RecordingId, RenditionName, State
from vault.store.base import BlobStore

BATCH = 5000
"""Recordings of a whole look that are looked at before it is noted how far that came."""
_FRESH = 1000  # newly archived recordings looked at at a time
_EVERY = timedelta(days=1)
_RETRY = timedelta(hours=1)
_MAY_GO = {State.ARCHIVED, State.SCREENED}
_ROW = "early-look"
_NONE = "-"
_STORES = {OriginalCode.NO_COPY, ReductionCode.UNREAD}
_EXPECTED = {OriginalCode.HOLD, OriginalCode.GONE, ReductionCode.HOLD, ReductionCode.GONE}

Ended: TypeAlias = Destroyed | Reduced
"""What became of one recording."""
_Batch: TypeAlias = tuple[Span, Sequence[Glanced]]


@dataclass(frozen=True, slots=True)
class _Look:
    """How far the looks came: `after` None: no whole one is under way; `entry`: the last of the log that was seen."""

    policy: int
    entry: int
    next: int  # microseconds since 1970: when the next whole look begins
    after: str | None


def is_error(ended: Ended) -> bool:
    """Return whether somebody should know that this one stays; a hold that came meanwhile is no error."""
    return not ended.done and ended.code not in _EXPECTED


def run_due(
    catalog: Catalog, clock: Clock, stores: Mapping[str, BlobStore], stop: Callable[[], bool] = lambda: False
) -> Iterator[Ended]:
    """Destroy, as `auto`, what the policy lets go before its recording; yield what was destroyed or could not be.

    `stop` is asked between batches.

    Raises:
        RetentionAlteredError: holds or the policy in force are not the ones the log has.
        CatalogUnavailableError: the catalog does not answer.

    """
    surveyor: Surveyor | None = None
    while not stop():
        with catalog.read() as connection:
            policy = policies.current(connection)
            if policy is None or not _lets_any_go(policy):
                return
            now = clock.now()
            look = _read(connection, policy, now) or _begin(connection, policy, now)
            if surveyor is None or surveyor.policies != (policy,):
                surveyor = Surveyor(policy)
            found = _next(connection, surveyor, look)
            if found is None and look.after is None:
                return
            batch, then = found or (None, replace(look, after=None))
            ripe = _ripe(connection, surveyor, *batch, now) if batch is not None else []
        for ended in _destroy(catalog, clock, stores, ripe):
            yield ended
            if ended.code in _STORES:
                then = replace(then, next=min(then.next, to_micros(now + _RETRY)))
        # the lock: two passes side by side must not both write the first row
        with catalog.write(lock=LOCK_DISPOSITION) as connection:
            _note(connection, then)


def _lets_any_go(policy: AppliedPolicy) -> bool:
    return any(r.original is Original.DESTROY or r.transcript_suffices_after is not None for r in policy.policy.rules)


# How far the looks came


def _read(connection: Connection, policy: AppliedPolicy, now: datetime) -> _Look | None:
    """Return how far the looks came; None where a whole one is to begin."""
    text = connection.scalar(select(vault_info.c.value).where(vault_info.c.name == _ROW))
    try:
        version, entry, due, after = str(text).split(" ")
        look = _Look(int(version), int(entry), int(due), None if after == _NONE else after)
    except ValueError:
        return None  # a wrong hint begins anew
    if look.policy != policy.version:
        return None
    # further ahead than a day: noted by a clock that was wrong
    is_waiting = to_micros(now) < look.next <= to_micros(now + _EVERY)
    return look if look.after is not None or is_waiting else None


def _begin(connection: Connection, policy: AppliedPolicy, now: datetime) -> _Look:
    last = connection.scalar(select(func.max(log_entries.c.id)).where(log_entries.c.act == Act.ARCHIVE))
    return _Look(policy.version, last or 0, to_micros(now + _EVERY), after="")


def _note(connection: Connection, look: _Look) -> None:
    connection.execute(delete(vault_info).where(vault_info.c.name == _ROW))
    after = _NONE if look.after is None else look.after
    info.put(connection, _ROW, f"{look.policy} {look.entry} {look.next} {after}")


# Looking


def _next(connection: Connection, surveyor: Surveyor, look: _Look) -> tuple[_Batch, _Look] | None:
    """Return the next batch, and how far the looks will have come after it; None: there is none (more)."""
    if look.after is not None:
        found = glance.next_batch(connection, surveyor.fields, after=look.after, until=None, batch=BATCH)
        return None if found is None else (found, replace(look, after=found[1][-1].id))
    query = select(log_entries.c.id, log_entries.c.subject).where(log_entries.c.act == Act.ARCHIVE)
    fresh = connection.execute(query.where(log_entries.c.id > look.entry).order_by(log_entries.c.id).limit(_FRESH))
    subjects = {row.id: str(row.subject) for row in fresh}
    if not subjects:
        return None
    span = Chosen(sorted(set(subjects.values())))
    return (span, glance.chosen(connection, surveyor.fields, span.ids)), replace(look, entry=max(subjects))


@dataclass(frozen=True, slots=True)
class _Ripe:
    recording: RecordingId
    original: bool
    media: bool


def _ripe(
    connection: Connection, surveyor: Surveyor, span: Span, glanced: Sequence[Glanced], now: datetime
) -> list[_Ripe]:
    """Return those of a batch of which the schedule lets something go that is still there."""
    due = {
        one.id: scheduled for one, (scheduled,) in surveyor.of(connection, span, glanced) if _is_ripe(scheduled, now)
    }
    if not due:
        return []
    its: dict[str, set[str]] = {}
    # by the range alone: an index on states would be read from end to end for each batch
    query = select(renditions.c.recording, renditions.c.name, recordings.c.state).join_from(renditions, recordings)
    for recording, name, state in connection.execute(query.where(span.has(renditions.c.recording))):
        if recording in due and state in _MAY_GO:
            its.setdefault(recording, set()).add(name)
    ripe = []
    for recording in sorted(its):
        names, scheduled = its[recording], due[RecordingId(recording)]
        original = RenditionName.ORIGINAL in names and _has_come(scheduled.original_from, now)
        media = RenditionName.TRANSCRIPT in names and len(names) > 1 and _has_come(scheduled.transcript_from, now)
        if original or media:
            ripe.append(_Ripe(RecordingId(recording), original, media))
    return ripe


def _is_ripe(scheduled: Scheduled, now: datetime) -> bool:
    return _has_come(scheduled.original_from, now) or _has_come(scheduled.transcript_from, now)


def _has_come(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now


def _destroy(catalog: Catalog, clock: Clock, stores: Mapping[str, BlobStore], ripe: Sequence[_Ripe]) -> Iterator[Ended]:
    for start in range(0, len(ripe), _FRESH):
        part = ripe[start : start + _FRESH]
        # first what takes most: an original that went with the rest need not be looked at again
        yield from reductions.destroy(catalog, clock, stores, [one.recording for one in part if one.media])
        yield from originals.destroy(catalog, clock, stores, [one.recording for one in part if one.original])
