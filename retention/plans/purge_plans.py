"""Purge plans in the catalog: what is due, frozen as a plan, approved by somebody else. Nothing is destroyed here."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, select

from retention.core.decision import Action
from retention.errors import PlanNotFoundError, StalePlanError
from retention.plans import plan, policies
from retention.plans.plan import Plan, PlanItem
from retention.schedule import due
from retention.schedule.due import Due, Progress
from vault import approvals
from vault.approvals import Signatory
from vault.catalog import glance
from vault.catalog.engine import Catalog
from vault.catalog.glance import Chosen
from vault.catalog.recordings import Rendition
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


def _nobody(_progress: Progress) -> None:
    """Tell nobody how far it is."""


def make_plan(
    catalog: Catalog, clock: Clock, actor: Actor, *, vault: str, only: frozenset[Action],
    on_progress: Callable[[Progress], None] = _nobody,
) -> Plan | None:  # fmt: skip
    """Keep and return a plan of what is due and may be done by one of the actions; None when nothing is.

    Where all recordings are owed a look, because the policy is a new one, that is done first; `on_progress` is told.

    Raises:
        CatalogUnavailableError: the catalog does not answer.

    """
    for progress in due.evaluate(catalog, clock):
        on_progress(progress)
    chosen = due.find(catalog, clock, only - {Action.KEEP}, limit=MAX_ITEMS)
    if not chosen:
        return None
    now = clock.now()
    with catalog.read() as connection:
        sealed = glance.sealed(connection, Chosen([one.recording for one in chosen]))
        policy = policies.current(connection)
    items = sorted((_item(one, sealed.get(one.recording, [])) for one in chosen), key=lambda item: item.recording)
    made = Plan(new_id(now), vault, now, actor.name, policy.version if policy else 0, tuple(items))
    body = plan.encode(made)
    digest = plan.digest_of(body)
    with catalog.write() as connection:
        connection.execute(
            insert(plans).values(
                id=made.id, kind=KIND, digest=digest, body=body, state="proposed",
                created_at=now, created_by=actor.name,
            )
        )  # fmt: skip
        details: dict[str, int | str] = {"plan_sha256": digest, "items": len(items)}
        journal.append(connection, [actor.entry(now, Act.PURGE_PLANNED, made.id, details)])
    return made


def _item(one: Due, sealed: Sequence[tuple[bytes, int]]) -> PlanItem:
    return PlanItem(
        recording=one.recording,
        action=one.action,
        rule=one.rule,
        keep_until=one.keep_until,
        sealed_sha256s=tuple(sorted(digest.hex() for digest, _ in sealed)),
        sealed_bytes=sum(size for _, size in sealed),
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
