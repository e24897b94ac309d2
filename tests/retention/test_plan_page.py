"""The page of a policy plan: everything it says is escaped, stands alone, and is what the plan counted."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.plans import policy_plan
from retention.plans.page import el, page, size
from retention.plans.plan_page import EFFECTS, Standing, next_steps, reasons, render
from retention.plans.policy_plan import PolicyEffect, PolicyPlan, Tally
from retention.plans.review_date import due_for_a_look
from retention.policy.language import Policy
from vault.model import RecordingId

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ID = RecordingId("0" * 31 + "7")
PROPOSED = Standing("proposed", ["rita", "rob"], [])
PLAN = PolicyPlan("v", "ab" * 32, 3, PolicyEffect(), NOW, "ada", ID)


def plan(**changes: object) -> PolicyPlan:
    weaker = changes.pop("weaker", ())
    return replace(PLAN, effect=replace(PLAN.effect, **changes), weaker=weaker)


class Reader(HTMLParser):
    """Collects what a browser would: elements, attributes, and the text between."""

    VOID = ("meta",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(texts, texts)
def test_whatever_an_element_is_told_is_text_and_no_markup(text, attribute):
    found = Reader(str(el("p", text, title=attribute)))
    assert found.elements == ["p"]
    assert "".join(found.text) == text
    assert found.attributes == [("title", attribute)]


@given(st.lists(st.sampled_from(["<script>alert(1)</script>", "\"'>&", "rule a"]), max_size=3), texts)
def test_a_page_has_no_element_that_a_plan_brought_along(weaker, name):
    hostile = replace(plan(weaker=tuple(weaker)), vault=f"<img src=x>{name}", created_by=name)
    page_of = Reader(render("p<i>", hostile, Standing("proposed", [name], [f"{name} (records)"])))
    assert not {"script", "img", "i", "link", "iframe"} & set(page_of.elements)
    assert not [at for at, value in page_of.attributes if at.startswith("on") or at in {"src", "href"}]


def test_a_page_stands_alone():
    text = render("p", PLAN, PROPOSED)
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in text
    assert not re.findall(r"https?:|url\(|@import", text)
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_a_page_says_what_the_plan_counted_and_names_its_digest():
    counted = {name: Tally(1000 + at, 10**9 * (at + 1), (ID,)) for at, name in enumerate(EFFECTS)}
    made = plan(**counted)
    text = "\n".join(Reader(render("p", made, PROPOSED)).text)
    for at, words in enumerate(EFFECTS.values()):
        assert words in text
        assert f"{1000 + at:,}" in text
        assert size(10**9 * (at + 1)) in text
    assert policy_plan.digest(made) in text
    assert made.policy_digest in text
    assert ID in text


def test_the_effects_told_are_all_there_are():
    assert set(EFFECTS) == set(PolicyEffect.__slots__)


def test_the_chart_has_a_column_for_each_horizon_as_high_as_its_count():
    text = render("p", plan(due_in_90_days=Tally(5, 1), due_in_365_days=Tally(10, 1)), PROPOSED)
    columns = re.findall(r'height="([0-9.]+)"[^>]*><title>([0-9]+ days), recordings due by then', text)
    heights = {label: float(height) for height, label in columns}
    assert set(heights) == {"90 days", "365 days"}
    assert heights["365 days"] == pytest.approx(2 * heights["90 days"], rel=0.01)


@pytest.mark.parametrize("name", ["kept_shorter", "review_dropped", "originals_destroyed"])
def test_what_takes_away_asks_for_a_second_person_and_says_why(name):
    made = plan(**{name: Tally(7, 70)})
    assert policy_plan.needs_approval(made)
    assert any(text.startswith("7 recordings") for text in reasons(made))
    assert "A second person must agree" in render("p", made, PROPOSED)
    assert next_steps("p", made, PROPOSED)[0].startswith("strongroom policy approve p")
    assert "rita, rob" in next_steps("p", made, PROPOSED)[0]


def test_a_weaker_rule_asks_for_a_second_person_though_nothing_matches_it():
    made = plan(weaker=("rule r: expected keep of at least P3Y, got P1Y",))
    assert reasons(made) == ["rule r: expected keep of at least P3Y, got P1Y."]
    assert "Rules that keep less than before" in render("p", made, PROPOSED)


def test_a_plan_that_only_lengthens_needs_nobody():
    made = plan(kept_longer=Tally(7, 70), due_now=Tally(1, 1))
    assert reasons(made) == []
    assert "no second person has to agree" in render("p", made, PROPOSED)
    assert [line.split()[2] for line in next_steps("p", made, PROPOSED)] == ["apply"]


def test_a_plan_that_is_approved_or_applied_says_so():
    made = plan(kept_shorter=Tally(7, 70))
    signed = Standing("proposed", ["rita"], ["rob (records)"])
    assert [line.split()[2] for line in next_steps("p", made, signed)] == ["apply"]
    assert "Approved by rob (records)." in render("p", made, signed)
    assert "nothing is left to run" in next_steps("p", made, replace(signed, state="applied"))[0]
    assert "Nobody in this vault may do that yet" in render("p", made, Standing("proposed", [], []))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_500_000, "1.5 MB"),
        (10**9, "1 GB"),
        (5 * 10**15, "5,000 TB"),
    ],
)
def test_sizes_are_decimal(number, words):
    assert size(number) == words


def test_a_page_escapes_its_title():
    assert "<title>a &lt;b&gt;</title>" in page("a <b>")


@pytest.mark.parametrize(
    ("days", "words"),
    [(31, None), (30, "by 2026-07-01 (30 days)"), (0, "by 2026-06-01 (0 days)"), (-1, "since 2026-05-31 (1 days)")],
)
def test_rules_are_due_for_a_look_thirty_days_before_their_review_date(days, words):
    policy = Policy("t", (), review=NOW.date() + timedelta(days=days))
    late = due_for_a_look(policy, NOW)
    assert late is None if words is None else words in str(late)
    assert due_for_a_look(replace(policy, review=None), NOW) is None
    assert due_for_a_look(replace(policy, review=date.max), NOW) is None
