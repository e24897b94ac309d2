"""The applied policies of a vault: every version is kept, every decision names the version that made it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from retention import cases, policy_plan
from retention.errors import PlanNotFoundError, PolicyAlteredError, StalePlanError
from retention.facts import AppliedPolicy
from retention.policy.language import Policy
from retention.policy.reader import parse
from retention.policy_plan import Candidate, PolicyPlan
from vault import approvals
from vault.approvals import Signatory
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.schema import plans, policies, renditions
from vault.clock import Clock
from vault.errors import SamePersonError
from vault.ids import is_id, new_id
from vault.log import journal
from vault.log.entry import Act
from vault.model import State
from vault.people import Actor, Capability
from vault.signed_act import SignedAct

KIND = "policy"


def current(connection: Connection) -> AppliedPolicy | None:
    """Return the policy in force, or None.

    Raises:
        PolicyAlteredError: the stored text is not the one that was applied.

    """
    row = connection.execute(select(policies).order_by(policies.c.version.desc()).limit(1)).first()
    return None if row is None else _applied(row.version, row.text, row.digest)


def version(connection: Connection, number: int) -> tuple[AppliedPolicy, str]:
    """Return one version with its text.

    Raises:
        PlanNotFoundError: there is no such version.
        PolicyAlteredError: the stored text is not the one that was applied.

    """
    row = connection.execute(select(policies).where(policies.c.version == number)).first()
    if row is None:
        raise PlanNotFoundError(f"expected a policy version of this vault, got {number}")
    return _applied(row.version, row.text, row.digest), row.text


def _applied(number: int, text: str, digest: str) -> AppliedPolicy:
    policy = parse(text)
    if policy.version_digest != digest:
        raise PolicyAlteredError(f"expected policy version {number} as it was applied, got another text")
    return AppliedPolicy(number, policy)


def make_plan(catalog: Catalog, clock: Clock, actor: Actor, *, vault: str, policy: Policy) -> tuple[str, PolicyPlan]:
    """Keep and return what applying `policy` would change; nothing changes yet."""
    now = clock.now()
    with catalog.read() as connection:
        base = current(connection)
        effect = policy_plan.compare(base, policy, _candidates(connection, now), now)
    base_version = base.version if base else None
    plan = PolicyPlan(vault, policy.version_digest, base_version, effect, now, actor.name)
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


def _candidates(connection: Connection, now: datetime) -> Iterator[Candidate]:
    alive = Criteria(states=frozenset(set(State) - {State.PURGED}))
    for batch in rows.scan(connection, alive):
        sizes = sealed_bytes(connection, [recording.id for recording in batch])
        for case in cases.of(connection, batch, now):
            yield Candidate(case.facts, case.holds, sizes.get(case.recording.id, 0), case.circumstances)


def sealed_bytes(connection: Connection, ids: Sequence[str]) -> Mapping[str, int]:
    """Return the sealed size in bytes of each recording's renditions together."""
    query = select(renditions.c.recording, func.sum(renditions.c.sealed_size)).where(renditions.c.recording.in_(ids))
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(renditions.c.recording))}


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


def apply(catalog: Catalog, clock: Clock, actor: Actor, *, plan_id: str, text: str) -> AppliedPolicy:
    """Put a planned policy in force, exactly as planned.

    Raises:
        PlanNotFoundError: there is no such plan.
        StalePlanError: the file, the version in force or what the plan would change has moved on.
        ApprovalMissingError: it shortens and nobody else approved it.
        SamePersonError, ApprovalSignatureError: see approvals.by_others.

    """
    policy, now = parse(text), clock.now()
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        plan, state = get_plan(connection, plan_id)
        base = current(connection)
        if state != "proposed":
            raise StalePlanError(f"expected a plan that was never applied, got one that is {state}")
        policy_plan.check_applies(plan, policy, base.version if base else None)
        effect = policy_plan.compare(base, policy, _candidates(connection, now), now)
        if _changes(effect) != _changes(plan.effect):
            raise StalePlanError("expected the catalog as it was planned on, got one that would change otherwise")
        if policy_plan.needs_approval(plan):
            approvals.by_others(
                connection, policy_plan.digest(plan), SignedAct.POLICY, maker=plan.created_by,
                capability=Capability.POLICY_APPROVE,
            )  # fmt: skip
        applied = AppliedPolicy((base.version if base else 0) + 1, policy)
        connection.execute(
            insert(policies).values(
                version=applied.version, digest=policy.version_digest, text=text, applied_at=now, applied_by=actor.name
            )
        )
        connection.execute(update(plans).where(plans.c.id == plan_id).values(state="applied"))
        details: dict[str, int | str] = {"version": applied.version, "policy_sha256": policy.version_digest}
        journal.append(connection, [actor.entry(now, Act.POLICY_APPLIED, plan_id, details)])
    return applied


def _changes(effect: policy_plan.PolicyEffect) -> tuple[object, ...]:
    # growth of the catalog alone does not make a plan stale; a change of what it takes away does
    return effect.kept_shorter, effect.review_dropped, effect.become_due_now, effect.originals_destroyed
