import hashlib
import io
import itertools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import InvalidInputError
from tests.sealed.helpers import AAD, BORDER_SIZES, FIRST, KEY, OTHER, Pattern
from tests.vectors.sealed.reference import plaintext_of
from vault.sealed import format as sealed_format
from vault.sealed.format import sealed_size_of
from vault.sealed.reader import open_all
from vault.sealed.writer import SealedSummary, seal, seal_small

LARGE = FIRST + 6 * OTHER + 99


class BrokenError(Exception):
    pass


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def _check(blob: bytes, summary: SealedSummary, plain: bytes) -> None:
    assert open_all(blob, KEY, AAD) == plain
    assert summary == SealedSummary(
        len(plain), hashlib.sha256(plain).digest(), sealed_size_of(len(plain)), hashlib.sha256(blob).digest()
    )


@pytest.mark.parametrize("size", [*BORDER_SIZES, LARGE])
def test_the_summary_and_the_plaintext_are_those_of_the_source(size):
    plain = plaintext_of(size)
    blob = io.BytesIO()
    summary = seal(io.BytesIO(plain), blob.write, KEY, AAD)
    _check(blob.getvalue(), summary, plain)
    small, summary = seal_small(plain, KEY, AAD)
    _check(small, summary, plain)


@pytest.mark.parametrize("at_once", [1021, 2**20])
def test_a_source_may_give_any_part_of_what_is_asked(at_once):
    blob = io.BytesIO()
    summary = seal(Pattern(LARGE, at_once), blob.write, KEY, AAD)
    _check(blob.getvalue(), summary, plaintext_of(LARGE))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, OTHER), max_size=8))
def test_chunks_of_any_sizes_make_the_blob_of_their_concatenation(sizes):
    plain = plaintext_of(sum(sizes))
    ends = list(itertools.accumulate(sizes, initial=0))
    blob = io.BytesIO()
    summary = seal((plain[a:b] for a, b in itertools.pairwise(ends)), blob.write, KEY, AAD)
    _check(blob.getvalue(), summary, plain)


@pytest.mark.parametrize("size", [10, FIRST, LARGE])
def test_a_sink_may_take_any_part_of_what_it_is_given(size):
    blob = io.BytesIO()
    summary = seal(Pattern(size), lambda view: blob.write(view[:70001]), KEY, AAD)
    _check(blob.getvalue(), summary, plaintext_of(size))


@pytest.mark.parametrize("size", [10, FIRST, LARGE])
@pytest.mark.parametrize("answer", [None, 0, -1, 2**21])
def test_a_sink_that_does_not_say_how_much_it_took_is_a_bug_of_the_caller(size, answer):
    with pytest.raises(RuntimeError, match=f"expected the sink to take .* got {answer}"):
        seal(Pattern(size), lambda _: answer, KEY, AAD)


@pytest.mark.parametrize("answer", [None, -1, 2**21])
def test_a_source_that_does_not_say_how_much_it_gave_is_a_bug_of_the_caller(answer):
    class Odd(Pattern):
        def readinto(self, buffer):
            return answer

    with pytest.raises(RuntimeError, match=f"expected a reader to give .* got {answer}"):
        seal(Odd(10), len, KEY, AAD)


def test_the_sink_cannot_alter_what_it_is_given():
    def spoil(view):
        view[0] = 0
        return len(view)

    with pytest.raises(TypeError, match="read-only"):
        seal(Pattern(LARGE), spoil, KEY, AAD)


@pytest.mark.parametrize("after", [0, 1, FIRST, FIRST + 1, FIRST + OTHER + 5, FIRST + 5 * OTHER])
def test_an_error_of_the_source_comes_out_unchanged(after):
    def chunks():
        yield bytes(after)
        raise BrokenError

    with pytest.raises(BrokenError):
        seal(chunks(), len, KEY, AAD)


@pytest.mark.parametrize("calls", [0, 1, 2, 6])
def test_an_error_of_the_sink_comes_out_unchanged(calls):
    count = itertools.count()

    def sink(view):
        if next(count) == calls:
            raise BrokenError
        return len(view)

    with pytest.raises(BrokenError):
        seal(Pattern(LARGE), sink, KEY, AAD)


