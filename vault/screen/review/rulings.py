"""The review queue as it is read: what waits, and what people ruled over a recording. Handles no plaintext and no key.

Rows decide nothing by themselves: whenever a review is read it is compared with the log and its signatures are verified
again, and what differs is refused. The acts of people are in `vault.screen.review.acts`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from vault import approvals, people
from vault.approvals import Approval
from vault.catalog import recordings as rows
from vault.catalog.recordings import Recording
from vault.catalog.schema import log_entries, recordings, reviews, screenings
from vault.errors import (
    ApprovalMissingError,
    ReviewAlteredError,
    ReviewNotFoundError,
    SamePersonError,
)
from vault.ids import is_id
from vault.log.entry import Act, Entry, Outcome, decode
from vault.log.errors import EntryFormatError
from vault.model import RenditionName, State
from vault.people import Capability, User
from vault.screen.options import Ruling, Span
from vault.screen.review import form
from vault.screen.review.form import EXCEPTIONS, Review, Standing, Step, Verdict
from vault.signed_act import SignedAct


@dataclass(frozen=True, slots=True)
class Kept:
    """A review as it is kept, after it was compared with the log."""

    review: Review
    standing: Standing
    sealed_reason: bytes | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A quarantined recording in the queue. `asked` is the review that waits for a second person."""

    recording: Recording
    since: datetime | None
    why: str | None
    asked: str | None
    rejected: bool


def queue(connection: Connection, *, rejected: bool = False, after: str = "", limit: int = 1000) -> list[Waiting]:
    """Return up to `limit` quarantined recordings in order of ids: those that wait, or those that were rejected."""
    out = exists().where(
        reviews.c.recording == recordings.c.id,
        reviews.c.verdict == Verdict.REJECT,
        reviews.c.state == Standing.IN_FORCE,
    )
    query = select(recordings.c.id).where(recordings.c.state == State.QUARANTINED, recordings.c.id > after)
    query = query.where(out if rejected else ~out).order_by(recordings.c.id).limit(limit)
    ids = list(connection.scalars(query))
    last = {row.recording: row for row in connection.execute(select(screenings).where(screenings.c.recording.in_(ids)))}
    pending = select(reviews.c.recording, reviews.c.id)
    pending = pending.where(reviews.c.recording.in_(ids), reviews.c.state == Standing.ASKED)
    asked = {row.recording: row.id for row in connection.execute(pending)}
    return [
        Waiting(
            found, last[found.id].at if found.id in last else None, last[found.id].why if found.id in last else None,
            asked.get(found.id), rejected,
        )
        for found in rows.get_many(connection, ids)
    ]  # fmt: skip


def ruling_of(connection: Connection, recording: str) -> Ruling:
    """Return all rulings in force over a recording, combined, for its next screening. Reads only.

    An exception counts only while everybody who signed it may still review.

    Raises:
        ReviewAlteredError: a row is not what the log has, or is about another original.
        ApprovalMissingError, ApprovalSignatureError, SamePersonError: it is not signed by those who may.

    """
    why = why_of(connection, recording)
    add: list[Span] = []
    drop: list[Span] = []
    accept = False
    kept = [k for k in of_recording(connection, recording) if k.standing is Standing.IN_FORCE]
    original = original_of(connection, rows.get(connection, recording)) if kept else ""
    for review in (k.review for k in kept):
        signed = verify(connection, review, original)
        if review.verdict in EXCEPTIONS and not _still_may(connection, signed):
            continue  # what they may not agree to any more does not count: the gate decides as if nobody had
        if review.verdict is Verdict.CUT:
            add += review.spans
        elif review.verdict is Verdict.DROP:
            drop += review.spans
        elif review.verdict is Verdict.ACCEPT:
            if review.why != why:
                raise ReviewAlteredError(f"expected {recording} to be quarantined for what people agreed to pass")
            accept = True
    return Ruling(tuple(add), tuple(drop), accept)


def of_recording(connection: Connection, recording: str) -> list[Kept]:
    """Return every review of a recording in order, each compared with the log.

    Raises:
        ReviewAlteredError: a row is not what was told, is missing, or nobody told of it.

    """
    steps = told_of(connection, recording)
    # the stage that quarantines does not touch reviews: their rows stand where people's acts left them
    written = form.standing(step for step, _ in steps if step.review is not None)
    at = form.standing(step for step, _ in steps)
    digests = {step.review: (step.verdict, digest) for step, digest in steps if step.review is not None}
    found = [_kept(row) for row in connection.execute(select(reviews).where(reviews.c.recording == recording))]
    if {k.review.id: (k.review.verdict, form.digest(k.review)) for k in found} != digests:
        raise ReviewAlteredError(f"expected the reviews of {recording} that the log has, got others")
    if any(k.standing is not written[k.review.id] or k.review.recording != recording for k in found):
        raise ReviewAlteredError(f"expected the reviews of {recording} to stand where the log has them")
    return sorted((replace(k, standing=at[k.review.id]) for k in found), key=lambda k: k.review.number)


