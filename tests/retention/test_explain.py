"""What each rule says of a recording: its dates are those the decision goes by, and a difference is a difference."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from retention.core.circumstances import NOTHING
from retention.core.decide import decide
from retention.core.decision import ReasonCode
from retention.core.ends import counting
from retention.core.facts import AppliedPolicy, Facts
from retention.explain import accounts, differences, extended, not_matching
from retention.policy.language import Policy, Rule, Then
from retention.policy.match import Match, matches
from retention.policy.periods import Period
from tests.retention import strategies as some
from vault.model import Kind, RecordingId, Segment, State

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FACTS = Facts(
    RecordingId("0" * 32), Kind.CALL, State.SEALED, NOW, NOW, queue="sales", labels=frozenset({"claim"}),
    segments=(Segment("payment", 0, 9),),
)  # fmt: skip


@given(some.rich_facts, some.conditions)
def test_there_is_a_difference_exactly_where_a_condition_does_not_hold(recording, condition):
    found = list(differences(condition, recording))
    assert bool(found) != matches(condition, recording)
    assert all(text and "\n" not in text for text in found)


@given(some.rich_facts, some.rich_policies, some.circumstances)
def test_every_rule_either_matches_or_says_why_not(recording, policy, circumstances):
    told = [account.rule.name for account in accounts(recording, policy, circumstances)]
    missed = [rule for rule, _ in not_matching(recording, policy)]
    assert sorted(told + missed) == sorted(rule.name for rule in policy.policy.rules)
    assert told == sorted(told)
    assert all(because for _, because in not_matching(recording, policy))


@given(some.rich_facts, some.rich_policies, some.circumstances)
def test_the_rules_that_count_are_those_the_decision_goes_by(recording, policy, circumstances):
    found = accounts(recording, policy, circumstances)
    names = {account.rule.name for account in found if account.counts}
    assert names == {rule.name for rule in counting(recording, policy, circumstances)}
    decision = decide(recording, policy, (), NOW, circumstances)
    waiting = {reason.rule for reason in decision.reasons if reason.code is ReasonCode.ONCE}
    assert waiting == {account.rule.name for account in found if not account.counts}


@given(some.rich_facts, some.rich_policies, some.circumstances)
def test_the_dates_of_a_rule_are_those_of_its_reasons(recording, policy, circumstances):
    decision = decide(recording, policy, (), NOW, circumstances)
    for account in accounts(recording, policy, circumstances):
        if not account.counts:
            continue
        told = [reason for reason in decision.reasons if reason.rule == account.rule.name]
        kept = [r.until for r in told if r.code in {ReasonCode.PERIOD, ReasonCode.START_UNKNOWN, ReasonCode.NEVER_ENDS}]
        assert kept == ([account.until] if account.rule.keep is not None else [])
        ends = [one.until for one in account.ceilings if one.until is not None and not one.is_excepted]
        assert sorted(ends) == sorted(r.until for r in told if r.code is ReasonCode.CEILING)


@given(some.rich_facts, some.extensions, some.circumstances)
def test_an_extension_ends_when_the_decision_says(recording, extension, circumstances):
    _, until = extended(extension, recording, circumstances)
    alone = type(circumstances)(events=circumstances.events, extensions=(extension,))
    (reason,) = [r for r in decide(recording, None, (), NOW, alone).reasons if "Extension" in r.text]
    assert reason.until == until


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Match(queue=frozenset({"b", "a"})), "queue: the rule asks for a or b, the recording has sales"),
        (Match(agent=frozenset({"a"})), "agent: the rule asks for a, the recording has none"),
        (Match(labels=frozenset({"x"})), "labels: the rule asks for x, the recording has claim"),
        (Match(segments=frozenset({"x"})), "segments: the rule asks for x, the recording has payment"),
        (
            Match(ended_from=date(2026, 7, 1), ended_before=date(2027, 1, 1)),
            "ended: the rule asks for from 2026-07-01 and before 2027-01-01, the recording ended on 2026-06-01",
        ),
        (
            Match(any_of=(Match(queue=frozenset({"a"})),)),
            "none of the alternatives holds: queue: the rule asks for a, the recording has sales",
        ),
        (Match(negated=Match(queue=frozenset({"sales"}))), "the rule leaves out what has queue sales"),
    ],
)  # fmt: skip
def test_a_difference_is_told_in_words(condition, words):
    assert next(differences(condition, FACTS)) == words


def test_a_rule_that_waits_for_an_event_is_told_with_the_dates_it_would_have():
    rule = Rule("r", Match(), Period.parse("P1Y"), Then.DESTROY, once="signed")
    (account,) = accounts(FACTS, AppliedPolicy(1, Policy("t", (rule,))), NOTHING)
    assert not account.counts
    assert account.starts == NOW
    assert account.until is not None
