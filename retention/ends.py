"""When the schedule alone lets a recording go: the dates of `retention.decide` without its sentences.

Pure. `scheduled` weighs the same rules in the same way as `decide` does without holds at the end of time; a property
test holds the two together. It is apart because a survey of ten million recordings needs dates only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeGuard

from retention.circumstances import NOTHING, Circumstances
from retention.facts import AppliedPolicy, Facts
from retention.policy import clocks
from retention.policy.clocks import Clock, Fact
from retention.policy.language import Ceiling, Original, Rule, Then
from retention.policy.match import matches
from retention.policy.periods import Period

NEVER = datetime.max.replace(tzinfo=UTC)
"""Sorts behind every date that a period can end on."""
AT_ONCE = datetime.min.replace(tzinfo=UTC)
"""From when what nobody delays may happen."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What the schedule says of a recording. `due_from` None: nothing that is known lets it go; `rule` ends last.

    `original_from`: from when the original may go before the rest, where it may.
    """

    due_from: datetime | None
    rule: str | None
    for_review: bool
    conflicts: bool
    unmatched: bool
    original_from: datetime | None = None


UNMATCHED = Scheduled(due_from=None, rule=None, for_review=False, conflicts=False, unmatched=True)


def counting(recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances) -> tuple[Rule, ...]:
    """Return every rule that matches and does not wait for its event."""
    return tuple(
        rule
        for rule in (policy.policy.rules if policy else ())
        if matches(rule.match, recording) and (rule.once is None or circumstances.events.get(rule.once))
    )


def start_of(clock: Clock, recording: Facts, circumstances: Circumstances) -> datetime | None:
    """Return the instant that a clock shows, where it names one."""
    try:
        start = clocks.start(clock, ended=recording.ended, created=recording.created, events=circumstances.events)
    except TypeError:  # instants with and without a time zone have no order
        return None
    return start if is_known(start) else None


def end_of(period: Period, clock: Clock, recording: Facts, circumstances: Circumstances) -> datetime | None:
    """Return when a period from a clock is over; None where that is not known, or past the last date."""
    start = start_of(clock, recording, circumstances)
    return None if start is None else period.ends(start)


def ceiling_of(ceiling: Ceiling, recording: Facts, circumstances: Circumstances) -> datetime | None:
    """Return when a ceiling ends; None where it does not apply (yet)."""
    if ceiling.unless is not None and matches(ceiling.unless, recording):
        return None
    return end_of(ceiling.period, ceiling.clock, recording, circumstances)


def keeps_on(rules: Sequence[Rule]) -> bool:
    """Return whether rules that count let go only where a ceiling or an erasure request says so."""
    minimums = [rule for rule in rules if rule.keep is not None]
    return not minimums or any(rule.then is Then.KEEP for rule in minimums)


def scheduled(rules: Sequence[Rule], recording: Facts, circumstances: Circumstances) -> Scheduled:
    """Return what the rules that count say of a recording, as if no hold were there."""
    if not rules:
        return UNMATCHED
    named = [
        (end_of(r.keep, r.clock, recording, circumstances) or NEVER, r.name)
        for r in sorted(rules, key=lambda rule: rule.name)
        if r.keep is not None
    ]
    extended = [end_of(e.keep, e.clock, recording, circumstances) or NEVER for e in circumstances.extensions]
    limits = [
        (until, rule.name)
        for rule in sorted(rules, key=lambda rule: rule.name)
        for ceiling in rule.erase_by
        if (until := ceiling_of(ceiling, recording, circumstances)) is not None
    ]
    requests = [(e.requested_at, f"erasure-request/{e.id}") for e in circumstances.erasures if is_known(e.requested_at)]
    kept = max([*(until for until, _ in named), *extended], default=None)
    if keeps_on(rules):
        # of one instant a request comes first, and a minimum before a ceiling: as decide tells them
        named.append(min([*requests, *limits], key=lambda limit: limit[0], default=(NEVER, "")))
    due_from = max([*(until for until, _ in named), *extended])
    return Scheduled(
        due_from=None if due_from == NEVER else due_from,
        rule=None if due_from == NEVER else _last(named),
        for_review=any(rule.then is Then.REVIEW for rule in rules),
        conflicts=kept is not None and bool(limits) and min(limits)[0] < kept,
        unmatched=False,
        original_from=original_end(rules, recording, circumstances),
    )


def original_end(rules: Sequence[Rule], recording: Facts, circumstances: Circumstances) -> datetime | None:
    """Return from when the rules that count let the original go before the rest; None where one, or none, keeps it."""
    if not rules or any(rule.original is Original.KEEP for rule in rules):
        return None
    return latest(rules, lambda rule: rule.original_keep, recording, circumstances)


def latest(
    rules: Sequence[Rule], period: Callable[[Rule], Period | None], recording: Facts, circumstances: Circumstances
) -> datetime | None:
    """Return when the last of some periods from each rule's clock has ended; None where one does not (yet)."""
    last = AT_ONCE
    for rule in rules:
        lasting = period(rule)
        if lasting is not None:
            until = end_of(lasting, rule.clock, recording, circumstances)
            if until is None:
                return None
            last = max(last, until)
    return last


