"""What a person agrees to with a signature: the acts that take one, and the bytes that are signed. Pure."""

import re
from enum import StrEnum

from keys import canonical
from vault.errors import ApprovalFormatError
from vault.model import Role

APPROVAL_DOMAIN = "approval"
"""The signature domain (keys/SPEC.md) of what people agree to: plans, releases of holds, rulings of reviews."""
_APPROVAL = "strongroom/approval/v1"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class SignedAct(StrEnum):
    """What a person agrees to with a signature; a signature for one act is none for another."""

    PURGE = "purge.approve"
    POLICY = "policy.approve"
    RELEASE_REQUEST = "hold.release-request"
    RELEASE = "hold.release"
    REVIEW_ASK = "review.ask"
    REVIEW_RULE = "review.rule"


def approval_message(act: SignedAct, digest: str, user: str, role: Role) -> bytes:
    """Return the bytes a user signs, under a role, to agree to the plan, release or ruling with this digest.

    Raises:
        ApprovalFormatError: `digest` is not 64 lower-case hex digits, or `user` is empty.

    """
    if _SHA256.fullmatch(digest) is None or not user:
        raise ApprovalFormatError("expected a SHA-256 digest of 64 lower-case hex digits and the name of a user")
    return canonical.encode({"form": _APPROVAL, "act": act.value, "digest": digest, "role": role.value, "user": user})
