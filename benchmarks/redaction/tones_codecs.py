"""What silencing leaves of a recording, by container and codec: its length, the sound beside the cut, and inside it."""

import io
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction.table import Row
from cli.samples import encode
from vault.screen.options import Options, Ruling, Span
from vault.screen.outcome import Engine
from vault.screen.sound.decode import decoded, opened
from vault.screen.sound.listen import channel_of
from vault.screen.sound.redact import redact
from vault.sealed.spill import Spill

CUT: Final = Span(2.0, 3.0)
SECONDS: Final = 6
FILES: Final = (
    *(
        ("wav", codec, "audio/wav")
        for codec in ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le", "pcm_mulaw", "pcm_alaw")
    ),
    *(("wav", codec, "audio/wav") for codec in ("adpcm_ms", "adpcm_ima_wav", "adpcm_g726")),
    ("mp3", "libmp3lame", "audio/mpeg"),
    ("mp2", "mp2", "audio/mpeg"),
    *(("ogg", codec, "audio/ogg") for codec in ("libopus", "vorbis", "flac")),
    ("flac", "flac", "audio/flac"),
    *(("mp4", codec, "audio/mp4") for codec in ("aac", "alac", "ac3", "libopus")),
    ("3gp", "libopencore_amrnb", "audio/mp4"),
    *(("matroska", codec, "audio/x-matroska") for codec in ("pcm_s16le", "aac", "flac", "libmp3lame", "eac3")),
    *(("webm", codec, "audio/webm") for codec in ("libopus", "vorbis")),
)


class _Deaf:
    engines = (Engine("none", "1"),)
    languages = frozenset({"en"})

    def listen(self, blocks: Any) -> list[Any]:
        for _ in blocks:
            pass
        return []


def _voice(rate: int, seed: int) -> NDArray[np.int16]:
    """Return sound like a voice: harmonics of a wandering pitch, in syllables, and a little noise."""
    rng = np.random.default_rng(seed)
    clock = np.arange(SECONDS * rate) / rate
    pitch = 130 + 25 * np.sin(2 * np.pi * 0.7 * clock) + 8 * np.sin(2 * np.pi * 5 * clock)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(n * phase + rng.uniform(0, 6)) / n for n in range(1, 20))
    loud = voice * np.clip(np.sin(2 * np.pi * 3.1 * clock) + 0.5, 0, 1) + 0.01 * rng.normal(size=len(clock))
    return np.asarray(np.clip(loud * 6000, -32000, 32000), np.int16)


def _made(form: str, codec: str, seed: int) -> bytes:
    rates = av.Codec(codec, "w").audio_rates or [8000]
    rate = 8000 if 8000 in rates and codec != "vorbis" else 48000 if 48000 in rates or codec == "vorbis" else min(rates)
    layout = "stereo" if codec == "vorbis" else "mono"
    return encode.encode_audio(
        _voice(rate, seed).tolist(), container=form, codec=codec, rate=rate, layout=layout, options={}
    )


def _sound(content: bytes) -> tuple[NDArray[np.float32], int]:
    with opened(io.BytesIO(content)) as container:
        frames = [frame for _, frame in decoded(container, container.streams.audio[0])]
    return np.concatenate([channel_of(frame, 0) for frame in frames]), frames[0].sample_rate


def _rows(name: str, before: bytes, after: bytes) -> list[Row]:
    (old, rate), (new, _) = _sound(before), _sound(after)
    size = min(len(old), len(new))
    first, last = round(CUT.begin * rate), round(CUT.end * rate)
    beside = np.ones(size, dtype=bool)
    beside[round(first - 0.4 * rate) : round(last + 0.4 * rate)] = False
    level = np.sqrt((old**2).mean())
    error = np.sqrt(((old[:size] - new[:size])[beside] ** 2).mean())
    inside = np.abs(new[first:last]).max()
    ratio = float(20 * np.log10(max(error / level, 1e-6)))
    return [
        Row("containers", name, "length, result less source", len(new) - len(old), "samples", "<= 0"),
        Row("containers", name, "difference 0.4 s beside the cut and on", ratio, "dB to the sound"),
        Row("containers", name, "loudest sample in the cut", float(20 * np.log10(max(inside, 1e-6))), "dB", "<= -50"),
    ]


def run(*, seed: int) -> list[Row]:
    """Silence one second of each kind of file; -120 dB stands for no difference and for silence."""
    rows, folder = [], Path(mkdtemp())
    for form, codec, media_type in FILES:
        content = _made(form, codec, seed)
        with Spill(folder) as sink:
            options = Options(ruling=Ruling(add=(CUT,)))
            outcome = redact(media_type, io.BytesIO(content), sink, options, _Deaf(), lambda _: None)
            sink.seek(0)
            became = "" if outcome.media_type == media_type else f", becomes {outcome.media_type}"
            rows += _rows(f"{form} {codec}{became}", content, sink.read())
    return rows
