import tracemalloc

import pytest

from tests.sealed.helpers import AAD, KEY, MIB, Pattern
from vault.sealed.format import sealed_size_of
from vault.sealed.reader import SealedReader
from vault.sealed.writer import seal

LARGE = 256 * MIB


@pytest.fixture
def peak():
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_sealing_and_opening_256_mib_take_a_few_mib(tmp_path, peak):
    path = tmp_path / "blob"
    with path.open("wb", buffering=0) as file:
        seal(Pattern(LARGE), file.write, KEY, AAD)
    assert peak() < 10 * MIB
    tracemalloc.reset_peak()
    buffer, total = bytearray(MIB), 0
    with path.open("rb", buffering=0) as raw, SealedReader(raw, sealed_size_of(LARGE), KEY, AAD) as reader:
        while count := reader.readinto(buffer):
            total += count
    path.unlink()
    assert total == LARGE
    assert peak() < 5 * MIB
