"""The numbers of a period come from the log, whatever became of the recordings, and from that period only."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vaults
from tests.pipeline import steps
from tests.pipeline.conftest import Place
from tests.pipeline.steps import CARD
from tests.pipeline.test_workers import screen
from vault.log import journal
from vault.log.entry import Act
from vault.model import Kind
from vault.people import Actor
from vault.screen import record, report
from vault.screen.errors import Why
from vault.screen.options import Options, Preset, Ruling
from vault.screen.outcome import Engine, Finding, FindingKind, Medium
from vault.screen.report import numbers
from vault.screen.work.job import Result

AUTO = Actor("auto", "schedule")


@pytest.fixture
def place(make_place: Callable[[str, str], Place]) -> Place:
    return make_place("sqlite", "folder")


def test_a_period_has_its_own_screenings_and_no_others(place: Place) -> None:
    start = place.clock.now()
    with place.opened() as vault:
        for _ in range(3):
            steps.ingest(place, vault, 2, text=f"my card is {CARD}")
            place.clock.advance(timedelta(days=10))
            screen(vault)
        with vault.catalog.read() as connection:
            assert numbers(connection, None, None).screened == {"chat": 6}
            day = start + timedelta(days=20)
            for begin, end, count in (
                (day, day, 2), (day + timedelta(microseconds=1), None, 2), (None, day - timedelta(microseconds=1), 2),
                (None, day, 4), (day, None, 4), (start, start, 0),
            ):  # fmt: skip
                found = numbers(connection, begin, end)
                assert (found.screened["chat"], found.cuts) == (count, count), (begin, end)
                assert found.found[Medium.TEXT, FindingKind.CARD] == count


def test_numbers_stay_when_the_recordings_are_purged(place: Place) -> None:
    with place.opened() as vault:
        vaults.apply_policy(vault, vaults.policy("short P10D destroy"))
        steps.ingest(place, vault, 3, text=f"my card is {CARD}")
        steps.tick(place, vault)
        with vault.catalog.read() as connection:
            before = numbers(connection, None, None)
        assert steps.tick(place, vault, days=14).purged == 3
        with vault.catalog.read() as connection:
            assert numbers(connection, None, None) == before
    assert before.cuts == 3


def test_quarantines_are_counted_by_reason_and_preset(place: Place) -> None:
    with place.opened() as vault:
        steps.ingest(place, vault, 2, text=f"my card is {CARD}")
        screen(vault, options=Options(preset=Preset.REPORT_ONLY))
        with vault.catalog.read() as connection:
            found = numbers(connection, None, None)
    assert (found.quarantined, found.reasons, found.presets) == (
        {"chat": 2}, {str(Why.REPORT_ONLY): 2}, {"report-only": 2},
    )  # fmt: skip
    assert (found.cuts, found.found[Medium.TEXT, FindingKind.CARD]) == (0, 2)


def test_reviews_are_counted_by_what_was_asked_and_ruled(place: Place) -> None:
    with place.opened() as vault:
        now = place.clock.now()
        with vault.catalog.write() as connection:
            for act, verdict in ((Act.REVIEW_ASKED, "drop"), (Act.REVIEW_RULED, "drop"), (Act.REVIEW_RULED, "cut")):
                journal.append(connection, [AUTO.entry(now, act, "01" * 16, {"verdict": verdict})])
        with vault.catalog.read() as connection:
            found = numbers(connection, None, None)
    assert (found.asked, found.ruled) == ({"drop": 1}, {"drop": 1, "cut": 1})


def test_the_first_entry_of_an_instant_is_found_by_halving(place: Place) -> None:
    start = place.clock.now() + timedelta(days=1)
    minutes = [0, 0, 1, 3, 3, 3, 4, 7, 7, 8, 20, 20, 21]
    with place.opened() as vault:
        with vault.catalog.write() as connection:
            at = [start + timedelta(minutes=minute) for minute in minutes]
            journal.append(connection, [AUTO.entry(instant, Act.CHECK, None) for instant in at])
        with vault.catalog.read() as connection:
            last = report.first_at(connection, at[-1] + timedelta(days=1)) - 1
            for minute in range(-1, 23):
                found = report.first_at(connection, start + timedelta(minutes=minute))
                assert last - found + 1 == sum(other >= minute for other in minutes), minute
            assert report.first_at(connection, datetime(2000, 1, 1, tzinfo=UTC)) == 1


# What the log tells


def heard(begin: float, end: float, kind: FindingKind = FindingKind.DIGITS, *, cut: bool = True) -> Finding:
    return Finding(Medium.SPEECH, kind, "SND-1", begin=begin, end=end, cut=cut)


def test_time_cut_twice_counts_once() -> None:
    found = [heard(1, 3), heard(2, 4), heard(6, 7.5), heard(6.5, 7), heard(9, 99, cut=False)]
    assert record.milliseconds_cut(found) == {Medium.SPEECH: 4500}


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20)), max_size=20))
def test_the_time_cut_is_that_of_the_union(spans: list[tuple[int, int]]) -> None:
    seconds = {second for begin, length in spans for second in range(begin, begin + length)}
    told = record.milliseconds_cut([heard(begin, begin + length) for begin, length in spans])
    assert told.get(Medium.SPEECH, 0) == 1000 * len(seconds)


def test_the_log_has_counts_and_no_more() -> None:
    engines = (Engine("a part, of some kind", "1.0 (x)"), Engine("b" * 200, "2"), Engine("c", "3", "00" * 32))
    found = tuple(
        Finding(medium, kind, "R-1", begin=1.0, end=2.0) for medium in Medium for kind in FindingKind for _ in range(2)
    )
    details = record.details_of(
        Kind.CALL, Options(ruling=Ruling(accept=True)), Result(found, engines, "audio/wav", Why.RESIDUE, "words")
    )
    entry = AUTO.entry(datetime(2026, 1, 1, tzinfo=UTC), Act.QUARANTINE, "01" * 16, details)  # it may hold all that
    assert entry.details["speech_security_code"] == 2
    assert entry.details["tones_cut_ms"] == 1000
    assert (entry.details["why"], entry.details["accepted"], entry.details["kind"]) == ("residue", 1, "call")
    assert entry.details["engine"] == "a-part-of-some-kind/1.0-x-+c/3"
    assert "words" not in entry.encode().decode()
