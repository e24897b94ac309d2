"""What a certificate of destruction says, as types and as a document (retention/destroy/CERTIFICATE.md section 2).

Form only: that signatures hold and that what is said can be true is retention.destroy.certificate's to check.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keys import canonical
from keys.canonical import MAX_INTEGER, Json
from keys.errors import PublicKeyError
from keys.fields import Fields
from keys.signing import SIGNATURE_LEN, PublicKey
from retention.errors import CertificateFormatError
from vault.model import Kind, RenditionName, Role

FORMAT = "strongroom/certificate/v1"
MAX_ITEMS = 64  # of approvals, renditions, copies and key slots each

_FIELDS = (
    "format",
    "vault",
    "recording",
    "kind",
    "purged_at",
    "plan",
    "reason",
    "approvals",
    "renditions",
    "key_slots_destroyed",
    "signature",
)
_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_VAULT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CODE = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,127}")
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@-]{0,63}")
_PUBLIC_KEY = re.compile(r"strongroom-ed25519:[A-Za-z0-9+/]{43}=")
_STORE_KEY = re.compile(r"[A-Za-z0-9._:/+=-]{1,1024}")  # as in object names: no spaces, nothing to write a name with
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the recording was due: the policy's version and rule, and the instant until which it had to be kept.

    `keep_until` is None where only a ceiling or an erasure request applied.
    """

    policy: int
    rule: str
    keep_until: datetime | None


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's signature over the digest of the plan."""

    user: str
    role: Role
    public_key: PublicKey
    signature: bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """Where one copy of a blob was; `version` is the store's own, None where the store has none."""

    store: str
    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class PurgedRendition:
    """A blob that can no longer be opened: digest and size of its ciphertext, and its copies."""

    name: RenditionName
    sealed_sha256: str
    sealed_size: int
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class DestroyedSlot:
    """A wrapped key that was destroyed: what it was for, and which epoch had wrapped it."""

    purpose: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a vault certifies of one purged recording."""

    vault: str
    recording: str
    kind: Kind
    purged_at: datetime
    plan: str  # SHA-256 of the plan, hex
    reason: Reason
    approvals: tuple[Approval, ...]
    renditions: tuple[PurgedRendition, ...]
    key_slots_destroyed: tuple[DestroyedSlot, ...]


def _time_text(at: datetime) -> str:
    if at.utcoffset() != timedelta(0):
        raise RuntimeError("expected instants in UTC")
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def document_of(certificate: Certificate) -> dict[str, Json]:
    """Return the document of a certificate, without its signature."""
    reason = certificate.reason
    return {
        "format": FORMAT,
        "vault": certificate.vault,
        "recording": certificate.recording,
        "kind": certificate.kind.value,
        "purged_at": _time_text(certificate.purged_at),
        "plan": certificate.plan,
        "reason": {
            "policy": reason.policy,
            "rule": reason.rule,
            "keep_until": None if reason.keep_until is None else _time_text(reason.keep_until),
        },
        "approvals": [
            {
                "user": approval.user,
                "role": approval.role.value,
                "public_key": str(approval.public_key),
                "signature": canonical.base64_of(approval.signature),
            }
            for approval in certificate.approvals
        ],
        "renditions": [
            {
                "name": rendition.name.value,
                "sealed_sha256": rendition.sealed_sha256,
                "sealed_size": rendition.sealed_size,
                "copies": [
                    {"store": copy.store, "key": copy.key, "version": copy.version} for copy in rendition.copies
                ],
            }
            for rendition in certificate.renditions
        ],
        "key_slots_destroyed": [
            {"purpose": slot.purpose, "epoch": slot.epoch} for slot in certificate.key_slots_destroyed
        ],
    }


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as exc:
        raise CertificateFormatError("certificate: expected dates of the calendar") from exc


def _reason(value: Json) -> Reason:
    fields = Fields(value, ("policy", "rule", "keep_until"), CertificateFormatError, "certificate, reason")
    keep_until = fields.text_or_null("keep_until", _AT)
    return Reason(
        policy=fields.integer("policy", 1, MAX_INTEGER),
        rule=fields.text("rule", _CODE),
        keep_until=None if keep_until is None else _time(keep_until),
    )


def _approval(value: Json) -> Approval:
    names = ("user", "role", "public_key", "signature")
    fields = Fields(value, names, CertificateFormatError, "certificate, approval")
    try:
        public_key = PublicKey.parse(fields.text("public_key", _PUBLIC_KEY))
    except PublicKeyError as exc:
        raise CertificateFormatError("certificate, approval: expected a public key") from exc
    return Approval(
        user=fields.text("user", _USER),
        role=fields.word("role", tuple(Role)),
        public_key=public_key,
        signature=fields.base64("signature", SIGNATURE_LEN, SIGNATURE_LEN),
    )


def _copy(value: Json) -> Copy:
    fields = Fields(value, ("store", "key", "version"), CertificateFormatError, "certificate, copy")
    return Copy(
        store=fields.text("store", _CODE),
        key=fields.text("key", _STORE_KEY),
        version=fields.text_or_null("version", _STORE_KEY),
    )


def _rendition(value: Json) -> PurgedRendition:
    names = ("name", "sealed_sha256", "sealed_size", "copies")
    fields = Fields(value, names, CertificateFormatError, "certificate, rendition")
    return PurgedRendition(
        name=fields.word("name", tuple(RenditionName)),
        sealed_sha256=fields.text("sealed_sha256", _DIGEST),
        sealed_size=fields.integer("sealed_size", 1, MAX_INTEGER),
        copies=tuple(_copy(item) for item in fields.items("copies", MAX_ITEMS)),
    )


def _slot(value: Json) -> DestroyedSlot:
    fields = Fields(value, ("purpose", "epoch"), CertificateFormatError, "certificate, key slot")
    return DestroyedSlot(purpose=fields.text("purpose", _CODE), epoch=fields.integer("epoch", 1, MAX_INTEGER))


def parse(document: Json) -> tuple[Certificate, bytes]:
    """Return the certificate and the signature of a signed document, both unchecked but for their form.

    Raises:
        CertificateFormatError: a field is missing, unknown or not of its form.

    """
    fields = Fields(document, _FIELDS, CertificateFormatError, "certificate")
    fields.constant("format", FORMAT)
    signature = fields.base64("signature", SIGNATURE_LEN, SIGNATURE_LEN)
    certificate = Certificate(
        vault=fields.text("vault", _VAULT),
        recording=fields.text("recording", _ID),
        kind=fields.word("kind", tuple(Kind)),
        purged_at=_time(fields.text("purged_at", _AT)),
        plan=fields.text("plan", _DIGEST),
        reason=_reason(fields.raw("reason")),
        approvals=tuple(_approval(item) for item in fields.items("approvals", MAX_ITEMS)),
        renditions=tuple(_rendition(item) for item in fields.items("renditions", MAX_ITEMS)),
        key_slots_destroyed=tuple(_slot(item) for item in fields.items("key_slots_destroyed", MAX_ITEMS)),
    )
    return certificate, signature
