"""Adopting writes rules at the end of the list and leaves everything else as its writer left it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.errors import PolicySyntaxError
from retention.policy.reader import parse
from retention.policy.template_errors import AdvisoryTemplateError, PolicyLayoutError, RuleExistsError
from retention.policy.templates import Template, adopt, find, library

SAMPLE = (Path(__file__).parents[3] / "cli" / "samples" / "policy.yaml").read_text(encoding="utf-8")
REGF, BIPA = find(["us-regf-debt-calls", "us-il-bipa"])
REGF_LINES = REGF.text.split("\n")

every_advisory = [template for template in library() if template.advisory]


def added(before: str, after: str) -> list[str]:
    """Return the lines that were added in one place; fails if anything else changed."""
    old, new = before.split("\n"), after.split("\n")
    head = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
    tail = len(old) - head
    assert new[:head] == old[:head]
    assert new[len(new) - tail :] == old[head:]
    return new[head : len(new) - tail]


@pytest.mark.parametrize("template", every_advisory, ids=lambda template: template.id)
def test_every_advisory_template_is_refused_until_that_is_accepted(template: Template) -> None:
    with pytest.raises(AdvisoryTemplateError, match=template.id) as caught:
        adopt(SAMPLE, [REGF, template])
    assert "--accept-advisory" in caught.value.hint
    assert REGF.id not in str(caught.value)
    assert template.rule in parse(adopt(SAMPLE, [template], accept_advisory=True)).rules


@pytest.mark.parametrize("template", [one for one in library() if not one.advisory], ids=lambda template: template.id)
def test_what_was_read_in_primary_text_needs_no_flag(template: Template) -> None:
    assert parse(adopt(None, [template])).rules == (template.rule,)


def test_rules_are_added_at_the_end_under_a_comment_and_the_rest_stays() -> None:
    text = adopt(SAMPLE, [REGF, BIPA])
    block = "".join(f"    {line}\n" for line in REGF_LINES[1:])
    title = "  # Recorded debt-collection calls (Regulation F). Read in primary text.\n"
    assert text.startswith(f"{SAMPLE}\n{title}  - name: us-regf-debt-calls\n{block}\n  # Voiceprints in Illinois")
    assert parse(text) == replace(parse(SAMPLE), rules=(*parse(SAMPLE).rules, REGF.rule, BIPA.rule))


def test_an_advisory_rule_says_so_above_it() -> None:
    (cubi,) = find(["us-tx-cubi"])
    assert "  # Voiceprints in Texas (CUBI). ADVISORY (secondary): have it checked.\n  - name: us-tx-cubi" in adopt(
        SAMPLE, [cubi], accept_advisory=True
    )


def test_a_new_file_is_a_whole_policy() -> None:
    text = adopt(None, [REGF, BIPA])
    assert text.startswith("policy: strongroom/policy/v1\ntitle: Retention schedule\nrules:\n  # ")
    assert text.endswith("740 ILCS 14/15(a)\n")
    assert parse(text).rules == (REGF.rule, BIPA.rule)


TOP = "policy: strongroom/policy/v1\ntitle: T\nrules:\n"
RULE = "  - name: a\n    match: all\n    keep: P1Y\n    then: keep\n"
FLAT = TOP + "- name: a\n  match: all\n  keep: P1Y\n  then: keep\n"
LAYOUTS = {
    "the list is not indented": FLAT,
    "keys come after the rules": TOP.replace("title: T\n", "")
    + RULE
    + "\n# look again\nreview: 2027-01-31\ntitle: T\n",
    "the last line has no end": TOP + RULE.removesuffix("\n"),
    "lines end as on Windows": (TOP + RULE).replace("\n", "\r\n"),
    "Windows, and no end": (TOP + RULE.removesuffix("\n")).replace("\n", "\r\n"),
    "the last rule is in brackets": TOP + "  - {name: a, match: all, keep: P1Y,\n     then: keep}\n",
    "the last value is folded": TOP + RULE + "    basis: >-\n      a law\n      of years\n\n\n# the end\n",
    "folded, and keys come after": TOP.replace("title: T\n", "") + RULE + "    basis: |-\n      a law\ntitle: T\n",
    "folded without an end": TOP + RULE + "    basis: >-\n      a law",
    "the last value goes over lines": TOP + RULE + '    basis: "a law\n      of years"   # which\n',
    "the last value is a condition": TOP
    + "  - name: a\n    keep: P1Y\n    then: keep\n    match:\n      any:\n        - queue: q\n        - labels:\n"
    + "            - x\n            - y\n",
    "a document ends": "---\n" + TOP + RULE + "...\n",
    "an editor put a mark first": "\ufeff" + TOP + RULE,
    "the fiscal year ends in June": "fiscal_year_end: 06-30\n" + TOP + RULE,
    "the dash stands alone": TOP + "    -\n      name: a\n      match: all\n      keep: P1Y\n      then: keep\n",
    "text that looks like a rule": TOP.replace("T", "'rules:'") + RULE + "    basis: '- name: b'\n",
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_is_kept(text: str) -> None:
    advisers = find(["us-advisers-204-2", "us-il-bipa"])
    grown = adopt(text, advisers, accept_advisory=True)
    if text.endswith("\n"):
        new = added(text, grown)
    else:
        end = "\r\n" if "\r\n" in text else "\n"
        new = added(text + end, grown)
    assert all(line.endswith("\r") == ("\r\n" in text) for line in new)
    before, after = parse(text), parse(grown)
    assert after == replace(before, rules=after.rules)
    assert after.rules[:-2] == before.rules
    assert [rule.name for rule in after.rules[-2:]] == ["us-advisers-204-2", "us-il-bipa"]


def test_a_comment_within_the_last_rule_stays_with_it() -> None:
    text = FLAT + "  # a's own\n\n# after all\n"
    grown = adopt(text, [BIPA])
    assert "  then: keep\n  # a's own\n\n# Voiceprints in Illinois" in grown
    assert grown.endswith("740 ILCS 14/15(a)\n\n# after all\n")


def test_a_comment_beside_the_list_stays_below_it() -> None:
    assert adopt(FLAT + "# - name: old\n", [BIPA]).endswith("740 ILCS 14/15(a)\n# - name: old\n")


def test_rules_come_before_the_empty_lines_below_a_folded_value() -> None:
    grown = adopt(LAYOUTS["the last value is folded"], [BIPA])
    assert "      of years\n\n  # Voiceprints in Illinois" in grown
    assert grown.endswith("740 ILCS 14/15(a)\n\n\n# the end\n")


def test_rules_without_lines_between_them_get_none() -> None:
    two = FLAT + "- name: b\n  match: all\n  keep: P1Y\n  then: keep\n"
    assert adopt(two, [REGF, BIPA]).startswith(f"{two}# Recorded")
    assert "\n\n" not in adopt(two, [REGF, BIPA])
    apart = two.replace("- name: b", "\n- name: b")
    assert adopt(apart, [BIPA]).startswith(f"{apart}\n# Voiceprints")


@pytest.mark.parametrize(
    "text",
    [
        "policy: strongroom/policy/v1\ntitle: T\nrules: [{name: a, match: all, keep: P1Y, then: keep}]\n",
        "{policy: strongroom/policy/v1, title: T, rules: [{name: a, match: all, keep: P1Y, then: keep}]}\n",
    ],
)
def test_rules_in_brackets_are_refused(text: str) -> None:
    assert parse(text).rules
    with pytest.raises(PolicyLayoutError, match="brackets") as caught:
        adopt(text, [BIPA])
    assert "- name:" in caught.value.hint


def test_a_rule_of_that_name_is_refused() -> None:
    text = adopt(SAMPLE, [BIPA])
    with pytest.raises(RuleExistsError, match=r"us-il-bipa"):
        adopt(text, [REGF, BIPA])


def test_a_file_that_is_no_policy_is_refused_with_its_lines() -> None:
    with pytest.raises(PolicySyntaxError, match="line 3"):
        adopt("policy: strongroom/policy/v1\ntitle: T\nrules: all\n", [BIPA])


def test_a_file_that_would_become_too_long_is_refused() -> None:
    text = SAMPLE + "# x\n" * ((256 * 1024 - len(SAMPLE)) // 4)
    assert parse(text).rules
    with pytest.raises(PolicySyntaxError, match="at most"):
        adopt(text, [BIPA])


comments = st.sampled_from(["", "", "# a note", "    # deeper", "  # as the list", "\t# tab", "# - name: old"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A policy file as people lay it out: indentation, comments, empty lines, brackets, the order of keys."""
    indent, inner = " " * draw(st.integers(0, 4)), " " * draw(st.integers(2, 4))
    rules = []
    for number in range(draw(st.integers(1, 3))):
        name = f"r{number}"
        if draw(st.booleans()):
            rules.append(f"{indent}- {{name: {name}, match: all, keep: P1Y, then: review}}  # short")
        else:
            keys = draw(st.permutations(["match: {queue: [a, b]}", "keep: P1Y", "then: review", "basis: a # law"]))
            dash = "-" + inner[1:]
            rules += [f"{indent}{dash}name: {name}", *(f"{indent}{inner}{key}" for key in keys)]
        rules += draw(st.lists(comments.filter(lambda line: "\t" not in line), max_size=2))
    parts = draw(
        st.permutations([["policy: strongroom/policy/v1"], ["title: T"], ["review: 2027-01-31"], ["rules:", *rules]])
    )
    lines = [line for part in parts for line in (*part, *draw(st.lists(st.sampled_from(["", "# about"]), max_size=2)))]
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(max_examples=100, deadline=None)
@given(files(), st.lists(st.sampled_from(library()), min_size=1, max_size=3, unique=True))
def test_adopting_adds_the_rules_and_nothing_else_whatever_the_layout(text: str, templates: list[Template]) -> None:
    before = parse(text)
    grown = adopt(text, templates, accept_advisory=True)
    assert parse(grown) == replace(before, rules=(*before.rules, *(one.rule for one in templates)))
    end = "\r\n" if "\r\n" in text else "\n"
    assert grown.split(end) == grown.splitlines() + ([""] if grown.endswith(end) else [])
    is_ended = text.endswith(end) or not grown.endswith(end)  # a last line gets its end only where rules follow it
    new = added(text if is_ended else text + end, grown)
    assert [line.strip()[8:] for line in new if line.strip().startswith("- name: ")] == [one.id for one in templates]
