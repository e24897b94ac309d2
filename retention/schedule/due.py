"""Looking at recordings whose time may have come, and keeping the index on due dates true (`schedules`).

`evaluate` looks at all of them, after a new policy and once a week; it goes on where it was cut off. `find` looks at
what the index shows, yields what is due, and sets right what the index did not know: what was never looked at, what an
event moved, what a hold keeps. Nothing is destroyed here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, func, or_, select, type_coerce

from retention.core.decision import Action
from retention.core.ends import Scheduled
from retention.core.facts import AppliedPolicy
from retention.hold import holds
from retention.plans import policies
from retention.schedule import cases, schedules
from retention.schedule.schedules import Hint, Look
from retention.schedule.survey import Surveyor, look_of
from vault.catalog import glance, info
from vault.catalog import recordings as rows
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.glance import Chosen, Glanced, Span
from vault.catalog.schema import recordings, to_micros
from vault.catalog.schema import schedules as table
from vault.clock import Clock
from vault.model import RecordingId, State

BATCH = 5000
"""Recordings evaluated in one transaction."""
_LOOKED_AT = 1000  # recordings the index shows that are looked at in one transaction
_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """A recording that may be done by `action` now, by which rule, and until when it had to be kept."""

    recording: RecordingId
    action: Action
    rule: str
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How many recordings of how many are evaluated."""

    done: int
    of: int


def evaluate(catalog: Catalog, clock: Clock) -> Iterator[Progress]:
    """Look at every recording if that is owed, or was not done for a week; yield after each batch, which is durable.

    Raises:
        PolicyAlteredError, CanonicalFormError: the policy or a request was altered.

    """
    total, done, surveyor = _begin(catalog, clock), 0, None
    while True:
        with catalog.write(lock=LOCK_DISPOSITION) as connection:
            after = info.evaluation_owed(connection)
            if after is None:
                return
            # read each time: a policy that was applied meanwhile begins anew, and is what the rest goes by
            policy = policies.current(connection)
            if surveyor is None or surveyor.policies != (policy,):
                surveyor, done = Surveyor(policy), _before(connection, after)
            batch = glance.next_batch(connection, surveyor.fields, after=after, until=None, batch=BATCH)
            if batch is None:
                info.evaluation_done(connection, clock.now())
                return
            _set_right(connection, surveyor, *batch)
            info.evaluated_to(connection, batch[1][-1].id)
        done += len(batch[1])
        yield Progress(done, max(done, total))


def _begin(catalog: Catalog, clock: Clock) -> int:
    """Return how many recordings there are to look at; 0 where no look at all of them is owed, which is not counted."""
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        if info.evaluation_owed(connection) is None:
            last = info.evaluation_finished_at(connection)
            # one in the future was noted by a clock that ran ahead: it counts for nothing
            if last is not None and last <= clock.now() < last + _EVERY:
                return 0
            info.owe_evaluation(connection)
        return connection.scalar(select(func.count()).select_from(recordings).where(_alive)) or 0


_alive = recordings.c.state != State.PURGED


def _before(connection: Connection, recording: str) -> int:
    query = select(func.count()).select_from(recordings).where(_alive, recordings.c.id <= recording)
    return (connection.scalar(query) or 0) if recording else 0


def _set_right(connection: Connection, surveyor: Surveyor, span: Span, found: Sequence[Glanced]) -> None:
    there = _looks(connection, span)
    changed: list[Hint] = []
    new: list[Hint] = []
    for recording, look in surveyor.hints(connection, span, found):
        known = there.get(recording)
        if known is None:
            new.append((*look, recording))
        elif known != look:
            changed.append((*look, recording))
    schedules.note(connection, changed)
    schedules.add(connection, new)


