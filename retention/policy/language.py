"""The policy language: strict YAML in, a frozen `Policy` out (retention/policy/POLICY.md documents it for its writers).

Reads and checks only; which rule covers which recording is decided in `retention.decide`. What is accepted of YAML is
said in `retention.policy.strict_yaml`; what is wrong with a file is told all at once, by line.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

import yaml

from keys import canonical
from retention.errors import PeriodError, PolicySyntaxError
from retention.policy.periods import Period
from retention.policy.strict_yaml import Reader, shape
from vault.model import Kind

LANGUAGE = "strongroom/policy/v1"

_NAME = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,64}")  # a letter: the log takes nothing that could be dialled
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MATCH_KEYS = ("kind", "industry", "jurisdiction", "queue", "labels")

_Choice = TypeVar("_Choice", bound=StrEnum)


class RuleClock(StrEnum):
    """The instant a rule counts from."""

    ENDED = "ended"


class Then(StrEnum):
    """What follows when the last period has ended."""

    DESTROY = "destroy"
    REVIEW = "review"


class Original(StrEnum):
    """What becomes of the original once its redacted rendition is archived."""

    KEEP = "keep"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Match:
    """Which recordings a rule covers: all given fields must match, any value of a field will do; empty is not given."""

    kind: frozenset[str] = frozenset()
    industry: frozenset[str] = frozenset()
    jurisdiction: frozenset[str] = frozenset()
    queue: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the schedule: what it covers, how long that is kept at least, and what then.

    An original is destroyed early only where every rule that matches says so.
    """

    name: str
    match: Match
    keep: Period
    then: Then
    clock: RuleClock = RuleClock.ENDED
    basis: str | None = None
    original: Original = Original.KEEP


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole schedule. The order of its rules has no meaning; the longest that matches wins."""

    title: str
    rules: tuple[Rule, ...]
    review: date | None = None

    def canonical(self) -> bytes:
        """Return the one encoding of what this policy says, whatever its file looked like."""
        return canonical.encode(
            {
                "policy": LANGUAGE,
                "title": self.title,
                "review": self.review.isoformat() if self.review else None,
                "rules": [_rule_form(rule) for rule in sorted(self.rules, key=lambda rule: rule.name)],
            }
        )

    @property
    def version_digest(self) -> str:
        """The SHA-256 of the canonical form, in hex: the name of exactly this schedule."""
        return hashlib.sha256(self.canonical()).hexdigest()


def _rule_form(rule: Rule) -> canonical.Json:
    given = {key: sorted(getattr(rule.match, key)) for key in _MATCH_KEYS}
    form: dict[str, canonical.Json] = {
        "name": rule.name,
        "match": {key: values for key, values in given.items() if values},
        "keep": str(rule.keep),
        "clock": rule.clock.value,
        "then": rule.then.value,
        "basis": rule.basis,
    }
    # only where it says something: the names of policies that were applied before the key was there do not change
    return form if rule.original is Original.KEEP else {**form, "original": rule.original.value}


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
    keys = reader.mapping(node, required=("policy", "title", "rules"), optional=("review",))
    if "policy" in keys:
        language = reader.text(keys["policy"])
        if language not in {LANGUAGE, None}:
            # Another language has other rules: more problems would only mislead.
            reader.note(keys["policy"], f"expected {LANGUAGE}, got {language!r}")
            return None
    title = reader.text(keys["title"]) if "title" in keys else None
    review = _day(reader, keys["review"]) if "review" in keys else None
    rules: list[Rule] = []
    for item in reader.items(keys["rules"]) if "rules" in keys else ():
        rule = _rule(reader, item, taken={rule.name for rule in rules})
        if rule is not None:
            rules.append(rule)
    return Policy(title=title or "", rules=tuple(rules), review=review)


def _day(reader: Reader, node: yaml.Node) -> date | None:
    text = reader.text(node)
    if text is None:
        return None
    try:
        # The pattern goes first: fromisoformat reads week dates and undivided digits as well.
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        reader.note(node, f"expected a date such as 2027-01-31, got {text[:40]!r}")
        return None


def _rule(reader: Reader, node: yaml.Node, *, taken: set[str]) -> Rule | None:
    keys = reader.mapping(node, required=("name", "match", "keep", "then"), optional=("clock", "basis", "original"))
    name = reader.text(keys["name"]) if "name" in keys else None
    if name is not None and not _NAME.fullmatch(name):
        reader.note(
            keys["name"], f"expected a name of a-z (at least one), 0-9 and '-', at most 64 long, got {name[:40]!r}"
        )
    elif name in taken:
        reader.note(keys["name"], f"expected each rule name once, got {name!r} again")
    match = _match(reader, keys["match"]) if "match" in keys else None
    keep = _period(reader, keys["keep"]) if "keep" in keys else None
    then = _choice(reader, keys["then"], Then) if "then" in keys else None
    clock = _choice(reader, keys["clock"], RuleClock) if "clock" in keys else RuleClock.ENDED
    basis = reader.text(keys["basis"]) if "basis" in keys else None
    original = _choice(reader, keys["original"], Original) if "original" in keys else Original.KEEP
    if name is None or match is None or keep is None or then is None or clock is None or original is None:
        return None
    return Rule(name=name, match=match, keep=keep, then=then, clock=clock, basis=basis, original=original)


def _match(reader: Reader, node: yaml.Node) -> Match | None:
    if isinstance(node, yaml.ScalarNode) and node.value == "all":
        return Match()
    if not isinstance(node, yaml.MappingNode) or not node.value:
        got = "no keys" if isinstance(node, yaml.MappingNode) else shape(node)
        reader.note(node, f"expected 'all' or some of the keys {', '.join(_MATCH_KEYS)}, got {got}")
        return None
    keys = reader.mapping(node, required=(), optional=_MATCH_KEYS)
    values = {key: _any_of(reader, value) for key, value in keys.items()}
    for wrong in sorted(values.get("kind", frozenset()) - set(Kind)):
        reader.note(keys["kind"], f"expected {', '.join(Kind)}, got {wrong[:40]!r}")
    return Match(**values)


def _any_of(reader: Reader, node: yaml.Node) -> frozenset[str]:
    values: set[str] = set()
    for item in [node] if isinstance(node, yaml.ScalarNode) else reader.items(node):
        value = reader.text(item)
        if value in values:
            reader.note(item, f"expected each value once, got {value!r} again")
        elif value is not None:
            values.add(value)
    return frozenset(values)


def _period(reader: Reader, node: yaml.Node) -> Period | None:
    text = reader.text(node)
    try:
        return None if text is None else Period.parse(text)
    except PeriodError as exc:
        reader.note(node, str(exc))
        return None


def _choice(reader: Reader, node: yaml.Node, choices: type[_Choice]) -> _Choice | None:
    text = reader.text(node)
    if text is None:
        return None
    try:
        return choices(text)
    except ValueError:
        reader.note(node, f"expected {' or '.join(choices)}, got {text[:40]!r}")
        return None
