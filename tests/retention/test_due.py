"""The index on due dates never lies for long: what it shows is what a decision over every recording says."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from retention.core.decision import Action
from retention.policy.periods import Period
from retention.recorded import event_acts
from retention.recorded.event_acts import NewEvent
from retention.recorded.events import Subject, key_of
from retention.schedule import due, schedules
from tests import vaults
from tests.retention.bare import (
    DAY,
    NOW,
    RITA,
    apply,
    clock,
    connected,
    evaluate,
    find,
    hints,
    hold,
    names,
    on_sqlite,
    record,
    release,
    take_in,
)
from vault.catalog import info, schema
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    if request.param == "sqlite":
        with on_sqlite(tmp_path) as made:
            yield made
    else:
        with closing(connected(request.getfixturevalue("fresh_postgres_url"))) as made:
            yield made


# Evaluating


def test_evaluation_goes_on_where_it_was_cut_off(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "BATCH", 3)
    ids = [take_in(catalog, number, days=100) for number in range(8)]
    apply(catalog, "all P1Y destroy")
    passing = due.evaluate(catalog, clock())
    assert next(passing) == due.Progress(3, 8)
    passing.close()  # as a process that is killed leaves it
    looked_at = [name for name, (look_at, _) in hints(catalog).items() if look_at != rows.SOON]
    assert sorted(looked_at) == ids[:3]
    with catalog.read() as connection:
        assert info.evaluation_owed(connection) == ids[2]
    assert evaluate(catalog) == [(6, 8), (8, 8)]
    assert {look_at for look_at, _ in hints(catalog).values()} == {Period(years=1).ends(NOW - 100 * DAY)}
    assert evaluate(catalog) == []


def test_a_policy_applied_in_the_middle_begins_anew(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "BATCH", 2)
    for number in range(6):
        take_in(catalog, number, days=100)
    apply(catalog, "all P1Y destroy")
    passing = due.evaluate(catalog, clock())
    assert [next(passing).done, next(passing).done] == [2, 4]
    apply(catalog, "all P2Y review")
    assert [progress.done for progress in passing] == [2, 4, 6]
    assert set(hints(catalog).values()) == {(Period(years=2).ends(NOW - 100 * DAY), True)}


def test_all_are_looked_at_again_after_a_week(catalog: Catalog) -> None:
    name = take_in(catalog, 1, days=500)
    apply(catalog, "all P1Y destroy")
    assert evaluate(catalog) == [(1, 1)]
    with catalog.write() as connection:  # a hint that is far too late
        schedules.put_off(connection, [name], NOW + 900 * DAY)
    assert evaluate(catalog, 6.9) == []
    assert find(catalog, 6.9) == []
    assert evaluate(catalog, 7) == [(1, 1)]
    assert names(find(catalog, 7)) == [name]


def test_recordings_without_a_hint_get_one(catalog: Catalog) -> None:
    ids = [take_in(catalog, number, days=500) for number in range(3)]
    with catalog.write() as connection:
        connection.execute(delete(schema.schedules).where(schema.schedules.c.recording != ids[1]))
    apply(catalog, "all P1Y destroy")
    assert evaluate(catalog) == [(3, 3)]
    assert names(find(catalog)) == ids


def test_what_was_purged_is_not_looked_at(catalog: Catalog) -> None:
    gone, left = (take_in(catalog, number, days=500) for number in range(2))
    with catalog.write() as connection:
        connection.execute(update(schema.recordings).where(schema.recordings.c.id == gone).values(state="purged"))
        schedules.forget(connection, [gone])
    apply(catalog, "all P1Y destroy")
    assert evaluate(catalog) == [(1, 1)]
    assert names(find(catalog)) == [left]
    assert list(hints(catalog)) == [left]


# Finding


def test_what_was_never_looked_at_is_found_without_evaluating(catalog: Catalog) -> None:
    old, young = take_in(catalog, 1, days=500), take_in(catalog, 2, days=10)
    apply(catalog, "all P1Y destroy")
    assert find(catalog) == [due.Due(old, Action.DESTROY, "all", Period(years=1).ends(NOW - 500 * DAY))]
    assert hints(catalog)[young] == (Period(years=1).ends(NOW - 10 * DAY), False)
    assert names(find(catalog, 380)) == [old, young]


def test_reviews_are_found_where_they_are_asked_for(catalog: Catalog) -> None:
    plain, asked = take_in(catalog, 1, days=500), take_in(catalog, 2, days=500, queue="service")
    apply(catalog, "a P1Y destroy queue=sales", "b P1Y review queue=service")
    evaluate(catalog)
    assert names(find(catalog, only=frozenset({Action.DESTROY}))) == [plain]
    assert names(find(catalog, only=frozenset({Action.REVIEW}))) == [asked]
    assert names(find(catalog)) == [plain, asked]


def test_the_longest_over_come_first_up_to_the_limit(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_LOOKED_AT", 2)
    ids = [take_in(catalog, number, days=500 + 10 * number) for number in range(7)]
    apply(catalog, "all P1Y destroy")
    evaluate(catalog)
    assert names(find(catalog, limit=3)) == ids[:3:-1]
    assert names(find(catalog)) == ids[::-1]


def test_nothing_is_due_before_it_ended(catalog: Catalog) -> None:
    take_in(catalog, 1, days=-400)
    apply(catalog, "all P1D destroy")
    evaluate(catalog)
    assert find(catalog, 399) == []
    assert names(find(catalog, 403)) == [f"{1:032x}"]


def test_an_event_moves_what_it_concerns_and_nothing_else(catalog: Catalog) -> None:
    mine, other = take_in(catalog, 1, days=500), take_in(catalog, 2, days=500, account="a2")
    text = vaults.policy("all P1Y destroy").replace("    then", "    clock: event contract-ended\n    then")
    apply(catalog, text=text)
    evaluate(catalog)
    assert {look_at for look_at, _ in hints(catalog).values()} == {None}
    record(catalog, "contract-ended", "a1", 400)
    assert hints(catalog) == {mine: (rows.SOON, False), other: (None, False)}
    assert names(find(catalog)) == [mine]
    assert hints(catalog)[mine] == (Period(years=1).ends(NOW - 400 * DAY), False)


def test_nothing_is_due_by_an_event_before_it_ended(catalog: Catalog) -> None:
    name = take_in(catalog, 1, days=-5)
    record(catalog, "contract-ended", "a1", 400)
    apply(
        catalog, text=vaults.policy("all P1Y destroy").replace("    then", "    clock: event contract-ended\n    then")
    )
    evaluate(catalog)
    assert find(catalog) == []
    assert names(find(catalog, 6)) == [name]


def test_what_is_woken_is_looked_at_whatever_was_asked_of_a_person(catalog: Catalog) -> None:
    name = take_in(catalog, 1, days=10)
    apply(catalog, "all P1Y review")
    evaluate(catalog)
    assert hints(catalog)[name][1] is True
    record(catalog, "contract-ended", "a1", 1)
    assert hints(catalog)[name] == (rows.SOON, False)


def test_what_is_put_off_is_not_found_before(catalog: Catalog) -> None:
    name = take_in(catalog, 1, days=500)
    apply(catalog, "all P1Y destroy")
    evaluate(catalog)
    with catalog.write() as connection:
        schedules.put_off(connection, [name], NOW + DAY)
    assert find(catalog) == []
    assert names(find(catalog, 1)) == [name]


def test_what_is_held_is_set_aside_and_comes_back_after_the_grace_period(catalog: Catalog) -> None:
    held, free = take_in(catalog, 1, days=500), take_in(catalog, 2, days=500, queue="service")
    apply(catalog, "all P1Y destroy")
    evaluate(catalog)
    hold(catalog, 1, "sales")
    assert names(find(catalog)) == [free]
    assert hints(catalog)[held] == (None, False)
    release(catalog, "sales", grace=3)
    assert names(find(catalog)) == [free]
    assert hints(catalog)[held] == (NOW + 3 * DAY, False)
    assert names(find(catalog, 2.9)) == [free]
    assert names(find(catalog, 3)) == [held, free]


def test_an_event_of_an_interaction_is_found(catalog: Catalog) -> None:
    first, second = take_in(catalog, 1, days=500), take_in(catalog, 2, days=500)
    apply(catalog, text=vaults.policy("all P1Y destroy").replace("    then", "    clock: event paid\n    then"))
    evaluate(catalog)
    subjects = {Subject.INTERACTION: "talk-1", Subject.RECORDING: second}
    for days, (subject, value) in enumerate(subjects.items()):
        new = NewEvent("paid", subject, key_of(value), NOW - (400 + days) * DAY, value)
        event_acts.record(catalog, clock(), RITA, [new])
    assert names(find(catalog)) == [second, first]
    with catalog.write() as connection:
        schedules.owe_all(connection)
    evaluate(catalog)
    assert names(find(catalog)) == [second, first]
