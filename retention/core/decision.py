"""What a decision says: the action, and the reasons in words a lawyer reads."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vault.model import Role


class Action(StrEnum):
    """What the decision allows."""

    KEEP = "keep"
    REVIEW = "review"
    DESTROY = "destroy"


class ReasonCode(StrEnum):
    """Why, in one word; in the order in which reasons of equal length are told."""

    PURGED = "purged"
    DESTROY = "due-destroy"
    REVIEW = "due-review"
    HOLD = "hold"
    HOLD_UNCLEAR = "hold-unclear"
    GRACE = "grace"
    CLOCK = "clock"
    START_UNKNOWN = "start-unknown"
    NEVER_ENDS = "never-ends"
    NO_POLICY = "no-policy"
    PERIOD = "period"
    EXTENSION = "extension"
    KEEPS_ON = "keeps-on"
    CONFLICT = "conflict"
    CEILING = "ceiling"
    CEILING_WAITS = "ceiling-waits"
    EXCEPTED = "excepted"
    ERASURE = "erasure"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of the decision. `until` None: this reason has no end date."""

    code: ReasonCode
    text: str
    until: datetime | None = None
    rule: str | None = None
    citation: str | None = None
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be done, and why. `keep_until` None: no end date is known.

    `rule` is the matching rule whose period ends last; None where something else keeps the recording. The first
    reason is the one that decides. `reviewers` has, for each rule that asks for a review, the roles of which one must
    agree (none named: any that may). `erase_by`: the first ceiling or erasure request; None where there is none.
    """

    action: Action
    keep_until: datetime | None
    rule: str | None
    policy_version: int | None
    reasons: tuple[Reason, ...]
    erase_by: datetime | None = None
    reviewers: tuple[frozenset[Role], ...] = ()

    @property
    def conflicts(self) -> bool:
        """Whether a ceiling ends before a minimum does, which a person must resolve."""
        return any(reason.code is ReasonCode.CONFLICT for reason in self.reasons)
