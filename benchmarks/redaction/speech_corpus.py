"""Streams of calls over telephone lines, with a label for each 20 ms: for training and for choosing thresholds."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction import speech_calls as calls
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_channel import RATE, Sound, coded, line, noise, resampled, shaped
from benchmarks.redaction.voices import Voice, read_wave, voices

MUSIC: Final = Path("/usr/share/asterisk/moh")  # Debian package asterisk-moh-opsound-wav
TRACKS: Final = {
    "train": ("macroform-cold_day", "manolo_camp-morning_coffee"),
    "tune": ("macroform-the_simplicity",),
    "held-out": ("macroform-robot_dity", "reno_project-system"),
}
DIGIT, TALK, EITHER = 1, 0, -1
FRAME: Final = RATE // 50
LEARNT: Final = ("train", "made")  # the roles of voices that weights are trained on


@dataclass(slots=True)
class Piece:
    """Sound at RATE and a label for each frame of 20 ms: DIGIT, TALK (or nothing) or EITHER."""

    sound: Sound
    labels: NDArray[np.int8]


def labels(call: calls.Call) -> NDArray[np.int8]:
    """Return the labels of a call; edges of phrases and pauses between digits are EITHER."""
    found = np.full(len(call.sound) // FRAME, TALK, np.int8)
    spoken = [part for part in call.parts if part.digits]
    for part, following in pairwise(spoken):
        if following.begin - part.end < 1.2:
            found[int(part.end * 50) : int(following.begin * 50) + 1] = EITHER
    for part in call.parts:
        begin, end = int(part.begin * 50), int(part.end * 50)
        if part.kind == "talk":
            found[begin + 2 : end - 1] = TALK
        elif part.kind == "amount":
            found[begin - 2 : end + 2] = EITHER
        else:
            found[max(0, begin - 4) : end + 4] = EITHER
            found[begin + 2 : end - 2] = DIGIT
    return found


def one_call(
    language: str, style: str, role: str, sentences: list[str], rng: Random, *, number: str | None = None
) -> calls.Call:
    """Return a call in `style` by voices of `role`, each engine as likely as any other; `number` is what is read."""
    return calls.spoken(
        language,
        style,
        calls.script(language, style, sentences, rng, number=number),
        [pick(language, role, rng), pick(language, role, rng)],
        rng,
        pace=rng.uniform(0.75, 1.4),
    )


def pick(language: str, role: str, rng: Random) -> Voice:
    """Return a voice, after picking an engine; espeak-ng, with the most voices, is as likely as two others together.

    For training each voice is made a smaller or a larger speaker's at random.
    """
    there = voices(language, role)
    engines = sorted({voice.engine for voice in there})
    engine = rng.choice([*engines, *(e for e in engines if e == "espeak-ng")])
    voice = rng.choice([voice for voice in there if voice.engine == engine])
    return replace(voice, shift=rng.uniform(0.82, 1.2)) if role in LEARNT and rng.random() < 0.75 else voice


def worn(sound: Sound, rng: Random, *, behind: Sound | None = None) -> Sound:
    """Return `sound` over some line: noise at 5 to 45 dB, any level, sometimes a codec or another talker behind it."""
    numpy_rng = np.random.default_rng(rng.getrandbits(32))
    if behind is not None and len(behind):
        other = np.resize(behind, len(sound))
        sound = sound + other * 10 ** (-rng.uniform(8, 22) / 20)
    if rng.random() < 0.5:
        sound = shaped(sound, numpy_rng)
    snr = rng.uniform(5, 12) if rng.random() < 0.15 else rng.uniform(12, 45)
    kind = rng.choice(("white", "pink", "pink", "babble", "hum"))
    heard = line(sound, numpy_rng, snr=snr, kind=kind, peak=10 ** rng.uniform(-1.6, -0.05))
    draw = rng.random()
    if draw < 0.08:
        return coded(heard, "libopus", rng.choice((8_000, 12_000, 16_000)))
    if draw < 0.12:
        return coded(heard, "libmp3lame", rng.choice((16_000, 24_000)))
    return gsm(heard) if draw < 0.2 else heard


def gsm(sound: Sound) -> Sound:
    """Return `sound` after GSM 06.10 and back, by sox; unchanged where sox is not installed."""
    if shutil.which("sox") is None:
        return sound
    raw = ["-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-c", "1"]
    samples = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
    packed = subprocess.run(["sox", *raw, "-", "-t", "gsm", "-"], input=samples, capture_output=True, check=True).stdout  # noqa: S603, S607
    back = subprocess.run(  # noqa: S603
        ["sox", "-t", "gsm", "-r", str(RATE), "-c", "1", "-", *raw, "-"],  # noqa: S607
        input=packed,
        capture_output=True,
        check=True,
    ).stdout
    heard = np.frombuffer(back, "<i2").astype(np.float32) / 32768
    return np.pad(heard, (0, max(0, len(sound) - len(heard))))[: len(sound)]


def music(role: str) -> list[Sound]:
    """Return the hold-music tracks of `role`, at RATE; none where they are not installed."""
    found = []
    for name in TRACKS[role]:
        path = MUSIC / f"{name}.wav"
        if path.is_file():
            sound, rate = read_wave(path.read_bytes())
            found.append(resampled(sound, rate, RATE))
    return found


def tune_of(rng: Random, seconds: float) -> Sound:
    """Return music-like sound made here: chords, a melody and a beat, of random timbre and tempo."""
    count = int(seconds * RATE)
    found, beat, at = np.zeros(count, np.float32), int(RATE * rng.uniform(0.2, 0.7)), 0
    harmonics = [rng.random() / (n + 1) for n in range(rng.randint(2, 9))]
    root, decay, drums = rng.uniform(90, 300), rng.uniform(0.5, 6), rng.random() * 0.5
    while at < count:
        length = min(beat * rng.choice((1, 1, 2, 4)), count - at)
        times = np.arange(length) / RATE
        note = np.zeros(length)
        for step in rng.sample((0, 2, 4, 5, 7, 9, 11, 12, 16), rng.randint(1, 4)):
            hertz = root * 2 ** (step / 12)
            sway = 1 + 0.004 * rng.random() * np.sin(2 * np.pi * 5 * times)
            note += sum(h * np.sin(2 * np.pi * hertz * (n + 1) * times * sway) for n, h in enumerate(harmonics))
        note *= np.exp(-decay * times)
        hit = np.random.default_rng(rng.getrandbits(32)).standard_normal(length) * np.exp(-40 * times) * drums
        found[at : at + length] += (note + hit).astype(np.float32)
        at += length
    return found / max(float(np.abs(found).max()), 1e-6)


def signalling(rng: Random, seconds: float) -> Sound:
    """Return DTMF digits, ringing, busy tones, beeps, noise or nothing at all."""
    count = int(seconds * RATE)
    times = np.arange(count) / RATE
    kind = rng.choice(("dtmf", "dtmf", "ring", "busy", "beep", "noise", "nothing", "babble"))
    if kind in {"noise", "babble"}:
        return 0.2 * noise("white" if kind == "noise" else "babble", count, np.random.default_rng(rng.getrandbits(32)))
    found = np.zeros(count, np.float32)
    if kind == "dtmf":
        on, off, at = rng.uniform(0.06, 0.3), rng.uniform(0.05, 0.5), 0.0
        while at < seconds:
            low, high = rng.choice((697, 770, 852, 941)), rng.choice((1209, 1336, 1477, 1633))
            part = (times >= at) & (times < at + on)
            found[part] = np.sin(2 * np.pi * low * times[part]) + np.sin(2 * np.pi * high * times[part])
            at += on + off
    elif kind != "nothing":
        hertz, on, off = {
            "ring": ((440, 480), 2, 4),
            "busy": ((480, 620), 0.5, 0.5),
            "beep": ((rng.uniform(400, 1500),), 0.3, rng.uniform(0.5, 4)),
        }[kind]
        found = (sum(np.sin(2 * np.pi * h * times) for h in hertz) * (times % (on + off) < on)).astype(np.float32)
    return 0.4 * found


def pieces(language: str, role: str, seed: int, count: int) -> Iterator[Piece]:
    """Yield `count` calls over lines, with their labels: half readings, a quarter other numbers, the rest talk."""
    rng, sentences = Random(f"{language}/{role}/{seed}"), texts.prose(language)
    behind: Sound | None = None
    for _ in range(count):
        style = rng.choices((*calls.STYLES, "numbers", "amounts", "talk"), (*[1] * len(calls.STYLES), 2, 2, 9))[0]
        call = one_call(language, style, role, sentences, rng)
        heard = worn(call.sound, rng, behind=behind if rng.random() < 0.12 else None)
        yield Piece(heard, labels(call))
        behind = call.sound if style == "talk" else behind


def repetitive_pieces(language: str, role: str, seed: int, count: int) -> Iterator[Piece]:
    """Yield `count` readings of numbers in which digits repeat over lines: "one one one" in a row is like no talk."""
    rng, sentences = Random(f"repetitive/{language}/{role}/{seed}"), texts.prose(language)
    for _ in range(count):
        number = calls.repetitive_number(rng.choice((15, 16)), rng)
        call = one_call(language, rng.choice(calls.STYLES), role, sentences, rng, number=number)
        yield Piece(worn(call.sound, rng), labels(call))


def quiet_pieces(_language: str, role: str, seed: int, count: int) -> Iterator[Piece]:
    """Yield sound in which nobody speaks, whatever the language: hold music, music made here, signalling; 20 s each."""
    rng, tracks = Random(f"music/{role}/{seed}"), music(role)
    for number in range(count):
        if number % 3 == 0 and tracks:
            track = rng.choice(tracks)
            start = rng.randrange(max(1, len(track) - 20 * RATE))
            sound = track[start : start + 20 * RATE]
        else:
            sound = tune_of(rng, 20) if number % 3 == 1 else signalling(rng, 20)
        heard = worn(sound + 1e-5, rng)
        yield Piece(heard, np.full(len(heard) // FRAME, TALK, np.int8))
