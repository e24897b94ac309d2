"""Policy plans: what a new policy would change, who must agree, and when the plan no longer fits."""

import itertools
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import CanonicalFormError
from retention.core.circumstances import NOTHING
from retention.core.decide import decide
from retention.core.decision import Action
from retention.core.ends import Scheduled, counting, scheduled
from retention.core.facts import AppliedPolicy, Facts
from retention.errors import PlanFormatError, StalePlanError
from retention.plans.policy_plan import (
    Candidate,
    PolicyEffect,
    PolicyPlan,
    Tally,
    check_applies,
    compare,
    decode,
    digest,
    encode,
    needs_approval,
)
from retention.policy.language import Ceiling, Original, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from tests.retention import strategies as some
from vault.model import Kind, RecordingId, State

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BUCKETS = tuple(tally.name for tally in fields(PolicyEffect))
HORIZONS = {name for name in BUCKETS if name.startswith("due_")}
UNTIL = RecordingId("f" * 32)


def recording(number: int, *, years_ago: int = 1, kind: Kind = Kind.CALL, state: State = State.SCREENED) -> Facts:
    ended = NOW - timedelta(days=365 * years_ago)
    return Facts(id=RecordingId(f"{number:032x}"), kind=kind, state=state, ended=ended, created=ended)


def schedule(keep: str, then: Then = Then.DESTROY, *, kind: Kind = Kind.CALL) -> Policy:
    match = Match(kind=frozenset({kind.value}))
    return Policy(title="t", rules=(Rule(name="r", match=match, keep=Period.parse(keep), then=then),))


def asked(policy: Policy | None, facts: Facts) -> Scheduled:
    applied = None if policy is None else AppliedPolicy(3, policy)
    return scheduled(counting(facts, applied, NOTHING), facts, NOTHING)


def candidate(old: Policy | None, new: Policy, facts: Facts, *, held: bool = False, size: int = 10) -> Candidate:
    return Candidate(facts.id, asked(old, facts), asked(new, facts), held, size)


def every_effect(old: Policy | None, new: Policy, facts: Facts, *, held: bool = False) -> set[str]:
    effect = compare([candidate(old, new, facts, held=held)], NOW)
    found = {name for name in BUCKETS if getattr(effect, name) == Tally(1, 10, (facts.id,))}
    assert all(getattr(effect, name) == Tally() for name in set(BUCKETS) - found)
    return found


def effects(old: Policy | None, new: Policy, facts: Facts, *, held: bool = False) -> set[str]:
    return every_effect(old, new, facts, held=held) - HORIZONS


def test_the_same_policy_changes_nothing():
    assert effects(schedule("P3Y"), schedule("P36M"), recording(1)) == {"examined"}


def test_longer_shorter_and_due_now_are_told_apart():
    assert effects(schedule("P3Y"), schedule("P4Y"), recording(1)) == {"examined", "kept_longer"}
    assert effects(schedule("P3Y"), schedule("P2Y"), recording(1)) == {"examined", "kept_shorter"}
    shortened = effects(schedule("P3Y"), schedule("P1M"), recording(1))
    assert shortened == {"examined", "kept_shorter", "become_due_now"}


def test_what_was_due_already_does_not_become_due_and_loses_nothing():
    assert effects(schedule("P2M"), schedule("P1M"), recording(1)) == {"examined"}


def test_what_will_be_due_is_told_by_when():
    told = {days: every_effect(schedule("P9Y"), schedule(f"P{365 + days}D"), recording(1)) & HORIZONS
            for days in (-30, 10, 60, 200, 400)}  # fmt: skip
    assert told[400] == set()
    assert told[200] == {"due_in_365_days"}
    assert told[60] == {"due_in_90_days", *told[200]}
    assert told[10] == {"due_in_30_days", *told[60]}
    assert told[-30] == {"due_now", *told[10]}
    assert every_effect(schedule("P9Y"), schedule("P1M"), recording(1), held=True) & HORIZONS == set()


