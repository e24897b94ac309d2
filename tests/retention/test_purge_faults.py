"""What was altered, taken out or planted in an interaction hides nothing from a hold; a large one is no obstacle."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from service.assembly import Vault
from tests import vaults
from tests.retention import bare
from tests.retention.recorded import steps
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.recordings import IDS, interaction_sha256
from vault.catalog.schema import (
    key_slots,
    labels,
    log_entries,
    renditions,
    schedules,
    screenings,
    tokens,
)
from vault.catalog.schema import recordings as table
from vault.log import journal
from vault.log.entry import Act
from vault.model import State


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    found: str = request.getfixturevalue("fresh_postgres_url")
    return found


@pytest.fixture
def vault(url: str, tmp_path: Path) -> Iterator[Vault]:
    """An open vault on each database."""
    environment, clock = {"STRONGROOM_CATALOG_URL": url}, vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        yield opened


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    """A catalog without a vault, on each database."""
    with closing(bare.connected(url)) as opened:
        yield opened


def state(vault: Vault, recording: str) -> State:
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state


def lost(recording: str) -> list[Any]:
    owned = (tokens, labels, schedules, renditions, screenings)
    return [
        *(delete(one).where(one.c.recording == recording) for one in owned),
        delete(key_slots).where(key_slots.c.subject == recording),
        delete(table).where(table.c.id == recording),
    ]


def changed(recording: str, **values: Any) -> Any:
    return update(table).where(table.c.id == recording).values(**values)


HIDDEN: dict[str, Callable[[str], list[Any]]] = {
    "of another interaction": lambda i: [changed(i, interaction="i-2")],
    "of none": lambda i: [changed(i, interaction=None)],
    "as if purged": lambda i: [changed(i, interaction=None, state="purged", purged_at=vaults.START)],
    "as if purged, in its interaction": lambda i: [
        changed(i, state="purged", purged_at=vaults.START), delete(tokens).where(tokens.c.recording == i)
    ],
    "without what it is found by": lambda i: [delete(tokens).where(tokens.c.recording == i)],
    "lost": lost,
}  # fmt: skip


@pytest.mark.parametrize("attack", HIDDEN)
def test_what_is_hidden_of_an_interaction_does_not_free_the_rest_of_it(vault: Vault, attack: str) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    held = steps.take_in(vault, account="A", interaction="i-1")
    rest, other = steps.take_in(vault, interaction="i-1"), steps.take_in(vault, interaction="i-3")
    vaults.place_hold(vault, accounts=("A",))
    assert steps.faults(vault, rest, other) == {}
    with vault.catalog.write() as connection:
        for statement in HIDDEN[attack](held):
            connection.execute(statement)
    assert steps.faults(vault, rest, other) == {rest: "interaction-altered"}
    assert vaults.tick(vault).purged == 1
    assert (state(vault, rest) is State.PURGED, state(vault, other)) == (False, State.PURGED)


def test_what_was_purged_of_an_interaction_does_not_keep_the_rest_of_it(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    gone, recent = (steps.take_in(vault, ended=day, interaction="i-1") for day in (
        vaults.START.replace(year=2016), vaults.START.replace(year=2026, month=6),
    ))  # fmt: skip
    vaults.tick(vault)
    assert (state(vault, gone) is State.PURGED, state(vault, recent) is State.PURGED) == (True, False)
    assert steps.faults(vault, gone, recent) == {}
    vault.clock.instant = vaults.START.replace(year=2027, month=10)  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 1


def test_a_recording_joins_its_interaction_in_the_log_and_one_without_joins_none(vault: Vault) -> None:
    mine, kin = steps.take_in(vault, interaction="i-1"), steps.take_in(vault, interaction="i-1")
    steps.take_in(vault)
    with vault.catalog.read() as connection:
        entries = [e for batch in journal.joined(connection, [interaction_sha256("i-1")]) for e in batch]
        assert len(list(journal.of_acts(connection, Act.INTERACTION_JOINED))) == 2
        assert list(journal.joined(connection, [interaction_sha256("i-2")])) == []
    assert sorted(str(e.details["recording"]) for e in entries) == sorted([mine, kin])


def test_what_was_taken_in_before_the_log_had_interactions_is_compared_as_it_was(vault: Vault) -> None:
    mine, kin = (steps.take_in(vault, account=account, interaction="i-1") for account in "AB")
    steps.alter(vault, delete(log_entries).where(log_entries.c.act == Act.INTERACTION_JOINED))
    assert steps.faults(vault, mine) == {}
    steps.alter(vault, delete(tokens).where(tokens.c.recording == kin))
    assert steps.faults(vault, mine) == {mine: "interaction-altered"}


MANY = [f"{number:032x}" for number in range(260_000)]
"""More than any database takes as values of one query."""


@pytest.mark.parametrize(
    "ask", [journal.ingest_entries, rows.row_sha256s, rows.get_many, rows.interactions_of], ids=lambda f: f.__name__
)
def test_any_number_of_ids_can_be_asked_for(catalog: Catalog, ask: Callable[..., Any]) -> None:
    known = [bare.take_in(catalog, number, days=1) for number in (0, IDS - 1, IDS, 250_000)]
    with catalog.read() as connection:
        found = ask(connection, MANY)
    if ask is not journal.ingest_entries:
        assert sorted(one if isinstance(one, str) else one.id for one in found) == known


def test_an_interaction_larger_than_a_batch_is_read_in_batches_and_looked_through_to_its_end(catalog: Catalog) -> None:
    first = bare.take_in(catalog, 0, days=1)
    with catalog.write() as connection:
        row = dict(connection.execute(select(table).where(table.c.id == first)).one()._mapping)
        for number in range(1, 2 * IDS + 2):
            its = {**row, "id": f"{number:032x}", "source_token": str(number).encode()}
            connection.execute(table.insert().values(its))
        batches = [len(found) for found in rows.of_interactions(connection, ["talk-0", "talk-x"])]
    assert max(batches) == IDS
    assert sum(batches) == 2 * IDS + 2
