"""Retention periods: never early in any time zone on earth, and never much too late."""

import calendar
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retention.errors import PeriodError
from retention.policy.periods import Period

ZONES = [ZoneInfo(name) for name in sorted(available_timezones())]

# After 1970 no zone moved its date line westwards; before, a period could end 24 hours later on the local calendar.
starts = st.integers(3 * 86400, 13_500_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
month_periods = st.builds(
    Period, years=st.integers(0, 60), months=st.integers(1, 400), days=st.integers(0, 400) | st.just(0)
)
periods = month_periods | st.builds(Period, weeks=st.integers(1, 900)) | st.builds(Period, days=st.integers(1, 4000))


def naive_date(day: date, period: Period) -> date:
    """Add the period as a person with a wall calendar does: a missing date is the next one that exists."""
    year, month, number = day.year + period.years, day.month, day.day
    for _ in range(period.months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    if number > calendar.monthrange(year, month)[1]:
        number = 1
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, number) + timedelta(days=period.days) + timedelta(weeks=period.weeks)


def ends(period: Period, start: datetime) -> datetime:
    end = period.ends(start)
    assert end is not None
    return end


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("P3Y", Period(years=3)),
        ("P25M", Period(months=25)),
        ("P90D", Period(days=90)),
        ("P2W", Period(weeks=2)),
        ("P1Y6M", Period(years=1, months=6)),
        ("P1Y2M3D", Period(years=1, months=2, days=3)),
        ("P200Y", Period(years=200)),
    ],
)
def test_a_period_is_read_and_written_alike(text, period):
    assert Period.parse(text) == period
    assert str(period) == text


@given(periods)
def test_every_period_survives_its_text(period):
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize(
    "text",
    [
        "", "P", "3Y", "P0D", "P0Y", "P0Y6M", "P03Y", "P-1Y", "-P1Y", "+P1Y", "P1H", "PT1H", "P1DT1H", "P1YT", "p3y",
        "P1.5Y", "P1,5Y", "P1M1Y", "P1Y1Y", "P1Y2W", "P2W3D", " P3Y", "P3Y ", "P3Y\n", "P\uff13Y", "P٣Y", "P3 Y",
        "P201Y", "P2401M", "P73001D", "P200Y1D", "P10429W", "P100Y1201M", "P99999999999999999999Y", "0",
        "P1YP1Y", "3 years", "all",
    ],
)  # fmt: skip
def test_another_form_is_refused(text):
    with pytest.raises(PeriodError, match="expected a period"):
        Period.parse(text)


def test_a_period_of_nothing_is_read_only_where_it_may_be():
    assert Period.parse("P0D", or_nothing=True) == Period()
    assert str(Period()) == "P0D"
    assert Period().ends(utc("2026-05-05T12:00")) == utc("2026-05-07")
    for text in ("P0Y", "P0W", "P00D", "P"):
        with pytest.raises(PeriodError):
            Period.parse(text, or_nothing=True)


def test_a_period_of_less_than_nothing_cannot_be_made():
    for parts in ({"days": -1}, {"years": 1, "days": -1}, {"weeks": 1, "days": 1}):
        with pytest.raises(PeriodError):
            Period(**parts)


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2026-05-05T00:00", "P3Y", "2029-05-07"),
        ("2026-05-05T23:59:59.999999", "P3Y", "2029-05-07"),
        ("2028-02-29T12:00", "P1Y", "2029-03-03"),
        ("2028-02-29T12:00", "P4Y", "2032-03-02"),
        ("2027-02-28T12:00", "P1Y", "2028-03-02"),
        ("2026-01-31T12:00", "P1M", "2026-03-03"),
        ("2026-01-29T12:00", "P1M", "2026-03-03"),
        ("2028-01-29T12:00", "P1M", "2028-03-02"),
        ("2026-08-31T12:00", "P25M", "2028-10-03"),
        ("2026-12-31T12:00", "P2M", "2027-03-03"),
        ("2026-11-30T12:00", "P1M", "2027-01-02"),
        ("2026-01-01T12:00", "P90D", "2026-04-03"),
        ("2026-01-01T12:00", "P2W", "2026-01-17"),
        ("2026-01-31T12:00", "P1M1D", "2026-03-04"),
        # It may be 1 March already, east of here; from there a month ends on 1 April and not on 28 March.
        ("2027-02-28T12:00", "P1M", "2027-04-02"),
    ],
)
def test_a_period_ends_on_the_second_day_after_its_date(start, text, end):
    assert Period.parse(text).ends(utc(start)) == utc(end)


