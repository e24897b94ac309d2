"""What people do in the review queue: rule, ask for an exception, agree to one. Handles no plaintext and no key.

To cut more, to screen again or to reject, one person is enough. To let anything pass takes two, each with a signature
over the very review: its id, the original, the spans and the digest of the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from vault import approvals
from vault.approvals import Signatory
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.recordings import Recording
from vault.catalog.schema import key_slots, reviews, screen_attempts
from vault.clock import Clock
from vault.errors import (
    ReviewAlteredError,
    ReviewStateError,
    SamePersonError,
    SpanError,
    SpansOfTextError,
    WrongStateError,
)
from vault.ids import new_id
from vault.log import journal
from vault.log.entry import Act
from vault.model import Kind, State
from vault.screen.options import Span
from vault.screen.review import form
from vault.screen.review.form import EXCEPTIONS, Review, Standing, Verdict
from vault.screen.review.rulings import Kept, asked_for, of_recording, original_of, recording_of, told_of, why_of
from vault.signed_act import SignedAct

MAX_REVIEWS = 32
"""Of one recording: each has a key slot, and a certificate of destruction lists them all."""
MAX_SPANS = 64
"""In one review."""
_ROUNDED_UP = 1.0  # seconds that a player may show more than there are
_SPANNED = frozenset({Verdict.CUT, Verdict.DROP})


@dataclass(frozen=True, slots=True)
class SealedReason:
    """Why, in a person's words, sealed at the door, with the slot that opens it."""

    sealed: bytes
    slot: dict[str, Any]


def draft(
    connection: Connection, now: datetime, *, by: str, recording: str, verdict: Verdict, spans: Sequence[Span] = ()
) -> Review:
    """Return a review that is still without its reason: seal that under `purpose_of` it, set the digest, `put` it.

    Raises:
        RecordingNotFoundError: nothing of that id was taken in.
        WrongStateError, ReviewStateError: it is not quarantined; it was rejected; too many reviews.
        SpanError, SpansOfTextError: see check_spans.

    """
    found = rows.get(connection, recording)
    check_spans(found, verdict, spans)
    kept = of_recording(connection, found.id)
    _check_turn(found, verdict, kept)
    return Review(
        id=new_id(now), recording=found.id, number=len(kept) + 1, original_sha256=original_of(connection, found),
        verdict=verdict, why=why_of(connection, found.id), spans=tuple(spans), reason_sha256="", asked_by=by,
        asked_at=now,
    )  # fmt: skip


def check_spans(recording: Recording, verdict: Verdict, spans: Sequence[Span]) -> None:
    """Refuse spans that cannot be meant.

    Raises:
        SpanError: none at all, backwards, outside the recording, a box without an area or on no picture, or too many.
        SpansOfTextError: the recording is a chat.

    """
    if verdict not in _SPANNED:
        return
    if recording.kind is Kind.CHAT:
        raise SpansOfTextError("expected a call or a screen recording, got a chat, which has no seconds")
    if not 0 < len(spans) <= MAX_SPANS:
        raise SpanError(f"expected 1 to {MAX_SPANS} spans, got {len(spans)}")
    for span in spans:
        _check_times(recording, span)
        if span.box is not None:
            if recording.kind is not Kind.SCREEN:
                raise SpanError("expected no box: only screen recordings have pictures")
            left, top, width, height = span.box
            if min(left, top) < 0 or min(width, height) <= 0:
                raise SpanError("expected a box of a place from 0,0 on and a width and height of at least 1")


def _check_times(recording: Recording, span: Span) -> None:
    if not 0 <= span.begin < span.end:
        raise SpanError(f"expected a span that begins at 0 or later and ends after that, got {span.begin}")
    if recording.duration_ms is None:
        return
    length = recording.duration_ms / 1000
    if span.begin >= length or span.end > length + _ROUNDED_UP:
        raise SpanError(
            f"expected a span within the {length:g} seconds of the recording, got {span.begin:g}..{span.end:g}"
        )


