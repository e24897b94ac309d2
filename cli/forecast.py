"""`strongroom forecast`: how much will be stored over the coming years, and what that costs."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select

from cli.base import Command
from cli.door import Door, pass_door, text_of
from retention.core.facts import AppliedPolicy
from retention.forecast import arrivals as expected
from retention.forecast import forecast as forecasting
from retention.forecast import forecast_page, stock
from retention.forecast.forecast import Amount, Forecast, Outflow, Prices
from retention.forecast.forecast_page import About
from retention.forecast.stock import By, Stock
from retention.plans import policies
from retention.plans.page import count, size
from vault.catalog.schema import recordings
from vault.model import State
from vault.people import Capability

_NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command)
@click.option("--months", type=click.IntRange(1, 600), default=60, show_default=True, help="How far to look ahead.")
@click.option("--by", type=click.Choice([one.value for one in By]), default=By.KIND.value, show_default=True,
              help="What the storage is told by.")  # fmt: skip
@click.option("--arrivals", "arrivals_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A CSV file of what is expected to come; without, the mean of the last 90 days.")  # fmt: skip
@click.option("--html", type=_NEW_FILE, help="A new file for the forecast as a page with charts.")
@click.option("--png", type=_NEW_FILE, help="A new file for the chart as a picture.")
@pass_door
def forecast(door: Door, months: int, by: str, arrivals_file: Path | None, html: Path | None, png: Path | None) -> None:
    """Show how many recordings and bytes there will be, month by month, and what they cost.

    What is there leaves when the policy in force lets it go; what arrives leaves in its turn. Prices are settings:
    prices.primary_gb_month and prices.archive_gb_month.
    """
    door.enter(Capability.POLICY_READ)
    for file in (html, png):
        if file is not None and file.exists():
            raise click.UsageError(f"expected a new file, {file} exists")
    text = None if arrivals_file is None else text_of(arrivals_file)
    policy, found = _survey(door, months, By(by))
    now = door.vault.clock.now()
    coming = found.arrivals if text is None else found.in_archive(
        expected.read(text, policy, now, months=months, by=By(by))
    )  # fmt: skip
    made = forecasting.project(found.there, coming, forecasting.calendar(now, months))
    about = About(
        door.vault.id, now, policy.version if policy else None, By(by), _said(arrivals_file, found),
        door.settings.prices,
    )  # fmt: skip
    _show(door, made, about, coming)
    if html is not None:
        with html.open("x", encoding="utf-8") as sink:
            sink.write(forecast_page.render(made, about))
        door.out.say(f"wrote {html}")
    if png is not None:
        _write_png(png, made, about)
        door.out.say(f"wrote {png}")


def _survey(door: Door, months: int, by: By) -> tuple[AppliedPolicy | None, Stock]:
    vault = door.vault
    with vault.catalog.read() as connection, door.out.progress("looking at recordings") as shown:
        alive = select(func.count()).select_from(recordings).where(recordings.c.state != State.PURGED)
        task = shown.add_task("", total=None if shown.disable else connection.scalars(alive).one())
        policy = policies.current(connection)
        found = stock.survey(
            connection, policy, vault.clock.now(), months=months, by=by,
            on_progress=lambda seen: shown.update(task, completed=seen),
        )  # fmt: skip
    return policy, found


def _said(file: Path | None, found: Stock) -> str:
    if file is not None:
        return f"What arrives is what {file.name} says."
    return f"What arrives is the mean of what ended in the last {found.days:.0f} days."


def _write_png(file: Path, made: Forecast, about: About) -> None:
    from retention.plans.chart_png import png  # noqa: PLC0415 - it loads OpenCV, which no other command of this door needs

    with file.open("xb") as sink:
        sink.write(png(forecast_page.chart(made, about.by)))


def _show(door: Door, made: Forecast, about: About, coming: dict[str, Outflow]) -> None:
    if door.out.as_json:
        _show_json(door, made, about, coming)
        return
    whole, stays = (forecasting.total(list(one.values())) for one in (made.now, made.stays))
    door.out.say(
        f"now: {whole.recordings:,.0f} recordings, {size(whole.primary)} in the vault's own store, "
        f"{size(whole.archive)} in the archive; {stays.recordings:,.0f} of them stay as far as is known"
    )
    names = [] if about.by is By.TIER else list(made.now)
    columns = ["month", "arriving", "leaving", "recordings", "own_store", "archive", *names]
    rows = []
    for row in forecast_page.told(made.rows):
        cells = [f"{row.month:%Y-%m}", count(row.arriving.recordings), count(row.leaving.recordings),
                 count(row.whole.recordings), size(row.whole.primary), size(row.whole.archive)]  # fmt: skip
        cells += [size(row.there[name].primary + row.there[name].archive) for name in names]
        rows.append([*cells, *_cost(about.prices, row.whole)])
    if about.prices.known:
        columns.append(f"{about.prices.currency}_a_month")
    door.out.table(columns, rows, less=tuple(reversed(names)))
    if about.prices.known:
        cost = sum(about.prices.of(row.whole) for row in made.rows)
        door.out.say(f"together over {len(made.rows)} months: {cost:,} {about.prices.currency}")
    for text in forecast_page.assumptions(about):
        door.out.say(f"- {text}")


def _cost(prices: Prices, amount: Amount) -> list[str]:
    return [f"{prices.of(amount):,}"] if prices.known else []


def _show_json(door: Door, made: Forecast, about: About, coming: dict[str, Outflow]) -> None:
    prices = about.prices
    door.out.object(
        {
            "as_of": about.now, "policy_version": about.policy_version, "by": about.by, "months": len(made.rows),
            "now": {name: _value(amount) for name, amount in made.now.items()},
            "stays": {name: _value(amount) for name, amount in made.stays.items()},
            "arriving_a_day": {name: _value(outflow.total, digits=3) for name, outflow in coming.items()},
            "prices": {"primary_gb_month": prices.primary, "archive_gb_month": prices.archive,
                       "currency": prices.currency} if prices.known else None,
            "assumptions": forecast_page.assumptions(about),
        }
    )  # fmt: skip
    for row in made.rows:
        value: dict[str, Any] = {
            "month": f"{row.month:%Y-%m}", "arriving": _value(row.arriving), "leaving": _value(row.leaving),
            "there": _value(row.whole), "classes": {name: _value(amount) for name, amount in row.there.items()},
        }  # fmt: skip
        if prices.known:
            value["cost"] = str(prices.of(row.whole))
        door.out.object(value)


def _value(amount: Amount, *, digits: int = 0) -> dict[str, float]:
    def number(value: float) -> float:
        return round(value, digits) if digits else round(value)

    return {
        "recordings": number(amount.recordings), "primary_bytes": number(amount.primary),
        "archive_bytes": number(amount.archive),
    }  # fmt: skip