def test_a_ceiling_before_a_minimum_and_a_lock_in_the_archive_are_told():
    (rule,) = schedule("P3Y").rules
    ceiling = Policy("t", (rule, replace(rule, name="c", keep=None, erase_by=(Ceiling(Period(years=2)),))))
    assert effects(schedule("P3Y"), ceiling, recording(1)) == {"examined", "conflicted"}
    one = candidate(schedule("P3Y"), schedule("P3Y"), recording(1))
    ends = one.new.due_from
    assert compare([replace(one, locked_until=ends + timedelta(days=1))], NOW).locked.count == 1
    assert compare([replace(one, locked_until=ends)], NOW).locked.count == 0


def test_an_original_that_goes_earlier_is_told():
    (rule,) = schedule("P3Y").rules
    early, late = (Policy("t", (replace(rule, original=Original.DESTROY, original_keep=period),))
                   for period in (None, Period(years=2)))  # fmt: skip
    for old, new in ((schedule("P3Y"), late), (late, early), (schedule("P3Y"), early)):
        assert effects(old, new, recording(1)) == {"examined", "originals_destroyed"}
        assert effects(new, old, recording(1)) == {"examined"}


def test_a_first_policy_shortens_what_was_kept_without_end():
    assert effects(None, schedule("P3Y"), recording(1)) == {"examined", "kept_shorter"}


def test_a_rule_taken_away_keeps_without_end_and_is_reported():
    chats_only = schedule("P3Y", kind=Kind.CHAT)
    assert effects(schedule("P3Y"), chats_only, recording(1)) == {"examined", "kept_longer", "unmatched"}


def test_a_review_that_is_dropped_counts_though_the_date_stays():
    asked, unasked = schedule("P3Y", Then.REVIEW), schedule("P3Y")
    assert effects(asked, unasked, recording(1)) == {"examined", "review_dropped"}
    assert effects(unasked, asked, recording(1)) == {"examined"}


def test_a_held_recording_shows_the_shortening_but_is_not_due():
    told = effects(schedule("P3Y"), schedule("P1M"), recording(1), held=True)
    assert told == {"examined", "kept_shorter", "held"}


def test_tallies_count_bytes_and_show_the_smallest_ids():
    policies = schedule("P3Y"), schedule("P4Y")
    candidates = [candidate(*policies, recording(number), size=number) for number in (9, 3, 7, 1, 8, 2, 5)]
    effect = compare(candidates, NOW)
    samples = tuple(RecordingId(f"{number:032x}") for number in (1, 2, 3, 5, 7))
    assert effect.kept_longer == effect.examined == Tally(7, 35, samples)
    assert effect.kept_shorter == Tally()


def test_the_catalog_is_read_once_and_not_kept():
    taken = 0

    def catalog():
        nonlocal taken
        for number in itertools.count():
            if number == 1000:
                return
            taken += 1
            yield candidate(None, schedule("P3Y"), recording(number))

    effect = compare(catalog(), NOW)
    assert taken == effect.examined.count == 1000
    assert len(effect.examined.samples) == 5


