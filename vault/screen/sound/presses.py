"""Keyed digits as they were heard (DTMF, ITU-T Q.23): the frequencies, a key, and keys that belong together."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

LOW: Final = np.array([697.0, 770.0, 852.0, 941.0])  # Hz
HIGH: Final = np.array([1209.0, 1336.0, 1477.0, 1633.0])
SYMBOLS: Final = "123A456B789C*0#D"
NEAR: Final = 3.0  # seconds; people who key a number do not wait longer, and a doubtful hit counts that near another

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Key:
    """A key pressed: which of SYMBOLS, when (seconds), and how sure that is, from 0 to 1.

    `before` and `after` are seconds beside it in which other keys of the same entry may hide under louder sound.
    """

    symbol: str
    begin: float
    end: float
    sure: float
    before: float = 0.0
    after: float = 0.0

    def moved(self, begin: float, end: float) -> "Key":
        """Return the same key at another time."""
        return replace(self, begin=begin, end=end)


def bursts(keys: Iterable[Key]) -> list[list[Key]]:
    """Join keys that are less than NEAR seconds apart."""
    out: list[list[Key]] = []
    for key in keys:
        if out and key.begin - out[-1][-1].end < NEAR:
            out[-1].append(key)
        else:
            out.append([key])
    return out
