"""What is recorded moves the clocks it concerns, once, and is looked at again, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from retention.core.decision import Action
from retention.errors import EventError, EventStateError
from retention.recorded import events
from retention.recorded.event_acts import NewEvent, Outcome, check_because, record
from retention.recorded.events import Standing, Subject
from service.assembly import Vault
from tests import vaults
from tests.retention.recorded import steps
from vault.catalog.recordings import SOON
from vault.catalog.schema import schedules
from vault.people import Capability

ACCOUNT, CONTRACT, CASE = Subject.ACCOUNT, Subject.CONTRACT, Subject.CASE
INTERACTION, RECORDING = Subject.INTERACTION, Subject.RECORDING


def looked_at(vault: Vault) -> None:
    """Have every recording looked at already, so that what is woken can be told."""
    with vault.catalog.write() as connection:
        connection.execute(update(schedules).values(look_at=None))


def woken(vault: Vault) -> set[str]:
    with vault.catalog.read() as connection:
        return set(connection.scalars(select(schedules.c.recording).where(schedules.c.look_at == SOON)))


def test_an_event_moves_the_clocks_of_what_it_happened_to_and_of_nothing_else(either: Vault) -> None:
    vaults.apply_policy(either, steps.BY_CONTRACT)
    value = {ACCOUNT: "ACME-1", CONTRACT: "ACME-1", CASE: "ACME-1", INTERACTION: "ACME-1"}
    its = {subject: steps.take_in(either, **{subject.value: text}) for subject, text in value.items()}
    its[RECORDING] = steps.take_in(either)
    value[RECORDING] = its[RECORDING]
    for subject, recording in its.items():
        looked_at(either)
        assert steps.decided(either, recording).keep_until is None
        (done,) = steps.record(either, subject, value[subject], "2024-03-01")
        assert done.outcome is Outcome.RECORDED
        assert steps.decided(either, recording).action is Action.DESTROY
        assert woken(either) <= {recording}
        looked_at(either)
        second = steps.correct(either, done.id, "2026-03-01")
        assert steps.decided(either, recording).keep_until == steps.instant("2027-03-03")
        assert woken(either) <= {recording}
        steps.correct(either, second.id, None)
        assert steps.decided(either, recording).keep_until is None
    assert vaults.check(either) == []


def test_everything_that_an_event_concerns_is_looked_at_again(either: Vault) -> None:
    vaults.apply_policy(either, steps.BY_CONTRACT)
    mine = [steps.take_in(either, account="A", interaction="i-1") for _ in range(3)]
    other = steps.take_in(either, account="B", interaction="i-2")
    with either.catalog.write() as connection:
        connection.execute(schedules.delete())
        rows = [{"recording": r, "look_at": None, "policy_version": 1, "for_review": False} for r in (*mine, other)]
        connection.execute(schedules.insert(), rows)
    for subject, value, whose in ((ACCOUNT, "A", mine), (INTERACTION, "i-1", mine), (RECORDING, mine[0], mine[:1])):
        looked_at(either)
        (done,) = steps.record(either, subject, value, "2024-03-01")
        assert woken(either) == set(whose)
        looked_at(either)
        steps.correct(either, done.id, "2024-03-02")
        assert woken(either) == set(whose)


def test_the_same_event_is_recorded_once_within_a_call_and_between_calls(either: Vault) -> None:
    first, twin, other = steps.record(either, ACCOUNT, "A", "2024-03-01", "2024-03-01", "2024-03-02")
    assert (first.outcome, twin.outcome, other.outcome) == (Outcome.RECORDED, Outcome.KNOWN, Outcome.RECORDED)
    assert twin.id == first.id
    (again,) = steps.record(either, ACCOUNT, "A", "2024-03-01")
    assert (again.outcome, again.id) == (Outcome.KNOWN, first.id)
    (named,) = steps.record(either, ACCOUNT, "A", "2024-03-01", name="case-closed")
    (there,) = steps.record(either, CONTRACT, "A", "2024-03-01")
    assert {named.outcome, there.outcome} == {Outcome.RECORDED}
    assert len({first.id, other.id, named.id, there.id}) == 4
    assert vaults.check(either) == []


def test_a_feed_undoes_no_correction_unless_it_is_told_to(vault: Vault) -> None:
    (first,) = steps.record(vault, ACCOUNT, "A", "2024-03-01")
    steps.correct(vault, first.id, "2024-04-01")
    (again,) = steps.record(vault, ACCOUNT, "A", "2024-03-01")
    assert (again.outcome, again.id) == (Outcome.REPLACED, first.id)
    rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
    (anew,) = record(vault.catalog, vault.clock, rita, [steps.happened(vault, ACCOUNT, "A", "2024-03-01")], again=True)
    assert anew.outcome is Outcome.RECORDED
    with vault.catalog.read() as connection:
        found = events.history(connection, limit=10)
    assert sorted(e.standing for e in found) == [Standing.CORRECTED, Standing.IN_FORCE, Standing.IN_FORCE]


def test_one_event_is_corrected_once_and_a_correction_can_be_corrected(vault: Vault) -> None:
    (first,) = steps.record(vault, ACCOUNT, "A", "2024-03-01")
    second = steps.correct(vault, first.id, "2024-04-01")
    third = steps.correct(vault, second.id, "2024-03-01")
    for gone in (first.id, second.id):
        with pytest.raises(EventStateError):
            steps.correct(vault, gone, "2024-05-01")
    with pytest.raises(EventStateError):
        steps.correct(vault, third.id, "2024-03-01")
    withdrawn = steps.correct(vault, third.id, None)
    for gone in (third.id, withdrawn.id):
        with pytest.raises(EventStateError):
            steps.correct(vault, gone, None)
    with vault.catalog.read() as connection:
        found = [e.standing for e in events.history(connection, subject=ACCOUNT, limit=10)]
    assert sorted(found) == sorted([Standing.CORRECTED, Standing.CORRECTED, Standing.WITHDRAWN, Standing.WITHDRAWAL])
    assert vaults.check(vault) == []


def test_what_has_not_happened_is_no_event(vault: Vault) -> None:
    rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
    now = vault.clock.now()
    good = steps.happened(vault, ACCOUNT, "A", "2024-03-01")
    for name, at in (
        ("contract-ended", now + timedelta(days=1, microseconds=1)),
        ("contract-ended", steps.instant("1899-12-31")),
        ("", now), ("a" * 65, now), ("Ended", now), ("12345678", now), ("it ended", now),
    ):  # fmt: skip
        with pytest.raises(EventError):
            record(vault.catalog, vault.clock, rita, [good, NewEvent(name, ACCOUNT, b"k" * 16, at)])
    with vault.catalog.read() as connection:
        assert events.history(connection, limit=10) == []
    allowed = NewEvent("e", ACCOUNT, b"k" * 16, now + timedelta(days=1))
    assert record(vault.catalog, vault.clock, rita, [allowed])[0].outcome is Outcome.RECORDED


@pytest.mark.parametrize("because", ["", "Typo", "a b", "4711", "x" * 65, "-a", "é"])
def test_a_reason_is_a_code(because: str) -> None:
    with pytest.raises(EventError):
        check_because(because)


def test_an_event_is_never_given_an_id_again_that_the_catalog_has_lost(vault: Vault) -> None:
    key = events.key_of("i-1")
    ids = [events.id_of(INTERACTION, key, n) for n in range(50)]
    assert len({*ids, *(events.id_of(RECORDING, key, n) for n in range(50))}) == 100
    done = steps.record(vault, INTERACTION, "i-1", *(f"2024-03-{day:02}" for day in range(1, 21)))
    assert [one.id for one in done] == ids[:20]
