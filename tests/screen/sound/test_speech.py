"""Spoken digits are found in real (synthetic) speech over a telephone line; talk, music and silence are let alone."""

import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from vault.screen.errors import PartMissingError
from vault.screen.sound import ear_whisper, speech_net
from vault.screen.sound.speech import RATE, Ear

CLIPS = Path(__file__).parent / "clips"
TRUTH = json.loads((CLIPS / "truth.json").read_text("utf-8"))
READINGS = sorted(name for name in TRUTH if name.startswith("reading-"))


def sound_of(name):
    with av.open(str(CLIPS / f"{name}.wav")) as container:
        to = av.AudioResampler("flt", "mono", RATE)
        frames = [f for frame in container.decode(audio=0) for f in to.resample(frame)] + to.resample(None)
    return np.concatenate([f.to_ndarray()[0] for f in frames]).astype(np.float32)


def share(begin, end, found):
    return sum(max(0.0, min(end, s.end) - max(begin, s.begin)) for s in found) / (end - begin)


def digits_of(name):
    return [(begin, end) for begin, end, _, digits in TRUTH[name]["parts"] if digits]


@pytest.fixture(scope="module")
def ear():
    return Ear()


@pytest.mark.parametrize("name", [*READINGS, "code-en"])
def test_every_moment_of_every_digit_is_found(ear, name):
    found = list(ear.listen([sound_of(name)]))
    assert digits_of(name)
    assert [share(begin, end, found) for begin, end in digits_of(name)] == [1.0] * len(digits_of(name))


def one_by_one(name, seconds):
    """Return a clip's digits, each beginning `seconds` after the one before, in a line's noise; and where they are."""
    sound, noise = sound_of(name), np.random.default_rng(2).standard_normal(int(40 * RATE)).astype(np.float32)
    made = 0.0005 * noise
    where = []
    for number, (begin, end) in enumerate(digits_of(name)):
        at = 2 + number * seconds
        piece = sound[int((begin - 0.12) * RATE) : int((end + 0.12) * RATE)]
        made[int((at - 0.12) * RATE) :][: len(piece)] = piece
        where.append((at, at + end - begin))
    return made, where


@pytest.mark.parametrize("name", ["apart-en", "apart-de"])
@pytest.mark.parametrize("seconds", [2.0, 3.0, 5.0])
def test_digits_given_one_by_one_are_found(ear, name, seconds):
    sound, where = one_by_one(name, seconds)
    found = list(ear.listen([sound]))
    assert [share(begin, end, found) for begin, end in where] == [1.0] * len(where)


def test_the_clips_are_in_the_four_languages():
    assert {TRUTH[name]["language"] for name in READINGS} == {"en", "es", "fr", "de"}


def test_plain_talk_is_let_alone_even_where_it_sounds_like_numbers(ear):
    assert list(ear.listen([sound_of("talk-en")])) == []


def test_a_code_is_cut_and_what_leads_to_it_is_not(ear):
    found = list(ear.listen([sound_of("code-en")]))
    lead, code, _ = TRUTH["code-en"]["parts"]  # a word within speech_spans.GAP after a code may be cut with it
    assert len(found) == 1
    assert share(*code[:2], found) == 1.0
    assert share(*lead[:2], found) < 0.1


def chords(seconds):
    times = np.arange(int(seconds * RATE)) / RATE
    found = np.zeros(len(times))
    for number, root in enumerate((220, 262, 196, 175)):
        part = (times * 2).astype(int) % 4 == number
        for step in (1, 1.26, 1.5, 2):
            found += part * np.sin(2 * np.pi * root * step * times) * np.exp(-3 * (times * 2 % 1))
    return (0.1 * found).astype(np.float32)


def keys(seconds):
    times = np.arange(int(seconds * RATE)) / RATE
    on = times % 0.2 < 0.1
    return (0.2 * on * (np.sin(2 * np.pi * 770 * times) + np.sin(2 * np.pi * 1336 * times))).astype(np.float32)


@pytest.mark.parametrize(
    "sound",
    [
        chords(25),
        keys(12),
        np.zeros(25 * RATE, np.float32),
        (0.05 * np.random.default_rng(1).standard_normal(15 * RATE)).astype(np.float32),
    ],
    ids=["music", "keys", "silence", "noise"],
)
def test_what_nobody_says_is_let_alone(ear, sound):
    assert list(ear.listen([sound])) == []


