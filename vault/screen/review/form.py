"""A review as one frozen document, with the digest that people sign, and what becomes of reviews one after another.

Pure. The document holds times, boxes and digests only: nothing of the recording, and no word of a reason.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from keys import canonical
from keys.errors import CanonicalFormError
from vault.catalog.schema import from_micros, to_micros
from vault.errors import AlteredRowError, ReviewAlteredError
from vault.model import RecordingId
from vault.screen.options import Span

_FORM = "strongroom/review/v1"
_MILLIS: Final = 1000


class Verdict(StrEnum):
    """What is asked for or ruled. The words are in the log; they never change."""

    CUT = "cut"  # cut these spans as well
    DROP = "drop"  # let what lies wholly in these spans pass
    ACCEPT = "accept"  # archive although the gate objects, with what was cut
    RETRY = "retry"  # screen again, as it is
    REJECT = "reject"  # out of the queue: it stays quarantined


EXCEPTIONS: Final = frozenset({Verdict.DROP, Verdict.ACCEPT})
"""What lets something pass that the screening would not: it takes two people."""


class Standing(StrEnum):
    """Where a review stands."""

    ASKED = "asked"  # waits for the second person
    IN_FORCE = "in-force"
    ENDED = "ended"  # carried out, lapsed or withdrawn


@dataclass(frozen=True, slots=True)
class Review:
    """What one person asks for or rules over one original. Seconds are kept to the millisecond."""

    id: str
    recording: RecordingId
    number: int  # of this recording's reviews, from 1
    original_sha256: str
    verdict: Verdict
    why: str | None  # the code of why it is quarantined, as the one who asks saw it
    spans: tuple[Span, ...]
    reason_sha256: str
    asked_by: str
    asked_at: datetime


def purpose_of(review: Review) -> str:
    """Return the purpose of the recording's key slot that opens the reason of a review."""
    return f"review-{review.number}"


def encode(review: Review) -> bytes:
    """Return the one encoding of a review.

    Raises:
        CanonicalFormError: a value has no place in canonical JSON.

    """
    spans: list[canonical.Json] = [
        {
            "begin_ms": round(span.begin * _MILLIS),
            "end_ms": round(span.end * _MILLIS),
            "box": None if span.box is None else list(span.box),
        }
        for span in review.spans
    ]
    return canonical.encode(
        {
            "form": _FORM,
            "id": review.id,
            "recording": review.recording,
            "number": review.number,
            "original_sha256": review.original_sha256,
            "verdict": review.verdict.value,
            "why": review.why,
            "spans": spans,
            "reason_sha256": review.reason_sha256,
            "asked_by": review.asked_by,
            "asked_at": to_micros(review.asked_at),
        }
    )


def digest(review: Review) -> str:
    """Return the SHA-256 of the review's encoding, in hex: what its signatures are over."""
    return hashlib.sha256(encode(review)).hexdigest()


def decode(data: bytes) -> Review:
    """Return the review whose encoding is exactly `data`.

    Raises:
        ReviewAlteredError: it is another document.

    """
    try:
        found = _review(canonical.decode(data))
        same = encode(found) == data
    except (CanonicalFormError, AlteredRowError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise ReviewAlteredError("expected a review in the form that was signed") from exc
    if not same:
        raise ReviewAlteredError("expected a review in the form that was signed")
    return found


def _review(value: canonical.Json) -> Review:
    document: dict[str, object] = dict(value)  # type: ignore[arg-type]  # the caller catches what is none
    spans = tuple(
        Span(span["begin_ms"] / _MILLIS, span["end_ms"] / _MILLIS, None if span["box"] is None else tuple(span["box"]))
        for span in document["spans"]  # type: ignore[attr-defined]
    )
    return Review(
        id=str(document["id"]),
        recording=RecordingId(str(document["recording"])),
        number=document["number"],  # type: ignore[arg-type]
        original_sha256=str(document["original_sha256"]),
        verdict=Verdict(str(document["verdict"])),
        why=document["why"],  # type: ignore[arg-type]
        spans=spans,
        reason_sha256=str(document["reason_sha256"]),
        asked_by=str(document["asked_by"]),
        asked_at=from_micros(document["asked_at"]),  # type: ignore[arg-type]
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One act in the history of a recording's reviews: asked for, or ruled; `review` None: it was quarantined."""

    review: str | None
    verdict: Verdict | None = None
    ruled: bool = False


def standing(steps: Iterable[Step]) -> dict[str, Standing]:
    """Return where each review stands after these steps.

    A ruling of one person moves the recording on or out of the queue, so what another asked for before lapses with it.
    A rejection ends the exceptions that were in force too; taking the recording up again ends the rejection. That a
    gate may be passed although it objects holds for one screening: what is quarantined again was not agreed to.
    """
    at: dict[str, Standing] = {}
    of: dict[str, Verdict] = {}
    for step in steps:
        if step.review is None or step.verdict is None:
            at |= {review: Standing.ENDED for review in at if of[review] is Verdict.ACCEPT}
            continue
        of[step.review] = step.verdict
        if not step.ruled:
            at[step.review] = Standing.ASKED
            continue
        for other, where in at.items():
            if where is Standing.ASKED or (where is Standing.IN_FORCE and _ends(step.verdict, of[other])):
                at[other] = Standing.ENDED
        at[step.review] = Standing.ENDED if step.verdict is Verdict.RETRY else Standing.IN_FORCE
    return at


def _ends(verdict: Verdict, earlier: Verdict) -> bool:
    if verdict is Verdict.RETRY:
        return earlier is Verdict.REJECT
    return verdict is Verdict.REJECT and earlier in EXCEPTIONS
