"""A forecast as charts and as a page: what will be stored, what leaves, and what it costs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from retention.forecast.forecast import Amount, Forecast, Prices, Row, total
from retention.forecast.stock import By
from retention.plans.charts import Chart, Series, svg
from retention.plans.page import count, day, el, page, size, table

PRIMARY, ARCHIVE = "the vault's own store", "the archive"
_MONTHLY = 12  # rows that are told month by month; then one a year


@dataclass(frozen=True, slots=True)
class About:
    """What a forecast was made of: when, by which policy version (None: none), by what classes, and from what."""

    vault: str
    now: datetime
    policy_version: int | None
    by: By
    arrivals: str
    prices: Prices


def assumptions(about: About) -> list[str]:
    """Return what the forecast takes for granted."""
    policy = "no policy: nothing leaves" if about.policy_version is None else f"policy version {about.policy_version}"
    return [
        f"By {policy}, as it stands.",
        about.arrivals,
        "What is under a hold, matched by no rule, or without a known end date stays.",
        "What is due counts as gone in the month in which it is due, whether or not a person must review it first.",
        "A copy in the archive goes when its object lock ends, if that is later.",
        "A GB is 10^9 bytes of sealed content. A month's figures are what is there at its end.",
    ]


def chart(forecast: Forecast, by: By) -> Chart:
    """Return the bytes that are there at the end of each month, by class or by tier."""
    labels = tuple(f"{row.month:%Y-%m}" for row in forecast.rows)
    return Chart("Storage at the end of each month", labels, tuple(_series(forecast, by)), size)


def _series(forecast: Forecast, by: By) -> list[Series]:
    if by is By.TIER:
        return [
            Series(PRIMARY, tuple(row.whole.primary for row in forecast.rows)),
            Series(ARCHIVE, tuple(row.whole.archive for row in forecast.rows)),
        ]
    return [
        Series(name, tuple(row.there[name].primary + row.there[name].archive for row in forecast.rows))
        for name in forecast.now
    ]


def told(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that people read: each month of the first year, then one a year, and the last."""
    return [row for at, row in enumerate(rows) if at < _MONTHLY or (at + 1) % _MONTHLY == 0 or at == len(rows) - 1]


def render(forecast: Forecast, about: About) -> str:
    """Return the page of a forecast: HTML that stands alone."""
    numbers = Series("recordings", tuple(row.whole.recordings for row in forecast.rows))
    labels = tuple(f"{row.month:%Y-%m}" for row in forecast.rows)
    return page(
        "What will be stored, and what leaves",
        el("p", f"Vault {about.vault}, forecast made {day(about.now)}.", class_="faint"),
        el("h2", "Storage at the end of each month"),
        svg(chart(forecast, about.by)),
        el("h2", "Recordings at the end of each month"),
        svg(Chart("Recordings at the end of each month", labels, (numbers,), count)),
        el("h2", "In figures"),
        table(*_months(forecast, about), numbers=frozenset(range(1, 8))),
        el("h2", "What is there now"),
        table(*_now(forecast), numbers=frozenset(range(1, 5))),
        el("h2", "What this takes for granted"),
        el("ul", *(el("li", text) for text in assumptions(about))),
    )


def _months(forecast: Forecast, about: About) -> tuple[list[str], list[list[str]]]:
    columns = ["month", "arriving", "leaving", "there", "own store", "archive"]
    if about.prices.known:
        columns.append(f"{about.prices.currency} a month")
    rows = []
    for row in told(forecast.rows):
        whole = row.whole
        cells = [f"{row.month:%Y-%m}", count(row.arriving.recordings), count(row.leaving.recordings),
                 count(whole.recordings), size(whole.primary), size(whole.archive)]  # fmt: skip
        rows.append([*cells, f"{about.prices.of(whole):,}"] if about.prices.known else cells)
    return columns, rows


def _now(forecast: Forecast) -> tuple[list[str], list[list[str]]]:
    def cells(name: str, there: Amount, stays: Amount) -> list[str]:
        return [name, count(there.recordings), size(there.primary), size(there.archive), count(stays.recordings)]

    rows = [cells(name, there, forecast.stays.get(name, Amount())) for name, there in forecast.now.items()]
    whole = cells("together", total(list(forecast.now.values())), total(list(forecast.stays.values())))
    return ["what", "recordings", "own store", "archive", "stay as far as is known"], [*rows, whole]
