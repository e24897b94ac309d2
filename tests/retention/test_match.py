"""Conditions: what they cover, and that the reader's judgement of what can never match is right."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations, product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from retention.core.facts import Facts
from retention.policy.language import Policy, Rule, Then
from retention.policy.match import MANY, Match, can_match, fields_asked, form, matches, parts
from retention.policy.periods import Period
from retention.policy.reader import parse
from tests.retention import strategies as some
from vault.model import Consent, Kind, RecordingId, Segment, State

ENDED = datetime(2026, 10, 1, tzinfo=UTC)
CALL = Facts(
    RecordingId("1" * 32), Kind.CALL, State.SEALED, ENDED, ENDED,
    queue="sales", direction="outbound", labels=frozenset({"vip"}), consent="none",
    segments=(Segment("card", 0, 900), Segment("advice", 900, 5000)),
)  # fmt: skip


def read(text: str) -> Match:
    head = "policy: strongroom/policy/v1\ntitle: t\nrules:\n  - {name: r, keep: P1Y, then: destroy, match: "
    return parse(f"{head}{text}}}\n").rules[0].match


@pytest.mark.parametrize(
    ("text", "covers"),
    [
        ("{direction: [inbound, outbound], consent: none}", True),
        ("{direction: internal}", False),
        ("{segments: advice}", True),
        ("{segments: [claim, order]}", False),
        ("{segments: advice, not: {segments: card}}", False),
        ("{agent: a}", False),
        ("{not: {agent: a}}", True),
        ("{any: [{kind: chat}, {queue: sales}]}", True),
        ("{any: [{kind: chat}, {queue: service}]}", False),
        ("{all: [{kind: call}, {queue: sales}], not: {labels: vip}}", False),
        ("{ended: {from: 2026-10-01, before: 2026-10-02}}", True),
        ("{ended: {before: 2026-10-01}}", False),
        ("{ended: {from: 2026-10-02}}", False),
        ("{not: {all: [{kind: call}, {not: {queue: sales}}]}}", True),
    ],
)
def test_a_condition_covers_what_it_says(text, covers):
    assert matches(read(text), CALL) is covers


def test_the_day_of_an_end_is_that_of_utc():
    late = datetime(2026, 9, 30, 20, tzinfo=timezone(timedelta(hours=-5)))  # 1 October in UTC
    assert matches(read("{ended: {from: 2026-10-01}}"), Facts(CALL.id, Kind.CALL, State.SEALED, late, CALL.created))


@pytest.mark.parametrize(
    "ended",
    [None, datetime(2026, 10, 1), datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))],  # noqa: DTZ001
)
def test_an_end_that_is_not_known_lies_in_no_span_of_days(ended):
    unknown = Facts(CALL.id, Kind.CALL, State.SEALED, ended, CALL.created)
    assert not matches(Match(ended_from=date.min), unknown)


@given(some.conditions)
def test_what_a_condition_asks_for_is_told(condition):
    asked = {field for part in parts(condition) for field in part.given}
    days = any(part.ended_from or part.ended_before for part in parts(condition))
    assert fields_asked(condition) == asked | ({"ended"} if days else set())


@given(some.conditions, some.conditions)
def test_conditions_that_say_different_things_have_different_forms(one, other):
    assert (form(one) == form(other)) == (one == other)


# `can_match` against every recording of a small world: three days, two values and one that no condition names.

WORDS = ("a", "b", "other")
SETS = [frozenset(chosen) for size in range(3) for chosen in combinations("ab", size)]
DAYS = [date(2024, 2, 1), date(2024, 2, 2), date(2024, 2, 3)]


class World:
    """One recording of a small world."""

    def __init__(self, ended: datetime, one: dict[str, str | None], many: dict[str, frozenset[str]]) -> None:
        self.ended = ended
        self._one, self._many = one, many

    def one(self, field: str) -> str | None:
        return self._one.get(field)

    def many(self, field: str) -> frozenset[str]:
        return self._many[field]


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


EVERYTHING = [
    World(_at(day), {"kind": kind, "consent": consent, "queue": queue}, dict(zip(MANY, sets, strict=True)))
    for day, kind, consent, queue, sets in product(
        [date(2024, 1, 31), *DAYS], Kind, (Consent.NONE, Consent.EXPLICIT), (None, *WORDS), product(SETS, SETS)
    )
]
small = st.frozensets(st.sampled_from("ab"))
leaves = st.builds(
    Match,
    kind=st.frozensets(st.sampled_from(Kind).map(str)),
    queue=small,
    labels=small,
    segments=small,
    ended_from=st.none() | st.none() | st.sampled_from(DAYS),
    ended_before=st.none() | st.none() | st.sampled_from(DAYS),
)


def _nested(inner: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(inner, max_size=2).map(tuple)
    return st.builds(
        Match, kind=st.frozensets(st.sampled_from(Kind).map(str)), queue=small, labels=small, any_of=several,
        all_of=several, negated=st.none() | inner,
    )  # fmt: skip


@settings(max_examples=250)
@given(st.recursive(leaves, _nested, max_leaves=5))
def test_what_can_match_is_what_matches_something_in_a_whole_small_world(condition):
    assert len(EVERYTHING) > 1000
    possible = any(matches(condition, world) for world in EVERYTHING)
    event(str(possible))
    assert can_match(condition) in {possible, None}


def test_few_conditions_are_too_many_to_tell():
    deep = Match(all_of=tuple(Match(any_of=(Match(queue=frozenset("a")), Match(labels=frozenset("b")))) for _ in "12"))
    assert can_match(deep) is True
    wide = Match(
        all_of=tuple(
            Match(any_of=(Match(labels=frozenset({f"l{n}"})), Match(segments=frozenset({f"s{n}"})))) for n in range(9)
        )
    )
    assert can_match(wide) is None


@given(some.conditions)
def test_a_condition_is_the_same_again_from_its_form(condition):
    rule = Rule("r", condition, Period(years=1), Then.DESTROY)
    wanted = Policy("t", (rule,)).version_digest
    if can_match(condition):
        assert read(_flow(form(condition))) == condition
        assert Policy("t", (replace(rule, match=read(_flow(form(condition)))),)).version_digest == wanted


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(_flow, value)) + "]" if isinstance(value, list) else str(value)
