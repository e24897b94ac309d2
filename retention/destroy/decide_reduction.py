"""May the sound and picture of a recording go and its transcript stay, and why: the one place that answers.

Pure and total, like `retention.core.decide`: whatever is unknown keeps. The procedure:

1. What is purged, or has no sound or picture any more, has nothing left to decide.
2. It keeps unless the recording is archived (or screened, where nothing is archived), its transcript is there as the
   log tells, that was just read back whole, and a person attested that it is accurate, after it was made.
3. It keeps while anything of the recording is not what the log has.
4. A hold in force keeps, a grace period after one too, and so does a clock that is wrong.
5. It keeps unless some rule of the policy that counts has a minimum, every rule that has one says
   `transcript_suffices_after`, all these periods have ended, and no authority extended what must be kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retention.core.circumstances import NOTHING, Circumstances
from retention.core.claims import day
from retention.core.decision import ReasonCode
from retention.core.ends import counting, transcript_end
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.destroy.decide_original import in_the_way
from retention.policy.language import Rule
from vault.model import State

ATTESTS = "transcript-accurate"
"""The event, on the recording itself, by which a person says that its transcript is complete and accurate."""


class ReductionCode(StrEnum):
    """Why, in one word."""

    GONE = "gone"
    NOT_ARCHIVED = "not-archived"
    NO_TRANSCRIPT = "no-transcript"
    UNTOLD = "not-told"
    NOT_ATTESTED = "not-attested"
    UNREAD = "transcript-unread"
    ALTERED = "altered"
    HOLD = "hold"
    CLOCK = "clock"
    NO_RULE = "no-rule"
    RULE_KEEPS = "rule-keeps"
    EXTENDED = "extended"
    NOT_YET = "not-yet"
    SUFFICES = "transcript-suffices"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What catalog, log and stores say of one recording beside its facts.

    `has_media`: its original or its redacted rendition is there. `will_be_archived`: the vault has an archive, so that
    what is screened is on its way there. `is_told`: the log has every rendition that is there as it is. `is_attested`:
    a person recorded that the transcript is accurate, after it was made. `is_read`: it was read back whole; None:
    nobody looked, or the store did not answer.
    """

    has_media: bool
    has_transcript: bool
    will_be_archived: bool
    is_told: bool
    is_attested: bool
    is_read: bool | None
    fault: str | None = None  # what is not as the log has it


@dataclass(frozen=True, slots=True)
class ReductionReason:
    """One sentence of the decision."""

    code: ReductionCode
    text: str
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class ReductionDecision:
    """Whether all but the transcript is to be destroyed, and why.

    `rule` names one that says so, where none keeps; `since`: from when they all do, where that is known.
    """

    reduce: bool
    rule: str | None
    policy_version: int | None
    since: datetime | None
    reasons: tuple[ReductionReason, ...]


def reduction_of(
    recording: Facts,
    policy: AppliedPolicy | None,
    holds: Sequence[HoldRef],
    evidence: Evidence,
    now: datetime,
    circumstances: Circumstances = NOTHING,
) -> ReductionDecision:
    """Return what may be done with sound and picture of `recording` at `now`, by the procedure above.

    The holds given here all match the recording; which do is found by the caller.
    """
    version = policy.version if policy else None
    if recording.state == State.PURGED or not evidence.has_media:
        gone = ReductionReason(ReductionCode.GONE, "There is no sound or picture of it any more.")
        return ReductionDecision(reduce=False, rule=None, policy_version=version, since=None, reasons=(gone,))
    rules = counting(recording, policy, circumstances)
    since = transcript_end(rules, recording, circumstances)
    reasons = [*_evidence(recording, evidence), *_in_the_way(recording, policy, holds, now)]
    reasons += _schedule(rules, circumstances, since, now)
    saying = sorted(rule.name for rule in rules if rule.transcript_suffices_after is not None)
    keeps = {ReductionCode.NO_RULE, ReductionCode.RULE_KEEPS, ReductionCode.EXTENDED}
    rule = saying[0] if saying and not any(reason.code in keeps for reason in reasons) else None
    if reasons or rule is None:
        return ReductionDecision(reduce=False, rule=rule, policy_version=version, since=since, reasons=tuple(reasons))
    text = f"Rule {rule} says that its transcript suffices now: a person attested that it is accurate."
    said = ReductionReason(ReductionCode.SUFFICES, text)
    return ReductionDecision(reduce=True, rule=rule, policy_version=version, since=since, reasons=(said,))


def _schedule(
    rules: Sequence[Rule], circumstances: Circumstances, since: datetime | None, now: datetime
) -> Iterator[ReductionReason]:
    """Yield why the rules keep sound and picture now."""
    minimums = [rule for rule in rules if rule.keep is not None]
    keeping = sorted(rule.name for rule in minimums if rule.transcript_suffices_after is None)
    if not minimums:
        yield ReductionReason(ReductionCode.NO_RULE, "No rule with a minimum matches.")
    elif keeping:
        text = f"Not every rule lets a transcript suffice: {', '.join(keeping)}."
        yield ReductionReason(ReductionCode.RULE_KEEPS, text)
    elif circumstances.extensions:
        yield ReductionReason(ReductionCode.EXTENDED, "An authority extended how long it must be kept.")
    elif since is None or now < since:
        until = f"until {day(since)}" if since else "until the instant is known from which that is counted"
        yield ReductionReason(ReductionCode.NOT_YET, f"The rules keep sound and picture {until}.")


def _evidence(recording: Facts, evidence: Evidence) -> Iterator[ReductionReason]:
    allowed = {State.ARCHIVED} if evidence.will_be_archived else {State.ARCHIVED, State.SCREENED}
    if recording.state not in allowed:
        yield ReductionReason(ReductionCode.NOT_ARCHIVED, f"It is {recording.state}, and not archived yet.")
        return
    if not evidence.has_transcript:
        yield ReductionReason(ReductionCode.NO_TRANSCRIPT, "It has no transcript.")
        return
    if not evidence.is_told:
        text = "The log does not tell of what is there that it was screened, archived and written down so."
        yield ReductionReason(ReductionCode.UNTOLD, text)
    if not evidence.is_attested:
        text = f"Nobody attested that its transcript is accurate since it was made (event {ATTESTS})."
        yield ReductionReason(ReductionCode.NOT_ATTESTED, text)
    if evidence.is_read is not True:
        yield ReductionReason(ReductionCode.UNREAD, "Its transcript is not known to be in the store, whole.")
    if evidence.fault is not None:
        yield ReductionReason(ReductionCode.ALTERED, evidence.fault)


def _in_the_way(
    recording: Facts, policy: AppliedPolicy | None, holds: Sequence[HoldRef], now: datetime
) -> Iterator[ReductionReason]:
    for reason in in_the_way(recording, policy, holds, now):
        code = ReductionCode.CLOCK if reason.code is ReasonCode.CLOCK else ReductionCode.HOLD
        yield ReductionReason(code, reason.text, reason.hold)
