"""The words of the vault as types (DESIGN section 11): what must not be confused has its own type."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

RecordingId = NewType("RecordingId", str)
"""32 lower-case hex digits, time-ordered (the layout of a version 7 UUID, RFC 9562)."""

BlobName = NewType("BlobName", str)
"""32 lower-case hex digits; says nothing of what the blob holds."""


class Kind(StrEnum):
    """What was recorded."""

    CALL = "call"
    CHAT = "chat"
    SCREEN = "screen"


class State(StrEnum):
    """Where a recording stands on its way (DESIGN section 2)."""

    SEALED = "sealed"
    SCREENED = "screened"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    PURGED = "purged"


class RenditionName(StrEnum):
    """Which version of the content a blob holds."""

    ORIGINAL = "original"
    REDACTED = "redacted"
    TRANSCRIPT = "transcript"


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Consent(StrEnum):
    """How the recorded person agreed."""

    ANNOUNCED = "announced"
    EXPLICIT = "explicit"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a recording that has a class of its own: a span in milliseconds from the start, and its label."""

    label: str
    begin_ms: int
    end_ms: int


class Role(StrEnum):
    """What a user may do (DESIGN section 8)."""

    ADMIN = "admin"
    LEGAL = "legal"
    RECORDS = "records"
    AUDITOR = "auditor"
    RECORDER = "recorder"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """A person on the other side, as the manifest named them; sealed at rest."""

    number: str | None = None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a manifest row says of a recording. Callers, account, contract, case and source_ref are sealed at rest."""

    started: datetime | None = None
    ended: datetime | None = None
    direction: Direction | None = None
    agent: str | None = None
    seat: str | None = None
    queue: str | None = None
    callers: tuple[Caller, ...] = ()
    account: str | None = None
    industry: str | None = None
    jurisdiction: str | None = None
    labels: frozenset[str] = field(default_factory=frozenset)
    consent: Consent = Consent.UNKNOWN
    interaction: str | None = None
    source: str | None = None
    source_ref: str | None = None
    contract: str | None = None
    case: str | None = None
    segments: tuple[Segment, ...] = ()
