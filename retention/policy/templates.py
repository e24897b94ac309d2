"""The library of templates: rules for whole industries with their citation, and how sure we are of it.

The library is data (`retention/policy/library`), one file for each group of jurisdictions. Each template has one rule
of the policy language exactly as it would stand in a policy file; `adopt` puts it there as text, so that comments and
layout stay as their writer left them. Nothing here is legal advice (docs/templates.md).
"""

import difflib
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources

import yaml

from retention.errors import PolicySyntaxError
from retention.policy.language import LANGUAGE, Policy, Rule
from retention.policy.reader import parse
from retention.policy.strict_yaml import Reader
from retention.policy.template_errors import (
    AdvisoryTemplateError,
    PolicyLayoutError,
    RuleExistsError,
    TemplateLibraryError,
    TemplateNotFoundError,
)

LIBRARY = "strongroom/templates/v1"
"""The form of the library's files."""

ALL = "all"
"""What stands for every industry, or every jurisdiction."""

_REQUIRED = ("id", "title", "industry", "jurisdiction", "covers", "rule", "citation", "certainty", "note")
_OPTIONAL = ("old", "sources")
_TITLE = "Retention schedule"
_WIDTH = 110  # columns of a comment
_NEAR = 3  # ids told to somebody who misspelt one


