"""`strongroom policy`: how long recordings are kept, planned before it is applied."""

import sys
from pathlib import Path

import click

from cli.base import Group
from cli.door import Door, pass_door, text_of
from cli.output import size
from retention import policies, policy_plan, policy_plans
from retention.errors import PlanNotFoundError
from retention.policy.language import Policy
from retention.policy.reader import parse
from retention.policy_plan import PolicyPlan
from vault.people import Capability

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_EFFECTS = {
    "examined": "looked at",
    "kept_longer": "kept longer than now",
    "kept_shorter": "kept shorter than now",
    "review_dropped": "no longer reviewed by a person",
    "become_due_now": "due at once, and not today",
    "unmatched": "matched by no rule (kept)",
    "held": "under a legal hold (kept)",
    "originals_destroyed": "original destroyed earlier than now",
    "due_now": "due now under this policy",
    "due_in_30_days": "due within 30 days",
    "due_in_90_days": "due within 90 days",
    "due_in_365_days": "due within 365 days",
    "conflicted": "conflicts: to be gone before it may go",
    "locked": "locked in the archive beyond its end",
}


@click.group(cls=Group)
def policy() -> None:
    """Retention policies: a file under version control, validated, planned, then applied exactly as planned."""


def _read(path: Path) -> tuple[str, Policy]:
    text = text_of(path)
    return text, parse(text)


@policy.command()
@click.argument("file", type=_FILE)
@pass_door
def validate(door: Door, file: Path) -> None:
    """Check a policy file; every problem is named with its line."""
    _, found = _read(file)
    door.out.object(
        {"valid": True, "rules": len(found.rules), "digest": found.version_digest},
        text=f"{file}: {len(found.rules)} rules, no problem found",
    )


@policy.command()
@click.argument("file", type=_FILE)
@pass_door
def plan(door: Door, file: Path) -> None:
    """Show what applying a policy file would change. Nothing changes yet."""
    actor = door.enter(Capability.POLICY_CHANGE)
    _, found = _read(file)
    vault = door.vault
    plan_id, made = policy_plans.make_plan(vault.catalog, vault.clock, actor, vault=vault.id, policy=found)
    door.settle()
    _show_plan(door, plan_id, made)


def _show_plan(door: Door, plan_id: str, made: PolicyPlan) -> None:
    rows = []
    for name, words in _EFFECTS.items():
        tally = getattr(made.effect, name)
        rows.append((name if door.out.as_json else words, tally.count, tally.sealed_bytes if door.out.as_json
                     else size(tally.sealed_bytes), " ".join(tally.samples[:2])))  # fmt: skip
    needs = policy_plan.needs_approval(made)
    door.out.object(
        {
            "plan": plan_id,
            "policy_digest": made.policy_digest,
            "base_version": made.base_version,
            "needs_approval": needs,
        },
        text=f"plan {plan_id}: from {'no policy' if made.base_version is None else f'version {made.base_version}'}",
    )
    door.out.table(("effect", "recordings", "size", "for_example"), rows)
    if needs:
        door.out.say(
            "This shortens, or destroys originals early: a second person must agree with "
            f"'strongroom policy approve {plan_id}'."
        )
    door.out.say(f"To apply exactly this: strongroom policy apply {plan_id} FILE")


@policy.command()
@click.argument("plan_id")
@pass_door
def approve(door: Door, plan_id: str) -> None:
    """Agree to a policy plan that shortens, as another person than the one who made it."""
    signatory = door.sign(Capability.POLICY_APPROVE)
    policy_plans.approve(door.vault.catalog, door.vault.clock, signatory, plan_id=plan_id)
    door.settle()
    door.out.object({"plan": plan_id, "approved_by": signatory.actor.name}, text=f"approved plan {plan_id}")


@policy.command("apply")
@click.argument("plan_id")
@click.argument("file", type=_FILE)
@pass_door
def apply_(door: Door, plan_id: str, file: Path) -> None:
    """Put a planned policy in force; refused if the file, the policy in force or the catalog has moved on."""
    actor = door.enter(Capability.POLICY_CHANGE)
    text, _ = _read(file)
    applied = policy_plans.apply(door.vault.catalog, door.vault.clock, actor, plan_id=plan_id, text=text)
    door.settle()
    door.out.object({"version": applied.version}, text=f"policy version {applied.version} is in force")


@policy.command()
@click.option("--version", type=int, help="Which version; without, the one in force.")
@click.option("--text", "as_text", is_flag=True, help="Print the file as it was applied.")
@pass_door
def show(door: Door, version: int | None, *, as_text: bool) -> None:
    """Show the policy in force, or an earlier version."""
    door.enter(Capability.POLICY_READ)
    with door.vault.catalog.read() as connection:
        if version is None:
            current = policies.current(connection)
            if current is None:
                raise PlanNotFoundError("expected a policy, none was ever applied", hint="see docs/retention.md")
            version = current.version
        applied, text = policies.version(connection, version)
    if as_text:
        sys.stdout.write(text)
        return
    door.out.say(f"version {applied.version}: {applied.policy.title}")
    door.out.table(
        ("rule", "keep", "then", "original", "kind", "industry", "jurisdiction", "queue", "labels", "basis"),
        [
            (r.name, str(r.keep), r.then, r.original, r.match.kind, r.match.industry, r.match.jurisdiction,
             r.match.queue, r.match.labels, r.basis)
            for r in applied.policy.rules
        ],
    )  # fmt: skip
