"""What takes two people in the review queue, and how long it is good for."""

from typing import Any

import pytest
from sqlalchemy import update

from service.assembly import Vault
from tests import vaults
from tests.screen.reviews import agree, alter, faults, quarantine, rule, ruling, standings, state
from vault.approvals import Signatory
from vault.catalog.schema import screenings
from vault.errors import NotAuthorisedError, ReviewAlteredError, ReviewStateError, SamePersonError
from vault.log import journal
from vault.log.entry import Act
from vault.model import RecordingId, State
from vault.people import Capability
from vault.screen.errors import Why
from vault.screen.options import Ruling, Span
from vault.screen.review import acts
from vault.screen.review.form import Standing, Verdict

CUT, DROP, ACCEPT, RETRY, REJECT = Verdict.CUT, Verdict.DROP, Verdict.ACCEPT, Verdict.RETRY, Verdict.REJECT
ONE, OTHER = Span(0.5, 1.25), Span(1.5, 2)


@pytest.mark.parametrize(
    ("verdict", "spans", "then"), [(ACCEPT, (), Ruling(accept=True)), (DROP, (ONE,), Ruling(drop=(ONE,)))]
)
def test_an_exception_is_in_force_when_a_second_person_agreed(
    vault: Vault, call: RecordingId, verdict: Verdict, spans: Any, then: Ruling
) -> None:
    asked = rule(vault, "rita", call, verdict, *spans)
    assert (state(vault, call), ruling(vault, call)) == (State.QUARANTINED, Ruling())
    with pytest.raises(SamePersonError):
        agree(vault, "rita", asked)
    agree(vault, "lena", asked)
    assert (state(vault, call), ruling(vault, call)) == (State.SEALED, then)
    with pytest.raises(ReviewStateError):
        agree(vault, "luis", asked)
    with vault.catalog.read() as connection:
        told = [
            (e.actor, e.act, e.details["verdict"])
            for e in journal.of_acts(connection, Act.REVIEW_ASKED, Act.REVIEW_RULED)
        ]
    assert told == [("rita", Act.REVIEW_ASKED, verdict), ("lena", Act.REVIEW_RULED, verdict)]
    assert faults(vault) == set()


def test_the_same_key_under_another_name_is_no_second_person(vault: Vault, call: RecordingId) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    key = vaults.signatory(vault, "rita", Capability.SCREEN_REVIEW).key
    lena = vaults.signatory(vault, "lena", Capability.SCREEN_REVIEW)
    with pytest.raises(SamePersonError):
        acts.agree(vault.catalog, vault.clock, Signatory(lena.actor, lena.role, key), review_id=asked.id)


@pytest.mark.parametrize("by", ["ada", "otto"])
def test_who_may_not_review_may_not_agree(vault: Vault, call: RecordingId, by: str) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    with pytest.raises(NotAuthorisedError):
        agree(vault, by, asked)


def test_cuts_that_came_before_stand_beside_an_exception(vault: Vault, call: RecordingId) -> None:
    rule(vault, "rita", call, CUT, ONE)
    quarantine(vault, call)
    agree(vault, "rob", rule(vault, "rita", call, ACCEPT))
    assert ruling(vault, call) == Ruling(add=(ONE,), accept=True)


@pytest.mark.parametrize(("verdict", "spans"), [(CUT, (ONE,)), (RETRY, ()), (REJECT, ())])
def test_what_was_asked_for_lapses_when_somebody_rules_otherwise(
    vault: Vault, call: RecordingId, verdict: Verdict, spans: Any
) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    rule(vault, "rob", call, verdict, *spans)
    if verdict is not REJECT:
        quarantine(vault, call)
    with pytest.raises(ReviewStateError):
        agree(vault, "lena", asked)
    assert not ruling(vault, call).accept
    assert faults(vault) == set()


def test_a_rejection_withdraws_the_exceptions_and_keeps_the_cuts(vault: Vault, call: RecordingId) -> None:
    rule(vault, "rita", call, CUT, ONE)
    quarantine(vault, call)
    agree(vault, "rob", rule(vault, "rita", call, DROP, OTHER))
    quarantine(vault, call)
    assert ruling(vault, call) == Ruling(add=(ONE,), drop=(OTHER,))
    rule(vault, "lena", call, REJECT)
    assert ruling(vault, call) == Ruling(add=(ONE,))
    assert faults(vault) == set()


def test_that_a_gate_may_be_passed_holds_for_one_screening(vault: Vault, call: RecordingId) -> None:
    agree(vault, "rob", rule(vault, "rita", call, ACCEPT))
    assert ruling(vault, call).accept
    quarantine(vault, call, Why.UNDECODABLE)
    assert standings(vault, call) == [Standing.ENDED]
    rule(vault, "rita", call, RETRY)
    assert not ruling(vault, call).accept
    assert faults(vault) == set()


def test_what_people_agreed_to_pass_is_no_other_reason(vault: Vault, call: RecordingId) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    for act in (lambda: agree(vault, "rob", asked), lambda: ruling(vault, call)):
        alter(vault, update(screenings).values(why="undecodable"))
        with pytest.raises(ReviewAlteredError):
            act()
        alter(vault, update(screenings).values(why="residue"))
        if not ruling(vault, call).accept:
            agree(vault, "rob", asked)


def test_one_exception_at_a_time_waits(vault: Vault, call: RecordingId) -> None:
    rule(vault, "rita", call, ACCEPT)
    with pytest.raises(ReviewStateError, match="another exception waits"):
        rule(vault, "lena", call, DROP, ONE)
