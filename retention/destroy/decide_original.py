"""May an original be destroyed before the rest of its recording, and why: the one place that answers.

Pure and total, like `retention.core.decide`: whatever is unknown keeps. The procedure:

1. What is purged, or has no original any more, has nothing left to decide.
2. It keeps unless the recording is archived, the log tells that its redacted rendition was screened and archived, and
   copies of that are known to be there, in the vault's own store and in the archive.
3. It keeps while anything of the recording is not what the log has.
4. A hold in force keeps, a grace period after one too, and so does a clock that is wrong.
5. It keeps unless some rule of the policy counts and every rule that counts says `original: destroy`, or a period that
   has ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retention.core.circumstances import NOTHING, Circumstances
from retention.core.claims import day
from retention.core.decide import decide, matching_rules
from retention.core.decision import Reason, ReasonCode
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.core.stages import original_from
from retention.policy.language import Original
from vault.model import State


class OriginalCode(StrEnum):
    """Why, in one word."""

    GONE = "gone"
    NOT_ARCHIVED = "not-archived"
    UNTOLD = "not-told"
    NO_COPY = "no-copy"
    ALTERED = "altered"
    HOLD = "hold"
    CLOCK = "clock"
    NO_RULE = "no-rule"
    RULE_KEEPS = "rule-keeps"
    NOT_YET = "not-yet"
    EXTENDED = "extended"
    RULE_DESTROYS = "rule-destroys"


_IN_THE_WAY = {ReasonCode.HOLD, ReasonCode.HOLD_UNCLEAR, ReasonCode.GRACE, ReasonCode.CLOCK}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What catalog, log and stores say of one original beside the facts of its recording."""

    is_there: bool  # the catalog has the original
    is_told: bool  # the log has the redacted rendition as screened and as archived
    copy_is_there: bool | None  # None: nobody looked, or a store did not answer
    fault: str | None = None  # what is not as the log has it


@dataclass(frozen=True, slots=True)
class OriginalReason:
    """One sentence of the decision."""

    code: OriginalCode
    text: str
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class OriginalDecision:
    """Whether the original is to be destroyed, and why. `rule` names one that says so, where none keeps."""

    destroy: bool
    rule: str | None
    policy_version: int | None
    reasons: tuple[OriginalReason, ...]

    @property
    def kept_by_hold_alone(self) -> bool:
        """Whether only holds stand between this original, with whatever card data it has, and its destruction."""
        return bool(self.reasons) and all(reason.code is OriginalCode.HOLD for reason in self.reasons)


def original_of(
    recording: Facts,
    policy: AppliedPolicy | None,
    holds: Sequence[HoldRef],
    evidence: Evidence,
    now: datetime,
    circumstances: Circumstances = NOTHING,
) -> OriginalDecision:
    """Return what may be done with the original of `recording` at `now`, by the procedure at the head of this module.

    The holds given here all match the recording; which do is found by the caller.
    """
    version = policy.version if policy else None
    if recording.state == State.PURGED or not evidence.is_there:
        gone = OriginalReason(OriginalCode.GONE, "There is no original any more.")
        return OriginalDecision(destroy=False, rule=None, policy_version=version, reasons=(gone,))
    rules = sorted(matching_rules(recording, policy, circumstances), key=lambda rule: rule.name)
    keeping = [rule.name for rule in rules if rule.original is not Original.DESTROY]
    reasons = [*_evidence(recording, evidence), *_disposition(recording, policy, holds, now)]
    if keeping:
        reasons.append(OriginalReason(OriginalCode.RULE_KEEPS, f"Not every rule destroys it: {', '.join(keeping)}."))
    if circumstances.extensions:
        asked = ", ".join(sorted(one.authority for one in circumstances.extensions))
        reasons.append(OriginalReason(OriginalCode.EXTENDED, f"An authority asked for longer: {asked}."))
    elif rules and not keeping and ((since := original_from(recording, policy, circumstances)) is None or now < since):
        reasons.append(_not_yet(since))
    if not rules:
        reasons.append(OriginalReason(OriginalCode.NO_RULE, "No rule of a policy matches."))
    rule = rules[0].name if rules and not keeping else None
    if reasons or rule is None:
        return OriginalDecision(destroy=False, rule=rule, policy_version=version, reasons=tuple(reasons))
    said = OriginalReason(OriginalCode.RULE_DESTROYS, f"Rule {rule} destroys it now that the redacted one is archived.")
    return OriginalDecision(destroy=True, rule=rule, policy_version=version, reasons=(said,))


def _not_yet(since: datetime | None) -> OriginalReason:
    until = f"until {day(since)}" if since else "until the instant is known from which that is counted"
    return OriginalReason(OriginalCode.NOT_YET, f"The rules keep it {until}.")


def _evidence(recording: Facts, evidence: Evidence) -> Iterator[OriginalReason]:
    if recording.state != State.ARCHIVED:
        yield OriginalReason(OriginalCode.NOT_ARCHIVED, f"It is {recording.state}: no redacted copy is archived.")
        return
    if not evidence.is_told:
        text = "The log does not tell that its redacted rendition was screened and archived."
        yield OriginalReason(OriginalCode.UNTOLD, text)
    if evidence.copy_is_there is not True:
        text = "The copies of its redacted rendition are not known to be there."
        yield OriginalReason(OriginalCode.NO_COPY, text)
    if evidence.fault is not None:
        yield OriginalReason(OriginalCode.ALTERED, evidence.fault)


def _disposition(
    recording: Facts, policy: AppliedPolicy | None, holds: Sequence[HoldRef], now: datetime
) -> Iterator[OriginalReason]:
    for reason in in_the_way(recording, policy, holds, now):
        code = OriginalCode.CLOCK if reason.code is ReasonCode.CLOCK else OriginalCode.HOLD
        yield OriginalReason(code, reason.text, reason.hold)


def in_the_way(
    recording: Facts, policy: AppliedPolicy | None, holds: Sequence[HoldRef], now: datetime
) -> Iterator[Reason]:
    """Yield what `decide` says of holds, their grace periods and a wrong clock, as far as it counts at `now`."""
    for reason in decide(recording, policy, holds, now).reasons:
        if reason.code in _IN_THE_WAY and (reason.until is None or now < reason.until):
            yield reason
