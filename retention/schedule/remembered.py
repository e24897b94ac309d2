"""One policy, asked of millions of recordings of which most are alike (`retention.schedule.survey`).

The answers are those of `retention.core.ends`; a property test holds the two together. Recordings that are alike
have the same rules, and what a period comes to depends on the day from which it counts, so that both are found once.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import NamedTuple

from retention.core.circumstances import NOTHING, Circumstances
from retention.core.ends import NEVER, UNMATCHED, Scheduled, due_of, end_of, keeps_on, scheduled, stays_whole
from retention.core.facts import AppliedPolicy, Facts
from retention.policy import clocks
from retention.policy.clocks import Clock, Fact
from retention.policy.language import Rule, Then
from retention.policy.match import MANY, Match, matches
from retention.policy.periods import Period
from retention.schedule import schedules
from retention.schedule.schedules import Look
from vault.catalog.schema import from_micros
from vault.model import Kind, RecordingId, State

_DAY = 86_400_000_000  # microseconds
_EAST = 50_400_000_000  # 14 hours: where the next day begins first, which the end of a year goes by
_MOST = 100_000  # classes remembered at a time: memory stays constant in the size of the catalog
_MOST_DATES = 10_000  # dates remembered at a time, of each period: more than there are days in twenty years


class Remembered:
    """One policy, with what it said before. A class of recordings is whatever the rules see no difference in."""

    def __init__(self, policy: AppliedPolicy | None) -> None:
        self._matching = _Rules(policy.policy.rules if policy else ())
        self._classes: dict[object, _Class] = {}
        self._named: dict[object, _Class] = {}
        self._ends: dict[tuple[Period, Clock], _Ends] = {}
        self._looks: dict[object, _Looks] = {}
        self._answers: dict[object, Scheduled] = {}
        self._numbers = count()

    def of(self, alike: object, ended: int, created: int, facts: Callable[[], Facts]) -> Scheduled:
        """Return what the schedule says of a recording that nothing was recorded about.

        `alike` stands for all that the rules ask for; `ended` and `created` are microseconds since 1970.
        """
        known = self._classes.get(alike) or self._learnt(alike, facts)
        if not known.rules:
            return UNMATCHED
        if not known.is_plain:
            return self._in_full(known, ended, created, facts)
        named = [(ends.at(ended, created), name) for ends, name in known.minimums]
        limits = [(until, name) for ends, name in known.limits if (until := ends.at(ended, created)) is not NEVER]
        due_from, rule, conflicts = due_of(named, limits, goes_on=known.goes_on)
        return Scheduled(due_from, rule, known.for_review, conflicts, unmatched=False)

    def look_of(self, alike: object, ended: int, created: int, facts: Callable[[], Facts]) -> Look:
        """Return of the same recording what the index on due dates is to have."""
        return (self._classes.get(alike) or self._learnt(alike, facts)).looks.at(ended, created)

    def _learnt(self, alike: object, facts: Callable[[], Facts]) -> "_Class":
        if len(self._classes) >= _MOST:
            self._classes.clear()
        known = self._classes[alike] = self._class_of(facts())
        return known

    def counting(self, recording: Facts, circumstances: Circumstances) -> tuple[Rule, ...]:
        """Return every rule that matches and does not wait for its event, as `retention.core.ends.counting` does."""
        return tuple(
            rule for rule in self._matching.of(recording) if rule.once is None or circumstances.events.get(rule.once)
        )

    def _class_of(self, recording: Facts) -> "_Class":
        rules = self.counting(recording, NOTHING)
        exceptions = (c.unless for rule in rules for c in rule.erase_by if c.unless is not None)
        # named by all that the schedule can say of it: few of the classes differ in that
        name = tuple(rule.name for rule in rules), tuple(matches(one, recording) for one in exceptions)
        known = self._named.get(name)
        if known is None:
            if len(self._named) >= _MOST:
                self._named.clear()
                self._looks.clear()
            known = self._named[name] = self._made(rules, recording)
        return known

    def _made(self, rules: tuple[Rule, ...], recording: Facts) -> "_Class":
        by_name = sorted(rules, key=lambda rule: rule.name)
        minimums = [(self._ends_of(rule.keep, rule.clock), rule.name) for rule in by_name if rule.keep is not None]
        limits = [
            (self._ends_of(ceiling.period, ceiling.clock), rule.name)
            for rule in by_name
            for ceiling in rule.erase_by
            if ceiling.unless is None or not matches(ceiling.unless, recording)
        ]
        for_review = any(rule.then is Then.REVIEW for rule in rules)
        goes_on = keeps_on(rules)
        # the index asks for no names, and of two periods from one clock for the longer one only
        lasting = _longest([ends for ends, _ in minimums])
        first = tuple(ends for ends, _ in limits) if goes_on else ()
        looks = self._looks.setdefault(
            (lasting, first, goes_on, for_review), _Looks(lasting, first, goes_on, for_review)
        )
        return _Class(next(self._numbers), rules, minimums, limits, goes_on, for_review, stays_whole(rules), looks)

    def _ends_of(self, period: Period, clock: Clock) -> "_Ends":
        return self._ends.setdefault((period, clock), _Ends(period, clock))

    def _in_full(self, known: "_Class", ended: int, created: int, facts: Callable[[], Facts]) -> Scheduled:
        key = known.number, ended // _DAY, (ended + _EAST) // _DAY, created // _DAY, (created + _EAST) // _DAY
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _MOST:
                self._answers.clear()
            answer = self._answers[key] = scheduled(known.rules, facts(), NOTHING)
        return answer


class _Class(NamedTuple):
    """What the schedule says of recordings that are alike, up to their dates; rules in order of their names."""

    number: int
    rules: tuple[Rule, ...]
    minimums: Sequence[tuple["_Ends", str]]
    limits: Sequence[tuple["_Ends", str]]
    goes_on: bool
    for_review: bool
    is_plain: bool
    looks: "_Looks"


class _Ends:
    """When a period from a clock is over, by the days on which recordings ended and were taken in."""

    def __init__(self, period: Period, clock: Clock) -> None:
        self.period, self.clock = period, clock
        self._days = _days_of([clock])
        self._known: dict[object, datetime] = {}

    def at(self, ended: int, created: int) -> datetime:
        """Return when it is over, NEVER where that is not known."""
        days = self._days(ended, created)
        until = self._known.get(days)
        if until is None:
            if len(self._known) >= _MOST_DATES:
                self._known.clear()
            until = self._known[days] = self._found(ended, created) or NEVER
        return until

    def _found(self, ended: int, created: int) -> datetime | None:
        if self.clock is Fact.ENDED:  # most are; the rest of the catalog's instants go the long way
            return self.period.ends(from_micros(ended))
        recording = Facts(RecordingId(""), Kind.CALL, State.SEALED, from_micros(ended), from_micros(created))
        return end_of(self.period, self.clock, recording, NOTHING)


class _Looks:
    """What the index on due dates is to have of recordings with the same periods, by their days."""

    def __init__(self, minimums: Sequence[_Ends], limits: Sequence[_Ends], goes_on: bool, for_review: bool) -> None:  # noqa: FBT001 - two of four
        self._minimums, self._limits, self._goes_on, self._for_review = minimums, limits, goes_on, for_review
        self._days = _days_of([ends.clock for ends in (*minimums, *limits)])
        self._known: dict[object, Look] = {}

    def at(self, ended: int, created: int) -> Look:
        """Return when to look, and whether a person is asked."""
        days = self._days(ended, created)
        known = self._known.get(days)
        if known is None:
            if len(self._known) >= _MOST_DATES:
                self._known.clear()
            known = self._known[days] = self._found(ended, created)
        return known

    def _found(self, ended: int, created: int) -> Look:
        if not self._minimums and not self._goes_on:
            return None, False  # no rule at all
        named = [(ends.at(ended, created), "") for ends in self._minimums]
        limits = [(until, "") for ends in self._limits if (until := ends.at(ended, created)) is not NEVER]
        due_from, _, _ = due_of(named, limits, goes_on=self._goes_on)
        return schedules.look_at(due_from), self._for_review


def _longest(minimums: Sequence[_Ends]) -> tuple[_Ends, ...]:
    """Return those that no other one from the same clock outlasts, whenever both begin."""
    left: list[_Ends] = []
    for one in minimums:
        if any(other.clock == one.clock and other.period.is_at_least(one.period) for other in left):
            continue
        left = [other for other in left if other.clock != one.clock or not one.period.is_at_least(other.period)]
        left.append(one)
    return tuple(sorted(left, key=id))


def _days_of(asked: Sequence[Clock]) -> Callable[[int, int], object]:
    """Return what in two instants makes a difference to some clocks: which days they are, here and in the east."""
    facts = {fact for clock in asked for fact in clocks.facts_of(clock)}
    in_east = any(clocks.has_year_end(clock) for clock in asked)
    if facts == {Fact.ENDED}:
        if in_east:
            return lambda ended, _created: (ended // _DAY, (ended + _EAST) // _DAY)
        return lambda ended, _created: ended // _DAY
    if not facts:
        return lambda _ended, _created: None
    if not in_east:
        return lambda ended, created: (ended // _DAY, created // _DAY)
    return lambda ended, created: (
        ended // _DAY, (ended + _EAST) // _DAY, created // _DAY, (created + _EAST) // _DAY
    )  # fmt: skip


class _Condition:
    """A condition of the policy language (`retention.policy.match`), taken apart once for all recordings."""

    def __init__(self, match: Match) -> None:
        self._given = [(field, field in MANY, values) for field, values in match.given.items()]
        span = Match(ended_from=match.ended_from, ended_before=match.ended_before)
        self._span = None if span.is_all else span
        self._all_of = [_Condition(part) for part in match.all_of]
        self._any_of = [_Condition(part) for part in match.any_of]
        self._negated = None if match.negated is None else _Condition(match.negated)

    def holds(self, recording: Facts) -> bool:
        """Return what `matches` does."""
        for field, is_many, values in self._given:
            if is_many and values.isdisjoint(recording.many(field)):
                return False
            if not is_many and recording.one(field) not in values:
                return False
        if self._span is not None and not matches(self._span, recording):
            return False
        if not all(part.holds(recording) for part in self._all_of):
            return False
        if self._any_of and not any(part.holds(recording) for part in self._any_of):
            return False
        return self._negated is None or not self._negated.holds(recording)


class _Rules:
    """The rules, each with a bit, by the values of the fields that they ask for in the first place."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, _Condition(rule.match)) for rule in rules]
        self._bits: dict[str, dict[str, int]] = {}
        self._others: dict[str, int] = {}
        for field in {field for rule in rules for field in rule.match.given}:
            bits = self._bits[field] = {}
            self._others[field] = 0
            for place, rule in enumerate(rules):
                values = rule.match.given.get(field)
                if values is None:
                    self._others[field] |= 1 << place
                for value in values or ():
                    bits[value] = bits.get(value, 0) | 1 << place

    def of(self, recording: Facts) -> Iterator[Rule]:
        """Yield the rules that match, in their order; of most of them a bit says already that they do not."""
        left = (1 << len(self._rules)) - 1
        for field, bits in self._bits.items():
            mask = self._others[field]
            for value in recording.many(field) if field in MANY else (recording.one(field),):
                mask |= bits.get(value, 0) if value is not None else 0
            left &= mask
        while left:
            lowest = left & -left
            left ^= lowest
            rule, condition = self._rules[lowest.bit_length() - 1]
            if condition.holds(recording):
                yield rule
