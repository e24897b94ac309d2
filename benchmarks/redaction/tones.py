"""Keyed digits: recall under speech and through codecs, false alarms on speech and music, speed; what muting leaves.

Speech is that of the prompts for telephone switches in Debian's asterisk-core-sounds-* (human voices) and of espeak-ng
and flite; music is of asterisk-moh-opsound-wav. What is not installed is said in a row and not measured. Tones are made
here: up to 1.5 % off their frequency, 4 dB of twist, noise 30 dB below, mu-law.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction import tones_codecs, voices
from benchmarks.redaction.speech_channel import RATE as VOICE_RATE
from benchmarks.redaction.speech_channel import mu_law, power_of_speech, resampled
from benchmarks.redaction.speech_texts import prose, talk
from benchmarks.redaction.table import TUNING_SEED, Row
from vault.screen.sound import pairs, tones
from vault.screen.sound.decide import bursts

RATE: Final = 8000
PROMPTS: Final = Path("/usr/share/asterisk/sounds")
MUSIC: Final = Path("/usr/share/asterisk/moh")
LANGUAGES: Final = {True: ("en_*",), False: ("es_*", "fr_*", "it_*")}  # of human voices, by whether they were tuned to
LENGTHS: Final = (0.04, 0.05, 0.07, 0.1)  # seconds of a tone
LEVELS: Final = (None, -15, -10, -5, 0)  # dB of the speech over the tones
LOUD: Final = (-5, 0, 5, 10, 15)  # the same, of entries of 16 and of 3 keys
PACES: Final = ((0.07, 0.1), (0.1, 0.15), (0.15, 0.3), (0.1, 0.7))  # seconds of a tone and of the pause after it
_AIMED: Final = -5  # dB, down to which the aim holds

Sound = NDArray[np.float32]


def _read(path: Path) -> Sound:
    sound, rate = voices.read_wave(path.read_bytes())
    return resampled(sound, rate, RATE)


def human(*, tuned: bool, quick: bool) -> Sound:
    """Return the prompts of Debian's packages one after the other; nothing where none is installed."""
    paths = [p for pattern in LANGUAGES[tuned] for p in sorted(PROMPTS.glob(f"{pattern}/**/*.wav"))]
    paths = [p for p in paths if "beep" not in p.name and "tone" not in p.name and "silence" not in str(p)]
    parts = [_read(p) for p in paths[:: 20 if quick else 1]]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def synthetic(rng: Random, *, tuned: bool, minutes: float) -> Sound:
    """Return plain talk by synthetic voices."""
    role = "train" if tuned else "held-out"
    known = [v for v in voices.voices("en", role) if v.engine in voices.PROGRAMS and not voices.missing(v.engine)]
    parts: list[Sound] = []
    sentences = prose("en")
    while known and sum(map(len, parts)) < minutes * 60 * RATE:
        texts = [talk("en", sentences, rng) for _ in range(10)]
        parts += [resampled(wave, VOICE_RATE, RATE) for wave in voices.say(rng.choice(known), texts)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def music() -> list[Sound]:
    """Return the tracks of hold music that are installed."""
    return [_read(p) for p in sorted(MUSIC.glob("*.wav"))]


def line(sound: Sound) -> Sound:
    """Return sound at a usual level after mu-law."""
    return mu_law(sound * np.float32(0.1 / max(1e-6, np.sqrt(power_of_speech(sound)))))


def keyed(
    rng: np.random.Generator,
    count: int,
    length: float,
    level: float | None,
    speech: Sound,
    pause: float = 0.1,
    *,
    before: float = 0.5,
) -> tuple[Sound, list[tuple[float, float, str]]]:
    """Return keys under speech that is `level` dB louder than they are (None: no speech), and what was pressed when.

    `before` is the seconds before the first and after the last.
    """
    step = round((length + pause) * RATE)
    sound = rng.normal(0, 0.0032, count * step + round(2 * before * RATE)).astype(np.float32)
    if level is not None:
        place = rng.integers(0, len(speech) - len(sound))
        part = speech[place : place + len(sound)]
        sound += part * np.float32(0.1 * 10 ** (level / 20) / np.sqrt(power_of_speech(part)))
    clock, truth = np.arange(round(length * RATE)) / RATE, []
    first = round(before * RATE)
    for at in range(first, first + count * step, step):
        row, column = rng.integers(0, 4, 2)
        twist = 10 ** (rng.uniform(-4, 4) / 40)
        for tone, gain in ((tones.LOW[row], 1 / twist), (tones.HIGH[column], twist)):
            turns = tone * (1 + rng.uniform(-0.015, 0.015)) * clock + rng.uniform()
            sound[at : at + len(clock)] += (0.1 * gain * np.sin(2 * np.pi * turns)).astype(np.float32)
        truth.append((at / RATE, at / RATE + length, tones.SYMBOLS[4 * row + column]))
    return mu_law(sound * np.float32(0.7)), truth


def keys_in(sound: Sound, detector: Any = tones.Detector) -> list[tones.Key]:
    """Return what a detector finds."""
    found = detector(RATE)
    for at in range(0, len(sound), RATE):
        found.feed(sound[at : at + RATE])
    return found.finish()


def _is_found(key: tuple[float, float, str], keys: Sequence[tones.Key]) -> bool:
    return any(k.begin < key[1] and k.end > key[0] for k in keys)


def _recall(rng: np.random.Generator, speech: Sound, count: int) -> Iterator[Row]:
    aimed = [0, 0]
    for level in LEVELS if len(speech) > count * RATE else LEVELS[:1]:
        for length in LENGTHS:
            sound, truth = keyed(rng, count, length, level, speech)
            found = sum(_is_found(key, keys) for keys in (keys_in(sound),) for key in truth)
            under = "alone" if level is None else f"speech {level:+} dB"
            yield Row("tones", f"{1000 * length:.0f} ms, {under}", "keys found", 100 * found / count, "%", count=count)
            if level is None or level <= _AIMED:
                aimed = [aimed[0] + found, aimed[1] + count]
    yield Row(
        "tones", "all lengths, speech to -5 dB", "keys found", 100 * aimed[0] / aimed[1], "%", ">= 99.9", aimed[1]
    )


def _entries(rng: np.random.Generator, speech: Sound, count: int) -> Iterator[Row]:
    """Tell of entries far below the speech over them: what is cut of them and beside them."""
    for size, level in product((16, 3), LOUD) if len(speech) > 60 * RATE else ():
        left, beside, whole = 0, 0.0, 0
        for length, pause in PACES:
            for _ in range(count):
                sound, truth = keyed(rng, size, length, level, speech, pause, before=3.0)
                spans = [burst.span for burst in bursts(keys_in(sound))]
                missed = [t for t in truth if not any(s.begin < t[0] + 0.01 and s.end > t[1] - 0.01 for s in spans)]
                left, whole = left + len(missed), whole + (not missed)
                beside += sum(max(0.0, truth[0][0] - s.begin) + max(0.0, s.end - truth[-1][1]) for s in spans)
        total = count * len(PACES)
        name = f"entries of {size} keys, speech {level:+} dB"
        aim = ">= 99.9" if level <= _AIMED else ""
        yield Row("tones", name, "keys cut", 100 * (1 - left / total / size), "%", aim, total)
        yield Row("tones", name, "entries cut whole", 100 * whole / total, "%", count=total)
        yield Row("tones", name, "cut beside an entry", beside / total, "s", count=total)


def bursts_cut(keys: Sequence[tones.Key]) -> int:
    """Return how many cuts keys come to."""
    return sum(1 for n, key in enumerate(keys) if not n or key.begin - keys[n - 1].end >= tones.NEAR)


def _alarms(name: str, sounds: Sequence[Sound]) -> Iterator[Row]:
    hours = sum(map(len, sounds)) / RATE / 3600
    if not hours:
        yield Row("tones", f"{name}: not installed, not measured", "false alarms", float("nan"), "per hour", count=0)
        return
    minutes = round(60 * hours)
    for kind, detector in (("", tones.Detector), (" of the gate's detector", pairs.Detector)):
        start = time.process_time()
        cuts = sum(bursts_cut(keys_in(line(sound), detector)) for sound in sounds)
        taken = time.process_time() - start
        yield Row("tones", f"{name}, {minutes} min", f"false alarms{kind}", cuts / hours, "per hour", "<= 1", minutes)
        speed = 3600 * hours / taken
        yield Row("tones", f"{name}, {minutes} min", f"speed{kind}", speed, "x real time", "" if kind else ">= 1000")


def run(*, seed: int, quick: bool) -> list[Row]:
    """Measure the detectors, then the containers."""
    tuned = seed == TUNING_SEED
    people = human(tuned=tuned, quick=quick)
    machines = synthetic(Random(seed), tuned=tuned, minutes=1 if quick else 20)
    speech = np.concatenate([line(s) for s in (people, machines) if len(s)] or [np.zeros(0, np.float32)])
    rows = list(_recall(np.random.default_rng(seed), speech, 60 if quick else 1000))
    rows += _entries(np.random.default_rng(seed + 1), speech, 5 if quick else 50)
    rows += _alarms("human prompts", [people] if len(people) else [])
    rows += _alarms("synthetic voices", [machines] if len(machines) else [])
    rows += _alarms("hold music", music())
    return rows + tones_codecs.run(seed=seed)


def fit(*, seed: int = TUNING_SEED, minutes: float = 30) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias for vault.screen.sound.tones: logistic regression, keys against speech and music."""
    speech = [
        s for s in (human(tuned=True, quick=False), synthetic(Random(seed), tuned=True, minutes=minutes)) if len(s)
    ]
    features, labels = [], []
    for sound in [*speech, *music()[:3]]:
        detector = tones.Detector(RATE)
        detector.feed(line(sound))
        features += [hit.features for hit in detector.hits]
    labels += [0.0] * len(features)
    rng = np.random.default_rng(seed)
    for level in (None, -20, -10, -5, -5, -2):
        for length in (*LENGTHS, 0.25):
            for sound in speech:
                made, truth = keyed(rng, 300, length, level, sound)
                detector = tones.Detector(RATE)
                detector.feed(made)
                hits = [
                    h for h in detector.hits if any(h.symbol == s and h.begin < e and h.end > b for b, e, s in truth)
                ]
                features += [hit.features for hit in hits]
                labels += [1.0] * len(hits)
    return _regression(np.array(features, np.float64), np.array(labels))


def _regression(features: NDArray[np.float64], labels: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Fit with both classes weighing the same, by Newton's method on scaled features."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    table = np.column_stack([(features - mean) / scale, np.ones(len(features))])
    share = np.where(labels == 1, 0.5 / labels.sum(), 0.5 / (1 - labels).sum())
    weights, ridge = np.zeros(table.shape[1]), 2e-5 * np.eye(table.shape[1])
    for _ in range(60):
        chance = 1 / (1 + np.exp(-np.clip(table @ weights, -40, 40)))
        gradient = table.T @ (share * (chance - labels)) + ridge @ weights
        curve = (table * (share * chance * (1 - chance))[:, None]).T @ table + ridge
        step = np.linalg.solve(curve, gradient)
        weights -= step * min(1.0, 2.0 / np.abs(step).max())
    plain = weights[:-1] / scale
    return plain, float(weights[-1] - plain @ mean)
