"""The review queue: the whole way through it, and what one person may rule."""

import pytest
from sqlalchemy import insert, select

from service.assembly import Vault
from tests import vaults
from tests.screen.reviews import agree, alter, faults, quarantine, rule, ruling, standings, state, take_in
from vault.catalog.schema import screen_attempts
from vault.errors import ReviewStateError
from vault.model import RecordingId, State
from vault.screen.options import Ruling, Span
from vault.screen.review import rulings
from vault.screen.review.form import Standing, Verdict

CUT, DROP, ACCEPT, RETRY, REJECT = Verdict.CUT, Verdict.DROP, Verdict.ACCEPT, Verdict.RETRY, Verdict.REJECT
ONE, OTHER = Span(0.5, 1.25), Span(1.5, 2)


def test_the_whole_way_through_the_queue_on_each_database(either: Vault) -> None:
    call = take_in(either)
    quarantine(either, call)
    rule(either, "rita", call, REJECT)
    rule(either, "rob", call, RETRY)
    quarantine(either, call)
    rule(either, "lena", call, CUT, ONE)
    quarantine(either, call)
    agree(either, "luis", rule(either, "lena", call, DROP, OTHER))
    quarantine(either, call)
    agree(either, "lena", rule(either, "rob", call, ACCEPT))
    assert ruling(either, call) == Ruling(add=(ONE,), drop=(OTHER,), accept=True)
    assert standings(either, call) == ["ended", "ended", "in-force", "in-force", "in-force"]
    assert faults(either) == set()


def test_a_cut_takes_one_person_and_the_next_screening_applies_it(vault: Vault, call: RecordingId) -> None:
    rule(vault, "lena", call, CUT, ONE, OTHER)
    assert state(vault, call) is State.SEALED
    assert ruling(vault, call) == Ruling(add=(ONE, OTHER))
    quarantine(vault, call)
    rule(vault, "rob", call, CUT, Span(0, 0.25))
    assert ruling(vault, call) == Ruling(add=(ONE, OTHER, Span(0, 0.25)))
    assert faults(vault) == set()


def test_a_retry_changes_no_ruling_and_forgets_the_attempts(vault: Vault, call: RecordingId) -> None:
    alter(vault, insert(screen_attempts).values(recording=call, attempts=3, last_at=vaults.START))
    rule(vault, "rita", call, RETRY)
    assert state(vault, call) is State.SEALED
    assert ruling(vault, call) == Ruling()
    with vault.catalog.read() as connection:
        assert connection.execute(select(screen_attempts)).all() == []
    assert faults(vault) == set()


def test_what_is_rejected_leaves_the_queue_stays_quarantined_and_can_be_taken_up_again(
    vault: Vault, call: RecordingId
) -> None:
    rule(vault, "rita", call, REJECT)
    assert state(vault, call) is State.QUARANTINED
    with vault.catalog.read() as connection:
        assert rulings.queue(connection) == []
        assert [w.recording.id for w in rulings.queue(connection, rejected=True)] == [call]
    for verdict, spans in ((CUT, [ONE]), (DROP, [ONE]), (ACCEPT, []), (REJECT, [])):
        with pytest.raises(ReviewStateError):
            rule(vault, "rob", call, verdict, *spans)
    rule(vault, "rob", call, RETRY)
    assert state(vault, call) is State.SEALED
    assert standings(vault, call) == [Standing.ENDED, Standing.ENDED]
    assert faults(vault) == set()


def test_the_queue_says_why_and_what_waits_for_a_second_person(vault: Vault, call: RecordingId) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    with vault.catalog.read() as connection:
        (waiting,) = rulings.queue(connection)
    assert (waiting.why, waiting.since, waiting.asked, waiting.rejected) == ("residue", vaults.START, asked.id, False)
