"""Every vector, against the code and against Tink; and the vectors against the generator that made them."""

import hashlib
import io
import json
from pathlib import Path

import pytest
import tink

from tests.sealed.helpers import tink_open
from tests.vectors.sealed import make
from tests.vectors.sealed.reference import blob_aad, blob_of, plaintext_of, value_aad, value_of
from vault.errors import SealedFormatError, SealedSegmentError, SealedShapeError, SealedValueError
from vault.sealed import format as sealed_format
from vault.sealed import writer
from vault.sealed.reader import SealedReader, open_all

FOLDER = Path(make.__file__).parent
VECTORS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
BLOBS = {name: vector for name, vector in VECTORS.items() if vector["kind"] == "blob"}
VALUES = {name: vector for name, vector in VECTORS.items() if vector["kind"] == "value"}
GOOD = [name for name, vector in BLOBS.items() if vector["expect"] == "ok"]
BAD = [name for name, vector in BLOBS.items() if vector["expect"] != "ok"]
ERRORS = {error.code: error for error in (SealedShapeError, SealedSegmentError, SealedValueError)}

# A blob may be read in these steps, in bytes; the outcome must be the same.
STEPS = [7919, 2**16, 2**20, 2**23]


def _opening(vector):
    place = vector["opened_with"]
    associated = blob_aad(place) if vector["kind"] == "blob" else value_aad(place)
    return bytes.fromhex(place["key"]), associated


def _read_in_steps(vector, step):
    blob = blob_of(vector)
    told = len(blob) if vector["told_size"] is None else vector["told_size"]
    content = []
    with SealedReader(io.BytesIO(blob), told, *_opening(vector)) as reader:
        while piece := reader.read(step):
            content.append(piece)
    return b"".join(content)


def test_the_files_are_what_the_generator_writes():
    assert {path.name: path.read_text() for path in FOLDER.glob("*.json")} == {
        f"{name}.json": make.text_of(vector) for name, vector in make.vectors().items()
    }


@pytest.mark.parametrize("name", VECTORS)
def test_a_recipe_still_makes_the_recorded_bytes(name):
    vector = VECTORS[name]
    sealed = blob_of(vector) if vector["kind"] == "blob" else value_of(vector)
    assert len(sealed) == vector["sealed_size"]
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    if "sealed" in vector:
        assert sealed.hex() == vector["sealed"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", GOOD)
def test_a_good_blob_opens(name, step):
    assert _read_in_steps(BLOBS[name], step) == plaintext_of(BLOBS[name]["sealed_with"]["plain_size"])


@pytest.mark.parametrize("name", GOOD)
def test_sealing_with_the_same_salt_and_prefix_makes_the_same_bytes(name, monkeypatch):
    vector = BLOBS[name]
    recipe = vector["sealed_with"]
    header = b"\x28" + bytes.fromhex(recipe["salt"] + recipe["prefix"])
    monkeypatch.setattr(writer, "new_header", lambda: header)
    aad = sealed_format.associated_data(recipe["recording"], recipe["rendition"])
    plain = plaintext_of(recipe["plain_size"])
    key = bytes.fromhex(recipe["key"])
    for blob, summary in (_streamed(plain, key, aad), writer.seal_small(plain, key, aad)):
        assert hashlib.sha256(blob).hexdigest() == vector["sealed_sha256"]
        assert summary == writer.SealedSummary(
            len(plain), hashlib.sha256(plain).digest(), vector["sealed_size"], bytes.fromhex(vector["sealed_sha256"])
        )


def _streamed(plain, key, aad):
    blob = io.BytesIO()
    summary = writer.seal(io.BytesIO(plain), blob.write, key, aad)
    return blob.getvalue(), summary


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_blob_is_refused_with_its_kind_and_place(name, step):
    vector = BLOBS[name]
    with pytest.raises(ERRORS[vector["expect"]], match=vector["message"]):
        _read_in_steps(vector, step)


@pytest.mark.parametrize("name", [name for name in BAD if BLOBS[name]["told_size"] is None])
def test_a_bad_blob_is_refused_in_one_go(name):
    vector = BLOBS[name]
    with pytest.raises(ERRORS[vector["expect"]], match=vector["message"]):
        open_all(blob_of(vector), *_opening(vector))


@pytest.mark.parametrize("name", GOOD)
def test_tink_opens_a_good_blob(name):
    vector = BLOBS[name]
    assert tink_open(blob_of(vector), *_opening(vector)) == plaintext_of(vector["sealed_with"]["plain_size"])


# Where we are stricter than Tink for Python: it takes an empty last segment after a full one, and it stops at a full
# segment that is sealed as the last without asking whether anything follows. It never gives bytes that were not sealed.
STRICTER = ["bad-empty-last-segment", "bad-bytes-appended-to-full", "bad-last-flag-set"]


@pytest.mark.parametrize("name", [name for name in BAD if name not in STRICTER])
def test_tink_refuses_a_bad_blob_too(name):
    vector = BLOBS[name]
    with pytest.raises(tink.TinkError):
        tink_open(blob_of(vector), *_opening(vector))


@pytest.mark.parametrize("name", STRICTER)
def test_tink_reads_up_to_the_segment_sealed_as_last_where_we_refuse(name):
    vector = BLOBS[name]
    assert tink_open(blob_of(vector), *_opening(vector)) == plaintext_of(make.FULL_FIRST)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_opens_or_is_refused_as_its_vector_says(name):
    vector = VALUES[name]
    sealed = value_of(vector)
    if vector["expect"] == "ok":
        place = vector["opened_with"]
        aad = sealed_format.value_associated_data(place["recording"], place["field"])
        plain = sealed_format.open_value(sealed, bytes.fromhex(place["key"]), aad)
        assert plain == plaintext_of(vector["sealed_with"]["plain_size"])
    else:
        with pytest.raises(ERRORS[vector["expect"]], match=vector["message"]):
            sealed_format.open_value(sealed, *_opening(vector))


def test_every_kind_of_error_is_a_sealed_format_error_and_has_a_vector():
    assert {vector["expect"] for vector in VECTORS.values()} == {"ok", *ERRORS}
    assert all(issubclass(error, SealedFormatError) for error in ERRORS.values())
