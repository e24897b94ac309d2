"""When the schedule alone lets a recording go: the dates of `retention.core.decide` without its sentences.

Pure. `scheduled` weighs the same rules in the same way as `decide` does without holds at the end of time; a property
test holds the two together. It is apart because a survey of ten million recordings needs dates only.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple, TypeAlias, TypeGuard

from retention.core.circumstances import Circumstances
from retention.core.facts import AppliedPolicy, Facts
from retention.policy import clocks
from retention.policy.clocks import Clock
from retention.policy.language import Ceiling, Original, Rule, Then
from retention.policy.match import matches
from retention.policy.periods import Period

NEVER = datetime.max.replace(tzinfo=UTC)
"""Sorts behind every date that a period can end on."""
AT_ONCE = datetime.min.replace(tzinfo=UTC)
"""From when what nobody delays may happen."""
Ending: TypeAlias = tuple[datetime, str]
"""When what a rule says of a recording ends, and the name of the rule."""

_date = itemgetter(0)


class Scheduled(NamedTuple):
    """What the schedule says of a recording. `due_from` None: nothing that is known lets it go; `rule` ends last.

    `original_from`: from when the original may go before the rest, where it may. `transcript_from`: from when a
    transcript suffices, where it does one day.
    """

    due_from: datetime | None
    rule: str | None
    for_review: bool
    conflicts: bool
    unmatched: bool
    original_from: datetime | None = None
    transcript_from: datetime | None = None


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
    due_from, rule, conflicts = due_of(named, limits, goes_on=keeps_on(rules), extended=extended, requests=requests)
    return Scheduled(
        due_from=due_from,
        rule=rule,
        for_review=any(rule.then is Then.REVIEW for rule in rules),
        conflicts=conflicts,
        unmatched=False,
        original_from=original_end(rules, recording, circumstances),
        transcript_from=transcript_end(rules, recording, circumstances),
    )


def due_of(
    named: Sequence[Ending], limits: Sequence[Ending], *, goes_on: bool,
    extended: Sequence[datetime] = (), requests: Sequence[Ending] = (),
) -> tuple[datetime | None, str | None, bool]:  # fmt: skip
    """Return when the last reason to keep ends, by which rule, and whether a ceiling ends before a minimum does.

    `named` are minimums and `limits` ceilings, in order of their rules' names. `goes_on`: after the minimums nothing
    lets go before the first ceiling or request.
    """
    conflicts = False
    if limits:
        kept = max([*(until for until, _ in named), *extended], default=None)
        conflicts = kept is not None and min(limits)[0] < kept
    if goes_on:
        # of one instant a request comes first, and a minimum before a ceiling: as decide tells them
        named = [*named, min([*requests, *limits], key=_date, default=(NEVER, ""))]
    last, rule = max(named, key=_date)  # of several that end then, the one that stands first
    due_from = max([last, *extended]) if extended else last
    return (None, None, conflicts) if due_from == NEVER else (due_from, rule, conflicts)


def stays_whole(rules: Sequence[Rule]) -> bool:
    """Return whether no date at all lets the original go before the rest, or a transcript stand for it."""
    minimums = [rule for rule in rules if rule.keep is not None]
    keeps_original = any(rule.original is Original.KEEP for rule in rules)
    return keeps_original and (not minimums or any(rule.transcript_suffices_after is None for rule in minimums))


def original_end(rules: Sequence[Rule], recording: Facts, circumstances: Circumstances) -> datetime | None:
    """Return from when the rules that count let the original go before the rest; None where one, or none, keeps it.

    An authority that asks for longer asks for the recording as it is: while an extension stands, the original stays.
    """
    if not rules or circumstances.extensions or any(rule.original is Original.KEEP for rule in rules):
        return None
    return latest(rules, lambda rule: rule.original_keep, recording, circumstances)


def transcript_end(rules: Sequence[Rule], recording: Facts, circumstances: Circumstances) -> datetime | None:
    """Return from when the rules that count let a transcript stand for sound and picture; None where one keeps those.

    A period that a rule keeps the original for holds too; an authority's extension is of the recording as it is.
    """
    minimums = [rule for rule in rules if rule.keep is not None]
    if not minimums or circumstances.extensions or any(rule.transcript_suffices_after is None for rule in minimums):
        return None
    suffices = latest(minimums, lambda rule: rule.transcript_suffices_after, recording, circumstances)
    originals = latest(rules, lambda rule: rule.original_keep, recording, circumstances)
    return None if suffices is None or originals is None else max(suffices, originals)


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


def is_known(instant: datetime | None) -> TypeGuard[datetime]:
    """Return whether this names an instant: it has a time zone, and UTC can write it."""
    if instant is None or instant.utcoffset() is None:
        return False
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return False
    return True
