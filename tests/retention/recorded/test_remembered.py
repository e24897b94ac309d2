"""An extension keeps what it covered of an interaction, also when the recording that it matched has gone first."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from retention.core.decision import Action
from retention.policy.clocks import Fact, OfEvent
from retention.recorded.events import Subject
from service.assembly import Vault
from tests import vaults
from tests.retention.recorded import steps
from vault.catalog import recordings as rows
from vault.catalog.recordings import interaction_sha256
from vault.catalog.schema import schedules
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import State


def pass_at(vault: Vault, day: str) -> None:
    vault.clock.instant = steps.instant(day)  # type: ignore[attr-defined]
    assert vaults.tick(vault).errors == []


def state(vault: Vault, recording: str) -> State:
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state


def hint(vault: Vault, recording: str) -> object:
    with vault.catalog.read() as connection:
        return connection.scalar(select(schedules.c.look_at).where(schedules.c.recording == recording))


def told(vault: Vault) -> list[Entry]:
    with vault.catalog.read() as connection:
        return list(journal.of_acts(connection, Act.EXTENSION_REMEMBERED))


@pytest.fixture
def gone_first(either: Vault) -> tuple[Vault, str, str, str]:
    """A vault in which what an extension matched was purged: that recording, the rest of it, and the extension."""
    vaults.apply_policy(either, steps.ONE_YEAR)
    first = steps.take_in(either, ended=steps.instant("2018-01-01"), account="A", interaction="i-1")
    rest = steps.take_in(either, ended=steps.instant("2018-06-01"), interaction="i-1")
    extension = steps.extend(either, "P10Y", accounts=("A",))
    pass_at(either, "2028-01-05")
    assert state(either, first) is State.PURGED
    return either, first, rest, extension


def test_what_is_left_of_an_interaction_is_kept_for_all_of_the_extension(
    gone_first: tuple[Vault, str, str, str],
) -> None:
    vault, _, rest, extension = gone_first
    assert state(vault, rest) is not State.PURGED
    assert steps.decided(vault, rest).keep_until == steps.instant("2028-06-03")
    (entry,) = told(vault)
    assert entry.details == {"extension": extension, "interaction_sha256": interaction_sha256("i-1")}
    assert vaults.check(vault) == []
    pass_at(vault, "2028-06-02")
    assert state(vault, rest) is not State.PURGED
    pass_at(vault, "2028-06-04")
    assert state(vault, rest) is State.PURGED
    assert len(told(vault)) == 1, "once for an interaction, and of nothing that it did not match"


def test_what_joins_the_interaction_later_is_kept_too_and_nothing_else_is(
    gone_first: tuple[Vault, str, str, str],
) -> None:
    vault, *_ = gone_first
    late = steps.take_in(vault, ended=steps.instant("2020-01-01"), interaction="i-1")
    other, alone = steps.take_in(vault, interaction="i-2"), steps.take_in(vault)
    assert steps.decided(vault, late).keep_until == steps.instant("2030-01-03")
    assert [steps.decided(vault, r).action for r in (other, alone)] == [Action.DESTROY] * 2
    pass_at(vault, "2028-01-06")
    assert [state(vault, r) is State.PURGED for r in (late, other, alone)] == [False, True, True]


def test_nothing_is_remembered_while_what_the_extension_matched_is_there(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    first = steps.take_in(vault, ended=steps.instant("2018-01-01"), interaction="i-1")
    matched = steps.take_in(vault, ended=steps.instant("2018-06-01"), account="A", interaction="i-1")
    steps.extend(vault, "P10Y", accounts=("A",))
    pass_at(vault, "2028-01-05")
    assert (state(vault, first), told(vault)) == (State.PURGED, [])
    assert steps.decided(vault, matched).keep_until == steps.instant("2028-06-03")


def test_a_survey_knows_what_is_left_of_the_interaction(gone_first: tuple[Vault, str, str, str]) -> None:
    vault, _, rest, _ = gone_first
    vaults.apply_policy(vault, vaults.policy("everything P2Y destroy"))
    pass_at(vault, "2028-01-06")
    assert hint(vault, rest) == steps.instant("2028-06-03")


def test_the_end_of_the_extension_frees_what_is_left_at_the_next_pass(either: Vault) -> None:
    vaults.apply_policy(either, steps.ONE_YEAR)
    first = steps.take_in(either, account="A", interaction="i-1")
    rest = steps.take_in(either, interaction="i-1")
    extension = steps.extend(either, "P2Y", OfEvent("closed"), accounts=("A",))
    other = steps.extend(either, "P99Y", Fact.ENDED, accounts=("B",))
    steps.record(either, Subject.ACCOUNT, "A", "2020-01-01", name="closed")
    for _ in range(2):
        assert vaults.tick(either).errors == []
    # its own clock never starts, so nothing ends the extension by itself
    assert (state(either, first), hint(either, rest)) == (State.PURGED, None)
    assert steps.decided(either, rest).keep_until is None
    steps.end_extension(either, other)
    assert steps.decided(either, rest).action is Action.KEEP
    steps.end_extension(either, extension)
    either.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
    vaults.tick(either)
    assert state(either, rest) is State.PURGED
    assert vaults.check(either) == []


def test_it_is_remembered_once_for_each_extension_and_interaction(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    for interaction in ("i-1", "i-2", None):
        for ended in ("2018-01-01", "2018-01-01", "2018-03-01"):
            steps.take_in(vault, ended=steps.instant(ended), account="A", interaction=interaction)
    steps.take_in(vault, ended=steps.instant("2018-01-01"), account="C", interaction="i-3")
    ids = [steps.extend(vault, keep, accounts=("A",)) for keep in ("P9Y", "P10Y")]
    ended = steps.extend(vault, "P1Y", accounts=("A",))
    steps.end_extension(vault, ended)
    for day in ("2028-01-05", "2028-03-05"):
        pass_at(vault, day)
    pairs = [(entry.details["extension"], entry.details["interaction_sha256"]) for entry in told(vault)]
    assert sorted(pairs) == sorted((i, interaction_sha256(name)) for i in ids for name in ("i-1", "i-2"))
