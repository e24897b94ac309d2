"""What people recorded that moves the end of a recording: events, an authority's extensions, requests for erasure.

Plain data for `retention.core.decide`; who records it, and which recordings it concerns, is decided elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from retention.policy.clocks import Clock, Fact
from retention.policy.periods import Period


@dataclass(frozen=True, slots=True)
class ExtensionRef:
    """An authority asked to keep what matches for longer: `keep` from `clock`, beside whatever the rules say."""

    id: str
    authority: str
    keep: Period
    clock: Clock = Fact.ENDED


@dataclass(frozen=True, slots=True)
class ErasureRef:
    """A person asked for erasure (GDPR Art. 17); it waits for the last reason to keep."""

    id: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What concerns one recording. `events`: by name, in order, those that were corrected left out."""

    events: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    extensions: tuple[ExtensionRef, ...] = ()
    erasures: tuple[ErasureRef, ...] = ()


NOTHING = Circumstances()
