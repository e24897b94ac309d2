"""The rules that turn chances into stretches."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.screen.sound.speech_spans import ANCHOR, FRAMES, GAP, NEAR, Levels, spans

LEVELS = Levels(low=0.2, high=0.5, least=0.5, near=0.2, smooth=1, pad=0.15)


def chances(*bursts, seconds=60.0, level=0.9):
    found = np.full(int(seconds * FRAMES), 0.01, np.float32)
    for begin, end in bursts:
        found[int(begin * FRAMES) : int(end * FRAMES)] = level
    return found


def found(*bursts, seconds=60.0, level=0.9):
    return [
        (round(s.begin, 2), round(s.end, 2)) for s in spans([chances(*bursts, seconds=seconds, level=level)], LEVELS)
    ]


def test_a_run_is_cut_with_padding_at_both_ends():
    assert found((10, 11)) == [(9.85, 11.15)]


def test_padding_does_not_reach_before_the_beginning():
    assert found((0.1, 1)) == [(0, 1.15)]


def test_a_word_that_sounds_like_a_digit_is_let_alone():
    assert found((10, 10.4)) == []


def test_words_that_come_to_enough_together_are_cut_as_one():
    assert found((10, 10.3), (11.2, 11.5)) == [(9.85, 11.65)]


def test_words_further_apart_are_not_counted_together():
    assert found((10, 10.3), (10.3 + GAP + 0.1, 12)) == []


def test_what_never_is_likely_enough_is_let_alone():
    assert found((10, 20), level=0.4) == []


def test_less_likely_frames_belong_to_a_run_that_is_likely_elsewhere():
    values = chances((10, 12), level=0.3)
    values[int(11 * FRAMES) : int(11.6 * FRAMES)] = 0.9
    assert [(s.begin, s.end) for s in spans([values], LEVELS)] == [(pytest.approx(9.85), pytest.approx(12.15))]


@pytest.mark.parametrize("at", [12 + ANCHOR + 3, 12 + ANCHOR + NEAR - 0.5, 12 - 5, 12 - NEAR + 1])
def test_a_lone_digit_near_a_reading_is_cut_with_it(at):
    reading = (12.0, 12 + ANCHOR + 0.1)
    assert len(found(reading, (at, at + 0.3))) == 2


def test_a_lone_digit_far_from_a_reading_is_let_alone():
    reading = (12.0, 14.0)
    assert found(reading, (14.5 + NEAR, 14.8 + NEAR)) == found(reading)
    assert found((0.5, 0.8), (1.5 + NEAR, 4 + NEAR)) == found((1.5 + NEAR, 4 + NEAR))


def test_a_short_number_is_no_reading_that_draws_others_in():
    assert len(found((12, 12.6), (15, 15.3))) == 1


ROW = replace(LEVELS, row=3)


def in_a_row(*bursts, level=0.3, levels=ROW):
    """Return what is cut of bursts that are unsure: none is cut alone, and together they are no reading."""
    return [(round(s.begin, 2), round(s.end, 2)) for s in spans([chances(*bursts, level=level)], levels)]


@pytest.mark.parametrize("gap", [GAP + 0.1, 3.0, 5.7])
def test_digits_given_one_by_one_are_cut_however_unsure_each_is(gap):
    digits = [(10 + n * (gap + 0.3), 10.3 + n * (gap + 0.3)) for n in range(6)]
    assert np.allclose(in_a_row(*digits), [(b - 0.15, e + 0.15) for b, e in digits], atol=0.03)  # a frame more or less


def test_two_possible_digits_are_no_row():
    assert in_a_row((10, 10.3), (13, 13.3)) == []


def test_a_row_lies_within_the_time_that_is_near():
    assert len(in_a_row((10, 10.3), (13, 13.3), (10.3 + NEAR, 10.6 + NEAR))) == 3
    assert in_a_row((10, 10.3), (13, 13.3), (10.4 + NEAR, 10.7 + NEAR)) == []


def test_what_is_too_short_for_a_digit_is_none_of_a_row():
    assert in_a_row((10, 10.3), (13, 13.16), (16, 16.3)) == []


def joined(count, level):
    """Return digits in the middle of a cluster that talk joins: what is said in the pauses is unsure at best."""
    apart = LEVELS.near + GAP + 0.1
    values = chances((10, 10.3 + (count - 1) * apart), level=0.3)
    for n in range(count):
        values[int((10 + n * apart) * FRAMES) : int((10.12 + n * apart) * FRAMES)] = level
    return values


def test_digits_that_talk_joins_count_in_a_row_for_as_many_as_they_may_be():
    assert len(list(spans([joined(3, 0.9)], ROW))) == 1
    assert list(spans([joined(2, 0.9)], ROW)) == []
    one_more = np.maximum(joined(2, 0.9), chances((16, 16.3), level=0.3))
    assert len(list(spans([one_more], ROW))) == 2


def test_talk_that_is_never_surely_a_digit_counts_in_a_row_for_one_however_long():
    assert list(spans([joined(3, 0.3)], ROW)) == []
    assert in_a_row((10, 18), (20, 20.3)) == []
    assert len(in_a_row((10, 18), (20, 20.3), (22, 22.3))) == 3


def test_sure_digits_in_one_breath_count_in_a_row_for_one():
    assert in_a_row((10, 10.4), (13, 13.4), level=0.9) == []


def test_without_a_row_digits_given_one_by_one_are_let_alone():
    assert in_a_row((10, 10.3), (13, 13.3), (16, 16.3), levels=LEVELS) == []


bursts = st.lists(st.tuples(st.floats(0, 58), st.floats(0.02, 4)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(bursts, st.lists(st.integers(0, 3_000), max_size=12), st.sampled_from([1, 3, 15]), st.sampled_from([0.3, 0.9]))
def test_blocks_of_any_size_give_the_same(what, cuts, smooth, level):
    values = chances(*((begin, begin + length) for begin, length in what), level=level)
    levels = replace(ROW, smooth=smooth)
    assert list(spans(np.split(values, sorted(cuts)), levels)) == list(spans([values], levels))


@settings(max_examples=150, deadline=None)
@given(bursts)
def test_stretches_are_in_order_apart_and_cover_every_long_run(what):
    values = chances(*((begin, begin + length) for begin, length in what))
    result = list(spans([values], LEVELS))
    assert all(s.begin < s.end and s.sure >= 0.5 for s in result)
    assert all(b.begin - a.end >= GAP - 2 * LEVELS.pad - 1e-6 for a, b in pairwise(result))
    over = np.flatnonzero(np.diff(np.concatenate([[0], values > 0.5, [0]])))
    for begin, end in zip(over[::2] / FRAMES, over[1::2] / FRAMES, strict=True):
        if end - begin >= LEVELS.least:
            assert any(s.begin <= begin and end <= s.end for s in result)


short = st.lists(st.tuples(st.integers(0, 290), st.floats(0.1, 0.4)).map(lambda b: (b[0] / 20, b[1])), max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.one_of(bursts, short), st.one_of(bursts, short), st.sampled_from([LEVELS, ROW]))
def test_more_digits_never_cut_less(what, more, levels):
    less = chances(*((begin, begin + length) for begin, length in what))
    both = np.maximum(less, chances(*((begin, begin + length) for begin, length in more)))
    wide = list(spans([both], levels))
    for stretch in spans([less], levels):
        assert any(w.begin <= stretch.begin and stretch.end <= w.end for w in wide)
