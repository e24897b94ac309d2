"""Requests for erasure (GDPR Art. 17): recorded, answered with the grounds that stand against them, done by themselves.

A request covers what is there when it is made. Nothing is destroyed by it that anything keeps; when the last reason
to keep has ended, the next purge destroys what the request covers, unless a rule keeps it with no request.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select

from retention.core.decision import Action, Reason, ReasonCode
from retention.core.facts import AppliedPolicy
from retention.errors import DemandScopeError, DemandStateError
from retention.hold.holds import SealedWords
from retention.plans import policies
from retention.recorded import demands
from retention.recorded.demands import Demand, DemandRow
from retention.recorded.event_acts import check_because
from retention.recorded.extensions import insert_demand, withdraw_demand
from retention.schedule import cases, schedules
from retention.schedule.cases import Case
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria, matching
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.schema import erasures, recordings
from vault.clock import Clock
from vault.log import journal
from vault.log.entry import Act
from vault.model import State
from vault.people import Actor

_BATCH = 1000


class Ground(StrEnum):
    """Why something cannot be erased yet, as an answer to who requested it names it."""

    STATUTE = "legal obligation (GDPR Art. 17(3)(b))"
    SCHEDULE = "retention rule without a citation"
    EXTENSION = "an authority's extension (GDPR Art. 17(3)(b))"
    HOLD = "legal claims (GDPR Art. 17(3)(e))"
    NO_POLICY = "no policy covers it"
    UNCLEAR = "its dates or the clock are not to be trusted"


_HOLDS = frozenset({ReasonCode.HOLD, ReasonCode.HOLD_UNCLEAR, ReasonCode.GRACE})
_PERIODS = frozenset({ReasonCode.PERIOD, ReasonCode.START_UNKNOWN, ReasonCode.NEVER_ENDS, ReasonCode.EXTENSION})
_KEEPING = _HOLDS | _PERIODS | {ReasonCode.CLOCK, ReasonCode.NO_POLICY, ReasonCode.KEEPS_ON}


@dataclass(slots=True)
class Obstacle:
    """One ground that keeps some recordings: which rule, extension or hold it is, and until when (None: open)."""

    ground: Ground
    what: str
    citation: str | None
    recordings: int = 0
    until: datetime | None = None
    is_open: bool = False

    def add(self, until: datetime | None) -> None:
        """Count one more recording that this keeps."""
        self.recordings += 1
        self.is_open = self.is_open or until is None
        self.until = None if self.is_open or until is None else max(self.until or until, until)


@dataclass(slots=True)
class Answer:
    """What becomes of the recordings of a request: how many are free, wait for a person, are kept, or gone."""

    covered: int = 0
    free: int = 0
    to_review: int = 0
    kept: int = 0
    purged: int = 0
    obstacles: dict[tuple[Ground, str], Obstacle] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether nothing can be erased yet, although there is something to erase."""
        return self.kept > 0 and not (self.free or self.to_review or self.purged)


def request(
    catalog: Catalog, clock: Clock, actor: Actor, *, demand: str, criteria: Criteria, words: SealedWords
) -> int:
    """Record a request for erasure of everything that matches now; return how many recordings that is.

    The criteria are not kept: after the erasure nothing shall be left by which the person could be found again.

    Raises:
        DemandScopeError: no criterion at all, which would ask for the whole vault by accident.

    """
    if criteria.is_empty():
        raise DemandScopeError("expected at least one criterion, got none")
    now = clock.now()
    made = DemandRow(demand, Demand.ERASURE, "{}", words.sealed, "{}", actor.name, now, None, None)
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        insert_demand(connection, made, words)
        count = 0
        for batch in _matching(connection, criteria):
            count += len(batch)
            connection.execute(insert(erasures), [{"recording": i, "request": demand} for i in batch])
            covers = {"request": demand}
            journal.append(connection, [actor.entry(now, Act.ERASURE_COVERED, i, covers) for i in batch])
        details: dict[str, int | str] = {
            "demand_sha256": demands.digest(made), "words_sha256": words.sha256, "recordings": count
        }  # fmt: skip
        journal.append(connection, [actor.entry(now, Act.ERASURE_REQUESTED, demand, details)])
        schedules.wake(connection, select(erasures.c.recording).where(erasures.c.request == demand))
    return count


