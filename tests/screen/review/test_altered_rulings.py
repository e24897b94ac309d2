"""Rulings that whoever owns the database altered, planted or took away decide nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from service.assembly import Vault
from tests import vaults
from tests.screen.reviews import agree, alter, cut_and_exception, faults, quarantine, rule, ruling
from vault import approvals as signing
from vault.approvals import Signatory
from vault.catalog.schema import approvals, log_entries, renditions, reviews, users
from vault.errors import (
    AlreadyApprovedError,
    ApprovalMissingError,
    ApprovalSignatureError,
    ReviewAlteredError,
    SamePersonError,
)
from vault.log import journal
from vault.log.entry import Act
from vault.model import RecordingId, Role
from vault.people import Capability
from vault.screen.options import Ruling, Span
from vault.screen.review import form
from vault.screen.review.form import Verdict
from vault.signed_act import SignedAct

CUT, ACCEPT = Verdict.CUT, Verdict.ACCEPT
ONE = Span(0.5, 1.25)


def _other_span(vault: Vault, made: form.Review) -> Any:
    with vault.catalog.read() as connection:
        (row,) = connection.execute(select(reviews.c.id, reviews.c.ruling).where(reviews.c.verdict == CUT)).all()
    text = row.ruling.replace('"end_ms":1250', '"end_ms":600')
    assert text != row.ruling
    return update(reviews).where(reviews.c.id == row.id).values(ruling=text)


ALTERATIONS: dict[str, Callable[[Vault, form.Review], Any]] = {
    "another span": _other_span,
    "no ruling": lambda _, made: update(reviews).where(reviews.c.id == made.id).values(ruling="{}"),
    "another digest": lambda _, made: update(reviews).where(reviews.c.id == made.id).values(digest="0" * 64),
    "a cut ended": lambda *_: update(reviews).where(reviews.c.verdict == CUT).values(state="ended"),
    "a cut gone": lambda *_: delete(reviews).where(reviews.c.verdict == CUT),
    "no such standing": lambda *_: update(reviews).where(reviews.c.verdict == CUT).values(state="odd"),
    "another who asked": lambda _, made: update(reviews).where(reviews.c.id == made.id).values(asked_by="luis"),
    "no agreement": lambda _, made: delete(approvals).where(
        approvals.c.act == SignedAct.REVIEW_RULE, approvals.c.user == "rob"
    ),
    "no request": lambda *_: delete(approvals).where(approvals.c.act == SignedAct.REVIEW_ASK),
    "an empty signature": lambda *_: update(approvals).values(signature=bytes(64)),
    "a signature of another": lambda *_: update(approvals).where(approvals.c.user == "rob").values(user="luis"),
    "the log's entries gone": lambda *_: delete(log_entries).where(log_entries.c.act == Act.REVIEW_RULED),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_ruling_that_was_altered_decides_nothing_and_check_tells_it(
    vault: Vault, call: RecordingId, what: str
) -> None:
    made = cut_and_exception(vault, call)
    alter(vault, ALTERATIONS[what](vault, made))
    with pytest.raises((ReviewAlteredError, ApprovalMissingError, ApprovalSignatureError)):
        ruling(vault, call)
    assert "P4" in faults(vault)


def test_an_exception_written_into_the_catalog_is_refused(vault: Vault, call: RecordingId) -> None:
    """Nor do a signature of the forger's own and an entry in the log make one."""
    asked = rule(vault, "rita", call, ACCEPT)
    now = vault.clock.now()
    ada = Signatory(
        vaults.actor(vault, "ada", Capability.TICK),
        Role.ADMIN,
        vaults.signatory(vault, "ada", Capability.TICK).key,
    )
    digest = form.digest(asked)
    details = {"review": asked.id, "verdict": "accept", "review_sha256": digest}
    with vault.catalog.write() as connection:
        connection.execute(update(reviews).values(state="in-force"))
    with pytest.raises(ReviewAlteredError):
        ruling(vault, call)
    with vault.catalog.write() as connection:
        journal.append(connection, [ada.actor.entry(now, Act.REVIEW_RULED, call, details)])
    with pytest.raises(ApprovalMissingError):
        ruling(vault, call)
    with vault.catalog.write() as connection:
        signing.sign(connection, ada, digest, SignedAct.REVIEW_RULE, now)
    with pytest.raises(ApprovalMissingError):
        ruling(vault, call)


def test_the_signature_of_who_asked_does_not_count_twice(vault: Vault, call: RecordingId) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    rita, now = vaults.signatory(vault, "rita", Capability.SCREEN_REVIEW), vault.clock.now()
    details = {"review": asked.id, "verdict": "accept", "review_sha256": form.digest(asked)}
    with vault.catalog.write() as connection:
        signing.sign(connection, rita, form.digest(asked), SignedAct.REVIEW_RULE, now)
        journal.append(connection, [rita.actor.entry(now, Act.REVIEW_RULED, call, details)])
        connection.execute(update(reviews).values(state="in-force"))
    with pytest.raises(SamePersonError):
        ruling(vault, call)
    assert "P4" in faults(vault)


def test_a_ruling_is_bound_to_the_original_it_was_given_over(vault: Vault, call: RecordingId) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    other = update(renditions).where(renditions.c.recording == call).values(sealed_sha256=b"x" * 32)
    with vault.catalog.read() as connection:
        before = connection.scalar(select(renditions.c.sealed_sha256).where(renditions.c.recording == call))
    alter(vault, other)
    with pytest.raises(ReviewAlteredError):
        agree(vault, "rob", asked)
    alter(vault, update(renditions).where(renditions.c.recording == call).values(sealed_sha256=before))
    agree(vault, "rob", asked)
    alter(vault, other)
    with pytest.raises(ReviewAlteredError):
        ruling(vault, call)


@pytest.mark.parametrize("who", ["rita", "rob"])
def test_an_exception_of_who_may_not_review_any_more_does_not_count_and_a_cut_does(
    vault: Vault, call: RecordingId, who: str
) -> None:
    rule(vault, who, call, CUT, ONE)
    quarantine(vault, call)
    agree(vault, "rob", rule(vault, "rita", call, ACCEPT))
    assert ruling(vault, call) == Ruling(add=(ONE,), accept=True)
    alter(vault, update(users).where(users.c.name == who).values(disabled=True))
    assert ruling(vault, call) == Ruling(add=(ONE,))
    assert "P4" not in faults(vault)


def test_a_cut_is_signed_by_who_made_it_and_nobody_else(vault: Vault, call: RecordingId) -> None:
    made = rule(vault, "rita", call, CUT, ONE)
    lena = vaults.signatory(vault, "lena", Capability.SCREEN_REVIEW)
    with vault.catalog.write() as connection:
        signing.sign(connection, lena, form.digest(made), SignedAct.REVIEW_RULE, vaults.START)
    with pytest.raises(ApprovalMissingError):
        ruling(vault, call)


def test_nobody_signs_twice(vault: Vault, call: RecordingId) -> None:
    asked = rule(vault, "rita", call, ACCEPT)
    rita = vaults.signatory(vault, "rita", Capability.SCREEN_REVIEW)
    with vault.catalog.write() as connection, pytest.raises(AlreadyApprovedError):
        signing.sign(connection, rita, form.digest(asked), SignedAct.REVIEW_ASK, vaults.START)
