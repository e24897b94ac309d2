"""A second, plain implementation of the sealed format, to judge the first: it shares no code with vault.sealed.

It makes the blob (or value) of a vector from its recipe: key, salt, prefix, plaintext rule and edits.
"""

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIB = 1024 * 1024
FULL_FIRST = MIB - 40 - 16
FULL_OTHER = MIB - 16

Vector = dict[str, Any]


def plaintext_of(size: int) -> bytes:
    """Return the plaintext of all vectors: byte i is i mod 251."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def blob_aad(place: Vector) -> bytes:
    return f"strongroom/sealed/v1\n{place['recording']}\n{place['rendition']}".encode()


def value_aad(place: Vector) -> bytes:
    return f"strongroom/value/v1\n{place['recording']}\n{place['field']}".encode()


def _pieces(plain: bytes) -> list[bytes]:
    rest = plain[FULL_FIRST:]
    return [plain[:FULL_FIRST], *(rest[i : i + FULL_OTHER] for i in range(0, len(rest), FULL_OTHER))]


def _seal_piece(recipe: Vector, piece: bytes, number: int, flag: int) -> bytes:
    salt, prefix = bytes.fromhex(recipe["salt"]), bytes.fromhex(recipe["prefix"])
    derived = HKDF(hashes.SHA256(), 32, salt, blob_aad(recipe)).derive(bytes.fromhex(recipe["key"]))
    return AESGCM(derived).encrypt(prefix + number.to_bytes(4, "big") + bytes([flag]), piece, b"")


def _sealed_segments(recipe: Vector) -> list[bytes]:
    pieces = _pieces(plaintext_of(recipe["plain_size"]))
    return [_seal_piece(recipe, piece, i, int(i == len(pieces) - 1)) for i, piece in enumerate(pieces)]


def _edit_segments(vector: Vector, segments: list[bytes]) -> None:
    recipe = vector["sealed_with"]
    pieces = _pieces(plaintext_of(recipe["plain_size"]))
    for edit in vector["edits"]:
        match edit["do"]:
            case "swap-segments":
                a, b = edit["segments"]
                segments[a], segments[b] = segments[b], segments[a]
            case "drop-segment":
                del segments[edit["segment"]]
            case "repeat-segment":
                segments.insert(edit["segment"], segments[edit["segment"]])
            case "seal-segment-as":
                segments[edit["segment"]] = _seal_piece(recipe, pieces[edit["segment"]], edit["number"], edit["flag"])
            case "add-empty-segment":
                segments.append(_seal_piece(recipe, b"", len(segments), 1))
            case "take-segment-of":
                segments[edit["segment"]] = _sealed_segments(recipe | edit["other"])[edit["segment"]]


def _edit_bytes(vector: Vector, blob: bytearray) -> bytearray:
    for edit in vector["edits"]:
        match edit["do"]:
            case "flip-bit":
                blob[edit["at"]] ^= 1 << edit["bit"]
            case "set-byte":
                blob[edit["at"]] = edit["to"]
            case "cut-to":
                del blob[edit["size"] :]
            case "append":
                blob += bytes.fromhex(edit["hex"])
    return blob


def blob_of(vector: Vector) -> bytes:
    """Return the blob that a vector's recipe makes."""
    recipe = vector["sealed_with"]
    segments = _sealed_segments(recipe)
    _edit_segments(vector, segments)
    header = b"\x28" + bytes.fromhex(recipe["salt"]) + bytes.fromhex(recipe["prefix"])
    return bytes(_edit_bytes(vector, bytearray(header + b"".join(segments))))


def value_of(vector: Vector) -> bytes:
    """Return the sealed value that a vector's recipe makes."""
    recipe = vector["sealed_with"]
    nonce = bytes.fromhex(recipe["nonce"])
    plain = plaintext_of(recipe["plain_size"])
    sealed = nonce + AESGCM(bytes.fromhex(recipe["key"])).encrypt(nonce, plain, value_aad(recipe))
    return bytes(_edit_bytes(vector, bytearray(sealed)))