def _last(named: Sequence[tuple[datetime, str]]) -> str:
    """Return the rule that ends last; of several the one that stands first."""
    last = max(until for until, _ in named)
    return next(name for until, name in named if until == last)


def is_known(instant: datetime | None) -> TypeGuard[datetime]:
    """Return whether this names an instant: it has a time zone, and UTC can write it."""
    if instant is None or instant.utcoffset() is None:
        return False
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return False
    return True


class Remembered:
    """One policy, asked of recordings of which most are alike: whatever was asked before is answered from memory.

    The answers depend on the day of an instant only, and on its hour where a year ends; a class of recordings is a
    tuple of the fields that the rules ask for.
    """

    _DAY = 86_400_000_000  # microseconds
    _MOST = 200_000  # classes, or answers, remembered at a time: memory stays constant in the size of the catalog
    _TWO_HOURS = 7_200_000_000  # the day ends at 00:00 UTC, and in the farthest east at 10:00

    def __init__(self, policy: AppliedPolicy | None) -> None:
        self._policy = policy
        self._rules: dict[object, tuple[object, tuple[Rule, ...]]] = {}
        self._answers: dict[object, Scheduled] = {}
        asked = [clock for rule in (policy.policy.rules if policy else ()) for clock in rule.clocks]
        self._asks_created = any(fact is Fact.CREATED for clock in asked for fact in clocks.facts_of(clock))
        self._step = self._TWO_HOURS if any(clocks.has_year_end(clock) for clock in asked) else self._DAY

    def of(self, alike: object, ended: int, created: int, facts: Callable[[], Facts]) -> Scheduled:
        """Return what the schedule says of a recording that nothing was recorded about.

        `alike` stands for all that the rules ask for; `ended` and `created` are microseconds since 1970.
        """
        known = self._rules.get(alike)
        if known is None:
            if len(self._rules) >= self._MOST:
                self._rules.clear()
            known = self._rules[alike] = self._named(facts())
        name, rules = known
        key = (name, ended // self._step, created // self._step if self._asks_created else 0)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= self._MOST:
                self._answers.clear()
            answer = self._answers[key] = scheduled(rules, facts(), NOTHING)
        return answer

    def _named(self, recording: Facts) -> tuple[object, tuple[Rule, ...]]:
        """Return the rules that count for a class of recordings, with a name for all that they can say of it."""
        rules = counting(recording, self._policy, NOTHING)
        exceptions = (c.unless for rule in rules for c in rule.erase_by if c.unless is not None)
        return (tuple(rule.name for rule in rules), tuple(matches(one, recording) for one in exceptions)), rules
