"""What may never happen, over the whole policy language: nothing is due earlier than its reasons, in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, event, given
from hypothesis import strategies as st

from retention.core.circumstances import Circumstances, ErasureRef
from retention.core.decide import decide
from retention.core.decision import Action, Decision, ReasonCode
from retention.core.ends import keeps_on
from retention.core.facts import AppliedPolicy, Facts
from retention.core.stages import archive_from, original_from, transcript_suffices_from
from retention.policy import clocks
from retention.policy.language import Ceiling, Policy, Rule, Then
from retention.policy.locks import is_same_or_later, is_same_or_wider, violations
from retention.policy.match import Match, matches
from retention.policy.periods import Period
from tests.retention import strategies as some

NEVER = datetime.max.replace(tzinfo=UTC)
STRENGTH = [Action.DESTROY, Action.REVIEW, Action.KEEP]
LATE = some.ORIGIN + timedelta(days=900)
nows = st.just(LATE) | st.just(LATE) | some.instants
cases = {
    "recording": some.rich_facts,
    "applied": some.rich_policies,
    "holds": st.just([]) | st.lists(some.holds, max_size=1),
    "now": nows,
    "circumstances": some.circumstances,
}


def no_earlier(before: Decision, after: Decision) -> None:
    event(f"was {before.action}")
    assert STRENGTH.index(after.action) >= STRENGTH.index(before.action)
    assert (after.keep_until or NEVER) >= (before.keep_until or NEVER)


def with_rules(applied: AppliedPolicy, rules: tuple[Rule, ...]) -> AppliedPolicy:
    return replace(applied, policy=replace(applied.policy, rules=rules))


def counting(rules: tuple[Rule, ...], recording: Facts, happened: Circumstances) -> list[Rule]:
    return [r for r in rules if matches(r.match, recording) and (r.once is None or r.once in happened.events)]


@given(**cases, more=some.rich_rules)
def test_another_minimum_never_makes_a_recording_due_earlier(recording, applied, holds, now, circumstances, more):
    # The first minimum beside ceilings gives an end to what had none but theirs; a ceiling is no minimum.
    assume(any(r.keep for r in counting(applied.policy.rules, recording, circumstances)))
    more = replace(more, name="zz", keep=more.keep or Period(days=9), erase_by=())
    grown = with_rules(applied, (*applied.policy.rules, more))
    no_earlier(
        decide(recording, applied, holds, now, circumstances), decide(recording, grown, holds, now, circumstances)
    )


@given(**cases, extra=st.integers(1, 90), data=st.data())
def test_a_longer_period_never_makes_a_recording_due_earlier(
    recording, applied, holds, now, circumstances, extra, data
):
    assume(applied.policy.rules)
    chosen = data.draw(st.sampled_from(applied.policy.rules))
    longer = replace(
        chosen,
        keep=chosen.keep and Period(months=chosen.keep.months, days=chosen.keep.days + extra),
        erase_by=tuple(
            replace(one, period=Period(months=one.period.months, days=one.period.days + extra))
            for one in chosen.erase_by
        ),
    )
    grown = with_rules(applied, tuple(longer if rule is chosen else rule for rule in applied.policy.rules))
    no_earlier(
        decide(recording, applied, holds, now, circumstances), decide(recording, grown, holds, now, circumstances)
    )


@given(**cases, hold=some.holds)
def test_a_hold_never_makes_a_recording_due_earlier(recording, applied, holds, now, circumstances, hold):
    after = decide(recording, applied, [*holds, hold], now, circumstances)
    no_earlier(decide(recording, applied, holds, now, circumstances), after)
    if hold.released_at is None:
        assert (after.action, after.keep_until) == (Action.KEEP, None)


@given(**cases, extension=some.extensions)
def test_an_extension_never_makes_a_recording_due_earlier(recording, applied, holds, now, circumstances, extension):
    more = replace(circumstances, extensions=(*circumstances.extensions, replace(extension, id="e9")))
    no_earlier(decide(recording, applied, holds, now, circumstances), decide(recording, applied, holds, now, more))


@given(**cases, name=st.sampled_from(some.EVENTS))
def test_an_unknown_event_never_makes_a_recording_due_earlier(recording, applied, holds, now, circumstances, name):
    # `once` is another thing: the rule is not there before its event.
    applied = with_rules(applied, tuple(replace(rule, once=None) for rule in applied.policy.rules))
    known = {event: at for event, at in circumstances.events.items() if event != name}
    unknown = replace(circumstances, events=known)
    no_earlier(decide(recording, applied, holds, now, circumstances), decide(recording, applied, holds, now, unknown))


@given(**cases)
def test_a_minimum_wins_over_every_ceiling_and_request(recording, applied, holds, now, circumstances):
    rules = counting(applied.policy.rules, recording, circumstances)
    assume(any(r.keep for r in rules))
    without = with_rules(applied, tuple(replace(r, erase_by=()) for r in applied.policy.rules if r.keep))
    calm = replace(circumstances, erasures=())
    before = decide(recording, without, holds, now, calm)
    after = decide(recording, applied, holds, now, circumstances)
    if not keeps_on(rules):
        assert after.keep_until == before.keep_until
    for end in [reason.until for reason in after.reasons if reason.code is ReasonCode.PERIOD]:
        assert after.action is Action.KEEP or end <= now
    if any(r.code is ReasonCode.START_UNKNOWN for r in after.reasons):
        assert (after.action, after.keep_until) == (Action.KEEP, None)


@given(**cases)
def test_a_conflict_is_told_exactly_where_a_ceiling_ends_before_a_minimum(
    recording, applied, holds, now, circumstances
):
    decision = decide(recording, applied, holds, now, circumstances)
    minimum = {ReasonCode.PERIOD, ReasonCode.EXTENSION, ReasonCode.START_UNKNOWN, ReasonCode.NEVER_ENDS}
    minimums = [reason.until or NEVER for reason in decision.reasons if reason.code in minimum]
    ends = [reason.until for reason in decision.reasons if reason.code is ReasonCode.CEILING]
    assert decision.conflicts == bool(minimums and ends and min(ends) < max(minimums))
    event(f"conflict: {decision.conflicts}")


def _shuffled(draw, match: Match) -> Match:
    return replace(
        match,
        any_of=tuple(_shuffled(draw, one) for one in draw(st.permutations(match.any_of))),
        all_of=tuple(_shuffled(draw, one) for one in draw(st.permutations(match.all_of))),
        negated=match.negated and _shuffled(draw, match.negated),
    )


@given(**cases, data=st.data())
def test_no_order_changes_a_decision_or_its_reasons(recording, applied, holds, now, circumstances, data):
    rules = [
        replace(
            rule,
            match=_shuffled(data.draw, rule.match),
            erase_by=tuple(data.draw(st.permutations(rule.erase_by))),
        )
        for rule in data.draw(st.permutations(applied.policy.rules))
    ]
    other = replace(
        circumstances,
        extensions=tuple(data.draw(st.permutations(circumstances.extensions))),
        erasures=tuple(data.draw(st.permutations(circumstances.erasures))),
        events={name: at[::-1] for name, at in reversed(circumstances.events.items())},
    )
    shuffled = with_rules(applied, tuple(rules))
    here = decide(recording, applied, holds, now, circumstances)
    assert decide(recording, shuffled, data.draw(st.permutations(holds)), now, other) == here
    for stage in (original_from, transcript_suffices_from, archive_from):
        assert stage(recording, shuffled, other) == stage(recording, applied, circumstances)


@given(**cases, later=st.timedeltas(timedelta(0), timedelta(days=9999)))
def test_what_is_due_stays_due_and_is_due_from_its_date_on(recording, applied, holds, now, circumstances, later):
    decision = decide(recording, applied, holds, now, circumstances)
    assert decision.reasons
    due = decision.action is not Action.KEEP
    assert due == (decision.keep_until is not None and decision.keep_until <= now)
    if due:
        assert decide(recording, applied, holds, now + later, circumstances) == decision


@given(**cases, asked=some.instants)
def test_a_request_for_erasure_ends_only_what_nothing_else_ends(recording, applied, holds, now, circumstances, asked):
    rules = counting(applied.policy.rules, recording, circumstances)
    more = replace(circumstances, erasures=(*circumstances.erasures, ErasureRef("d9", asked)))
    before = decide(recording, applied, holds, now, circumstances)
    after = decide(recording, applied, holds, now, more)
    if not rules or not keeps_on(rules):
        assert (after.action, after.keep_until) == (before.action, before.keep_until)
    else:
        assert (after.keep_until or NEVER) <= (before.keep_until or NEVER)
        calm = [reason for reason in after.reasons if reason.code is not ReasonCode.KEEPS_ON]
        for reason in calm:
            if reason.code in {ReasonCode.HOLD, ReasonCode.PERIOD, ReasonCode.GRACE, ReasonCode.EXTENSION}:
                assert (after.keep_until or NEVER) >= (reason.until or NEVER)


# A locked rule.


def baseline(applied: AppliedPolicy) -> AppliedPolicy:
    """Return what a lock promises: the locked rules, and of the others what can only end things."""
    return with_rules(
        applied,
        tuple(
            rule if rule.lock else replace(rule, keep=None, then=Then.DESTROY, clock=clocks.Fact.ENDED)
            for rule in applied.policy.rules
            if rule.lock or rule.erase_by
        ),
    )


def _changed(draw, rule: Rule) -> Rule:
    """Change a rule a little, for better or worse."""
    way = draw(st.integers(0, 7))
    if way == 0:
        return replace(rule, keep=rule.keep and Period(days=draw(st.integers(1, 120))))
    if way == 1:
        return replace(rule, match=Match())
    if way == 2:
        return replace(rule, match=replace(rule.match, queue=rule.match.queue | {"b"}))
    if way == 3:
        return replace(rule, then=draw(st.sampled_from([Then.REVIEW, Then.KEEP]))) if rule.keep else rule
    if way == 4:
        longer = Period(years=1)
        return replace(rule, erase_by=tuple(replace(one, period=longer) for one in rule.erase_by))
    if way == 5:
        return replace(rule, erase_by=rule.erase_by[:1])
    return rule


@st.composite
def revisions(draw):
    """Draw a policy, and one that could come after it."""
    old = draw(some.rich_schedules)
    kept = [_changed(draw, rule) for rule in old.rules if rule.lock or draw(st.booleans())]
    more = draw(st.lists(some.rich_rules, max_size=2))
    new = {rule.name: rule for rule in [*more, *kept]}
    return old, replace(old, rules=tuple(new.values()))


@given(both=revisions(), recording=some.rich_facts, now=nows, circumstances=some.circumstances)
def test_a_policy_that_honours_the_locks_ends_nothing_earlier(both, recording, now, circumstances):
    old, new = (AppliedPolicy(1, policy) for policy in both)
    locked = [rule for rule in counting(old.policy.rules, recording, circumstances) if rule.lock]
    found = violations(old.policy, new.policy)
    event(f"violations: {bool(found)}, locked: {bool(locked)}")
    if locked and not found:
        promised, got = (decide(recording, one, (), now, circumstances) for one in (baseline(old), new))
        assert (got.keep_until or NEVER) >= (promised.keep_until or NEVER)
        assert not (got.action is Action.DESTROY and promised.action is Action.REVIEW and Then.KEEP not in _thens(new))


def _thens(applied: AppliedPolicy) -> set[Then]:
    return {rule.then for rule in applied.policy.rules}


@given(some.rich_schedules, st.data())
def test_a_policy_honours_its_own_locks_in_any_order(policy, data):
    assert violations(policy, replace(policy, rules=tuple(data.draw(st.permutations(policy.rules))))) == []


@given(some.leaf_conditions, some.leaf_conditions, some.rich_facts)
def test_a_wider_condition_holds_wherever_the_narrower_does(one, other, recording):
    wider = replace(one, queue=one.queue | {"b"} if one.queue else one.queue)
    assert is_same_or_wider(wider, one)
    for pair in ((one, other), (wider, one)):
        if is_same_or_wider(*pair) and matches(pair[1], recording):
            assert matches(pair[0], recording)


@given(some.ceilings, some.ceilings, some.rich_facts, some.circumstances)
def test_a_later_ceiling_never_ends_earlier(one, other, recording, circumstances):
    def end(ceiling: Ceiling) -> datetime:
        rule = Rule("r", Match(), None, Then.DESTROY, erase_by=(ceiling,))
        calm = replace(circumstances, erasures=(), extensions=())
        found = decide(recording, AppliedPolicy(1, replace(_EMPTY, rules=(rule,))), (), LATE, calm)
        return found.erase_by or NEVER

    for new in (other, replace(one, period=Period(years=1)), replace(one, unless=other.unless)):
        if is_same_or_later(new, one):
            assert end(new) >= end(one)


_EMPTY = Policy("t", ())
