"""The review queue: what one person may rule, what takes two, and that nothing else decides."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from retention import purge
from service.assembly import Vault
from tests import vaults
from tests.people import steps
from tests.screen.reviews import agree, draft, put, quarantine, rule, take_in
from vault import approvals as signing
from vault.approvals import Signatory
from vault.catalog import recordings as rows
from vault.catalog.schema import (
    approvals,
    key_slots,
    log_entries,
    renditions,
    reviews,
    screen_attempts,
    screenings,
    users,
)
from vault.check import Severity
from vault.errors import (
    AlreadyApprovedError,
    ApprovalMissingError,
    ApprovalSignatureError,
    NotAuthorisedError,
    RecordingNotFoundError,
    ReviewAlteredError,
    ReviewNotFoundError,
    ReviewStateError,
    SamePersonError,
    SpanError,
    SpansOfTextError,
    WrongStateError,
)
from vault.log import journal
from vault.log.entry import Act
from vault.model import Kind, RecordingId, Role, State
from vault.people import Capability
from vault.screen.errors import Why
from vault.screen.options import Ruling, Span
from vault.screen.review import acts, form, rulings
from vault.screen.review.form import Standing, Verdict
from vault.signed_act import SignedAct

CUT, DROP, ACCEPT, RETRY, REJECT = Verdict.CUT, Verdict.DROP, Verdict.ACCEPT, Verdict.RETRY, Verdict.REJECT
ONE, OTHER = Span(0.5, 1.25), Span(1.5, 2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with one quarantined call."""
    home = tmp_path_factory.mktemp("reviews") / "home"
    clock = vaults.StandingClock()
    vaults.make(home, clock)
    with vaults.opened(home, clock) as vault:
        quarantine(vault, take_in(vault))
    return home


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Iterator[Vault]:
    """A copy of it."""
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as opened:
        yield opened


@pytest.fixture
def call(vault: Vault) -> RecordingId:
    """Its call."""
    with vault.catalog.read() as connection:
        (waiting,) = rulings.queue(connection)
    return waiting.recording.id


def state(vault: Vault, recording: str) -> State:
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state


def ruling(vault: Vault, recording: str) -> Ruling:
    with vault.catalog.read() as connection:
        return rulings.ruling_of(connection, recording)


def standings(vault: Vault, recording: str) -> list[Standing]:
    with vault.catalog.read() as connection:
        return [kept.standing for kept in rulings.of_recording(connection, recording)]


def alter(vault: Vault, *statements: Any) -> None:
    """Do as who owns the database can."""
    with vault.catalog.write() as connection:
        for statement in statements:
            connection.execute(statement)


def faults(vault: Vault) -> set[str]:
    return {f.promise for f in vaults.check(vault) if f.severity is Severity.FAULT}


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """A vault on each database, with nothing in it."""
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        yield opened


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


# What one person may do


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


# What takes two


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


# Refusals


@pytest.mark.parametrize(
    "spans",
    [(), (Span(1, 1),), (Span(1.5, 1),), (Span(-1, 1),), (Span(2, 3),), (Span(0, 1, (0, 0, 10, 10)),), (ONE,) * 65],
)
@pytest.mark.parametrize("verdict", [CUT, DROP])
def test_spans_that_cannot_be_meant_are_refused(vault: Vault, call: RecordingId, verdict: Verdict, spans: Any) -> None:
    with pytest.raises(SpanError):
        rule(vault, "rita", call, verdict, *spans)


@pytest.mark.parametrize("box", [(0, 0, 0, 1), (0, 0, 1, 0), (-1, 0, 1, 1), (0, -1, 1, 1)])
def test_a_box_needs_a_place_and_an_area(vault: Vault, box: Any) -> None:
    screen = take_in(vault, Kind.SCREEN, "screen")
    quarantine(vault, screen)
    with pytest.raises(SpanError):
        rule(vault, "rita", screen, CUT, Span(0, 1, box))
    rule(vault, "rita", screen, CUT, Span(0, 1, (10, 20, 30, 40)))
    assert ruling(vault, screen) == Ruling(add=(Span(0, 1, (10, 20, 30, 40)),))


def test_a_chat_has_no_seconds_and_everything_else_works(vault: Vault) -> None:
    chat = take_in(vault, Kind.CHAT, "chat")
    quarantine(vault, chat)
    for verdict in (CUT, DROP):
        with pytest.raises(SpansOfTextError):
            rule(vault, "rita", chat, verdict, ONE)
    agree(vault, "rob", rule(vault, "rita", chat, ACCEPT))
    assert ruling(vault, chat) == Ruling(accept=True)


def test_what_is_not_quarantined_cannot_be_ruled_over(vault: Vault, call: RecordingId) -> None:
    rule(vault, "rita", call, RETRY)
    for verdict in (RETRY, REJECT, ACCEPT):
        with pytest.raises(WrongStateError):
            rule(vault, "rob", call, verdict)
    with pytest.raises(RecordingNotFoundError):
        rule(vault, "rob", "0" * 32, RETRY)
    with vault.catalog.read() as connection, pytest.raises(ReviewNotFoundError):
        rulings.recording_of(connection, "0" * 32)


def test_of_two_who_began_at_once_the_second_is_told_so(vault: Vault, call: RecordingId) -> None:
    first, second = (draft(vault, by, call, REJECT if by == "rita" else ACCEPT) for by in ("rob", "rita"))
    put(vault, "rob", first)
    with pytest.raises(ReviewStateError):
        put(vault, "rita", second)


def test_reviews_of_one_recording_are_bounded(vault: Vault, call: RecordingId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "MAX_REVIEWS", 2)
    for _ in range(2):
        rule(vault, "rita", call, RETRY)
        quarantine(vault, call)
    with pytest.raises(ReviewStateError, match="at most 2"):
        rule(vault, "rita", call, RETRY)


# Whoever owns the database


def _in_force(vault: Vault, call: RecordingId) -> form.Review:
    rule(vault, "rita", call, CUT, ONE)
    quarantine(vault, call)
    return agree(vault, "rob", rule(vault, "rita", call, ACCEPT))


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
    made = _in_force(vault, call)
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


# The end


def test_a_purge_takes_the_reasons_with_it(vault: Vault, call: RecordingId) -> None:
    made = _in_force(vault, call)
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    vault.clock.advance(timedelta(days=800))  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 1
    with vault.catalog.read() as connection:
        assert set(connection.scalars(select(reviews.c.sealed_reason))) == {None}
        assert connection.execute(select(key_slots).where(key_slots.c.subject == call)).all() == []
        purge.get_certificate(connection, call)
    assert faults(vault) == set()
    with pytest.raises(WrongStateError):
        rule(vault, "rita", call, RETRY)
    alter(vault, update(reviews).where(reviews.c.id == made.id).values(sealed_reason=b"x"))
    assert faults(vault) == {"P3"}


def test_what_is_rejected_is_kept_by_a_hold_and_purged_when_due_like_everything_else(
    vault: Vault, call: RecordingId
) -> None:
    rule(vault, "rita", call, REJECT)
    hold = vaults.place_hold(vault, ids=(call,))
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    vault.clock.advance(timedelta(days=800))  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 0
    steps.request(vault, hold)
    steps.release(vault, hold)
    vault.clock.advance(steps.GRACE)  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 1
    assert faults(vault) == set()
