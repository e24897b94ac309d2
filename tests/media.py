"""Tiny real media of every container and codec that ingest takes, made in memory once a process."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cli.samples import encode

RATE = 8000
SECONDS = 2
SIZE = (160, 96)


@dataclass(frozen=True)
class Sample:
    """One file: what it is, how long it lasts, and how far the duration may be off (a codec's frame)."""

    make: Callable[[], bytes]
    kind: str
    media_type: str
    tolerance_ms: int = 0
    duration_ms: int = SECONDS * 1000


@cache
def tone(seconds: float = SECONDS, rate: int = RATE) -> tuple[int, ...]:
    """Return a 440 Hz tone."""
    return tuple(encode.samples_of(0.3 * math.sin(2 * math.pi * 440 * n / rate) for n in range(int(seconds * rate))))


def _audio(container: str, codec: str, rate: int = RATE, layout: str = "mono", **options: str) -> Callable[[], bytes]:
    return lambda: encode.encode_audio(
        tone(rate=rate), container=container, codec=codec, rate=rate, layout=layout, options=options
    )


def _picture(index: int) -> bytes:
    width, height = SIZE
    return bytes((x + y + 16 * index) % 200 + 20 for y in range(height) for x in range(width))


def _video(container: str, codec: str, sound: str | None = None, **container_options: str) -> Callable[[], bytes]:
    rate = 48000 if sound == "libopus" else 16000
    return lambda: encode.encode_video(
        _picture,
        frames=5 * SECONDS,
        size=SIZE,
        container=container,
        codec=codec,
        sound=(sound, rate, tone(rate=rate)) if sound else None,
        container_options=container_options,
    )


def gsm_full_rate_wav(blocks: int = SECONDS * 25) -> bytes:
    """Return a WAV49 file: Microsoft's GSM 06.10, 65 bytes for 320 samples; all-zero parameters decode."""
    data = b"\0" * 65 * blocks
    extra = (320).to_bytes(2, "little")
    return encode.wav(encode.GSM610, data, rate=RATE, block=65, bits=0, extra=extra, samples=320 * blocks)


SAMPLES: dict[str, Sample] = {
    "wav-pcm": Sample(
        lambda: encode.wav(encode.PCM, encode.pcm_bytes(tone()), rate=RATE, block=2, bits=16), "call", "audio/wav"
    ),
    "wav-mulaw": Sample(
        lambda: encode.wav(encode.MULAW, encode.mulaw_bytes(tone()), rate=RATE, block=1, bits=8), "call", "audio/wav"
    ),
    "wav-alaw": Sample(_audio("wav", "pcm_alaw"), "call", "audio/wav"),
    "wav-gsm": Sample(gsm_full_rate_wav, "call", "audio/wav"),
    "wav-adpcm-ms": Sample(_audio("wav", "adpcm_ms"), "call", "audio/wav", 130),
    "wav-adpcm-ima": Sample(_audio("wav", "adpcm_ima_wav"), "call", "audio/wav", 260),
    "mp3": Sample(_audio("mp3", "libmp3lame"), "call", "audio/mpeg", 170),
    "mp3-no-xing": Sample(_audio("mp3", "libmp3lame", write_xing="0"), "call", "audio/mpeg", 170),
    "mp3-no-id3": Sample(_audio("mp3", "libmp3lame", id3v2_version="0"), "call", "audio/mpeg", 170),
    "mp3-bare": Sample(_audio("mp3", "libmp3lame", id3v2_version="0", write_xing="0"), "call", "audio/mpeg", 170),
    "ogg-opus": Sample(_audio("ogg", "libopus", 48000), "call", "audio/ogg", 20),
    "ogg-vorbis": Sample(_audio("ogg", "vorbis", 48000, "stereo"), "call", "audio/ogg", 50),
    "ogg-flac": Sample(_audio("ogg", "flac"), "call", "audio/ogg"),
    "flac": Sample(_audio("flac", "flac"), "call", "audio/flac"),
    "m4a": Sample(_audio("ipod", "aac"), "call", "audio/mp4", 130),
    "mp4-audio-fragmented": Sample(
        _audio("mp4", "aac", movflags="frag_every_frame+empty_moov"), "call", "audio/mp4", 260
    ),
    "mp4-h264": Sample(_video("mp4", "libx264"), "screen", "video/mp4"),
    "mp4-h264-aac": Sample(_video("mp4", "libx264", "aac"), "screen", "video/mp4", 130),
    "mp4-fragmented": Sample(_video("mp4", "libx264", movflags="frag_keyframe+empty_moov"), "screen", "video/mp4"),
    "mp4-mpeg4": Sample(_video("mp4", "mpeg4"), "screen", "video/mp4"),
    "webm-vp8": Sample(_video("webm", "libvpx"), "screen", "video/webm"),
    "webm-vp9": Sample(_video("webm", "libvpx-vp9"), "screen", "video/webm"),
    "webm-vp9-opus": Sample(_video("webm", "libvpx-vp9", "libopus"), "screen", "video/webm", 40),
    "webm-live": Sample(_video("webm", "libvpx", live="1"), "screen", "video/webm"),
    "webm-audio": Sample(_audio("webm", "libopus", 48000), "call", "audio/webm", 40),
    "mkv-h264": Sample(_video("matroska", "libx264"), "screen", "video/x-matroska"),
}


@cache
def media(name: str) -> bytes:
    """Return the bytes of one of SAMPLES."""
    return SAMPLES[name].make()
