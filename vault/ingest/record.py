"""The rows and the log entry that one taken-in recording becomes."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from keys.keyring import IndexKey, Keyring
from vault import private
from vault.catalog.facts import facts_digest, row_digest
from vault.catalog.recordings import NewRows, interaction_sha256
from vault.ingest import normalise
from vault.ingest.errors import SegmentError
from vault.ingest.probe import Content
from vault.log.entry import Act, Entry
from vault.model import BlobName, Metadata, RecordingId, RenditionName, Segment, State
from vault.people import Actor
from vault.sealed.format import new_data_key, seal_value, value_associated_data
from vault.sealed.writer import SealedSummary

CLOCK_SKEW = timedelta(days=1)
"""A recording that says it ended later than this from now is not believed."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed original that is durable in the store and in no catalog yet."""

    recording: RecordingId
    blob: BlobName
    key: bytes
    summary: SealedSummary


def times_of(metadata: Metadata, content: Content, now: datetime) -> tuple[datetime | None, datetime, str]:
    """Return start, end and what the end rests on: the manifest, the content, or the moment of taking in.

    The clock of most retention rules is the end of the recording. Where nobody says when that was, it is counted from
    now, when the recording certainly was over: later than right, never earlier.
    """
    duration = timedelta(milliseconds=content.duration_ms or 0)
    if metadata.ended is not None:
        return metadata.started, metadata.ended, "manifest"
    if metadata.started is not None and content.duration_ms is not None:
        return metadata.started, metadata.started + duration, "manifest"
    if metadata.started is None and content.ended is not None and content.ended <= now + CLOCK_SKEW:
        return content.started, content.ended, "content"
    return metadata.started, now, "taken-in"


def check_segments(metadata: Metadata, content: Content) -> None:
    """Refuse parts that end after the recording does, where it is known how long it is.

    Raises:
        SegmentError: one does.

    """
    length = content.duration_ms
    if length is None and metadata.started is not None and metadata.ended is not None:
        length = -((metadata.started - metadata.ended) // timedelta(milliseconds=1))
    last = max((segment.end_ms for segment in metadata.segments), default=0)
    if length is not None and last > length:
        raise SegmentError(f"expected segments within the {length} ms of the recording, got one that ends at {last}")


def tokens_of(metadata: Metadata, index: IndexKey, region: str) -> set[tuple[str, bytes]]:
    """Return the blind-index tokens under which a recording is found by caller, account, contract or case."""
    return {(field, index.token(field, value)) for field, value in _searchable(metadata, region) if value}


def _searchable(metadata: Metadata, region: str) -> Iterator[tuple[str, str | None]]:
    for caller in metadata.callers:
        number = normalise.e164(caller.number, region) if caller.number else None
        yield "number", number
        yield "last4", normalise.last4(number) if number else None
        yield "email", normalise.email(caller.email) if caller.email else None
    for field, value in (("account", metadata.account), ("contract", metadata.contract), ("case", metadata.case)):
        yield field, normalise.account(value) if value else None


def build_rows(
    metadata: Metadata, content: Content, source: str, source_ref: str, source_token: bytes, sealed: Sealed, *,
    now: datetime, keyring: Keyring, index: IndexKey, region: str,
) -> NewRows:  # fmt: skip
    """Return the rows of a new recording; what identifies a person is sealed or tokenised here."""
    recording, summary = sealed.recording, sealed.summary
    started, ended, basis = times_of(metadata, content, now)
    digest = summary.plain_sha256.hex()
    metadata_key = new_data_key()
    secret = private.PrivateMetadata(
        metadata.callers, metadata.account, source_ref, digest, metadata.contract, metadata.case
    )
    found_by = tokens_of(metadata, index, region)
    return NewRows(
        recording={
            "id": recording,
            "kind": content.kind,
            "media_type": content.media_type,
            "state": State.SEALED,
            "started_at": started,
            "ended_at": ended,
            "ended_basis": basis,
            "created_at": now,
            "duration_ms": content.duration_ms,
            "direction": metadata.direction,
            "agent": metadata.agent,
            "seat": metadata.seat,
            "queue": metadata.queue,
            "industry": metadata.industry,
            "jurisdiction": metadata.jurisdiction,
            "consent": metadata.consent,
            "interaction": metadata.interaction,
            "source": source,
            "source_token": source_token,
            "content_token": index.token("content", digest),
            "sealed_metadata": seal_value(
                secret.encode(), metadata_key, value_associated_data(recording, private.PURPOSE)
            ),
        },
        rendition={
            "recording": recording,
            "name": RenditionName.ORIGINAL,
            "media_type": content.media_type,
            "blob": sealed.blob,
            "plain_size": summary.plain_size,
            "sealed_size": summary.sealed_size,
            "sealed_sha256": summary.sealed_sha256,
            "created_at": now,
        },
        key_slots=(
            private.slot_row(keyring, recording, RenditionName.ORIGINAL, sealed.key),
            private.slot_row(keyring, recording, private.PURPOSE, metadata_key),
        ),
        tokens=tuple({"recording": recording, "field": f, "token": t} for f, t in sorted(found_by)),
        labels=tuple({"recording": recording, "label": label} for label in sorted(metadata.labels)),
        segments=tuple({"recording": recording, **asdict(segment)} for segment in metadata.segments),
    )


def entries_of(rows: NewRows, *, actor: Actor, now: datetime) -> Iterator[Entry]:
    """Yield the log entries of a new recording: the digest of its ciphertext and of what retention will go by.

    One that belongs to an interaction has a second entry, under the digest of the interaction's name: by these a purge
    finds all that belong together, whatever the catalog says.
    """
    labels = frozenset(row["label"] for row in rows.labels)
    segments = [Segment(row["label"], row["begin_ms"], row["end_ms"]) for row in rows.segments]
    details: dict[str, int | str] = {
        "sealed_sha256": rows.rendition["sealed_sha256"].hex(),
        "sealed_size": rows.rendition["sealed_size"],
        "facts_sha256": facts_digest(rows.recording, labels, segments),
        "row_sha256": row_digest(rows.recording, ((row["field"], row["token"]) for row in rows.tokens)),
    }
    yield actor.entry(now, Act.INGEST, rows.id, details)
    if (interaction := rows.recording["interaction"]) is not None:
        yield actor.entry(now, Act.INTERACTION_JOINED, interaction_sha256(interaction), {"recording": rows.id})
