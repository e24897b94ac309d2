import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.screen.sound.made import RATE, hum, key, keyed
from vault.screen.sound import pairs, tones
from vault.screen.sound.tones import SYMBOLS

DETECTORS = [tones.Detector, pairs.Detector]


def keys_in(samples, rate=RATE, detector=tones.Detector, block=RATE):
    found = detector(rate)
    for at in range(0, len(samples), block):
        found.feed(samples[at : at + block])
    return found.finish()


def mulaw(samples):
    """Quantise as a telephone line does."""
    folded = np.sign(samples) * np.log1p(255 * np.minimum(np.abs(samples), 1)) / np.log(256)
    coarse = np.round(folded * 127) / 127
    return (np.sign(coarse) * (256 ** np.abs(coarse) - 1) / 255).astype(np.float32)


def under(ratio_db, seconds, seed):
    """Return sound like speech whose loud parts are so many dB above the tones of level 0.1."""
    voice = hum(seconds, seed=seed)
    loud = np.sqrt((voice[np.abs(voice) > 0.01 * np.abs(voice).max()] ** 2).mean())
    return voice * np.float32(0.1 * 10 ** (ratio_db / 20) / loud)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("rate", [8000, 11025, 16000])
def test_every_key_is_read_at_every_rate(detector, rate):
    samples, times = keyed(SYMBOLS, seconds=5, rate=rate)
    found = keys_in(samples, rate, detector)
    assert "".join(k.symbol for k in found) == SYMBOLS
    for one, (begin, end) in zip(found, times, strict=True):
        assert abs(one.begin - begin) < 0.03
        assert abs(one.end - end) < 0.03


@pytest.mark.parametrize("tone", [0.04, 0.05, 0.07, 0.1])
@pytest.mark.parametrize("level", [None, -15, -10, -5])
def test_keys_are_found_under_speech_off_their_frequency_and_twisted(tone, level):
    rng = np.random.default_rng(round(tone * 100) + 1000 * (level or 0) + 10**6)
    symbols = [SYMBOLS[n] for n in rng.integers(0, 16, 60)]
    base = np.zeros(12 * RATE, np.float32) if level is None else under(level, 12, seed=5)
    truth = []
    for n, symbol in enumerate(symbols):
        one = key(symbol, tone, detune=rng.uniform(-0.015, 0.015), twist=rng.uniform(-4, 4))
        first = round((0.5 + n * 0.19) * RATE)
        base[first : first + len(one)] += one
        truth.append((first / RATE, (first + len(one)) / RATE, symbol))
    base += rng.normal(0, 0.003, len(base)).astype(np.float32)
    found = keys_in(mulaw(base))
    missed = [t for t in truth if not any(k.symbol == t[2] and k.begin < t[1] and k.end > t[0] for k in found)]
    assert len(missed) <= (1 if level == -5 else 0)
    assert not [k for k in found if not any(k.begin < t[1] + 0.02 and k.end > t[0] - 0.02 for t in truth)]


@pytest.mark.parametrize("detector", DETECTORS)
def test_sound_without_keys_has_none(detector):
    rng = np.random.default_rng(3)
    time = np.arange(10 * RATE) / RATE
    ringing = 0.1 * (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 480 * time))
    fax = 0.2 * np.sin(2 * np.pi * 1100 * time)
    chord = sum(0.05 * np.sin(2 * np.pi * f * time) for f in (261.6, 329.6, 392.0, 523.3, 784.0, 1046.5, 1318.5))
    others = [ringing, fax, chord, 0.05 * rng.normal(size=len(time)), *(hum(10, seed=n) for n in range(3))]
    for sound in others:
        assert keys_in(np.asarray(sound, np.float32), detector=detector) == []


@pytest.mark.parametrize("detector", DETECTORS)
def test_one_tone_of_the_two_is_no_key(detector):
    time = np.arange(RATE) / RATE
    for frequency in (*tones.LOW, *tones.HIGH):
        assert keys_in((0.2 * np.sin(2 * np.pi * frequency * time)).astype(np.float32), detector=detector) == []


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("detune", [-0.05, 0.05])
def test_tones_far_off_the_frequency_are_no_key(detector, detune):
    assert (
        keys_in(np.concatenate([np.zeros(4000), key("5", 0.3, detune=detune)]).astype(np.float32), RATE, detector) == []
    )


def test_a_key_held_down_is_one_key():
    samples = np.concatenate([np.zeros(4000, np.float32), key("7", 9.0), np.zeros(4000, np.float32)])
    (found,) = keys_in(samples)
    assert found.symbol == "7"
    assert found.begin == pytest.approx(0.5, abs=0.03)
    assert found.end == pytest.approx(9.5, abs=0.03)


def test_the_same_key_pressed_twice_is_two():
    samples, _ = keyed("5555", pause=0.05, tone=0.05)
    assert [k.symbol for k in keys_in(samples)] == ["5"] * 4


def test_keys_at_the_very_start_and_end_are_found():
    samples = np.concatenate([key("1"), np.zeros(2000, np.float32), key("2")])
    assert [k.symbol for k in keys_in(samples)] == ["1", "2"]


def test_quiet_keys_are_found():
    samples, _ = keyed("0123456789")
    assert len(keys_in(mulaw(samples * np.float32(0.03)))) == 10


def test_a_doubtful_hit_counts_only_near_one_that_is_believed():
    weak = tones.Hit("1", 10.0, 10.05, np.zeros(10, np.float32))
    assert weak.score < tones.SENSITIVE
    sharp, _ = keyed("12", seconds=2)
    detector = tones.Detector(RATE)
    detector.feed(sharp)
    detector.finish()
    first, second = detector.hits
    assert min(first.score, second.score) > tones.STRICT
    unsure = features_of_score(first, (tones.SENSITIVE + tones.PAIR) / 2)
    near, far = unsure._replace(begin=4.0, end=4.1), unsure._replace(begin=9.0, end=9.1)
    assert [k.begin for k in tones.believed([first, near, far])] == [first.begin, 4.0]
    fair = features_of_score(first, (tones.PAIR + tones.STRICT) / 2)
    assert tones.believed([fair]) == []
    assert len(tones.believed([fair, fair._replace(begin=3.0, end=3.1)])) == 2
    assert tones.believed([fair, fair._replace(begin=7.0, end=7.1)]) == []


def features_of_score(hit, score):
    """Return a hit like another, of which the levels wander so much that it has the score."""
    features = hit.features.copy()
    features[5] += (score - hit.score) / tones._WEIGHTS[5]
    changed = hit._replace(features=features)
    assert changed.score == pytest.approx(score, abs=0.01)
    return changed


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=12), st.sampled_from(DETECTORS))
def test_the_keys_do_not_depend_on_how_the_sound_is_cut_into_blocks(sizes, detector):
    samples, _ = keyed("4111#", under=hum(3, seed=2) * np.float32(0.3))
    whole = keys_in(samples, detector=detector, block=len(samples))
    found, at = detector(RATE), 0
    for size in [*sizes, len(samples)]:
        found.feed(samples[at : at + size])
        at += size
    pieces = found.finish()
    assert [(k.symbol, k.begin, k.end) for k in pieces] == [(k.symbol, k.begin, k.end) for k in whole]