def recording_of(connection: Connection, review_id: str) -> str:
    """Return whose review that is.

    Raises:
        ReviewNotFoundError: nobody's.

    """
    query = select(reviews.c.recording).where(reviews.c.id == review_id)
    recording: str | None = connection.scalar(query) if is_id(review_id) else None
    if recording is None:
        raise ReviewNotFoundError("expected the id of a review of this vault (32 hex digits)")
    return recording


def verify(connection: Connection, review: Review, original_sha256: str) -> list[Approval]:
    """Return who signed a review in force, verified: each under a role that may, two where it lets something pass.

    Raises:
        ReviewAlteredError: it is about another original.
        ApprovalMissingError, ApprovalSignatureError, SamePersonError: see approvals.verified.

    """
    if review.original_sha256 != original_sha256:
        raise ReviewAlteredError(f"expected review {review.id} to be about the original that is there")
    signed = approvals.verified(connection, form.digest(review), SignedAct.REVIEW_RULE)
    if review.verdict in EXCEPTIONS:
        asked = asked_for(connection, review)
        if any(a.user == asked.user or a.public_key == asked.public_key for a in signed):
            raise SamePersonError("expected two people with a key each")
        signed = [asked, *signed]
    elif [a.user for a in signed] != [review.asked_by]:
        raise ApprovalMissingError(f"expected review {review.id} to be signed by {review.asked_by} alone")
    for approval in signed:
        if not User(approval.user, frozenset({approval.role}), approval.public_key).may(Capability.SCREEN_REVIEW):
            raise ApprovalMissingError(f"expected signatures of those who may review, got one as {approval.role}")
    return signed


def agreed_by(connection: Connection, review: Review) -> str | None:
    """Return who agreed to an exception, verified; None while nobody did, and for what takes one person.

    Raises:
        ApprovalSignatureError: see approvals.verified.

    """
    if review.verdict not in EXCEPTIONS:
        return None
    signed = approvals.verified(connection, form.digest(review), SignedAct.REVIEW_RULE, needed=0)
    return ", ".join(approval.user for approval in signed) or None


def _still_may(connection: Connection, signed: Sequence[Approval]) -> bool:
    known = {user.name: user for user in people.all_users(connection)}
    return all(known[a.user].may(Capability.SCREEN_REVIEW) for a in signed)


def asked_for(connection: Connection, review: Review) -> Approval:
    """Return the verified signature of the one who asked for an exception.

    Raises:
        ApprovalMissingError, ApprovalSignatureError: see approvals.verified.

    """
    for approval in approvals.verified(connection, form.digest(review), SignedAct.REVIEW_ASK):
        if approval.user == review.asked_by:
            return approval
    raise ApprovalMissingError(f"expected the signature of {review.asked_by}, who asked for it")


def why_of(connection: Connection, recording: str) -> str | None:
    """Return the code of why a recording was quarantined last."""
    why: str | None = connection.scalar(select(screenings.c.why).where(screenings.c.recording == recording))
    return why


def original_of(connection: Connection, found: Recording) -> str:
    """Return the digest of a recording's original, in hex.

    Raises:
        ReviewAlteredError: it has none.

    """
    for rendition in rows.renditions_of(connection, [found.id]).get(found.id, []):
        if rendition.name is RenditionName.ORIGINAL:
            return rendition.sealed_sha256.hex()
    raise ReviewAlteredError(f"expected {found.id} to have its original, which reviews are about")


def told_of(connection: Connection, recording: str) -> list[tuple[Step, str]]:
    """Return what the log told of a recording's reviews, in order: each step, and the digest it was over."""
    acts = (Act.REVIEW_ASKED, Act.REVIEW_RULED, Act.QUARANTINE)
    query = select(log_entries.c.body).where(log_entries.c.subject == recording, log_entries.c.act.in_(acts))
    found = []
    for body in connection.scalars(query.order_by(log_entries.c.id)):
        with contextlib.suppress(EntryFormatError, ValueError):  # the log's own check tells it
            entry = decode(body)
            if entry.subject == recording and entry.act in acts and entry.outcome is Outcome.DONE:
                found.append((_step(entry), str(entry.details.get("review_sha256"))))
    return found


def _step(entry: Entry) -> Step:
    if entry.act is Act.QUARANTINE:
        return Step(None)
    verdict = Verdict(str(entry.details.get("verdict")))
    return Step(str(entry.details.get("review")), verdict, entry.act is Act.REVIEW_RULED)


def _kept(row: Row[Any]) -> Kept:
    review = form.decode(row.ruling.encode())
    same = (review.id, review.recording, review.verdict, review.asked_by, review.asked_at, form.digest(review))
    if same != (row.id, row.recording, row.verdict, row.asked_by, row.asked_at, row.digest):
        raise ReviewAlteredError("expected the columns of a review to say what it says")
    try:
        return Kept(review, Standing(row.state), row.sealed_reason, row.decided_at)
    except ValueError as exc:
        raise ReviewAlteredError("expected a review to stand somewhere") from exc
