"""What the pages say of commands, settings, errors, policies and dependencies is what the program does."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from retention.policy.clocks import Fact, Of, Which, Year
from retention.policy.language import LANGUAGE, REVIEWERS, Original, Then
from retention.policy.match import FIELDS as MATCH_KEYS
from retention.policy.reader import parse
from retention.policy.strict_yaml import _MAX_DEPTH, _MAX_LINE, _MAX_TEXT
from service import settings
from tests.docs import make_commands, make_errors
from tests.docs.pages import DOCS, ROOT, WrongLineError, all_pages, blocks, check_line, leaves, strongroom_lines
from vault.ingest.fields import CALLER_COLUMNS, FIELDS
from vault.model import Consent, Direction, Kind, Role
from vault.people import _APART as APART

OWN = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), ROOT / "retention" / "policy" / "POLICY.md"]
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HINT = re.compile(r"'(strongroom [a-z][^']*)'")
_CODE = re.compile(r"`([^`]*)`")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def cells(page: Path) -> list[list[str]]:
    """Return the rows of a page's tables."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("| ")]


@pytest.mark.parametrize("page", [page for page in OWN if page != make_commands.PAGE], ids=name_of)
def test_every_command_line_shown_is_one_the_program_understands(page: Path) -> None:
    for line in strongroom_lines(page):
        try:
            check_line(line)
        except WrongLineError as exc:
            pytest.fail(f"{name_of(page)}: {line}: {exc.problem}")


def test_a_shown_line_with_a_wrong_word_is_found() -> None:
    for line in (
        "strongroom holds place",
        "strongroom list --callers 1",
        "strongroom policy validate a b",
        "strongroom x",
    ):
        with pytest.raises(WrongLineError):
            check_line(line)


def test_every_command_an_error_or_a_help_text_names_exists() -> None:
    named = {name for page in ("keys", "vault", "retention", "service", "cli") for name in _named_in(ROOT / page)}
    assert len(named) > 10
    for line in sorted(named):
        try:
            check_line(line)
        except WrongLineError as exc:
            pytest.fail(f"{line}: {exc.problem}")


def _named_in(package: Path) -> set[str]:
    found: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):  # what is put into a text at run time is an argument
                parts = [p.value if isinstance(p, ast.Constant) else "X" for p in node.values]
                found.update(_HINT.findall("".join(map(str, parts))))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(_HINT.findall(node.value))
    return found


def test_the_page_of_commands_is_the_help_of_the_program() -> None:
    assert make_commands.PAGE.read_text(encoding="utf-8") == make_commands.page(), (
        "run python -m tests.docs.make_commands"
    )


@pytest.mark.parametrize(
    ("path", "command"), list(leaves()), ids=lambda value: "-".join(value) if type(value) is tuple else ""
)
def test_every_command_says_what_it_does(path: tuple[str, ...], command: object) -> None:
    first = str(getattr(command, "help", "")).strip().splitlines()[0]
    assert len(first.split()) > 1
    assert f"## {' '.join(path)}\n" in make_commands.PAGE.read_text(encoding="utf-8")
    assert first in make_commands.PAGE.read_text(encoding="utf-8")


def test_the_page_of_errors_has_every_code_and_no_other() -> None:
    text = make_errors.PAGE.read_text(encoding="utf-8")
    assert text == make_errors.page(), "run python -m tests.docs.make_errors"
    shown = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert sorted(shown) == sorted({found.code for found in make_errors.error_classes()})


def test_every_setting_is_documented_with_its_default_and_its_range() -> None:
    rows = {row[0].strip("`"): row for row in cells(DOCS / "settings.md") if "." in row[0]}
    assert set(rows) == set(settings.KNOWN)
    for name, default in settings.KNOWN.items():
        assert rows[name][1] == f"`{default}`", name
        if name in settings._RANGES:
            low, high = settings._RANGES[name]
            assert rows[name][3] == f"{low} to {high}", name
        if name in settings._CHOICES:
            assert rows[name][3] == ", ".join(f"`{choice}`" for choice in settings._CHOICES[name]), name


def test_every_variable_the_terminal_reads_is_documented() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "cli").glob("*.py"))
    known = {f"STRONGROOM_{name.replace('.', '_').upper()}" for name in settings.KNOWN}
    read = set(re.findall(r"STRONGROOM_[A-Z]+(?:_[A-Z]+)*", source)) - known
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert {"STRONGROOM_HOME", "STRONGROOM_USER_PASSPHRASE"} <= read
    read |= {f"{name}_FILE" for name in read if name.endswith("PASSPHRASE")}
    for variable in read:
        assert f"`{variable}`" in text, variable


