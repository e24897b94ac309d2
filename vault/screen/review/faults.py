"""What `check` asks of reviews: that each is what the log has, stands where it should, and is signed by who ruled."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, select, union

from keys.errors import StrongroomError
from vault.catalog.schema import log_entries, recordings, reviews
from vault.log import journal
from vault.log.entry import Act
from vault.model import State
from vault.screen.review.form import Standing, purpose_of
from vault.screen.review.rulings import of_recording, verify

_BATCH = 500


def review_faults(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield (promise, recording, what is wrong) for every review that was altered, lost or planted."""
    last = ""
    while batch := _reviewed(connection, last):
        told = journal.ingest_entries(connection, batch)
        for recording in batch:
            original = told[recording].details.get("sealed_sha256") if recording in told else None
            yield from _faults(connection, recording, str(original))
        last = batch[-1]
    kept = select(reviews.c.recording).join(recordings, recordings.c.id == reviews.c.recording)
    kept = kept.where(recordings.c.state == State.PURGED, reviews.c.sealed_reason.is_not(None))
    for recording, _ in groupby(connection.scalars(kept.order_by(reviews.c.recording))):
        yield "P3", recording, "it is purged and the reason of a review is still there"


def _reviewed(connection: Connection, after: str) -> list[str]:
    """Return the next recordings that have reviews, in the catalog or in the log."""
    acts = log_entries.c.act.in_((Act.REVIEW_ASKED, Act.REVIEW_RULED))
    either = union(
        select(reviews.c.recording.label("id")).where(reviews.c.recording > after),
        select(log_entries.c.subject.label("id")).where(acts, log_entries.c.subject > after),
    )
    return list(connection.scalars(either.order_by("id").limit(_BATCH)))


def _faults(connection: Connection, recording: str, original: str) -> Iterator[tuple[str, str, str]]:
    try:
        for kept in of_recording(connection, recording):
            if kept.standing is Standing.IN_FORCE:
                verify(connection, kept.review, original)
            if kept.sealed_reason is None and not _is_purged(connection, recording):
                yield "P5", recording, f"the reason of its {purpose_of(kept.review)} is gone"
    except StrongroomError as exc:
        yield "P4", recording, f"a ruling over it is not what was agreed: {exc.code}: {exc}"


def _is_purged(connection: Connection, recording: str) -> bool:
    return connection.scalar(select(recordings.c.state).where(recordings.c.id == recording)) == State.PURGED