def _matching(connection: Connection, criteria: Criteria) -> Iterator[list[str]]:
    last = ""
    while True:
        query = select(recordings.c.id).where(
            matching(criteria), recordings.c.state != State.PURGED, recordings.c.id > last
        )
        batch = list(connection.scalars(query.order_by(recordings.c.id).limit(_BATCH)))
        if not batch:
            return
        yield batch
        last = batch[-1]


def withdraw(catalog: Catalog, clock: Clock, actor: Actor, *, demand: str, because: str) -> None:
    """Take a request back: what it covers is kept as if it had never been made.

    Raises:
        DemandNotFoundError, DemandStateError: there is no such request, or it was taken back before.
        EventError: see check_because.

    """
    check_because(because)
    now = clock.now()
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found = demands.get(connection, Demand.ERASURE, demand)
        if found.withdrawn_at is not None:
            raise DemandStateError("expected a request that stands, got one that was withdrawn")
        withdraw_demand(connection, demand, actor, now)
        journal.append(connection, [actor.entry(now, Act.ERASURE_WITHDRAWN, demand, {"because": because})])
        schedules.wake(connection, select(erasures.c.recording).where(erasures.c.request == demand))


def counts(connection: Connection, demand: str) -> tuple[int, int]:
    """Return how many recordings a request covers, and how many of them were purged."""
    covers = select(func.count()).join_from(erasures, recordings).where(erasures.c.request == demand)
    total = connection.scalars(covers).one()
    return total, connection.scalars(covers.where(recordings.c.state == State.PURGED)).one()


def answer(catalog: Catalog, now: datetime, *, demand: str) -> Answer:
    """Return what becomes of a request's recordings, and the grounds of those that are kept, with memory for a batch.

    Raises:
        PolicyAlteredError, CanonicalFormError: the policy, a hold or an extension was altered.

    """
    found, last = Answer(), ""
    while True:
        with catalog.read() as connection:
            policy = policies.current(connection)
            query = select(erasures.c.recording).where(erasures.c.request == demand, erasures.c.recording > last)
            ids = list(connection.scalars(query.order_by(erasures.c.recording).limit(_BATCH)))
            for case in cases.of(connection, rows.get_many(connection, ids), now):
                _weigh(found, case, policy, now)
        if not ids:
            return found
        last = ids[-1]


def _weigh(found: Answer, case: Case, policy: AppliedPolicy | None, now: datetime) -> None:
    found.covered += 1
    if case.recording.state is State.PURGED:
        found.purged += 1
        return
    decision = case.decided(policy, now)
    if decision.action is Action.DESTROY:
        found.free += 1
    elif decision.action is Action.REVIEW:
        found.to_review += 1
    else:
        found.kept += 1
        standing: dict[tuple[Ground, str], tuple[Obstacle, datetime | None]] = {}
        for reason in decision.reasons:
            if reason.code in _KEEPING and (reason.until is None or now < reason.until):
                obstacle = _obstacle(reason, case)
                # reasons come longest first: of several that an answer calls the same, the first one counts
                standing.setdefault((obstacle.ground, obstacle.what), (obstacle, reason.until))
        for key, (obstacle, until) in standing.items():
            found.obstacles.setdefault(key, obstacle).add(until)


def _obstacle(reason: Reason, case: Case) -> Obstacle:
    """Return the ground that a reason to keep is."""
    if reason.code in _HOLDS:
        matter = next((hold.matter for hold in case.holds if hold.id == reason.hold), "")
        return Obstacle(Ground.HOLD, f"hold {reason.hold} of matter {matter}", None)
    if reason.code in _PERIODS and reason.rule is None:
        said = (e for e in case.circumstances.extensions if reason.text.startswith(f"Extension {e.id} "))
        authority = next((e.authority for e in said), "an authority")
        return Obstacle(Ground.EXTENSION, f"extension by {authority}", None)
    if reason.code in _PERIODS or reason.code is ReasonCode.KEEPS_ON:
        ground = Ground.STATUTE if reason.citation else Ground.SCHEDULE
        return Obstacle(ground, f"rule {reason.rule}" if reason.rule else "the schedule", reason.citation)
    ground = Ground.NO_POLICY if reason.code is ReasonCode.NO_POLICY else Ground.UNCLEAR
    return Obstacle(ground, "no rule matches" if ground is Ground.NO_POLICY else "the clock", None)
