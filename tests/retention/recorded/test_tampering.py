"""Whoever owns the database has nothing destroyed by planting, changing or removing what people recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from retention.errors import RetentionAlteredError
from retention.recorded.events import Subject
from service.assembly import Vault
from tests import vaults
from tests.retention.recorded import steps
from vault.catalog.schema import demands, erasures, events, key_slots

ACCOUNT = Subject.ACCOUNT
DAY = timedelta(days=1)


def scene(vault: Vault) -> tuple[str, str, list[str]]:
    """Take in a recording of an account with three events and one of another with one; return both and the events."""
    vaults.apply_policy(vault, steps.BY_CONTRACT)
    mine, other = steps.take_in(vault, account="A"), steps.take_in(vault, account="B")
    done = steps.record(vault, ACCOUNT, "A", "2020-03-01", "2024-03-01")
    last = steps.correct(vault, done[1].id, "2024-04-01")
    steps.record(vault, ACCOUNT, "B", "2024-03-01")
    return mine, other, [str(done[0].id), str(done[1].id), last.id]


def where(event: str) -> Any:
    return events.c.id == event


ATTACKS: dict[str, Callable[[list[str]], Any]] = {
    "earlier": lambda its: update(events).where(where(its[2])).values(at=vaults.START - 4000 * DAY),
    "another name": lambda its: update(events).where(where(its[2])).values(name="case-closed"),
    "recorded earlier": lambda its: update(events).where(where(its[2])).values(recorded_at=vaults.START - DAY),
    "recorded by another": lambda its: update(events).where(where(its[2])).values(recorded_by="rob"),
    "revived": lambda its: update(events).where(where(its[2])).values(corrects=None),
    "withdrawn": lambda its: update(events).where(where(its[2])).values(withdrawn=True),
    "corrects another": lambda its: update(events).where(where(its[2])).values(corrects=its[0]),
    "last one lost": lambda its: delete(events).where(where(its[2])),
    "first one lost": lambda its: delete(events).where(where(its[0])),
    "of another account": lambda its: update(events).where(where(its[2])).values(key=b"x" * 16),
    "of a case": lambda its: update(events).where(where(its[2])).values(subject="case"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_event_that_was_altered_or_lost_destroys_nothing(vault: Vault, attack: str) -> None:
    mine, other, its = scene(vault)
    assert steps.faults(vault, mine, other) == {}
    planned = steps.plan(vault)
    steps.alter(vault, ATTACKS[attack](its))
    assert steps.faults(vault, mine, other) == {mine: "event-altered"}
    assert any(subject in {f"event {i}" for i in its} for subject in steps.found(vault))
    assert steps.run(vault, planned) == {mine: False, other: True}


def test_every_event_of_an_account_lost_at_once_destroys_nothing(either: Vault) -> None:
    mine, other, its = scene(either)
    steps.alter(either, delete(events).where(where(its[2])), delete(events).where(events.c.id.in_(its[:2])))
    assert steps.faults(either, mine, other) == {mine: "event-altered"}
    assert {f"event {i}" for i in its} <= steps.found(either)


@pytest.mark.parametrize("corrects", [False, True])
def test_an_event_that_nobody_recorded_destroys_nothing(either: Vault, corrects: bool) -> None:
    vaults.apply_policy(either, steps.BY_CONTRACT)
    mine = steps.take_in(either, account="A")
    (there,) = steps.record(either, ACCOUNT, "A", "2026-10-01")
    event = steps.happened(either, ACCOUNT, "A", "2020-01-01")
    planted = insert(events).values(
        id="f" * 32, name=event.name, subject="account", key=event.key, at=event.at, recorded_at=vaults.START,
        recorded_by="rita", corrects=there.id if corrects else None, withdrawn=False,
    )  # fmt: skip
    steps.alter(either, planted)
    assert steps.faults(either, mine) == {mine: "event-altered"}
    assert steps.found(either) == {f"event {'f' * 32}"}


def test_a_correction_planted_under_another_thing_takes_the_place_of_nothing(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.BY_CONTRACT)
    mine = steps.take_in(vault, account="A")
    (there,) = steps.record(vault, ACCOUNT, "A", "2026-10-01")
    before = steps.decided(vault, mine)
    planted = insert(events).values(
        id="f" * 32, name="x", subject="case", key=b"y" * 16, at=vaults.START, recorded_at=vaults.START,
        recorded_by="rita", corrects=there.id, withdrawn=True,
    )  # fmt: skip
    steps.alter(vault, planted)
    assert steps.decided(vault, mine) == before
    assert steps.found(vault) == {f"event {'f' * 32}"}


def test_an_event_lost_before_the_next_is_recorded_is_not_covered_up_by_it(vault: Vault) -> None:
    mine, _, its = scene(vault)
    steps.alter(vault, delete(events).where(where(its[2])))
    (after,) = steps.record(vault, ACCOUNT, "A", "2021-01-01")
    assert after.id not in its
    assert steps.faults(vault, mine) == {mine: "event-altered"}
    assert steps.found(vault) == {f"event {its[2]}"}


EXTENSION_ATTACKS: dict[str, Callable[[str], Any]] = {
    "lost": lambda i: delete(demands).where(demands.c.id == i),
    "shorter": lambda i: update(demands).where(demands.c.id == i).values(
        body='{"authority":"BaFin","clock":"ended","keep":"P1Y"}'),
    "no body": lambda i: update(demands).where(demands.c.id == i).values(body="{}"),
    "other scope": lambda i: update(demands).where(demands.c.id == i).values(criteria='{"queues":["nowhere"]}'),
    "other words": lambda i: update(demands).where(demands.c.id == i).values(sealed_words=b"x"),
    "withdrawn": lambda i: update(demands).where(demands.c.id == i).values(
        withdrawn_at=vaults.START, withdrawn_by="lena"),
    "an erasure": lambda i: update(demands).where(demands.c.id == i).values(kind="erasure"),
    "unknown kind": lambda i: update(demands).where(demands.c.id == i).values(kind="x"),
}  # fmt: skip


@pytest.mark.parametrize("attack", EXTENSION_ATTACKS)
def test_an_extension_that_was_altered_or_lost_stops_every_purge(vault: Vault, attack: str) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    steps.take_in(vault, account="B")
    demand = steps.extend(vault, accounts=("A",))
    steps.refuse_untold(vault)
    planned = steps.plan(vault)
    steps.alter(vault, EXTENSION_ATTACKS[attack](demand))
    with pytest.raises(RetentionAlteredError):
        steps.refuse_untold(vault)
    with pytest.raises(RetentionAlteredError):
        steps.run(vault, planned)
    assert any(demand in subject for subject in steps.found(vault))


def test_the_words_of_a_demand_that_nobody_can_read_any_more_are_missed(vault: Vault) -> None:
    steps.take_in(vault, account="A")
    demand, request = steps.extend(vault, accounts=("A",)), steps.request_erasure(vault, accounts=("A",))
    assert vaults.check(vault) == []
    steps.alter(vault, delete(key_slots).where(key_slots.c.subject.in_([demand, request])))
    assert steps.found(vault) == {f"extension {demand}", f"erasure {request}"}


def test_a_request_that_was_planted_revived_or_widened_destroys_nothing(either: Vault) -> None:
    mine, other = steps.take_in(either, account="A"), steps.take_in(either, account="B")
    request = steps.request_erasure(either, accounts=("A",))
    assert steps.faults(either, mine, other) == {}
    steps.alter(either, insert(erasures).values(recording=other, request=request))
    assert steps.faults(either, mine, other) == {other: "erasure-altered"}
    assert steps.found(either) == {other}
    steps.alter(either, delete(erasures).where(erasures.c.recording == other))
    steps.alter(either, update(demands).values(made_at=vaults.START - DAY))
    assert steps.faults(either, mine, other) == {mine: "erasure-altered"}
    steps.alter(either, update(demands).values(made_at=vaults.START))
    assert steps.faults(either, mine, other) == {}
    row = either_row(either, request)
    planted = {**row, "id": "f" * 32}
    steps.alter(either, insert(demands).values(planted), insert(erasures).values(recording=other, request="f" * 32))
    assert steps.faults(either, mine, other) == {other: "erasure-altered"}
    assert f"erasure {'f' * 32}" in steps.found(either)


def either_row(vault: Vault, demand: str) -> dict[str, Any]:
    with vault.catalog.read() as connection:
        return dict(connection.execute(select(demands).where(demands.c.id == demand)).one()._mapping)


def test_a_request_that_vanished_or_shrank_is_missed(vault: Vault) -> None:
    mine = steps.take_in(vault, account="A")
    request = steps.request_erasure(vault, accounts=("A",))
    steps.alter(vault, delete(erasures))
    assert steps.found(vault) == {mine}
    steps.alter(vault, delete(demands))
    assert steps.found(vault) == {mine, f"erasure {request}"}
