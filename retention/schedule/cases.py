"""Everything a decision over recordings goes by, read in one place: facts, holds, and what people recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from retention.core.circumstances import Circumstances
from retention.core.decide import decide
from retention.core.decision import Decision
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.hold import holds
from retention.recorded import recorded
from vault.catalog.recordings import Recording


@dataclass(frozen=True, slots=True)
class Case:
    """One recording, and all that decides over it at one moment."""

    recording: Recording
    facts: Facts
    holds: Sequence[HoldRef]
    circumstances: Circumstances

    def decided(self, policy: AppliedPolicy | None, now: datetime) -> Decision:
        """Return what may be done with it at `now`."""
        return decide(self.facts, policy, self.holds, now, self.circumstances)


def of(connection: Connection, found: Sequence[Recording], now: datetime) -> list[Case]:
    """Return the recordings with what decides over them, in their order, with memory for these alone.

    Raises:
        CanonicalFormError: a hold or a request was altered.

    """
    ids = [recording.id for recording in found]
    held = holds.matching(connection, ids, now)
    circumstances = recorded.of(connection, found)
    return [Case(r, facts_of(r), held[r.id], circumstances[r.id]) for r in found]


def facts_of(recording: Recording) -> Facts:
    """Return what the rules may ask of a recording."""
    return Facts(
        id=recording.id, kind=recording.kind, state=recording.state, ended=recording.ended_at,
        created=recording.created_at, queue=recording.queue, industry=recording.industry,
        jurisdiction=recording.jurisdiction, labels=recording.labels, media_type=recording.media_type,
        direction=recording.direction, agent=recording.agent, seat=recording.seat, consent=recording.consent,
        interaction=recording.interaction, source=recording.source, segments=recording.segments,
    )  # fmt: skip
