"""Policy plans: what applying a new policy would change, counted over the catalog, with a digest to approve.

Nothing is applied here. A shortening is never silent: it shows in the tallies, and `shortens` asks for a second person
(DESIGN section 6). The plan names the policy by digest, the version it was compared with and the last recording it
looked at, so that it fits one change and no other.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from keys import canonical
from keys.canonical import Json
from retention.core.ends import Scheduled
from retention.errors import PlanFormatError, StalePlanError
from retention.plans import document
from retention.policy.language import Policy
from vault.model import RecordingId

_FORM = "strongroom/policy-plan/v2"
_SAMPLES = 5  # ids shown in each tally: enough to look at, few enough for constant memory
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_HORIZONS = {"due_now": 0, "due_in_30_days": 30, "due_in_90_days": 90, "due_in_365_days": 365}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording that a new policy is tried on: what both schedules say of it, as if no hold were there.

    `is_held`: a hold, or the grace period after one, keeps it now. `locked_until`: until when the archive's object
    lock keeps a copy of it.
    """

    id: RecordingId
    old: Scheduled
    new: Scheduled
    is_held: bool
    sealed_bytes: int
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many recordings, how many sealed bytes, and the smallest few ids as samples."""

    count: int = 0
    sealed_bytes: int = 0
    samples: tuple[RecordingId, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """What a new policy changes. One recording may count in several tallies; a purged one counts in none.

    `kept_longer`, `kept_shorter`, `review_dropped` and `originals_destroyed` compare the schedules alone, as if there
    were no holds: a hold ends one day, and the schedule is what is left. What was due already is kept no shorter.
    `originals_destroyed` counts recordings whose original, or all but their transcript, would go earlier than now.
    `due_…` count what will be due by
    then under the new policy and is not held; `become_due_now` what of it is not due today. `locked` counts what the
    archive's object lock keeps longer than the new policy does.
    """

    examined: Tally = Tally()
    kept_longer: Tally = Tally()
    kept_shorter: Tally = Tally()
    review_dropped: Tally = Tally()
    originals_destroyed: Tally = Tally()
    become_due_now: Tally = Tally()
    due_now: Tally = Tally()
    due_in_30_days: Tally = Tally()
    due_in_90_days: Tally = Tally()
    due_in_365_days: Tally = Tally()
    held: Tally = Tally()
    conflicted: Tally = Tally()
    locked: Tally = Tally()
    unmatched: Tally = Tally()

    @property
    def shortens(self) -> bool:
        """Whether any recording loses time, its reviewer, its original, or all but its transcript."""
        return any(tally.count > 0 for tally in (self.kept_shorter, self.review_dropped, self.originals_destroyed))

    def takes_more_than(self, planned: "PolicyEffect") -> bool:
        """Return whether this takes more away than was planned; what was purged since takes less."""
        return any(
            getattr(self, name).count > getattr(planned, name).count
            or getattr(self, name).sealed_bytes > getattr(planned, name).sealed_bytes
            for name in _TAKES_AWAY
        )


_TAKES_AWAY = ("kept_shorter", "review_dropped", "originals_destroyed", "become_due_now")
_TALLIES = tuple(tally.name for tally in fields(PolicyEffect))


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """The change from the applied policy (`base_version`, None where there is none) to that with `policy_digest`.

    `until` is the id of the last recording that was looked at, None where there was none: what came later does not
    make the plan stale. `weaker` says which rules keep less than before, whether or not a recording is there for it.

    Raises:
        PlanFormatError: an empty name, a digest of another form, or a negative version.

    """

    vault: str
    policy_digest: str
    base_version: int | None
    effect: PolicyEffect
    created_at: datetime
    created_by: str
    until: RecordingId | None = None
    weaker: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        document.text(self.vault)
        document.text(self.created_by)
        document.count(self.base_version or 0)
        document.sha256(self.policy_digest)


def needs_approval(plan: PolicyPlan) -> bool:
    """Return whether a second person must agree before the policy is applied."""
    return plan.effect.shortens or bool(plan.weaker)


class _Sum:
    """A tally that is being counted."""

    __slots__ = ("count", "samples", "sealed_bytes")

    def __init__(self) -> None:
        self.count, self.sealed_bytes = 0, 0
        self.samples: list[RecordingId] = []

    def add(self, candidate: Candidate) -> None:
        self.count += 1
        self.sealed_bytes += candidate.sealed_bytes
        if len(self.samples) < _SAMPLES or candidate.id < self.samples[-1]:
            self.samples = sorted([*self.samples, candidate.id])[:_SAMPLES]

    def plus(self, other: "_Sum") -> None:
        self.count += other.count
        self.sealed_bytes += other.sealed_bytes
        self.samples = sorted([*self.samples, *other.samples])[:_SAMPLES]

    def tally(self) -> Tally:
        return Tally(self.count, self.sealed_bytes, tuple(self.samples))


def compare(candidates: Iterable[Candidate], now: datetime) -> PolicyEffect:
    """Return what the new policy would change for these at `now`; one pass, in constant memory."""
    known: dict[tuple[object, ...], _Sum] = {}
    by_names: dict[tuple[str, ...], _Sum] = {}
    for candidate in candidates:
        locked = candidate.locked_until
        is_locked = locked is not None and (candidate.new.due_from or _END_OF_TIME) < locked
        alike = (candidate.old, candidate.new, candidate.is_held, is_locked)
        counted = known.get(alike)
        if counted is None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            names = tuple(_effects(candidate.old, candidate.new, now, is_held=candidate.is_held, is_locked=is_locked))
            counted = known[alike] = by_names.setdefault(names, _Sum())
        counted.add(candidate)
    sums: dict[str, _Sum] = {}
    for names, counted in by_names.items():
        for name in names:
            sums.setdefault(name, _Sum()).plus(counted)
    return PolicyEffect(**{name: one.tally() for name, one in sums.items()})


_MOST_KNOWN = 20_000  # remembered at a time: memory stays constant in the size of the catalog


def _effects(old: Scheduled, new: Scheduled, now: datetime, *, is_held: bool, is_locked: bool) -> Iterator[str]:
    """Yield the names of the tallies that a recording counts in."""
    yield "examined"
    old_end, new_end = (one.due_from or _END_OF_TIME for one in (old, new))
    if new_end > max(old_end, now):
        yield "kept_longer"
    if new_end < old_end and old_end > now:
        yield "kept_shorter"
    ends = old.due_from is not None and new.due_from is not None
    if ends and old.for_review and not new.for_review:
        yield "review_dropped"
    if _is_earlier(new.original_from, old.original_from) or _is_earlier(new.transcript_from, old.transcript_from):
        yield "originals_destroyed"
    if is_held:
        yield "held"
    else:
        yield from (name for name, days in _HORIZONS.items() if new_end <= now + timedelta(days=days))
        if new_end <= now < old_end:
            yield "become_due_now"
    for name, is_so in (("conflicted", new.conflicts), ("locked", is_locked), ("unmatched", new.unmatched)):
        if is_so:
            yield name


def _is_earlier(new: datetime | None, old: datetime | None) -> bool:
    return (new or _END_OF_TIME) < (old or _END_OF_TIME)


def check_applies(plan: PolicyPlan, policy: Policy, base_version: int | None) -> None:
    """Check that `plan` is about exactly this policy, coming after exactly this version.

    Raises:
        StalePlanError: the policy's digest or the version in force is another than the plan's.

    """
    if policy.version_digest != plan.policy_digest:
        raise StalePlanError(f"expected the policy {plan.policy_digest}, got {policy.version_digest}")
    if base_version != plan.base_version:
        raise StalePlanError(f"expected policy version {plan.base_version} in force, got {base_version}")


def encode(plan: PolicyPlan) -> bytes:
    """Return the one encoding of a policy plan.

    Raises:
        CanonicalFormError: a text is not well-formed Unicode, or a number needs more than 53 bits.
        PlanFormatError: `created_at` has no time zone.

    """
    effect: dict[str, Json] = {}
    for name in _TALLIES:
        tally: Tally = getattr(plan.effect, name)
        effect[name] = {"count": tally.count, "sealed_bytes": tally.sealed_bytes, "samples": list(tally.samples)}
    return canonical.encode(
        {
            "form": _FORM,
            "vault": plan.vault,
            "policy_digest": plan.policy_digest,
            "base_version": plan.base_version,
            "effect": effect,
            "created_at": document.instant_form(plan.created_at),
            "created_by": plan.created_by,
            "until": plan.until,
            "weaker": list(plan.weaker),
        }
    )


def digest(plan: PolicyPlan) -> str:
    """Return the SHA-256 of the plan's encoding, in hex: what an approval names."""
    return hashlib.sha256(encode(plan)).hexdigest()


