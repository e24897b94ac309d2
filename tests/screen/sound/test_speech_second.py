"""The second opinion hears whole readings that were left audible, by other means than the first ear."""

import json
from pathlib import Path

import av
import numpy as np
import pytest

from vault.screen.errors import PartMissingError
from vault.screen.sound import ear_whisper, speech_net
from vault.screen.sound.speech import RATE
from vault.screen.sound.speech_second import FEATURES, SecondEar

CLIPS = Path(__file__).parent / "clips"
TRUTH = json.loads((CLIPS / "truth.json").read_text("utf-8"))
READINGS = sorted(name for name in TRUTH if name.startswith("reading-"))


def sound_of(name):
    with av.open(str(CLIPS / f"{name}.wav")) as container:
        to = av.AudioResampler("flt", "mono", RATE)
        frames = [f for frame in container.decode(audio=0) for f in to.resample(frame)] + to.resample(None)
    return np.concatenate([f.to_ndarray()[0] for f in frames]).astype(np.float32)


@pytest.fixture(scope="module")
def ear():
    return SecondEar()


def test_a_reading_that_was_left_audible_is_heard(ear):  # it misses the other clips: see its module
    parts = [(begin, end) for begin, end, _, digits in TRUTH["reading-de"]["parts"] if digits]
    found = list(ear.listen([sound_of("reading-de")]))
    said = parts[-1][1] - parts[0][0]
    heard = sum(max(0.0, min(parts[-1][1], s.end) - max(parts[0][0], s.begin)) for s in found)
    assert heard > said / 2


@pytest.mark.parametrize("name", READINGS)
def test_nothing_is_heard_once_the_digits_are_silenced(ear, name):
    sound = sound_of(name)
    for begin, end, _, digits in TRUTH[name]["parts"]:
        if digits:
            sound[int((begin - 0.1) * RATE) : int((end + 0.1) * RATE)] = 0
    assert list(ear.listen([sound])) == []


def test_plain_talk_silence_and_tones_pass(ear):
    times = np.arange(20 * RATE) / RATE
    tone = (0.2 * (times % 0.4 < 0.2) * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    for sound in (sound_of("talk-en"), np.zeros(20 * RATE, np.float32), tone):
        assert list(ear.listen([sound])) == []


def test_blocks_of_any_size_give_the_same(ear):
    sound = np.concatenate([sound_of("talk-en"), sound_of("reading-de"), sound_of("reading-de")])
    whole = list(ear.listen([sound]))
    assert whole
    assert list(ear.listen(sound[at : at + 5_003] for at in range(0, len(sound), 5_003))) == whole


def test_it_needs_nothing_of_the_first_ear(ear, monkeypatch):
    monkeypatch.setattr(ear_whisper, "PACKAGE", "no_such_package_of_models")
    assert list(SecondEar().listen([sound_of("reading-de")])) == list(ear.listen([sound_of("reading-de")])) != []


def test_its_weights_are_for_its_own_features(ear):
    assert speech_net.Net("second", features=FEATURES).digest == ear.engines[0].digest
    with pytest.raises(PartMissingError, match="other features"):
        speech_net.Net("second", features=ear_whisper.MODEL_DIGEST)
