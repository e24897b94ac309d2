"""Synthesise sound that behaves like a telephone call: syllables of two voices, pauses, and keys being pressed."""

import math
from collections.abc import Sequence

from cli.samples.encode import samples_of

_DTMF_ROWS, _DTMF_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)  # Hz, ITU-T Q.23
_KEYS = "123456789*0#"
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (440, 1020, 2240), (530, 1840, 2480))  # formants, Hz


def voice(syllables: int, *, pitch: float, rate: int, seed: int) -> Sequence[int]:
    """Return a quarter of a second of voice for each syllable, every fifth of them silent."""
    values: list[float] = []
    length = rate // 4
    for index in range(syllables):
        vowel = _VOWELS[(index * 7 + seed) % len(_VOWELS)]
        tone = pitch * (1 + 0.12 * math.sin(1.7 * index + seed))
        loudness = 0.0 if (index + seed) % 5 == 0 else 1.0
        partials = [(n * tone, _resonance(n * tone, vowel)) for n in range(1, int(3400 / tone))]
        values += [
            loudness
            * math.sin(math.pi * at / length) ** 0.6
            * sum(strength * math.sin(2 * math.pi * hertz * at / rate) for hertz, strength in partials)
            for at in range(length)
        ]
    return samples_of(values)


def _resonance(hertz: float, formants: tuple[int, ...]) -> float:
    return 0.25 * sum(1 / (1 + ((hertz - formant) / 90) ** 2) / (n + 1) for n, formant in enumerate(formants))


def keys(digits: str, *, rate: int) -> Sequence[int]:
    """Return the dual tones of keys, 90 ms each with 70 ms of silence after."""
    values: list[float] = []
    for digit in digits:
        place = _KEYS.index(digit)
        low, high = _DTMF_ROWS[place // 3], _DTMF_COLUMNS[place % 3]
        values += [
            0.35 * (math.sin(2 * math.pi * low * at / rate) + math.sin(2 * math.pi * high * at / rate))
            for at in range(rate * 9 // 100)
        ]
        values += [0.0] * (rate * 7 // 100)
    return samples_of(values)


def silence(seconds: float, *, rate: int) -> Sequence[int]:
    """Return silence."""
    return samples_of([0.0] * int(seconds * rate))
