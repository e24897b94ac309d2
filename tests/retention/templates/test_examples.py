"""Every template, tried on a recording: the dates that follow are those worked out by hand from its citation."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest

from retention.core.circumstances import NOTHING, Circumstances
from retention.core.decide import decide
from retention.core.decision import Action, Decision, ReasonCode
from retention.core.facts import AppliedPolicy, Facts, Segment
from retention.core.stages import transcript_suffices_from
from retention.policy.reader import parse
from retention.policy.templates import Template, adopt, find, library
from tests.retention.templates.examples import EXAMPLES, Example
from vault.model import Kind, RecordingId, State

INSTANT = timedelta(microseconds=1)
LATER = datetime(2200, 1, 1, tzinfo=UTC)


def morning(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(10), UTC)


def midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def facts_of(example: Example) -> Facts:
    return Facts(
        id=RecordingId("0" * 32),
        kind=Kind(example.kind),
        state=State.ARCHIVED,
        ended=morning(example.ended),
        created=morning(example.ended) + timedelta(hours=2),
        industry=example.industry,
        jurisdiction=example.jurisdiction,
        labels=frozenset(example.labels),
        direction=example.direction,
        segments=tuple(Segment(label, 0, 1000) for label in example.segments),
    )


def happened(example: Example) -> Circumstances:
    return Circumstances(events={name: tuple(map(morning, days)) for name, days in example.events.items()})


@cache
def policy_of(*templates: Template, head: str = "") -> AppliedPolicy:
    text = adopt(None, templates, accept_advisory=True)
    return AppliedPolicy(1, parse(text.replace("rules:\n", f"{head}rules:\n", 1)))


def decided(example: Example, now: datetime, *, circumstances: Circumstances | None = None) -> Decision:
    policy = policy_of(*find([example.template]))
    return decide(facts_of(example), policy, (), now, happened(example) if circumstances is None else circumstances)


def name_of(example: Example) -> str:
    return f"{example.template}: {example.law}"


DATED = [example for example in EXAMPLES if example.keep_until is not None]


def test_every_template_has_an_example() -> None:
    assert {example.template for example in EXAMPLES} == {template.id for template in library()}


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_a_recording_is_kept_until_the_day_worked_out_by_hand(example: Example) -> None:
    until = midnight(example.keep_until) if example.keep_until else None
    ceiling = midnight(example.erase_by) if example.erase_by else None
    before = decided(example, until - INSTANT if until else LATER)
    assert (before.action, before.keep_until, before.erase_by) == (Action.KEEP, until, ceiling)


@pytest.mark.parametrize("example", DATED, ids=name_of)
def test_on_that_day_it_goes_to_the_shredder_or_to_a_person(example: Example) -> None:
    decision = decided(example, midnight(str(example.keep_until)))
    assert (decision.action, decision.rule) == (Action(example.then), example.template)
    (citation,) = {reason.citation for reason in decision.reasons if reason.rule}
    assert citation == find([example.template])[0].citation


@pytest.mark.parametrize("example", DATED, ids=name_of)
def test_without_its_events_nothing_ends(example: Example) -> None:
    decision = decided(example, LATER, circumstances=NOTHING)
    rule = find([example.template])[0].rule
    assert (decision.action is Action.KEEP) == bool(rule.events)
    if rule.events:
        assert decision.keep_until is None


@pytest.mark.parametrize("example", [one for one in DATED if one.jurisdiction], ids=name_of)
def test_elsewhere_the_template_says_nothing(example: Example) -> None:
    decision = decided(replace(example, jurisdiction="AQ"), LATER)
    assert [reason.code for reason in decision.reasons] == [ReasonCode.NO_POLICY]


@pytest.mark.parametrize("example", [one for one in DATED if one.industry], ids=name_of)
def test_in_another_industry_the_template_says_nothing(example: Example) -> None:
    decision = decided(replace(example, industry="retail"), LATER)
    assert [reason.code for reason in decision.reasons] == [ReasonCode.NO_POLICY]


@pytest.mark.parametrize("example", [one for one in DATED if one.labels or one.segments], ids=name_of)
def test_without_its_label_the_template_says_nothing(example: Example) -> None:
    bare = decided(replace(example, labels=(), segments=()), LATER)
    rule = find([example.template])[0].rule
    asks = bool(rule.match.labels or rule.match.any_of)
    assert (ReasonCode.NO_POLICY in {reason.code for reason in bare.reasons}) == asks


def test_a_federal_rule_covers_every_state_and_territory() -> None:
    example = next(one for one in EXAMPLES if one.template == "us-regf-debt-calls")
    for place in ("US", "US-CA", "US-WY", "US-DC", "US-PR"):
        assert decided(replace(example, jurisdiction=place), LATER).action is Action.DESTROY, place


def test_a_call_with_a_sales_part_and_an_enrollment_part_stays_for_the_longer_of_both() -> None:
    policy = policy_of(*find(["us-medicare-marketing-sales-calls", "us-medicare-enrollment-calls"]))
    call = facts_of(
        Example("", "", None, industry="medicare", segments=("sales", "enrollment"), ended="2026-11-02"),
    )
    ended = Circumstances(events={"contract-period-ended": (morning("2027-12-31"),)})
    decision = decide(call, policy, (), LATER, ended)
    assert (decision.keep_until, decision.rule) == (midnight("2038-01-02"), "us-medicare-enrollment-calls")
    assert transcript_suffices_from(call, policy, ended) is None


def test_of_a_medicare_sales_call_the_transcript_suffices_after_three_years_of_audio() -> None:
    policy = policy_of(*find(["us-medicare-marketing-sales-calls"]))
    call = facts_of(Example("", "", None, industry="medicare", labels=("marketing",), ended="2026-10-01"))
    assert transcript_suffices_from(call, policy) == midnight("2029-10-03")


def test_an_advisers_chat_counts_from_the_end_of_the_fiscal_year_that_the_policy_names() -> None:
    policy = policy_of(*find(["us-advisers-204-2"]), head="fiscal_year_end: 06-30\n")
    example = next(one for one in EXAMPLES if one.template == "us-advisers-204-2")
    decision = decide(facts_of(example), policy, (), LATER)
    assert decision.keep_until == midnight("2031-07-02")  # 30 June 2026 and 5 years: 30 June 2031


FRENCH = ("fr-assurance-demarchage", "fr-assurance-demarchage-no-contract")


@pytest.mark.parametrize(
    ("events", "keep_until"),
    [
        ({"proposal-open": ("2026-03-31",)}, "2026-05-03"),
        ({"proposal-declined": ("2026-04-02",)}, "2026-04-04"),
        # the open proposal is withdrawn when the contract is signed
        ({"contract-signed": ("2026-04-10",)}, "2028-04-12"),
        # and if that was forgotten, the contract still keeps
        ({"contract-signed": ("2026-04-10",), "proposal-open": ("2026-03-31",)}, "2028-04-12"),
        ({}, None),
    ],
)
def test_a_french_insurance_call_stays_two_years_with_a_contract_and_goes_without(
    events: dict[str, tuple[str, ...]], keep_until: str | None
) -> None:
    example = Example("", "", keep_until, industry="insurance", jurisdiction="FR", labels=("sales",), events=events)
    decision = decide(facts_of(example), policy_of(*find(FRENCH)), (), LATER, happened(example))
    assert decision.keep_until == (midnight(keep_until) if keep_until else None)
    conflict = ReasonCode.CONFLICT in {reason.code for reason in decision.reasons}
    assert conflict == ({"contract-signed", "proposal-open"} <= set(events))
