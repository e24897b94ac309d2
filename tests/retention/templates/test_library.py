"""The library: every file is read strictly, every template is whole and says one thing in all its places."""

import re
from importlib import resources

import pytest

from retention.policy.language import Then
from retention.policy.match import Match, matches
from retention.policy.reader import parse
from retention.policy.template_errors import TemplateLibraryError, TemplateNotFoundError
from retention.policy.templates import ALL, Certainty, Template, adopt, find, library, matching, read_library
from tests.docs.pages import DOCS
from tests.retention.templates import make_page
from tests.retention.templates.examples import EXAMPLES
from tests.retention.templates.test_examples import facts_of

NAMED_BY_THE_ISSUE = {
    *("us-sec-17a4-communications", "us-finra-3170-taping", "us-cftc-oral", "us-cftc-written", "us-regf-debt-calls"),
    *("us-regf-debt-records", "us-tsr-general", "us-regz", "us-rege", "us-hipaa-documentation"),
    *("us-medicare-marketing-sales-calls", "us-medicare-enrollment-calls", "pci-331-sad", "eu-mifid2-recording"),
    *("uk-fca-sysc10a", "de-wphg-83", "us-il-bipa", "fr-assurance-demarchage", "br-sac-calls"),
}
STATES = {value for value in find(["us-regz"])[0].rule.match.jurisdiction if value.startswith("US-")}

every = pytest.mark.parametrize("template", library(), ids=lambda template: template.id)


def test_at_least_forty_templates_and_all_that_are_asked_for() -> None:
    ids = [template.id for template in library()]
    assert len(ids) == len(set(ids)) >= 40
    assert set(ids) >= NAMED_BY_THE_ISSUE


@every
def test_its_rule_is_named_and_founded_as_it_is(template: Template) -> None:
    assert (template.rule.name, template.rule.basis) == (template.id, template.citation)


@every
def test_what_people_read_of_where_it_applies_is_what_the_rule_matches(template: Template) -> None:
    for said, meant in (
        (template.industry, template.rule.match.industry),
        (template.jurisdiction, template.rule.match.jurisdiction),
    ):
        assert (set(said) == {ALL}) == (not meant)
        assert set(said) - {ALL} <= meant
    if template.industry != (ALL,):
        assert set(template.industry) == template.rule.match.industry


@every
def test_a_country_is_meant_with_all_its_parts_and_a_union_with_all_its_members(template: Template) -> None:
    meant = template.rule.match.jurisdiction
    said = set(template.jurisdiction)
    expected = said - {ALL}
    if "US" in said:
        expected |= STATES
    if "EU" in said:
        expected |= find(["eu-mifid2-records"])[0].rule.match.jurisdiction
    assert meant == expected
    assert len(STATES) == 50 + 1 + 6  # states, the district, outlying areas
    assert all(re.fullmatch(r"[A-Z]{2}(-[A-Z]{2})?", value) for value in meant), "what ingest takes"


@every
def test_what_rests_on_memory_asks_a_person_before_anything_goes(template: Template) -> None:
    waits_for_a_person = template.rule.then is Then.REVIEW
    if template.certainty is Certainty.MEMORY and not waits_for_a_person:
        # a person or a system of theirs says that the purpose has ended: nothing runs out by itself
        assert template.rule.keep is None
        assert template.rule.events == {"purpose-satisfied"}


@every
def test_advisory_is_everything_that_was_not_read_in_primary_text(template: Template) -> None:
    assert template.advisory == (template.certainty is not Certainty.PRIMARY)
    assert template.sources or template.certainty is Certainty.MEMORY


@every
def test_its_words_are_sentences(template: Template) -> None:
    assert template.covers.endswith(".")
    assert template.note.endswith(".")
    assert " - " not in template.covers + template.note
    assert len(template.title) <= 80


def test_what_is_about_documents_says_that_it_is_no_call_rule() -> None:
    for one in find(["us-hipaa-documentation", "us-sox-audit-workpapers", "us-fcc-toll-records"]):
        assert one.note.startswith("Not a call rule")
        assert one.rule.match.labels


