"""Policy plans in the catalog: what a new policy would change, counted, approved by somebody else, and applied.

Counting may take minutes over millions of recordings and locks nobody out. Applying counts again what was there when
the plan was made; only then, in one short transaction, is the policy put in force, if nothing that decides was told in
between.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from retention.core.facts import AppliedPolicy
from retention.errors import LockedRuleError, PlanFormatError, PlanNotFoundError, StalePlanError
from retention.hold import holds
from retention.plans import policy_plan
from retention.plans.policies import current
from retention.plans.policy_plan import Candidate, PolicyPlan
from retention.policy.language import Policy
from retention.policy.locks import violations, weakened
from retention.policy.reader import parse
from retention.schedule import schedules
from retention.schedule.survey import Surveyor
from vault import approvals
from vault.approvals import Signatory
from vault.catalog import glance
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.schema import from_micros, log_entries, plans, policies, recordings
from vault.clock import Clock
from vault.errors import SamePersonError
from vault.ids import is_id, new_id
from vault.log import journal
from vault.log.entry import Act
from vault.model import RecordingId
from vault.people import Actor, Capability
from vault.signed_act import SignedAct

KIND = "policy"
_TRIES = 5
_DAY_MS = 86_400_000
MAX_AGE = timedelta(days=30)
"""A plan that is older is made again: who agrees, agrees to what is there."""
_DECIDING = (
    Act.POLICY_APPLIED, Act.HOLD_PLACED, Act.HOLD_RELEASED, Act.EVENT_RECORDED, Act.EVENT_CORRECTED,
    Act.EVENT_WITHDRAWN, Act.EXTENSION_RECORDED, Act.EXTENSION_WITHDRAWN, Act.ERASURE_REQUESTED, Act.ERASURE_WITHDRAWN,
)  # fmt: skip
"""What may change what a plan counted. Recordings that came later are not counted, and purged ones were due anyway."""


def _nobody(_seen: int) -> None:
    """Tell nobody how far it is."""


def make_plan(
    catalog: Catalog, clock: Clock, actor: Actor, *, vault: str, policy: Policy,
    on_progress: Callable[[int], None] = _nobody,
) -> tuple[str, PolicyPlan]:  # fmt: skip
    """Keep and return what applying `policy` would change; nothing changes yet.

    `on_progress` is told how many recordings were looked at.

    Raises:
        LockedRuleError: it drops or shortens a rule that may only grow.

    """
    now = clock.now()
    with catalog.read() as connection:
        base = current(connection)
        _check_locks(base, policy)
        until = connection.scalar(select(func.max(recordings.c.id)))
        effect = policy_plan.compare(_candidates(connection, base, policy, now, until, on_progress), now)
    base_version = base.version if base else None
    weaker = tuple(weakened(base.policy, policy)) if base else ()
    plan = PolicyPlan(vault, policy.version_digest, base_version, effect, now, actor.name, until, weaker)
    plan_id = new_id(now)
    digest = policy_plan.digest(plan)
    with catalog.write() as connection:
        connection.execute(
            insert(plans).values(
                id=plan_id, kind=KIND, digest=digest, body=policy_plan.encode(plan), state="proposed",
                created_at=now, created_by=actor.name,
            )
        )  # fmt: skip
        details: dict[str, int | str] = {"plan_sha256": digest, "policy_sha256": policy.version_digest}
        journal.append(connection, [actor.entry(now, Act.POLICY_PLANNED, plan_id, details)])
    return plan_id, plan


def _check_locks(base: AppliedPolicy | None, policy: Policy) -> None:
    if base is not None and (broken := violations(base.policy, policy)):
        raise LockedRuleError("expected locked rules to stay or to grow:\n" + "\n".join(broken))


def _candidates(
    connection: Connection, base: AppliedPolicy | None, policy: Policy, now: datetime, until: str | None,
    on_progress: Callable[[int], None], after: str = "",
) -> Iterator[Candidate]:  # fmt: skip
    surveyor = Surveyor(base, AppliedPolicy((base.version if base else 0) + 1, policy))
    seen = 0
    for span, found in glance.scan(connection, surveyor.fields, after=after, until=until or ""):
        sizes, locked = glance.sealed_bytes(connection, span), glance.locked_until(connection, span)
        held = holds.held(connection, span, now)
        for one, (old, new) in surveyor.of(connection, span, found):
            lock = locked.get(one.id)
            yield Candidate(
                one.id, old, new, one.id in held, sizes.get(one.id, 0), None if lock is None else from_micros(lock)
            )
        seen += len(found)
        on_progress(seen)


def get_plan(connection: Connection, plan_id: str) -> tuple[PolicyPlan, str]:
    """Return a policy plan and its state.

    Raises:
        PlanNotFoundError: no policy plan of that id was ever made.

    """
    query = select(plans).where(plans.c.id == plan_id, plans.c.kind == KIND)
    row = connection.execute(query).first() if is_id(plan_id) else None
    if row is None:
        raise PlanNotFoundError("expected the id of a policy plan of this vault (32 hex digits)")
    return policy_plan.decode(row.body), row.state


def approve(catalog: Catalog, clock: Clock, signatory: Signatory, *, plan_id: str) -> None:
    """Agree to a policy plan as a second person.

    Raises:
        PlanNotFoundError, SamePersonError: there is no such plan, or its maker cannot approve it.

    """
    now = clock.now()
    with catalog.write() as connection:
        plan, _ = get_plan(connection, plan_id)
        if plan.created_by == signatory.actor.name:
            raise SamePersonError("expected another person than the one who made the plan")
        digest = policy_plan.digest(plan)
        approvals.sign(connection, signatory, digest, SignedAct.POLICY, now)
        entry = signatory.actor.entry(now, Act.POLICY_APPROVED, plan_id, {"plan_sha256": digest})
        journal.append(connection, [entry])


def apply(
    catalog: Catalog, clock: Clock, actor: Actor, *, plan_id: str, text: str,
    on_progress: Callable[[int], None] = _nobody,
) -> AppliedPolicy:  # fmt: skip
    """Put a planned policy in force, exactly as planned; all recordings are then owed a look (retention.schedule.due).

    Raises:
        PlanNotFoundError: there is no such plan.
        LockedRuleError: it drops or shortens a rule that may only grow.
        PlanFormatError: the plan is not the one that the log has.
        StalePlanError: the file, the version in force or what the plan would take away has moved on, or it is old.
        ApprovalMissingError: it shortens and nobody else approved it.
        SamePersonError, ApprovalSignatureError: see approvals.by_others.

    """
    policy = parse(text)
    for _ in range(_TRIES):
        with catalog.read() as connection:
            told = _last_told(connection)
            plan = _check(connection, plan_id, policy, clock.now())
            seen = _recount(connection, plan, policy, on_progress)
        with catalog.write(lock=LOCK_DISPOSITION) as connection:
            if _last_told(connection) == told:
                _check(connection, plan_id, policy, clock.now())
                _check_arrivals(connection, plan, policy, _a_day_before(seen))
                return _put_in_force(connection, clock.now(), actor, plan_id, plan, policy, text)
    raise StalePlanError("expected a moment without new holds and events, got none; try again", hint="try again")


def _recount(
    connection: Connection, plan: PolicyPlan, policy: Policy, on_progress: Callable[[int], None]
) -> RecordingId | None:
    """Count again what was there when the plan was made, and what came since; return the last id that was counted.

    Raises:
        StalePlanError: more would be taken away than was planned.

    """
    base, now = current(connection), plan.created_at
    effect = policy_plan.compare(_candidates(connection, base, policy, now, plan.until, on_progress), now)
    if effect.takes_more_than(plan.effect):
        raise StalePlanError("expected the catalog as it was planned on, got one that would lose more")
    return _check_arrivals(connection, plan, policy, plan.until)


def _check_arrivals(
    connection: Connection, plan: PolicyPlan, policy: Policy, after: RecordingId | None
) -> RecordingId | None:
    """Check that nobody agreed to nothing while what came since loses time; return the last id that was looked at.

    Raises:
        StalePlanError: recordings that came after the plan would lose time, and its plan needs no second person.

    """
    last: RecordingId | None = connection.scalar(select(func.max(recordings.c.id)))
    if not policy_plan.needs_approval(plan):
        candidates = _candidates(connection, current(connection), policy, plan.created_at, last, _nobody, after or "")
        if policy_plan.compare(candidates, plan.created_at).shortens:
            raise StalePlanError("expected nobody to lose time, as planned, got recordings that came since and would")
    return last


def _a_day_before(recording: RecordingId | None) -> RecordingId | None:
    """Return the first id of a day before: one is given when sealing begins, and may be committed long after."""
    if recording is None:
        return None
    millis = int(recording[:12], 16) - _DAY_MS  # an id begins with its time (vault.ids)
    return RecordingId(f"{max(millis, 0):012x}" + "0" * 20)


def _last_told(connection: Connection) -> int:
    return connection.scalar(select(func.max(log_entries.c.id)).where(log_entries.c.act.in_(_DECIDING))) or 0


def _check(connection: Connection, plan_id: str, policy: Policy, now: datetime) -> PolicyPlan:
    plan, state = get_plan(connection, plan_id)
    base = current(connection)
    if state != "proposed":
        raise StalePlanError(f"expected a plan that was never applied, got one that is {state}")
    if not timedelta(0) <= now - plan.created_at <= MAX_AGE:
        raise StalePlanError(f"expected a plan of the last {MAX_AGE.days} days, got one of {plan.created_at:%Y-%m-%d}")
    policy_plan.check_applies(plan, policy, base.version if base else None)
    _check_locks(base, policy)
    told = journal.of_subject(connection, Act.POLICY_PLANNED, plan_id)
    weaker = tuple(weakened(base.policy, policy)) if base else ()
    if told is None or told.details.get("plan_sha256") != policy_plan.digest(plan) or plan.weaker != weaker:
        raise PlanFormatError("expected the plan as the log has it, got another")
    return plan


def _put_in_force(
    connection: Connection, now: datetime, actor: Actor, plan_id: str, plan: PolicyPlan, policy: Policy, text: str
) -> AppliedPolicy:
    if policy_plan.needs_approval(plan):
        approvals.by_others(
            connection, policy_plan.digest(plan), SignedAct.POLICY, maker=plan.created_by,
            capability=Capability.POLICY_APPROVE,
        )  # fmt: skip
    applied = AppliedPolicy((plan.base_version or 0) + 1, policy)
    connection.execute(
        insert(policies).values(
            version=applied.version, digest=policy.version_digest, text=text, applied_at=now, applied_by=actor.name
        )
    )
    connection.execute(update(plans).where(plans.c.id == plan_id).values(state="applied"))
    schedules.owe_all(connection)
    details: dict[str, int | str] = {"version": applied.version, "policy_sha256": policy.version_digest}
    journal.append(connection, [actor.entry(now, Act.POLICY_APPLIED, plan_id, details)])
    return applied
