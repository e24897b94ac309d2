"""From which instant a period counts: the end of the recording, an event, the end of a year (DESIGN section 6).

A clock is a small expression. `start` says which instant it shows, as far as that is known, and `words` how a lawyer
reads it. An event that was not recorded has not happened: its clock shows nothing, and what shows nothing keeps.

Names of days differ around the earth. A period takes care of that itself (`Period.ends`); the end of a year is that of
the year which is already begun in the east (UTC+14), so that it is never a year early.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias

from keys import canonical
from keys.canonical import Json

EVENT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,64}")
"""A name of events; it has a letter, because the log takes nothing that could be dialled."""

Events: TypeAlias = Mapping[str, tuple[datetime, ...]]
"""The instants at which what concerns a recording happened, by the name of the event, in order."""

_EASTMOST = timedelta(hours=14)


class Fact(StrEnum):
    """An instant that the catalog has of every recording."""

    ENDED = "ended"
    CREATED = "created"


class Which(StrEnum):
    """Which happening counts, where an event was recorded more than once."""

    EVENT = "event"
    FIRST = "first"
    LAST = "last"


class Of(StrEnum):
    """Which of several clocks counts."""

    LATEST = "latest-of"
    EARLIEST = "earliest-of"


class Year(StrEnum):
    """Which year's end counts."""

    FISCAL = "fiscal-year-end"
    CALENDAR = "calendar-year-end"


@dataclass(frozen=True, slots=True)
class OfEvent:
    """When an event happened. `event` and `last` mean the latest one that was recorded, which keeps longest."""

    name: str
    which: Which = Which.EVENT


@dataclass(frozen=True, slots=True)
class OfSeveral:
    """The latest of clocks, of which all must show something, or the earliest of those that do."""

    of: Of
    clocks: tuple["Clock", ...]


@dataclass(frozen=True, slots=True)
class YearEnd:
    """The last day of the year in which a clock stands. `month` and `day` say when a fiscal year ends."""

    year: Year
    clock: "Clock"
    month: int = 12
    day: int = 31


Clock: TypeAlias = Fact | OfEvent | OfSeveral | YearEnd


def start(clock: Clock, *, ended: datetime | None, created: datetime | None, events: Events) -> datetime | None:
    """Return the instant that `clock` shows, or None where it is not known (yet)."""
    if isinstance(clock, Fact):
        return ended if clock is Fact.ENDED else created
    if isinstance(clock, OfEvent):
        happened = events.get(clock.name, ())
        if not happened:
            return None
        return min(happened) if clock.which is Which.FIRST else max(happened)
    if isinstance(clock, YearEnd):
        return _year_end(start(clock.clock, ended=ended, created=created, events=events), clock.month, clock.day)
    shown = [start(one, ended=ended, created=created, events=events) for one in clock.clocks]
    known = [instant for instant in shown if instant is not None]
    if clock.of is Of.LATEST:
        return max(known) if len(known) == len(shown) else None
    return min(known, default=None)


def _year_end(instant: datetime | None, month: int, day: int) -> datetime | None:
    """Return the first instant of the day on which the year ends that has `instant` in it, anywhere on earth."""
    if instant is None or instant.utcoffset() is None:
        return instant
    try:
        here = (instant.astimezone(UTC) + _EASTMOST).date()
    except OverflowError:
        return None
    last = _last_day(here.year, month, day)
    if last < here:
        if here.year == date.max.year:
            return None
        last = _last_day(here.year + 1, month, day)
    return datetime.combine(last, time(), UTC)


def _last_day(year: int, month: int, day: int) -> date:
    """Return the day in that year; 29 February is the last of the month in any year."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def events_of(clock: Clock) -> Iterator[str]:
    """Yield the name of every event that `clock` asks for."""
    if isinstance(clock, OfEvent):
        yield clock.name
    elif isinstance(clock, YearEnd):
        yield from events_of(clock.clock)
    elif isinstance(clock, OfSeveral):
        for one in clock.clocks:
            yield from events_of(one)


def facts_of(clock: Clock) -> Iterator[Fact]:
    """Yield every instant of the catalog that `clock` asks for."""
    if isinstance(clock, Fact):
        yield clock
    elif isinstance(clock, YearEnd):
        yield from facts_of(clock.clock)
    elif isinstance(clock, OfSeveral):
        for one in clock.clocks:
            yield from facts_of(one)


def has_year_end(clock: Clock) -> bool:
    """Return whether the end of a year is in `clock`."""
    if isinstance(clock, OfSeveral):
        return any(has_year_end(one) for one in clock.clocks)
    return isinstance(clock, YearEnd)


def has_fiscal_year(clock: Clock) -> bool:
    """Return whether the end of a fiscal year is in `clock`, which only a policy can name."""
    if isinstance(clock, OfSeveral):
        return any(has_fiscal_year(one) for one in clock.clocks)
    return isinstance(clock, YearEnd) and (clock.year is Year.FISCAL or has_fiscal_year(clock.clock))


def plain(clock: Clock) -> Clock:
    """Return `clock` with one word for what `event NAME` and `last NAME` both mean, so that clocks can be compared."""
    if isinstance(clock, OfEvent):
        return replace(clock, which=Which.LAST) if clock.which is Which.EVENT else clock
    if isinstance(clock, YearEnd):
        return replace(clock, clock=plain(clock.clock))
    return replace(clock, clocks=tuple(plain(one) for one in clock.clocks)) if isinstance(clock, OfSeveral) else clock


def form(clock: Clock) -> Json:
    """Return how `clock` stands in a policy file, and in the canonical form of one."""
    if isinstance(clock, Fact):
        return clock.value
    if isinstance(clock, OfEvent):
        return f"{clock.which} {clock.name}"
    if isinstance(clock, OfSeveral):
        return {clock.of.value: [form(one) for one in clock.clocks]}
    return {clock.year.value: form(clock.clock)}


def text_of(clock: Clock) -> str:
    """Return `clock` as one line of text, from which `read_clock.parse` makes it again."""
    value = form(clock)
    return value if isinstance(value, str) else canonical.encode(value).decode()


_FACT_WORDS = {
    Fact.ENDED: "the end of the recording",
    Fact.CREATED: "the moment it was taken in",
}
_WHICH_WORDS = {
    Which.EVENT: "the event",
    Which.FIRST: "the first event",
    Which.LAST: "the last event",
}


def words(clock: Clock) -> str:
    """Return `clock` as a lawyer reads it."""
    if isinstance(clock, Fact):
        return _FACT_WORDS[clock]
    if isinstance(clock, OfEvent):
        return f"{_WHICH_WORDS[clock.which]} {clock.name}"
    if isinstance(clock, YearEnd):
        return f"the end of the {'fiscal' if clock.year is Year.FISCAL else 'calendar'} year of {words(clock.clock)}"
    joined = " and ".join(words(one) for one in clock.clocks)
    return f"the {'later' if clock.of is Of.LATEST else 'earlier'} of {joined}"