def test_the_settings_shown_are_settings() -> None:
    for page in OWN:
        for block in blocks(page.read_text(encoding="utf-8"), "toml"):
            for section, entries in tomllib.loads(block).items():
                assert {f"{section}.{name}" for name in entries} <= {*settings.KNOWN, settings.ALLOW}, name_of(page)


def test_every_direct_dependency_is_documented() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    text = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    extras = [r for group in project["project"]["optional-dependencies"].values() for r in group]
    for requirement in [*project["project"]["dependencies"], *extras, *project["dependency-groups"]["dev"]]:
        name = re.split(r"[\[<>=; ]", requirement)[0]
        assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), name
    listed = [row[0] for row in cells(DOCS / "dependencies.md")[1:]]
    assert listed == [re.split(r"[\[<>=; ]", r)[0] for r in project["project"]["dependencies"]]


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, heading = link.partition("#")
        target = (page.parent / place) if place else page
        assert target.exists(), f"{name_of(page)}: {link}"
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}, link


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        links = [link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8"))]
        left += [(page.parent / link).resolve() for link in links if link and ":" not in link]
    assert set(DOCS.rglob("*.md")) <= seen


def test_every_key_and_word_of_the_policy_language_is_documented_with_an_example() -> None:
    text = (ROOT / "retention" / "policy" / "POLICY.md").read_text(encoding="utf-8")
    examples = "\n".join(blocks(text, "yaml"))
    schema = json.loads((ROOT / "retention" / "policy" / "schema.json").read_text(encoding="utf-8"))
    assert "# yaml-language-server: $schema=schema.json" in examples.splitlines()
    rule = {*schema["$defs"]["rule"]["properties"], "period", "unless"}  # a test of the schema holds it to the reader
    for key in rule | set(schema["properties"]):
        assert re.search(rf"(^[ -]*|[{{ ]){key}:", examples, re.MULTILINE), key
    for word in {*rule - {"period"}, *MATCH_KEYS, "ended", "any", "all", "not", "from", "before"}:
        assert f"`{word}`" in text, word
    for word in (*Then, *Original, *Fact, *Kind, *Direction, *Consent):
        assert f"`{word}`" in text, word
    for word in Which:
        assert f"`{word} NAME`" in text, word
    for word in (*Of, *Year):
        assert f"`{{{word}: " in text, word
    for role in REVIEWERS:
        assert f"{{review: {role}}}" in text or f", {role}]}}" in text, role
    assert f"{_MAX_TEXT} characters and {_MAX_DEPTH} levels" in text
    assert f"or {_MAX_LINE} characters" in " ".join(text.split())


def test_every_policy_shown_is_valid() -> None:
    shown = [b for page in OWN for b in blocks(page.read_text(encoding="utf-8"), "yaml")]
    walk = [b for b in blocks((ROOT / "README.md").read_text(encoding="utf-8"), "sh") if "policy: strongroom" in b]
    shown += [re.search(r"<<'END'\n(.*?)^END$", block, re.DOTALL | re.MULTILINE)[1] for block in walk]  # type: ignore[index]
    assert len(shown) >= 3
    for policy in shown:  # a page may show rules alone
        head = f"policy: {LANGUAGE}\ntitle: t\nrules:\n" if policy.startswith("- name:") else ""
        assert parse(head + str(policy)).rules


def test_every_field_and_row_code_of_a_manifest_is_documented() -> None:
    text = (DOCS / "ingest.md").read_text(encoding="utf-8")
    named = {word for part in _CODE.findall(text) for word in part.split(", ")}
    assert set(FIELDS) | set(CALLER_COLUMNS) <= named
    codes: set[str] = set()
    for path in (ROOT / "vault" / "ingest").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FieldError":
                codes.add(ast.literal_eval(node.args[1]))
    assert len(codes) > 10
    assert codes <= named


def test_the_roles_that_exclude_each_other_are_documented() -> None:
    rows = {row[0]: row for row in cells(DOCS / "operator.md") if row[0] in set(Role)}
    assert set(rows) == set(Role)
    for role in Role:
        apart = sorted({*(b for a, b in APART if a is role), *(a for a, b in APART if b is role)})
        assert rows[role][2] == ", ".join(apart)
