"""Purge plans: which recordings are to be destroyed or put before a person, frozen, with a digest to approve.

A plan is a plain value with one canonical encoding (keys.canonical); the digest of that encoding is what is shown,
signed and run. Choosing what goes into a plan, signing it and running it are done elsewhere. What a new policy would
change is planned in `policy_plan`; both kinds of plan are approved by the same message (vault.signed_act).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from keys import canonical
from keys.canonical import Json
from retention.core.decision import Action
from retention.errors import PlanFormatError
from retention.plans import document
from vault.model import RecordingId

_FORM = "strongroom/purge-plan/v1"
_RECORDING = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One recording that is due: what is to be done, by which rule, and the sealed blobs that would go with it.

    Raises:
        PlanFormatError: an id, digest, rule or size of another form, digests out of order, or nothing to do.

    """

    recording: RecordingId
    action: Action
    rule: str
    keep_until: datetime
    sealed_sha256s: tuple[str, ...]
    sealed_bytes: int

    def __post_init__(self) -> None:
        if not _RECORDING.fullmatch(self.recording):
            raise PlanFormatError("expected a recording id of 32 hex digits")
        if self.action not in {Action.REVIEW, Action.DESTROY}:
            raise PlanFormatError(f"expected an item to destroy or review, got {self.action}: {self.recording}")
        for sha256 in self.sealed_sha256s:
            document.sha256(sha256)
        if list(self.sealed_sha256s) != sorted(set(self.sealed_sha256s)):
            raise PlanFormatError(f"expected the digests of {self.recording} in order, each once")
        document.text(self.rule)
        document.count(self.sealed_bytes)


@dataclass(frozen=True, slots=True)
class Plan:
    """A purge plan: the items in order of their recording ids, each once, all of them due when the plan was made.

    Raises:
        PlanFormatError: items out of order, doubled or not yet due at `created_at`, or what `decode` refuses.

    """

    id: str
    vault: str
    created_at: datetime
    created_by: str
    policy_version: int
    items: tuple[PlanItem, ...]

    def __post_init__(self) -> None:
        ids = [item.recording for item in self.items]
        if ids != sorted(set(ids)):
            raise PlanFormatError("expected the items in order of their recording ids, each once")
        for name in (self.id, self.vault, self.created_by):
            document.text(name)
        document.count(self.policy_version)
        for instant in (self.created_at, *(item.keep_until for item in self.items)):
            document.instant_form(instant)
        early = next((item for item in self.items if self.created_at < item.keep_until), None)
        if early is not None:
            raise PlanFormatError(f"expected what is due, got {early.recording}, kept until {early.keep_until}")


def needs_approval(plan: Plan) -> bool:
    """Return whether a person must agree before the plan runs."""
    return any(item.action is Action.REVIEW for item in plan.items)


def encode(plan: Plan) -> bytes:
    """Return the one encoding of a plan.

    Raises:
        CanonicalFormError: a text is not well-formed Unicode, or a number needs more than 53 bits.

    """
    items: list[Json] = [
        {
            "recording": item.recording,
            "action": item.action.value,
            "rule": item.rule,
            "keep_until": document.instant_form(item.keep_until),
            "sealed_sha256s": list(item.sealed_sha256s),
            "sealed_bytes": item.sealed_bytes,
        }
        for item in plan.items
    ]
    return canonical.encode(
        {
            "form": _FORM,
            "id": plan.id,
            "vault": plan.vault,
            "created_at": document.instant_form(plan.created_at),
            "created_by": plan.created_by,
            "policy_version": plan.policy_version,
            "items": items,
        }
    )


def digest(plan: Plan) -> str:
    """Return the SHA-256 of the plan's encoding, in hex: what an approval names."""
    return digest_of(encode(plan))


def digest_of(encoded: bytes) -> str:
    """Return the digest of a plan that is encoded already."""
    return hashlib.sha256(encoded).hexdigest()


def decode(data: bytes) -> Plan:
    """Return the plan whose encoding is exactly `data`.

    Raises:
        CanonicalFormError: `data` is not canonical JSON.
        PlanFormatError: it is another document, or a plan that may not be.

    """
    names = ("form", "id", "vault", "created_at", "created_by", "policy_version", "items")
    found = document.members(canonical.decode(data), *names)
    if found["form"] != _FORM:
        raise PlanFormatError(f"expected {_FORM}, got another form")
    return Plan(
        id=document.text(found["id"]),
        vault=document.text(found["vault"]),
        created_at=document.instant(found["created_at"]),
        created_by=document.text(found["created_by"]),
        policy_version=document.count(found["policy_version"]),
        items=tuple(_item(item) for item in document.items(found["items"])),
    )


def _item(value: Json) -> PlanItem:
    names = ("recording", "action", "rule", "keep_until", "sealed_sha256s", "sealed_bytes")
    found = document.members(value, *names)
    action = document.text(found["action"])
    if action not in set(Action):
        raise PlanFormatError("expected an action to destroy or review, got another word")
    return PlanItem(
        recording=RecordingId(document.text(found["recording"])),
        action=Action(action),
        rule=document.text(found["rule"]),
        keep_until=document.instant(found["keep_until"]),
        sealed_sha256s=tuple(document.text(sha256) for sha256 in document.items(found["sealed_sha256s"])),
        sealed_bytes=document.count(found["sealed_bytes"]),
    )
