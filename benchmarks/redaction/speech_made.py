"""Readings of published test numbers over a telephone line, and what an ear makes of them: for the benchmark's rows."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction import speech_calls as calls
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_channel import Sound, line
from benchmarks.redaction.speech_measure import Tally, blocks
from benchmarks.redaction.voices import Voice
from vault.screen.sound.speech import Spoken

NAMES: Final = {"en": "English", "es": "Spanish", "fr": "French", "de": "German"}


class Listener(Protocol):
    """An Ear or a SecondEar."""

    def listen(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Spoken]: ...


def score(ear: Listener, made: Iterable[tuple[calls.Call, Sound]]) -> Tally:
    """Listen to calls as they arrive over the line, and compare with the truth."""
    tally = Tally()
    for call, sound in made:
        tally.add(call, list(ear.listen(blocks(sound))))
    return tally


def over_line(call: calls.Call, rng: Random, snr: float | None = None) -> Sound:
    """Return a call at a random level with noise at `snr` dB, or at 35, 25 or 15."""
    kind = rng.choice(("white", "pink", "babble"))
    ratio = snr if snr is not None else rng.choice((35, 25, 15))
    peak = 10 ** rng.uniform(-1.2, -0.1)
    return line(call.sound, np.random.default_rng(rng.getrandbits(32)), snr=ratio, kind=kind, peak=peak)


def readings(
    language: str, voice: list[Voice], rng: Random, count: int, pace: float | None = None
) -> Iterator[calls.Call]:
    """Yield card readings of published test numbers, the styles in turn."""
    sentences = texts.prose(language)
    for number in range(count):
        style = calls.STYLES[number % len(calls.STYLES)]
        script = calls.script(language, style, sentences, rng, number=rng.choice(calls.CARDS))
        yield calls.spoken(
            language, style, script, [rng.choice(voice), rng.choice(voice)], rng, pace=pace or rng.uniform(0.8, 1.25)
        )
