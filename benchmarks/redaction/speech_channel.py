"""What a telephone line does to speech: band, level, noise, mu-law, and other codecs."""

import io
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

RATE: Final = 8_000
Sound = NDArray[np.float32]


def resampled(sound: Sound, rate: int, to: int) -> Sound:
    """Return `sound` at another rate, by its spectrum: for clips of seconds to minutes."""
    if rate == to or not len(sound):
        return sound.astype(np.float32)
    wanted = max(1, round(len(sound) * to / rate))
    spectrum = np.fft.rfft(sound)
    kept = np.zeros(wanted // 2 + 1, complex)
    both = min(len(spectrum), len(kept))
    kept[:both] = spectrum[:both]
    return (np.fft.irfft(kept, wanted) * wanted / len(sound)).astype(np.float32)


def band(sound: Sound, low: float = 300, high: float = 3_400) -> Sound:
    """Return `sound` limited to a telephone's band, with soft edges of 60 Hz."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = 1 / ((1 + np.exp((low - hertz) / 60)) * (1 + np.exp((hertz - high) / 60)))
    return np.fft.irfft(spectrum * gain, len(sound)).astype(np.float32)


def noise(kind: str, count: int, rng: np.random.Generator) -> Sound:
    """Return noise of one unit of power: "white", "pink", "hum", or "babble", speech-shaped with slow swings."""
    white = rng.standard_normal(count)
    spectrum = np.fft.rfft(white)
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    if kind == "pink":
        spectrum = spectrum / np.sqrt(hertz)
    elif kind == "babble":
        spectrum = spectrum / (1 + (hertz / 500) ** 2)
    elif kind == "hum":
        times = np.arange(count) / RATE
        return (np.sin(2 * np.pi * 50 * times) + 0.5 * np.sin(2 * np.pi * 350 * times) + 0.3 * white).astype(np.float32)
    found = np.fft.irfft(spectrum, count)
    if kind == "babble":
        swings = np.arange(0, count + 1_600, 1_600)
        found *= np.interp(np.arange(count), swings, rng.random(len(swings)))
    return (found / max(float(np.sqrt((found**2).mean())), 1e-9)).astype(np.float32)


def shaped(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return `sound` as by another handset in some room: gains that sway up to 6 dB over the band, and a short echo."""
    size = len(sound) + RATE
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    decibels = sum(rng.uniform(-3, 3) * np.cos(hertz / RATE * 2 * np.pi * n + rng.uniform(0, 6)) for n in (1, 2, 3))
    room = rng.standard_normal(RATE) * np.exp(-np.arange(RATE) / RATE * 6.9 / rng.uniform(0.08, 0.4))
    room *= rng.uniform(0.0, 0.5) / np.sqrt((room**2).sum())
    room[0] += 1
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(room, size) * 10 ** (decibels / 20)
    return np.fft.irfft(spectrum, size)[: len(sound)].astype(np.float32)


def power_of_speech(sound: Sound) -> float:
    """Return the mean power of the louder half of the 20 ms frames: of speech, not of its pauses."""
    step = RATE // 50
    frames = sound[: len(sound) // step * step].reshape(-1, step)
    powers = np.sort((frames**2).mean(axis=1))
    return float(powers[len(powers) // 2 :].mean()) if len(powers) else 0.0


def mu_law(sound: Sound) -> Sound:
    """Return `sound` after mu-law coding to 8 bits and back (ITU-T G.711, by its formula)."""
    clipped = np.clip(sound, -1, 1)
    coded = np.sign(clipped) * np.log1p(255 * np.abs(clipped)) / np.log(256)
    coded = np.round(coded * 127) / 127
    return (np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255).astype(np.float32)


def line(sound: Sound, rng: np.random.Generator, *, snr: float, kind: str = "pink", peak: float = 0.3) -> Sound:
    """Return `sound` as heard over a telephone: band, noise at `snr` dB under the speech, level, mu-law."""
    heard = band(sound)
    heard = heard + band(noise(kind, len(sound), rng)) * np.sqrt(power_of_speech(heard) / 10 ** (snr / 10))
    return mu_law(heard / max(float(np.abs(heard).max()), 1e-6) * peak)


def coded(sound: Sound, codec: str, bit_rate: int) -> Sound:
    """Return `sound` after a lossy codec of FFmpeg ("libopus", "libmp3lame") and back, of the same length."""
    holder = io.BytesIO()
    kind = {"libopus": "ogg", "libmp3lame": "mp3"}[codec]
    rate = {"libopus": 48_000, "libmp3lame": 16_000}[codec]
    samples = (np.clip(resampled(sound, RATE, rate), -1, 1) * 32767).astype("<i2")
    with av.open(holder, "w", format=kind) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono", bit_rate=bit_rate)
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format.name, "mono", rate, stream.codec_context.frame_size or 960)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    holder.seek(0)
    with av.open(holder) as back:
        to = av.AudioResampler("flt", "mono", RATE)
        pieces = [f.to_ndarray()[0] for frame in back.decode(audio=0) for f in to.resample(frame)]
        pieces += [f.to_ndarray()[0] for f in to.resample(None)]
    heard = np.concatenate(pieces).astype(np.float32)
    return np.pad(heard, (0, max(0, len(sound) - len(heard))))[: len(sound)]