@pytest.mark.parametrize("failing", [0, 1, 6, 7])
def test_a_digest_that_fails_to_take_a_segment_gives_no_summary(failing, monkeypatch):
    class Digest:
        def __init__(self):
            self.calls = itertools.count()

        def update(self, _):
            if next(self.calls) == failing:
                raise BrokenError

        def digest(self):
            return b""

    monkeypatch.setattr(hashlib, "sha256", Digest)
    with pytest.raises(BrokenError):
        seal(Pattern(LARGE), len, KEY, AAD)


@pytest.mark.parametrize("size", [10, LARGE])
def test_an_error_of_the_progress_callback_comes_out_unchanged(size):
    def stop(_):
        raise BrokenError

    with pytest.raises(BrokenError):
        seal(Pattern(size), len, KEY, AAD, on_chunk=stop)


@pytest.mark.parametrize("size", [0, 10, 2**16, FIRST, FIRST + 1, LARGE])
def test_progress_is_told_after_each_segment_is_written_and_adds_up(size):
    written, told = [], []

    def sink(view):
        written.append(len(view))
        return len(view)

    def on_chunk(count):
        told.append(count)
        assert sum(written) >= sum(told)
        assert len(written) == len(told)

    seal(Pattern(size), sink, KEY, AAD, on_chunk=on_chunk)
    assert sum(told) == size


@pytest.mark.parametrize("size", [0, 1, 2**16 - 1, 2**16, FIRST - 1, FIRST])
def test_what_fits_in_one_segment_is_sealed_without_a_thread(size, monkeypatch):
    def refuse(_):
        raise BrokenError

    monkeypatch.setattr(threading.Thread, "start", refuse)
    blob = io.BytesIO()
    summary = seal(Pattern(size), blob.write, KEY, AAD)
    _check(blob.getvalue(), summary, plaintext_of(size))
    _check(*seal_small(plaintext_of(size), KEY, AAD), plaintext_of(size))
    with pytest.raises(BrokenError):
        seal(Pattern(FIRST + 1), len, KEY, AAD)


def test_a_source_is_not_read_again_after_it_has_ended():
    class Once(Pattern):
        ended = False

        def readinto(self, buffer):
            assert not self.ended
            count = super().readinto(buffer)
            self.ended = count == 0
            return count

    for size in (0, 5, 2**16, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHER, LARGE):
        assert seal(Once(size), len, KEY, AAD).plain_size == size


def test_more_segments_than_the_counter_holds_are_refused_before_a_nonce_repeats(monkeypatch):
    """SEAL-10, with a counter that is small enough to reach its end."""
    monkeypatch.setattr(sealed_format, "MAX_SEGMENTS", 3)
    assert seal(Pattern(FIRST + 2 * OTHER), len, KEY, AAD).plain_size == FIRST + 2 * OTHER
    written = []
    with pytest.raises(InvalidInputError, match="at most 3 segments"):
        seal(Pattern(FIRST + 2 * OTHER + 1), lambda view: written.append(len(view)) or len(view), KEY, AAD)
    assert len(written) == 3


def test_two_blobs_of_the_same_bytes_share_no_salt_prefix_or_ciphertext():
    """SEAL-03."""
    blobs = [seal_small(b"the same", KEY, AAD)[0] for _ in range(200)]
    for start, end in ((1, 33), (33, 40), (40, 48), (48, 64)):
        assert len({blob[start:end] for blob in blobs}) == 200


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_a_bug_of_the_caller(size):
    with pytest.raises(RuntimeError, match=f"data key of 32 bytes, got {size}"):
        seal(Pattern(1), len, bytes(size), AAD)
    with pytest.raises(RuntimeError, match=f"data key of 32 bytes, got {size}"):
        seal_small(b"x", bytes(size), AAD)


def test_several_threads_may_seal_at_once():
    plain = plaintext_of(FIRST + 2 * OTHER)
    done = []

    def work():
        blob = io.BytesIO()
        done.append((seal(io.BytesIO(plain), blob.write, KEY, AAD), blob))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 6
    for summary, blob in done:
        _check(blob.getvalue(), summary, plain)
