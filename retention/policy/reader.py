"""The policy language: strict YAML in, a frozen `Policy` out (retention/policy/POLICY.md documents it for its writers).

Reads and checks only; which rule covers which recording is decided in `retention.core`. What is accepted of YAML is
said in `strict_yaml`; what is wrong with a file is told all at once, by line.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

import yaml

from retention.errors import PeriodError, PolicySyntaxError
from retention.policy.clocks import Fact
from retention.policy.language import LANGUAGE, REVIEWERS, Ceiling, Original, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from retention.policy.read_clock import ClockReader
from retention.policy.read_match import read_day, read_match
from retention.policy.sense import problems_of
from retention.policy.strict_yaml import Reader, shape
from vault.model import Role

_NAME = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,64}")  # a letter: the log takes nothing that could be dialled
_MONTH_DAY = re.compile(r"(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_LEAP_YEAR = 2024
_OPTIONAL = (
    "keep",
    "then",
    "clock",
    "once",
    "erase_by",
    "transcript_suffices_after",
    "archive_after",
    "original",
    "lock",
    "basis",
)

_T = TypeVar("_T")


def parse(text: str) -> Policy:
    """Return the policy that `text` states.

    Raises:
        PolicySyntaxError: the message has one `line N: ...` for each problem, all of them, in file order.

    """
    reader = Reader()
    node = reader.compose(text)
    policy = None if node is None else _policy(reader, node)
    if policy is None or reader.problems:
        raise PolicySyntaxError("\n".join(str(problem) for problem in sorted(reader.problems)))
    return policy


# Below, each function notes what is wrong and returns None or a stand-in; `parse` lets nothing out after a problem.


def _policy(reader: Reader, node: yaml.Node) -> Policy | None:
    keys = reader.mapping(node, required=("policy", "title", "rules"), optional=("review", "fiscal_year_end"))
    if "policy" in keys:
        language = reader.text(keys["policy"])
        if language not in {LANGUAGE, None}:
            # Another language has other rules: more problems would only mislead.
            reader.note(keys["policy"], f"expected {LANGUAGE}, got {language!r}")
            return None
    title = reader.text(keys["title"]) if "title" in keys else None
    review = read_day(reader, keys["review"]) if "review" in keys else None
    fiscal = _month_day(reader, keys["fiscal_year_end"]) if "fiscal_year_end" in keys else None
    rules = _RuleReader(reader, ClockReader(reader, fiscal))
    for item in reader.items(keys["rules"]) if "rules" in keys else ():
        rules.read(item)
    return Policy(title=title or "", rules=tuple(rules.found.values()), review=review, fiscal_year_end=fiscal)


def _month_day(reader: Reader, node: yaml.Node) -> tuple[int, int] | None:
    text = reader.text(node)
    if text is None:
        return None
    found = _MONTH_DAY.fullmatch(text)
    try:
        day = date(_LEAP_YEAR, int(found["month"]), int(found["day"])) if found else None
    except ValueError:
        day = None
    if day is None:
        reader.note(node, f"expected a month and a day such as 06-30, got {text[:40]!r}")
        return None
    return day.month, day.day


class _RuleReader:
    """Reads rules one after another; `found` has those that are whole, by name."""

    def __init__(self, reader: Reader, clocks: ClockReader) -> None:
        self.found: dict[str, Rule] = {}
        self._reader = reader
        self._clocks = clocks

    def read(self, node: yaml.Node) -> None:
        """Read one rule, and note whatever is wrong with it."""
        reader, problems_before = self._reader, len(self._reader.problems)
        keys = reader.mapping(node, required=("name", "match"), optional=_OPTIONAL)

        def given(key: str, read: Callable[[yaml.Node], _T | None]) -> _T | None:
            return read(keys[key]) if key in keys else None

        name = given("name", self._name)
        match = given("match", lambda value: read_match(reader, value, may_be_all=True))
        then, reviewers = given("then", self._then) or (None, frozenset[Role]())
        original, original_keep = given("original", self._original) or (Original.KEEP, None)
        if then is None and "keep" in keys and "then" not in keys:
            reader.note(node, "expected the key 'then', which is missing: what follows when 'keep' has ended")
        rule = Rule(
            name=name or "", match=match or Match(), keep=given("keep", self._period),
            then=then or Then.DESTROY, reviewers=reviewers, clock=given("clock", self._clocks.read) or Fact.ENDED,
            basis=given("basis", reader.text), original=original, original_keep=original_keep,
            erase_by=given("erase_by", self._ceilings) or (), once=given("once", self._clocks.event_name),
            transcript_suffices_after=given("transcript_suffices_after", self._period),
            archive_after=given("archive_after", self._period), lock=given("lock", self._flag) or False,
        )  # fmt: skip
        if len(reader.problems) == problems_before:
            for key, place, text in problems_of(rule, said=frozenset(keys)):
                value = keys.get(key, node)
                reader.note(value.value[place] if isinstance(value, yaml.SequenceNode) else value, text)
            self.found[rule.name] = rule

    def _name(self, node: yaml.Node) -> str | None:
        name = self._reader.text(node)
        if name is None:
            return None
        if not _NAME.fullmatch(name):
            text = f"expected a name of a-z (at least one), 0-9 and '-', at most 64 long, got {name[:40]!r}"
            self._reader.note(node, text)
        elif name in self.found:
            self._reader.note(node, f"expected each rule name once, got {name!r} again")
        return name

    def _period(self, node: yaml.Node, *, or_nothing: bool = False) -> Period | None:
        text = self._reader.text(node)
        try:
            return None if text is None else Period.parse(text, or_nothing=or_nothing)
        except PeriodError as exc:
            self._reader.note(node, str(exc))
            return None

    def _then(self, node: yaml.Node) -> tuple[Then, frozenset[Role]] | None:
        if isinstance(node, yaml.MappingNode):
            keys = self._reader.mapping(node, required=(), optional=("review",))
            if not node.value:
                self._reader.note(node, "expected the key 'review', which is missing")
            return (Then.REVIEW, self._roles(keys["review"])) if keys else None
        text = self._reader.text(node)
        if text is not None and text not in set(Then):
            self._reader.note(node, f"expected {', '.join(Then)} or {{review: ROLE}}, got {text[:40]!r}")
            return None
        return None if text is None else (Then(text), frozenset())

    def _roles(self, node: yaml.Node) -> frozenset[Role]:
        roles: set[Role] = set()
        for item in [node] if isinstance(node, yaml.ScalarNode) else self._reader.items(node):
            text = self._reader.text(item)
            if text is not None and text not in REVIEWERS:
                self._reader.note(item, f"expected {' or '.join(REVIEWERS)}, got {text[:40]!r}")
            elif text in roles:
                self._reader.note(item, f"expected each role once, got {text!r} again")
            elif text is not None:
                roles.add(Role(text))
        return frozenset(roles)

    def _original(self, node: yaml.Node) -> tuple[Original, Period | None] | None:
        text = self._reader.text(node)
        if text is None:
            return None
        if text in set(Original):
            return Original(text), None
        try:
            return Original.DESTROY, Period.parse(text)
        except PeriodError:
            self._reader.note(node, f"expected {', '.join(Original)} or a period such as P1Y, got {text[:40]!r}")
            return None

    def _ceilings(self, node: yaml.Node) -> tuple[Ceiling, ...]:
        several = self._reader.items(node) if isinstance(node, yaml.SequenceNode) else [node]
        read = [self._ceiling(one) for one in several]
        return tuple(ceiling for ceiling in read if ceiling is not None)

    def _ceiling(self, node: yaml.Node) -> Ceiling | None:
        if isinstance(node, yaml.ScalarNode):
            period = self._period(node, or_nothing=True)
            return None if period is None else Ceiling(period)
        keys = self._reader.mapping(node, required=("period",), optional=("clock", "unless"))
        period = self._period(keys["period"], or_nothing=True) if "period" in keys else None
        clock = self._clocks.read(keys["clock"]) if "clock" in keys else Fact.ENDED
        unless = read_match(self._reader, keys["unless"], may_be_all=False) if "unless" in keys else None
        return None if period is None or clock is None else Ceiling(period, clock, unless)

    def _flag(self, node: yaml.Node) -> bool | None:
        text = self._reader.text(node)
        if text not in {"true", "false", None}:
            self._reader.note(node, f"expected true or false, got {shape(node)}")
        return text == "true"
