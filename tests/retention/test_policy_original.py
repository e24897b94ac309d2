"""The key `original` in a policy: read strictly, shown by a plan, agreed to by a second person."""

from datetime import UTC, datetime, timedelta

import pytest

from retention.core.circumstances import NOTHING
from retention.core.ends import counting, scheduled
from retention.core.facts import AppliedPolicy, Facts
from retention.errors import PolicySyntaxError
from retention.plans.policy_plan import Candidate, PolicyPlan, compare, decode, encode, needs_approval
from retention.policy.language import Original, Policy
from retention.policy.locks import weakened
from retention.policy.periods import Period
from retention.policy.reader import parse
from vault.model import Kind, RecordingId, State

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TEXT = """\
policy: strongroom/policy/v1
title: t
rules:
  - name: all
    match: all
    keep: P3Y
    then: destroy
"""
CALL = Facts(RecordingId("1" * 32), Kind.CALL, State.SEALED, NOW - timedelta(days=1), NOW - timedelta(days=1))


def with_original(word: str) -> Policy:
    return parse(f"{TEXT}    original: {word}\n")


def test_a_rule_that_says_nothing_keeps_and_means_the_same_as_one_that_says_so():
    assert parse(TEXT).rules[0].original is Original.KEEP
    assert with_original("keep") == parse(TEXT)
    assert with_original("keep").version_digest == parse(TEXT).version_digest
    assert with_original("destroy").version_digest != parse(TEXT).version_digest


def test_a_period_keeps_the_original_that_long_and_destroys_it_then():
    rule = with_original("P1Y").rules[0]
    assert (rule.original, rule.original_keep) == (Original.DESTROY, Period(years=1))
    assert b'"original":"P1Y"' in with_original("P1Y").canonical()
    digests = {with_original(word).version_digest for word in ("keep", "destroy", "P1Y", "P12M", "P2Y")}
    assert len(digests) == 5


def test_policies_applied_before_the_key_was_there_keep_their_names():
    # the digest of this text as the version without the key had it
    assert parse(TEXT).canonical() == (
        b'{"policy":"strongroom/policy/v1","review":null,"rules":[{"basis":null,"clock":"ended","keep":"P3Y",'
        b'"match":{},"name":"all","then":"destroy"}],"title":"t"}'
    )


@pytest.mark.parametrize("word", ["shred", "DESTROY", "true", "", "[destroy]", "{a: b}", "~", "P0D", "P3Y", "P1H"])
def test_any_other_word_is_refused_with_its_line(word):
    with pytest.raises(PolicySyntaxError, match=r"^line 8: "):
        with_original(word)


def plan(old: Policy | None, new: Policy, facts: Facts = CALL) -> PolicyPlan:
    said = [
        scheduled(counting(facts, AppliedPolicy(3, one) if one else None, NOTHING), facts, NOTHING)
        for one in (old, new)
    ]
    effect = compare([Candidate(facts.id, *said, is_held=False, sealed_bytes=10)], NOW)
    weaker = tuple(weakened(old, new)) if old else ()
    return PolicyPlan("v", new.version_digest, 3 if old else None, effect, NOW, "ada", None, weaker)


def test_turning_it_on_shows_in_the_plan_and_takes_a_second_person():
    made = plan(with_original("keep"), with_original("destroy"))
    assert made.effect.originals_destroyed.count == 1
    assert made.effect.kept_shorter.count == 0
    assert needs_approval(made)
    assert decode(encode(made)) == made


@pytest.mark.parametrize(("old", "new"), [("destroy", "destroy"), ("destroy", "keep"), ("keep", "keep")])
def test_leaving_it_or_turning_it_off_takes_nobody_else(old, new):
    made = plan(with_original(old), with_original(new))
    assert made.effect.originals_destroyed.count == 0
    assert not needs_approval(made)


@pytest.mark.parametrize(("old", "new"), [("P2Y", "P1Y"), ("P1Y", "destroy"), ("keep", "P2Y")])
def test_a_shorter_period_for_the_original_takes_a_second_person(old, new):
    made = plan(with_original(old), with_original(new))
    assert made.effect.originals_destroyed.count == 1
    assert needs_approval(made)
    assert made.weaker == ("rule all: expected the original to be kept as long",)
    assert not needs_approval(plan(with_original(new), with_original(old)))


def test_a_rule_that_kept_originals_and_goes_away_shows_too():
    other = "  - name: claims\n    match: {kind: [call]}\n    keep: P1Y\n    then: destroy\n"
    both = parse(f"{TEXT}    original: destroy\n{other}")
    assert plan(both, with_original("destroy")).effect.originals_destroyed.count == 1
    assert plan(both, with_original("destroy"), Facts(**{**_members(CALL), "kind": Kind.CHAT})).effect.shortens is False


def _members(facts: Facts) -> dict[str, object]:
    return {name: getattr(facts, name) for name in Facts.__slots__}
