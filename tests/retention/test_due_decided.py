"""What the index on due dates shows is what a decision over every single recording says, whatever happened."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from retention.hold import holds
from retention.policy.clocks import Fact
from retention.policy.periods import Period
from retention.recorded.demands import extension_body
from retention.schedule import schedules
from tests.retention import machine
from tests.retention.bare import (
    ACCOUNTS,
    DAY,
    NOW,
    QUEUES,
    RITA,
    apply,
    clock,
    connected,
    decided,
    evaluate,
    find,
    hints,
    hold,
    names,
    on_sqlite,
    record,
    take_in,
)
from tests.retention.model import Model
from vault.catalog import recordings as rows
from vault.catalog import schema
from vault.catalog.criteria import Criteria, to_json
from vault.catalog.engine import Catalog


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    if request.param == "sqlite":
        with on_sqlite(tmp_path) as made:
            yield made
    else:
        with closing(connected(request.getfixturevalue("fresh_postgres_url"))) as made:
            yield made


# Against the decision


def same_as_decided(catalog: Catalog, days: float) -> None:
    with catalog.read() as connection:
        in_grace = {i for i, its in holds.matching(connection, list(hints(catalog)), clock(days).now()).items() if its}
    found = find(catalog, days)
    assert not in_grace & set(names(found))
    assert found == decided(catalog, days)


def forget_all(catalog: Catalog) -> None:
    with catalog.write() as connection:
        for table in (schema.events, schema.erasures, schema.demands, schema.holds, schema.policies):
            connection.execute(delete(table))
        connection.execute(update(schema.schedules).values(look_at=rows.SOON, for_review=False))


def extend(catalog: Catalog, number: int, queue: str, keep: int) -> None:
    body = extension_body("BaFin", Period(days=keep), Fact.ENDED)
    scope = Criteria(queues=frozenset({queue}))
    row = {"id": f"{number:032x}", "kind": "extension", "criteria": to_json(scope), "body": body}
    with catalog.write() as connection:
        connection.execute(insert(schema.demands).values(**row, sealed_words=b"-", made_by=RITA.name, made_at=NOW))
        schedules.wake(connection, select(schema.recordings.c.id).where(schema.recordings.c.queue == queue))


def ask_erasure(catalog: Catalog, number: int, recordings: list[str]) -> None:
    row = {"id": f"{number:032x}", "kind": "erasure", "criteria": "{}", "body": "{}", "sealed_words": b"-"}
    with catalog.write() as connection:
        connection.execute(insert(schema.demands).values(**row, made_by=RITA.name, made_at=NOW - 9 * DAY))
        for recording in recordings:
            connection.execute(insert(schema.erasures).values(recording=recording, request=row["id"]))
        schedules.wake(connection, select(schema.recordings.c.id).where(schema.recordings.c.id.in_(recordings)))


def fill(catalog: Catalog) -> list[str]:
    return [
        take_in(catalog, n, days=3 * n - 9, queue=QUEUES[n % 2], account=sorted(ACCOUNTS)[n // 2 % 2])
        for n in range(24)
    ]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with on_sqlite(tmp_path_factory.mktemp("due")) as catalog:
        fill(catalog)
        yield catalog


steps = st.lists(
    st.one_of(
        st.tuples(st.just("event"), machine.NAMES, machine.ACCOUNTS, machine.DAYS),
        st.tuples(st.just("hold"), machine.QUEUES, st.none() | st.just(1), st.sampled_from([0, 1, 4])),
        st.tuples(st.just("extension"), machine.QUEUES, machine.DAYS),
        st.tuples(st.just("erasure"), st.integers(0, 23), st.integers(0, 23)),
        st.tuples(st.just("policy"), machine.schedules()),
        st.tuples(st.just("evaluate")),
        st.tuples(st.just("wait"), st.sampled_from([0.4, 1, 6, 8, 30])),
    ),
    max_size=8,
)


def do(catalog: Catalog, number: int, step: Any, days: float) -> float:
    """Do a step; return how many days have passed since the beginning."""
    what, *how = step
    if what == "event":
        record(catalog, how[0], how[1], how[2] + number / 100)
    elif what == "hold":
        hold(catalog, number, how[0], released=how[1], grace=how[2])
    elif what == "extension":
        extend(catalog, number, how[0], how[1])
    elif what == "erasure":
        ask_erasure(catalog, number, sorted({f"{n:032x}" for n in how}))
    elif what == "policy":
        apply(catalog, text=Model(rules=how[0]).text())
    elif what == "evaluate":
        evaluate(catalog, days)
    return days + how[0] if what == "wait" else days


def after(catalog: Catalog, first: Any, taken: Any) -> None:
    forget_all(catalog)
    days = do(catalog, 100, ("policy", first), 0)
    for number, step in enumerate(taken):
        days = do(catalog, number, step, days)
        evaluate(catalog, days)  # as whoever plans a purge does first
        same_as_decided(catalog, days)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=machine.schedules(), taken=steps)
def test_what_is_found_is_what_deciding_over_every_recording_says(filled: Catalog, first: Any, taken: Any) -> None:
    after(filled, first, taken)


def test_the_same_on_each_database(catalog: Catalog) -> None:
    fill(catalog)
    rule = {"name": "r", "queue": None, "keep": 9, "clock": "ended", "then": "destroy", "ceiling": None, "once": None}
    asked = {**rule, "name": "s", "queue": "sales", "then": "review", "clock": "event signed"}
    steps = [
        ("event", "signed", "a1", 40), ("hold", "service", None, 0), ("extension", "sales", 50), ("erasure", 3, 4),
        ("evaluate",), ("wait", 8), ("policy", [asked]), ("wait", 30),
    ]  # fmt: skip
    after(catalog, [{**rule, "from": "ended"}, {**asked, "from": "ended"}], steps)
