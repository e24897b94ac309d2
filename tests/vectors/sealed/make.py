"""Write the vectors of the sealed format: `python -m tests.vectors.sealed.make` at the top of the repository.

Each vector is a recipe and the digest of the blob the recipe makes; most blobs are too big to keep. The recipes are
carried out by `reference`, which shares no code with vault.sealed.
"""

import copy
import hashlib
import json
from pathlib import Path

from tests.vectors.sealed.reference import FULL_FIRST, FULL_OTHER, MIB, Vector, blob_of, value_of

HERE = Path(__file__).parent
SHOWN = 256  # bytes: a blob up to this size is in its vector in full

KEY = "".join(f"{i:02x}" for i in range(32))
OTHER_KEY = "".join(f"{i:02x}" for i in range(1, 33))
RECORDING = "0198c0de000070008000000000000001"
OTHER_RECORDING = "0198c0de000070008000000000000002"
SALT = "a0" * 32
OTHER_SALT = "a1" * 32
PREFIX = "b0b1b2b3b4b5b6"
NONCE = "c0c1c2c3c4c5c6c7c8c9cacb"
TWO = FULL_FIRST + 1000  # bytes: two segments, the second short
THREE = FULL_FIRST + 2 * FULL_OTHER  # bytes: three segments, all full


def _vector(
    rules: str,
    about: str,
    size: int,
    expect: str = "ok",
    message: str = "",
    edits: tuple[Vector, ...] = (),
    told_size: int | None = None,
    **opened_with: str,
) -> Vector:
    place = {"key": KEY, "recording": RECORDING, "rendition": "original"}
    return {
        "about": about,
        "rules": rules.split(),
        "kind": "blob",
        "sealed_with": place | {"salt": SALT, "prefix": PREFIX, "plain_size": size},
        "edits": list(edits),
        "opened_with": place | opened_with,
        "told_size": told_size,
        "expect": expect,
        "message": message,
    }


def _value(rules: str, about: str, expect: str = "ok", edits: tuple[Vector, ...] = (), **opened_with: str) -> Vector:
    place = {"key": KEY, "recording": RECORDING, "field": "metadata"}
    return {
        "about": about,
        "rules": rules.split(),
        "kind": "value",
        "sealed_with": place | {"nonce": NONCE, "plain_size": 40},
        "edits": list(edits),
        "opened_with": place | opened_with,
        "expect": expect,
        "message": "sealed for this place" if expect != "ok" else "",
    }


def _good() -> dict[str, Vector]:
    layout = "SEAL-01 SEAL-04 SEAL-05 SEAL-06 SEAL-08 SEAL-09"
    return {
        "ok-empty": _vector(f"{layout} SEAL-07", "no plaintext: one segment that is only a tag", 0),
        "ok-one-byte": _vector(layout, "one byte", 1),
        "ok-first-segment-full": _vector(f"{layout} SEAL-07", "exactly one full segment, no second", FULL_FIRST),
        "ok-one-over": _vector(f"{layout} SEAL-07", "one byte more than the first segment holds", FULL_FIRST + 1),
        "ok-two-segments": _vector(f"{layout} SEAL-07", "two full segments", FULL_FIRST + FULL_OTHER),
        "ok-three-segments": _vector(layout, "a segment that is neither first nor last", THREE - 7),
    }


def _bad_shape() -> dict[str, Vector]:
    shape = "sealed-shape"
    return {
        "bad-empty-file": _vector("SEAL-11", "nothing at all", 1, shape, "size", ({"do": "cut-to", "size": 0},)),
        "bad-header-truncated": _vector("SEAL-11", "39 bytes", 1, shape, "size", ({"do": "cut-to", "size": 39},)),
        "bad-header-short-read": _vector(
            "SEAL-12", "39 bytes where more are told", 1, shape, "header", ({"do": "cut-to", "size": 39},), told_size=57
        ),
        "bad-header-only": _vector(
            "SEAL-11", "a header and no segment", 1, shape, "size", ({"do": "cut-to", "size": 40},)
        ),
        "bad-first-tag-truncated": _vector(
            "SEAL-11", "a byte less than the smallest blob", 0, shape, "size", ({"do": "cut-to", "size": 55},)
        ),
        "bad-second-tag-only": _vector(
            "SEAL-11", "cut in the second segment's tag", TWO, shape, "size", ({"do": "cut-to", "size": MIB + 16},)
        ),
        "bad-empty-last-segment": _vector(
            "SEAL-07 SEAL-11",
            "a full segment, then an empty last one: a second encoding of the same plaintext",
            FULL_FIRST,
            shape,
            "size",
            ({"do": "seal-segment-as", "segment": 0, "number": 0, "flag": 0}, {"do": "add-empty-segment"}),
        ),
        "bad-header-length-24": _vector(
            "SEAL-12", "the header of a 16-byte key", 1, shape, "header", ({"do": "set-byte", "at": 0, "to": 24},)
        ),
        "bad-header-length-41": _vector(
            "SEAL-12", "a longer header", 1, shape, "header", ({"do": "set-byte", "at": 0, "to": 41},)
        ),
    }


