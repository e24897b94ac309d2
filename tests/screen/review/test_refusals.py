"""Rulings that are refused: they cannot be meant, come too late, or are too many."""

from typing import Any

import pytest

from service.assembly import Vault
from tests.screen.reviews import agree, draft, put, quarantine, rule, ruling, take_in
from vault.errors import (
    RecordingNotFoundError,
    ReviewNotFoundError,
    ReviewStateError,
    SpanError,
    SpansOfTextError,
    WrongStateError,
)
from vault.model import Kind, RecordingId
from vault.screen.options import Ruling, Span
from vault.screen.review import acts, rulings
from vault.screen.review.form import Verdict

CUT, DROP, ACCEPT, RETRY, REJECT = Verdict.CUT, Verdict.DROP, Verdict.ACCEPT, Verdict.RETRY, Verdict.REJECT
ONE = Span(0.5, 1.25)


@pytest.mark.parametrize(
    "spans",
    [
        (),
        (Span(1, 1),),
        (Span(1.5, 1),),
        (Span(-1, 1),),
        (Span(2, 3),),
        (Span(1, 3.1),),
        (Span(0, 1, (0, 0, 10, 10)),),
        (ONE,) * 65,
    ],
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
