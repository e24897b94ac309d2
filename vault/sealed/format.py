"""What a sealed blob and a sealed value are: layout, sizes, derivations, and the one-shot sealing of values.

A sealed blob is a raw ciphertext of Tink's AES-GCM-HKDF Streaming AEAD, AES256_GCM_HKDF_1MB, under our associated
data (SPEC.md beside this file; the ids SEAL-nn below are its rules). Blobs are made in `writer` and opened in
`reader`. Nothing here opens a file, wraps a key or knows a catalog.
"""

import os
import re
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import InvalidInputError
from vault.errors import SealedShapeError, SealedValueError
from vault.model import RecordingId

KEY_SIZE: Final = 32  # bytes, of the data key and of the key derived from it
SALT_SIZE: Final = 32  # bytes
PREFIX_SIZE: Final = 7  # bytes, the random start of every segment's nonce
HEADER_SIZE: Final = 1 + SALT_SIZE + PREFIX_SIZE  # bytes
NONCE_SIZE: Final = 12  # bytes
TAG_SIZE: Final = 16  # bytes
SEGMENT_SIZE: Final = 2**20  # bytes of a full segment as stored; the header counts as part of the first
FIRST_PLAIN: Final = SEGMENT_SIZE - HEADER_SIZE - TAG_SIZE  # bytes of plaintext a full first segment holds
OTHER_PLAIN: Final = SEGMENT_SIZE - TAG_SIZE  # bytes of plaintext every other full segment holds
MAX_SEGMENTS: Final = 2**32 - 1  # one below what the counter could number: not every Tink library goes further

_RECORDING = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


def new_data_key() -> bytes:
    """Return a fresh 32-byte data key from the system's random source; no two blobs may share one (SEAL-02)."""
    return os.urandom(KEY_SIZE)


def associated_data(recording: RecordingId, rendition: str) -> bytes:
    """Return what binds a blob to its place: format version, recording and rendition (SEAL-04).

    Raises:
        InvalidInputError: the id is not 32 lower-case hex digits, or the name not one a rendition can have.

    """
    return _bound(b"strongroom/sealed/v1", recording, rendition)


def value_associated_data(recording: RecordingId, name: str) -> bytes:
    """Return what binds a sealed value to its recording and its field of the catalog (SEAL-18).

    Raises:
        InvalidInputError: the id is not 32 lower-case hex digits, or the name not one a field can have.

    """
    return _bound(b"strongroom/value/v1", recording, name)


def _bound(label: bytes, recording: str, name: str) -> bytes:
    if not _RECORDING.fullmatch(recording):
        raise InvalidInputError("expected a recording id of 32 lower-case hex digits, got another text")
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            "expected a name of 1 to 32 lower-case letters, digits and '-' that starts with a letter, got another text"
        )
    return b"\n".join((label, recording.encode("ascii"), name.encode("ascii")))


def sealed_size_of(plain_size: int) -> int:
    """Return the size in bytes of the blob that `plain_size` bytes become.

    Raises:
        InvalidInputError: more than a blob can hold (SEAL-10).
        RuntimeError: a negative size.

    """
    if plain_size < 0:
        raise RuntimeError(f"expected a size of at least 0, got {plain_size}")
    segments = 1 + max(0, -(-(plain_size - FIRST_PLAIN) // OTHER_PLAIN))
    check_segment_count(segments)
    return HEADER_SIZE + plain_size + segments * TAG_SIZE


def plain_size_of(sealed_size: int) -> int:
    """Return the size in bytes of the plaintext in a blob of `sealed_size` bytes.

    Raises:
        SealedShapeError: no blob has this size (SEAL-11).

    """
    segments = segments_of(sealed_size)
    return sealed_size - HEADER_SIZE - segments * TAG_SIZE


def segments_of(sealed_size: int) -> int:
    """Return how many segments a blob of `sealed_size` bytes has.

    Raises:
        SealedShapeError: no blob has this size: it is too small or too large, or its last segment would be empty
            though it is not the only one (SEAL-11).

    """
    segments = max(1, -(-sealed_size // SEGMENT_SIZE))
    tail = sealed_size - (segments - 1) * SEGMENT_SIZE
    smallest = HEADER_SIZE + TAG_SIZE if segments == 1 else TAG_SIZE + 1
    if tail < smallest or segments > MAX_SEGMENTS:
        raise SealedShapeError(f"expected a size that a sealed blob can have, got {sealed_size} bytes")
    return segments


def check_segment_count(segments: int) -> None:
    """Refuse more segments than a blob can have: were the counter to wrap, a nonce would be used twice (SEAL-10).

    Raises:
        InvalidInputError: there are more.

    """
    if segments > MAX_SEGMENTS:
        raise InvalidInputError(f"expected at most {MAX_SEGMENTS} segments of 1 MiB, got more; split the recording")


def check_key(key: bytes) -> None:
    """Refuse what is not a 32-byte key.

    Raises:
        RuntimeError: wrong length; the caller has mixed something up.

    """
    if len(key) != KEY_SIZE:
        raise RuntimeError(f"expected a data key of {KEY_SIZE} bytes, got {len(key)}")


def new_header() -> bytes:
    """Return a header with fresh salt and nonce prefix (SEAL-03)."""
    return bytes((HEADER_SIZE,)) + os.urandom(SALT_SIZE + PREFIX_SIZE)


def segment_cipher(key: bytes, header: bytes, aad: bytes) -> AESGCM:
    """Return the cipher of all segments of one blob: its key is HKDF-SHA256 (RFC 5869) of the data key (SEAL-05)."""
    return AESGCM(HKDF(hashes.SHA256(), KEY_SIZE, header[1 : 1 + SALT_SIZE], aad).derive(key))


def segment_nonce(header: bytes, number: int, *, last: bool) -> bytes:
    """Return the nonce of a segment: prefix, number, and whether it is the last (SEAL-06)."""
    return header[1 + SALT_SIZE :] + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def seal_value(plaintext: bytes, key: bytes, aad: bytes) -> bytes:
    """Seal a small value of the catalog: a random nonce, then AES-256-GCM with its tag (SEAL-17).

    Raises:
        RuntimeError: the key is not 32 bytes.

    """
    check_key(key)
    nonce = os.urandom(NONCE_SIZE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_value(sealed: bytes, key: bytes, aad: bytes) -> bytes:
    """Return the plaintext of a sealed value.

    Raises:
        SealedValueError: too short, altered, sealed for another recording or field, or under another key (SEAL-19).
        RuntimeError: the key is not 32 bytes.

    """
    check_key(key)
    if len(sealed) < NONCE_SIZE + TAG_SIZE:
        raise SealedValueError(f"expected a sealed value of at least {NONCE_SIZE + TAG_SIZE} bytes, got {len(sealed)}")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], aad)
    except InvalidTag as exc:
        raise SealedValueError(
            "expected a value sealed for this place with this key, got one that does not open"
        ) from exc
