"""May this recording be destroyed yet, and why: the one place that answers.

Pure and total: no database, no clock, no file; the same input gives the same decision for ever, and no input raises.
Whatever is unknown keeps. Which holds match is found by the caller, and what was recorded of events, extensions and
erasure requests too; those given here all concern the recording.

The procedure (DESIGN section 6). Each step may give reasons to keep, and each reason says until when:

1. A purged recording has nothing left to decide.
2. A hold in force keeps, with no end date. So does one whose dates are missing or contradict each other.
3. A released hold keeps until its grace period ends.
4. A clock that is wrong (it shows a time before the recording was created or ended) keeps, with no end date.
5. A rule counts if it matches and the event it waits for (`once`) was recorded. Every rule that counts keeps for its
   period from its clock, and so does every extension by an authority. Where that instant is not known, because an
   event has not happened, or the period ends past the year 9999, it keeps with no end date.
6. No policy, or no rule that counts, keeps with no end date, and is reported.
7. Where nothing has a minimum, or a rule says `then: keep`, the recording is kept until the first ceiling or erasure
   request; with no end date if there is none. A ceiling whose exception holds, or whose clock shows nothing, is none.
8. The recording is kept until the last of these reasons ends; one without an end date never ends by itself. A ceiling
   that ends before a minimum changes nothing and is told as a conflict, for a person to resolve.
9. When the last has ended the recording is due: for review by a person if any rule that counts asks for that, for
   destruction otherwise.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from retention.core.circumstances import NOTHING, Circumstances
from retention.core.claims import ceilings, day, erasure_reason, extension_reason, named, rule_reason
from retention.core.decision import Action, Decision, Reason, ReasonCode
from retention.core.ends import NEVER, is_known, keeps_on
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.language import Rule, Then
from retention.policy.match import matches
from vault.model import Role, State

_ORDER = {code: place for place, code in enumerate(ReasonCode)}


def decide(
    recording: Facts,
    policy: AppliedPolicy | None,
    holds: Sequence[HoldRef],
    now: datetime,
    circumstances: Circumstances = NOTHING,
) -> Decision:
    """Return what may be done with `recording` at `now`, by the procedure at the head of this module."""
    version = policy.version if policy else None
    if recording.state == State.PURGED:
        gone = Reason(ReasonCode.PURGED, "The recording was purged; nothing is left to keep or to destroy.")
        return Decision(Action.KEEP, None, None, version, (gone,))
    rules, waiting = _counting(recording, policy, circumstances)
    minimums = [
        *(rule_reason(rule, rule.keep, recording, circumstances) for rule in rules if rule.keep is not None),
        *(extension_reason(extension, recording, circumstances) for extension in circumstances.extensions),
    ]
    limits, other = ceilings(rules, recording, circumstances)
    erasures = [erasure_reason(one.id, one.requested_at) for one in circumstances.erasures]
    erase_by = min([*limits, *erasures], key=_by_end, default=None)
    keeping = _in_order(
        [
            *(_hold_reason(hold, now) for hold in holds),
            *_clock_reasons(recording, now),
            *minimums,
            *([_keeps_on(rules, erase_by)] if rules and keeps_on(rules) else []),
            *([] if rules else [_no_policy(version)]),
        ]
    )
    told = (*_conflicts(minimums, limits), *_in_order(limits), *_in_order([*other, *erasures, *waiting]))
    asking = sorted((rule for rule in rules if rule.then is Then.REVIEW), key=lambda rule: rule.name)
    reviewers = tuple(rule.reviewers for rule in asking)
    keep_until = keeping[0].until
    by = erase_by.until if erase_by else None
    if keep_until is None or now < keep_until:
        reasons = (*keeping, *told)
        return Decision(Action.KEEP, keep_until, keeping[0].rule, version, reasons, by, reviewers)
    last_rule = next(reason.rule for reason in keeping if reason.rule)
    due = _due_reason(rules, keep_until)
    action = Action.REVIEW if due.code is ReasonCode.REVIEW else Action.DESTROY
    return Decision(action, keep_until, last_rule, version, (due, *keeping, *told), by, reviewers)


def matching_rules(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> list[Rule]:
    """Return every rule that counts for the recording."""
    return _counting(recording, policy, circumstances)[0]


def _counting(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances
) -> tuple[list[Rule], list[Reason]]:
    """Return the rules that count, and what is to be told of those that match and wait for their event."""
    rules, waiting = [], []
    for rule in policy.policy.rules if policy else ():
        if not matches(rule.match, recording):
            continue
        if rule.once is None or circumstances.events.get(rule.once):
            rules.append(rule)
        else:
            text = f"{named(rule)} says nothing until the event {rule.once} is recorded."
            waiting.append(Reason(ReasonCode.ONCE, text, rule=rule.name, citation=rule.basis))
    return rules, waiting


def may_purge(decision: Decision, approved_by: Collection[Role]) -> bool:
    """Return whether a purge may destroy the recording: it is due, and whoever the rules ask for agreed.

    `approved_by`: the roles in which people agreed; each rule that asks for a review must find one of its own.
    """
    if decision.action is not Action.REVIEW:
        return decision.action is Action.DESTROY
    return bool(approved_by) and all(not roles or roles & set(approved_by) for roles in decision.reviewers)


def is_held(decision: Decision, now: datetime) -> bool:
    """Return whether a hold, or the grace period after one, keeps the recording at `now`."""
    return any(reason.hold and (reason.until is None or now < reason.until) for reason in decision.reasons)


def _in_order(reasons: list[Reason]) -> list[Reason]:
    """Return the reasons longest first; the order of rules in a file or holds in a table never shows."""
    told = sorted(reasons, key=lambda reason: (_ORDER[reason.code], reason.text))
    return sorted(told, key=_until, reverse=True)


def _hold_reason(hold: HoldRef, now: datetime) -> Reason:
    """Return why a hold keeps. One placed in the future holds already: whoever placed it has the better clock."""
    name = f"Legal hold {hold.id} of matter {hold.matter}"
    if hold.released_at is None:
        return Reason(ReasonCode.HOLD, f"{name} is in force; it has no end date.", hold=hold.id)
    instants = (hold.placed_at, hold.released_at, hold.grace_until, now)
    if not all(is_known(instant) for instant in instants) or hold.released_at < hold.placed_at:
        text = f"{name} counts as in force: the dates of its release are incomplete or contradict each other."
        return Reason(ReasonCode.HOLD_UNCLEAR, text, hold=hold.id)
    if now < hold.released_at:
        text = f"{name} is in force until its release on {day(hold.released_at)}; then its grace period runs."
        return Reason(ReasonCode.HOLD, text, hold=hold.id)
    text = f"{name} was released on {day(hold.released_at)}; its grace period keeps until {day(hold.grace_until)}."
    return Reason(ReasonCode.GRACE, text, until=hold.grace_until, hold=hold.id)


def _clock_reasons(recording: Facts, now: datetime) -> Iterable[Reason]:
    """Yield why the clock is not to be trusted; nothing is due by a clock that is wrong."""
    if not is_known(now) or not is_known(recording.created):
        text = "The time now, or the time at which the recording was created, is not known in UTC."
        yield Reason(ReasonCode.CLOCK, text)
    elif now < recording.created:
        text = f"The clock shows {day(now)}, before the recording was created on {day(recording.created)}."
        yield Reason(ReasonCode.CLOCK, text)
    elif is_known(recording.ended) and now < recording.ended:
        text = f"The clock shows {day(now)}, before the recording ended on {day(recording.ended)}."
        yield Reason(ReasonCode.CLOCK, text)


def _keeps_on(rules: Sequence[Rule], erase_by: Reason | None) -> Reason:
    """Return why the recording stays after its minimums, until the first ceiling or erasure request."""
    keeping = sorted(rule.name for rule in rules if rule.then is Then.KEEP)
    why = f"{', '.join(keeping)} says to keep on" if keeping else "No rule has a minimum that ends"
    if erase_by is None or erase_by.until is None:
        text = f"{why}; no ceiling and no erasure request ends that."
        return Reason(ReasonCode.KEEPS_ON, text)
    text = f"{why}, until the first ceiling or erasure request: {day(erase_by.until)}."
    return Reason(ReasonCode.KEEPS_ON, text, until=erase_by.until, rule=erase_by.rule, citation=erase_by.citation)


def _conflicts(minimums: Sequence[Reason], limits: Sequence[Reason]) -> Iterable[Reason]:
    """Yield where what must be kept must be gone before that: the minimum wins, and a person has to know."""
    longest = max(minimums, key=_by_end, default=None)
    earliest = min(limits, key=_by_end, default=None)
    if longest is not None and earliest is not None and _until(earliest) < _until(longest):
        kept = longest.rule or "an extension"
        text = (
            f"CONFLICT: {earliest.rule} wants it gone by {day(earliest.until)}, "
            f"{kept} keeps it {'until ' + day(longest.until) if longest.until else 'with no end date'}. It is kept."
        )
        yield Reason(ReasonCode.CONFLICT, text, until=earliest.until, rule=earliest.rule, citation=earliest.citation)


def _until(reason: Reason) -> datetime:
    return reason.until or NEVER


def _no_policy(version: int | None) -> Reason:
    if version is None:
        return Reason(ReasonCode.NO_POLICY, "No policy is applied; there is no end date until one is.")
    text = f"No rule of policy version {version} matches; there is no end date until one does."
    return Reason(ReasonCode.NO_POLICY, text)


def _asker(rule: Rule) -> str:
    """Return a rule that asks for a review, with the roles it asks."""
    return f"{rule.name} ({' or '.join(sorted(rule.reviewers))})" if rule.reviewers else rule.name


def _due_reason(rules: list[Rule], keep_until: datetime) -> Reason:
    """Return what follows now that nothing keeps; where the rules differ the more careful one wins."""
    ended = f"The last reason to keep ended on {day(keep_until)}"
    asking = sorted(_asker(rule) for rule in rules if rule.then is Then.REVIEW)
    if asking:
        text = f"{ended}; a person must review the recording first, as {', '.join(asking)} asks."
        return Reason(ReasonCode.REVIEW, text, until=keep_until)
    return Reason(ReasonCode.DESTROY, f"{ended}; the recording is to be destroyed.", until=keep_until)


def _by_end(reason: Reason) -> tuple[datetime, str]:
    return _until(reason), reason.text