def _bad_place() -> dict[str, Vector]:
    kind, first = "sealed-segment", "segment 0 "
    return {
        "bad-other-recording": _vector(
            "SEAL-04 SEAL-13", "opened as another recording", 10, kind, first, recording=OTHER_RECORDING
        ),
        "bad-other-rendition": _vector(
            "SEAL-04 SEAL-13", "opened as another rendition", 10, kind, first, rendition="redacted"
        ),
        "bad-other-key": _vector("SEAL-13", "opened with another key", 10, kind, first, key=OTHER_KEY),
        "bad-other-key-empty": _vector(
            "SEAL-15", "an empty blob with another key: empty is a statement too", 0, kind, first, key=OTHER_KEY
        ),
        "bad-segments-swapped": _vector(
            "SEAL-13",
            "two full segments in each other's place",
            FULL_FIRST + 2 * FULL_OTHER + 5,
            kind,
            "segment 1 ",
            ({"do": "swap-segments", "segments": [1, 2]},),
        ),
        "bad-segment-dropped": _vector(
            "SEAL-13", "the middle segment left out", THREE, kind, "segment 1 ", ({"do": "drop-segment", "segment": 1},)
        ),
        "bad-segment-repeated": _vector(
            "SEAL-13", "the middle segment twice", THREE, kind, "segment 2 ", ({"do": "repeat-segment", "segment": 1},)
        ),
        "bad-segment-of-other-blob": _vector(
            "SEAL-13",
            "a segment of a blob with the same key and place, but another salt",
            TWO,
            kind,
            "segment 1 ",
            ({"do": "take-segment-of", "segment": 1, "other": {"salt": OTHER_SALT}},),
        ),
    }


def _bad_end() -> dict[str, Vector]:
    kind = "sealed-segment"
    clear = {"do": "seal-segment-as", "segment": 0, "number": 0, "flag": 0}
    return {
        "bad-tail-truncated": _vector(
            "SEAL-14", "the last byte is gone", TWO, kind, "segment 1 ", ({"do": "cut-to", "size": MIB + 1015},)
        ),
        "bad-tail-truncated-size-told": _vector(
            "SEAL-16",
            "the last byte is gone, and the catalog knows the size",
            TWO,
            kind,
            "segment 1: expected 1016",
            ({"do": "cut-to", "size": MIB + 1015},),
            told_size=MIB + 1016,
        ),
        "bad-border-truncated": _vector(
            "SEAL-14", "cut at the border of a segment", TWO, kind, "segment 0 ", ({"do": "cut-to", "size": MIB},)
        ),
        "bad-border-truncated-size-told": _vector(
            "SEAL-16",
            "cut at the border, and the catalog knows the size",
            TWO,
            kind,
            "segment 1: expected 1016",
            ({"do": "cut-to", "size": MIB},),
            told_size=MIB + 1016,
        ),
        "bad-bytes-appended": _vector(
            "SEAL-14", "one byte follows the last segment", 10, kind, "segment 0 ", ({"do": "append", "hex": "00"},)
        ),
        "bad-bytes-appended-size-told": _vector(
            "SEAL-16",
            "one byte follows, and the catalog knows the size",
            10,
            kind,
            "segment 0: expected 26 bytes, got more",
            ({"do": "append", "hex": "00"},),
            told_size=66,
        ),
        "bad-bytes-appended-to-full": _vector(
            "SEAL-14",
            "a full last segment, then more",
            FULL_FIRST,
            kind,
            "segment 0 ",
            ({"do": "append", "hex": "00" * 17},),
        ),
        "bad-last-flag-cleared": _vector(
            "SEAL-09 SEAL-14", "the only segment was not sealed as the last", 10, kind, "segment 0 ", (clear,)
        ),
        "bad-last-flag-cleared-empty": _vector(
            "SEAL-09 SEAL-15", "an empty blob not sealed as the last", 0, kind, "segment 0 ", (clear,)
        ),
        "bad-last-flag-set": _vector(
            "SEAL-09 SEAL-14",
            "the first of two segments was sealed as the last",
            TWO,
            kind,
            "segment 0 ",
            ({"do": "seal-segment-as", "segment": 0, "number": 0, "flag": 1},),
        ),
        "bad-last-flag-two": _vector(
            "SEAL-09 SEAL-14",
            "a flag that is neither 0 nor 1",
            10,
            kind,
            "segment 0 ",
            ({"do": "seal-segment-as", "segment": 0, "number": 0, "flag": 2},),
        ),
        "bad-number-one": _vector(
            "SEAL-06 SEAL-13",
            "counted from 1",
            10,
            kind,
            "segment 0 ",
            ({"do": "seal-segment-as", "segment": 0, "number": 1, "flag": 1},),
        ),
    }