def decode(data: bytes) -> PolicyPlan:
    """Return the policy plan whose encoding is exactly `data`.

    Raises:
        CanonicalFormError: `data` is not canonical JSON.
        PlanFormatError: it is another document than a policy plan.

    """
    names = ("form", "vault", "policy_digest", "base_version", "effect", "created_at", "created_by", "until", "weaker")
    found = document.members(canonical.decode(data), *names)
    if found["form"] != _FORM:
        raise PlanFormatError(f"expected {_FORM}, got another form")
    effect = {name: _tally(value) for name, value in document.members(found["effect"], *_TALLIES).items()}
    until = found["until"]
    base = found["base_version"]
    return PolicyPlan(
        vault=document.text(found["vault"]),
        policy_digest=document.sha256(found["policy_digest"]),
        base_version=None if base is None else document.count(base),
        effect=PolicyEffect(**effect),
        created_at=document.instant(found["created_at"]),
        created_by=document.text(found["created_by"]),
        until=None if until is None else RecordingId(document.text(until)),
        weaker=tuple(document.text(one) for one in document.items(found["weaker"])),
    )


def _tally(value: Json) -> Tally:
    found = document.members(value, "count", "sealed_bytes", "samples")
    return Tally(
        count=document.count(found["count"]),
        sealed_bytes=document.count(found["sealed_bytes"]),
        samples=tuple(RecordingId(document.text(sample)) for sample in document.items(found["samples"])),
    )
