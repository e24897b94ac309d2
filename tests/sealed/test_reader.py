import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sealed.helpers import AAD, FIRST, KEY, MIB, OTHER
from tests.vectors.sealed.reference import plaintext_of
from vault.errors import SealedSegmentError
from vault.sealed.format import sealed_size_of
from vault.sealed.reader import SealedReader, open_all
from vault.sealed.writer import seal_small

PLAIN = plaintext_of(FIRST + 2 * OTHER + 4321)
BLOB, _ = seal_small(PLAIN, KEY, AAD)


class Counted(io.BytesIO):
    """A blob that counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken = 0

    def readinto(self, buffer) -> int:
        count = super().readinto(buffer)
        self.taken += count
        return count


class Trickle(io.BytesIO):
    """A blob that comes in small pieces, as from a network."""

    def readinto(self, buffer) -> int:
        return super().readinto(memoryview(buffer)[:4099])


def _opened(blob: bytes = BLOB, size: int | None = None) -> SealedReader:
    return SealedReader(io.BytesIO(blob), len(blob) if size is None else size, KEY, AAD)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) + 10), st.integers(0, len(PLAIN))), min_size=1, max_size=6))
def test_any_ranges_in_any_order_equal_slices_of_the_plaintext(ranges):
    with _opened() as reader:
        for start, length in ranges:
            assert reader.seek(start) == start
            assert reader.read(length) == PLAIN[start : start + length]
            assert reader.tell() == start + len(PLAIN[start : start + length])


@pytest.mark.parametrize("border", [0, FIRST, FIRST + OTHER, FIRST + 2 * OTHER, len(PLAIN)])
@pytest.mark.parametrize("length", [1, 2, 4096])
def test_ranges_across_a_border_equal_slices_of_the_plaintext(border, length):
    with _opened() as reader:
        for start in range(max(0, border - 2), border + 2):
            reader.seek(start)
            assert reader.read(length) == PLAIN[start : start + length]


def test_seek_counts_from_the_start_the_position_and_the_end():
    with _opened() as reader:
        assert reader.seek(10) == 10
        assert reader.seek(5, io.SEEK_CUR) == 15
        assert reader.seek(-3, io.SEEK_END) == len(PLAIN) - 3
        assert reader.read() == PLAIN[-3:]
        assert reader.seek(100, io.SEEK_END) == len(PLAIN) + 100
        assert reader.read(5) == b""


@pytest.mark.parametrize(("offset", "whence"), [(-1, io.SEEK_SET), (-1, io.SEEK_CUR), (0, 7)])
def test_seek_refuses_a_place_that_cannot_be(offset, whence):
    with _opened() as reader, pytest.raises(ValueError, match="expected a position of at least 0"):
        reader.seek(offset, whence)


def test_size_is_that_of_the_plaintext_before_anything_is_read():
    with _opened() as reader:
        assert reader.size == len(PLAIN)


def test_a_small_range_fetches_the_header_and_one_segment():
    raw = Counted(BLOB)
    with SealedReader(raw, len(BLOB), KEY, AAD) as reader:
        reader.seek(FIRST + 100)
        assert reader.read(10) == PLAIN[FIRST + 100 : FIRST + 110]
        assert raw.taken == 40 + MIB


def test_small_reads_of_one_segment_fetch_it_once():
    raw = Counted(BLOB)
    with SealedReader(raw, len(BLOB), KEY, AAD) as reader:
        while reader.tell() < FIRST:
            reader.read(FIRST // 8)
        assert raw.taken == MIB


def test_a_source_that_gives_little_at_a_time_is_read_whole():
    with SealedReader(Trickle(BLOB), len(BLOB), KEY, AAD) as reader:
        assert reader.read() == PLAIN


def test_a_buffered_reader_and_a_text_layer_work_on_top():
    blob, _ = seal_small("één\ntwee\n".encode() * 5, KEY, AAD)
    with io.TextIOWrapper(io.BufferedReader(_opened(blob)), encoding="utf-8") as text:
        assert text.readlines() == ["één\n", "twee\n"] * 5


def test_readinto_takes_any_writable_buffer():
    with _opened() as reader:
        buffer = bytearray(8)
        assert reader.readinto(memoryview(buffer).cast("I")) == 8
        assert bytes(buffer) == PLAIN[:8]


def test_a_read_of_nothing_gives_nothing_and_decrypts_nothing():
    raw = Counted(BLOB)
    with SealedReader(raw, len(BLOB), KEY, AAD) as reader:
        assert reader.read(0) == b""
        assert raw.taken == 40


def test_a_damaged_segment_costs_only_its_own_range():
    damaged = bytearray(BLOB)
    damaged[MIB + 5] ^= 1
    with _opened(bytes(damaged)) as reader:
        assert reader.read(FIRST) == PLAIN[:FIRST]
        with pytest.raises(SealedSegmentError, match="segment 1 of 4"):
            reader.read(1)
        assert reader.tell() == FIRST
        reader.seek(FIRST + OTHER)
        assert reader.read() == PLAIN[FIRST + OTHER :]


def test_after_a_failure_the_same_range_fails_again_and_gives_no_bytes():
    damaged = bytearray(BLOB)
    damaged[MIB + 5] ^= 1
    with _opened(bytes(damaged)) as reader:
        for _ in range(3):
            buffer = bytearray(100)
            reader.seek(FIRST)
            with pytest.raises(SealedSegmentError):
                reader.readinto(buffer)
            assert bytes(buffer) == bytes(100)


def test_a_failed_segment_does_not_pass_for_the_one_cached_before():
    damaged = bytearray(BLOB)
    damaged[MIB + 5] ^= 1
    with _opened(bytes(damaged)) as reader:
        assert reader.read(10) == PLAIN[:10]
        reader.seek(FIRST)
        with pytest.raises(SealedSegmentError):
            reader.read(10)
        reader.seek(0)
        assert reader.read(10) == PLAIN[:10]


def test_the_middle_of_a_truncated_blob_opens_when_the_true_size_is_told_and_the_end_does_not():
    with _opened(BLOB[: 3 * MIB], size=len(BLOB)) as reader:
        reader.seek(FIRST)
        assert reader.read(OTHER) == PLAIN[FIRST : FIRST + OTHER]
        reader.seek(-1, io.SEEK_END)
        with pytest.raises(SealedSegmentError, match=r"segment 3: expected \d+ bytes, got 0"):
            reader.read(1)


def test_a_blob_truncated_at_a_border_does_not_end_there_even_when_only_its_end_is_asked_for():
    with _opened(BLOB[: 3 * MIB]) as reader:
        reader.seek(0, io.SEEK_END)
        with pytest.raises(SealedSegmentError, match="segment 2 of 3"):
            reader.read(1)


def test_a_segment_read_before_does_not_vouch_for_the_end():
    with _opened(BLOB[: 3 * MIB]) as reader:
        assert reader.read(10) == PLAIN[:10]
        reader.seek(0, io.SEEK_END)
        with pytest.raises(SealedSegmentError, match="segment 2 of 3"):
            reader.read(1)


def test_the_end_is_verified_once():
    raw = Counted(BLOB)
    with SealedReader(raw, len(BLOB), KEY, AAD) as reader:
        assert reader.read() == PLAIN
        reader.seek(0)
        reader.read(1)
        taken = raw.taken
        reader.seek(0, io.SEEK_END)
        assert reader.read(1) == b""
        assert raw.taken == taken


def test_the_end_of_an_empty_blob_is_authenticated_before_it_is_told():
    blob, _ = seal_small(b"", KEY, AAD)
    assert open_all(blob, KEY, AAD) == b""
    for read in (SealedReader.read, SealedReader.readall, lambda reader: reader.read(10)):
        with _opened(blob[:-1] + bytes([blob[-1] ^ 1])) as reader, pytest.raises(SealedSegmentError, match="segment 0"):
            read(reader)


def test_a_told_size_that_is_too_large_or_too_small_is_found_out_at_the_end():
    for size in (len(BLOB) - 1, len(BLOB) + 1, sealed_size_of(len(PLAIN) + 2 * OTHER), 2 * MIB):
        with _opened(size=size) as reader, pytest.raises(SealedSegmentError):
            reader.read()


def test_a_closed_reader_refuses_and_leaves_the_blob_open():
    raw = io.BytesIO(BLOB)
    reader = SealedReader(raw, len(BLOB), KEY, AAD)
    reader.close()
    for act in (reader.read, reader.tell, lambda: reader.seek(0), lambda: reader.readinto(bytearray(1))):
        with pytest.raises(ValueError, match="closed"):
            act()
    assert not raw.closed


def test_a_reader_is_readable_and_seekable_and_not_writable():
    with _opened() as reader:
        assert (reader.readable(), reader.seekable(), reader.writable()) == (True, True, False)


def test_a_key_of_another_length_is_a_bug_of_the_caller():
    with pytest.raises(RuntimeError, match="data key of 32 bytes, got 16"):
        SealedReader(io.BytesIO(BLOB), len(BLOB), KEY[:16], AAD)
