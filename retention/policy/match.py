"""Which recordings a rule covers: a condition over what the catalog has of a recording, in clear and without a person.

A condition is a conjunction of its parts: fields with the values that will do, a span of days, and `any`, `all` and
`not` over other conditions. It is plain data; `matches` decides it, and `can_match` finds out whether anything at all
could be covered, so that a rule which never does is an error and not a surprise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from keys.canonical import Json
from vault.model import Consent, Kind

ONE = (
    "kind",
    "media_type",
    "direction",
    "agent",
    "seat",
    "queue",
    "industry",
    "jurisdiction",
    "consent",
    "interaction",
    "source",
)
"""Fields of which a recording has one value, or none."""
MANY = ("labels", "segments")
"""Fields of which a recording has any number of values."""
FIELDS = (*ONE, *MANY)
ALWAYS = {"kind": frozenset(map(str, Kind)), "consent": frozenset(map(str, Consent))}
"""Fields that every recording has, with all the words there are for them."""

_MOST_CASES = 256


class Attributes(Protocol):
    """What a condition may ask of a recording."""

    @property
    def ended(self) -> datetime | None:
        """When the recording ended."""

    def one(self, field: str) -> str | None:
        """Return the value of a field of `ONE`."""

    def many(self, field: str) -> frozenset[str]:
        """Return the values of a field of `MANY`."""


@dataclass(frozen=True, slots=True)
class Match:
    """A condition; every part that is given must hold, and one that gives nothing holds for everything."""

    kind: frozenset[str] = frozenset()
    media_type: frozenset[str] = frozenset()
    direction: frozenset[str] = frozenset()
    agent: frozenset[str] = frozenset()
    seat: frozenset[str] = frozenset()
    queue: frozenset[str] = frozenset()
    industry: frozenset[str] = frozenset()
    jurisdiction: frozenset[str] = frozenset()
    consent: frozenset[str] = frozenset()
    interaction: frozenset[str] = frozenset()
    source: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    ended_from: date | None = None
    ended_before: date | None = None
    any_of: tuple["Match", ...] = ()
    all_of: tuple["Match", ...] = ()
    negated: "Match | None" = None

    @property
    def given(self) -> Mapping[str, frozenset[str]]:
        """The fields that are given, with the values that will do."""
        return {field: values for field in FIELDS if (values := getattr(self, field))}

    @property
    def is_all(self) -> bool:
        """Whether it holds for everything because it asks for nothing."""
        return self == Match()


def matches(match: Match, recording: Attributes) -> bool:
    """Return whether the condition holds for the recording. An end that is not known lies in no span of days."""
    return (
        all(_has(recording, field, values) for field, values in match.given.items())
        and _within(match, recording.ended)
        and all(matches(part, recording) for part in match.all_of)
        and (not match.any_of or any(matches(part, recording) for part in match.any_of))
        and (match.negated is None or not matches(match.negated, recording))
    )


def _has(recording: Attributes, field: str, values: frozenset[str]) -> bool:
    if field in MANY:
        return not values.isdisjoint(recording.many(field))
    return recording.one(field) in values


def _within(match: Match, ended: datetime | None) -> bool:
    if match.ended_from is None and match.ended_before is None:
        return True
    if ended is None or ended.utcoffset() is None:
        return False
    try:
        day = ended.astimezone(UTC).date()
    except OverflowError:  # no day that UTC can write
        return False
    return (match.ended_from is None or match.ended_from <= day) and (
        match.ended_before is None or day < match.ended_before
    )


def parts(match: Match) -> Iterator[Match]:
    """Yield a condition and every one within it."""
    yield match
    for part in (*match.any_of, *match.all_of, *([match.negated] if match.negated else [])):
        yield from parts(part)


def fields_asked(match: Match) -> frozenset[str]:
    """Return every field that the condition, or one within it, asks for; `ended` where it asks for a span of days."""
    asked = {field for part in parts(match) for field in part.given}
    if any(part.ended_from or part.ended_before for part in parts(match)):
        asked.add("ended")
    return frozenset(asked)


def form(match: Match) -> Json:
    """Return the canonical form of a condition: the parts that are given, in one order."""
    value: dict[str, Json] = {field: sorted(values) for field, values in match.given.items()}
    span = {"from": match.ended_from, "before": match.ended_before}
    if days := {name: day.isoformat() for name, day in span.items() if day}:
        value["ended"] = days
    for name, several in (("any", match.any_of), ("all", match.all_of)):
        if several:
            value[name] = [form(part) for part in several]
    if match.negated is not None:
        value["not"] = form(match.negated)
    return value


# Below: can a condition hold for anything? It is brought into cases, each a conjunction of plain facts, of which one
# must be free of contradictions. `None` stands for more cases than anybody would want to read.


@dataclass(frozen=True, slots=True)
class _Case:
    """A conjunction: of fields of one value the values left (None: any) and excluded; of the others those asked for."""

    allowed: Mapping[str, frozenset[str]]
    excluded: Mapping[str, frozenset[str]]
    wanted: tuple[tuple[str, frozenset[str]], ...] = ()
    since: date | None = None
    before: date | None = None

    def is_possible(self) -> bool:
        for field, values in {**ALWAYS, **self.allowed}.items():
            if not values - self.excluded.get(field, frozenset()):
                return False
        if any(not values - self.excluded.get(field, frozenset()) for field, values in self.wanted):
            return False
        return self.before is None or (self.since or date.min) < self.before

    def and_also(self, other: "_Case") -> "_Case":
        allowed = dict(self.allowed)
        for field, values in other.allowed.items():
            allowed[field] = allowed[field] & values if field in allowed else values
        excluded = dict(self.excluded)
        for field, values in other.excluded.items():
            excluded[field] = excluded.get(field, frozenset()) | values
        return replace(
            self,
            allowed=allowed,
            excluded=excluded,
            wanted=(*self.wanted, *other.wanted),
            since=max((day for day in (self.since, other.since) if day), default=None),
            before=min((day for day in (self.before, other.before) if day), default=None),
        )


_ANY = _Case({}, {})


def can_match(match: Match) -> bool | None:
    """Return whether some recording could satisfy the condition; None where it has too many cases to tell."""
    cases = _cases(match, negate=False)
    return None if cases is None else any(case.is_possible() for case in cases)


def _cases(match: Match, *, negate: bool) -> list[_Case] | None:
    plain = [_plain(field, values, negate=negate) for field, values in match.given.items()]
    days = _days(match, negate=negate)
    inner = [_cases(part, negate=negate) for part in match.all_of]
    if match.any_of:
        inner.append(_joined([_cases(part, negate=negate) for part in match.any_of], conjunction=negate))
    if match.negated is not None:
        inner.append(_cases(match.negated, negate=not negate))
    groups: list[list[_Case] | None] = [*([case] for case in plain), *days, *inner]
    if not groups:
        return [] if negate else [_ANY]
    return _joined(groups, conjunction=not negate)


def _plain(field: str, values: frozenset[str], *, negate: bool) -> _Case:
    if negate:
        return _Case({}, {field: values})
    return _Case({}, {}, wanted=((field, values),)) if field in MANY else _Case({field: values}, {})


def _days(match: Match, *, negate: bool) -> list[list[_Case] | None]:
    since, before = match.ended_from, match.ended_before
    if negate:  # the other side of each bound
        since, before = before, since
    return [
        *([[_Case({}, {}, since=since)]] if since else []),
        *([[_Case({}, {}, before=before)]] if before else []),
    ]


def _joined(groups: list[list[_Case] | None], *, conjunction: bool) -> list[_Case] | None:
    """Return the cases of all groups together: one of each (conjunction), or of any."""
    known = [group for group in groups if group is not None]
    if len(known) != len(groups):
        return None
    cases = [_ANY] if conjunction else [case for group in known for case in group]
    for group in known if conjunction else ():
        # a contradiction stays one whatever is added: dropping it early keeps the cases few
        cases = [both for one in cases for other in group if (both := one.and_also(other)).is_possible()]
        if len(cases) > _MOST_CASES:
            return None
    return cases if len(cases) <= _MOST_CASES else None
