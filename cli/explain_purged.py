"""What `explain` tells of a recording that is gone: which rule destroyed it, when, and who approved."""

from typing import Any

from retention.core.claims import day, named
from retention.destroy.destruction import Destruction
from retention.policy import clocks
from vault.catalog.recordings import Recording


def value_of(found: Recording, gone: Destruction) -> dict[str, Any]:
    """Return it for programs."""
    certificate, rule = gone.certificate, gone.rule
    return {
        "recording": found.id, "state": found.state, "action": "keep", "keep_until": None,
        "rule": certificate.reason.rule, "policy_version": certificate.reason.policy,
        "ended": found.ended_at, "ended_basis": found.ended_basis, "purged_at": certificate.purged_at,
        "kept_until": certificate.reason.keep_until,
        "policy": gone.policy and {"version": gone.policy.version, "title": gone.policy.policy.title,
                                   "digest": gone.policy.policy.version_digest},
        "citation": rule.basis if rule else None,
        "keep": str(rule.keep) if rule and rule.keep else None,
        "clock": clocks.form(rule.clock) if rule and rule.keep else None,
        "carried_out_by": gone.told.actor if gone.told else None,
        "under": gone.told.why if gone.told else None,
        "plan_sha256": certificate.plan,
        "approved_by": [{"user": a.user, "role": a.role} for a in certificate.approvals],
        "certificate_sha256": gone.sha256,
        "keys_destroyed": [slot.purpose for slot in certificate.key_slots_destroyed],
        "still_in_stores": [
            {"store": one.store, "retry_at": one.retry_at.isoformat(), "obstacle": one.obstacle} for one in gone.owed
        ],
        "reasons": [{"code": "purged", "text": _sentence(gone), "until": None, "rule": certificate.reason.rule,
                     "citation": rule.basis if rule else None, "hold": None}],
    }  # fmt: skip


def words_of(found: Recording, gone: Destruction) -> str:
    """Return it as a lawyer reads it."""
    certificate, reason = gone.certificate, gone.certificate.reason
    approved = ", ".join(f"{a.user} ({a.role})" for a in certificate.approvals)
    lines = [
        f"{found.id}: PURGED on {day(certificate.purged_at)}",
        f"  It was a {certificate.kind} that ended {found.ended_at:%Y-%m-%d %H:%M}Z.",
        f"  {_sentence(gone)}",
        f"  It had to be kept until {day(reason.keep_until)}." if reason.keep_until else "  Nothing had to keep it.",
        f"  Approved by {approved}." if approved else "  No rule that matched asked for a person's review.",
    ]
    if gone.told is not None:
        lines.append(f"  Carried out by {gone.told.actor} (as {gone.told.why}), as plan {certificate.plan}.")
    lines += [
        f"  Certificate of destruction: SHA-256 {gone.sha256}; its signature and those of the approvals hold.",
        f"  To get it: strongroom certificate show {found.id}",
        f"  To see it in the log: strongroom log show --recording {found.id}",
    ]
    lines += [
        f"  Still in the {one.store} store, which nothing can open any more: {one.obstacle or 'to be deleted'}; "
        f"asked again {day(one.retry_at)}."
        for one in gone.owed
    ]
    return "\n".join(lines)


def _sentence(gone: Destruction) -> str:
    """Return which rule destroyed it, and what that rule said."""
    reason, rule = gone.certificate.reason, gone.rule
    title = f" ({gone.policy.policy.title})" if gone.policy else ""
    of = f"of policy version {reason.policy}{title}"
    if rule is None:
        return f"It went by {reason.rule}, under policy version {reason.policy}{title}."
    said = f": {rule.keep} from {clocks.words(rule.clock)}" if rule.keep else ""
    return f"{named(rule)} {of} destroyed it{said}."
