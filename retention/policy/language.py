"""What a policy says: rules as frozen data with one canonical form (retention/policy/POLICY.md is for its writers).

Types only. `retention.policy.reader` makes them of a file, `retention.core.decide` decides by them.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from keys import canonical
from keys.canonical import Json
from retention.policy import clocks, match
from retention.policy.clocks import Clock, Fact
from retention.policy.match import Match
from retention.policy.periods import Period
from vault.model import Role

LANGUAGE = "strongroom/policy/v1"

REVIEWERS = (Role.LEGAL, Role.RECORDS)
"""The roles that a rule can send a disposition to."""


class Then(StrEnum):
    """What follows when the last minimum has ended; in the order of care, the least careful first."""

    DESTROY = "destroy"
    REVIEW = "review"
    KEEP = "keep"


class Original(StrEnum):
    """What becomes of the original once its redacted rendition is archived."""

    KEEP = "keep"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A duty to delete: the period after which nothing may be left, except where `unless` holds."""

    period: Period
    clock: Clock = Fact.ENDED
    unless: Match | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the schedule: what it covers, how long that is kept at least and at most, and what then.

    `keep` None: no minimum, only ceilings. `once`: an event before which the rule says nothing. `reviewers`: the roles
    of which one must agree; empty, any that may. An original is destroyed early only where every rule that matches
    says so, and not before the longest `original_keep` of them has passed from the rule's clock.
    """

    name: str
    match: Match
    keep: Period | None
    then: Then
    clock: Clock = Fact.ENDED
    basis: str | None = None
    original: Original = Original.KEEP
    original_keep: Period | None = None
    erase_by: tuple[Ceiling, ...] = ()
    reviewers: frozenset[Role] = frozenset()
    once: str | None = None
    transcript_suffices_after: Period | None = None
    archive_after: Period | None = None
    lock: bool = False

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """Every clock the rule reads."""
        return (self.clock, *(ceiling.clock for ceiling in self.erase_by))

    @property
    def events(self) -> frozenset[str]:
        """The names of all events that can change what the rule says."""
        named = {name for clock in self.clocks for name in clocks.events_of(clock)}
        return frozenset(named | ({self.once} if self.once else set()))

    @property
    def matches(self) -> tuple[Match, ...]:
        """Every condition of the rule: what it covers, and the exceptions of its ceilings."""
        return (self.match, *(ceiling.unless for ceiling in self.erase_by if ceiling.unless is not None))


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole schedule. The order of its rules has no meaning; the longest that matches wins.

    `fiscal_year_end` is the month and day on which the fiscal year ends; the clocks have it too.
    """

    title: str
    rules: tuple[Rule, ...]
    review: date | None = None
    fiscal_year_end: tuple[int, int] | None = None

    def canonical(self) -> bytes:
        """Return the one encoding of what this policy says, whatever its file looked like."""
        value: dict[str, Json] = {
            "policy": LANGUAGE,
            "title": self.title,
            "review": self.review.isoformat() if self.review else None,
            "rules": [_rule_form(rule) for rule in sorted(self.rules, key=lambda rule: rule.name)],
        }
        if self.fiscal_year_end is not None:
            value["fiscal_year_end"] = "{:02d}-{:02d}".format(*self.fiscal_year_end)
        return canonical.encode(value)

    @property
    def version_digest(self) -> str:
        """The SHA-256 of the canonical form, in hex: the name of exactly this schedule."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @property
    def events(self) -> frozenset[str]:
        """The names of all events that can change what the policy says."""
        return frozenset(name for rule in self.rules for name in rule.events)


def _rule_form(rule: Rule) -> Json:
    """Return a rule's canonical form. What a file did not say is not there: old policies keep their names."""
    always: dict[str, Json] = {
        "name": rule.name,
        "match": match.form(rule.match),
        "clock": clocks.form(rule.clock),
        "then": rule.then.value,
        "basis": rule.basis,
    }
    where_given: dict[str, Json] = {
        "keep": _period(rule.keep),
        "original": _period(rule.original_keep) or (None if rule.original is Original.KEEP else rule.original.value),
        "erase_by": [_ceiling_form(ceiling) for ceiling in rule.erase_by] or None,
        "reviewers": sorted(role.value for role in rule.reviewers) or None,
        "once": rule.once,
        "transcript_suffices_after": _period(rule.transcript_suffices_after),
        "archive_after": _period(rule.archive_after),
        "lock": True if rule.lock else None,
    }
    return always | {name: value for name, value in where_given.items() if value is not None}


def _period(period: Period | None) -> str | None:
    return None if period is None else str(period)


def _ceiling_form(ceiling: Ceiling) -> Json:
    value: dict[str, Json] = {"period": str(ceiling.period), "clock": clocks.form(ceiling.clock)}
    return value if ceiling.unless is None else value | {"unless": match.form(ceiling.unless)}
