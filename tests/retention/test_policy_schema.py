"""The JSON Schema that editors complete policies by says what the reader reads, as far as a schema can say it."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from retention.policy import reader
from retention.policy.clocks import Fact, Of, Year
from retention.policy.language import LANGUAGE, REVIEWERS, Original, Then
from retention.policy.match import FIELDS
from retention.policy.templates import library
from tests.docs.pages import ROOT, all_pages, blocks
from tests.retention.test_policy import FULL, SAME_IN_OTHER_WORDS
from vault.model import Consent, Direction, Kind

SCHEMA: dict[str, Any] = json.loads((ROOT / "retention" / "policy" / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BAD = sorted((Path(__file__).parent / "bad_policies").glob("*.yaml"))
HEAD = f"policy: {LANGUAGE}\ntitle: t\nrules:\n"


class EditorsLoader(yaml.SafeLoader):
    """YAML as editors have it (1.2, core schema): dates and `NO` are text, `true`, `null` and numbers are not."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


EditorsLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|false)$"), list("tf"))
EditorsLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(~|null|)$"), ["~", "n", ""])
EditorsLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("(0|[1-9][0-9]*)$"), list("0123456789"))


def is_valid(text: str) -> bool:
    return VALIDATOR.is_valid(yaml.load(text, Loader=EditorsLoader))  # noqa: S506 - a safe loader's child


def shown() -> list[str]:
    """Return every policy, or list of rules, on a page."""
    found = [block for page in all_pages() for block in blocks(page.read_text(encoding="utf-8"), "yaml")]
    return [HEAD + block if block.startswith("- name:") else block for block in found if "name:" in block]


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [FULL, SAME_IN_OTHER_WORDS % "", *shown()])
def test_every_policy_shown_or_tested_is_valid(text):
    VALIDATOR.validate(yaml.load(text, Loader=EditorsLoader))  # noqa: S506


@pytest.mark.parametrize("template", library(), ids=lambda template: template.id)
def test_every_template_is_valid(template):
    rule = yaml.load(template.text, Loader=EditorsLoader)  # noqa: S506
    VALIDATOR.validate({"policy": LANGUAGE, "title": "t", "rules": rule if isinstance(rule, list) else [rule]})


def test_an_editor_shows_most_defects_of_the_corpus():
    seen, unseen = [], []
    for path in BAD:
        try:
            valid = is_valid(path.read_text(encoding="utf-8"))
        except yaml.YAMLError:
            valid = False
        (unseen if valid else seen).append(path.stem)
    assert len(seen) > 2 * len(unseen), unseen


def test_schema_and_reader_know_the_same_keys_and_words():
    defs, rule = SCHEMA["$defs"], SCHEMA["$defs"]["rule"]
    assert set(SCHEMA["properties"]) == {"policy", "title", "review", "fiscal_year_end", "rules"}
    assert set(rule["properties"]) == {"name", "match", *reader._OPTIONAL}
    assert set(defs["condition"]["properties"]) == {*FIELDS, "ended", "any", "all", "not"}
    assert set(defs["clock"]["oneOf"][0]["enum"]) == set(Fact)
    assert set(defs["clock"]["oneOf"][2]["properties"]) == {*Of, *Year}
    assert set(defs["role"]["enum"]) == set(REVIEWERS)
    assert set(rule["properties"]["then"]["oneOf"][0]["enum"]) == set(Then)
    assert set(rule["properties"]["original"]["anyOf"][0]["enum"]) == set(Original)
    for name, words in (("kind", Kind), ("direction", Direction), ("consent", Consent)):
        assert set(defs["words"][name]["enum"]) == set(words)


def test_every_key_is_described():
    defs = SCHEMA["$defs"]
    for properties in (SCHEMA["properties"], defs["rule"]["properties"], defs["condition"]["properties"]):
        assert all(len(value["description"]) > 10 for value in properties.values())
