"""Calls with their words: transcripts, and numbers that `balanced` lets stay; real models on (synthetic) speech."""

import builtins
import io
import re

import numpy as np
import pytest

from tests.screen.sound.made import Told, encoded, mulaw_wav, sound_of
from tests.screen.sound.test_speech import TRUTH
from tests.screen.sound.test_speech import sound_of as clip
from vault.screen.errors import PartMissingError, UnscreenableError, Why
from vault.screen.options import Options, Preset
from vault.screen.outcome import FindingKind, Medium
from vault.screen.sound import redact as sound
from vault.screen.sound.decide import silences
from vault.screen.sound.recheck import recheck
from vault.screen.sound.speech import RATE, Ear
from vault.screen.sound.speech_words import Words
from vault.screen.text.redact import rescan
from vault.screen.work.parts import Parts
from vault.sealed.spill import Spill

PAUSE = np.zeros(RATE // 2, np.float32)
NUMBER = clip("reading-en")[int(1.9 * RATE) : int(4.3 * RATE)]  # eight digits, nothing about cards
TELEPHONE = np.concatenate([clip("talk-en"), NUMBER, PAUSE, clip("talk-en")])
CALL = np.concatenate([clip("talk-en"), clip("reading-en"), clip("code-en")])
BALANCED = Options(preset=Preset.BALANCED)


@pytest.fixture(scope="module")
def ear():
    return Ear()


@pytest.fixture(scope="module")
def words():
    return Words()


class Failing:
    """A recogniser of words that fails over everything, or over all but the first few pieces."""

    engine, multilingual = None, False

    def __init__(self, words=None, good=0):
        self.words, self.good = words, good

    def hear(self, sound, *, language):
        self.good -= 1
        if self.good < 0:
            raise UnscreenableError("the recogniser of words failed", why=Why.PART_MISSING)
        return self.words.hear(sound, language=language)


def cuts(samples, options, ear, words):
    return sound.find_cuts(io.BytesIO(mulaw_wav(samples, RATE)), options, ear, lambda _: None, words=words)


def test_a_transcript_is_made_of_what_stays_and_holds_no_card(ear, words, tmp_path):
    content = mulaw_wav(CALL, RATE)
    with Spill(tmp_path) as sink:
        outcome = sound.redact(
            "audio/wav", io.BytesIO(content), sink, Options(transcript=True), ear, lambda _: None, words
        )
    told = outcome.transcript.decode()
    assert told.startswith("WEBVTT\n")
    said = " ".join(re.sub(r"[0-9:.]+ --> [0-9:.]+", "", told).split())
    assert "anything else that I can do for you? My card [redacted]" in said
    assert said.count("[redacted]") >= 2
    assert not re.search(r"[0-9]", said)
    assert rescan("text/vtt", outcome.transcript, Options()) == ()
    assert [e.name for e in outcome.engines][2:] == ["whisper, faster-whisper", "strongroom-sound", "strongroom-digits"]
    assert len(outcome.engines[2].digest) == 64


def test_without_the_setting_there_is_no_transcript_and_no_word_is_heard(ear):
    found = cuts(CALL, Options(), ear, Failing())
    assert found.transcript is None
    assert len(found.findings) >= 2


def test_words_add_the_cuts_that_the_listener_missed(words):
    found = cuts(CALL, Options(transcript=True), Told(), words)
    assert {f.rule for f in found.findings} == {"SND-20"}
    assert {f.medium for f in found.findings} == {Medium.SPEECH}
    shift = len(clip("talk-en")) / RATE
    digits = [(begin + shift, end + shift) for begin, end, _, count in TRUTH["reading-en"]["parts"] if count]
    covered = sum(max(0, min(e, s.end) - max(b, s.begin)) for b, e in digits for s in found.spans)
    assert covered > 0.9 * sum(e - b for b, e in digits)


def test_balanced_lets_a_telephone_number_stay_and_strict_does_not(ear, words, tmp_path):
    assert cuts(TELEPHONE, BALANCED, ear, words).findings == ()
    assert len(cuts(TELEPHONE, Options(), ear, words).findings) == 1
    assert len(cuts(TELEPHONE, Options(preset=Preset.REPORT_ONLY), ear, words).findings) == 1


def test_balanced_without_words_cuts_as_strict_does(ear):
    assert cuts(TELEPHONE, BALANCED, ear, None) == cuts(TELEPHONE, Options(), ear, None)


def test_balanced_cuts_a_reading_and_a_code_that_was_announced(ear, words):
    alone = cuts(CALL, Options(), ear, None).spans
    assert cuts(CALL, BALANCED, ear, words).spans == alone
    assert cuts(clip("code-en"), BALANCED, ear, words).spans == cuts(clip("code-en"), Options(), ear, None).spans


def test_a_number_stays_cut_when_the_other_channel_speaks_of_cards(ear, words):
    quiet = np.zeros(len(TELEPHONE), np.float32)
    asked = quiet.copy()
    question = clip("code-en")[: int(2.1 * RATE)]  # "the security code is"
    asked[: len(question)] = question
    for other, count in ((quiet, 0), (asked, 1)):
        content = io.BytesIO(encoded(np.stack([TELEPHONE, other]), "wav", "pcm_s16le", RATE))
        found = sound.find_cuts(content, BALANCED, ear, lambda _: None, words=words)
        assert len(found.findings) == count


def test_a_number_stays_cut_when_the_recogniser_fails(ear, words):
    strict = cuts(TELEPHONE, Options(), ear, None).spans
    assert cuts(TELEPHONE, BALANCED, ear, Failing()).spans == strict
    assert cuts(TELEPHONE, BALANCED, ear, Failing(words, good=1)).spans == strict


def test_a_transcript_that_fails_is_refused(ear):
    with pytest.raises(UnscreenableError) as caught:
        cuts(TELEPHONE, Options(transcript=True), ear, Failing())
    assert caught.value.why is Why.PART_MISSING


def test_a_number_that_was_misheard_stays_cut(words):
    talk = cuts(clip("talk-en"), BALANCED, Told((0.5, 4.0)), words)  # no digits there
    assert len(talk.findings) == 1
    most = cuts(CALL, BALANCED, Told((8.0, 18.0)), words)  # nineteen digits
    assert (8.0, 18.0) in [tuple(s) for s in most.spans]


def test_a_language_that_the_recogniser_does_not_know_has_no_transcript_and_is_cut_strictly(words):
    ear = Told((6.8, 9.4), languages=("de", "en"))
    for languages in ({"de"}, {"en", "de"}):
        options = Options(preset=Preset.BALANCED, languages=frozenset(languages), transcript=True)
        found = cuts(TELEPHONE, options, ear, words)
        assert found.transcript is None
        assert len(found.findings) == 1


def test_the_gate_lets_stay_what_the_preset_lets_stay(words):
    content = mulaw_wav(TELEPHONE, RATE)
    second = Told((6.8, 9.4))
    assert recheck("audio/wav", io.BytesIO(content), io.BytesIO(content), Options(), second, ())
    assert recheck("audio/wav", io.BytesIO(content), io.BytesIO(content), BALANCED, second, ())
    assert recheck("audio/wav", io.BytesIO(content), io.BytesIO(content), BALANCED, second, (), words) == ()
    call = mulaw_wav(CALL, RATE)
    assert recheck("audio/wav", io.BytesIO(call), io.BytesIO(call), BALANCED, Told((8.5, 13.3)), (), words)


def test_the_parts_load_a_recogniser_only_where_it_is_wanted(tmp_path):
    parts = Parts()
    assert parts.words(Options()) is None
    assert parts.words(BALANCED) is None
    assert parts.words(Options(recogniser=tmp_path)) is None
    for options in (
        Options(transcript=True, recogniser=tmp_path),
        Options(preset=Preset.BALANCED, recogniser=tmp_path),
    ):
        with pytest.raises(PartMissingError, match=r"tokenizer\.json"):
            parts.words(options)
    first = parts.words(Options(transcript=True))
    assert first is parts.words(Options(preset=Preset.BALANCED, transcript=True))
    assert not first.multilingual


def test_a_missing_package_is_told(monkeypatch):
    load = builtins.__import__

    def lacking(name, *given, **named):
        if name == "faster_whisper":
            raise ImportError(name)
        return load(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(PartMissingError, match="faster-whisper is not installed"):
        Words()


def test_a_folder_without_a_model_is_told(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(PartMissingError, match="missing or cannot be loaded"):
        Words(tmp_path)


def test_what_the_model_chokes_on_is_an_error_of_ours(words, monkeypatch):
    def choke(*_given, **_named):
        raise RuntimeError("no")

    monkeypatch.setattr(words._model, "transcribe", choke)
    with pytest.raises(UnscreenableError) as caught:
        words.hear(PAUSE)
    assert caught.value.why is Why.PART_MISSING


def test_silence_has_no_words(words):
    found = cuts(np.zeros(RATE * 40, np.float32), Options(transcript=True), Told(), words)
    assert found.transcript == b"WEBVTT\n"


def test_balanced_through_the_parts_keeps_the_number_and_passes_its_own_gate(tmp_path):
    options = Options(preset=Preset.BALANCED, transcript=True)
    parts, content = Parts(), mulaw_wav(np.concatenate([TELEPHONE, PAUSE, PAUSE, CALL]), RATE)
    with Spill(tmp_path) as sink:
        outcome = parts.redact("audio/wav", io.BytesIO(content), sink, options, lambda _: None)
        sink.seek(0)
        result = sink.read()
    assert FindingKind.DIGITS in {f.kind for f in outcome.findings}
    assert outcome.transcript
    assert parts.recheck(outcome, io.BytesIO(content), io.BytesIO(result), options) == ()
    before, after = sound_of(content)[0], sound_of(result)[0]
    assert all(
        np.abs(after[round(s.begin * RATE) + 1 : round(s.end * RATE) - 1]).max() == 0
        for s in silences(outcome.findings)
    )
    assert before.shape == after.shape
