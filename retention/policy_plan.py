"""Policy plans: what applying a new policy would change, counted over the catalog, with a digest to approve.

Nothing is applied here. A shortening is never silent: it shows in the tallies, and `shortens` asks for a second person
(DESIGN section 6). The plan names the policy by digest and the version it was compared with, so that it fits one
change and no other.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from keys import canonical
from keys.canonical import Json
from retention import document
from retention.circumstances import NOTHING, Circumstances
from retention.decide import decide, is_held
from retention.decision import Action, ReasonCode
from retention.errors import PlanFormatError, StalePlanError
from retention.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.language import Policy
from retention.stages import original_from
from vault.model import RecordingId, State

_FORM = "strongroom/policy-plan/v1"
_SAMPLES = 5  # ids shown in each tally: enough to look at, few enough for constant memory
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording the new policy is tried on, with the holds that match it and the size of its sealed blobs."""

    facts: Facts
    holds: Sequence[HoldRef]
    sealed_bytes: int
    circumstances: Circumstances = NOTHING


@dataclass(frozen=True, slots=True)
class Tally:
    """How many recordings, how many sealed bytes, and the smallest few ids as samples."""

    count: int = 0
    sealed_bytes: int = 0
    samples: tuple[RecordingId, ...] = ()

    def plus(self, candidate: Candidate) -> "Tally":
        """Return this tally with one recording more."""
        samples = tuple(sorted((*self.samples, candidate.facts.id))[:_SAMPLES])
        return Tally(self.count + 1, self.sealed_bytes + candidate.sealed_bytes, samples)


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """What a new policy changes. One recording may count in several tallies; a purged one counts in none.

    `kept_longer`, `kept_shorter`, `review_dropped` and `originals_destroyed` compare the schedules alone, as if there
    were no holds: a hold ends one day, and the schedule is what is left. The other tallies say what is so at the time
    of the plan. `originals_destroyed` counts recordings whose original was kept as long as they are and would now go
    when its redacted rendition is archived.
    """

    examined: Tally
    kept_longer: Tally
    kept_shorter: Tally
    review_dropped: Tally
    become_due_now: Tally
    unmatched: Tally
    held: Tally
    originals_destroyed: Tally = Tally()

    @property
    def shortens(self) -> bool:
        """Whether any recording loses time, the person who would have reviewed it, or its original."""
        return any(tally.count > 0 for tally in (self.kept_shorter, self.review_dropped, self.originals_destroyed))


_TALLIES = tuple(tally.name for tally in fields(PolicyEffect))
_LATER = "originals_destroyed"
"""Written only where it counts something, so that plans made before it was there keep their digests."""


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """The change from the applied policy (`base_version`, None where there is none) to that with `policy_digest`.

    Raises:
        PlanFormatError: an empty name, a digest of another form, or a negative version.

    """

    vault: str
    policy_digest: str
    base_version: int | None
    effect: PolicyEffect
    created_at: datetime
    created_by: str

    def __post_init__(self) -> None:
        document.text(self.vault)
        document.text(self.created_by)
        document.count(self.base_version or 0)
        document.sha256(self.policy_digest)


def needs_approval(plan: PolicyPlan) -> bool:
    """Return whether a second person must agree before the policy is applied."""
    return plan.effect.shortens


def compare(old: AppliedPolicy | None, new: Policy, candidates: Iterable[Candidate], now: datetime) -> PolicyEffect:
    """Return what applying `new` in place of `old` would change at `now`; one pass, in constant memory."""
    successor = AppliedPolicy((old.version if old else 0) + 1, new)
    tallies = dict.fromkeys(_TALLIES, Tally())
    for candidate in candidates:
        if candidate.facts.state != State.PURGED:
            for effect in _effects(old, successor, candidate, now):
                tallies[effect] = tallies[effect].plus(candidate)
    return PolicyEffect(**tallies)


def _effects(old: AppliedPolicy | None, new: AppliedPolicy, candidate: Candidate, now: datetime) -> Iterator[str]:
    """Yield the names of the tallies that a recording counts in."""
    yield "examined"
    old_end, old_action = _schedule(old, candidate)
    new_end, new_action = _schedule(new, candidate)
    if new_end != old_end:
        yield "kept_longer" if new_end > old_end else "kept_shorter"
    if old_action is Action.REVIEW and new_action is Action.DESTROY:
        yield "review_dropped"
    old_original, new_original = (
        original_from(candidate.facts, policy, candidate.circumstances) or _END_OF_TIME for policy in (old, new)
    )
    if new_original < old_original:
        yield "originals_destroyed"
    decision = decide(candidate.facts, new, candidate.holds, now, candidate.circumstances)
    if decision.action is not Action.KEEP:
        if decide(candidate.facts, old, candidate.holds, now, candidate.circumstances).action is Action.KEEP:
            yield "become_due_now"
    elif is_held(decision, now):
        yield "held"
    if any(reason.code is ReasonCode.NO_POLICY for reason in decision.reasons):
        yield "unmatched"


def _schedule(policy: AppliedPolicy | None, candidate: Candidate) -> tuple[datetime, Action]:
    """Return when the schedule alone lets go of a recording, and what follows: the decision at the end of time.

    A recording whose end is not known is taken to have ended when it was created, so that a shorter rule shows.
    """
    facts = replace(candidate.facts, ended=candidate.facts.ended or candidate.facts.created)
    decision = decide(facts, policy, (), _END_OF_TIME, candidate.circumstances)
    return decision.keep_until or _END_OF_TIME, decision.action


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
        if name != _LATER or tally != Tally():
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
    names = ("form", "vault", "policy_digest", "base_version", "effect", "created_at", "created_by")
    found = document.members(canonical.decode(data), *names)
    if found["form"] != _FORM:
        raise PlanFormatError(f"expected {_FORM}, got another form")
    given = found["effect"]
    has_later = isinstance(given, Mapping) and _LATER in given
    names_given = [name for name in _TALLIES if name != _LATER or has_later]
    effect = {name: _tally(value) for name, value in document.members(given, *names_given).items()}
    if has_later and effect[_LATER] == Tally():
        raise PlanFormatError(f"expected {_LATER} only where it counts something")
    base = found["base_version"]
    return PolicyPlan(
        vault=document.text(found["vault"]),
        policy_digest=document.sha256(found["policy_digest"]),
        base_version=None if base is None else document.count(base),
        effect=PolicyEffect(**effect),
        created_at=document.instant(found["created_at"]),
        created_by=document.text(found["created_by"]),
    )


def _tally(value: Json) -> Tally:
    found = document.members(value, "count", "sealed_bytes", "samples")
    return Tally(
        count=document.count(found["count"]),
        sealed_bytes=document.count(found["sealed_bytes"]),
        samples=tuple(RecordingId(document.text(sample)) for sample in document.items(found["samples"])),
    )