@given(
    old=st.none() | some.policies,
    new=some.policies,
    facts=some.facts,
    holds=st.lists(some.holds, max_size=1),
    now=some.instants,
    later=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_without_shortening_nothing_is_ever_destroyed_that_the_old_policy_would_keep(
    old, new, facts, holds, now, later
):
    effect = compare([candidate(old and old.policy, new.policy, facts)], now)
    after = decide(facts, new, holds, now + later).action
    before = decide(facts, old, holds, now + later).action
    if not effect.shortens:
        assert after in {Action.KEEP, before} or (before, after) == (Action.DESTROY, Action.REVIEW)


PLAN = PolicyPlan(
    vault="v1",
    policy_digest=schedule("P4Y").version_digest,
    base_version=3,
    effect=compare([candidate(schedule("P3Y"), schedule("P4Y"), recording(1))], NOW),
    created_at=NOW,
    created_by="adam",
    until=UNTIL,
)


def test_only_a_plan_that_takes_something_away_needs_a_second_person():
    assert not needs_approval(PLAN)
    for bucket in BUCKETS:
        effect = replace(PLAN.effect, **{bucket: Tally(1, 1, ())})
        takes_away = bucket in {"kept_shorter", "review_dropped", "originals_destroyed"}
        assert needs_approval(replace(PLAN, effect=effect)) == takes_away
    assert needs_approval(replace(PLAN, weaker=("rule r: expected keep of at least P3Y, got P1Y",)))


def test_a_plan_fits_its_policy_and_its_base_version_only():
    check_applies(PLAN, schedule("P4Y"), 3)
    check_applies(replace(PLAN, base_version=None), schedule("P4Y"), None)
    with pytest.raises(StalePlanError, match="expected the policy"):
        check_applies(PLAN, schedule("P5Y"), 3)
    for moved in (4, 2, None):
        with pytest.raises(StalePlanError, match="expected policy version 3 in force"):
            check_applies(PLAN, schedule("P4Y"), moved)
    with pytest.raises(StalePlanError, match="expected policy version None in force, got 1"):
        check_applies(replace(PLAN, base_version=None), schedule("P4Y"), 1)


def test_the_encoding_is_pinned():
    one = PolicyEffect(held=Tally(1, 10, (RecordingId("a"),)))
    none = '{"count":0,"samples":[],"sealed_bytes":0}'
    effect = ",".join(f'"{name}":{none}' for name in sorted(BUCKETS))
    effect = effect.replace(f'"held":{none}', '"held":{"count":1,"samples":["a"],"sealed_bytes":10}')
    assert encode(replace(PLAN, effect=one, policy_digest="d" * 64, weaker=("less",))).decode() == (
        '{"base_version":3,"created_at":"2026-06-01T00:00:00.000000+00:00","created_by":"adam",'
        f'"effect":{{{effect}}},"form":"strongroom/policy-plan/v2","policy_digest":"{"d" * 64}",'
        f'"until":"{UNTIL}","vault":"v1","weaker":["less"]}}'
    )


tallies = st.builds(
    Tally,
    count=st.integers(0, 2**40),
    sealed_bytes=st.integers(0, 2**50),
    samples=st.lists(st.text("ab", min_size=1)).map(tuple),
)
policy_plans = st.builds(
    PolicyPlan,
    vault=st.text("ab", min_size=1),
    policy_digest=st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}"),
    base_version=st.none() | st.integers(0, 99),
    effect=st.builds(PolicyEffect, **dict.fromkeys(BUCKETS, tallies)),
    created_at=some.instants,
    created_by=st.text("ab", min_size=1),
    until=st.none() | st.just(UNTIL),
    weaker=st.lists(st.text("ab", min_size=1), max_size=2).map(tuple),
)


@given(policy_plans, policy_plans)
def test_a_policy_plan_survives_its_encoding_and_its_digest_names_it(plan, other):
    assert decode(encode(plan)) == plan
    assert (digest(plan) == digest(other)) == (plan == other)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("form",), "strongroom/purge-plan/v1"),
        (("extra",), 1),
        (("vault",), ""),
        (("policy_digest",), "D" * 64),
        (("base_version",), -1),
        (("base_version",), "3"),
        (("created_at",), "2026-06-01T00:00:00Z"),
        (("effect",), []),
        (("effect", "other"), {}),
        (("effect", "held"), 3),
        (("effect", "held", "count"), -1),
        (("effect", "held", "samples"), "a"),
        (("effect", "held", "samples"), [1]),
    ],
)
def test_a_document_that_is_no_policy_plan_is_refused(path, value):
    document = json.loads(encode(PLAN))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(PlanFormatError):
        decode(data)


def test_bytes_that_are_not_canonical_are_refused():
    with pytest.raises(CanonicalFormError):
        decode(encode(PLAN) + b" ")


@pytest.mark.parametrize("change", [{"vault": ""}, {"created_by": ""}, {"policy_digest": "d"}, {"base_version": -1}])
def test_a_plan_that_could_not_be_read_back_is_refused(change):
    with pytest.raises(PlanFormatError):
        replace(PLAN, **change)


def test_a_plan_made_at_no_known_instant_is_refused():
    with pytest.raises(PlanFormatError, match="timezone-aware"):
        encode(replace(PLAN, created_at=datetime(2026, 6, 1)))  # noqa: DTZ001 - the point of the test
