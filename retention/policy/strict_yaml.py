"""A small, strict part of YAML: one document of mappings, lists and text, every node with its line and column.

Every scalar is read as the text that stands there, so `no` is Norway and `2027` a word. Whatever could make a reviewer
see another document than the machine (anchors, aliases, tags, directives, duplicate keys, invisible characters) is
refused. Problems are gathered, not raised, so that all of them can be told at once.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

_MAX_TEXT = 256 * 1024  # characters in a file
_MAX_LINE = 500  # characters in one value
_MAX_DEPTH = 16  # a policy nests eight deep, and its conditions deeper; the bound stands before the recursive composer
_NULL = "tag:yaml.org,2002:null"  # what an empty value, `null` and `~` resolve to


class Problem(NamedTuple):
    """What is wrong, and where; lines and columns count from 1."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text} (column {self.column})"


class Reader:
    """Reads nodes, and notes each problem in `problems` instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, place: yaml.Node | yaml.Event | None, text: str) -> None:
        """Note a problem at `place`, or at the head of the file."""
        self._note(place.start_mark if place else None, text)

    def _note(self, mark: Any, text: str) -> None:  # PyYAML has two classes of marks, with and without its C library
        self.problems.append(Problem(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, text))

    def compose(self, text: str) -> yaml.Node | None:
        """Return the one document in `text`, or None after noting why there is none."""
        if len(text) > _MAX_TEXT:
            self.note(None, f"expected a file of at most {_MAX_TEXT} characters, got {len(text)}")
            return None
        # Some editors put a byte-order mark first; a carriage return has no business elsewhere than in a line end.
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        for number, line in enumerate(text.split("\n"), start=1):
            hidden = next((place for place, one in enumerate(line) if _is_invisible(one) and one != "\t"), None)
            if hidden is not None:
                what = f"expected visible characters, got U+{ord(line[hidden]):04X}"
                self.problems.append(Problem(number, hidden + 1, what))
        return None if self.problems else self._compose(text)

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            for event, problem in _exotic_parts(text):
                self.note(event, problem)
            node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as exc:
            what = ", ".join(part for part in (exc.context, exc.problem) if part)
            # What has no end is to be mended where it begins.
            begins = exc.context_mark if exc.problem == "found unexpected end of stream" else None
            self._note(begins or exc.problem_mark or exc.context_mark, f"expected plain YAML, got: {what}")
            return None
        except (yaml.YAMLError, ValueError, OverflowError):
            # Characters and escapes beyond Unicode, and absurd numbers in directives, come without a place.
            self.note(None, "expected YAML, got characters, escapes or numbers that it does not allow")
            return None
        if node is None:
            self.note(None, "expected a policy, got an empty file")
        return node

    def mapping(self, node: yaml.Node, *, required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, yaml.Node]:
        """Return the values by key; unknown, doubled and missing keys are noted and left out."""
        known = (*required, *optional)
        if not isinstance(node, yaml.MappingNode):
            self.note(node, f"expected the keys {', '.join(known)}, got {shape(node)}")
            return {}
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name not in known:
                got = shape(key) if name is None else repr(name[:40])
                self.note(key, f"expected one of the keys {', '.join(known)}, got {got}")
            elif name in entries:
                self.note(key, f"expected each key once, got {name!r} again")
            else:
                entries[name] = value
        for name in required:
            if name not in entries:
                self.note(node, f"expected the key {name!r}, which is missing")
        return entries

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        """Return the items of a list; another shape and an empty list are noted."""
        if not isinstance(node, yaml.SequenceNode):
            self.note(node, f"expected a list, got {shape(node)}")
            return []
        if not node.value:
            self.note(node, "expected at least one item, got an empty list")
        return list(node.value)

    def text(self, node: yaml.Node) -> str | None:
        """Return one line of text as it stands in the file, or None after noting what is there instead."""
        value = node.value if isinstance(node, yaml.ScalarNode) else None
        if value is None or node.tag == _NULL:
            self.note(node, f"expected text, got {shape(node)}")
        elif not value or value != value.strip() or any(_is_invisible(character) for character in value):
            self.note(node, f"expected one line of visible text without blanks around it, got {value[:40]!r}")
        elif len(value) > _MAX_LINE:
            self.note(node, f"expected at most {_MAX_LINE} characters, got {len(value)}")
        else:
            return str(value)
        return None


def shape(node: yaml.Node) -> str:
    """Return what kind of node this is, in the words of an error message."""
    if isinstance(node, yaml.MappingNode):
        return "keys with values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if node.tag == _NULL else f"the text {node.value[:40]!r}"


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _exotic_parts(text: str) -> Iterator[tuple[yaml.Event, str]]:
    """Yield the place and name of each YAML feature that is refused.

    Raises:
        yaml.YAMLError: this is not YAML, or it holds what the recursive composer must not see: an alias (a node that
            stands in two places has one line number) or deep nesting.

    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark: Any = event.start_mark
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"more than {_MAX_DEPTH} levels of nesting", problem_mark=mark)
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem=f"the alias *{event.anchor} in place of a value", problem_mark=mark)
        if isinstance(event, yaml.DocumentStartEvent) and (event.version or event.tags):
            yield event, "expected no directives, got one before '---'"
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            yield event, f"expected no anchors, got &{anchor}"
        if tag is not None:
            yield event, f"expected no tags, got {tag!r}"
