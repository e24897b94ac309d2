"""Interoperability, both ways, with the implementation that defines the format."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sealed.helpers import AAD, BORDER_SIZES, FIRST, KEY, OTHER, tink_open, tink_seal
from tests.vectors.sealed.reference import plaintext_of
from vault.sealed.reader import SealedReader, open_all
from vault.sealed.writer import seal, seal_small


@pytest.mark.parametrize("size", BORDER_SIZES)
def test_tink_opens_what_seal_makes(size):
    plain = plaintext_of(size)
    blob = io.BytesIO()
    seal(io.BytesIO(plain), blob.write, KEY, AAD)
    assert tink_open(blob.getvalue(), KEY, AAD) == plain


@pytest.mark.parametrize("size", BORDER_SIZES)
def test_tink_opens_what_seal_small_makes(size):
    plain = plaintext_of(size)
    blob, _ = seal_small(plain, KEY, AAD)
    assert tink_open(blob, KEY, AAD) == plain


@pytest.mark.parametrize("size", BORDER_SIZES)
def test_the_reader_opens_what_tink_makes(size):
    plain = plaintext_of(size)
    blob = tink_seal(plain, KEY, AAD)
    assert open_all(blob, KEY, AAD) == plain
    with SealedReader(io.BytesIO(blob), len(blob), KEY, AAD) as reader:
        assert reader.seek(size // 2) == size // 2
        assert reader.read() == plain[size // 2 :]


@settings(max_examples=40, deadline=None)
@given(size=st.integers(0, FIRST + 2 * OTHER + 10), key=st.binary(min_size=32, max_size=32), aad=st.binary(max_size=80))
def test_any_size_key_and_associated_data_agree_with_tink(size, key, aad):
    plain = plaintext_of(size)
    blob, _ = seal_small(plain, key, aad)
    assert tink_open(blob, key, aad) == plain
    assert open_all(tink_seal(plain, key, aad), key, aad) == plain
