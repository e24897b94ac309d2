"""Sound and picture go before the rest only when everything that must be known is known and nothing keeps them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.core.circumstances import NOTHING, Circumstances, ExtensionRef
from retention.core.ends import counting, original_end, scheduled, transcript_end
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.destroy.decide_reduction import Evidence, ReductionCode, reduction_of
from retention.policy.clocks import Fact, OfEvent
from retention.policy.language import Original, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from tests.retention import strategies as some
from vault.model import Kind, RecordingId, State

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LONG_AGO = NOW - timedelta(days=4 * 366)
FACTS = Facts(RecordingId("0" * 32), Kind.CALL, State.ARCHIVED, LONG_AGO, LONG_AGO, labels=frozenset({"claim"}))
GOOD = Evidence(
    has_media=True, has_transcript=True, will_be_archived=True, is_told=True, is_attested=True, is_read=True
)
HOLD = HoldRef("h", "2026-014", NOW - DAY)
WHOLE = Rule("whole", Match(), Period(years=6), Then.DESTROY)
WORDS = replace(WHOLE, name="words", transcript_suffices_after=Period(years=3))


def policy(*rules: Rule) -> AppliedPolicy:
    return AppliedPolicy(4, Policy("t", rules))


SUFFICES = policy(WORDS)


def codes(facts=FACTS, rules=SUFFICES, evidence=GOOD, holds=(), circumstances=NOTHING):
    decision = reduction_of(facts, rules, holds, evidence, NOW, circumstances)
    assert decision.reduce is ({r.code for r in decision.reasons} == {ReductionCode.SUFFICES})
    return {reason.code for reason in decision.reasons}


def test_sound_and_picture_go_where_every_rule_with_a_minimum_says_so():
    other = replace(WORDS, name="other", transcript_suffices_after=Period(years=2))
    decision = reduction_of(FACTS, policy(WORDS, other), (), GOOD, NOW)
    assert (decision.reduce, decision.rule, decision.policy_version) == (True, "other", 4)
    assert decision.since is not None
    assert LONG_AGO + timedelta(days=3 * 365) < decision.since < NOW


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (None, "no-rule"),
        (policy(), "no-rule"),
        (policy(replace(WORDS, keep=None)), "no-rule"),
        (policy(WORDS, WHOLE), "rule-keeps"),
        (policy(replace(WORDS, transcript_suffices_after=Period(years=5))), "not-yet"),
        (policy(WORDS, replace(WORDS, name="b", transcript_suffices_after=Period(years=5))), "not-yet"),
        (policy(replace(WORDS, original=Original.DESTROY, original_keep=Period(years=5))), "not-yet"),
        (policy(replace(WORDS, clock=OfEvent("contract-ended"))), "not-yet"),
    ],
)
def test_a_rule_that_keeps_and_no_rule_at_all_keep(rules, code):
    assert codes(rules=rules) == {code}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (replace(GOOD, has_media=False), "gone"),
        (replace(GOOD, has_transcript=False), "no-transcript"),
        (replace(GOOD, is_told=False), "not-told"),
        (replace(GOOD, is_attested=False), "not-attested"),
        (replace(GOOD, is_read=False), "transcript-unread"),
        (replace(GOOD, is_read=None), "transcript-unread"),
        (replace(GOOD, fault="It was altered."), "altered"),
    ],
)
def test_what_is_missing_or_unknown_keeps(evidence, code):
    assert codes(evidence=evidence) == {code}


def test_what_is_on_its_way_to_the_archive_waits_for_that():
    alone = replace(GOOD, will_be_archived=False)
    for state in set(State) - {State.ARCHIVED, State.PURGED}:
        assert codes(replace(FACTS, state=state)) == {"not-archived"}
    assert codes(replace(FACTS, state=State.SCREENED), evidence=alone) == {"transcript-suffices"}
    assert codes(replace(FACTS, state=State.QUARANTINED), evidence=alone) == {"not-archived"}


def test_a_hold_its_grace_period_a_wrong_clock_and_an_authority_keep():
    released = replace(HOLD, released_at=NOW - DAY / 2, grace_until=NOW + DAY)
    for hold in (HOLD, released, replace(released, grace_until=None)):
        assert codes(holds=[hold]) == {"hold"}
    assert codes(holds=[replace(released, grace_until=NOW)]) == {"transcript-suffices"}
    assert codes(replace(FACTS, created=NOW + DAY)) == {"clock"}
    extended = Circumstances({}, (ExtensionRef("e", "CMS", Period(days=1), Fact.ENDED),), ())
    assert codes(circumstances=extended) == {"extended"}


evidences = st.builds(
    Evidence, has_media=st.booleans(), has_transcript=st.booleans(), will_be_archived=st.booleans(),
    is_told=st.booleans(), is_attested=st.booleans(), is_read=st.sampled_from([True, False, None]),
    fault=st.none() | st.just("It was altered."),
)  # fmt: skip
_say = st.builds(
    replace, some.rich_rules, keep=some.periods, once=st.none(), match=st.just(Match()),
    transcript_suffices_after=st.just(Period()) | some.periods,
)  # fmt: skip
policies = some.rich_policies | st.lists(_say, min_size=1, max_size=2, unique_by=lambda rule: rule.name).map(
    lambda rules: policy(*rules)
)
cases = {
    "one": st.builds(replace, some.rich_facts, state=st.sampled_from(State) | st.just(State.ARCHIVED)),
    "rules": st.none() | policies | policies,
    "holds": st.just([]) | st.lists(some.holds, max_size=2),
    "evidence": st.just(GOOD) | evidences,
    "now": some.instants,
    "its": st.just(NOTHING) | some.circumstances,
}


@given(**cases)
def test_nothing_that_keeps_ever_leads_to_destruction(one, rules, holds, evidence, now, its):
    decision = reduction_of(one, rules, holds, evidence, now, its)
    assert decision.reasons
    if decision.reduce:
        assert evidence == replace(GOOD, will_be_archived=evidence.will_be_archived)
        assert one.state is State.ARCHIVED or (one.state is State.SCREENED and not evidence.will_be_archived)
        minimums = [rule for rule in counting(one, rules, its) if rule.keep is not None]
        assert minimums
        assert all(rule.transcript_suffices_after is not None for rule in minimums)
        assert decision.since is not None
        assert decision.since <= now
        assert one.created <= now
        assert not its.extensions
        for hold in holds:
            assert hold.released_at is not None
            assert hold.grace_until is not None
            assert hold.placed_at <= hold.released_at <= now
            assert hold.grace_until <= now


@given(**cases, extra=some.rules)
def test_one_more_hold_or_rule_that_keeps_or_unknown_never_destroys(one, rules, holds, evidence, now, its, extra):
    in_force = HoldRef("h", "m", now)
    keeping = replace(extra, name="zz", match=Match(), once=None, keep=Period(years=1), transcript_suffices_after=None)
    more = AppliedPolicy(1, Policy("t", (*(rules.policy.rules if rules else ()), keeping)))
    assert not reduction_of(one, rules, [*holds, in_force], evidence, now, its).reduce
    assert not reduction_of(one, more, holds, evidence, now, its).reduce
    for name in ("is_told", "is_attested", "has_transcript", "has_media", "is_read"):
        assert not reduction_of(one, rules, holds, replace(evidence, **{name: False}), now, its).reduce


@given(one=some.rich_facts, rules=policies, its=some.circumstances, extra=_say)
def test_another_rule_never_lets_a_transcript_suffice_earlier(one, rules, its, extra):
    both = AppliedPolicy(1, Policy("t", (*rules.policy.rules, replace(extra, name="zz"))))
    counted = counting(one, rules, its)
    alone, together = (transcript_end(counting(one, each, its), one, its) for each in (rules, both))
    if together is not None and any(rule.keep is not None for rule in counted):
        assert alone is not None
        assert alone <= together


@given(one=some.rich_facts, rules=policies, its=some.circumstances)
def test_the_schedule_says_the_same_and_no_longer_kept_original_is_lost(one, rules, its):
    counted = counting(one, rules, its)
    said = scheduled(counted, one, its)
    end = transcript_end(counted, one, its)
    assert (said.transcript_from, said.original_from) == (end, original_end(counted, one, its))
    if end is not None and said.original_from is not None:
        assert end >= said.original_from
