"""The scratch file for plaintext: it behaves as a file does, and the disk never sees the content."""

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.errors import SealedSegmentError, StoreUnavailableError
from vault.sealed.spill import CHUNK, Spill

places = st.integers(0, 6 * CHUNK)
steps = st.one_of(
    st.tuples(st.just("write"), places, st.integers(0, 2 * CHUNK + 5)),
    st.tuples(st.just("read"), places, st.integers(0, 3 * CHUNK)),
    st.tuples(st.just("truncate"), places, st.just(0)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=12))
def test_it_reads_writes_seeks_and_truncates_as_a_file_in_memory_does(tmp_path_factory, todo):
    ours, model = Spill(tmp_path_factory.mktemp("spill"), memory=2 * CHUNK), io.BytesIO()
    for number, (what, place, size) in enumerate(todo):
        if what == "truncate":
            ours.truncate(place)
            model.truncate(min(place, len(model.getvalue())))
            continue
        assert ours.seek(place) == model.seek(place)
        if what == "write":
            data = bytes([number + 1]) * size
            assert ours.write(data) == model.write(data)
        else:
            assert ours.read(size) == model.read(size)
    ours.seek(0)
    model.seek(0)
    assert ours.read() == model.read()
    assert len(ours) == len(model.getvalue())


def test_what_does_not_fit_into_memory_is_on_the_disk_only_encrypted_and_nameless(tmp_path):
    spill = Spill(tmp_path, memory=2 * CHUNK)
    spill.write(b"canary 4111111111111111 " * (10 * CHUNK // 24))
    assert list(tmp_path.iterdir()) == []
    raw = os.pread(spill._file.fileno(), 20 * CHUNK, 0)
    assert len(raw) > 5 * CHUNK
    assert b"canary" not in raw
    spill.seek(3)
    assert spill.read(3) == b"ary"


def test_small_content_never_makes_a_file(tmp_path):
    spill = Spill(tmp_path / "none")
    spill.write(b"x" * CHUNK)
    assert spill._file is None
    assert not (tmp_path / "none").exists()


def test_an_altered_scratch_file_is_noticed(tmp_path):
    spill = Spill(tmp_path, memory=2 * CHUNK)
    spill.write(bytes(6 * CHUNK))
    os.pwrite(spill._file.fileno(), b"\x00" * 40, 100)
    spill.seek(0)
    with pytest.raises(SealedSegmentError):
        spill.read(1)


def test_two_chunks_cannot_change_places(tmp_path):
    spill = Spill(tmp_path, memory=2 * CHUNK)
    spill.write(bytes(6 * CHUNK))
    stored = CHUNK + 28
    os.pwrite(spill._file.fileno(), os.pread(spill._file.fileno(), stored, stored), 0)
    spill.seek(0)
    with pytest.raises(SealedSegmentError):
        spill.read(1)


def test_a_full_disk_is_told_as_what_it_is(tmp_path):
    spill = Spill(tmp_path, memory=2 * CHUNK)
    spill._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123
    with pytest.raises(StoreUnavailableError):
        spill.write(bytes(6 * CHUNK))


def test_a_closed_one_gives_nothing(tmp_path):
    spill = Spill(tmp_path)
    spill.write(b"abc")
    spill.close()
    with pytest.raises(ValueError, match="closed"):
        spill.write(b"d")