def test_the_date_is_that_of_utc_whatever_zone_the_start_is_written_in():
    auckland = datetime(2026, 5, 6, 8, 0, tzinfo=timezone(timedelta(hours=12)))
    assert Period.parse("P1Y").ends(auckland) == utc("2027-05-07")


def test_a_period_past_the_last_year_never_ends():
    assert Period.parse("P200Y").ends(utc("9900-01-01")) is None
    assert Period.parse("P1M").ends(utc("9999-12-01")) is None
    assert Period.parse("P73000D").ends(utc("9990-01-01")) is None
    assert Period.parse("P1D").ends(utc("9999-12-31")) is None
    assert Period.parse("P1D").ends(datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))) is None
    assert Period.parse("P1D").ends(utc("9999-12-28")) == utc("9999-12-31")


def test_a_start_without_a_time_zone_is_the_callers_bug():
    with pytest.raises(RuntimeError, match="timezone-aware"):
        Period.parse("P1D").ends(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


@given(start=starts, period=periods)
@example(start=utc("2027-02-28T23:30"), period=Period(months=1))
@example(start=utc("2028-02-29T11:00"), period=Period(years=1))
@example(start=utc("2011-12-29T23:00"), period=Period(days=1))  # Samoa had no 30 December
@example(start=utc("2026-03-28T00:30"), period=Period(days=1))  # the night clocks go forward in Europe
def test_a_period_is_over_in_every_zone_on_earth(start, period):
    assert len(ZONES) > 400
    end = ends(period, start)
    for zone in ZONES:
        local = start.astimezone(zone)
        last = naive_date(local.date(), period)
        for fold in (0, 1):
            same_time = datetime.combine(last, local.time(), zone).replace(fold=fold)
            day_over = datetime.combine(last + timedelta(days=1), time(), zone).replace(fold=fold)
            assert end >= same_time.astimezone(UTC), zone
            assert end >= day_over.astimezone(UTC), zone


@given(start=starts, period=periods)
def test_a_period_is_at_most_two_days_late_but_for_the_ends_of_months(start, period):
    last = naive_date(start.date(), period)
    late = ends(period, start) - datetime.combine(last, start.time(), UTC)
    may_be_last_of_month = (start.date() + timedelta(days=1)).day == 1
    assert timedelta(days=1) < late <= timedelta(days=2 + 3 * may_be_last_of_month)


@given(start=starts, period=periods, later=st.timedeltas(timedelta(0), timedelta(days=800)))
def test_a_later_start_never_ends_earlier(start, period, later):
    assert ends(period, start + later) >= ends(period, start)


@given(start=starts, period=month_periods, years=st.integers(0, 9), months=st.integers(0, 30), days=st.integers(0, 90))
def test_a_longer_period_never_ends_earlier(start, period, years, months, days):
    longer = Period(years=period.years + years, months=period.months + months, days=period.days + days)
    assert ends(longer, start) >= ends(period, start)


@given(start=starts, years=st.integers(1, 100))
def test_a_year_is_twelve_months(start, years):
    assert ends(Period(years=years), start) == ends(Period(months=12 * years), start)


@given(start=starts, weeks=st.integers(1, 900))
def test_a_week_is_seven_days(start, weeks):
    assert ends(Period(weeks=weeks), start) == ends(Period(days=7 * weeks), start)


@given(start=starts, one=periods, other=periods)
@example(start=utc("2027-01-29T12:00"), one=Period(days=31), other=Period(months=1))
@example(start=utc("2028-02-29T12:00"), one=Period(days=366), other=Period(years=1))
def test_a_period_that_is_at_least_another_never_ends_before_it(start, one, other):
    if one.is_at_least(other):
        assert ends(one, start) >= ends(other, start)
    days = (naive_date(start.date(), one) - start.date()).days
    assert one.shortest_days <= days <= one.longest_days


@given(one=periods)
def test_every_period_is_at_least_itself_and_nothing(one):
    assert one.is_at_least(one)
    assert one.is_at_least(Period())
    assert not Period().is_at_least(one)
