"""Certificates of destruction: what was purged, why, who approved it, signed by the vault (CERTIFICATE.md beside it).

Pure: takes values, returns bytes, and back. A third party checks one offline with the vault's public key, and with the
approvers' keys if they are known. It does not look at the log or the stores: that the blobs are gone is `check`'s
finding; that their keys are, is what the certificate states. Nothing in it identifies a caller.
"""

from collections.abc import Mapping

from keys import canonical
from keys.errors import BadSignatureError, CanonicalFormError
from keys.signing import PublicKey, SigningKey
from retention.destroy.certificate_form import (
    Approval,
    Certificate,
    Copy,
    DestroyedSlot,
    PurgedRendition,
    Reason,
    document_of,
    parse,
)
from retention.errors import CertificateFormatError, CertificateSignatureError
from vault.errors import ApprovalSignatureError
from vault.model import Role
from vault.signed_act import APPROVAL_DOMAIN, SignedAct, approval_message

__all__ = [
    "Approval",
    "Certificate",
    "Copy",
    "DestroyedSlot",
    "PurgedRendition",
    "Reason",
    "approve",
    "issue",
    "verify",
    "verify_approval",
]

DOMAIN = "certificate"
MAX_CERTIFICATE_LEN = 64 * 1024  # bytes


def approve(plan: str, user: str, role: Role, key: SigningKey) -> Approval:
    """Return a person's approval of a plan: their signature over approval_message, in its domain."""
    return Approval(
        user, role, key.public, key.sign(APPROVAL_DOMAIN, approval_message(SignedAct.PURGE, plan, user, role))
    )


def verify_approval(approval: Approval, plan: str) -> None:
    """Check one approval against the digest of a plan.

    Raises:
        ApprovalSignatureError: it is not by the key it names, or over another plan.

    """
    try:
        message = approval_message(SignedAct.PURGE, plan, approval.user, approval.role)
        approval.public_key.verify(APPROVAL_DOMAIN, message, approval.signature)
    except BadSignatureError as exc:
        raise ApprovalSignatureError(f"the approval of {approval.user} does not hold for plan {plan}") from exc


def issue(certificate: Certificate, key: SigningKey) -> bytes:
    """Return a signed certificate: canonical JSON.

    What verify would refuse is never signed: the result is checked before it is returned.

    Raises:
        CertificateFormatError: a field is not of its form, or what the certificate says cannot be true.
        ApprovalSignatureError: an approval does not hold for the plan.

    """
    document = document_of(certificate)
    signature = key.sign(DOMAIN, canonical.encode(document))
    data = canonical.encode({**document, "signature": canonical.base64_of(signature)})
    verify(data, key.public)
    return data


def _check_sense(certificate: Certificate) -> None:
    """Refuse what is well-formed but cannot be true."""
    if not certificate.key_slots_destroyed:
        raise CertificateFormatError("certificate: expected at least one destroyed key slot, got none")
    slots = [slot.purpose for slot in certificate.key_slots_destroyed]
    names = [rendition.name for rendition in certificate.renditions]
    if len(set(slots)) < len(slots) or len(set(names)) < len(names):
        raise CertificateFormatError("certificate: expected each key slot and each rendition once")
    if not set(names) <= set(slots):
        raise CertificateFormatError("certificate: expected a destroyed key slot for each rendition")
    keep_until = certificate.reason.keep_until
    if keep_until is not None and certificate.purged_at < keep_until:
        raise CertificateFormatError("certificate: expected a purge after keep_until, got an earlier one")
    approvals = certificate.approvals
    users, keys = {approval.user for approval in approvals}, {approval.public_key for approval in approvals}
    if len(users) < len(approvals) or len(keys) < len(approvals):
        raise CertificateFormatError("certificate: expected each approval by another person with another key")


def _check_approvers(certificate: Certificate, approvers: Mapping[str, PublicKey]) -> None:
    for approval in certificate.approvals:
        if approvers.get(approval.user) != approval.public_key:
            raise ApprovalSignatureError(f"expected the approval of {approval.user} by the key known as theirs")


def verify(data: bytes, vault_public_key: PublicKey, approvers: Mapping[str, PublicKey] | None = None) -> Certificate:
    """Return what a certificate says, after checking all that can be checked offline.

    1. the form: canonical JSON, every field of its type and no other
    2. the vault's signature over everything else
    3. the sense: keys destroyed for all renditions, not before keep_until, approvals by different people
    4. each approval's signature over the digest of the plan
    5. the approvers' keys, where the caller knows them; without, a vault could have made approvers up

    Whether a purge needed an approval, and how many, is the policy's to say: a certificate may have none.

    Raises:
        CertificateFormatError: steps 1 and 3.
        CertificateSignatureError: step 2.
        ApprovalSignatureError: steps 4 and 5.

    """
    if len(data) > MAX_CERTIFICATE_LEN:
        raise CertificateFormatError(f"expected a certificate of at most {MAX_CERTIFICATE_LEN} bytes")
    try:
        document = canonical.decode(data)
    except CanonicalFormError as exc:
        raise CertificateFormatError("expected a certificate of canonical JSON") from exc
    certificate, signature = parse(document)
    try:
        vault_public_key.verify(DOMAIN, canonical.encode(document_of(certificate)), signature)
    except BadSignatureError as exc:
        raise CertificateSignatureError("the certificate is not signed by this vault") from exc
    _check_sense(certificate)
    for approval in certificate.approvals:
        verify_approval(approval, certificate.plan)
    if approvers is not None:
        _check_approvers(certificate, approvers)
    return certificate
