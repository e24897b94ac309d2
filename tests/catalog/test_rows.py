"""Rows in and out: conflicts, pages that stay put, transitions that count."""

import contextlib
import threading
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from tests.catalog.rows import NOW, add_epoch, new_rows, put
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.catalog.engine import Catalog
from vault.catalog.recordings import NewRows
from vault.catalog.schema import key_slots, recordings, renditions, tokens
from vault.model import Kind, State


def count(catalog: Catalog, table: Any) -> int:
    with catalog.read() as connection:
        return connection.scalars(select(func.count()).select_from(table)).one()


# insert_new


def test_a_reference_that_is_known_is_left_out_with_all_its_parts(catalog: Catalog) -> None:
    first = new_rows(source_token=b"same", tokens=(("number", b"1"),))
    again = new_rows(source_token=b"same", tokens=(("number", b"2"),))
    elsewhere = new_rows(source_token=b"same", source="other")
    with catalog.write() as connection:
        put(connection, first)
        assert rows.insert_new(connection, [again, elsewhere]) == {elsewhere.id}
    assert [count(catalog, t) for t in (recordings, renditions, key_slots, tokens)] == [2, 2, 2, 1]


def test_of_twins_in_one_batch_one_is_taken(catalog: Catalog) -> None:
    twins = [new_rows(source_token=b"same") for _ in range(3)]
    with catalog.write() as connection:
        add_epoch(connection)
        taken = rows.insert_new(connection, twins)
    assert len(taken) == 1
    assert taken < {t.id for t in twins}


def test_many_rows_are_taken_and_told_at_once(catalog: Catalog) -> None:
    many = [new_rows(source_token=n.to_bytes(4)) for n in range(2500)]
    with catalog.write() as connection:
        put(connection, *many[::2])
        assert rows.insert_new(connection, many) == {r.id for r in many[1::2]}
    assert count(catalog, renditions) == 2500


def test_nothing_to_insert_is_nothing(catalog: Catalog) -> None:
    with catalog.write() as connection:
        assert rows.insert_new(connection, []) == set()


def test_two_that_take_in_the_same_in_another_order_do_not_wait_in_a_circle(catalog: Catalog) -> None:
    with catalog.write() as connection:
        add_epoch(connection)
    halfway, taken, errors = threading.Barrier(2), [], []

    def meet(*_args: object) -> None:
        # after the first of the statements that the rows take; who waits for the other's commit never comes
        with contextlib.suppress(threading.BrokenBarrierError):
            halfway.wait(1)

    def take(order: int) -> None:
        mine = [new_rows(source_token=n.to_bytes(4)) for n in range(2000)][::order]
        try:
            with catalog.write() as connection:
                taken.append(len(rows.insert_new(connection, mine)))
        except Exception as exc:  # noqa: BLE001 - told below
            errors.append(exc)

    threads = [threading.Thread(target=take, args=(order,)) for order in (1, -1)]
    event.listen(catalog.engine, "after_cursor_execute", meet)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert sum(taken) == 2000


# Pages


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 3), max_size=12), limit=st.integers(1, 5))
def test_pages_hold_everything_once_latest_first(catalog: Catalog, hours: list[int], limit: int) -> None:
    made = [new_rows(ended_at=NOW + timedelta(hours=h)) for h in hours]
    with catalog.engine.connect() as connection, connection.begin() as transaction:
        put(connection, *made)
        seen, after = [], None
        while found := rows.page(connection, Criteria(), limit=limit, after=after):
            seen += found
            after = found[-1].ended_at, found[-1].id
        wanted = sorted(((r.recording["ended_at"], r.id) for r in made), reverse=True)
        assert [(r.ended_at, r.id) for r in seen] == wanted
        assert [r.id for batch in rows.scan(connection, Criteria(), batch=limit) for r in batch] == sorted(
            r.id for r in made
        )
        transaction.rollback()


def test_what_arrives_between_two_pages_moves_nothing(catalog: Catalog) -> None:
    made = [new_rows(ended_at=NOW + timedelta(hours=n)) for n in range(6)]
    with catalog.write() as connection:
        put(connection, *made)
        first = rows.page(connection, Criteria(), limit=3)
        put(connection, new_rows(ended_at=NOW + timedelta(hours=9)), new_rows(ended_at=NOW + timedelta(hours=4)))
        second = rows.page(connection, Criteria(), limit=3, after=(first[-1].ended_at, first[-1].id))
    assert [r.id for r in first + second] == [r.id for r in reversed(made)]


# Transitions


def one(catalog: Catalog, **given: Any) -> NewRows:
    made = new_rows(**given)
    with catalog.write() as connection:
        put(connection, made)
    return made


def test_a_transition_moves_from_the_expected_state_once(catalog: Catalog) -> None:
    made = one(catalog)
    with catalog.write() as connection:
        wrong = rows.transition(connection, made.id, expected=State.SCREENED, then=State.ARCHIVED)
        first = rows.transition(connection, made.id, expected=State.SEALED, then=State.SCREENED)
        again = rows.transition(connection, made.id, expected=State.SEALED, then=State.SCREENED)
        assert (wrong, first, again) == (False, True, False)
        assert rows.get(connection, made.id).state is State.SCREENED
        assert rows.next_in_state(connection, State.SCREENED, Kind, after="", limit=9) == [made.id]


def test_of_two_transitions_at_once_one_counts(catalog: Catalog) -> None:
    made = one(catalog)
    start, moved = threading.Barrier(4), []

    def move() -> None:
        start.wait(60)
        with catalog.write() as connection:
            moved.append(rows.transition(connection, made.id, expected=State.SEALED, then=State.SCREENED))

    threads = [threading.Thread(target=move) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(moved) == [False, False, False, True]
