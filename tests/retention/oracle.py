"""A second opinion on every decision, written apart: it asks what could keep a recording, and lets go at the very end.

It shares no code with the product but the end of a period. Slow and simple on purpose.
"""

from datetime import UTC, datetime, timedelta

from retention.core.circumstances import Circumstances
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.clocks import Clock, Fact, OfEvent, YearEnd
from retention.policy.language import Rule
from retention.policy.match import Match
from vault.model import State

SINGLE = [
    "kind",
    "media_type",
    "direction",
    "agent",
    "seat",
    "queue",
    "industry",
    "jurisdiction",
    "consent",
    "interaction",
    "source",
]


def covers(wanted: Match, recording: Facts) -> bool:
    """Return whether a condition holds, part by part."""
    asked = [field for field in SINGLE if len(getattr(wanted, field)) > 0]
    answers = [getattr(recording, field) in getattr(wanted, field) for field in asked]
    if len(wanted.labels) > 0:
        answers.append(len(wanted.labels & recording.labels) > 0)
    if len(wanted.segments) > 0:
        answers.append(any(part.label in wanted.segments for part in recording.segments))
    if wanted.ended_from or wanted.ended_before:
        day = recording.ended.date() if recording.ended else None
        answers.append(day is not None and not (wanted.ended_from and day < wanted.ended_from))
        answers.append(day is not None and not (wanted.ended_before and day >= wanted.ended_before))
    answers += [covers(part, recording) for part in wanted.all_of]
    if wanted.any_of:
        answers.append(True in [covers(part, recording) for part in wanted.any_of])
    if wanted.negated:
        answers.append(not covers(wanted.negated, recording))
    return False not in answers


def shows(clock: Clock, recording: Facts, happened: dict[str, list[datetime]]) -> datetime | None:
    """Return where a clock stands; None: what it waits for has not happened."""
    if clock == Fact.ENDED:
        return recording.ended
    if clock == Fact.CREATED:
        return recording.created
    if isinstance(clock, OfEvent):
        instants = sorted(happened.get(clock.name, []))
        return None if not instants else instants[0 if clock.which == "first" else -1]
    if isinstance(clock, YearEnd):
        inner = shows(clock.clock, recording, happened)
        if inner is None:
            return None
        day = (inner.astimezone(UTC) + timedelta(hours=14)).date()  # where the day is the farthest on
        wanted = (clock.month, clock.day)
        while (day.month, day.day) != wanted and not (
            wanted == (2, 29) and (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3
        ):
            day += timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    shown = [shows(one, recording, happened) for one in clock.clocks]
    if clock.of == "latest-of":
        return None if None in shown else max(shown)  # type: ignore[type-var]
    return min((one for one in shown if one is not None), default=None)


def says(rule: Rule, recording: Facts, happened: dict[str, list[datetime]]) -> bool:
    """Return whether a rule counts."""
    return covers(rule.match, recording) and (rule.once is None or len(happened.get(rule.once, [])) > 0)


def verdict(
    recording: Facts, applied: AppliedPolicy | None, holds: list[HoldRef], now: datetime, around: Circumstances
) -> str:
    """Return `keep`, `review` or `destroy`."""
    happened = {name: list(at) for name, at in around.events.items()}
    rules = [rule for rule in (applied.policy.rules if applied else ()) if says(rule, recording, happened)]
    keeps = [recording.state is State.PURGED, rules == [], now < recording.created]
    keeps.append(recording.ended is not None and now < recording.ended)
    for hold in holds:
        if hold.released_at is None or hold.grace_until is None or hold.released_at < hold.placed_at:
            keeps.append(True)
        else:
            keeps.append(now < hold.released_at or now < hold.grace_until)
    minimums = [(rule.keep, rule.clock) for rule in rules if rule.keep is not None]
    minimums += [(extension.keep, extension.clock) for extension in around.extensions]
    for keep, clock in minimums:
        since = shows(clock, recording, happened)
        end = None if since is None else keep.ends(since)
        keeps.append(end is None or now < end)
    if all(rule.keep is None for rule in rules) or any(rule.then == "keep" for rule in rules):
        ends_it = [now >= request.requested_at for request in around.erasures]
        for rule in rules:
            for ceiling in rule.erase_by:
                since = shows(ceiling.clock, recording, happened)
                end = None if since is None else ceiling.period.ends(since)
                excepted = ceiling.unless is not None and covers(ceiling.unless, recording)
                ends_it.append(end is not None and not excepted and now >= end)
        keeps.append(True not in ends_it)
    if True in keeps:
        return "keep"
    return "review" if "review" in [rule.then for rule in rules] else "destroy"