def test_blocks_of_any_size_give_the_same(ear):
    sound = np.concatenate([sound_of("talk-en"), sound_of("reading-en"), sound_of("reading-de"), sound_of("code-en")])
    whole = list(ear.listen([sound]))
    rng = np.random.default_rng(3)
    cuts = np.sort(rng.integers(0, len(sound), 200))
    assert len(whole) >= 2
    assert list(ear.listen(np.split(sound, cuts))) == whole
    assert list(ear.listen(sound[at : at + 7_001] for at in range(0, len(sound), 7_001))) == whole


def test_a_reading_across_the_edge_of_a_window_is_found_whole(ear):
    for shift in (3.0, 5.5, 7.0):
        sound = np.concatenate([np.zeros(int(shift * RATE), np.float32), sound_of("reading-en")])
        found = list(ear.listen([sound]))
        assert all(share(begin + shift, end + shift, found) == 1.0 for begin, end in digits_of("reading-en"))


def test_level_does_not_matter(ear):
    quiet = list(ear.listen([0.03 * sound_of("reading-en")]))
    assert all(share(begin, end, quiet) == 1.0 for begin, end in digits_of("reading-en"))


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(1, np.float32), np.zeros(321, np.float32)])
def test_next_to_no_sound_is_no_digit(ear, sound):
    assert list(ear.listen([sound])) == []
    assert list(ear.listen([])) == []


def test_stretches_are_in_order_and_apart(ear):
    sound = np.concatenate([*(np.append(sound_of(name), np.zeros(2 * RATE, np.float32)) for name in READINGS)])
    found = list(ear.listen([sound]))
    assert len(found) >= len(READINGS)
    assert all(0 <= s.begin < s.end and 0 < s.sure <= 1 for s in found)
    assert all(a.end <= b.begin for a, b in pairwise(found))


def test_it_takes_the_sound_as_it_needs_it_and_not_all_at_once(ear):
    taken = 0

    def blocks():
        nonlocal taken
        for name in ("reading-en", "silence", "reading-de", *["silence"] * 10):
            taken += 1
            yield np.zeros(15 * RATE, np.float32) if name == "silence" else sound_of(name)

    assert next(ear.listen(blocks())).begin < 10
    assert taken < 8


def test_the_parts_are_named_with_version_and_digest(ear):
    assert [engine.name for engine in ear.engines] == ["whisper-tiny.en encoder, CTranslate2", "spoken digits"]
    assert ear.engines[0].digest == ear_whisper.MODEL_DIGEST
    assert all(engine.version and len(engine.digest) == 64 for engine in ear.engines)


def test_what_the_weights_say_of_themselves_fits_the_code(ear):
    net = speech_net.Net("digits", features=ear_whisper.MODEL_DIGEST)
    recall = net.about["recall"]
    assert ear.languages == {language for language, value in recall.items() if value >= 0.95}
    assert "en" in ear.languages
    assert set(recall) <= {"en", "es", "fr", "de"}
    assert net.layers[0].weights.shape[1] == ear_whisper.WIDTH
    assert net.about["offsets"] == [list(layer.offsets) for layer in net.layers]


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setattr(ear_whisper, "PACKAGE", "no_such_package_of_models")
    with pytest.raises(PartMissingError, match="no-such-package-of-models is not installed"):
        Ear()


def test_a_package_without_its_model_is_told(monkeypatch):
    monkeypatch.setattr(ear_whisper, "PACKAGE", "email")
    with pytest.raises(PartMissingError, match="has no model"):
        Ear()


def test_another_model_than_the_one_measured_is_refused(monkeypatch, tmp_path):
    (tmp_path / "altered_models/model").mkdir(parents=True)
    (tmp_path / "altered_models/__init__.py").write_text("")
    (tmp_path / "altered_models/model/model.bin").write_bytes(b"not the model")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(ear_whisper, "PACKAGE", "altered_models")
    with pytest.raises(PartMissingError, match="SHA-256"):
        Ear()


def test_weights_for_other_features_are_refused():
    with pytest.raises(PartMissingError, match="other features"):
        speech_net.Net("digits", features="0" * 64)


def test_missing_weights_are_told():
    with pytest.raises(PartMissingError, match="missing or damaged"):
        speech_net.Net("nothing", features=ear_whisper.MODEL_DIGEST)
