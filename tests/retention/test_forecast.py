"""Forecasts: what is there leaves when due, what arrives leaves in its turn, and nothing is lost on the way."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from retention.core.facts import AppliedPolicy
from retention.forecast import arrivals, forecast, forecast_page, stock
from retention.forecast.arrivals import ArrivalsError
from retention.forecast.forecast import (
    DAYS_OF_A_MONTH,
    NOTHING,
    Amount,
    Month,
    Outflow,
    Prices,
    calendar,
    month_of,
    project,
)
from retention.forecast.stock import By
from retention.plans import policies
from retention.plans.chart_png import png
from retention.plans.charts import Chart, Series, draw, svg
from retention.plans.page import size
from retention.policy.language import Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from service.assembly import Vault
from tests import vaults
from vault.catalog.schema import copies, recordings, renditions
from vault.model import Metadata

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MONTHS = 24
EQUAL = [Month(date(2026 + at // 12, at % 12 + 1, 1), DAYS_OF_A_MONTH) for at in range(MONTHS)]

whole_amounts = st.builds(Amount, *[st.integers(0, 10**12)] * 3)


@st.composite
def outflows(draw):
    found = Outflow(MONTHS)
    for month, amount in draw(st.lists(st.tuples(st.none() | st.integers(0, 40), whole_amounts), max_size=8)):
        found.add(month, amount)
    return found


stocks = st.dictionaries(st.sampled_from(["call", "chat", "screen"]), outflows(), max_size=3)


@given(stocks)
def test_what_leaves_is_what_is_there_without_what_stays_and_what_leaves_later(there):
    made = project(there, {}, EQUAL)
    left = forecast.total([row.leaving for row in made.rows])
    for name, outflow in there.items():
        assert made.now[name] == outflow.total
        assert made.stays[name] == outflow.stays
        assert made.rows[-1].there[name] == outflow.later.plus(outflow.stays)
    at_the_end = forecast.total([one.later.plus(one.stays) for one in there.values()])
    assert left == forecast.total(list(made.now.values())).minus(at_the_end)


@given(stocks)
def test_without_arrivals_no_curve_ever_rises(there):
    made = project(there, {}, EQUAL)
    before = made.now
    for row in made.rows:
        assert row.arriving == NOTHING
        for name, amount in row.there.items():
            assert all(0 <= now <= then for now, then in zip(amount, before[name], strict=True))
        before = row.there


@given(st.floats(0, MONTHS - 3), st.integers(1, 10**6))
def test_arrivals_in_a_steady_state_level_off_at_rate_times_stay(stay, a_day):
    coming = Outflow(MONTHS)
    coming.add_after(stay, Amount(a_day, a_day * 1000, a_day * 500))
    rows = project({}, {"call": coming}, EQUAL).rows
    level = a_day * DAYS_OF_A_MONTH * stay
    for row in rows[int(stay) + 1 :]:
        assert row.whole.recordings == pytest.approx(level, rel=1e-6, abs=1e-3)
        assert row.leaving.recordings == pytest.approx(row.arriving.recordings, rel=1e-6)
    counts = [row.whole.recordings for row in rows]
    assert all(one <= more + 1e-3 for one, more in pairwise(counts))


@given(stocks, stocks)
def test_what_comes_and_what_goes_make_up_every_change(there, coming):
    made = project(there, coming, EQUAL)
    before = forecast.total(list(made.now.values()))
    for row in made.rows:
        for then, came, went, now in zip(before, row.arriving, row.leaving, row.whole, strict=True):
            assert now == pytest.approx(then + came - went, rel=1e-9, abs=1)
        before = row.whole


def test_what_arrives_and_has_no_end_date_stays_and_piles_up():
    coming = Outflow(MONTHS)
    coming.add_after(None, Amount(2, 20, 0))
    rows = project({}, {"chat": coming}, EQUAL).rows
    assert [row.leaving for row in rows] == [NOTHING] * MONTHS
    assert rows[-1].whole.recordings == pytest.approx(2 * DAYS_OF_A_MONTH * MONTHS)


def test_the_calendar_begins_with_what_is_left_of_this_month():
    months = calendar(NOW, 4)
    assert [month.first for month in months] == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]
    assert [month.days for month in months] == [28.5, 31, 31, 28]
    assert len(calendar(datetime(9999, 11, 1, tzinfo=UTC), 60)) == 2
    assert [month_of(NOW + timedelta(days=days), NOW) for days in (-900, 0, 28, 29, 60)] == [0, 0, 0, 1, 2]


def test_a_price_is_for_ten_to_the_nine_bytes_and_to_the_cent():
    prices = Prices(Decimal("0.023"), Decimal("0.004"), "USD")
    assert prices.of(Amount(1, 10**12, 5 * 10**11)) == Decimal("25.00")
    assert prices.of(NOTHING) == Decimal("0.00")
    assert not Prices().known


# What is expected, as a file

POLICY = AppliedPolicy(
    1,
    Policy("t", (
        Rule("calls", Match(kind=frozenset({"call"})), Period.parse("P1Y"), Then.DESTROY),
        Rule("sales", Match(queue=frozenset({"sales"})), Period.parse("P2Y"), Then.DESTROY),
    )),
)  # fmt: skip


def read(*lines: str) -> dict[str, Outflow]:
    header = "kind,recordings_per_month,bytes_each,queue"
    return arrivals.read("\n".join([header, *lines]), POLICY, NOW, months=60, by=By.RULE)


def test_a_file_of_arrivals_is_decided_by_the_policy():
    found = read("call,1000,500,", "call,100,500,sales", "chat,10,5,")
    assert set(found) == {"calls", "sales", stock.NO_RULE}
    calls = found["calls"]
    assert calls.total.recordings * DAYS_OF_A_MONTH == pytest.approx(1000)
    assert calls.total.primary * DAYS_OF_A_MONTH == pytest.approx(500_000)
    assert sum(amount.recordings for amount in calls.by_month[12:14]) == pytest.approx(calls.total.recordings)
    assert sum(amount.recordings for amount in found["sales"].by_month[24:26]) > 0
    assert found[stock.NO_RULE].stays == found[stock.NO_RULE].total


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("fax,1,1,",), "line 2: expected kind"),
        (("call,1,1,", "call,-1,1,"), "line 3: expected recordings_per_month"),
        (("call,nan,1,",), "recordings_per_month"),
        (("call,1,many,",), "bytes_each"),
        (("call,1",), "line 2: expected 4 values"),
        (("call,1,1,a,b",), "line 2: expected 4 values"),
        (["call,1,1,"] * 1000, "at most"),
    ],
)
def test_a_wrong_line_of_arrivals_is_named(lines, said):
    with pytest.raises(ArrivalsError, match=said):
        read(*lines)


@pytest.mark.parametrize("header", ["", "kind,recordings_per_month", "kind,recordings_per_month,bytes_each,caller"])
def test_a_missing_or_unknown_column_of_arrivals_is_refused(header):
    with pytest.raises(ArrivalsError, match="expected the columns"):
        arrivals.read(header + "\n", POLICY, NOW, months=60, by=By.KIND)


# Charts

sizes = st.integers(0, 10**13)
charts = st.builds(
    lambda values: Chart("t", tuple("abcdefgh"[: len(values[0])]),
                         tuple(Series(f"s{at}", tuple(map(float, its))) for at, its in enumerate(values)), size),
    st.integers(1, 8).flatmap(
        lambda width: st.lists(st.lists(sizes, min_size=width, max_size=width), min_size=1, max_size=10)
    ),
)  # fmt: skip


@given(charts)
def test_a_column_is_as_high_as_its_values_and_lies_within_the_drawing(chart):
    drawing = draw(chart)
    columns = [box for box in drawing.boxes if ", " in box.note]
    highest = max((sum(one.values[at] for one in chart.series) for at in range(len(chart.labels))), default=0)
    assert all(box.height >= 0 and box.x >= 0 and box.y >= 0 for box in columns)
    for at, label in enumerate(chart.labels):
        height = sum(box.height for box in columns if box.note.startswith(f"{label},"))
        there = sum(one.values[at] for one in chart.series)
        tallest = sum(box.height for box in columns if box.note.startswith(f"{_top(chart)},"))
        assert height == pytest.approx(tallest * there / highest if highest else 0, abs=0.01)


def _top(chart: Chart) -> str:
    totals = [sum(one.values[at] for one in chart.series) for at in range(len(chart.labels))]
    return chart.labels[totals.index(max(totals))]


def test_a_chart_escapes_what_it_is_told_and_paints_the_same_as_a_picture():
    chart = Chart("<script>", ("<b>", "b"), (Series("a&b", (1.0, 2.0)), Series("\N{SNOWMAN}", (0.0, 3.0))), str)
    page = svg(chart)
    assert "<script>" not in page
    assert "&lt;b&gt;, a&amp;b" in page
    image = cv2.imdecode(np.frombuffer(png(chart), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[0] > 300
    blue = (image == (0xB2, 0x72, 0x00)).all(axis=2).sum()
    boxes = [box for box in draw(chart).boxes if box.colour == "#0072b2"]
    assert blue == pytest.approx(4 * sum(box.width * box.height for box in boxes), rel=0.05)


# Over a real catalog


@pytest.fixture(params=["sqlite", "postgresql"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        yield opened


def take_in(vault: Vault, days_ago: int, **facts: Any) -> str:
    metadata = Metadata(ended=vault.clock.now() - timedelta(days=days_ago), **facts)
    path = vault.settings.home.parent / f"{uuid.uuid4().hex}.txt"
    (receipt,) = vaults.ingest(vault, [vaults.item(path, metadata, f"hello {path.stem}".encode())])
    assert receipt.error is None
    return str(receipt.recording)


def surveyed(vault: Vault, by: By) -> stock.Stock:
    seen: list[int] = []
    with vault.catalog.read() as connection:
        found = stock.survey(
            connection, policies.current(connection), vault.clock.now(), months=60, by=by, on_progress=seen.append
        )
        alive = connection.execute(select(recordings.c.id).where(recordings.c.purged_at.is_(None))).all()
    assert seen[-1:] == ([len(alive)] if alive else [])
    return found


def test_a_survey_finds_what_leaves_what_stays_and_what_comes(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("short P1Y destroy queue=a", "long P9Y destroy queue=b"))
    take_in(vault, 300, queue="a")
    take_in(vault, 10, queue="a", labels=frozenset({"claim"}))
    take_in(vault, 10, queue="b")
    take_in(vault, 80, queue="c")
    vaults.place_hold(vault, labels=("claim",))
    by_rule = surveyed(vault, By.RULE)
    assert set(by_rule.there) == {"short", "long", stock.NO_RULE}
    short = by_rule.there["short"]
    assert (short.total.recordings, short.stays.recordings, short.by_month[2].recordings) == (2, 1, 1)
    assert (by_rule.there["long"].later.recordings, by_rule.there[stock.NO_RULE].stays.recordings) == (1, 1)
    # what is held came too, and what comes like it will not be held
    coming = by_rule.arrivals
    assert {name: round(one.total.recordings * 90, 6) for name, one in coming.items()} == {
        "short": 1, "long": 1, stock.NO_RULE: 1,
    }  # fmt: skip
    assert coming["short"].stays == NOTHING
    assert coming["short"].by_month[12].recordings > 0
    by_kind = surveyed(vault, By.KIND)
    assert by_kind.there["chat"].total == forecast.total([one.total for one in by_rule.there.values()])
    assert by_kind.there["chat"].total.primary > 0


def test_what_is_purged_already_counts_as_come_and_gone(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("brief P10D destroy"))
    take_in(vault, 60)
    take_in(vault, 5)
    assert vaults.tick(vault).purged == 1
    for by, name in ((By.RULE, "brief"), (By.KIND, "chat"), (By.TIER, stock.ALL)):
        found = surveyed(vault, by)
        assert found.there[name].total.recordings == 1
        assert found.days == pytest.approx(60)
        assert found.came[name].total.recordings == pytest.approx(2)


def test_a_copy_in_the_archive_leaves_when_its_lock_ends(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("short P1Y destroy"))
    recording = take_in(vault, 300)
    until = vault.clock.now() + timedelta(days=800)
    with vault.catalog.write() as connection:
        blob = connection.scalar(select(renditions.c.blob).where(renditions.c.recording == recording))
        connection.execute(insert(copies).values(
            blob=blob, store="archive", version="", locked_until=until, created_at=vault.clock.now()
        ))  # fmt: skip
    found = surveyed(vault, By.TIER).there[stock.ALL]
    assert found.by_month[2].primary == found.total.primary > 0
    assert found.by_month[26].archive == found.total.archive == found.total.primary
    assert found.by_month[26].recordings == 0


def test_an_empty_vault_without_a_policy_has_an_empty_forecast(vault: Vault) -> None:
    found = surveyed(vault, By.KIND)
    made = project(found.there, found.arrivals, calendar(vault.clock.now(), 12))
    assert made.now == {}
    assert all(row.whole == NOTHING for row in made.rows)
    about = forecast_page.About(vault.id, vault.clock.now(), None, By.KIND, "x", Prices())
    assert "no policy: nothing leaves" in forecast_page.render(made, about)
