"""Policy plans: what a new policy would change, who must agree, and when the plan no longer fits."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import CanonicalFormError
from retention.decide import decide
from retention.decision import Action
from retention.errors import PlanFormatError, StalePlanError
from retention.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.language import Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from retention.policy_plan import (
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
from tests.retention import strategies as some
from vault.model import Kind, RecordingId, State

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BUCKETS = (
    "examined", "kept_longer", "kept_shorter", "review_dropped", "become_due_now", "unmatched", "held",
)  # fmt: skip


def recording(number: int, *, years_ago: int = 1, kind: Kind = Kind.CALL, state: State = State.SCREENED) -> Facts:
    ended = NOW - timedelta(days=365 * years_ago)
    return Facts(id=RecordingId(f"{number:032x}"), kind=kind, state=state, ended=ended, created=ended)


def schedule(keep: str, then: Then = Then.DESTROY, *, kind: Kind = Kind.CALL) -> Policy:
    match = Match(kind=frozenset({kind.value}))
    return Policy(title="t", rules=(Rule(name="r", match=match, keep=Period.parse(keep), then=then),))


def effects(old: Policy | None, new: Policy, facts: Facts, *holds: HoldRef) -> set[str]:
    applied = None if old is None else AppliedPolicy(3, old)
    effect = compare(applied, new, [Candidate(facts, holds, 10)], NOW)
    return {name for name in BUCKETS if getattr(effect, name) == Tally(1, 10, (facts.id,))}


def hold(**dates: datetime) -> HoldRef:
    return HoldRef(id="h1", matter="m", placed_at=NOW - timedelta(days=300), **dates)


def test_the_same_policy_changes_nothing():
    assert effects(schedule("P3Y"), schedule("P36M"), recording(1)) == {"examined"}


def test_longer_shorter_and_due_now_are_told_apart():
    assert effects(schedule("P3Y"), schedule("P4Y"), recording(1)) == {"examined", "kept_longer"}
    assert effects(schedule("P3Y"), schedule("P2Y"), recording(1)) == {"examined", "kept_shorter"}
    shortened = effects(schedule("P3Y"), schedule("P1M"), recording(1))
    assert shortened == {"examined", "kept_shorter", "become_due_now"}


def test_what_was_due_already_does_not_become_due():
    assert effects(schedule("P2M"), schedule("P1M"), recording(1)) == {"examined", "kept_shorter"}


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
    told = effects(schedule("P3Y"), schedule("P1M"), recording(1), hold())
    assert told == {"examined", "kept_shorter", "held"}
    grace = hold(released_at=NOW - timedelta(days=1), grace_until=NOW + timedelta(days=29))
    assert effects(schedule("P3Y"), schedule("P1M"), recording(1), grace) == told
    over = hold(released_at=NOW - timedelta(days=90), grace_until=NOW)
    assert "held" not in effects(schedule("P3Y"), schedule("P1M"), recording(1), over)


def test_an_unknown_end_does_not_hide_that_its_rule_was_shortened():
    unknown = replace(recording(1, years_ago=9), ended=None)
    assert effects(schedule("P3Y"), schedule("P1M"), unknown) == {"examined", "kept_shorter"}


def test_a_purged_recording_is_not_counted():
    assert effects(schedule("P3Y"), schedule("P1M"), recording(1, state=State.PURGED)) == set()


def test_tallies_count_bytes_and_show_the_smallest_ids():
    candidates = [Candidate(recording(number), (), number) for number in (9, 3, 7, 1, 8, 2, 5)]
    effect = compare(AppliedPolicy(1, schedule("P3Y")), schedule("P4Y"), candidates, NOW)
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
            yield Candidate(recording(number), (), 1)

    effect = compare(None, schedule("P3Y"), catalog(), NOW)
    assert taken == effect.examined.count == 1000
    assert len(effect.examined.samples) == 5


@given(
    old=st.none() | some.policies,
    new=some.policies,
    facts=some.facts | some.facts.map(lambda one: replace(one, ended=None)),
    holds=st.lists(some.holds, max_size=1),
    now=some.instants,
    later=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_without_shortening_nothing_is_ever_destroyed_that_the_old_policy_would_keep(
    old, new, facts, holds, now, later
):
    effect = compare(old, new.policy, [Candidate(facts, holds, 1)], now)
    for ended in {facts.ended, facts.ended or facts.created}:
        known = replace(facts, ended=ended)
        after = decide(known, new, holds, now + later).action
        before = decide(known, old, holds, now + later).action
        if not effect.shortens:
            assert after in {Action.KEEP, before} or (before, after) == (Action.DESTROY, Action.REVIEW)


PLAN = PolicyPlan(
    vault="v1",
    policy_digest=schedule("P4Y").version_digest,
    base_version=3,
    effect=compare(AppliedPolicy(3, schedule("P3Y")), schedule("P4Y"), [Candidate(recording(1), (), 10)], NOW),
    created_at=NOW,
    created_by="adam",
)


def test_only_a_plan_that_takes_something_away_needs_a_second_person():
    assert not needs_approval(PLAN)
    for bucket in BUCKETS:
        effect = replace(PLAN.effect, **{bucket: Tally(1, 1, ())})
        assert needs_approval(replace(PLAN, effect=effect)) == (bucket in {"kept_shorter", "review_dropped"})


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
    empty = {name: Tally() for name in BUCKETS}
    one = PolicyEffect(**{**empty, "held": Tally(1, 10, (RecordingId("a"),))})
    none = '{"count":0,"samples":[],"sealed_bytes":0}'
    assert encode(replace(PLAN, effect=one, policy_digest="d" * 64)).decode() == (
        '{"base_version":3,"created_at":"2026-06-01T00:00:00.000000+00:00","created_by":"adam","effect":{'
        f'"become_due_now":{none},"examined":{none},"held":{{"count":1,"samples":["a"],"sealed_bytes":10}},'
        f'"kept_longer":{none},"kept_shorter":{none},"review_dropped":{none},"unmatched":{none}}},'
        f'"form":"strongroom/policy-plan/v1","policy_digest":"{"d" * 64}","vault":"v1"}}'
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
