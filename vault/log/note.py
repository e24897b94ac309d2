"""C2SP signed notes (c2sp.org/signed-note) with Ed25519 keys (SPEC section 3).

The text of a note is worth nothing before open_ has checked it, so there is no function that returns it unchecked.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from keys import canonical
from keys.errors import CanonicalFormError, PublicKeyError
from keys.signing import KEY_LEN, PublicKey, SigningKey
from vault.log.errors import NoteFormatError, NoteKeyError

MAX_NOTE_LEN = 128 * 1024  # bytes; room for 16 signatures of 5 kB, which the standard asks for
MAX_SIGNATURES = 16
KEY_ID_LEN = 4  # bytes
_DASH = "\u2014 "
_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: a key's name and id, and what it signed the text with."""

    name: str
    key_id: bytes
    signature: bytes


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() or ord(char) < ord(" ") for char in name)


def key_id(name: str, key: PublicKey) -> bytes:
    """Return the four bytes that name a key in a signature line: SHA-256(name || 0x0A || 0x01 || key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:KEY_ID_LEN]


def encode_vkey(name: str, key: PublicKey) -> str:
    """Return the verifier key text that other note tools take: name+hex id+base64(0x01 || key)."""
    if not _is_name(name):
        raise RuntimeError("expected a key name without spaces and plus signs")
    return f"{name}+{key_id(name, key).hex()}+{canonical.base64_of(_ED25519 + key.raw)}"


def parse_vkey(text: str) -> tuple[str, PublicKey]:
    """Return the name and the key of a verifier key text.

    Raises:
        NoteFormatError: not a verifier key of an Ed25519 key, or its id does not fit.

    """
    # The base64 may hold plus signs; the name and the id may not.
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    try:
        data = canonical.unbase64(encoded)
    except CanonicalFormError as exc:
        raise NoteFormatError("verifier key: expected canonical base64") from exc
    if not _is_name(name) or data[:1] != _ED25519 or len(data) != 1 + KEY_LEN:
        raise NoteFormatError("verifier key: expected a name, an id and an Ed25519 key")
    try:
        key = PublicKey(data[1:])
    except PublicKeyError as exc:
        raise NoteFormatError("verifier key: expected a usable Ed25519 key") from exc
    if hex_id != key_id(name, key).hex():
        raise NoteFormatError("verifier key: expected the id that belongs to name and key")
    return name, key


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteFormatError("expected a note text that ends in a newline")
    if any(char < " " and char != "\n" for char in text):
        raise NoteFormatError("expected a note without control characters")


def sign(text: str, name: str, key: SigningKey) -> str:
    """Return the note of a text, signed by one key under a name.

    Raises:
        NoteFormatError: the text does not end in a newline or holds control characters.

    """
    _check_text(text)
    if not _is_name(name):
        raise RuntimeError("expected a key name without spaces and plus signs")
    signature = key_id(name, key.public) + key.sign_raw(text.encode())
    return f"{text}\n{_DASH}{name} {canonical.base64_of(signature)}\n"


def _signatures(block: str) -> Iterator[Signature]:
    for line in block.removesuffix("\n").split("\n"):
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not _is_name(name):
            raise NoteFormatError("expected signature lines of a dash, a key name and base64")
        try:
            data = canonical.unbase64(encoded)
        except CanonicalFormError as exc:
            raise NoteFormatError("expected signature lines in canonical base64") from exc
        if len(data) <= KEY_ID_LEN:
            raise NoteFormatError("expected a signature behind the key id")
        yield Signature(name, data[:KEY_ID_LEN], data[KEY_ID_LEN:])


def _split(note: str) -> tuple[str, tuple[Signature, ...]]:
    """Return text and signatures of a note, all checked but the signatures themselves."""
    try:
        length = len(note.encode())
    except UnicodeEncodeError as exc:
        raise NoteFormatError("expected a note of well-formed Unicode") from exc
    if length > MAX_NOTE_LEN:
        raise NoteFormatError(f"expected a note of at most {MAX_NOTE_LEN} bytes, got {length}")
    _check_text(note)
    # The last empty line divides; the text may hold empty lines of its own.
    head, divider, block = note.rpartition("\n\n")
    if not divider:
        raise NoteFormatError("expected an empty line between text and signatures")
    if block.count("\n") > MAX_SIGNATURES:
        raise NoteFormatError(f"expected at most {MAX_SIGNATURES} signatures")
    return head + "\n", tuple(_signatures(block))


def open_(note: str, name: str, key: PublicKey) -> str:
    """Return the text of a note after checking it: the format, then every signature by this key under this name.

    Lines of other keys are ignored, as the standard asks: witnesses may add theirs.

    Raises:
        NoteFormatError: not a signed note.
        NoteKeyError: there is no signature line of this key.
        BadSignatureError: a line names this key, but the signature is not its.

    """
    text, signatures = _split(note)
    wanted = key_id(name, key)
    ours = [line for line in signatures if line.name == name and line.key_id == wanted]
    if not ours:
        raise NoteKeyError(f"expected a signature by {name}+{wanted.hex()}, got none")
    for line in ours:
        key.verify_raw(text.encode(), line.signature)
    return text
