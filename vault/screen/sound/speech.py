"""Finds spoken digits in sound, offline: features of a speech model, a small net of our own, and rules for stretches.

`Ear` is for the first pass, which decides what is cut. It cuts whatever sounds like a run of digits, telephone and
order numbers too: to tell them apart needs words, and words are what recognisers lose (whole readings of them).
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.outcome import Engine
from vault.screen.sound.ear_whisper import MODEL_DIGEST, Whisper
from vault.screen.sound.ear_windows import RATE
from vault.screen.sound.speech_net import Net
from vault.screen.sound.speech_spans import Levels, Spoken, spans

__all__ = ["RATE", "Ear", "Spoken"]

_ROW: Final = 3  # digits given one by one, as few as a security code has
_RECALL: Final = 0.95  # of card-digit time, that a language must reach in the benchmark


class Ear:
    """Listens for digits. One for each process; it works on one core."""

    def __init__(self) -> None:
        """Load the models.

        Raises:
            PartMissingError: the model, what runs it or the weights are missing, or not those that were measured.

        """
        self._whisper = Whisper()
        self._net = Net("digits", features=MODEL_DIGEST)
        self._levels = Levels(**self._net.about["levels"], row=_ROW)
        self.engines: tuple[Engine, ...] = (
            self._whisper.engine,
            Engine("spoken digits", self._net.version, self._net.digest),
        )
        self.languages: frozenset[str] = frozenset(
            language for language, recall in self._net.about["recall"].items() if recall >= _RECALL
        )

    def listen(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Spoken]:
        """Yield where digits are spoken, in order, in mono sound at RATE in [-1, 1]; blocks may be of any length.

        The same sound gives the same stretches, however it is cut into blocks. What is said up to 12 seconds
        later may still make a lone digit part of a reading, so a stretch may be yielded that much after it was heard.
        """
        return spans(self._net.chances(self._whisper.frames(blocks)), self._levels)
