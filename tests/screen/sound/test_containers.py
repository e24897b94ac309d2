"""Every container and codec that ingest takes as a call: silent in the span, and everything else as it was."""

import io
from functools import cache

import av
import numpy as np
import pytest

from tests.screen.sound.made import Told, encoded, hum, mulaw_wav, redacted, sound_of
from vault.screen.options import Options
from vault.screen.sound import mute

LENGTH = 1.8  # seconds
CUT = (0.8, 1.3)

# name: (container, codec, rate, channels, media type, media type of the result, exact outside, seconds touched around)
CASES = {
    "wav u8": ("wav", "pcm_u8", 8000, 1, "audio/wav", None, True, 0),
    "wav s16": ("wav", "pcm_s16le", 22050, 2, "audio/wav", None, True, 0),
    "wav s24": ("wav", "pcm_s24le", 44100, 2, "audio/wav", None, True, 0),
    "wav s32": ("wav", "pcm_s32le", 48000, 1, "audio/wav", None, True, 0),
    "wav f32": ("wav", "pcm_f32le", 11025, 2, "audio/wav", None, True, 0),
    "wav f64": ("wav", "pcm_f64le", 16000, 1, "audio/wav", None, True, 0),
    "wav mu-law": ("wav", "pcm_mulaw", 8000, 2, "audio/wav", None, True, 0),
    "wav A-law": ("wav", "pcm_alaw", 8000, 1, "audio/wav", None, True, 0),
    "wav 5.1": ("wav", "pcm_s16le", 16000, 6, "audio/wav", None, True, 0),
    "wav ADPCM MS": ("wav", "adpcm_ms", 8000, 1, "audio/wav", None, True, 0.26),
    "wav ADPCM IMA": ("wav", "adpcm_ima_wav", 8000, 1, "audio/wav", None, True, 0.26),
    "wav G.726": ("wav", "adpcm_g726", 8000, 1, "audio/wav", "audio/flac", True, 0),
    "wav G.722": ("wav", "g722", 16000, 1, "audio/wav", "audio/flac", True, 0),
    "wav MP3": ("wav", "libmp3lame", 16000, 1, "audio/wav", "audio/flac", False, 0),
    "mp3": ("mp3", "libmp3lame", 8000, 1, "audio/mpeg", None, False, 0.2),
    "mp3 stereo": ("mp3", "libmp3lame", 44100, 2, "audio/mpeg", None, False, 0.1),
    "mp2": ("mp2", "mp2", 16000, 1, "audio/mpeg", None, False, 0.1),
    "ogg Opus": ("ogg", "libopus", 48000, 1, "audio/ogg", None, False, 0.35),
    "ogg Opus stereo": ("ogg", "libopus", 48000, 2, "audio/ogg", None, False, 0.35),
    "ogg Vorbis": ("ogg", "vorbis", 44100, 2, "audio/ogg", None, True, 0.1),
    "ogg FLAC": ("ogg", "flac", 8000, 1, "audio/ogg", None, True, 0),
    "flac": ("flac", "flac", 44100, 2, "audio/flac", None, True, 0),
    "m4a AAC": ("ipod", "aac", 8000, 1, "audio/mp4", None, True, 0.4),
    "m4a AAC stereo": ("ipod", "aac", 44100, 2, "audio/mp4", None, False, 0.1),
    "m4a ALAC": ("ipod", "alac", 44100, 2, "audio/mp4", None, True, 0),
    "mp4 Opus": ("mp4", "libopus", 48000, 1, "audio/mp4", None, False, 0.35),
    "mp4 AC-3": ("mp4", "ac3", 48000, 2, "audio/mp4", None, False, 0.1),
    "mp4 FLAC": ("mp4", "flac", 16000, 1, "audio/mp4", None, True, 0),
    "mp4 MP3": ("mp4", "libmp3lame", 16000, 1, "audio/mp4", None, False, 0.1),
    "3gp AMR": ("3gp", "libopencore_amrnb", 8000, 1, "audio/mp4", None, False, 0),
    "mov mu-law": ("mov", "pcm_mulaw", 8000, 1, "audio/mp4", None, True, 0),
    "mkv s16": ("matroska", "pcm_s16le", 8000, 1, "audio/x-matroska", None, True, 0),
    "mkv AAC": ("matroska", "aac", 16000, 1, "audio/x-matroska", None, True, 0.2),
    "mkv Opus 5.1": ("matroska", "libopus", 48000, 6, "audio/x-matroska", None, False, 0.35),
    "mkv E-AC-3 5.1": ("matroska", "eac3", 48000, 6, "audio/x-matroska", None, False, 0.1),
    "mkv FLAC": ("matroska", "flac", 16000, 1, "audio/x-matroska", None, True, 0),
    "mkv MP3": ("matroska", "libmp3lame", 16000, 1, "audio/x-matroska", None, False, 0.2),
    "mkv WavPack": ("matroska", "wavpack", 16000, 1, "audio/x-matroska", None, True, 0),
    "webm Opus": ("webm", "libopus", 48000, 1, "audio/webm", None, False, 0.35),
    "webm Vorbis": ("webm", "vorbis", 48000, 2, "audio/webm", None, True, 0.1),
}


