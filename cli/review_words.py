"""What `screen review show` says beside the facts: whether a recording was searched, what was cut, what to do next."""

from collections.abc import Sequence
from typing import Any

from cli.output import Output
from vault.model import Kind
from vault.screen import gate
from vault.screen.errors import Why
from vault.screen.review.rulings import Kept

Findings = Sequence[dict[str, Any]]


def was_searched(report: dict[str, Any]) -> bool:
    """Say whether the first pass came to its end: a report without engines and findings is of one that did not."""
    return bool(report.get("engines") or report.get("findings"))


def say_findings(out: Output, report: dict[str, Any], findings: Findings, why: str | None) -> None:
    """Print what was cut and what was found and not cut apart, or that it was not searched at all."""
    if not was_searched(report):
        out.say("it was not searched: screening did not come to the end of it, so nobody knows what is in it")
        out.say("approving it archives it unsearched, with nothing cut")
    elif not findings:
        out.say("the first pass found nothing in it")
    for is_cut, title in ((True, "what the first pass cut:"), (False, "what was found and not cut:")):
        some = [finding for finding in findings if finding.get("cut", True) is is_cut]
        columns = list(dict.fromkeys(name for finding in some for name in finding if name != "cut"))
        if some:
            out.say(title)
            out.table(columns, [[finding.get(name) for name in columns] for finding in some])
    if why == Why.RESIDUE:
        out.say(f"what the second pass found in what was left: {report.get('reason')}")


def next_steps(recording: str, kind: str, why: str | None) -> list[str]:
    """Return what a person may do about a quarantined recording, a command and what it does a line."""
    base, because = "strongroom screen review", "--reason WHY"
    steps = []
    if why == Why.RESIDUE and kind != Kind.CHAT:
        steps += [
            f"{base} cut {recording} --span FROM..TO {because}: one person cuts what is left as well",
            f"{base} drop {recording} --span FROM..TO {because}: two people say that it is a false alarm",
        ]
    elif why in (Why.UNDECODABLE, Why.UNKNOWN_MEDIA, Why.UNSURE):
        steps.append("take it in again from where it was recorded, if there is a whole copy: it is a new recording")
    elif why in (Why.PART_MISSING, Why.DIED, Why.TOO_LONG, Why.REPORT_ONLY, Why.LANGUAGE):
        steps.append(f"{base} retry {recording} {because}: screen it again, after what stood in the way was changed")
    archived = f"it is archived {gate.let_pass(why)}"
    steps += [
        f"{base} approve {recording} {because}: one who listened, looked or read asks, another agrees; {archived}",
        f"{base} reject {recording} {because}: it stays here and is never archived; its retention goes on",
    ]
    return steps


def told(kept: Kept, reason: str | None, agreed_by: str | None) -> dict[str, Any]:
    """Return a review as a program reads it; `agreed_by` is who agreed to an exception, verified."""
    return {
        "review": kept.review.id,
        "verdict": kept.review.verdict,
        "stands": kept.standing,
        "spans": [{"begin": s.begin, "end": s.end, "box": s.box} for s in kept.review.spans],
        "asked_by": kept.review.asked_by,
        "asked_at": kept.review.asked_at,
        "agreed_by": agreed_by,
        "decided_at": kept.decided_at,
        "reason": reason,
    }
