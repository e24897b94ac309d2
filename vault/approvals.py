"""Signatures of people over the digest of the very plan, release or ruling they agree to (DESIGN section 8)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from keys.errors import BadSignatureError, PublicKeyError
from keys.signing import PublicKey, SigningKey
from vault import people
from vault.catalog.schema import approvals
from vault.errors import AlreadyApprovedError, ApprovalMissingError, ApprovalSignatureError, SamePersonError
from vault.model import Role
from vault.people import Actor, Capability
from vault.signed_act import APPROVAL_DOMAIN, SignedAct, approval_message


@dataclass(frozen=True, slots=True)
class Signatory:
    """A person who signs: in whose name, under which role, with which key."""

    actor: Actor
    role: Role
    key: SigningKey


@dataclass(frozen=True, slots=True)
class Approval:
    """One verified signature."""

    user: str
    role: Role
    public_key: PublicKey
    signature: bytes
    at: datetime


def sign(connection: Connection, signatory: Signatory, digest: str, act: SignedAct, now: datetime) -> None:
    """Sign a digest and keep the signature.

    Raises:
        AlreadyApprovedError: this user signed this already.

    """
    user = signatory.actor.name
    query = select(approvals.c.user).where(
        approvals.c.digest == digest, approvals.c.user == user, approvals.c.act == act
    )
    if connection.execute(query).first():
        raise AlreadyApprovedError(f"expected a signature that is new, got one that {user} gave before")
    connection.execute(
        insert(approvals).values(
            digest=digest,
            user=user,
            act=act,
            role=signatory.role,
            public_key=str(signatory.key.public),
            signature=signatory.key.sign(APPROVAL_DOMAIN, approval_message(act, digest, user, signatory.role)),
            at=now,
        )
    )


def verified(connection: Connection, digest: str, act: SignedAct, *, needed: int = 1) -> list[Approval]:
    """Return the signatures over a digest, each verified.

    Raises:
        ApprovalMissingError: fewer people signed than are needed.
        ApprovalSignatureError: a signature does not verify, or is by a key that is not the user's: the row was altered
            or forged.

    """
    found = []
    known = {user.name: user.public_key for user in people.all_users(connection)}
    query = select(approvals).where(approvals.c.digest == digest, approvals.c.act == act).order_by(approvals.c.user)
    for row in connection.execute(query):
        try:
            key = PublicKey.parse(row.public_key)
            role = Role(row.role)
            message = approval_message(act, digest, row.user, role)
            key.verify(APPROVAL_DOMAIN, message, row.signature)
        except (BadSignatureError, PublicKeyError, ValueError) as exc:
            raise ApprovalSignatureError(f"expected a signature of {row.user} that verifies") from exc
        if known.get(row.user) != key:
            raise ApprovalSignatureError(f"expected a signature by the key this vault knows for {row.user}")
        found.append(Approval(row.user, role, key, row.signature, row.at))
    if len(found) < needed:
        raise ApprovalMissingError(f"expected {needed} approvals, got {len(found)}")
    return found


def by_others(
    connection: Connection, digest: str, act: SignedAct, *, maker: str, capability: Capability, needed: int = 1
) -> list[Approval]:
    """Return the verified signatures of those who may give them, under a role they have; see `verified`.

    Raises:
        SamePersonError: the maker of what is signed is among those who signed.
        ApprovalMissingError, ApprovalSignatureError: see verified; what nobody may give (any more) does not count.

    """
    signed = verified(connection, digest, act, needed=needed)
    if any(approval.user == maker for approval in signed):
        raise SamePersonError("expected approvals of other people than the one who made or asked for it")
    known = {user.name: user for user in people.all_users(connection)}
    counting = [a for a in signed if a.role in known[a.user].roles and known[a.user].may(capability)]
    if len(counting) < needed:
        raise ApprovalMissingError(f"expected {needed} approvals by those who may give them, got {len(counting)}")
    return counting
