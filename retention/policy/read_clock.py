"""Reading the clocks of a policy file."""

import yaml

from retention.errors import PolicySyntaxError
from retention.policy.clocks import (
    EVENT_NAME,
    Clock,
    Fact,
    Of,
    OfEvent,
    OfSeveral,
    Which,
    Year,
    YearEnd,
    has_fiscal_year,
)
from retention.policy.strict_yaml import Reader, shape

_FORMS = (
    f"{', '.join(Fact)}, '{Which.EVENT} NAME', '{Which.FIRST} NAME', '{Which.LAST} NAME' or one of the keys "
    f"{', '.join((*Of, *Year))}"
)
_YEAR_END = (12, 31)


def parse(text: str) -> Clock:
    """Return the clock that stands in `text` as it would in a policy file, such as `event contract-ended`.

    No policy is there to say when a fiscal year ends: that clock is refused, so that it never counts from another day.

    Raises:
        PolicySyntaxError: it is no clock.

    """
    reader = Reader()
    node = reader.compose(text)
    clock = None if node is None else ClockReader(reader, None).read(node)
    if node is not None and clock is not None and has_fiscal_year(clock):
        reader.note(node, f"expected {Year.CALENDAR}, got {Year.FISCAL}, which only a policy can name")
    if clock is None or reader.problems:
        raise PolicySyntaxError("\n".join(str(problem) for problem in sorted(reader.problems)))
    return clock


class ClockReader:
    """Reads clocks; notes what is wrong with them in the reader's problems."""

    def __init__(self, reader: Reader, fiscal_year_end: tuple[int, int] | None) -> None:
        """`fiscal_year_end`: the month and day that the policy names; without, fiscal years are calendar years."""
        self._reader = reader
        self._fiscal = fiscal_year_end or _YEAR_END

    def read(self, node: yaml.Node) -> Clock | None:
        """Return the clock that `node` states, or None after noting what is wrong."""
        if isinstance(node, yaml.ScalarNode):
            return self._plain(node)
        if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
            self._reader.note(node, f"expected {_FORMS}, got {shape(node)}")
            return None
        keys = self._reader.mapping(node, required=(), optional=(*Of, *Year))
        for key, value in keys.items():
            return self._several(Of(key), value) if key in set(Of) else self._year_end(Year(key), value)
        return None

    def event_name(self, node: yaml.Node) -> str | None:
        """Return the name of an event, or None after noting what is wrong."""
        text = self._reader.text(node)
        return None if text is None else self._event_name(node, text)

    def _event_name(self, node: yaml.Node, text: str) -> str | None:
        if EVENT_NAME.fullmatch(text):
            return text
        what = "expected the name of an event of a-z (at least one), 0-9 and '-', at most 64 long"
        self._reader.note(node, f"{what}, got {text[:40]!r}")
        return None

    def _plain(self, node: yaml.ScalarNode) -> Clock | None:
        text = self._reader.text(node)
        if text is None:
            return None
        if text in set(Fact):
            return Fact(text)
        which, _, name = text.partition(" ")
        if which in set(Which):
            known = self._event_name(node, name)
            return None if known is None else OfEvent(known, Which(which))
        self._reader.note(node, f"expected {_FORMS}, got {text[:60]!r}")
        return None

    def _several(self, of: Of, node: yaml.Node) -> Clock | None:
        read = [(item, self.read(item)) for item in self._reader.items(node)]
        clocks: list[Clock] = []
        for item, clock in read:
            if clock is not None and clock in clocks:
                self._reader.note(item, "expected each clock once, got one again")
            elif clock is not None:
                clocks.append(clock)
        if len(read) == 1:
            self._reader.note(node, f"expected at least two clocks in {of}, got one")
        return OfSeveral(of, tuple(clocks)) if len(clocks) > 1 else None

    def _year_end(self, year: Year, node: yaml.Node) -> Clock | None:
        clock = self.read(node)
        if clock is None:
            return None
        month, day = self._fiscal if year is Year.FISCAL else _YEAR_END
        return YearEnd(year, clock, month, day)
