"""C2SP checkpoints (c2sp.org/tlog-checkpoint): a signed note that says how the log's tree stands (SPEC section 4)."""

import re
from dataclasses import dataclass

from keys import canonical
from keys.errors import CanonicalFormError
from keys.signing import PublicKey, SigningKey
from vault.log import note
from vault.log.errors import CheckpointFormatError
from vault.log.merkle import HASH_LEN, MAX_SIZE

_VAULT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_HEAD_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose it is, how many entries, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def origin_of(vault_id: str) -> str:
    """Return the origin line and key name of a vault's log.

    A vault id has no slash, so that the first line of a checkpoint never reads as the domain of another signature
    (keys/SPEC.md section 5).
    """
    if _VAULT_ID.fullmatch(vault_id) is None:
        raise RuntimeError(f"expected a vault id of the form {_VAULT_ID.pattern}")
    return f"strongroom/{vault_id}"


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return the signed note of a checkpoint. The caller never signs two that contradict each other (CKPT-06)."""
    if not 0 <= checkpoint.size <= MAX_SIZE or len(checkpoint.root) != HASH_LEN:
        raise RuntimeError("expected a size and a root hash inside their bounds")
    lines = (checkpoint.origin, str(checkpoint.size), canonical.base64_of(checkpoint.root), *checkpoint.extensions)
    if any(not line or "\n" in line for line in lines):
        raise RuntimeError("expected lines that are not empty and hold no newline")
    return note.sign("".join(f"{line}\n" for line in lines), checkpoint.origin, key)


def parse_body(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text. The caller has checked the note's signature.

    Raises:
        CheckpointFormatError: not the text of a checkpoint.

    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _HEAD_LINES or not all(lines):
        raise CheckpointFormatError("expected origin, size and root hash on a line each, and no empty line")
    origin, size, root = lines[:_HEAD_LINES]
    if _SIZE.fullmatch(size) is None or int(size) > MAX_SIZE:
        raise CheckpointFormatError(f"expected a tree size in decimal up to {MAX_SIZE} without leading zeros")
    try:
        root_hash = canonical.unbase64(root)
    except CanonicalFormError as exc:
        raise CheckpointFormatError("expected a root hash in canonical base64") from exc
    if len(root_hash) != HASH_LEN:
        raise CheckpointFormatError(f"expected a root hash of {HASH_LEN} bytes, got {len(root_hash)}")
    return Checkpoint(origin, int(size), root_hash, tuple(lines[_HEAD_LINES:]))


def open_(text: str, origin: str, key: PublicKey) -> Checkpoint:
    """Return the checkpoint of a signed note, checked with the public key alone.

    Raises:
        NoteFormatError: not a signed note.
        NoteKeyError: not signed by this key for this log.
        BadSignatureError: altered since it was signed.
        CheckpointFormatError: signed, but not a checkpoint of this log.

    """
    checkpoint = parse_body(note.open_(text, origin, key))
    if checkpoint.origin != origin:
        raise CheckpointFormatError("expected a checkpoint of this log, got one of another origin")
    return checkpoint
