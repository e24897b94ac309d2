"""`strongroom purge`: destroy what is due; planned first, approved where a rule asks for it, with certificates."""

import click

from cli.base import Group
from cli.door import Door, pass_door
from cli.output import size
from retention.core.decision import Action
from retention.destroy import purge as purging
from retention.plans import plan as plans
from retention.plans import purge_plans
from retention.policy.language import REVIEWERS
from service import work
from vault import approvals, deletions
from vault.errors import ApprovalMissingError
from vault.model import Role
from vault.people import Capability
from vault.signed_act import SignedAct


@click.group(cls=Group)
def purge() -> None:
    """Destroy recordings whose retention has wholly ended: keys first, then every copy, with a signed certificate."""


@purge.command()
@pass_door
def plan(door: Door) -> None:
    """List what is due, freeze it as a plan. Nothing is destroyed yet."""
    actor = door.enter(Capability.PURGE_PLAN)
    vault = door.vault
    every = frozenset({Action.DESTROY, Action.REVIEW})
    made = purge_plans.make_plan(vault.catalog, vault.clock, actor, vault=vault.id, only=every)
    door.settle()
    if made is None:
        door.out.object({"plan": None, "items": 0}, text="nothing is due")
        return
    needs = plans.needs_approval(made)
    _show(door, made, "proposed")
    if needs:
        door.out.say(f"A rule asks for review: another person must run 'strongroom purge approve {made.id}'.")
    door.out.say(f"To carry it out: strongroom purge run {made.id}")


def _show(door: Door, made: plans.Plan, state: str) -> None:
    total = sum(item.sealed_bytes for item in made.items)
    door.out.object(
        {
            "plan": made.id, "state": state, "digest": plans.digest(made), "items": len(made.items),
            "sealed_bytes": total, "created_by": made.created_by, "needs_approval": plans.needs_approval(made),
        },
        text=f"plan {made.id} ({state}): {len(made.items)} recordings, {size(total)}, made by {made.created_by}",
    )  # fmt: skip
    door.out.table(
        ("id", "then", "rule", "kept_until", "size"),
        [(i.recording, i.action, i.rule, i.keep_until, size(i.sealed_bytes)) for i in made.items],
    )


@purge.command()
@click.argument("plan_id")
@pass_door
def show(door: Door, plan_id: str) -> None:
    """Show a plan and who approved it."""
    door.enter(Capability.PURGE_READ)
    with door.vault.catalog.read() as connection:
        made, state = purge_plans.get_plan(connection, plan_id)
        signed = approvals.verified(connection, plans.digest(made), SignedAct.PURGE, needed=0)
    _show(door, made, state)
    for approval in signed:
        door.out.say(
            f"approved by {approval.user} ({approval.role}) on {approval.at:%Y-%m-%d %H:%M}Z, signature verified"
        )


@purge.command()
@click.argument("plan_id")
@click.option(
    "--role", type=click.Choice([role.value for role in REVIEWERS]),
    help="In which role you agree, if you have several and a rule asks for one of them.",
)  # fmt: skip
@pass_door
def approve(door: Door, plan_id: str, role: str | None) -> None:
    """Agree to a plan, as another person than the one who made it."""
    signatory = door.sign(Capability.PURGE_APPROVE, Role(role) if role else None)
    purge_plans.approve(door.vault.catalog, door.vault.clock, signatory, plan_id=plan_id)
    door.settle()
    door.out.object({"plan": plan_id, "approved_by": signatory.actor.name}, text=f"approved plan {plan_id}")


@purge.command("run")
@click.argument("plan_id")
@pass_door
@click.pass_context
def run_(ctx: click.Context, door: Door, plan_id: str) -> None:
    """Carry out a plan, once. Holds and retention are read again as each recording is destroyed."""
    actor = door.enter(Capability.PURGE_RUN)
    vault = door.vault
    clock = work.believed(vault)
    clock.now()
    try:
        done = list(purging.run(vault.catalog, clock, actor, vault.signing_key, plan_id=plan_id))
    except ApprovalMissingError as exc:
        exc.hint = f"another person must run 'strongroom purge approve {plan_id}' first"
        raise
    deleted, owed = deletions.finish(vault.catalog, vault.clock, actor, vault.stores)
    door.settle()
    door.out.table(("id", "purged", "reason"), [(p.recording, "yes" if p.done else "refused", p.reason) for p in done])
    door.out.say(f"{sum(p.done for p in done)} purged, {deleted} blobs deleted")
    for o in owed:
        door.out.say(f"still to be deleted: {o.blob} in {o.store}, next try {o.retry_at:%Y-%m-%d %H:%M}Z: {o.obstacle}")
    if any(not p.done for p in done):
        ctx.exit(3)
