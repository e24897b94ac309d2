"""An original goes early only when everything that must be known is known and nothing keeps it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.core.circumstances import Circumstances, ExtensionRef
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.core.stages import original_from
from retention.destroy.decide_original import Evidence, OriginalCode, original_of
from retention.policy.clocks import Clock, Fact, OfEvent
from retention.policy.language import Original, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from tests.retention import strategies as some
from vault.model import Kind, RecordingId, State

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FACTS = Facts(
    RecordingId("0" * 32), Kind.CALL, State.ARCHIVED, NOW - DAY, NOW - DAY, queue="q", labels=frozenset({"claim"})
)
GOOD = Evidence(is_there=True, is_told=True, copy_is_there=True)
HOLD = HoldRef("h", "2026-014", NOW - DAY)


def rule(name: str, original: Original, **match: Any) -> Rule:
    return Rule(name, Match(**match), Period(years=3), Then.DESTROY, original=original)


def policy(*rules: Rule) -> AppliedPolicy:
    return AppliedPolicy(4, Policy("t", rules))


DESTROYS = policy(rule("early", Original.DESTROY))


def codes(
    facts: Facts = FACTS, rules: AppliedPolicy | None = DESTROYS, evidence: Evidence = GOOD, *holds: HoldRef
) -> set[str]:
    decision = original_of(facts, rules, holds, evidence, NOW)
    assert decision.destroy is ({r.code for r in decision.reasons} == {OriginalCode.RULE_DESTROYS})
    return {reason.code for reason in decision.reasons}


def test_an_archived_original_goes_where_every_matching_rule_says_so():
    decision = original_of(FACTS, policy(rule("b", Original.DESTROY), rule("a", Original.DESTROY)), (), GOOD, NOW)
    assert (decision.destroy, decision.rule, decision.policy_version) == (True, "a", 4)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (None, "no-rule"),
        (policy(), "no-rule"),
        (policy(rule("early", Original.DESTROY, queue=frozenset({"other"}))), "no-rule"),
        (policy(rule("late", Original.KEEP)), "rule-keeps"),
        (
            policy(rule("early", Original.DESTROY), rule("late", Original.KEEP, labels=frozenset({"claim"}))),
            "rule-keeps",
        ),
    ],
)
def test_a_rule_that_keeps_and_no_rule_at_all_keep(rules, code):
    assert codes(rules=rules) == {code}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (replace(GOOD, is_there=False), "gone"),
        (replace(GOOD, is_told=False), "not-told"),
        (replace(GOOD, copy_is_there=False), "no-copy"),
        (replace(GOOD, copy_is_there=None), "no-copy"),
        (replace(GOOD, fault="It was altered."), "altered"),
    ],
)
def test_what_is_missing_or_unknown_keeps(evidence, code):
    assert codes(evidence=evidence) == {code}


@pytest.mark.parametrize("state", sorted(set(State) - {State.ARCHIVED, State.PURGED}))
def test_what_is_not_archived_keeps_its_original(state):
    assert codes(replace(FACTS, state=state)) == {"not-archived"}


def test_a_hold_keeps_and_so_does_the_grace_period_after_it():
    released = replace(HOLD, released_at=NOW - DAY / 2, grace_until=NOW + DAY)
    for hold in (HOLD, released, replace(released, grace_until=None)):
        decision = original_of(FACTS, DESTROYS, [hold], GOOD, NOW)
        assert {r.code for r in decision.reasons} == {"hold"}
        assert decision.kept_by_hold_alone
    assert codes(FACTS, DESTROYS, GOOD, replace(released, grace_until=NOW)) == {"rule-destroys"}


def test_an_original_that_a_rule_keeps_too_is_not_kept_by_its_hold_alone():
    for rules, evidence in ((policy(rule("late", Original.KEEP)), GOOD), (DESTROYS, replace(GOOD, is_told=False))):
        assert not original_of(FACTS, rules, [HOLD], evidence, NOW).kept_by_hold_alone


def test_a_clock_that_is_wrong_keeps():
    assert codes(replace(FACTS, created=NOW + DAY)) == {"clock"}


def kept_for(name: str, keep: Period | None, clock: Clock = Fact.ENDED) -> Rule:
    return replace(rule(name, Original.DESTROY), original_keep=keep, clock=clock)


def test_a_period_keeps_the_original_until_it_has_ended():
    # the recording ended on 31 May at 00:00 UTC
    assert codes(rules=policy(kept_for("early", Period(days=1)))) == {"not-yet"}
    ended = replace(FACTS, ended=NOW - 3 * DAY)
    assert codes(ended, policy(kept_for("early", Period(days=1)))) == {"rule-destroys"}
    both = policy(kept_for("early", Period(days=1)), kept_for("late", Period(days=9)), kept_for("now", None))
    assert codes(ended, both) == {"not-yet"}
    decision = original_of(ended, both, (), GOOD, NOW)
    assert decision.reasons[0].text == "The rules keep it until 2026-06-09 00:00 UTC."


def test_a_period_from_an_event_that_has_not_happened_keeps_the_original():
    rules = policy(kept_for("early", Period(days=1), OfEvent("contract-ended")))
    assert codes(rules=rules) == {"not-yet"}
    happened = Circumstances({"contract-ended": (NOW - 9 * DAY,)})
    assert original_of(FACTS, rules, (), GOOD, NOW, happened).destroy


def test_a_rule_that_waits_for_its_event_says_nothing_of_the_original():
    waiting = replace(rule("late", Original.KEEP), once="signed")
    assert codes(rules=policy(rule("early", Original.DESTROY), waiting)) == {"rule-destroys"}
    signed = Circumstances({"signed": (NOW,)})
    assert not original_of(FACTS, policy(rule("early", Original.DESTROY), waiting), (), GOOD, NOW, signed).destroy


evidences = st.builds(
    Evidence, is_there=st.booleans(), is_told=st.booleans(), copy_is_there=st.sampled_from([True, False, None]),
    fault=st.none() | st.just("It was altered."),
)  # fmt: skip
policies = st.none() | st.builds(
    AppliedPolicy,
    version=st.integers(1, 9),
    policy=st.builds(
        Policy,
        title=st.just("t"),
        rules=st.lists(
            st.builds(replace, some.rules, original=st.sampled_from(Original)), max_size=3, unique_by=lambda r: r.name
        ).map(tuple),
    ),
)
facts = st.builds(replace, some.facts, state=st.sampled_from(State))


@given(facts, policies, st.lists(some.holds, max_size=2), evidences, some.instants)
def test_nothing_that_keeps_ever_leads_to_destruction(one, rules, holds, evidence, now):
    decision = original_of(one, rules, holds, evidence, now)
    assert decision.reasons
    if decision.destroy:
        assert one.state is State.ARCHIVED
        assert evidence == GOOD
        assert original_from(one, rules) is not None
        assert one.created <= now
        for hold in holds:  # what does not keep any more was released, and its grace period is over
            assert hold.released_at is not None
            assert hold.grace_until is not None
            assert hold.placed_at <= hold.released_at <= now
            assert hold.grace_until <= now


@given(facts, policies, st.lists(some.holds, max_size=2), evidences, some.instants, some.rules)
def test_one_more_hold_or_rule_that_keeps_or_unknown_never_destroys(one, rules, holds, evidence, now, extra):
    in_force = HoldRef("h", "m", now)
    keeping = replace(extra, name="zz", match=Match(), original=Original.KEEP)
    more = AppliedPolicy(1, Policy("t", (*(rules.policy.rules if rules else ()), keeping)))
    assert not original_of(one, rules, [*holds, in_force], evidence, now).destroy
    assert not original_of(one, more, holds, evidence, now).destroy
    for worse in (
        replace(evidence, copy_is_there=None),
        replace(evidence, is_told=False),
        replace(evidence, fault="x"),
    ):
        assert not original_of(one, rules, holds, worse, now).destroy


def test_one_rule_that_keeps_the_original_keeps_it_in_any_order():
    destroys, keeps = rule("early", Original.DESTROY), rule("late", Original.KEEP)
    assert original_from(FACTS, policy(destroys)) is not None
    for rules in ((destroys, keeps), (keeps, destroys), ()):
        assert original_from(FACTS, policy(*rules)) is None


def test_an_extension_by_an_authority_keeps_the_original_too():
    extended = Circumstances(extensions=(ExtensionRef("x", "BaFin", Period(years=7)),))
    decision = original_of(FACTS, DESTROYS, (), GOOD, NOW, extended)
    assert [reason.code for reason in decision.reasons] == ["extended"]
    assert original_from(FACTS, DESTROYS, extended) is None
