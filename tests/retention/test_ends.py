"""The dates alone are those of the whole decision, and what is remembered is what would be found again."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.core.circumstances import NOTHING
from retention.core.decide import decide
from retention.core.decision import Action
from retention.core.ends import NEVER, counting, scheduled
from retention.core.facts import AppliedPolicy, Facts
from retention.policy.clocks import Fact, Year, YearEnd
from retention.policy.language import Ceiling, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from retention.schedule import remembered
from retention.schedule.remembered import Remembered
from retention.schedule.survey import look_of
from tests.retention import strategies as some
from vault.catalog.schema import to_micros
from vault.model import Kind, RecordingId, State

DAYS = [(2024, 2, 28), (2024, 2, 29), (2024, 6, 30), (2024, 7, 1), (2024, 12, 31), (2025, 1, 1)]
edges = st.builds(
    lambda day, at: datetime(*day, tzinfo=UTC) + at,
    st.sampled_from(DAYS),
    st.sampled_from([timedelta(0), timedelta(hours=10, microseconds=-1), timedelta(hours=10), timedelta(hours=23)]),
)
instants = edges | some.instants


@settings(max_examples=300)
@given(recording=some.rich_facts, applied=some.rich_policies, circumstances=some.circumstances)
def test_the_dates_are_those_of_the_decision_at_the_end_of_time(recording, applied, circumstances):
    found = scheduled(counting(recording, applied, circumstances), recording, circumstances)
    decision = decide(recording, applied, (), NEVER, circumstances)
    assert found.due_from == (None if decision.action is Action.KEEP else decision.keep_until)
    assert found.rule == (None if decision.action is Action.KEEP else decision.rule)
    assert found.for_review == bool(decision.reviewers)
    assert found.conflicts == decision.conflicts
    assert found.unmatched == (not counting(recording, applied, circumstances))


def ask(known, applied, recording):
    """Ask as a survey does: by what the rules see of the recording, and its instants."""
    hidden = {"id", "state", "ended", "created"}
    alike = (*(getattr(recording, f.name) for f in fields(recording) if f.name not in hidden), recording.ended.date())
    values = alike, to_micros(recording.ended), to_micros(recording.created), lambda: recording
    expected = scheduled(counting(recording, applied, NOTHING), recording, NOTHING)
    assert known.of(*values) == expected
    assert known.look_of(*values) == look_of(expected)


@settings(max_examples=200)
@given(
    applied=some.rich_policies,
    recordings=st.lists(some.rich_facts, min_size=1, max_size=3),
    times=st.lists(st.tuples(instants, instants), min_size=1, max_size=8),
)
def test_what_is_remembered_is_what_would_be_found_again(applied, recordings, times):
    known = Remembered(applied)
    for ended, created in times:
        for recording in recordings:
            ask(known, applied, replace(recording, ended=ended, created=created))


@settings(max_examples=30)
@given(applied=some.rich_policies, recording=some.rich_facts, times=st.lists(instants, min_size=2, max_size=6))
def test_within_a_day_no_hour_is_mistaken_for_another(applied, recording, times):
    known = Remembered(applied)
    for at in times:
        for minutes in range(0, 1440, 120):
            within = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)
            ask(known, applied, replace(recording, ended=within, created=at))


@pytest.mark.parametrize("fact", Fact)
def test_the_year_ends_first_in_the_east(fact):
    rule = Rule("r", Match(), Period(years=1), Then.DESTROY, clock=YearEnd(Year.CALENDAR, fact))
    known = Remembered(AppliedPolicy(1, Policy("t", (rule,))))
    facts = Facts(RecordingId("1" * 32), Kind.CALL, State.SEALED, datetime(2024, 3, 1, tzinfo=UTC), some.ORIGIN)
    found = []
    for hour in (9, 10):  # on one day of UTC; from ten o'clock on the next year has begun somewhere
        one = replace(facts, **{str(fact): datetime(2024, 12, 31, hour, tzinfo=UTC)})
        ask(known, AppliedPolicy(1, Policy("t", (rule,))), one)
        found.append(known.of((), to_micros(one.ended), to_micros(one.created), lambda one=one: one).due_from)
    assert [one.year for one in found] == [2026, 2027]


def test_of_periods_that_outlast_each_other_by_turns_both_count():
    named = {"a": "P30D", "b": "P1M", "c": "P1D"}
    rules = [Rule(name, Match(), Period.parse(text), Then.DESTROY) for name, text in named.items()]
    for ordered in permutations(rules):
        applied = AppliedPolicy(1, Policy("t", ordered))
        known = Remembered(applied)
        for month in (2, 7):  # thirty days are longer than a month, and shorter
            ended = datetime(2025, month, 5, tzinfo=UTC)
            ask(known, applied, Facts(RecordingId("1" * 32), Kind.CALL, State.SEALED, ended, ended))


def test_of_rules_that_end_together_the_first_by_name_is_told_and_a_ceiling_then_is_no_conflict():
    at = datetime(2024, 3, 1, tzinfo=UTC)
    ceiling = (Ceiling(Period(days=9)),)
    rules = tuple(Rule(name, Match(), Period(days=9), Then.DESTROY, erase_by=ceiling) for name in ("b", "a"))
    found = scheduled(rules, Facts(RecordingId("1" * 32), Kind.CALL, State.SEALED, at, at), NOTHING)
    assert (found.rule, found.conflicts, found.due_from) == ("a", False, datetime(2024, 3, 12, tzinfo=UTC))


@given(applied=some.rich_policies, recordings=st.lists(some.rich_facts, min_size=3, max_size=9))
def test_what_was_forgotten_is_found_again(applied, recordings):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembered, "_MOST", 1)
        known = Remembered(applied)
        for recording in (*recordings, *recordings):
            ask(known, applied, recording)


@given(recording=some.rich_facts, circumstances=some.circumstances, applied=some.rich_policies)
def test_the_rules_that_count_are_the_same_however_they_are_found(recording, circumstances, applied):
    assert Remembered(applied).counting(recording, circumstances) == counting(recording, applied, circumstances)


@given(recording=some.rich_facts)
def test_without_a_policy_nothing_matches(recording):
    ask(Remembered(None), None, recording)


@given(one=some.periods, other=some.periods, start=instants)
def test_a_period_that_is_at_least_another_never_ends_before_it(one, other, start):
    # the index goes by the longest of several periods from one clock
    if one.is_at_least(other):
        assert one.ends(start) >= other.ends(start)
