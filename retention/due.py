"""Looking at recordings whose time may have come, and keeping the index on due dates true (`retention.schedules`).

`evaluate` looks at all of them, after a new policy and once a week; it goes on where it was cut off. `find` looks at
what the index shows, yields what is due, and sets right what the index did not know: what was never looked at, what an
event moved, what a hold keeps. Nothing is destroyed here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, func, or_, select, type_coerce

from retention import cases, holds, policies, schedules
from retention.decision import Action
from retention.ends import Scheduled
from retention.facts import AppliedPolicy
from retention.schedules import Hint
from retention.survey import Surveyor
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
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        last = info.evaluation_finished_at(connection)
        if info.evaluation_owed(connection) is None and (last is None or clock.now() >= last + _EVERY):
            info.owe_evaluation(connection)
        total = connection.scalar(select(func.count()).select_from(recordings).where(_alive)) or 0
    done, surveyor = 0, None
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


_alive = recordings.c.state != State.PURGED


def _before(connection: Connection, recording: str) -> int:
    query = select(func.count()).select_from(recordings).where(_alive, recordings.c.id <= recording)
    return (connection.scalar(query) or 0) if recording else 0


def _set_right(connection: Connection, surveyor: Surveyor, span: Span, found: Sequence[Glanced]) -> None:
    there = _hints(connection, span)
    changed: list[Hint] = []
    new: list[Hint] = []
    for one, (scheduled,) in surveyor.of(connection, span, found):
        hint = _hint(one.id, scheduled)
        if one.id not in there:
            new.append(hint)
        elif there[one.id] != hint:
            changed.append(hint)
    schedules.note(connection, changed)
    schedules.add(connection, new)


def _hints(connection: Connection, span: Span) -> dict[str, Hint]:
    query = select(table.c.recording, type_coerce(table.c.look_at, BigInteger), table.c.for_review)
    return {row[0]: Hint(*row) for row in connection.execute(query.where(span.has(table.c.recording)))}


def _hint(recording: str, scheduled: Scheduled) -> Hint:
    look_at = None if scheduled.due_from is None else to_micros(scheduled.due_from)
    return Hint(recording, look_at, scheduled.for_review)


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
                due = _looked_at(connection, surveyor, policy, [recording for _, recording in shown], now)
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
    connection: Connection, surveyor: Surveyor, policy: AppliedPolicy | None, ids: Sequence[str], now: datetime
) -> list[Due]:
    """Return what is due of these, and set right the hints of what is not."""
    held = {i for i, its in holds.matching(connection, ids, now).items() if its}
    due: list[Due] = []
    changed: list[Hint] = []
    span = Chosen(ids)
    there = _hints(connection, span)
    for one, (scheduled,) in surveyor.of(connection, span, glance.chosen(connection, surveyor.fields, ids)):
        hint = _hint(one.id, scheduled)
        # by a clock that is wrong nothing is due: see retention.decide
        last = None if hint.look_at is None else max(hint.look_at, one.ended, one.created)
        if last is not None and last <= to_micros(now) and one.id not in held:
            due.append(_due(one.id, scheduled))
        if there[one.id] != hint:
            changed.append(hint)
    aside = _set_aside(connection, policy, sorted(held), now)
    schedules.note(connection, [hint for hint in changed if hint.recording not in held] + aside)
    return due


def _due(recording: RecordingId, scheduled: Scheduled) -> Due:
    if scheduled.due_from is None or scheduled.rule is None:
        raise RuntimeError("expected a schedule that lets go by a rule")
    action = Action.REVIEW if scheduled.for_review else Action.DESTROY
    return Due(recording, action, scheduled.rule, scheduled.due_from)


def _set_aside(connection: Connection, policy: AppliedPolicy | None, held: Sequence[str], now: datetime) -> list[Hint]:
    """Return the hints of what a hold keeps: nothing but its release, or the end of its grace period, frees it."""
    found = cases.of(connection, rows.get_many(connection, held), now) if held else []
    aside = []
    for case in found:
        until = case.decided(policy, now).keep_until
        aside.append(Hint(case.recording.id, None if until is None else to_micros(until), for_review=False))
    return aside
