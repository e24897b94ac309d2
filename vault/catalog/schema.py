"""The tables of the catalog, as SQLAlchemy Core knows them. Alembic's revisions create them; a test holds both equal.

Nothing here is plaintext of a recording or of a caller's identity: callers, account and source_ref lie in
`sealed_metadata`; what must be searchable lies in `tokens` as blind-index values.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from vault.errors import AlteredRowError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(value: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z."""
    return (value - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """Return the UTC instant of microseconds since 1970-01-01T00:00:00Z."""
    return _EPOCH + timedelta(microseconds=value)


class UtcTime(TypeDecorator[datetime]):
    """An instant as integer microseconds since the epoch: sorts, compares and round-trips alike everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002
        """Refuse naive times: a time without zone has cost others their recordings."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise RuntimeError("expected a timezone-aware time")
        return to_micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Return UTC."""
        try:
            return None if value is None else from_micros(value)
        except (TypeError, OverflowError) as exc:
            raise AlteredRowError("expected an instant in a column of the catalog that holds times") from exc


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite autoincrements INTEGER keys only

vault_info = Table(
    "vault_info",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("roles", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

key_epochs = Table(
    "key_epochs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime, nullable=False),
    Column("ended_basis", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("duration_ms", BigInteger),
    Column("direction", String(16)),
    Column("agent", Text),
    Column("seat", Text),
    Column("queue", Text),
    Column("industry", Text),
    Column("jurisdiction", Text),
    Column("consent", String(16), nullable=False),
    Column("interaction", Text),
    Column("source", Text, nullable=False),
    Column("source_token", LargeBinary, nullable=False),
    Column("content_token", LargeBinary),
    Column("sealed_metadata", LargeBinary),
    Column("purged_at", UtcTime),
    UniqueConstraint("source", "source_token"),
    Index(None, "ended_at", "id"),
    Index(None, "state", "kind", "id"),
    Index(None, "agent", "ended_at"),
    Index(None, "queue", "ended_at"),
    Index(None, "interaction"),
)

labels = Table(
    "labels",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("label", String(128), primary_key=True),
    Index(None, "label"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("field", String(16), primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Index(None, "field", "token"),
)

renditions = Table(
    "renditions",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("media_type", String(64), nullable=False),
    Column("blob", String(32), nullable=False, unique=True),
    Column("plain_size", BigInteger, nullable=False),
    Column("sealed_size", BigInteger, nullable=False),
    Column("sealed_sha256", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

key_slots = Table(
    "key_slots",
    metadata,
    # a recording id or a hold id: whatever the data key seals
    Column("subject", String(32), primary_key=True),
    # a rendition's name, "metadata" or "scope"
    Column("purpose", String(16), primary_key=True),
    Column("epoch", ForeignKey("key_epochs.id"), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Index(None, "epoch"),
)

copies = Table(
    "copies",
    metadata,
    # copies beside the primary store's: the archive's, each with the version the store gave it
    Column("blob", ForeignKey("renditions.blob"), primary_key=True),
    Column("store", String(16), primary_key=True),
    Column("version", Text, nullable=False),
    Column("locked_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    # a blob that somebody is about to write; without a row that owns it, it is litter once the writer is dead
    Column("blob", String(32), primary_key=True),
    Column("store", String(16), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("since", UtcTime, nullable=False),
)

deletions = Table(
    "deletions",
    metadata,
    # a blob of a purged recording that a store must still give up
    Column("blob", String(32), primary_key=True),
    Column("store", String(16), primary_key=True),
    Column("recording", ForeignKey("recordings.id"), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("retry_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("obstacle", Text),
    Index(None, "retry_at"),
)

screenings = Table(
    "screenings",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("engine", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("cuts", Integer, nullable=False),
    Column("preset", String(16), nullable=False),
    # the code of the reason, of a recording that is quarantined
    Column("why", String(32)),
    # where the cuts are, and why not: places in a chat can be words of the chat, so they are sealed
    Column("sealed_report", LargeBinary),
)

screen_attempts = Table(
    "screen_attempts",
    metadata,
    # begun and not yet ended: one that kills its worker is found here by the next
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    # what a person decided, or asks another to agree to, over a quarantined recording
    Column("id", String(32), primary_key=True),
    Column("recording", ForeignKey("recordings.id"), nullable=False),
    Column("verdict", String(16), nullable=False),
    # times and boxes only: nothing of the content
    Column("ruling", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    # the reason in words, under the recording's slot for this review
    Column("sealed_reason", LargeBinary),
    Column("asked_by", ForeignKey("users.name"), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Index(None, "recording"),
    Index(None, "state", "asked_at"),
)

policies = Table(
    "policies",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("applied_at", UtcTime, nullable=False),
    Column("applied_by", ForeignKey("users.name"), nullable=False),
)

segments = Table(
    "segments",
    metadata,
    # parts of a recording that have a class of their own; their labels are what rules ask for
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("begin_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("end_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("label", String(128), primary_key=True),
    Index(None, "label"),
)

schedules = Table(
    "schedules",
    metadata,
    # when to look at a recording again: before that nothing but a change can make it due. A hint, never a decision
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    # None: nothing but a change (of policy, an event, a request, the release of a hold) can make it due
    Column("look_at", UtcTime),
    # what was found due waits for a person
    Column("for_review", Boolean, nullable=False),
    Index(None, "for_review", "look_at", "recording"),
)

events = Table(
    "events",
    metadata,
    # what happened to an account, a contract, a case, an interaction or a recording; never changed, only corrected
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("subject", String(16), nullable=False),
    # the blind-index token; of an interaction or a recording the SHA-256 of its name
    Column("key", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("recorded_by", ForeignKey("users.name"), nullable=False),
    # the event that this one takes the place of; one that is withdrawn has nothing in its place
    Column("corrects", ForeignKey("events.id"), unique=True),
    Column("withdrawn", Boolean, nullable=False),
    Index(None, "subject", "key"),
    Index(None, "name", "recorded_at"),
)

demands = Table(
    "demands",
    metadata,
    # an authority's extension of a period, or a person's request for erasure
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("criteria", Text, nullable=False),
    # the words of it (who asks, for whom, why): sealed, for people who may read them
    Column("sealed_words", LargeBinary, nullable=False),
    # of an extension: authority, period and clock
    Column("body", Text, nullable=False),
    Column("made_by", ForeignKey("users.name"), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("withdrawn_by", ForeignKey("users.name")),
    Column("withdrawn_at", UtcTime),
    Index(None, "kind", "withdrawn_at"),
)

erasures = Table(
    "erasures",
    metadata,
    # what a request for erasure covers: what was there when it came, and nothing that comes later
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("request", ForeignKey("demands.id"), primary_key=True),
    Index(None, "request"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("matter", String(64), nullable=False),
    Column("criteria", Text, nullable=False),
    # the scope in words (callers, accounts, the reason): sealed, for people who may read holds
    Column("sealed_scope", LargeBinary, nullable=False),
    Column("placed_by", ForeignKey("users.name"), nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("release_requested_by", ForeignKey("users.name")),
    Column("release_requested_at", UtcTime),
    Column("release_reason_sha256", String(64)),
    Column("sealed_release_reason", LargeBinary),
    Column("released_at", UtcTime),
    Column("grace_until", UtcTime),
    Index(None, "released_at"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # a user, or `auto`, which is none
    Column("created_by", String(128), nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    # signatures of people over the digest of the very plan or release
    Column("digest", String(64), primary_key=True),
    Column("user", ForeignKey("users.name"), primary_key=True),
    Column("act", String(32), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("issued_at", UtcTime, nullable=False),
)

log_entries = Table(
    "log_entries",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    Column("body", LargeBinary, nullable=False),
    # copies of what the body says, to find entries by; `check` compares them with it
    Column("act", String(32), nullable=False),
    Column("subject", String(64)),
    Column("leaf_index", BigInteger, unique=True),
    Index(None, "subject"),
    Index(None, "act", "id"),
)

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

ticks = Table(
    "ticks",
    metadata,
    # a scheduler's turn, claimed by a unique insert: two schedulers never run the same one
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", String(32), nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
)
