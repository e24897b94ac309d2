"""`strongroom policy`: how long recordings are kept, planned before it is applied."""

import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, func, select

from cli.base import Group
from cli.door import Door, pass_door, text_of
from cli.output import size
from cli.templates import adopt_, clock_of, templates
from keys import canonical
from retention.errors import PlanNotFoundError
from retention.plans import plan_page, policies, policy_plan, policy_plans
from retention.plans.plan_page import EFFECTS, Standing
from retention.plans.policy_plan import PolicyPlan
from retention.plans.review_date import due_for_a_look
from retention.policy import match
from retention.policy.language import Policy, Rule
from retention.policy.reader import parse
from vault import approvals, people
from vault.catalog.schema import recordings
from vault.model import State
from vault.people import Capability
from vault.signed_act import SignedAct

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group)
def policy() -> None:
    """Retention policies: a file under version control, validated, planned, then applied exactly as planned."""


policy.add_command(templates)
policy.add_command(adopt_)


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
@click.argument("file", type=_FILE, required=False)
@click.option("--show", "plan_id", metavar="PLAN_ID", help="Show a plan that was made before, instead of a new one.")
@click.option("--html", type=_NEW_FILE, help="A new file for the plan as a page with charts, to be read and printed.")
@pass_door
def plan(door: Door, file: Path | None, plan_id: str | None, html: Path | None) -> None:
    """Show what applying a policy file would change. Nothing changes yet."""
    if (file is None) == (plan_id is None):
        raise click.UsageError("expected either a policy FILE, to plan it, or --show PLAN_ID, to see a plan again")
    if html is not None and html.exists():
        raise click.UsageError(f"expected a new file, {html} exists")
    if file is not None:
        plan_id, made = _make_plan(door, file)
    else:
        door.enter(Capability.POLICY_READ)
        with door.vault.catalog.read() as connection:
            made, _ = policy_plans.get_plan(connection, str(plan_id))
    with door.vault.catalog.read() as connection:
        standing = _standing(connection, str(plan_id), made)
    _show_plan(door, str(plan_id), made, standing)
    if html is not None:
        with html.open("x", encoding="utf-8") as sink:
            sink.write(plan_page.render(str(plan_id), made, standing))
        door.out.say(f"wrote {html}")


def _make_plan(door: Door, file: Path) -> tuple[str, PolicyPlan]:
    actor = door.enter(Capability.POLICY_CHANGE)
    _, found = _read(file)
    vault = door.vault
    with door.out.progress("looking at recordings") as shown:
        task = shown.add_task("", total=None if shown.disable else _count(door))
        plan_id, made = policy_plans.make_plan(
            vault.catalog, vault.clock, actor, vault=vault.id, policy=found,
            on_progress=lambda seen: shown.update(task, completed=seen),
        )  # fmt: skip
    door.settle()
    return plan_id, made


def _count(door: Door) -> int:
    query = select(func.count()).select_from(recordings).where(recordings.c.state != State.PURGED)
    with door.vault.catalog.read() as connection:
        return connection.scalars(query).one()


def _standing(connection: Connection, plan_id: str, made: PolicyPlan) -> Standing:
    """Return who may approve a plan, and who did."""
    _, state = policy_plans.get_plan(connection, plan_id)
    may = [user.name for user in people.all_users(connection) if user.may(Capability.POLICY_APPROVE)]
    signed = approvals.verified(connection, policy_plan.digest(made), SignedAct.POLICY, needed=0)
    return Standing(
        state, sorted(name for name in may if name != made.created_by), [f"{one.user} ({one.role})" for one in signed]
    )


def _show_plan(door: Door, plan_id: str, made: PolicyPlan, standing: Standing) -> None:
    as_json = door.out.as_json
    rows = []
    for name, words in EFFECTS.items():
        tally = getattr(made.effect, name)
        rows.append((name if as_json else words, tally.count, tally.sealed_bytes if as_json
                     else size(tally.sealed_bytes), " ".join(tally.samples[:2])))  # fmt: skip
    door.out.object(
        {
            "plan": plan_id,
            "state": standing.state,
            "plan_digest": policy_plan.digest(made),
            "policy_digest": made.policy_digest,
            "base_version": made.base_version,
            "created_at": made.created_at,
            "created_by": made.created_by,
            "needs_approval": policy_plan.needs_approval(made),
            "weaker": list(made.weaker),
            "approvers": list(standing.approvers),
            "approved_by": list(standing.approved_by),
        },
        text=f"plan {plan_id} ({standing.state}): from "
        f"{'no policy' if made.base_version is None else f'version {made.base_version}'}",
    )
    door.out.table(("effect", "recordings", "size", "for_example"), rows)
    why = plan_page.reasons(made)
    if why:
        door.out.say("A second person must agree:\n" + "\n".join(f"  {text}" for text in why))
    if standing.approved_by:
        door.out.say(f"Approved by {', '.join(standing.approved_by)}.")
    door.out.say("Next:\n" + "\n".join(f"  {line}" for line in plan_page.next_steps(plan_id, made, standing)))


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
    with door.out.progress("looking at recordings") as shown:
        task = shown.add_task("", total=None if shown.disable else _count(door))
        applied = policy_plans.apply(
            door.vault.catalog, door.vault.clock, actor, plan_id=plan_id, text=text,
            on_progress=lambda seen: shown.update(task, completed=seen),
        )  # fmt: skip
    door.settle()
    door.out.object({"version": applied.version}, text=f"policy version {applied.version} is in force")


@policy.command()
@click.option("--version", type=int, help="Which version; without, the one in force.")
@click.option("--text", "as_text", is_flag=True, help="Print the file as it was applied.")
@pass_door
def show(door: Door, version: int | None, *, as_text: bool) -> None:
    """Show the policy in force, or an earlier version: its rules, and when a person should look at it again."""
    door.enter(Capability.POLICY_READ)
    with door.vault.catalog.read() as connection:
        current = policies.current(connection)
        if version is None:
            if current is None:
                raise PlanNotFoundError("expected a policy, none was ever applied", hint="see docs/retention.md")
            version = current.version
        applied, text = policies.version(connection, version)
    if as_text:
        sys.stdout.write(text)
        return
    shown = applied.policy
    door.out.say(f"version {applied.version}: {shown.title}")
    if shown.review is not None:
        late = due_for_a_look(shown, door.vault.clock.now()) if applied == current else None
        door.out.say(f"to be looked at again by {shown.review}{f': {late}' if late else ''}")
    columns = ("rule", "match", "keep", "clock", "erase_by", "then", "original", "once", "lock", "basis")
    door.out.table(columns, [[_fields(rule)[c] for c in columns] for rule in shown.rules], less=("lock", "once"))


def _fields(rule: Rule) -> dict[str, Any]:
    """Return what `show` tells of a rule."""
    roles = f" ({', '.join(sorted(rule.reviewers))})" if rule.reviewers else ""
    covers = canonical.encode(match.form(rule.match)).decode()
    return {
        "rule": rule.name, "match": "all" if rule.match.is_all else covers,
        "keep": str(rule.keep) if rule.keep else None, "clock": clock_of(rule),
        "erase_by": [str(ceiling.period) for ceiling in rule.erase_by], "then": f"{rule.then}{roles}",
        "original": str(rule.original_keep or rule.original), "once": rule.once, "lock": rule.lock,
        "basis": rule.basis,
    }  # fmt: skip
