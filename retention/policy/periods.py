"""Retention periods: ISO 8601 calendar durations, and the instant at which one has wholly ended.

Calendar arithmetic only: a year is a year, not 365 days. Every approximation keeps longer, never shorter. There is no
time zone here, because a period must have ended in all of them (DESIGN section 6); hours, minutes and seconds are
refused for the same reason.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from retention.errors import PeriodError

MAX_YEARS = 200

_FORM = re.compile(
    r"P(?=[0-9])(?:(?P<weeks>[1-9][0-9]{0,5})W|"
    r"(?:(?P<years>[1-9][0-9]{0,5})Y)?(?:(?P<months>[1-9][0-9]{0,5})M)?(?:(?P<days>[1-9][0-9]{0,5})D)?)"
)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar duration of at most 200 years; years, months and days, or weeks alone. `Period()` is nothing."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        parts = (self.years, self.months, self.weeks, self.days)
        if min(parts) < 0:
            raise PeriodError("expected a period that is not negative")
        if self.weeks and (self.years or self.months or self.days):
            raise PeriodError("expected weeks alone, got weeks with another part")
        # One common denominator (a year of 12 months or of 365 days) keeps the bound free of fractions.
        if 365 * self.total_months + 12 * self.total_days > 365 * 12 * MAX_YEARS:
            raise PeriodError(f"expected a period of at most {MAX_YEARS} years, got {self}")

    @classmethod
    def parse(cls, text: str, *, or_nothing: bool = False) -> Self:
        """Return the period written as `text`, such as P3Y, P25M, P90D, P2W or P1Y6M (ISO 8601-1 section 5.5.2).

        `or_nothing`: P0D, no time at all, will do too.

        Raises:
            PeriodError: another form, a zero or signed part, a time part, or more than 200 years.

        """
        if or_nothing and text == "P0D":
            return cls()
        found = _FORM.fullmatch(text)
        if found is None:
            raise PeriodError(f"expected a period such as P3Y, P25M, P1Y6M, P90D or P2W, got {text[:40]!r}")
        return cls(**{name: int(digits or 0) for name, digits in found.groupdict().items()})

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.weeks, "W"), (self.days, "D"))
        return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")

    @property
    def shortest_days(self) -> int:
        """The fewest days it can last, whenever it starts."""
        return 365 * self.years + 28 * self.months + self.total_days

    @property
    def longest_days(self) -> int:
        """The most days it can last, whenever it starts."""
        return 366 * self.years + 31 * self.months + self.total_days

    def is_at_least(self, other: "Period") -> bool:
        """Return whether this lasts at least as long as `other`, whenever both start."""
        if self.total_months >= other.total_months and self.total_days >= other.total_days:
            return True
        return self.shortest_days >= other.longest_days

    @property
    def total_months(self) -> int:
        """The months of years and months together."""
        return 12 * self.years + self.months

    @property
    def total_days(self) -> int:
        """The days of weeks and days together."""
        return 7 * self.weeks + self.days

    def ends(self, start: datetime) -> datetime | None:
        """Return the first instant (UTC midnight) at which this period from `start` is over everywhere on earth.

        That is the second day after the period's calendar date. Where a zone east of us writes the next date already,
        the period is counted from that date too, and the later end holds: in months of unequal length it can end days
        after the other (28 February and 1 March, one month on). None stands for "never": past the year 9999.

        Raises:
            RuntimeError: `start` has no time zone; which day it means cannot be known.

        """
        if start.utcoffset() is None:
            raise RuntimeError("expected a timezone-aware instant, got a naive one")
        try:
            here = start.astimezone(UTC).date()
            last_day = max(self._add_to(here) + timedelta(days=1), self._add_to(here + timedelta(days=1)))
            return datetime.combine(last_day + timedelta(days=1), time(), UTC)
        except OverflowError:
            return None

    def _add_to(self, day: date) -> date:
        """Return the calendar date of the period that starts on `day`; never the day before a missing date.

        Raises:
            OverflowError: the date is past the year 9999.

        """
        year, month = divmod(12 * day.year + day.month - 1 + self.total_months, 12)
        first = _first_of(year, month)
        # A month that lacks the day (31 April, 29 February) has its first following day instead: rounded to keep.
        target = first + timedelta(days=day.day - 1)
        if target.month != first.month:
            target = _first_of(*divmod(12 * year + month + 1, 12))
        return target + timedelta(days=self.total_days)


def _first_of(year: int, month0: int) -> date:
    """Return the first day of a month counted from zero."""
    if year > date.max.year:
        raise OverflowError("past the year 9999")
    return date(year, month0 + 1, 1)
