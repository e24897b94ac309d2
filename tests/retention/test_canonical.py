"""One canonical form for the whole language: the same again from a file, and old policies keep their names."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from keys import canonical
from retention.policy import clocks, match
from retention.policy.clocks import OfSeveral, Year, YearEnd
from retention.policy.language import REVIEWERS, Original, Rule, Then
from retention.policy.reader import parse
from retention.policy.sense import problems_of
from tests.retention import strategies as some

OLD = """\
policy: strongroom/policy/v1
title: 'Überall: 1'
rules:
  - {name: b-2, match: {kind: [screen, call], labels: [z, a]}, keep: P2W, then: review, original: destroy}
  - {name: a, match: all, keep: P1Y6M, then: destroy, original: keep, clock: ended}
  - {name: c, match: {queue: "no", jurisdiction: [NO, "2027"]}, keep: P730D, then: destroy, basis: Bokføringsloven § 13}
"""


def test_a_policy_of_the_first_language_keeps_its_name():
    # computed by the reader as it was before clocks, ceilings and conditions
    assert parse(OLD).version_digest == "ca2e9617224dfb72fe5235000d7e328796069cd39bd8c498fc928d726bfe4366"


def _fiscal(clock: clocks.Clock, month_day: tuple[int, int]) -> clocks.Clock:
    if isinstance(clock, YearEnd):
        inner = _fiscal(clock.clock, month_day)
        return YearEnd(clock.year, inner, *(month_day if clock.year is Year.FISCAL else (12, 31)))
    if isinstance(clock, OfSeveral):  # two fiscal years may have become one
        return replace(clock, clocks=tuple(_fiscal(one, month_day) for one in clock.clocks))
    return clock


def _readable(rule: Rule, month_day: tuple[int, int]) -> Rule:
    """Return the rule with the policy's fiscal year in every clock."""
    ceilings = tuple(replace(one, clock=_fiscal(one.clock, month_day)) for one in rule.erase_by)
    return replace(rule, clock=_fiscal(rule.clock, month_day), erase_by=ceilings)


def _doubled(clock: clocks.Clock) -> bool:
    if isinstance(clock, OfSeveral):
        return len(set(clock.clocks)) < len(clock.clocks) or any(map(_doubled, clock.clocks))
    return isinstance(clock, YearEnd) and _doubled(clock.clock)


def written(rule: Rule) -> str:
    """Return the rule as one line of a policy file."""
    value: dict[str, object] = {"name": rule.name, "match": "all" if rule.match.is_all else match.form(rule.match)}
    if rule.keep is not None:
        value |= {"keep": str(rule.keep), "clock": clocks.form(rule.clock)}
    then = {"review": sorted(map(str, rule.reviewers))} if rule.reviewers else str(rule.then)
    value |= {"then": then} if rule.keep is not None or rule.then is not Then.DESTROY else {}
    if rule.erase_by:
        value["erase_by"] = [
            {"period": str(one.period), "clock": clocks.form(one.clock)}
            | ({"unless": match.form(one.unless)} if one.unless else {})
            for one in rule.erase_by
        ]
    if rule.original is Original.DESTROY:
        value["original"] = str(rule.original_keep or "destroy")
    for key in ("once", "basis", "transcript_suffices_after", "archive_after"):
        if (given := getattr(rule, key)) is not None:
            value[key] = str(given)
    value |= {"lock": "true"} if rule.lock else {}
    return canonical.encode(value).decode()  # type: ignore[arg-type] # JSON is YAML too


@given(policy=some.rich_schedules, fiscal=st.none() | some.month_ends, data=st.data())
def test_a_policy_of_the_whole_language_is_the_same_again_from_its_file(policy, fiscal, data):
    rules = tuple(
        rule
        for rule in (_readable(rule, fiscal or (12, 31)) for rule in policy.rules)
        if not list(problems_of(rule, said=frozenset())) and not any(map(_doubled, rule.clocks))
    )
    assume(rules)
    policy = replace(policy, rules=rules, fiscal_year_end=fiscal)
    head = ["policy: strongroom/policy/v1", "title: t"]
    head += ["fiscal_year_end: {:02d}-{:02d}".format(*fiscal)] if fiscal else []
    for order in (rules, data.draw(st.permutations(rules))):
        read = parse("\n".join([*head, "rules:", *(f"- {written(rule)}" for rule in order)]))
        assert read == replace(policy, rules=tuple(order))
        assert read.version_digest == policy.version_digest


@given(some.rich_schedules, some.rich_schedules)
def test_two_policies_have_one_digest_only_if_they_say_the_same(one, other):
    def by_name(policy):
        return sorted((_readable(rule, (12, 31)) for rule in policy.rules), key=lambda rule: rule.name)

    one, other = (replace(policy, rules=tuple(by_name(policy))) for policy in (one, other))
    assert (one.version_digest == other.version_digest) == (one == other)
    for rule in one.rules:
        for changed in (
            replace(rule, lock=not rule.lock),
            replace(rule, once="another"),
            replace(rule, erase_by=rule.erase_by[1:]) if rule.erase_by else replace(rule, basis="another"),
            replace(rule, reviewers=rule.reviewers ^ frozenset(REVIEWERS)),
        ):
            others = tuple(changed if each is rule else each for each in one.rules)
            assert replace(one, rules=others).version_digest != one.version_digest
