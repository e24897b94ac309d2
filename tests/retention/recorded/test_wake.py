"""What a pass has set aside comes back when something changes: each test looks once, changes one thing, looks again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from retention.recorded.events import Subject
from service.assembly import Vault
from tests import vaults
from tests.people import steps as people
from tests.retention.recorded import steps
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.schema import recordings, schedules
from vault.model import State

KEEPS_ON = """\
policy: strongroom/policy/v1
title: Until asked
rules:
  - {name: until-asked, match: all, keep: P1Y, then: keep}
"""


def is_purged(vault: Vault, recording: str) -> bool:
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state is State.PURGED


def kept_by_a_pass(vault: Vault, recording: str) -> bool:
    """Return whether two passes leave it: the first sets it aside, the second does not even look."""
    for _ in range(2):
        assert vaults.tick(vault).errors == []
    return not is_purged(vault, recording)


def purged_by_a_pass(vault: Vault, recording: str) -> bool:
    vaults.tick(vault)
    return is_purged(vault, recording)


@pytest.mark.parametrize("about", [Subject.CONTRACT, Subject.INTERACTION, Subject.RECORDING])
def test_an_event_ends_what_waited_for_it(either: Vault, about: Subject) -> None:
    vaults.apply_policy(either, steps.BY_CONTRACT)
    recording = steps.take_in(either, contract="K-1", interaction="I-1")
    assert kept_by_a_pass(either, recording)
    value = {Subject.CONTRACT: "K-1", Subject.INTERACTION: "I-1", Subject.RECORDING: recording}[about]
    steps.record(either, about, value, "2020-01-01")
    assert purged_by_a_pass(either, recording)


def test_a_correction_ends_what_an_event_kept(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.BY_CONTRACT)
    recording = steps.take_in(vault, contract="K-1")
    (done,) = steps.record(vault, Subject.CONTRACT, "K-1", "2026-10-01")
    assert kept_by_a_pass(vault, recording)
    steps.correct(vault, done.id, "2020-10-01")
    assert purged_by_a_pass(vault, recording)


def test_the_end_of_an_extension_ends_what_it_kept(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    recording = steps.take_in(vault, contract="K-1")
    extension = steps.extend(vault, contracts=("K-1",))
    assert kept_by_a_pass(vault, recording)
    steps.end_extension(vault, extension)
    assert purged_by_a_pass(vault, recording)


def test_a_request_for_erasure_ends_what_was_kept_on(vault: Vault) -> None:
    vaults.apply_policy(vault, KEEPS_ON)
    recording = steps.take_in(vault, account="A-1")
    assert kept_by_a_pass(vault, recording)
    steps.request_erasure(vault, accounts=("A-1",))
    assert purged_by_a_pass(vault, recording)


def test_the_release_of_a_hold_ends_it_after_its_grace(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    recording = steps.take_in(vault)
    hold = vaults.place_hold(vault, ids=(recording,))
    assert kept_by_a_pass(vault, recording)
    people.request(vault, hold)
    grace_until = people.release(vault, hold)
    assert kept_by_a_pass(vault, recording)
    with vault.catalog.read() as connection:  # not only by the look at everything that there is once a week
        assert connection.scalar(select(schedules.c.look_at).where(schedules.c.recording == recording)) == grace_until
    vault.clock.advance(timedelta(days=15))  # type: ignore[attr-defined]
    assert purged_by_a_pass(vault, recording)


def test_a_new_policy_ends_what_none_let_go(vault: Vault) -> None:
    recording = steps.take_in(vault)
    assert kept_by_a_pass(vault, recording)
    vaults.apply_policy(vault, steps.ONE_YEAR)
    assert purged_by_a_pass(vault, recording)


def test_what_was_due_before_1970_is_found(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.BY_CONTRACT)
    recording = steps.take_in(vault, contract="K-1")
    steps.record(vault, Subject.CONTRACT, "K-1", "1960-01-01")
    assert purged_by_a_pass(vault, recording)


@pytest.mark.parametrize("altered", [{"ended_at": text("9223372036854775807")}, {"kind": "nonsense"}])
def test_a_row_that_was_damaged_keeps_itself_and_nothing_else(vault: Vault, altered: dict[str, Any]) -> None:
    vaults.apply_policy(vault, vaults.policy("chats P1Y destroy kind=chat"))
    damaged, other = steps.take_in(vault), steps.take_in(vault)
    steps.alter(vault, update(recordings).where(recordings.c.id == damaged).values(altered))
    assert purged_by_a_pass(vault, other)
    with vault.catalog.read() as connection:
        assert connection.scalar(select(recordings.c.state).where(recordings.c.id == damaged)) != State.PURGED


def test_a_look_that_a_clock_ahead_noted_is_made_again(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    recording = steps.take_in(vault)
    with vault.catalog.write() as connection:
        info.evaluation_done(connection, vault.clock.now() + timedelta(days=9999))
        connection.execute(update(schedules).values(look_at=None))  # a hint that was lost
    assert purged_by_a_pass(vault, recording)
