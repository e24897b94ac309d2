import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import InvalidInputError
from tests.sealed.helpers import AAD, FIRST, KEY, MIB, OTHER, RECORDING
from vault.errors import SealedShapeError, SealedValueError
from vault.model import RecordingId, RenditionName
from vault.sealed import format as sealed_format
from vault.sealed.format import (
    associated_data,
    new_data_key,
    open_value,
    plain_size_of,
    seal_value,
    sealed_size_of,
    value_associated_data,
)

LARGEST = FIRST + (2**32 - 2) * OTHER


def test_data_keys_are_32_bytes_and_all_different():
    """SEAL-02."""
    keys = {new_data_key() for _ in range(1000)}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 1000


def test_headers_are_40_bytes_and_share_no_salt_and_no_prefix():
    """SEAL-03."""
    headers = [sealed_format.new_header() for _ in range(1000)]
    assert {(len(header), header[0]) for header in headers} == {(40, 40)}
    assert len({header[1:33] for header in headers}) == 1000
    assert len({header[33:] for header in headers}) == 1000


@pytest.mark.parametrize(
    ("plain", "sealed"),
    [
        (0, 56),
        (1, 57),
        (FIRST, MIB),
        (FIRST + 1, MIB + 17),
        (FIRST + OTHER, 2 * MIB),
        (FIRST + OTHER + 1, 2 * MIB + 17),
        (2**30, 2**30 + 40 + 1025 * 16),
        (LARGEST, (2**32 - 1) * MIB),
    ],
)
def test_sizes_are_those_of_the_layout(plain, sealed):
    assert sealed_size_of(plain) == sealed
    assert plain_size_of(sealed) == plain


@given(st.integers(0, LARGEST))
def test_every_plaintext_size_comes_back_from_its_blob_size(size):
    assert plain_size_of(sealed_size_of(size)) == size


@given(st.integers(-10, 4 * MIB) | st.integers(0, 2**53))
def test_a_blob_size_is_either_that_of_one_plaintext_size_or_refused(size):
    """SEAL-11."""
    whole, tail = divmod(size, MIB)
    if (tail == 0 and 0 < whole < 2**32) or (tail >= (17 if whole else 56) and 0 <= whole < 2**32 - 1):
        assert sealed_size_of(plain_size_of(size)) == size
    else:
        with pytest.raises(SealedShapeError, match=f"got {size} bytes"):
            plain_size_of(size)


@pytest.mark.parametrize(
    "size", [-1, 0, 1, 39, 40, 55, MIB + 1, MIB + 16, 2 * MIB + 1, 2 * MIB + 16, (2**32 - 1) * MIB + 17, 2**60]
)
def test_a_size_that_no_blob_has_is_refused(size):
    with pytest.raises(SealedShapeError, match="expected a size that a sealed blob can have"):
        plain_size_of(size)


def test_more_plaintext_than_the_segment_numbers_allow_is_refused():
    """SEAL-10."""
    with pytest.raises(InvalidInputError, match="at most 4294967295 segments"):
        sealed_size_of(LARGEST + 1)


def test_a_negative_size_is_a_bug_of_the_caller():
    with pytest.raises(RuntimeError, match="at least 0, got -1"):
        sealed_size_of(-1)


@pytest.mark.parametrize("rendition", RenditionName)
def test_associated_data_is_version_recording_and_rendition(rendition):
    """SEAL-04."""
    expected = f"strongroom/sealed/v1\n{RECORDING}\n{rendition.value}".encode()
    assert associated_data(RECORDING, rendition) == expected


def test_associated_data_of_a_value_differs_from_that_of_a_blob_of_the_same_name():
    """SEAL-18."""
    assert value_associated_data(RECORDING, "original") == f"strongroom/value/v1\n{RECORDING}\noriginal".encode()
    assert value_associated_data(RECORDING, "original") != associated_data(RECORDING, "original")


@pytest.mark.parametrize("make", [associated_data, value_associated_data])
@pytest.mark.parametrize(
    "recording",
    ["", "0" * 31, "0" * 33, "0" * 32 + "\n", "\n" + "0" * 31, "A" * 32, "g" * 32, "\u0660" * 32, "0" * 31 + " "],
)
def test_another_text_than_a_recording_id_is_refused(make, recording):
    with pytest.raises(InvalidInputError, match="32 lower-case hex digits"):
        make(RecordingId(recording), "original")


@pytest.mark.parametrize("make", [associated_data, value_associated_data])
@pytest.mark.parametrize("name", ["", "Original", "1st", "-a", "a\n", "a b", "a/b", "a.b", "a_b", "é", "a" * 33])
def test_a_name_that_could_be_read_in_two_ways_is_refused(make, name):
    with pytest.raises(InvalidInputError, match="1 to 32 lower-case letters"):
        make(RECORDING, name)


@pytest.mark.parametrize("name", ["a", "redacted-2", "a" * 32])
def test_the_shortest_and_the_longest_name_are_taken(name):
    assert associated_data(RECORDING, name).endswith(b"\n" + name.encode())


@given(plain=st.binary(max_size=300), key=st.binary(min_size=32, max_size=32), aad=st.binary(max_size=60))
def test_a_value_opens_with_its_key_and_place(plain, key, aad):
    """SEAL-17."""
    sealed = seal_value(plain, key, aad)
    assert len(sealed) == len(plain) + 28
    assert open_value(sealed, key, aad) == plain


def test_the_same_value_sealed_twice_differs_and_never_shares_a_nonce():
    sealed = [seal_value(b"same", KEY, AAD) for _ in range(1000)]
    assert len({blob[:12] for blob in sealed}) == 1000


@given(st.integers(0, 8 * (28 + 20) - 1))
def test_any_flipped_bit_of_a_value_is_refused(bit):
    """SEAL-19."""
    sealed = bytearray(seal_value(b"x" * 20, KEY, AAD))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealedValueError, match="sealed for this place") as caught:
        open_value(bytes(sealed), KEY, AAD)
    assert "restore the catalog" in caught.value.hint


@pytest.mark.parametrize("act", [seal_value, open_value])
@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_value_key_of_another_length_is_a_bug_of_the_caller(act, size):
    with pytest.raises(RuntimeError, match=f"data key of 32 bytes, got {size}"):
        act(bytes(60), bytes(size), AAD)