def _looks(connection: Connection, span: Span) -> dict[str, Look]:
    query = select(table.c.recording, type_coerce(table.c.look_at, BigInteger), table.c.for_review)
    found = glance.plain_rows(connection, query.where(span.has(table.c.recording)))
    return {recording: (look_at, for_review) for recording, look_at, for_review in found}


def find(catalog: Catalog, clock: Clock, only: frozenset[Action], *, limit: int) -> list[Due]:
    """Return up to `limit` recordings that are due and may be done by one of the actions, the longest over first.

    Raises:
        PolicyAlteredError, CanonicalFormError: the policy, a hold or a request was altered.

    """
    found: dict[RecordingId, Due] = {}  # what is set right while it is looked at may be shown twice
    surveyor: Surveyor | None = None
    # what was not looked at yet stands among what no person is asked about
    for flag in [False, True] if Action.REVIEW in only else [False]:
        after = (-1, "")
        while len(found) < limit:
            with catalog.write(lock=LOCK_DISPOSITION) as connection:
                now, policy = clock.now(), policies.current(connection)
                if surveyor is None or surveyor.policies != (policy,):
                    surveyor = Surveyor(policy)
                shown = _shown(connection, now, after, for_review=flag)
                if not shown:
                    break
                there = {recording: (look_at, flag) for look_at, recording in shown}
                due = _looked_at(connection, surveyor, policy, there, now)
            after = shown[-1]
            found |= {one.recording: one for one in due if one.action in only}
    return sorted(found.values(), key=lambda one: (one.keep_until, one.recording))[:limit]


def _shown(connection: Connection, now: datetime, after: tuple[int, str], *, for_review: bool) -> list[tuple[int, str]]:
    """Return the next recordings that the index shows, the longest over first."""
    look_at = type_coerce(table.c.look_at, BigInteger)
    later = or_(look_at > after[0], (look_at == after[0]) & (table.c.recording > after[1]))
    query = select(look_at, table.c.recording).where(
        table.c.for_review == for_review, look_at >= after[0], look_at <= to_micros(now), later
    )
    found = connection.execute(query.order_by(table.c.look_at, table.c.recording).limit(_LOOKED_AT))
    return [(row[0], row[1]) for row in found]


def _looked_at(
    connection: Connection, surveyor: Surveyor, policy: AppliedPolicy | None, there: Mapping[str, Look], now: datetime
) -> list[Due]:
    """Return what is due of these, and set right the hints of what is not."""
    ids = list(there)
    span = Chosen(ids)
    held = holds.held(connection, span, now)
    due: list[Due] = []
    changed: list[Hint] = []
    for one, (scheduled,) in surveyor.of(connection, span, glance.chosen(connection, surveyor.fields, ids)):
        look = look_of(scheduled)
        # by a clock that is wrong nothing is due: see retention.core.decide
        last = None if look[0] is None else max(look[0], one.ended, one.created)
        if last is not None and last <= to_micros(now) and one.id not in held:
            due.append(_due(one.id, scheduled))
        if one.id not in held and there[one.id] != look:
            changed.append((*look, one.id))
    aside = _set_aside(connection, policy, sorted(held), now)
    schedules.note(connection, changed + aside)
    return due


def _due(recording: RecordingId, scheduled: Scheduled) -> Due:
    if scheduled.due_from is None or scheduled.rule is None:
        raise RuntimeError("expected a schedule that lets go by a rule")
    action = Action.REVIEW if scheduled.for_review else Action.DESTROY
    return Due(recording, action, scheduled.rule, scheduled.due_from)


def _set_aside(connection: Connection, policy: AppliedPolicy | None, held: Sequence[str], now: datetime) -> list[Hint]:
    """Return the hints of what a hold keeps: nothing but its release, or the end of its grace period, frees it."""
    found = cases.of(connection, rows.get_many(connection, held), now) if held else []
    aside: list[Hint] = []
    for case in found:
        until = case.decided(policy, now).keep_until
        aside.append((schedules.look_at(until), False, case.recording.id))
    return aside
