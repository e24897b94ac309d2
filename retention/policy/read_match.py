"""Reading the conditions of a policy file."""

import re
from datetime import date

import yaml

from retention.policy.match import ALWAYS, FIELDS, Match
from retention.policy.strict_yaml import Reader, shape
from vault.model import Direction

_KEYS = (*FIELDS, "ended", "any", "all", "not")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {**ALWAYS, "direction": frozenset(map(str, Direction))}
"""Fields of which the catalog knows a few words only: another would never match."""


def read_match(reader: Reader, node: yaml.Node, *, may_be_all: bool) -> Match | None:
    """Return the condition that `node` states, or None after noting what is wrong.

    `may_be_all`: the word `all` alone will do, for a condition that always holds.
    """
    if may_be_all and isinstance(node, yaml.ScalarNode) and node.value == "all":
        return Match()
    if not isinstance(node, yaml.MappingNode) or not node.value:
        got = "no keys" if isinstance(node, yaml.MappingNode) else shape(node)
        word = "'all' or " if may_be_all else ""
        reader.note(node, f"expected {word}some of the keys {', '.join(_KEYS)}, got {got}")
        return None
    keys = reader.mapping(node, required=(), optional=_KEYS)
    fields = {field: _any_of(reader, keys[field], _WORDS.get(field)) for field in FIELDS if field in keys}
    since, before = _span(reader, keys["ended"]) if "ended" in keys else (None, None)
    any_of, all_of = (_several(reader, keys[key]) if key in keys else () for key in ("any", "all"))
    negated = read_match(reader, keys["not"], may_be_all=False) if "not" in keys else None
    return Match(**fields, ended_from=since, ended_before=before, any_of=any_of, all_of=all_of, negated=negated)


def _any_of(reader: Reader, node: yaml.Node, words: frozenset[str] | None) -> frozenset[str]:
    values: set[str] = set()
    for item in [node] if isinstance(node, yaml.ScalarNode) else reader.items(node):
        value = reader.text(item)
        if value in values:
            reader.note(item, f"expected each value once, got {value!r} again")
        elif value is not None and words is not None and value not in words:
            reader.note(item, f"expected {', '.join(sorted(words))}, got {value[:40]!r}")
        elif value is not None:
            values.add(value)
    return frozenset(values)


def _several(reader: Reader, node: yaml.Node) -> tuple[Match, ...]:
    read = [read_match(reader, item, may_be_all=False) for item in reader.items(node)]
    return tuple(match for match in read if match is not None)


def _span(reader: Reader, node: yaml.Node) -> tuple[date | None, date | None]:
    keys = reader.mapping(node, required=(), optional=("from", "before"))
    if isinstance(node, yaml.MappingNode) and not node.value:
        reader.note(node, "expected the keys from or before, got no keys")
    return tuple(read_day(reader, keys[key]) if key in keys else None for key in ("from", "before"))  # type: ignore[return-value]


def read_day(reader: Reader, node: yaml.Node) -> date | None:
    """Return a date, or None after noting what is there instead."""
    text = reader.text(node)
    if text is None:
        return None
    try:
        # The pattern goes first: fromisoformat reads week dates and undivided digits as well.
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        reader.note(node, f"expected a date such as 2027-01-31, got {text[:40]!r}")
        return None
