"""Why a recording is gone: what its tombstone, its certificate and the log say together, each checked by the other."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from keys.signing import PublicKey
from retention.core.facts import AppliedPolicy
from retention.destroy import certificate
from retention.destroy.certificate import Certificate
from retention.errors import CertificateFormatError, CertificateSignatureError, PlanNotFoundError
from retention.plans import policies
from retention.policy.language import Rule
from vault.catalog import recordings as rows
from vault.catalog.schema import certificates, deletions
from vault.log import journal
from vault.log.entry import Entry


@dataclass(frozen=True, slots=True)
class Owed:
    """A blob that a store has not given up yet. Nothing opens it any more: its key is destroyed."""

    store: str
    retry_at: datetime
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Destruction:
    """What is known of the end of one recording.

    `rule`: the rule that let it go, as its policy version has it; None where that was a request for erasure. `told`:
    the log's entry, None where the log has none that can be read. `owed`: what stores still keep.
    """

    certificate: Certificate
    sha256: str
    policy: AppliedPolicy | None
    rule: Rule | None
    told: Entry | None
    owed: tuple[Owed, ...]


def of(connection: Connection, recording: str, vault_key: PublicKey) -> Destruction:
    """Return what is known of the end of a purged recording.

    Raises:
        CertificateFormatError, CertificateSignatureError, ApprovalSignatureError: its certificate is lost, is not
            this vault's, or is not the one that the log tells of.
        PolicyAlteredError: the policy that destroyed it is not the text that was applied.

    """
    body = connection.scalar(select(certificates.c.body).where(certificates.c.recording == recording))
    if body is None:
        raise CertificateFormatError(
            f"expected the certificate of {recording}, which is purged; the catalog has none",
            hint="run 'strongroom check'; restore the catalog from backup",
        )
    found = certificate.verify(bytes(body), vault_key)
    sha256 = hashlib.sha256(bytes(body)).hexdigest()
    told = journal.purge_entries(connection, [recording]).get(recording)
    if found.recording != recording or (told is not None and told.details.get("certificate_sha256") != sha256):
        raise CertificateSignatureError(f"expected the certificate that the log tells of for {recording}, got another")
    policy = _policy(connection, found.reason.policy)
    rules = policy.policy.rules if policy else ()
    rule = next((rule for rule in rules if rule.name == found.reason.rule), None)
    return Destruction(found, sha256, policy, rule, told, tuple(_owed(connection, recording)))


def _policy(connection: Connection, version: int) -> AppliedPolicy | None:
    try:
        return policies.version(connection, version)[0]
    except PlanNotFoundError:
        return None


def _owed(connection: Connection, recording: str) -> list[Owed]:
    # by blob: that is the key of `deletions`
    blobs = [rendition.blob for rendition in rows.renditions_of(connection, [recording]).get(recording, [])]
    query = select(deletions).where(deletions.c.blob.in_(blobs)).order_by(deletions.c.store, deletions.c.blob)
    return [Owed(row.store, row.retry_at, row.obstacle) for row in connection.execute(query)]
