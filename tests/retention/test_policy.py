"""The policy language: what it says, what it refuses, and where it says so."""

import random
import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import PolicySyntaxError
from retention.policy.clocks import Fact
from retention.policy.language import Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from retention.policy.reader import parse

FULL = """\
policy: strongroom/policy/v1
title: Contact centre schedule
review: 2027-01-31            # a person should look at it then
rules:
  - name: us-regf-calls
    match:
      kind: [call]
      industry: debt-collection
      jurisdiction: US
      queue: [collections-1, collections-2]
      labels: [complaint]
    keep: P3Y
    clock: ended
    then: destroy
    basis: 12 CFR 1006.100(b)
  - name: everything
    match: all
    keep: P90D
    then: review
"""

SAME_IN_OTHER_WORDS = """\
%s# Another hand wrote this one.
"rules":
- {then: review, keep: P90D, match: "all", name: 'everything'}
- basis: "12 CFR 1006.100(b)"
  then: destroy
  keep: P3Y
  name: us-regf-calls
  match: {labels: complaint, jurisdiction: [US], industry: [debt-collection], kind: call,
          queue: [collections-2, collections-1]}

review: '2027-01-31'
title: >-
  Contact centre
  schedule
policy: strongroom/policy/v1
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PolicySyntaxError) as caught:
        parse(text)
    return str(caught.value).split("\n")


def test_a_policy_says_what_is_written():
    assert parse(FULL) == Policy(
        title="Contact centre schedule",
        review=date(2027, 1, 31),
        rules=(
            Rule(
                name="us-regf-calls",
                match=Match(
                    kind=frozenset({"call"}),
                    industry=frozenset({"debt-collection"}),
                    jurisdiction=frozenset({"US"}),
                    queue=frozenset({"collections-1", "collections-2"}),
                    labels=frozenset({"complaint"}),
                ),
                keep=Period(years=3),
                then=Then.DESTROY,
                clock=Fact.ENDED,
                basis="12 CFR 1006.100(b)",
            ),
            Rule(name="everything", match=Match(), keep=Period(days=90), then=Then.REVIEW),
        ),
    )


@pytest.mark.parametrize("start", ["", "\ufeff", "---\n"])
def test_the_digest_sees_through_comments_order_and_style(start):
    other = parse(SAME_IN_OTHER_WORDS % start)
    assert other.canonical() == parse(FULL).canonical()
    assert other.version_digest == parse(FULL).version_digest
    assert other.version_digest == parse(FULL.replace("\n", "\r\n")).version_digest


def test_the_canonical_form_is_pinned():
    # Stored digests name policies for decades: whoever changes this form breaks every one of them.
    assert parse(FULL).canonical().decode() == (
        '{"policy":"strongroom/policy/v1","review":"2027-01-31","rules":['
        '{"basis":null,"clock":"ended","keep":"P90D","match":{},"name":"everything","then":"review"},'
        '{"basis":"12 CFR 1006.100(b)","clock":"ended","keep":"P3Y","match":{"industry":["debt-collection"],'
        '"jurisdiction":["US"],"kind":["call"],"labels":["complaint"],"queue":["collections-1","collections-2"]},'
        '"name":"us-regf-calls","then":"destroy"}],"title":"Contact centre schedule"}'
    )
    assert parse(FULL).version_digest == "1a7faef415d4831c5f39c303f849a97b4e174d509f2e51bb968dee29cb1285f8"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Contact centre schedule", "Contact center schedule"),
        ("2027-01-31", "2027-02-01"),
        ("us-regf-calls", "us-regf-call"),
        ("[call]", "[call, chat]"),
        ("collections-2", "collections-3"),
        ("jurisdiction: US", "jurisdiction: UK"),
        ("keep: P3Y", "keep: P36M"),
        ("then: destroy", "then: review"),
        ("12 CFR 1006.100(b)", "12 CFR 1006.100(a)"),
        ("labels: [complaint]", "labels: [vip]"),
    ],
)
def test_the_digest_changes_with_the_meaning(old, new):
    assert parse(FULL.replace(old, new)).version_digest != parse(FULL).version_digest


def test_scalars_are_the_text_that_stands_there():
    text = FULL.replace("jurisdiction: US", "jurisdiction: [NO, on, 1e3, 0x10, 1_000, 2027-01-31]")
    assert parse(text).rules[0].match.jurisdiction == {"NO", "on", "1e3", "0x10", "1_000", "2027-01-31"}


def test_two_rules_may_match_alike():
    twin = FULL + "  - {name: everything-2, match: all, keep: P1Y, then: destroy}\n"
    assert [rule.match for rule in parse(twin).rules[1:]] == [Match(), Match()]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("policy/v1", "policy/v2", "line 1: expected strongroom/policy/v1, got 'strongroom/policy/v2' (column 9)"),
        ("title: Contact centre schedule", "title:", "line 2: expected text, got nothing (column 7)"),
        ("title: Contact centre schedule", "title: ~", "line 2: expected text, got nothing (column 8)"),
        ("title: Contact centre schedule", "title: [a]", "line 2: expected text, got a list (column 8)"),
        (
            "title:",
            "titel:",
            "line 2: expected one of the keys policy, title, rules, review, fiscal_year_end, got 'titel' (column 1)",
        ),
        (
            "title:",
            "<<:",
            "line 2: expected one of the keys policy, title, rules, review, fiscal_year_end, got '<<' (column 1)",
        ),
        (
            "title:",
            "? [a]\n:",
            "line 2: expected one of the keys policy, title, rules, review, fiscal_year_end, got a list (column 3)",
        ),
        ("2027-01-31 ", "2027-02-29 ", "line 3: expected a date such as 2027-01-31, got '2027-02-29' (column 9)"),
        ("2027-01-31 ", "20270131 ", "line 3: expected a date such as 2027-01-31, got '20270131' (column 9)"),
        ("2027-01-31 ", "2027-W05-1 ", "line 3: expected a date such as 2027-01-31, got '2027-W05-1' (column 9)"),
        (
            "name: us-regf-calls",
            "name: US_RegF",
            "line 5: expected a name of a-z (at least one), 0-9 and '-', at most 64 long, got 'US_RegF' (column 11)",
        ),
        ("name: everything", "name: us-regf-calls", "line 16: expected each rule name once, got 'us-regf-calls' again"),
        ("kind: [call]", "kind: [call, fax]", "line 7: expected call, chat, screen, got 'fax' (column 20)"),
        ("kind: [call]", "kind: []", "line 7: expected at least one item, got an empty list (column 13)"),
        ("kind: [call]", "kind: [call, call]", "line 7: expected each value once, got 'call' again (column 20)"),
        ("kind: [call]", "kind: [[call]]", "line 7: expected text, got a list (column 14)"),
        ("kind: [call]", "kind: {call: chat}", "line 7: expected a list, got keys with values (column 13)"),
        (
            "kind: [call]",
            "caller: [a]",
            "line 7: expected one of the keys kind, media_type, direction, agent, seat, queue",
        ),
        ("industry: debt", "kind: chat\n      industry: debt", "line 8: expected each key once, got 'kind' again"),
        ("jurisdiction: US", "jurisdiction: ''", "line 9: expected one line of visible text"),
        ("jurisdiction: US", "jurisdiction: ' US'", "line 9: expected one line of visible text"),
        ("jurisdiction: US", 'jurisdiction: "U\\u200bS"', "line 9: expected one line of visible text"),
        ("jurisdiction: US", "jurisdiction: null", "line 9: expected text, got nothing (column 21)"),
        ("jurisdiction: US", "jurisdiction: &us US", "line 9: expected no anchors, got &us (column 21)"),
        ("jurisdiction: US", "jurisdiction: !!str US", "line 9: expected no tags, got 'tag:yaml.org,2002:str'"),
        ("jurisdiction: US", "jurisdiction: ! US", "line 9: expected no tags, got '!' (column 21)"),
        ("keep: P3Y", "keep: 3 years", "line 12: expected a period such as P3Y, P25M, P1Y6M, P90D or P2W, got"),
        ("keep: P3Y", "keep: P0D", "line 12: expected a period such as P3Y, P25M, P1Y6M, P90D or P2W, got 'P0D'"),
        ("keep: P3Y", "keep: P300Y", "line 12: expected a period of at most 200 years, got P300Y (column 11)"),
        (
            "    keep: P3Y\n    clock: ended\n",
            "",
            "line 5: expected the key 'keep', 'erase_by' or both: this rule says noth",
        ),
        (
            "clock: ended",
            "clock: started",
            "line 13: expected ended, created, 'event NAME', 'first NAME', 'last NAME' or",
        ),
        ("then: destroy", "then: purge", "line 14: expected destroy, review, keep or {review: ROLE}, got 'purge' (col"),
        ("basis: 12 CFR 1006.100(b)", "basis: |\n      a\n      b", "line 15: expected one line of visible text"),
        ("match: all", "match: {}", "line 17: expected 'all' or some of the keys kind, media_type, direction"),
        ("match: all", "match: everything", "line 17: expected 'all' or some of the keys"),
        ("match: all", "match:", "line 17: expected 'all' or some of the keys"),
        ("match: all", "match: [all]", "line 17: expected 'all' or some of the keys"),
        ("then: review", "then: review\n    then: destroy", "line 20: expected each key once, got 'then' again"),
        ("then: review", "then: review\n---\na: b", "line 20: expected plain YAML, got: expected a single document"),
        ("policy: strong", "%YAML 1.1\n---\npolicy: strong", "line 1: expected no directives, got one before '---'"),
        (
            "title: Contact",
            "title: *x\n# Contact",
            "line 2: expected plain YAML, got: the alias *x in place of a value (column 8)",
        ),
        (
            "title: Contact",
            "title: a: Contact",
            "line 2: expected plain YAML, got: mapping values are not allowed here",
        ),
        ("title: Contact", "title: \u202eContact", "line 2: expected visible characters, got U+202E (column 8)"),
        ("a person should", "a\u2028rules: []", "line 3: expected visible characters, got U+2028 (column 34)"),
        ("a person should", "a\rrules: []", "line 3: expected visible characters, got U+000D (column 34)"),
        ("title: Contact", "title: \ufffeContact", "line 1: expected YAML, got characters"),
        ("title: Contact", 'title: "\\U00110000"\n#', "line 1: expected YAML, got characters"),
        ("title: Contact", f"title: {'x' * 500}", "line 2: expected at most 500 characters, got 516 (column 8)"),
    ],
)
def test_a_problem_is_told_with_its_line(old, new, problem):
    assert FULL.count(old) >= 1
    told = problems(FULL.replace(old, new, 1))
    assert [line.startswith(problem) for line in told].count(True) == 1
    assert len(told) <= 1 + ("missing" in told[0])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: expected a policy, got an empty file (column 1)"),
        ("# nothing\n", "line 1: expected a policy, got an empty file (column 1)"),
        ("- a", "line 1: expected the keys policy, title, rules, review, fiscal_year_end, got a list (column 1)"),
        (
            "yes",
            "line 1: expected the keys policy, title, rules, review, fiscal_year_end, got the text 'yes' (column 1)",
        ),
        ("[" * 100_000, "line 1: expected plain YAML, got: more than 16 levels of nesting (column 17)"),
        ("#" * 262_145, "line 1: expected a file of at most 262144 characters, got 262145 (column 1)"),
        ("policy: &a [*a]", "line 1: expected no anchors, got &a (column 9)"),
        ("[*a]", "line 1: expected plain YAML, got: the alias *a in place of a value (column 2)"),
    ],
)
def test_what_is_no_policy_at_all_is_refused(text, problem):
    assert problems(text)[0] == problem


def test_rules_are_a_list_with_something_in_it():
    head = FULL[: FULL.index("rules:")]
    assert problems(head + "rules: []") == ["line 4: expected at least one item, got an empty list (column 8)"]
    assert problems(head + "rules: all") == ["line 4: expected a list, got the text 'all' (column 8)"]
    assert problems(head) == ["line 1: expected the key 'rules', which is missing (column 1)"]


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    wrong = (
        FULL.replace("title: C", "title: &c C")
        .replace("[call]", "[fax]")
        .replace("P3Y", "P3H")
        .replace("clock: ended", "colour: red")
        .replace("then: review", "then: !!str purge")
    )
    assert [line.partition(":")[0] for line in problems(wrong)] == [
        "line 2", "line 7", "line 12", "line 13", "line 19", "line 19",
    ]  # fmt: skip


words = st.text(string.ascii_letters + string.digits + " .:#'\"-[]{}&*!%@`|>,?\\é中", min_size=1, max_size=20).filter(
    lambda word: word == word.strip()
)
matches = st.builds(
    Match,
    kind=st.frozensets(st.sampled_from(["call", "chat", "screen"])),
    industry=st.frozensets(words, max_size=3),
    jurisdiction=st.frozensets(words, max_size=3),
    queue=st.frozensets(words, max_size=3),
    labels=st.frozensets(words, max_size=3),
)
rules = st.builds(
    Rule,
    name=st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=10).filter(
        lambda name: any(c.isalpha() for c in name)
    ),
    match=matches,
    keep=st.builds(Period, years=st.integers(1, 100), months=st.integers(0, 11)),
    then=st.sampled_from(Then),
    basis=st.none() | words,
)
policies = st.builds(
    Policy,
    title=words,
    rules=st.lists(rules, min_size=1, max_size=4, unique_by=lambda rule: rule.name).map(tuple),
    review=st.none() | st.dates(),
)


def quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def written(policy: Policy, order: random.Random) -> str:
    """Write a policy as a file, with everything that has no order in any order."""
    blocks = []
    for rule in policy.rules:
        match = [
            f"{key}: [{', '.join(order.sample(values, len(values)))}]"
            for key in ("kind", "industry", "jurisdiction", "queue", "labels")
            if (values := [quoted(value) for value in getattr(rule.match, key)])
        ]
        order.shuffle(match)
        lines = [
            f"name: {quoted(rule.name)}",
            f"match: {{{', '.join(match)}}}" if match else "match: all",
            f"keep: {rule.keep}",
            f"then: {rule.then}",
            *(["clock: ended"] if order.random() < 0.5 else []),
            *([f"basis: {quoted(rule.basis)}"] if rule.basis else []),
        ]
        order.shuffle(lines)
        blocks.append("- " + "\n  ".join(lines))
    order.shuffle(blocks)
    head = [f"title: {quoted(policy.title)}", "policy: strongroom/policy/v1", "rules:\n" + "\n".join(blocks)]
    head += [f"review: {policy.review}"] if policy.review else []
    order.shuffle(head)
    return "\n".join(head)


@given(policies, st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_a_policy_is_the_same_again_from_its_stored_text(policy, one_way, another):
    read = parse(written(policy, one_way))
    assert sorted(read.rules, key=lambda rule: rule.name) == sorted(policy.rules, key=lambda rule: rule.name)
    assert (read.title, read.review) == (policy.title, policy.review)
    assert read.version_digest == policy.version_digest == parse(written(policy, another)).version_digest


@given(st.text(max_size=60) | st.text("[]{}&*!-:?|>'\"%#,\\ \nax01~", max_size=60))
def test_any_other_text_is_refused_with_a_line(text):
    for line in problems(text):
        assert line.startswith("line ")


@given(st.integers(0, len(FULL) - 1), st.sampled_from(["", "\n", " ", "\t", ":", "'", '"', "&", "[", "\x00", "\ud800"]))
def test_a_slip_of_the_hand_never_crashes_the_reader(place, slip):
    text = FULL[:place] + slip + FULL[place + 1 :]
    try:
        policy = parse(text)
    except PolicySyntaxError:
        assert problems(text)[0].startswith("line ")
    else:
        assert parse(text).version_digest == policy.version_digest
