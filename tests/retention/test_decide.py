"""The decision: the procedure case by case, what may never happen, and an oracle that was written apart from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from retention.core.circumstances import NOTHING, Circumstances, ErasureRef, ExtensionRef
from retention.core.decide import decide, is_held, may_purge
from retention.core.decision import Action, Decision, ReasonCode
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.clocks import OfEvent
from retention.policy.language import Ceiling, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from tests.retention import oracle
from tests.retention import strategies as some
from vault.model import Kind, RecordingId, Role, State

ENDED = datetime(2023, 1, 1, 12, 30, tzinfo=UTC)
THREE_YEARS_ON = datetime(2026, 1, 3, tzinfo=UTC)
TICK = timedelta(microseconds=1)

CALL = Facts(
    id=RecordingId("0" * 31 + "1"),
    kind=Kind.CALL,
    state=State.ARCHIVED,
    ended=ENDED,
    created=ENDED + timedelta(minutes=5),
    queue="collections-1",
    industry="debt-collection",
    jurisdiction="US",
    labels=frozenset({"complaint", "vip"}),
)
CALLS = Rule(
    name="us-regf-calls",
    match=Match(kind=frozenset({"call"})),
    keep=Period(years=3),
    then=Then.DESTROY,
    basis="12 CFR 1006.100(b)",
)
HOLD = HoldRef(id="h1", matter="Smith v. Acme", placed_at=datetime(2024, 5, 1, tzinfo=UTC))


def policy(*rules: Rule) -> AppliedPolicy:
    return AppliedPolicy(version=7, policy=Policy(title="t", rules=rules))


def rule(name: str, keep: str, then: Then = Then.DESTROY, **match: frozenset[str]) -> Rule:
    return Rule(name=name, match=Match(**match), keep=Period.parse(keep), then=then)


def codes(decision: Decision) -> list[str]:
    return [reason.code.value for reason in decision.reasons]


def is_due(decision: Decision) -> bool:
    return decision.action is not Action.KEEP


def test_a_recording_is_kept_until_its_period_ends_and_then_destroyed():
    before = decide(CALL, policy(CALLS), (), THREE_YEARS_ON - TICK)
    assert (before.action, before.keep_until, before.rule) == (Action.KEEP, THREE_YEARS_ON, "us-regf-calls")
    assert codes(before) == ["period"]
    after = decide(CALL, policy(CALLS), (), THREE_YEARS_ON)
    assert (after.action, after.keep_until, after.rule) == (Action.DESTROY, THREE_YEARS_ON, "us-regf-calls")
    assert codes(after) == ["due-destroy", "period"]
    assert before.policy_version == after.policy_version == 7


def test_the_reasons_are_sentences_with_their_citation():
    decision = decide(CALL, policy(CALLS), (HOLD,), THREE_YEARS_ON)
    hold, period = decision.reasons
    assert hold.text == "Legal hold h1 of matter Smith v. Acme is in force; it has no end date."
    assert (hold.hold, hold.rule, hold.until) == ("h1", None, None)
    assert period.text == (
        "Rule us-regf-calls (12 CFR 1006.100(b)) keeps P3Y from the end of the recording on 2023-01-01 12:30 UTC: "
        "until 2026-01-03 00:00 UTC."
    )
    assert (period.rule, period.citation, period.until) == ("us-regf-calls", "12 CFR 1006.100(b)", THREE_YEARS_ON)


def test_a_hold_keeps_without_end_what_is_long_due():
    decision = decide(CALL, policy(CALLS), (HOLD,), datetime(2090, 1, 1, tzinfo=UTC))
    assert (decision.action, decision.keep_until, decision.rule) == (Action.KEEP, None, None)
    assert codes(decision) == ["hold", "period"]
    assert is_held(decision, datetime(2090, 1, 1, tzinfo=UTC))


def test_a_recording_is_free_only_when_its_last_hold_is():
    now = datetime(2030, 1, 1, tzinfo=UTC)
    gone = replace(HOLD, id="h2", released_at=now - timedelta(days=60), grace_until=now - timedelta(days=30))
    assert decide(CALL, policy(CALLS), (gone,), now).action is Action.DESTROY
    assert not is_held(decide(CALL, policy(CALLS), (gone,), now), now)
    assert decide(CALL, policy(CALLS), (gone, HOLD), now).action is Action.KEEP


def test_a_released_hold_keeps_until_its_grace_period_ends():
    released = datetime(2030, 1, 1, tzinfo=UTC)
    grace = datetime(2030, 1, 31, tzinfo=UTC)
    hold = replace(HOLD, released_at=released, grace_until=grace)
    before = decide(CALL, policy(CALLS), (hold,), released - TICK)
    assert (codes(before), before.keep_until) == (["hold", "period"], None)
    within = decide(CALL, policy(CALLS), (hold,), grace - TICK)
    assert (within.action, within.keep_until, within.rule) == (Action.KEEP, grace, None)
    assert codes(within) == ["grace", "period"]
    assert is_held(within, grace - TICK)
    after = decide(CALL, policy(CALLS), (hold,), grace)
    assert (after.action, after.keep_until, after.rule) == (Action.DESTROY, grace, "us-regf-calls")


def test_a_grace_period_inside_the_retention_period_changes_no_date():
    hold = replace(HOLD, released_at=HOLD.placed_at, grace_until=HOLD.placed_at + timedelta(days=30))
    decision = decide(CALL, policy(CALLS), (hold,), THREE_YEARS_ON - TICK)
    assert (decision.keep_until, decision.rule) == (THREE_YEARS_ON, "us-regf-calls")


@pytest.mark.parametrize(
    "dates",
    [
        {"released_at": datetime(2024, 6, 1, tzinfo=UTC)},
        {"released_at": datetime(2024, 4, 30, tzinfo=UTC), "grace_until": datetime(2024, 6, 1, tzinfo=UTC)},
        {"released_at": datetime(2024, 6, 1), "grace_until": datetime(2024, 7, 1, tzinfo=UTC)},  # noqa: DTZ001
        {"released_at": datetime(2024, 6, 1, tzinfo=UTC), "grace_until": datetime(2024, 7, 1)},  # noqa: DTZ001
    ],
)
def test_a_release_whose_dates_make_no_sense_releases_nothing(dates):
    decision = decide(CALL, policy(CALLS), (replace(HOLD, **dates),), datetime(2090, 1, 1, tzinfo=UTC))
    assert (decision.action, decision.keep_until) == (Action.KEEP, None)
    assert codes(decision)[0] == "hold-unclear"


def test_a_hold_placed_in_the_future_holds_already():
    assert decide(CALL, policy(CALLS), (replace(HOLD, placed_at=datetime.max.replace(tzinfo=UTC)),), ENDED).rule is None


def test_the_longest_of_the_matching_rules_decides():
    rules = (rule("short", "P1Y"), rule("long", "P10Y"), rule("other", "P50Y", kind=frozenset({"chat"})), CALLS)
    decision = decide(CALL, policy(*rules), (), THREE_YEARS_ON)
    assert (decision.action, decision.rule) == (Action.KEEP, "long")
    assert decision.keep_until == datetime(2033, 1, 3, tzinfo=UTC)
    assert [reason.rule for reason in decision.reasons] == ["long", "us-regf-calls", "short"]


def test_of_equally_long_rules_the_first_by_name_is_named():
    for rules in ((rule("b", "P1Y"), rule("a", "P12M")), (rule("a", "P12M"), rule("b", "P1Y"))):
        assert decide(CALL, policy(*rules), (), THREE_YEARS_ON).rule == "a"


def test_review_wins_over_destruction_even_from_a_shorter_rule():
    rules = (rule("long", "P2Y"), rule("careful", "P1Y", Then.REVIEW), rule("more-careful", "P1M", Then.REVIEW))
    decision = decide(CALL, policy(*rules), (), THREE_YEARS_ON)
    assert (decision.action, decision.rule) == (Action.REVIEW, "long")
    assert decision.reasons[0].text == (
        "The last reason to keep ended on 2025-01-03 00:00 UTC; a person must review the recording first, "
        "as careful, more-careful asks."
    )


def test_a_rule_for_others_does_not_ask_for_review():
    rules = (CALLS, rule("chats", "P1Y", Then.REVIEW, kind=frozenset({"chat"})))
    assert decide(CALL, policy(*rules), (), THREE_YEARS_ON).action is Action.DESTROY


def test_an_unknown_end_keeps_without_end_and_beside_a_known_rule():
    decision = decide(replace(CALL, ended=None), policy(CALLS), (), datetime(2090, 1, 1, tzinfo=UTC))
    assert (decision.action, decision.keep_until, decision.rule) == (Action.KEEP, None, "us-regf-calls")
    assert codes(decision) == ["start-unknown"]


def test_a_period_past_the_last_year_never_ends():
    late = replace(CALL, ended=datetime(9998, 1, 1, tzinfo=UTC), created=ENDED)
    decision = decide(late, policy(CALLS), (), datetime.max.replace(tzinfo=UTC))
    assert (decision.action, decision.keep_until, codes(decision)) == (Action.KEEP, None, ["never-ends"])


def test_no_policy_and_no_matching_rule_keep_and_say_so():
    now = datetime(2090, 1, 1, tzinfo=UTC)
    none = decide(CALL, None, (), now)
    assert (none.action, none.keep_until, none.policy_version) == (Action.KEEP, None, None)
    assert none.reasons[0].text == "No policy is applied; there is no end date until one is."
    for empty in (policy(), policy(rule("chats", "P1Y", kind=frozenset({"chat"})))):
        unmatched = decide(CALL, empty, (), now)
        assert (unmatched.action, unmatched.keep_until, unmatched.rule) == (Action.KEEP, None, None)
        assert unmatched.reasons[0].text == "No rule of policy version 7 matches; there is no end date until one does."


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        (Match(), True),
        (Match(kind=frozenset({"chat", "call"})), True),
        (Match(kind=frozenset({"chat", "screen"})), False),
        (Match(industry=frozenset({"debt-collection"})), True),
        (Match(industry=frozenset({"Debt-Collection"})), False),
        (Match(jurisdiction=frozenset({"US-CA"})), False),
        (Match(queue=frozenset({"collections-2", "collections-1"})), True),
        (Match(queue=frozenset({"collections"})), False),
        (Match(labels=frozenset({"vip", "other"})), True),
        (Match(labels=frozenset({"other"})), False),
        (Match(kind=frozenset({"call"}), labels=frozenset({"other"})), False),
        (Match(kind=frozenset({"call"}), queue=frozenset({"collections-1"}), labels=frozenset({"vip"})), True),
    ],
)
def test_all_given_fields_must_match_and_any_value_of_a_field_will_do(match, matches):
    decision = decide(CALL, policy(replace(CALLS, match=match)), (), THREE_YEARS_ON)
    assert is_due(decision) == matches


def test_an_empty_field_matches_no_rule_that_names_it():
    bare = replace(CALL, queue=None, industry=None, jurisdiction=None, labels=frozenset())
    for field in ("queue", "industry", "jurisdiction", "labels"):
        named = replace(CALLS, match=Match(**{field: frozenset({"None", ""})}))
        assert codes(decide(bare, policy(named), (), THREE_YEARS_ON)) == ["no-policy"]


def test_nothing_is_due_by_a_clock_that_went_backwards():
    backup = replace(CALL, created=datetime(2028, 1, 1, tzinfo=UTC))
    decision = decide(backup, policy(CALLS), (), datetime(2028, 1, 1, tzinfo=UTC) - TICK)
    assert (decision.action, decision.keep_until, codes(decision)) == (Action.KEEP, None, ["clock", "period"])
    assert decide(backup, policy(CALLS), (), datetime(2028, 1, 1, tzinfo=UTC)).action is Action.DESTROY
    future = replace(CALL, ended=datetime(2040, 1, 1, tzinfo=UTC))
    assert codes(decide(future, policy(CALLS), (), datetime(2039, 1, 1, tzinfo=UTC))) == ["clock", "period"]


def test_a_purged_recording_needs_nothing_more():
    decision = decide(replace(CALL, state=State.PURGED), policy(CALLS), (HOLD,), datetime(2090, 1, 1, tzinfo=UTC))
    assert (decision.action, decision.keep_until, codes(decision)) == (Action.KEEP, None, ["purged"])


def test_the_zone_an_instant_is_written_in_makes_no_difference():
    tokyo = timezone(timedelta(hours=9))
    moved = replace(CALL, ended=ENDED.astimezone(tokyo), created=CALL.created.astimezone(tokyo))
    for now in (THREE_YEARS_ON - TICK, THREE_YEARS_ON):
        assert decide(moved, policy(CALLS), (), now.astimezone(tokyo)) == decide(CALL, policy(CALLS), (), now)


def test_a_purge_needs_a_due_recording_and_for_review_an_approval():
    decision = decide(CALL, policy(CALLS), (), THREE_YEARS_ON)
    allowed = {
        (action, bool(roles)): may_purge(replace(decision, action=action), roles)
        for action in Action
        for roles in (set(), {Role.RECORDS})
    }
    assert {case for case, is_allowed in allowed.items() if is_allowed} == {
        (Action.DESTROY, False), (Action.DESTROY, True), (Action.REVIEW, True),
    }  # fmt: skip


def test_each_rule_that_names_reviewers_must_find_one_of_them():
    asking = [
        replace(CALLS, name=name, then=Then.REVIEW, reviewers=frozenset(roles))
        for name, roles in (("a", {Role.LEGAL}), ("b", {Role.RECORDS, Role.LEGAL}), ("c", set()))
    ]
    decision = decide(CALL, policy(*asking), (), THREE_YEARS_ON)
    assert decision.reasons[0].text.endswith("first, as a (legal), b (legal or records), c asks.")
    assert [may_purge(decision, roles) for roles in ((), {Role.RECORDS}, {Role.LEGAL})] == [False, False, True]


# Ceilings, events, extensions, requests for erasure.

NINETIES = datetime(2090, 1, 1, tzinfo=UTC)
SIGNED = datetime(2023, 6, 1, 9, tzinfo=UTC)
ASKED = datetime(2024, 3, 1, 9, tzinfo=UTC)
BIOMETRIC = Rule(
    name="bipa",
    match=Match(),
    keep=None,
    then=Then.DESTROY,
    erase_by=(Ceiling(Period(years=3)), Ceiling(Period(), OfEvent("purpose-satisfied"))),
)


def happened(**events: datetime) -> Circumstances:
    return Circumstances({name.replace("_", "-"): (at,) for name, at in events.items()})


def test_what_only_a_ceiling_covers_goes_at_its_end_and_not_before():
    assert decide(CALL, policy(BIOMETRIC), (), THREE_YEARS_ON - TICK).keep_until == THREE_YEARS_ON
    due = decide(CALL, policy(BIOMETRIC), (), THREE_YEARS_ON)
    assert (due.action, due.rule, due.erase_by) == (Action.DESTROY, "bipa", THREE_YEARS_ON)
    assert codes(due) == ["due-destroy", "keeps-on", "ceiling", "ceiling-waits"]


def test_the_earliest_ceiling_that_applies_counts():
    done = happened(purpose_satisfied=SIGNED)
    decision = decide(CALL, policy(BIOMETRIC), (), SIGNED, done)
    assert (decision.action, decision.keep_until) == (Action.KEEP, datetime(2023, 6, 3, tzinfo=UTC))
    excepted = replace(BIOMETRIC, erase_by=(replace(BIOMETRIC.erase_by[0], unless=Match(labels=frozenset({"vip"}))),))
    decision = decide(CALL, policy(excepted), (), NINETIES)
    assert (decision.action, decision.keep_until, codes(decision)) == (Action.KEEP, None, ["keeps-on", "excepted"])


def test_a_ceiling_before_a_minimum_is_a_conflict_and_the_recording_is_kept():
    rules = policy(BIOMETRIC, rule("tax", "P10Y"))
    decision = decide(CALL, rules, (), THREE_YEARS_ON)
    assert (decision.action, decision.keep_until) == (Action.KEEP, datetime(2033, 1, 3, tzinfo=UTC))
    assert (decision.erase_by, decision.conflicts) == (THREE_YEARS_ON, True)
    told = next(reason.text for reason in decision.reasons if reason.code is ReasonCode.CONFLICT)
    assert told == (
        "CONFLICT: bipa wants it gone by 2026-01-03 00:00 UTC, tax keeps it until 2033-01-03 00:00 UTC. It is kept."
    )
    assert not decide(CALL, policy(BIOMETRIC, rule("short", "P1Y")), (), ENDED).conflicts


def test_a_clock_whose_event_has_not_happened_keeps_without_end():
    contract = replace(CALLS, clock=OfEvent("contract-ended"))
    decision = decide(CALL, policy(contract), (), NINETIES)
    assert (decision.action, decision.keep_until, codes(decision)) == (Action.KEEP, None, ["start-unknown"])
    ended = decide(CALL, policy(contract), (), NINETIES, happened(contract_ended=SIGNED))
    assert (ended.action, ended.keep_until) == (Action.DESTROY, datetime(2026, 6, 3, tzinfo=UTC))


def test_a_rule_that_waits_says_nothing_until_its_event():
    waiting = replace(rule("fr", "P2Y"), once="signed", clock=OfEvent("signed"))
    before = decide(CALL, policy(waiting, rule("general", "P90D")), (), NINETIES)
    assert (before.action, before.rule) == (Action.DESTROY, "general")
    assert codes(before) == ["due-destroy", "period", "once"]
    after = decide(CALL, policy(waiting, rule("general", "P90D")), (), CALL.created, happened(signed=SIGNED))
    assert (after.keep_until, after.rule) == (datetime(2025, 6, 3, tzinfo=UTC), "fr")
    assert codes(decide(CALL, policy(waiting), (), NINETIES)) == ["no-policy", "once"]


def test_an_authority_keeps_for_longer_than_the_rules():
    asked = Circumstances(extensions=(ExtensionRef("x1", "BaFin", Period(years=7)),))
    decision = decide(CALL, policy(CALLS), (), THREE_YEARS_ON, asked)
    assert (decision.action, decision.keep_until) == (Action.KEEP, datetime(2030, 1, 3, tzinfo=UTC))
    assert codes(decision) == ["extension", "period"]
    assert decision.reasons[0].text.startswith("Extension x1 by BaFin keeps P7Y from the end of the recording")
    over = decide(CALL, policy(CALLS), (), NINETIES, asked)
    assert (over.action, over.rule, over.keep_until) == (Action.DESTROY, "us-regf-calls", decision.keep_until)


def test_a_request_for_erasure_waits_for_the_last_reason_and_ends_what_is_kept_on():
    asked = Circumstances(erasures=(ErasureRef("e1", ASKED),))
    kept = decide(CALL, policy(CALLS), (), ASKED, asked)
    assert (kept.action, kept.keep_until, kept.erase_by) == (Action.KEEP, THREE_YEARS_ON, ASKED)
    assert codes(kept) == ["period", "erasure"]
    assert not kept.conflicts
    on = replace(rule("on", "P1M"), then=Then.KEEP)
    assert decide(CALL, policy(on), (), NINETIES).keep_until is None
    gone = decide(CALL, policy(on), (), ASKED, asked)
    assert (gone.action, gone.keep_until, gone.rule) == (Action.DESTROY, ASKED, "erasure-request/e1")
    assert decide(CALL, policy(on), (HOLD,), NINETIES, asked).action is Action.KEEP


def test_the_most_careful_then_wins_and_names_its_reviewers():
    legal = replace(rule("b", "P1M", Then.REVIEW), reviewers=frozenset({Role.LEGAL}))
    anyone = rule("a", "P1M", Then.REVIEW)
    for rules in ((legal, anyone, CALLS), (anyone, CALLS, legal)):
        decision = decide(CALL, policy(*rules), (), NINETIES)
        assert (decision.action, decision.reviewers) == (Action.REVIEW, (frozenset(), frozenset({Role.LEGAL})))
    kept = decide(CALL, policy(legal, replace(rule("on", "P1M"), then=Then.KEEP)), (), NINETIES)
    assert (kept.action, kept.keep_until, kept.rule) == (Action.KEEP, None, None)


# What may never happen, whatever the policy says.

cases = {
    "recording": some.facts,
    "applied": some.policies,
    "holds": st.lists(some.holds, max_size=2),
    "now": some.instants,
}
due_cases = {
    "recording": some.facts,
    "applied": some.policies.map(
        lambda applied: replace(
            applied, policy=replace(applied.policy, rules=(*applied.policy.rules, rule("all", "P1D")))
        )
    ),
    "now": st.just(some.ORIGIN + timedelta(days=400)) | some.instants,
}


@given(
    **due_cases,
    holds=st.lists(some.holds, max_size=1),
    name=st.just("zz-more"),
    match=some.matches,
    keep=some.periods,
    then=st.sampled_from(Then),
)
def test_another_rule_never_makes_a_covered_recording_due_earlier(
    recording, applied, holds, now, name, match, keep, then
):
    before = decide(recording, applied, holds, now)
    event(f"was {before.action}")
    more = (*applied.policy.rules, Rule(name=name, match=match, keep=keep, then=then))
    after = decide(recording, replace(applied, policy=replace(applied.policy, rules=more)), holds, now)
    # What no rule covered had no end date; the first rule that covers it gives it one.
    if ReasonCode.NO_POLICY not in {reason.code for reason in before.reasons}:
        assert_no_earlier(before, after)


@given(**due_cases, holds=st.lists(some.holds, max_size=1), extra=st.integers(1, 90), data=st.data())
def test_a_longer_period_never_makes_a_recording_due_earlier(recording, applied, holds, now, extra, data):
    chosen = data.draw(st.sampled_from(applied.policy.rules))
    longer = Period(years=0, months=chosen.keep.months, days=chosen.keep.days + extra)
    rules = tuple(replace(rule, keep=longer) if rule is chosen else rule for rule in applied.policy.rules)
    grown = replace(applied, policy=replace(applied.policy, rules=rules))
    assert_no_earlier(decide(recording, applied, holds, now), decide(recording, grown, holds, now))


@given(**due_cases, holds=st.lists(some.holds, max_size=1), hold=some.holds)
def test_a_hold_more_never_makes_a_recording_due_earlier(recording, applied, holds, now, hold):
    before = decide(recording, applied, holds, now)
    after = decide(recording, applied, [*holds, hold], now)
    assert_no_earlier(before, after)
    if hold.released_at is None:
        assert (after.action, after.keep_until) == (Action.KEEP, None)


@given(**cases)
def test_an_unknown_end_is_never_due(recording, applied, holds, now):
    decision = decide(replace(recording, ended=None), applied, holds, now)
    assert (decision.action, decision.keep_until) == (Action.KEEP, None)


def assert_no_earlier(before: Decision, after: Decision) -> None:
    strength = [Action.DESTROY, Action.REVIEW, Action.KEEP]
    assert strength.index(after.action) >= strength.index(before.action)
    never = datetime.max.replace(tzinfo=UTC)
    assert (after.keep_until or never) >= (before.keep_until or never)


@given(**cases, data=st.data())
def test_no_order_of_rules_or_holds_changes_the_decision(recording, applied, holds, now, data):
    rules = tuple(data.draw(st.permutations(applied.policy.rules)))
    shuffled = replace(applied, policy=replace(applied.policy, rules=rules))
    other_holds = data.draw(st.permutations(holds))
    assert decide(recording, shuffled, other_holds, now) == decide(recording, applied, holds, now)


@given(**due_cases, holds=st.lists(some.holds, max_size=1), later=st.timedeltas(timedelta(0), timedelta(days=9999)))
def test_what_is_due_stays_due_as_time_passes(recording, applied, holds, now, later):
    decision = decide(recording, applied, holds, now)
    event(str(decision.action))
    if is_due(decision):
        assert decide(recording, applied, holds, now + later) == decision


@given(**due_cases, holds=st.lists(some.holds, max_size=1))
def test_nothing_is_due_before_its_date_or_kept_after_it(recording, applied, holds, now):
    decision = decide(recording, applied, holds, now)
    assert decision.reasons
    assert is_due(decision) == (decision.keep_until is not None and decision.keep_until <= now)
    if is_due(decision):
        assert decision.keep_until == max(reason.until for reason in decision.reasons)
        assert decision.rule in {rule.name for rule in applied.policy.rules}
        assert not is_held(decision, now)


zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ends_of_time = st.sampled_from([datetime.min, datetime.max])  # noqa: DTZ901 - naive on purpose, zones follow
any_instant = (
    st.datetimes()
    | st.datetimes(timezones=zones)
    | ends_of_time
    | st.tuples(ends_of_time, zones).map(lambda pair: pair[0].replace(tzinfo=pair[1]))
)
odd_facts = st.builds(
    Facts,
    id=st.just("?"),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    ended=st.none() | any_instant,
    created=any_instant,
)
odd_holds = st.builds(
    HoldRef,
    id=st.text(),
    matter=st.text(),
    placed_at=any_instant,
    released_at=st.none() | any_instant,
    grace_until=st.none() | any_instant,
)


@given(some.policies, odd_facts, odd_holds, any_instant)
def test_no_input_is_so_odd_that_there_is_no_decision(applied, recording, hold, now):
    decision = decide(recording, applied, [hold], now)
    assert decision.reasons
    if now.tzinfo is None or recording.created.tzinfo is None:
        assert decision.action is Action.KEEP


# The oracle: the same question asked the other way round, in tests/retention/oracle.py.

often_covered = st.tuples(some.policies, some.rules).map(
    lambda pair: replace(
        pair[0],
        policy=replace(pair[0].policy, rules=(*pair[0].policy.rules, replace(pair[1], name="all", match=Match()))),
    )
)
any_facts = some.facts | some.facts.flatmap(
    lambda one: st.sampled_from([one, replace(one, ended=None), replace(one, state=State.PURGED)])
)


@settings(max_examples=300)
@given(
    recording=any_facts,
    applied=often_covered | st.none() | some.policies,
    holds=st.just([]) | st.lists(some.holds, max_size=2),
    now=st.just(some.ORIGIN + timedelta(days=400)) | some.instants,
)
def test_the_decision_agrees_with_an_independent_oracle(recording, applied, holds, now):
    decision = decide(recording, applied, holds, now)
    event(str(decision.action))
    assert decision.action.value == oracle.verdict(recording, applied, holds, now, NOTHING)


rich_facts = some.rich_facts | some.rich_facts.flatmap(
    lambda one: st.sampled_from([one, replace(one, ended=None), replace(one, state=State.PURGED)])
)


@settings(max_examples=400)
@given(
    recording=rich_facts,
    applied=some.rich_policies,
    holds=st.just([]) | st.lists(some.holds, max_size=1),
    now=st.just(some.ORIGIN + timedelta(days=900)) | some.instants,
    circumstances=some.circumstances,
)
def test_the_whole_language_agrees_with_an_independent_oracle(recording, applied, holds, now, circumstances):
    decision = decide(recording, applied, holds, now, circumstances)
    event(f"{decision.action}{', conflict' if decision.conflicts else ''}")
    assert decision.action.value == oracle.verdict(recording, applied, holds, now, circumstances)
