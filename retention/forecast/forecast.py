"""How much will be stored, and what that costs: what is there leaves when due, what arrives leaves in its turn.

Pure. It goes by sums by class and month, never by recordings, so that it costs the same for any catalog. Bytes are
those of the sealed content; a month's figures are what is there at its end. Arrivals come evenly through a month:
of those that stay for 2.25 months, three quarters leave in the second month after theirs, the rest in the third.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

DAYS_OF_A_MONTH = 30.436875
"""The mean of the Gregorian calendar."""
GB = 10**9
"""Bytes in what a price is for."""
_CENTS = Decimal("0.01")


class Amount(NamedTuple):
    """So many recordings, and their bytes in the vault's own store and in the archive."""

    recordings: float = 0
    primary: float = 0
    archive: float = 0

    def plus(self, other: "Amount") -> "Amount":
        """Return both together."""
        return Amount(*(one + more for one, more in zip(self, other, strict=True)))

    def minus(self, other: "Amount") -> "Amount":
        """Return this without the other."""
        return Amount(*(one - less for one, less in zip(self, other, strict=True)))

    def times(self, factor: float) -> "Amount":
        """Return this so many times."""
        return Amount(*(one * factor for one in self))


NOTHING = Amount()


@dataclass(slots=True)
class Outflow:
    """When some recordings leave: in which month from now, in a later one, or not as far as is known."""

    months: int
    by_month: list[Amount] = field(default_factory=list)
    later: Amount = NOTHING
    stays: Amount = NOTHING

    def __post_init__(self) -> None:
        self.by_month = self.by_month or [NOTHING] * self.months

    def add(self, month: int | None, amount: Amount) -> None:
        """Let something leave in a month, counted from 0; None: not as far as is known."""
        if month is None:
            self.stays = self.stays.plus(amount)
        elif month >= self.months:
            self.later = self.later.plus(amount)
        else:
            self.by_month[month] = self.by_month[month].plus(amount)

    def add_after(self, months: float | None, amount: Amount) -> None:
        """Let something leave so many months after it came, where it comes evenly through a month."""
        if months is None:
            self.add(None, amount)
            return
        whole = int(max(0.0, months))
        rest = max(0.0, months) - whole
        self.add(whole, amount.times(1 - rest))
        self.add(whole + 1, amount.times(rest))

    @property
    def total(self) -> Amount:
        """All of it."""
        return total([*self.by_month, self.later, self.stays])

    def times(self, factor: float) -> "Outflow":
        """Return this so many times."""
        by_month = [amount.times(factor) for amount in self.by_month]
        return Outflow(self.months, by_month, self.later.times(factor), self.stays.times(factor))

    def archived(self, share: float) -> "Outflow":
        """Return this with so many bytes in the archive for each in the vault's own store."""

        def of(amount: Amount) -> Amount:
            return amount._replace(archive=amount.primary * share)

        return Outflow(self.months, [of(amount) for amount in self.by_month], of(self.later), of(self.stays))


def total(amounts: Sequence[Amount]) -> Amount:
    """Return amounts together."""
    whole = NOTHING
    for amount in amounts:
        whole = whole.plus(amount)
    return whole


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the calendar by its first day, and how many days of it are ahead."""

    first: date
    days: float


def calendar(now: datetime, months: int) -> list[Month]:
    """Return the months from now on, what is left of this one first; those of the year 9999 are the last."""
    here = now.astimezone(UTC)
    found = []
    for at in range(months):
        year, month = divmod(here.year * 12 + here.month - 1 + at, 12)
        if year > date.max.year:
            break
        found.append(Month(date(year, month + 1, 1), float(monthrange(year, month + 1)[1])))
    begun = (here - datetime.combine(found[0].first, time(), UTC)).total_seconds() / 86_400
    return [Month(found[0].first, found[0].days - begun), *found[1:]]


def month_of(instant: datetime, now: datetime) -> int:
    """Return the month in which an instant lies, counted from that of `now`; what is past is 0."""
    there, here = instant.astimezone(UTC), now.astimezone(UTC)
    return max(0, (there.year - here.year) * 12 + there.month - here.month)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a GB costs for a month, in the vault's own store and in the archive; None: no price is known."""

    primary: Decimal | None = None
    archive: Decimal | None = None
    currency: str = ""

    @property
    def known(self) -> bool:
        """Whether there is any price."""
        return self.primary is not None or self.archive is not None

    def of(self, amount: Amount) -> Decimal:
        """Return what an amount costs for a month, to the cent."""
        parts = ((self.primary, amount.primary), (self.archive, amount.archive))
        cost = sum((price * Decimal(used) / GB for price, used in parts if price is not None), Decimal(0))
        return cost.quantize(_CENTS)


@dataclass(frozen=True, slots=True)
class Row:
    """One month: what came, what left, and what is there at its end, by class."""

    month: date
    arriving: Amount
    leaving: Amount
    there: Mapping[str, Amount]

    @property
    def whole(self) -> Amount:
        """What is there in all classes together."""
        return total(list(self.there.values()))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is there now, what of it stays as far as is known, and the months ahead."""

    now: Mapping[str, Amount]
    stays: Mapping[str, Amount]
    rows: tuple[Row, ...]


def project(stock: Mapping[str, Outflow], arrivals: Mapping[str, Outflow], months: Sequence[Month]) -> Forecast:
    """Return the months ahead.

    `stock`: by class, when leaves what is there. `arrivals`: by class, what comes in a day, by how many months after
    its own it leaves.
    """
    classes = sorted(stock.keys() | arrivals.keys())
    there = {name: stock[name].total if name in stock else NOTHING for name in classes}
    now, rows = dict(there), []
    for at, month in enumerate(months):
        arriving, leaving = NOTHING, NOTHING
        for name in classes:
            came, left = NOTHING, stock[name].by_month[at] if name in stock else NOTHING
            if name in arrivals:
                came = arrivals[name].total.times(month.days)
                left = total([left, *(arrivals[name].by_month[at - was].times(months[was].days)
                                      for was in range(at + 1))])  # fmt: skip
            there[name] = there[name].plus(came).minus(left)
            arriving, leaving = arriving.plus(came), leaving.plus(left)
        rows.append(Row(month.first, arriving, leaving, dict(there)))
    stays = {name: outflow.stays for name, outflow in sorted(stock.items())}
    return Forecast(now, stays, tuple(rows))
