"""Calls made in memory: keyed digits, talk-like sound, in any codec; and a recogniser that is told what to hear."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from cli.samples import encode
from vault.screen.outcome import Engine
from vault.screen.sound import redact as sound
from vault.screen.sound.decode import decoded, opened
from vault.screen.sound.listen import Span
from vault.screen.sound.tones import HIGH, LOW, SYMBOLS
from vault.sealed.spill import Spill

RATE = 8000
VISA = "4111111111111111"  # the scheme's published test number


class Told:
    """Hears what it was told to, and takes every block as a recogniser does."""

    engines = (Engine("told", "1"),)

    def __init__(self, *spans: tuple[float, float], languages: Iterable[str] = ("en",)) -> None:
        self.spans, self.languages = spans, frozenset(languages)
        self.heard: list[int] = []  # samples of each channel

    def listen(self, blocks: Iterable[np.ndarray]) -> Iterator[Span]:
        count = 0
        for block in blocks:
            assert block.dtype == np.float32
            assert np.abs(block).max(initial=0) <= 1.1  # a resampler may overshoot
            count += len(block)
        self.heard.append(count)
        for begin, end in self.spans:
            yield Span(begin, end, 0.9)


def key(symbol, seconds=0.07, rate=RATE, level=0.1, detune=0.0, twist=0.0):
    row, column = divmod(SYMBOLS.index(symbol), 4)
    time = np.arange(round(seconds * rate)) / rate
    low = np.sin(2 * np.pi * LOW[row] * (1 + detune) * time) * 10 ** (-twist / 40)
    high = np.sin(2 * np.pi * HIGH[column] * (1 + detune) * time) * 10 ** (twist / 40)
    return (level * (low + high)).astype(np.float32)


def hum(seconds, rate=RATE, level=0.05, seed=1):
    """Return sound like a voice: harmonics of a wandering pitch, in syllables; no digits in it."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6)) + 8 * np.sin(2 * np.pi * 5 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(n * phase + rng.uniform(0, 6)) / n for n in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * time) + 0.4, 0, 1)
    return (level * voice * syllables).astype(np.float32)


def keyed(text, seconds=4.0, begin=1.0, pause=0.08, tone=0.07, rate=RATE, under=None):
    """Return sound with the symbols of `text` keyed from `begin` on, and when: (begin, end) of each."""
    samples = (under if under is not None else np.zeros(round(seconds * rate), np.float32)).copy()
    times = []
    for n, symbol in enumerate(text):
        first = round((begin + n * (tone + pause)) * rate)
        one = key(symbol, tone, rate)
        samples[first : first + len(one)] += one
        times.append((first / rate, (first + len(one)) / rate))
    return samples, times


def encoded(samples, container, codec, rate=RATE, layout=None, **options):
    """Return (channels, samples) or mono samples in a container and codec, by FFmpeg's names."""
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    layout = layout or ("mono" if len(samples) == 1 else "stereo")
    out = io.BytesIO()
    with av.open(out, "w", format=container, options={"fflags": "+bitexact", **options}) as media:
        add_track(media, samples, codec, rate, layout)()
    return out.getvalue()


def add_track(media, samples, codec, rate, layout):
    stream = encode._audio_stream(media, codec, rate, layout=layout)
    context = stream.codec_context

    def write():
        if not context.is_open:
            context.open()
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        resampler = AudioResampler(context.format, context.layout, context.sample_rate, context.frame_size or 1024)
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            media.mux(stream.encode(ready))
        media.mux(stream.encode(None))

    return write


def mulaw_wav(samples, rate=RATE, after=b"", before=b""):
    """Return a WAV file of mu-law, with chunks of one's own before and after the data."""
    data = encode.mulaw_bytes(np.round(samples * 32767).astype(int).tolist())
    fmt = b"fmt " + (18).to_bytes(4, "little")
    fmt += b"".join(v.to_bytes(n, "little") for v, n in ((7, 2), (1, 2), (rate, 4), (rate, 4), (1, 2), (8, 2), (0, 2)))
    body = b"WAVE" + fmt + before + b"data" + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) + after
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def sound_of(content, track=0):
    """Return a track as (channels, samples) of floats between -1 and 1."""
    with opened(io.BytesIO(content)) as container:
        stream = container.streams.audio[track]
        resampler, parts = None, []
        for _, frame in decoded(container, stream):
            resampler = resampler or AudioResampler("fltp", frame.layout, frame.sample_rate)
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
    return np.concatenate(parts, axis=1)


def redacted(media_type, content, options, ear, folder: Path, told=lambda _: None):
    """Return the outcome of screening and the content that it wrote."""
    with Spill(folder) as sink:
        outcome = sound.redact(media_type, io.BytesIO(content), sink, options, ear, told)
        sink.seek(0)
        return outcome, sink.read()
