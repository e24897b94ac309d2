"""Keys that hide under louder speech, at both ends of an entry that was found: where they cannot be excluded.

Keys between two that were found are cut with them. Before the first and after the last nothing says that there were
more, and under speech far louder than the tones the detector misses some. But all keys of an entry are about equally
loud and follow each other at one pace. So from the outermost key on it is looked, one step after the other, whether the
sound has at both frequencies of any key what a key of this entry brings; if it has, one may have been pressed there.
Loud speech does that too: then a little of it is cut with the entry. In quiet and in other sound nothing is.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.sound.presses import HIGH, LOW, NEAR, SYMBOLS, Floats, Key, bursts

AROUND: Final = 6.0  # seconds from the outermost key that was found, at most
MOST: Final = 6  # keys at each end
SLOWER: Final = 2.2  # times the usual step from key to key, that the next may take
ALONE: Final = 0.6  # seconds, the same where only one key was found
BELOW: Final = 4.0  # dB below the quieter keys of the entry
QUIETER: Final = 0.3  # of the keys of the entry, that count as the quieter ones
LEAST: Final = 2  # windows in a row
_APART: Final = 0.03  # seconds between two keys, at least
_LONG: Final = 1.0  # seconds of a key, its last, that tell its level
_HELD: Final = 30.0  # seconds of the trail that wait for a key to end
_NOMINAL: Final = np.array([*LOW, *HIGH])


class Trail:
    """The level at the eight frequencies, window by window, near what may be keys; the rest is let go.

    A window begins every `hop` seconds and lasts `size`; `step` is the distance of the bins of its spectrum in Hz, and
    `first` the number of the first bin that comes in.
    """

    def __init__(self, *, hop: float, size: float, step: float, first: int) -> None:
        self.hop, self.size = hop, size
        self._bins = [round(f / step) - first for f in _NOMINAL]
        self._recent: deque[tuple[int, Floats]] = deque()
        self._kept: list[tuple[int, Floats]] = []
        self._wanted = -1  # up to this window
        self._around = round((NEAR + AROUND) / hop)

    def add(self, first: int, rows: Floats, spans: Sequence[tuple[float, float]], open_since: int | None) -> None:
        """Take the energies of the next windows; keep what is near `spans` (seconds) and wait for an open key."""
        if len(rows):
            three = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]  # of a sine, all of its energy
            found = np.stack([three[:, at - 2 : at + 1].max(axis=1) for at in self._bins], axis=1)
            self._recent.append((first, found))
        for begin, end in spans:
            self._let_go(round(begin / self.hop) - self._around)
            self._wanted = max(self._wanted, round(end / self.hop) + self._around)
            self._kept += self._recent
            self._recent.clear()
        while self._recent and self._recent[0][0] <= self._wanted:
            self._kept.append(self._recent.popleft())
        done = first + len(rows)
        since = done if open_since is None else max(open_since, done - round(_HELD / self.hop))
        self._let_go(since - self._around - 1)

    def _let_go(self, before: int) -> None:
        while self._recent and self._recent[0][0] + len(self._recent[0][1]) <= before:
            self._recent.popleft()

    def levels(self, begin: float, end: float) -> NDArray[np.float64]:
        """Return the levels in dB, (windows, 8), of the windows that begin in a time; unknown ones have none."""
        first, last = max(0, round(begin / self.hop)), round(end / self.hop)
        out = np.full((max(0, last - first), len(_NOMINAL)), 1e-12)
        for at, found in self._kept:
            low, high = max(first, at), min(last, at + len(found))
            if low < high:
                out[low - first : high - first] = found[low - at : high - at]
        return np.asarray(10 * np.log10(out + 1e-12), np.float64)


def hidden(keys: Sequence[Key], trail: Trail) -> list[Key]:
    """Return the keys; the first and last of each burst with the seconds beside them in which more may hide."""
    out: list[Key] = []
    for burst in bursts(keys):
        first, last = burst[0], burst[-1]
        least = np.quantile([_level(key, trail) for key in burst], QUIETER, axis=0) - BELOW
        steps = [b.begin - a.begin for a, b in pairwise(burst)]
        step = float(np.median(steps)) if steps else 0.0
        reach = min(NEAR, SLOWER * step) if steps else ALONE
        before = _possible(trail, max(0.0, first.begin - AROUND), first.begin, least)
        after = _possible(trail, last.end, last.end + AROUND, least)
        length = trail.size + (LEAST - 1) * trail.hop
        burst[0] = replace(burst[0], before=_walk(first.begin - before, step, reach))
        burst[-1] = replace(burst[-1], after=_walk(after + length - last.end, step, reach))
        out += burst
    return out


def _level(key: Key, trail: Trail) -> NDArray[np.float64]:
    place = SYMBOLS.index(key.symbol)
    both = [place // len(HIGH), len(LOW) + place % len(HIGH)]
    until = max(key.end - trail.size, key.begin) + trail.hop
    levels = trail.levels(max(key.begin, until - _LONG), until)
    return np.asarray(np.median(levels[:, both], axis=0), np.float64)


def _possible(trail: Trail, begin: float, end: float, least: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times in a span at which a key of these levels may begin: both tones are there for LEAST windows."""
    levels = trail.levels(begin, end)
    low, high = levels[:, : len(LOW)] > least[0], levels[:, len(LOW) :] > least[1]
    both = (low[:, :, None] & high[:, None, :]).reshape(len(levels), len(SYMBOLS))
    lasting = both
    for shift in range(1, LEAST):
        lasting = lasting[:-1] & both[shift:]
    return np.asarray((np.nonzero(lasting.any(axis=1))[0] + round(begin / trail.hop)) * trail.hop, np.float64)


def _walk(distances: NDArray[np.float64], step: float, reach: float) -> float:
    """Return how far keys may go on: from one to the possible place that is nearest to where the next is due."""
    at = 0.0
    for _ in range(MOST):
        near = distances[(distances > at + _APART) & (distances <= at + reach)]
        if not len(near):
            break
        at = float(near[np.abs(near - at - step).argmin()])
    return at
