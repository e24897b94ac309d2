"""Clocks: which instant each shows, that years end late enough in every zone on earth, and their text."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retention.errors import PolicySyntaxError
from retention.policy.clocks import (
    Fact,
    Of,
    OfEvent,
    OfSeveral,
    Which,
    Year,
    YearEnd,
    events_of,
    facts_of,
    has_fiscal_year,
    has_year_end,
    plain,
    start,
    text_of,
    words,
)
from retention.policy.periods import Period
from retention.policy.read_clock import parse
from retention.policy.reader import parse as parse_policy
from tests.retention import oracle
from tests.retention import strategies as some

ZONES = [ZoneInfo(name) for name in sorted(available_timezones())]
JAN, MAY, JUL = (datetime(2026, month, 5, 12, tzinfo=UTC) for month in (1, 5, 7))
EVENTS = {"paid": (JAN, JUL), "signed": (MAY,)}


def shown(text: str, **events: tuple[datetime, ...]) -> datetime | None:
    return start(parse(text), ended=JAN, created=JUL, events=events or EVENTS)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("ended", JAN),
        ("created", JUL),
        ("event paid", JUL),
        ("last paid", JUL),
        ("first paid", JAN),
        ("event lost", None),
        ("{latest-of: [event signed, ended]}", MAY),
        ("{latest-of: [event signed, event lost]}", None),
        ("{earliest-of: [event signed, event lost]}", MAY),
        ("{earliest-of: [event gone, event lost]}", None),
        ("{earliest-of: [{latest-of: [ended, created]}, event signed]}", MAY),
        ("{calendar-year-end: event signed}", datetime(2026, 12, 31, tzinfo=UTC)),
        ("{calendar-year-end: event lost}", None),
        ("{latest-of: [{calendar-year-end: ended}, created]}", datetime(2026, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_clock_shows_what_it_says(text, at):
    assert shown(text) == at


@pytest.mark.parametrize(
    ("last", "instant", "ends"),
    [
        ((12, 31), "2026-12-31T09:59:59", "2026-12-31"),
        ((12, 31), "2026-12-31T10:00", "2027-12-31"),  # it is 1 January in UTC+14
        ((12, 31), "2027-01-01T00:00", "2027-12-31"),
        ((6, 30), "2026-06-30T09:59", "2026-06-30"),
        ((6, 30), "2026-06-30T10:00", "2027-06-30"),
        ((6, 30), "2026-07-01T12:00", "2027-06-30"),
        ((2, 29), "2026-02-28T09:00", "2026-02-28"),
        ((2, 29), "2026-02-28T10:00", "2027-02-28"),
        ((2, 29), "2028-02-28T12:00", "2028-02-29"),
        ((2, 29), "2027-03-01T00:00", "2028-02-29"),
    ],
)
def test_a_year_ends_where_it_has_begun_anywhere(last, instant, ends):
    clock = YearEnd(Year.FISCAL, Fact.ENDED, *last)
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert start(clock, ended=at, created=JAN, events={}) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize("month", [None, "02-29", "06-30"])
def test_the_fiscal_year_is_the_policys(month):
    head = f"fiscal_year_end: {month}\n" if month else ""
    rule = "{name: r, match: all, keep: P1Y, then: destroy, clock: {fiscal-year-end: ended}}"
    policy = parse_policy(f"policy: strongroom/policy/v1\ntitle: t\n{head}rules: [{rule}]\n")
    wanted = tuple(map(int, (month or "12-31").split("-")))
    assert policy.rules[0].clock == YearEnd(Year.FISCAL, Fact.ENDED, *wanted)
    assert policy.fiscal_year_end == (wanted if month else None)


def test_a_fiscal_year_without_a_policy_is_refused():
    for text in ("{fiscal-year-end: ended}", "{latest-of: [ended, {calendar-year-end: {fiscal-year-end: created}}]}"):
        with pytest.raises(PolicySyntaxError, match="line 1: expected calendar-year-end, got fiscal-year-end"):
            parse(text)


@pytest.mark.parametrize(
    "text", ["", "Ended", "event", "event A", "event 12", "last  paid", "[ended]", "{latest-of: [ended]}", "a: b: c"]
)
def test_what_is_no_clock_is_refused(text):
    with pytest.raises(PolicySyntaxError, match=r"^line 1: "):
        parse(text)


instants = st.integers(63_072_000, 7_258_118_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@settings(max_examples=40)
@given(
    at=instants | st.sampled_from([datetime(2026, 12, 31, h, 30, tzinfo=UTC) for h in (0, 9, 10, 11, 23)]),
    last=some.month_ends,
    years=st.integers(1, 12),
    days=st.integers(0, 400),
)
@example(at=datetime(2027, 2, 28, 10, tzinfo=UTC), last=(2, 29), years=1, days=0)
@example(at=datetime(2028, 2, 29, 9, 59, tzinfo=UTC), last=(2, 29), years=1, days=0)
@example(at=datetime(2011, 12, 29, 23, tzinfo=UTC), last=(12, 31), years=1, days=0)  # Samoa had no 30 December
def test_a_period_from_the_end_of_a_year_is_over_in_every_zone_on_earth(at, last, years, days):
    assert len(ZONES) > 400
    clock = YearEnd(Year.FISCAL, Fact.ENDED, *last)
    end = Period(years=years, days=days).ends(start(clock, ended=at, created=at, events={}))
    finals: dict[date, date] = {}
    for zone in ZONES:
        here = at.astimezone(zone).date()
        if here not in finals:
            finals[here] = _last_day(here, last)
            for _ in range(years):
                finals[here] = _last_day(finals[here] + timedelta(days=1), last)
        for fold in (0, 1):
            day_over = datetime.combine(finals[here] + timedelta(days=1 + days), time(), zone).replace(fold=fold)
            assert end >= day_over.astimezone(UTC), zone


def _last_day(day: date, last: tuple[int, int]) -> date:
    """Return the last day of the year that has `day` in it, one day after another."""
    while True:
        tomorrow = day + timedelta(days=1)
        if (day.month, day.day) == last or (last == (2, 29) and day.month == 2 and tomorrow.month == 3):
            return day
        day = tomorrow


@given(clock=some.clocks, recording=some.rich_facts, events=some.happened)
def test_a_clock_agrees_with_an_independent_oracle(clock, recording, events):
    ours = start(clock, ended=recording.ended, created=recording.created, events=events)
    assert ours == oracle.shows(clock, recording, {name: list(at) for name, at in events.items()})


@given(clock=some.clocks, recording=some.rich_facts, events=some.happened, later=st.timedeltas(timedelta(0)))
def test_a_clock_never_goes_back_when_what_it_reads_is_later_or_unknown(clock, recording, events, later):
    later = min(later, timedelta(days=9999))
    facts = {"ended": recording.ended, "created": recording.created}
    here = start(clock, **facts, events=events)
    moved = start(clock, **{name: at + later for name, at in facts.items()}, events=events)
    unknown = start(clock, **facts, events={})
    assert here is None or (moved is not None and moved >= here)
    assert unknown is None or here is not None
    assert here is None or unknown is None or not list(events_of(clock)) or unknown >= here


@given(some.clocks)
def test_a_clock_is_the_same_again_from_its_text(clock):
    if not has_fiscal_year(clock):
        assert parse(text_of(clock)) == clock
    assert words(clock)
    assert has_year_end(clock) or not has_fiscal_year(clock)


@given(clock=some.clocks, recording=some.rich_facts, events=some.happened)
def test_what_a_clock_asks_for_is_all_that_moves_it(clock, recording, events):
    asked = {name: at for name, at in events.items() if name in set(events_of(clock))}
    facts = {"ended": recording.ended, "created": recording.created}
    only = {name: at for name, at in facts.items() if name in {str(fact) for fact in facts_of(clock)}}
    assert start(clock, **facts, events=events) == start(
        clock, ended=only.get("ended"), created=only.get("created"), events=asked
    )
    assert start(plain(clock), **facts, events=events) == start(clock, **facts, events=events)


def test_the_event_and_the_last_event_are_one_clock():
    assert plain(parse("{latest-of: [event paid, ended]}")) == plain(parse("{latest-of: [last paid, ended]}"))
    assert plain(OfEvent("paid", Which.FIRST)) == OfEvent("paid", Which.FIRST)


@given(st.datetimes() | st.datetimes(timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))))
@example(datetime.max.replace(tzinfo=UTC))
@example(datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))
def test_no_instant_is_so_odd_that_a_year_cannot_end(at):
    for last in ((12, 31), (2, 29)):
        start(YearEnd(Year.FISCAL, Fact.ENDED, *last), ended=at, created=at, events={})


def test_several_clocks_of_one_kind_are_not_the_same():
    both = (Fact.ENDED, Fact.CREATED)
    assert shown("{latest-of: [ended, created]}") == JUL
    assert start(OfSeveral(Of.EARLIEST, both), ended=JAN, created=JUL, events={}) == JAN
