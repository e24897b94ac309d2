import io

import numpy as np
import pytest

from tests import media
from tests.screen.sound.made import RATE, VISA, Told, encoded, hum, keyed, mulaw_wav, redacted
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options, Preset, Ruling, Span
from vault.screen.outcome import FindingKind, Medium
from vault.screen.sound.decide import silences
from vault.screen.sound.recheck import recheck


def look(result, original, spans=(), options=None, ear=None, media_type="audio/wav"):
    return recheck(media_type, io.BytesIO(result), io.BytesIO(original), options or Options(), ear or Told(), spans)


@pytest.mark.parametrize(
    ("container", "codec", "media_type", "rate"),
    [
        ("wav", "pcm_mulaw", "audio/wav", RATE),
        ("mp3", "libmp3lame", "audio/mpeg", RATE),
        ("mp2", "mp2", "audio/mpeg", 16000),
        ("ogg", "libopus", "audio/ogg", 48000),
        ("ipod", "aac", "audio/mp4", RATE),
        ("flac", "flac", "audio/flac", RATE),
        ("webm", "libopus", "audio/webm", 48000),
    ],
)
def test_what_was_screened_passes(container, codec, media_type, rate, tmp_path):
    samples, _ = keyed(VISA, 5, rate=rate, under=hum(5, rate) * np.float32(0.3))
    content = encoded(samples, container, codec, rate)
    outcome, result = redacted(media_type, content, Options(), Told((4.2, 4.6)), tmp_path)
    spans = silences(outcome.findings)
    assert len(spans) == 2
    assert look(result, content, spans, media_type=outcome.media_type) == ()


def test_keyed_digits_that_are_left_are_residue():
    samples, _ = keyed(VISA, 5)
    content = mulaw_wav(samples)
    (found,) = look(content, content)
    assert (found.medium, found.kind) == (Medium.TONES, FindingKind.CARD)
    single = mulaw_wav(keyed("1", 3)[0])
    assert len(look(single, single)) == 1
    assert look(single, single, options=Options(preset=Preset.BALANCED)) == ()


def test_spoken_digits_that_the_second_recogniser_hears_are_residue():
    content = mulaw_wav(hum(3))
    (found,) = look(content, content, ear=Told((1.0, 2.0)))
    assert found.medium is Medium.SPEECH


def test_residue_objects_under_report_only_too():
    options = Options(preset=Preset.REPORT_ONLY)
    spoken, pressed = mulaw_wav(hum(3)), mulaw_wav(keyed(VISA, 5)[0])
    assert [f.medium for f in look(spoken, spoken, options=options, ear=Told((1.0, 2.0)))] == [Medium.SPEECH]
    assert [f.medium for f in look(pressed, pressed, options=options)] == [Medium.TONES]


def test_what_people_let_pass_is_not_residue_and_what_they_cut_is_not_found_again():
    samples, _ = keyed("12", 3)
    content = mulaw_wav(samples)
    assert len(look(content, content)) == 1
    ruling = Ruling(add=(Span(2.5, 2.6),), drop=(Span(0.5, 2.0),))
    assert look(content, content, options=Options(ruling=ruling)) == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda content, sound: mulaw_wav(sound[:-1]),
        lambda content, sound: mulaw_wav(np.concatenate([sound, np.zeros(1, np.float32)])),
        lambda content, sound: encoded(sound, "wav", "pcm_mulaw", 16000),
        lambda content, sound: encoded(np.stack([sound, sound]), "flac", "flac"),
        lambda content, sound: content,  # not silent
    ],
)
def test_a_result_that_is_not_as_long_or_not_silent_is_refused(change):
    sound = hum(3)
    content = mulaw_wav(sound)
    silent = sound.copy()
    silent[8000:16000] = 0
    spans = silences(())
    assert look(content, content, spans) == ()
    spans = ((1.0, 2.0),)
    with pytest.raises(UnscreenableError) as caught:
        look(change(content, silent), content, [_silence(s) for s in spans])
    assert caught.value.why is Why.RESIDUE
    assert look(mulaw_wav(silent), content, [_silence(s) for s in spans]) == ()


def _silence(span):
    from vault.screen.sound.decide import Silence

    return Silence(*span)


def test_a_result_of_another_kind_or_in_pieces_is_refused():
    content = mulaw_wav(hum(1))
    with pytest.raises(UnscreenableError) as caught:
        look(content, content, media_type="audio/flac")
    assert caught.value.why is Why.RESIDUE
    with pytest.raises(UnscreenableError) as caught:
        look(content[:5000], content)
    assert caught.value.why is Why.UNDECODABLE


def test_a_recorded_screen_without_sound_has_no_residue_in_it():
    content = media.media("mp4-h264")
    assert look(content, content, media_type="video/mp4") == ()
    with pytest.raises(UnscreenableError):
        look(content, media.media("mp4-h264-aac"), media_type="video/mp4")