def test_every_event_and_label_is_explained_on_the_page_and_no_other() -> None:
    text = (DOCS / "templates.md").read_text(encoding="utf-8")
    for heading, used in (
        ("Events", {name for one in library() for name in one.rule.events}),
        ("Labels", {label for one in library() for part in _parts(one.rule.matches) for label in part.labels}),
        ("Industries", {value for one in library() for value in one.rule.match.industry}),
    ):
        section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        explained = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE))
        assert explained == used, heading


def _parts(found: tuple[Match, ...]) -> list[Match]:
    return [part for match in found for part in (match, *match.any_of, *match.all_of)]


def test_the_page_has_the_table_of_all_templates() -> None:
    assert make_page.PAGE.read_text(encoding="utf-8") == make_page.page(), (
        "run python -m tests.retention.templates.make_page"
    )


def test_every_library_file_holds_templates() -> None:
    names = {file.name for file in resources.files("retention.policy.library").iterdir() if file.name != "__init__.py"}
    yaml_files = {name for name in names if name.endswith(".yaml")}
    assert names - yaml_files <= {"__pycache__"}
    assert len(yaml_files) > 5


def test_find_returns_each_once_in_the_order_asked_for() -> None:
    assert [one.id for one in find(["us-regz", "br-sac-calls", "us-regz"])] == ["us-regz", "br-sac-calls"]


def test_a_misspelt_id_is_told_its_neighbours() -> None:
    with pytest.raises(TemplateNotFoundError, match=r"'us-regz-calls'; did you mean .*us-regf-debt-calls"):
        find(["us-regf-debt-calls", "us-regz-calls"])
    with pytest.raises(TemplateNotFoundError, match=r"got 'zzzz'$"):
        find(["zzzz"])


def test_what_concerns_a_recording_is_found_by_its_industry_and_jurisdiction() -> None:
    for example in EXAMPLES:
        found = matching(industry=example.industry, jurisdiction=example.jurisdiction, certainty=None)
        assert example.template in {one.id for one in found}
    french = {one.id for one in matching(industry=None, jurisdiction="FR", certainty=Certainty.PRIMARY)}
    assert french == {*("fr-assurance-demarchage", "fr-assurance-demarchage-no-contract"), "pci-331-sad"}
    american = {one.id for one in matching(industry=None, jurisdiction="US", certainty=None)}
    assert {"us-il-bipa", "us-regz", "pci-331-sad"} <= american
    assert not american & {"eu-aml", "ca-ni31103"}
    assert matching(industry=None, jurisdiction=None, certainty=None) == library()


def test_adopting_all_of_them_gives_one_valid_policy() -> None:
    policy = parse(adopt(None, library(), accept_advisory=True))
    assert policy.rules == tuple(template.rule for template in library())
    for example in EXAMPLES:
        assert any(matches(rule.match, facts_of(example)) for rule in policy.rules)


HEAD = "library: strongroom/templates/v1\ntemplates:\n"
GOOD = """\
  - id: a
    title: A
    industry: all
    jurisdiction: all
    covers: It.
    rule:
      name: a
      match: all
      keep: P1Y
      then: keep
      basis: a law
    citation: a law
    certainty: primary
    note: None.
"""


def test_a_file_of_the_library_is_read() -> None:
    (one,) = read_library("x.yaml", HEAD + GOOD)
    assert (one.id, one.text.splitlines()[0], one.text.splitlines()[-1]) == ("a", "name: a", "basis: a law")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD.replace("v1", "v2") + GOOD, "line 1: expected strongroom/templates/v1"),
        (HEAD + GOOD.replace("note:", "notes:"), "line 16: expected one of the keys"),
        (HEAD + GOOD.replace("primary", "sure"), "expected a certainty of primary, secondary, memory"),
        (
            HEAD + GOOD.replace("P1Y", "1 year"),
            "line 9: expected a rule of a policy, in which line 6: expected a period",
        ),
        (HEAD + GOOD + GOOD.replace("citation: a law", "citation:"), "line 28: expected text, got nothing"),
        (HEAD, "expected a list"),
        ("", "expected a policy, got an empty file"),
        ("[]", "got a list"),
        (HEAD + GOOD.replace("id: a", "id: &x a"), "expected no anchors"),
    ],
)
def test_a_file_of_the_library_that_was_altered_is_refused(text: str, told: str) -> None:
    with pytest.raises(TemplateLibraryError, match=r"^x\.yaml: ") as caught:
        read_library("x.yaml", text)
    assert told in str(caught.value)