class Certainty(StrEnum):
    """Where period and clock were read; the surest first, and the weaker of both counts."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Template:
    """One rule of the library. `text` is the rule as it stands in a policy file, without indentation.

    `industry` and `jurisdiction` are for people; `rule.match` has every value that is meant. `old` says which text was
    read, where that was not the one in force. `sources` is empty where nothing was looked up.
    """

    id: str
    title: str
    industry: tuple[str, ...]
    jurisdiction: tuple[str, ...]
    covers: str
    rule: Rule
    text: str
    citation: str
    certainty: Certainty
    note: str
    old: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def advisory(self) -> bool:
        """Whether it rests on a secondary source or on memory, and must be accepted as such."""
        return self.certainty is not Certainty.PRIMARY


@cache
def library() -> tuple[Template, ...]:
    """Return every template, by id.

    Raises:
        TemplateLibraryError: a file of the library was altered.

    """
    folder = resources.files("retention.policy.library")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    found = [template for file in files for template in read_library(file.name, file.read_text(encoding="utf-8"))]
    return tuple(sorted(found, key=lambda template: template.id))


def find(ids: Sequence[str]) -> tuple[Template, ...]:
    """Return the templates of these ids, in that order, each once.

    Raises:
        TemplateNotFoundError: there is none of that id; the message names some that are near.

    """
    known = {template.id: template for template in library()}
    for one in ids:
        if one not in known:
            near = difflib.get_close_matches(one, known, n=_NEAR)
            meant = f"; did you mean {', '.join(near)}?" if near else ""
            raise TemplateNotFoundError(f"expected the id of a template, got {one[:64]!r}{meant}")
    return tuple(known[one] for one in dict.fromkeys(ids))


def matching(*, industry: str | None, jurisdiction: str | None, certainty: Certainty | None) -> tuple[Template, ...]:
    """Return the templates that concern recordings of an industry and a jurisdiction; None: any.

    A country stands for its parts too: US has the templates of US-IL. One that names no industry concerns all.
    """
    return tuple(
        template
        for template in library()
        if (certainty is None or template.certainty is certainty)
        and (industry is None or _concerns(template.rule.match.industry, lambda value: value == industry))
        and (
            jurisdiction is None
            or _concerns(template.rule.match.jurisdiction, lambda value: f"{value}-".startswith(f"{jurisdiction}-"))
        )
    )


def _concerns(values: frozenset[str], is_meant: Callable[[str], bool]) -> bool:
    return not values or any(is_meant(value) for value in values)


def read_library(name: str, text: str) -> list[Template]:
    """Return the templates of one file of the library; `name` is told where it is not as it should be.

    Raises:
        TemplateLibraryError: with every problem, by line.

    """
    reader = Reader()
    node = reader.compose(text)
    keys = reader.mapping(node, required=("library", "templates"), optional=()) if node else {}
    if "library" in keys and reader.text(keys["library"]) != LIBRARY:
        reader.note(keys["library"], f"expected {LIBRARY}")
    items = reader.items(keys["templates"]) if "templates" in keys else []
    found = [_template(reader, item, text) for item in items]
    if reader.problems:
        problems = "\n".join(str(problem) for problem in sorted(reader.problems))
        raise TemplateLibraryError(f"{name}: {problems}")
    return [template for template in found if template is not None]


def _template(reader: Reader, node: yaml.Node, text: str) -> Template | None:
    keys = reader.mapping(node, required=_REQUIRED, optional=_OPTIONAL)
    one = {
        key: reader.text(keys[key]) or "" for key in keys if key not in {"industry", "jurisdiction", "sources", "rule"}
    }
    several = {key: _texts(reader, keys[key]) for key in ("industry", "jurisdiction", "sources") if key in keys}
    if one.get("certainty") not in set(Certainty):
        reader.note(node, f"expected a certainty of {', '.join(Certainty)}")
    if reader.problems:
        return None
    rule_text = _source(text, keys["rule"])
    try:
        (rule,) = parse(_file([rule_text])).rules
    except PolicySyntaxError as exc:
        reader.note(keys["rule"], f"expected a rule of a policy, in which {exc}")
        return None
    return Template(
        id=one["id"], title=one["title"], industry=several["industry"], jurisdiction=several["jurisdiction"],
        covers=one["covers"], rule=rule, text=rule_text, citation=one["citation"],
        certainty=Certainty(one["certainty"]), note=one["note"], old=one.get("old"),
        sources=several.get("sources", ()),
    )  # fmt: skip


def _texts(reader: Reader, node: yaml.Node) -> tuple[str, ...]:
    items = [node] if isinstance(node, yaml.ScalarNode) else reader.items(node)
    return tuple(reader.text(item) or "" for item in items)


def _source(text: str, node: yaml.Node) -> str:
    """Return the lines of a block of keys as they stand in the file, without their indentation."""
    lines = text.split("\n")[node.start_mark.line : _last_line(node) + 1]
    return textwrap.dedent("\n".join(lines))


def _file(rules: Iterable[str], head: str = "") -> str:
    listed = [textwrap.indent(rule, "    ").replace("    ", "  - ", 1) for rule in rules]
    return "\n".join([f"policy: {LANGUAGE}", f"title: {_TITLE}{head}", "rules:", *listed, ""])


def adopt(policy_text: str | None, templates: Sequence[Template], *, accept_advisory: bool = False) -> str:
    """Return the policy file with the templates' rules at the end of its list; None starts a new file.

    Everything that stood there stays as it was, comments and layout included.

    Raises:
        AdvisoryTemplateError: some are advisory, and that was not accepted.
        RuleExistsError: a rule of that name is there.
        PolicySyntaxError: the file is not valid, or would become too long.
        PolicyLayoutError: its rules are written in one pair of brackets.

    """
    advisory = [template.id for template in templates if template.advisory]
    if advisory and not accept_advisory:
        raise AdvisoryTemplateError(
            f"expected templates read in primary text, got {', '.join(advisory)}, which rest on less"
        )
    if policy_text is None:
        blocks = [line for number, one in enumerate(templates) for line in _block(one, 2, apart=number > 0)]
        text = "\n".join([f"policy: {LANGUAGE}", f"title: {_TITLE}", "rules:", *blocks, ""])
        before = Policy(title=_TITLE, rules=())
    else:
        before = parse(policy_text)
        taken = {rule.name for rule in before.rules} & {template.id for template in templates}
        if taken:
            raise RuleExistsError(f"expected no rule named {', '.join(sorted(taken))} in the file, got one")
        text = _with_rules(policy_text, templates)
    _prove(before, parse(text), templates)
    return text


def _prove(before: Policy, after: Policy, templates: Sequence[Template]) -> None:
    """Compare what the text says with what it said: the new rules, and nothing else."""
    head = "" if before.fiscal_year_end is None else "\nfiscal_year_end: {:02d}-{:02d}".format(*before.fiscal_year_end)
    added = parse(_file([template.text for template in templates], head)).rules if templates else ()
    if after != replace(before, rules=(*before.rules, *added)):
        raise PolicyLayoutError("expected a file to which rules can be added, got one that would say something else")


def _with_rules(text: str, templates: Sequence[Template]) -> str:
    node = Reader().compose(text)
    entries = node.value if isinstance(node, yaml.MappingNode) and not node.flow_style else []
    rules = next((value for key, value in entries if key.value == "rules" and not value.flow_style), None)
    if rules is None:
        raise PolicyLayoutError("expected rules in lines of their own, got them in brackets")
    indent = rules.start_mark.column
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    place = _last_line(rules) + 1
    while not lines[place - 1].strip():  # text after | or > takes the empty lines below it
        place -= 1
    while place < len(lines) and _is_comment_within(lines[place], indent):
        place += 1
    if place == len(lines):  # the file's last line has no end
        lines[-1:] = [lines[-1] + end, ""]
    first, last = rules.value[0].start_mark.line, rules.value[-1].start_mark.line
    apart = first == last or any(not line.strip() for line in lines[first:last])
    blocks = [line + end for template in templates for line in _block(template, indent, apart=apart)]
    return "\n".join([*lines[:place], *blocks, *lines[place:]])


def _is_comment_within(line: str, indent: int) -> bool:
    """Return whether this is a comment that belongs to the item above it, being indented more than the list."""
    bare = line.lstrip(" ")
    return bare.startswith("#") and len(line) - len(bare) > indent


def _last_line(node: yaml.Node) -> int:
    """Return the number, from 0, of the line on which the last value within `node` ends.

    The end of a list or of keys that PyYAML tells is where the next thing begins, behind comments and empty lines.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    line, column = int(node.end_mark.line), int(node.end_mark.column)
    return line - 1 if column == 0 else line  # text after | or > ends at the head of the line below it


def _block(template: Template, indent: int, *, apart: bool) -> list[str]:
    """Return the lines of one rule in a list, under a comment that says where it comes from."""
    says = f"{template.title}. "
    says += f"ADVISORY ({template.certainty}): have it checked." if template.advisory else "Read in primary text."
    margin = " " * indent
    comment = [f"{margin}# {line}" for line in textwrap.wrap(says, _WIDTH - indent)]
    first, *rest = template.text.split("\n")
    return [*([""] if apart else []), *comment, f"{margin}- {first}", *(f"{margin}  {line}" for line in rest)]
