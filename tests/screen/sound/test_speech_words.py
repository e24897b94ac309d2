"""Words with times, for transcripts and to tell numbers apart."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from vault.screen.errors import PartMissingError
from vault.screen.sound.ear_whisper import MODEL_DIGEST
from vault.screen.sound.speech_words import Words

CLIPS = Path(__file__).parent / "clips"


def sound_of(name):
    with av.open(str(CLIPS / f"{name}.wav")) as container:
        to = av.AudioResampler("flt", "mono", 16_000)
        frames = [f for frame in container.decode(audio=0) for f in to.resample(frame)] + to.resample(None)
    return np.concatenate([f.to_ndarray()[0] for f in frames]).astype(np.float32)


@pytest.fixture(scope="module")
def words():
    return Words()


def test_words_are_heard_in_order_with_their_times(words):
    found = words.hear(sound_of("code-en"))
    assert [word.text.lower().strip(".,") for word in found[:4]] == ["the", "security", "code", "is"]
    assert any(any(char.isdigit() for char in word.text) and 2 < word.begin < word.end < 4 for word in found)
    assert all(a.begin <= b.begin for a, b in pairwise(found))
    assert all(0 <= word.sure <= 1 for word in found)


def test_silence_has_no_digits(words):
    assert not any(char.isdigit() for word in words.hear(np.zeros(32_000, np.float32)) for char in word.text)


def test_the_model_is_named_and_english_only(words):
    assert words.engine.digest == MODEL_DIGEST
    assert not words.multilingual


def test_a_folder_without_a_model_is_told(tmp_path):
    with pytest.raises(PartMissingError, match=r"tokenizer\.json"):
        Words(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(PartMissingError, match="cannot be loaded"):
        Words(tmp_path)
