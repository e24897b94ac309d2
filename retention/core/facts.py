"""What a decision goes by: facts of a recording, the policy, and the holds that match."""

from dataclasses import dataclass
from datetime import datetime

from retention.policy.language import Policy
from vault.model import Kind, RecordingId, Segment, State


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalog says of a recording, as far as the rules ask for it; instants are UTC."""

    id: RecordingId
    kind: Kind
    state: State
    ended: datetime | None
    created: datetime
    queue: str | None = None
    industry: str | None = None
    jurisdiction: str | None = None
    labels: frozenset[str] = frozenset()
    media_type: str | None = None
    direction: str | None = None
    agent: str | None = None
    seat: str | None = None
    consent: str | None = None
    interaction: str | None = None
    source: str | None = None
    segments: tuple[Segment, ...] = ()

    def one(self, field: str) -> str | None:
        """Return the value of a field that a condition may ask for."""
        value: str | None = getattr(self, field)
        return value

    def many(self, field: str) -> frozenset[str]:
        """Return the values of a field that has any number of them."""
        return self.labels if field == "labels" else frozenset(segment.label for segment in self.segments)


@dataclass(frozen=True, slots=True)
class HoldRef:
    """A hold that was found to match the recording; a released one has the end of its grace period."""

    id: str
    matter: str
    placed_at: datetime
    released_at: datetime | None = None
    grace_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """A policy, and the number under which it was applied."""

    version: int
    policy: Policy
