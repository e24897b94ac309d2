"""A policy plan as a page for whoever must defend it: what changes, when, who must agree, what to run next. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from retention.plans import policy_plan
from retention.plans.charts import Chart, Series, svg
from retention.plans.page import Markup, count, day, el, page, size, table
from retention.plans.policy_plan import PolicyPlan, Tally

EFFECTS = {
    "examined": "looked at",
    "kept_longer": "kept longer than now",
    "kept_shorter": "kept shorter than now",
    "review_dropped": "no longer reviewed by a person",
    "originals_destroyed": "original destroyed earlier than now",
    "become_due_now": "due at once, and not today",
    "due_now": "due now under this policy",
    "due_in_30_days": "due within 30 days",
    "due_in_90_days": "due within 90 days",
    "due_in_365_days": "due within 365 days",
    "held": "under a legal hold (kept)",
    "conflicted": "conflicts: to be gone before it may go",
    "locked": "locked in the archive beyond its end",
    "unmatched": "matched by no rule (kept)",
}
"""The tallies of a plan in words, in the order in which they are told."""
_DUE = {"due_now": "now", "due_in_30_days": "30 days", "due_in_90_days": "90 days", "due_in_365_days": "365 days"}
_MEANING = (
    "Kept longer or shorter compares the two schedules alone, as if there were no holds: a hold ends one day.",
    "What is due counts what is not held. Due is not destroyed: rules may ask for a person's review first.",
    "Every purge decides anew.",
    "What is in conflict, held or matched by no rule stays.",
    "Sizes are those of the sealed content in the vault's own store.",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a plan stands: `proposed` or `applied`, who may approve it, and who did (name and role)."""

    state: str
    approvers: Sequence[str]
    approved_by: Sequence[str]


def render(plan_id: str, plan: PolicyPlan, standing: Standing) -> str:
    """Return the page of a plan: HTML that stands alone."""
    base = "no policy" if plan.base_version is None else f"policy version {plan.base_version}"
    return page(
        "What this policy would change",
        el("p", f"Plan {plan_id}, made {day(plan.created_at)} by {plan.created_by}: from {base} to the policy below. "
           "Making this plan changed nothing.", class_="faint"),
        _verdict(plan, standing),
        el("h2", "What changes"),
        _changes(plan),
        el("h2", "When recordings fall due under this policy"),
        _due(plan),
        *_weaker(plan),
        el("h2", "Examples"),
        *_samples(plan),
        el("h2", "What to run next"),
        el("pre", "\n".join(next_steps(plan_id, plan, standing))),
        el("h2", "What this page proves"),
        _identity(plan),
        el("ul", *(el("li", text) for text in _MEANING)),
    )  # fmt: skip


def reasons(plan: PolicyPlan) -> list[str]:
    """Return why a second person must agree; nothing where none must."""
    effect = plan.effect
    found = [
        (effect.kept_shorter, "recordings would be kept shorter than now"),
        (effect.review_dropped, "recordings would no longer be reviewed by a person"),
        (effect.originals_destroyed, "recordings would lose their original earlier than now"),
    ]
    told = [f"{count(tally.count)} {words}." for tally, words in found if tally.count]
    return [*told, *(f"{sentence}." for sentence in plan.weaker)]


def next_steps(plan_id: str, plan: PolicyPlan, standing: Standing) -> list[str]:
    """Return the commands that lead from here to the policy in force."""
    if standing.state != "proposed":
        return [f"# this plan is {standing.state}; nothing is left to run"]
    approve = []
    if policy_plan.needs_approval(plan) and not standing.approved_by:
        who = f" ({', '.join(standing.approvers)})" if standing.approvers else ""
        approve = [f"strongroom policy approve {plan_id}    # another person than {plan.created_by}{who}"]
    return [*approve, f"strongroom policy apply {plan_id} FILE    # the very file this plan was made of"]


def _verdict(plan: PolicyPlan, standing: Standing) -> Markup:
    why = reasons(plan)
    if not why:
        return el("div", el("p", "Nothing is kept shorter: no second person has to agree."), class_="box")
    lines = [el("p", el("strong", "A second person must agree before this policy can be applied.")),
             el("ul", *(el("li", text) for text in why))]  # fmt: skip
    if standing.approved_by:
        lines.append(el("p", f"Approved by {', '.join(standing.approved_by)}."))
    elif standing.approvers:
        lines.append(el("p", f"Any one of these may: {', '.join(standing.approvers)}."))
    else:
        lines.append(el("p", "Nobody in this vault may do that yet: another person needs the role records."))
    return el("div", *lines, class_="box warn")


def _changes(plan: PolicyPlan) -> Markup:
    rows = []
    for name, words in EFFECTS.items():
        tally: Tally = getattr(plan.effect, name)
        share = f"{tally.count / plan.effect.examined.count:.1%}" if plan.effect.examined.count else "-"
        rows.append((words, count(tally.count), share, size(tally.sealed_bytes)))
    return table(("effect", "recordings", "of all", "size"), rows, numbers=frozenset({1, 2, 3}))


def _due(plan: PolicyPlan) -> Markup:
    tallies = [getattr(plan.effect, name) for name in _DUE]
    numbers = Series("recordings due by then", tuple(float(tally.count) for tally in tallies))
    labels = tuple(f"{words} ({day(plan.created_at)[:10]})" if words == "now" else words for words in _DUE.values())
    chart = Chart("Recordings due by then, each column with those before it", labels, (numbers,), count)
    return el("div", svg(chart), el("p", f"{chart.title}.", class_="faint"))


def _weaker(plan: PolicyPlan) -> tuple[Markup, ...]:
    if not plan.weaker:
        return ()
    told = el(
        "p", "What the policy in force promises and this one does not, whether or not a recording is there for it:"
    )
    return el("h2", "Rules that keep less than before"), told, el("ul", *(el("li", name) for name in plan.weaker))


def _samples(plan: PolicyPlan) -> list[Markup]:
    found = []
    for name, words in EFFECTS.items():
        tally: Tally = getattr(plan.effect, name)
        if tally.samples and name != "examined":
            ids = el("ul", *(el("li", el("code", recording)) for recording in tally.samples))
            found.append(el("details", el("summary", f"{words}: {count(tally.count)}"), ids, open="open"))
    return [*found, el("p", "Each in full: strongroom explain ID", class_="faint")]


def _identity(plan: PolicyPlan) -> Markup:
    facts = [
        ("vault", plan.vault),
        ("policy (SHA-256)", plan.policy_digest),
        ("plan (SHA-256), which an approval signs", policy_plan.digest(plan)),
        ("last recording looked at", plan.until or "none"),
    ]
    return table(("what", "value"), [(what, el("code", value)) for what, value in facts])