def put(catalog: Catalog, clock: Clock, signatory: Signatory, review: Review, reason: SealedReason) -> Standing:
    """Keep a review, signed: one person's ruling is carried out, an exception is asked for. Return where it stands.

    Raises:
        WrongStateError, ReviewStateError: the recording or its reviews have moved on since `draft`.
        ReviewAlteredError: the reviews in the catalog are not the ones the log has.

    """
    now, asks = clock.now(), review.verdict in EXCEPTIONS
    with catalog.write() as connection:
        rows.lock(connection, [review.recording])
        found = rows.get(connection, review.recording)
        kept = of_recording(connection, found.id)
        _check_turn(found, review.verdict, kept)
        if review.number != len(kept) + 1:
            raise ReviewStateError("expected to be the next to rule, another person was first")
        _check_same(connection, found, review)
        digest = form.digest(review)
        connection.execute(insert(key_slots).values(reason.slot))
        connection.execute(
            insert(reviews).values(
                id=review.id, recording=review.recording, verdict=review.verdict,
                ruling=form.encode(review).decode("ascii"), digest=digest, state=Standing.ASKED,
                sealed_reason=reason.sealed, asked_by=review.asked_by, asked_at=review.asked_at,
                decided_at=None if asks else now,
            )
        )  # fmt: skip
        approvals.sign(connection, signatory, digest, SignedAct.REVIEW_ASK if asks else SignedAct.REVIEW_RULE, now)
        _tell(connection, signatory, Act.REVIEW_ASKED if asks else Act.REVIEW_RULED, review, now)
        if review.verdict in {Verdict.CUT, Verdict.RETRY}:
            _screen_again(connection, found)
    return Standing.ASKED if asks else Standing.IN_FORCE


def agree(catalog: Catalog, clock: Clock, signatory: Signatory, *, review_id: str) -> Review:
    """Agree to an exception as the second person: it is in force and the recording is screened again. Return it.

    Raises:
        ReviewNotFoundError: there is no such review.
        ReviewStateError, WrongStateError: nobody waits for an agreement to it (any more).
        SamePersonError: the one who asked, or that person's key.
        ReviewAlteredError, ApprovalMissingError, ApprovalSignatureError: it is not what was asked for.

    """
    now = clock.now()
    with catalog.write() as connection:
        recording = recording_of(connection, review_id)
        rows.lock(connection, [recording])
        found = rows.get(connection, recording)
        kept = next(k for k in of_recording(connection, recording) if k.review.id == review_id)
        review = kept.review
        if kept.standing is not Standing.ASKED:
            raise ReviewStateError(f"expected a review that waits for a second person, got one that is {kept.standing}")
        _check_turn(found, review.verdict, ())
        _check_same(connection, found, review)
        asked = asked_for(connection, review)
        if signatory.actor.name == review.asked_by or signatory.key.public == asked.public_key:
            raise SamePersonError("expected another person, with another key, than the one who asked")
        approvals.sign(connection, signatory, form.digest(review), SignedAct.REVIEW_RULE, now)
        connection.execute(update(reviews).where(reviews.c.id == review_id).values(decided_at=now))
        _tell(connection, signatory, Act.REVIEW_RULED, review, now)
        _screen_again(connection, found)
    return review


def _check_turn(found: Recording, verdict: Verdict, kept: Sequence[Kept]) -> None:
    if found.state is not State.QUARANTINED:
        raise WrongStateError(f"expected {found.id} to be quarantined, it is {found.state}")
    if any(k.review.verdict is Verdict.REJECT and k.standing is Standing.IN_FORCE for k in kept):
        if verdict is not Verdict.RETRY:
            raise ReviewStateError(
                f"{found.id} was rejected", hint="take it up again with 'strongroom screen review retry'"
            )
    elif verdict in EXCEPTIONS and (asked := [k.review for k in kept if k.standing is Standing.ASKED]):
        raise ReviewStateError(
            f"another exception waits for its second person: '{asked[0].verdict}', asked for by {asked[0].asked_by}",
            hint=f"to agree run 'strongroom screen review approve {asked[0].id}' without --reason, as another person; "
            "'retry' or 'cut' ends it",
        )
    if len(kept) >= MAX_REVIEWS:
        raise ReviewStateError(f"expected at most {MAX_REVIEWS} reviews of one recording")


def _check_same(connection: Connection, found: Recording, review: Review) -> None:
    if (review.original_sha256, review.why) != (original_of(connection, found), why_of(connection, found.id)):
        raise ReviewAlteredError("expected the original, and why it is quarantined, as they were when this was begun")


def _screen_again(connection: Connection, found: Recording) -> None:
    if not rows.transition(connection, found.id, expected=State.QUARANTINED, then=State.SEALED):
        raise RuntimeError("expected the state read in this very transaction")
    # what was given up after too many attempts gets as many again
    connection.execute(delete(screen_attempts).where(screen_attempts.c.recording == found.id))


def _tell(connection: Connection, signatory: Signatory, act: Act, review: Review, now: datetime) -> None:
    """Log an act and let every review of the recording stand where the log then has it."""
    details = {"review": review.id, "verdict": str(review.verdict), "review_sha256": form.digest(review)}
    journal.append(connection, [signatory.actor.entry(now, act, review.recording, details)])
    steps = [step for step, _ in told_of(connection, review.recording) if step.review is not None]
    at = form.standing(steps)
    for review_id, where in at.items():
        connection.execute(update(reviews).where(reviews.c.id == review_id).values(state=where))
