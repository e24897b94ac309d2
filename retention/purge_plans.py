"""Purge plans in the catalog: what is due, frozen as a plan, approved by somebody else. Nothing is destroyed here."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from retention import cases, plan, policies
from retention.decision import Action, Decision
from retention.errors import PlanNotFoundError, StalePlanError
from retention.plan import Plan, PlanItem
from vault import approvals
from vault.approvals import Signatory
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import plans
from vault.clock import Clock
from vault.errors import SamePersonError
from vault.ids import is_id, new_id
from vault.log import journal
from vault.log.entry import Act
from vault.people import Actor
from vault.signed_act import SignedAct

KIND = "purge"
MAX_ITEMS = 10_000
"""Recordings in one plan: what a person can be asked to look at, and what fits in memory."""


def due(
    connection: Connection, now: datetime, only: frozenset[Action], *, limit: int = MAX_ITEMS
) -> Iterator[tuple[Recording, Decision]]:
    """Yield up to `limit` recordings that are due and may be done by one of the actions, the longest over first."""
    policy = policies.current(connection)
    if policy is None or not policy.policy.rules:
        return
    found = 0
    for batch in rows.scan_ended_before(connection, now):
        for case in cases.of(connection, batch, now):
            decision = case.decided(policy, now)
            if decision.action in only:
                yield case.recording, decision
                found += 1
                if found == limit:
                    return


def make_plan(catalog: Catalog, clock: Clock, actor: Actor, *, vault: str, only: frozenset[Action]) -> Plan | None:
    """Keep and return a plan of what is due and may be done by one of the actions; None when nothing is.

    Raises:
        CatalogUnavailableError: the catalog does not answer.

    """
    now = clock.now()
    with catalog.read() as connection:
        chosen = list(due(connection, now, only - {Action.KEEP}))
        if not chosen:
            return None
        renditions = rows.renditions_of(connection, [recording.id for recording, _ in chosen])
        policy = policies.current(connection)
    items = sorted(
        (_item(recording, decision, renditions.get(recording.id, [])) for recording, decision in chosen),
        key=lambda item: item.recording,
    )
    made = Plan(new_id(now), vault, now, actor.name, policy.version if policy else 0, tuple(items))
    digest = plan.digest(made)
    with catalog.write() as connection:
        connection.execute(
            insert(plans).values(
                id=made.id, kind=KIND, digest=digest, body=plan.encode(made), state="proposed",
                created_at=now, created_by=actor.name,
            )
        )  # fmt: skip
        details: dict[str, int | str] = {"plan_sha256": digest, "items": len(items)}
        journal.append(connection, [actor.entry(now, Act.PURGE_PLANNED, made.id, details)])
    return made


def _item(recording: Recording, decision: Decision, renditions: Sequence[Rendition]) -> PlanItem:
    if decision.rule is None or decision.keep_until is None:
        raise RuntimeError("expected a decision that names its rule and its end")
    return PlanItem(
        recording=recording.id,
        action=decision.action,
        rule=decision.rule,
        keep_until=decision.keep_until,
        sealed_sha256s=digests_of(renditions),
        sealed_bytes=sum(r.sealed_size for r in renditions),
    )


def digests_of(renditions: Sequence[Rendition]) -> tuple[str, ...]:
    """Return what a plan says of a recording's renditions: the digests of their ciphertext, in order."""
    return tuple(sorted(r.sealed_sha256.hex() for r in renditions))


def get_plan(connection: Connection, plan_id: str) -> tuple[Plan, str]:
    """Return a purge plan and its state: `proposed`, `running` or `done`.

    Raises:
        PlanNotFoundError: no purge plan of that id was ever made.
        PlanFormatError: it was altered.

    """
    query = select(plans).where(plans.c.id == plan_id, plans.c.kind == KIND)
    row = connection.execute(query).first() if is_id(plan_id) else None
    if row is None:
        raise PlanNotFoundError("expected the id of a purge plan of this vault (32 hex digits)")
    return plan.decode(row.body), row.state


def approve(catalog: Catalog, clock: Clock, signatory: Signatory, *, plan_id: str) -> None:
    """Agree to a purge plan as another person than the planner.

    Raises:
        PlanNotFoundError, SamePersonError: there is no such plan, or its maker cannot approve it.
        StalePlanError: it ran already.

    """
    now = clock.now()
    with catalog.write() as connection:
        found, state = get_plan(connection, plan_id)
        if state != "proposed":
            raise StalePlanError(f"expected a plan that never ran, got one that is {state}")
        if found.created_by == signatory.actor.name:
            raise SamePersonError("expected another person than the one who made the plan")
        digest = plan.digest(found)
        approvals.sign(connection, signatory, digest, SignedAct.PURGE, now)
        entry = signatory.actor.entry(now, Act.PURGE_APPROVED, plan_id, {"plan_sha256": digest})
        journal.append(connection, [entry])