def _bad_bits() -> dict[str, Vector]:
    def flip(about: str, size: int, at: int, segment: int) -> Vector:
        edit = {"do": "flip-bit", "at": at, "bit": at % 8}
        return _vector("SEAL-13", about, size, "sealed-segment", f"segment {segment} ", (edit,))

    return {
        "bad-bit-in-salt": flip("first byte of the salt", 10, 1, 0),
        "bad-bit-in-salt-end": flip("last byte of the salt", 10, 32, 0),
        "bad-bit-in-prefix": flip("first byte of the nonce prefix", 10, 33, 0),
        "bad-bit-in-prefix-end": flip("last byte of the nonce prefix", 10, 39, 0),
        "bad-bit-in-ciphertext": flip("first byte of the ciphertext", 10, 40, 0),
        "bad-bit-in-tag": flip("last byte of the tag", 10, 65, 0),
        "bad-bit-in-second-segment": flip("first byte of the second segment", TWO, MIB, 1),
        "bad-bit-in-middle-tag": flip("last byte of the second of three", THREE, 2 * MIB - 1, 1),
    }


def _values() -> dict[str, Vector]:
    kind = "sealed-value"
    short = _value("SEAL-19", "27 bytes cannot hold nonce and tag", kind, ({"do": "cut-to", "size": 27},))
    return {
        "value-ok": _value("SEAL-17 SEAL-18", "forty bytes"),
        "value-bad-short": short | {"message": "at least 28 bytes, got 27"},
        "value-bad-cut": _value("SEAL-19", "the last byte is gone", kind, ({"do": "cut-to", "size": 67},)),
        "value-bad-nonce": _value("SEAL-19", "a bit of the nonce", kind, ({"do": "flip-bit", "at": 0, "bit": 0},)),
        "value-bad-text": _value("SEAL-19", "a bit of the ciphertext", kind, ({"do": "flip-bit", "at": 12, "bit": 7},)),
        "value-bad-tag": _value("SEAL-19", "a bit of the tag", kind, ({"do": "flip-bit", "at": 67, "bit": 3},)),
        "value-bad-recording": _value("SEAL-18 SEAL-19", "of another recording", kind, recording=OTHER_RECORDING),
        "value-bad-field": _value("SEAL-18 SEAL-19", "of another field", kind, field="account"),
        "value-bad-key": _value("SEAL-19", "with another key", kind, key=OTHER_KEY),
    }


def vectors() -> dict[str, Vector]:
    """Return all vectors by name, each with the size and digest of what its recipe makes."""
    made = copy.deepcopy(_good() | _bad_shape() | _bad_place() | _bad_end() | _bad_bits() | _values())
    for vector in made.values():
        sealed = blob_of(vector) if vector["kind"] == "blob" else value_of(vector)
        vector["sealed_size"] = len(sealed)
        vector["sealed_sha256"] = hashlib.sha256(sealed).hexdigest()
        if len(sealed) <= SHOWN:
            vector["sealed"] = sealed.hex()
    return made


def text_of(vector: Vector) -> str:
    """Return what a vector's file holds."""
    return json.dumps(vector, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    for old in HERE.glob("*.json"):
        old.unlink()
    for name, vector in vectors().items():
        (HERE / f"{name}.json").write_text(text_of(vector))
