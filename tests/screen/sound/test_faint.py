"""Keys that hide under louder sound at both ends of an entry: cut with it, and next to nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.screen.sound.made import RATE, VISA, hum, keyed
from tests.screen.sound.test_tones import keys_in, mulaw, under
from vault.screen.sound import faint, tones
from vault.screen.sound.decide import bursts
from vault.screen.sound.presses import SYMBOLS, Key

BEGIN = 3.0


def spans_of(found):
    return [burst.span for burst in bursts(found)]


def is_cut(span, found):
    return any(s.begin <= span[0] + 0.01 and s.end >= span[1] - 0.01 for s in spans_of(found))


def masked(text, places, *, pause=0.1):
    """Return keys, those at `places` under a hiss 12 dB louder than they are, and when each was pressed."""
    samples, times = keyed(text, 14, BEGIN, pause=pause)
    loud = np.random.default_rng(5).normal(0, 0.4, len(samples)).astype(np.float32)
    for n in places:
        first, last = (round(t * RATE) for t in (times[n][0] - 0.02, times[n][1] + 0.02))
        samples[first:last] += loud[first:last]
    return mulaw(samples * np.float32(0.5)), times


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("pause", [0.1, 0.5])
def test_keys_under_louder_sound_at_both_ends_of_an_entry_are_cut_with_it(count, pause):
    places = [*range(count), *range(16 - count, 16)]
    samples, times = masked(VISA, places, pause=pause)
    found = keys_in(samples)
    seen = [any(k.begin < e and k.end > b for k in found) for b, e in times]
    assert not any(seen[n] for n in places)
    assert all(is_cut(time, found) for time in times)


def test_a_key_found_alone_is_looked_beside_too():
    samples, times = masked("907", [0, 2], pause=0.2)
    assert all(is_cut(time, keys_in(samples)) for time in times)


def test_in_quiet_and_in_quieter_talk_nothing_is_cut_beside_an_entry():
    quiet = keyed(VISA, 12, BEGIN)
    talk = keyed(VISA, 12, BEGIN, under=under(-15, 12, seed=3))
    for samples, times in (quiet, talk):
        found = keys_in(mulaw(samples))
        (span,) = spans_of(found)
        assert span.begin == pytest.approx(times[0][0], abs=0.07)
        assert span.end == pytest.approx(times[-1][1], abs=0.07)


def test_what_is_cut_beside_an_entry_has_an_end():
    steady = np.random.default_rng(4).normal(0, 0.3, 40 * RATE).astype(np.float32)
    steady[15 * RATE : 18 * RATE] = 0
    samples, times = keyed("4111", 40, 16.0, pause=0.5, under=steady)
    found = keys_in(samples)
    (span,) = spans_of(found)
    assert times[0][0] - faint.AROUND - 0.1 <= span.begin < 15
    assert 18 < span.end <= times[-1][1] + faint.AROUND + 0.1


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=12))
def test_what_may_hide_does_not_depend_on_how_the_sound_is_cut_into_blocks(sizes):
    samples, _ = masked("41111111", [0, 7])
    whole = keys_in(samples, block=len(samples))
    assert whole[0].before > 0
    found, at = tones.Detector(RATE), 0
    for size in [*sizes, len(samples)]:
        found.feed(samples[at : at + size])
        at += size
    assert found.finish() == whole


def test_the_trail_keeps_what_is_near_keys_and_lets_go_of_the_rest():
    trail = faint.Trail(hop=0.008, size=0.0256, step=39.0625, first=5)
    rows = np.ones((125, 67), np.float32)
    for second in range(600):
        trail.add(125 * second, rows, [(300.2, 300.3)] if second == 300 else [], None)
    known = trail.levels(0, 600).max(axis=1) > -100
    reach = faint.NEAR + faint.AROUND
    assert known[round(291.3 / 0.008) : round(309.2 / 0.008)].all()
    assert np.count_nonzero(known) < (2 * reach + 4) / 0.008
    assert len(trail._recent) <= reach + 3


def test_the_trail_waits_for_a_key_that_is_held_down_and_not_for_ever():
    trail = faint.Trail(hop=0.008, size=0.0256, step=39.0625, first=5)
    for second in range(600):
        trail.add(125 * second, np.ones((125, 67), np.float32), [], 125 * 100)
        assert len(trail._recent) <= 1 + max(second - 100, 0) + 11 + (second < 100) * 100
    assert len(trail._recent) <= 30 + 12


def test_a_key_that_moves_takes_along_what_may_hide_beside_it():
    key = Key(SYMBOLS[0], 1.0, 1.1, 0.9, before=0.5, after=0.25)
    assert key.moved(5.0, 5.1) == Key(SYMBOLS[0], 5.0, 5.1, 0.9, before=0.5, after=0.25)
    (span,) = spans_of([key])
    assert (span.begin, span.end) == (pytest.approx(0.47), pytest.approx(1.38))


def test_sound_like_speech_alone_has_nothing_beside_it():
    assert keys_in(mulaw(hum(20, seed=8))) == []
