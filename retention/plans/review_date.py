"""When the rules themselves are due: a policy names the day by which a person should look at it again. Pure."""

from datetime import UTC, datetime, timedelta

from retention.policy.language import Policy

SOON = timedelta(days=30)
"""How long before that day people are told."""


def due_for_a_look(policy: Policy, now: datetime) -> str | None:
    """Return that the rules are due for a look, in words; None where that is more than 30 days away, or never."""
    if policy.review is None:
        return None
    today = now.astimezone(UTC).date()
    days = (policy.review - today).days
    if days > SOON.days:
        return None
    if days < 0:
        return f"the rules are due for a look since {policy.review} ({-days} days)"
    return f"the rules are due for a look by {policy.review} ({days} days)"
