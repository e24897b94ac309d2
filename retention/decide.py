"""May this recording be destroyed yet, and why: the one place that answers.

Pure and total: no database, no clock, no file; the same input gives the same decision for ever, and no input raises.
Whatever is unknown keeps. Which holds match is found by the caller; the holds given here all match the recording.

The procedure (DESIGN section 6). Each step may give reasons to keep, and each reason says until when:

1. A purged recording has nothing left to decide.
2. A hold in force keeps, with no end date. So does one whose dates are missing or contradict each other.
3. A released hold keeps until its grace period ends.
4. A clock that is wrong (it shows a time before the recording was created or ended) keeps, with no end date.
5. Every rule that matches keeps for its period from its clock. Where that instant is unknown, or the period ends past
   the year 9999, it keeps with no end date. Where several rules match, each counts.
6. No policy, or no rule that matches, keeps with no end date, and is reported.
7. The recording is kept until the last of these reasons ends; one without an end date never ends by itself.
8. When the last has ended the recording is due: for review by a person if any matching rule asks for that, for
   destruction otherwise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeGuard

from retention.policy.language import Match, Original, Policy, Rule, Then
from vault.model import Kind, RecordingId, State

_NEVER = datetime.max.replace(tzinfo=UTC)  # sorts behind every date that a period can end on


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


_ORDER = {code: place for place, code in enumerate(ReasonCode)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalog says of a recording, as far as the rules ask for it; instants are UTC."""

    id: RecordingId
    kind: Kind
    state: State
    ended: datetime | None
    created: datetime
    queue: str | None = None
    industry: str | None = None
    jurisdiction: str | None = None
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HoldRef:
    """A hold that was found to match the recording; a released one has the end of its grace period."""

    id: str
    matter: str
    placed_at: datetime
    released_at: datetime | None = None
    grace_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """A policy, and the number under which it was applied."""

    version: int
    policy: Policy


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
    reason is the one that decides.
    """

    action: Action
    keep_until: datetime | None
    rule: str | None
    policy_version: int | None
    reasons: tuple[Reason, ...]


def decide(recording: Facts, policy: AppliedPolicy | None, holds: Sequence[HoldRef], now: datetime) -> Decision:
    """Return what may be done with `recording` at `now`, by the procedure at the head of this module."""
    version = policy.version if policy else None
    if recording.state == State.PURGED:
        gone = Reason(ReasonCode.PURGED, "The recording was purged; nothing is left to keep or to destroy.")
        return Decision(Action.KEEP, None, None, version, (gone,))
    rules = matching_rules(recording, policy)
    reasons = _in_order(
        [
            *(_hold_reason(hold, now) for hold in holds),
            *_clock_reasons(recording, now),
            *(_rule_reason(rule, recording.ended) for rule in rules),
            *([] if rules else [_no_policy(version)]),
        ]
    )
    keep_until = reasons[0].until
    if keep_until is None or now < keep_until:
        return Decision(Action.KEEP, keep_until, reasons[0].rule, version, tuple(reasons))
    last_rule = next(reason.rule for reason in reasons if reason.rule)
    due = _due_reason(rules, keep_until)
    action = Action.REVIEW if due.code is ReasonCode.REVIEW else Action.DESTROY
    return Decision(action, keep_until, last_rule, version, (due, *reasons))


def matching_rules(recording: Facts, policy: AppliedPolicy | None) -> list[Rule]:
    """Return every rule that covers the recording."""
    return [rule for rule in policy.policy.rules if _matches(rule.match, recording)] if policy else []


def destroys_original(recording: Facts, policy: AppliedPolicy | None) -> bool:
    """Return whether the schedule alone destroys the original early: some rule matches, and each that does says so."""
    rules = matching_rules(recording, policy)
    return bool(rules) and all(rule.original is Original.DESTROY for rule in rules)


def may_purge(decision: Decision, *, approved: bool) -> bool:
    """Return whether a purge may destroy the recording: it is due, and a person agreed where a rule asks for one."""
    return decision.action is Action.DESTROY or (decision.action is Action.REVIEW and approved)


def is_held(decision: Decision, now: datetime) -> bool:
    """Return whether a hold, or the grace period after one, keeps the recording at `now`."""
    return any(reason.hold and (reason.until is None or now < reason.until) for reason in decision.reasons)


def _in_order(reasons: list[Reason]) -> list[Reason]:
    """Return the reasons longest first; the order of rules in a file or holds in a table never shows."""
    told = sorted(reasons, key=lambda reason: (_ORDER[reason.code], reason.text))
    return sorted(told, key=lambda reason: reason.until or _NEVER, reverse=True)


def _matches(match: Match, recording: Facts) -> bool:
    return (
        (not match.kind or recording.kind in match.kind)
        and (not match.industry or recording.industry in match.industry)
        and (not match.jurisdiction or recording.jurisdiction in match.jurisdiction)
        and (not match.queue or recording.queue in match.queue)
        and (not match.labels or not match.labels.isdisjoint(recording.labels))
    )


def _hold_reason(hold: HoldRef, now: datetime) -> Reason:
    """Return why a hold keeps. One placed in the future holds already: whoever placed it has the better clock."""
    name = f"Legal hold {hold.id} of matter {hold.matter}"
    if hold.released_at is None:
        return Reason(ReasonCode.HOLD, f"{name} is in force; it has no end date.", hold=hold.id)
    instants = (hold.placed_at, hold.released_at, hold.grace_until, now)
    if not all(_is_known(instant) for instant in instants) or hold.released_at < hold.placed_at:
        text = f"{name} counts as in force: the dates of its release are incomplete or contradict each other."
        return Reason(ReasonCode.HOLD_UNCLEAR, text, hold=hold.id)
    if now < hold.released_at:
        text = f"{name} is in force until its release on {_day(hold.released_at)}; then its grace period runs."
        return Reason(ReasonCode.HOLD, text, hold=hold.id)
    text = f"{name} was released on {_day(hold.released_at)}; its grace period keeps until {_day(hold.grace_until)}."
    return Reason(ReasonCode.GRACE, text, until=hold.grace_until, hold=hold.id)


def _clock_reasons(recording: Facts, now: datetime) -> Iterable[Reason]:
    """Yield why the clock is not to be trusted; nothing is due by a clock that is wrong."""
    if not _is_known(now) or not _is_known(recording.created):
        text = "The time now, or the time at which the recording was created, is not known in UTC."
        yield Reason(ReasonCode.CLOCK, text)
    elif now < recording.created:
        text = f"The clock shows {_day(now)}, before the recording was created on {_day(recording.created)}."
        yield Reason(ReasonCode.CLOCK, text)
    elif _is_known(recording.ended) and now < recording.ended:
        text = f"The clock shows {_day(now)}, before the recording ended on {_day(recording.ended)}."
        yield Reason(ReasonCode.CLOCK, text)


def _rule_reason(rule: Rule, ended: datetime | None) -> Reason:
    cited = f" ({rule.basis})" if rule.basis else ""
    claim = f"Rule {rule.name}{cited} keeps {rule.keep} from the end of the recording"
    if not _is_known(ended):
        text = f"{claim}, which is not known; until it is recorded there is no end date."
        return Reason(ReasonCode.START_UNKNOWN, text, rule=rule.name, citation=rule.basis)
    until = rule.keep.ends(ended)
    if until is None:
        text = f"{claim} on {_day(ended)}, past the last date that can be written."
        return Reason(ReasonCode.NEVER_ENDS, text, rule=rule.name, citation=rule.basis)
    text = f"{claim} on {_day(ended)}: until {_day(until)}."
    return Reason(ReasonCode.PERIOD, text, until=until, rule=rule.name, citation=rule.basis)


def _no_policy(version: int | None) -> Reason:
    if version is None:
        return Reason(ReasonCode.NO_POLICY, "No policy is applied; there is no end date until one is.")
    text = f"No rule of policy version {version} matches; there is no end date until one does."
    return Reason(ReasonCode.NO_POLICY, text)


def _due_reason(rules: list[Rule], keep_until: datetime) -> Reason:
    """Return what follows now that nothing keeps; where the rules differ the more careful one wins."""
    ended = f"The last reason to keep ended on {_day(keep_until)}"
    asking = sorted(rule.name for rule in rules if rule.then is not Then.DESTROY)
    if asking:
        text = f"{ended}; a person must review the recording first, as {', '.join(asking)} asks."
        return Reason(ReasonCode.REVIEW, text, until=keep_until)
    return Reason(ReasonCode.DESTROY, f"{ended}; the recording is to be destroyed.", until=keep_until)


def _is_known(instant: datetime | None) -> TypeGuard[datetime]:
    """Return whether this names an instant: it has a time zone, and UTC can write it."""
    if instant is None or instant.utcoffset() is None:
        return False
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _day(instant: datetime | None) -> str:
    """Return an instant as a lawyer reads it: to the minute, in UTC."""
    return "an unknown date" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