@cache
def made(name):
    container, codec, rate, channels = CASES[name][:4]
    sound = np.stack([hum(LENGTH, rate, seed=n) for n in range(channels)])
    return encoded(sound, container, codec, rate, layout={1: "mono", 2: "stereo", 6: "5.1"}[channels])


def codec_of(content):
    with av.open(io.BytesIO(content)) as container:
        return container.streams.audio[0].codec_context.name


def check(before, after, rate, *, exact, around):
    """Hold a result against its source: as long, silent in CUT, the same from `around` seconds beside it on."""
    assert before.shape == after.shape
    first, last = round(CUT[0] * rate), round(CUT[1] * rate)
    edge = round(0.03 * rate)  # a decoder may ring here, far below what can be understood
    assert np.abs(after[:, first:last]).max() < 0.05
    assert np.abs(after[:, first + edge : last - edge]).max() < 1e-3
    low, high = round((CUT[0] - around) * rate) - 1, round((CUT[1] + around) * rate) + 1
    outside = np.concatenate([before[:, :low] - after[:, :low], before[:, high:] - after[:, high:]], axis=1)
    level = np.sqrt((before**2).mean())
    if exact:
        assert np.abs(outside).max() < 1e-4  # what a result of 16 bits rounds off sound with losses
    else:
        assert np.sqrt((outside**2).mean()) < 0.25 * level
    assert np.abs(after[:, :low]).max() > level


@pytest.mark.parametrize("name", CASES)
def test_the_span_is_silent_and_everything_else_is_where_it_was(name, tmp_path):
    media_type, result_type, exact, around = CASES[name][4:]
    outcome, result = redacted(media_type, made(name), Options(), Told(CUT), tmp_path)
    assert outcome.media_type == (result_type or media_type)
    assert codec_of(result) == (
        "flac" if result_type or name in ("mp4 MP3", "3gp AMR", "mkv WavPack") else codec_of(made(name))
    )
    check(sound_of(made(name)), sound_of(result), CASES[name][2], exact=exact, around=around)


@pytest.mark.parametrize(
    ("name", "container"), [("m4a AAC", "ipod"), ("ogg Opus", "ogg"), ("mp3", "mp3"), ("wav A-law", "wav")]
)
@pytest.mark.parametrize("cut", [(0.0, 0.6), (1.3, 1.9), (0.0, 1.9), (1.0, 1.0001)])
def test_spans_at_the_edges_and_over_all_of_it_are_silent(name, container, cut, tmp_path):
    _, result = redacted(CASES[name][4], made(name), Options(), Told(cut), tmp_path)
    rate = CASES[name][2]
    before, after = sound_of(made(name)), sound_of(result)
    assert before.shape == after.shape
    low, high = round((cut[0] + 0.03) * rate) if cut[0] else 0, round(min(cut[1], LENGTH) * rate)
    assert np.abs(after[:, low:high]).max(initial=0) < 1e-3


def test_a_sound_with_losses_becomes_flac_when_packets_of_silence_cannot_be_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(mute, "packets_for", lambda _: lambda packet, _samples: packet)  # "silence" that is none
    outcome, result = redacted("audio/ogg", made("ogg Opus"), Options(), Told(CUT), tmp_path)
    assert outcome.media_type == "audio/ogg"
    after = sound_of(result)
    assert after.shape == sound_of(made("ogg Opus")).shape
    assert np.abs(after[:, round(0.8 * 48000) : round(1.3 * 48000)]).max() == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b"LIST\x1a\0\0\0INFOINAM\x0e\0\0\0order 4711 abc", b""),
        (b"odd \x03\0\0\0abc\0", b"LIST\x0e\0\0\0INFOICMT\x02\0\0\0ab"),
        (b"bext\x05\0\0\0abcde\0", b"id3 \x03\0\0\0abc\0"),
    ],
)
def test_wav_chunks_around_the_data_shift_nothing_and_do_not_reach_the_result(before, after, tmp_path):
    sound = hum(2.501)
    _, result = redacted("audio/wav", mulaw_wav(sound, before=before, after=after), Options(), Told(CUT), tmp_path)
    check(sound_of(mulaw_wav(sound)), sound_of(result), 8000, exact=True, around=0)
    assert not any(word in result for word in (b"order", b"INFO", b"abc", b"LIST", b"bext", b"id3 "))


def test_rf64_and_a_length_never_told_are_read_to_the_end(tmp_path):
    plain = mulaw_wav(hum(2.5))
    size = 20000
    rf64 = b"RF64\xff\xff\xff\xffWAVEds64" + (28).to_bytes(4, "little")
    rf64 += b"".join(n.to_bytes(8, "little") for n in (len(plain) + 28, size, size)) + bytes(4)
    rf64 += plain[12:38] + b"data\xff\xff\xff\xff" + plain[46:]
    piped = plain[:42] + b"\xff\xff\xff\xff" + plain[46:]
    for content in (rf64, piped):
        _, result = redacted("audio/wav", content, Options(), Told(CUT), tmp_path)
        check(sound_of(plain), sound_of(result), 8000, exact=True, around=0)


def test_mp3_smears_nothing_into_the_span(tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2.5 * 8000) / 8000)
    _, result = redacted("audio/mpeg", encoded(tone, "mp3", "libmp3lame"), Options(), Told(CUT), tmp_path)
    assert np.abs(sound_of(result)[0, 6400:10400]).max() < 1e-3
