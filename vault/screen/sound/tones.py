"""Find keyed digits (DTMF, ITU-T Q.23) in sound, also under speech.

A key is two tones, one of a low and one of a high group. Every 8 ms the spectrum of a 25.6 ms Hann window is taken on a
grid of 39 Hz from 195 to 2800 Hz. A window in which each group's band is ruled by one peak, near a nominal frequency,
is a candidate; candidates of one key in a row are a hit. Ten features of a hit (below) give a score, the logarithm of
the odds that it is a key and not speech or music, with weights fitted on speech and music with and without tones
(benchmarks.redaction.tones.fit). Speech passes for a key now and then, a key under speech is sometimes weak: so a hit
is believed when it is strong by itself, or when one that is believed is near (hysteresis). Where keys of an entry may
hide before the first or after the last of these, vault.screen.sound.faint says.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vault.screen.sound import faint
from vault.screen.sound.presses import HIGH, LOW, NEAR, SYMBOLS, Floats, Key

WINDOW: Final = 0.0256  # seconds
HOP: Final = 0.008
STRICT: Final = 9.0  # score of a hit that is believed by itself
PAIR: Final = 5.0  # the same, of each of two hits within NEAR
SENSITIVE: Final = -3.0  # the same, within NEAR of one that is believed

_BINS: Final = np.arange(5, 72)
_STEP: Final = 1 / WINDOW  # Hz from bin to bin
_GROUPS: Final = ((LOW, 620, 1030), (HIGH, 1100, 1800))  # nominal frequencies and the band they rule
_PURE: Final = 0.45  # of a band's energy, in its peak
_OFF: Final = 0.032  # of the frequency; senders keep 1.5 %, speech beside a tone pulls its peak
_TWIST: Final = 10.0  # dB between the two tones
_OTHER: Final = 0.68  # of all energy, beside the two tones, in the clearest window of a hit
_FLOOR: Final = 1e-7  # energy of both, -70 dB below full scale
_HOLES: Final = 3  # windows without the tone inside a hit
_EDGE: Final = 3  # windows before and after a hit: outside it, and near
_KEPT: Final = 64  # windows of a hit that its features are taken from
_LEAST: Final = 2  # windows of a hit
_TAIL: Final = 12  # windows kept from block to block

# Windows (at most 6), impurity of the high tone, share of all energy that is no tone (mean, least), wandering of the
# frequencies, of the levels, rise before and fall after in dB, twist, distance from the nominal frequencies.
_WEIGHTS: Final = np.array([0.805, -1.658, -1.518, -2.577, -1.458, -0.564, 0.131, 0.124, -0.581, -2.396])
_BIAS: Final = -16.08


class Hit(NamedTuple):
    """What may be a key: its features, from which the score comes."""

    symbol: str
    begin: float
    end: float
    features: Floats

    @property
    def score(self) -> float:
        """The logarithm of the odds that it is a key."""
        return float(self.features @ _WEIGHTS + _BIAS)


class _Peaks(NamedTuple):
    """Of each window the strongest peak of one group's band."""

    which: NDArray[np.intp]  # of the nominal frequency
    off: Floats  # from it, as a ratio
    purity: Floats
    energy: Floats


class _Open:
    """A hit that may go on."""

    def __init__(self, symbol: int, at: int, before: Floats) -> None:
        self.symbol, self.first, self.last, self.before = symbol, at, at, before
        self.count = 0
        self.windows: list[tuple[float, ...]] = []

    def add(self, at: int, window: tuple[float, ...]) -> None:
        self.last = at
        self.count += 1
        if len(self.windows) < _KEPT:
            self.windows.append(window)


class Detector:
    """Takes the samples of one channel block by block; memory does not grow but with what it finds."""

    def __init__(self, rate: int) -> None:
        """Take the samples a second, 8000 at least."""
        self._rate, self._size, self._hop = rate, round(rate * WINDOW), round(rate * HOP)
        phase = 2 * np.pi * np.outer(np.arange(self._size) / rate, _BINS * _STEP)
        hann = np.hanning(self._size + 1)[:-1, None] * (4 / self._size)
        self._matrix = np.concatenate([np.cos(phase) * hann, np.sin(phase) * hann], axis=1).astype(np.float32)
        self._rest = np.zeros(0, np.float32)
        self._rows = np.full((_TAIL, len(_BINS)), 1e-12, np.float32)  # before the start all is silent
        self._base = -_TAIL  # the window that the first of the rows is
        self._done = 0
        self._open: _Open | None = None
        self._trail = faint.Trail(hop=self._hop / rate, size=self._size / rate, step=_STEP, first=int(_BINS[0]))
        self.hits: list[Hit] = []

    def feed(self, block: Floats) -> None:
        """Take the next samples, between -1 and 1."""
        samples = np.concatenate([self._rest, block])
        count = (len(samples) - self._size) // self._hop + 1
        if count <= 0:
            self._rest = samples
            return
        self._rest = samples[count * self._hop :]
        view = np.lib.stride_tricks.sliding_window_view(samples, self._size)[:: self._hop][:count]
        parts = np.ascontiguousarray(view) @ self._matrix
        energy = parts[:, : len(_BINS)] ** 2 + parts[:, len(_BINS) :] ** 2 + np.float32(1e-12)
        self._rows = np.concatenate([self._rows, energy])
        self._scan()
        cut = len(self._rows) - _TAIL
        self._rows, self._base = self._rows[cut:], self._base + cut

    def finish(self) -> list[Key]:
        """Return the keys, in order, when all samples were taken."""
        self.feed(np.zeros(self._size + _TAIL * self._hop, np.float32))
        return faint.hidden(believed(self.hits), self._trail)

    def _scan(self) -> None:
        """Read the windows that have enough others behind them."""
        until = self._base + len(self._rows) - _EDGE - 1
        rows, first, known = self._rows[self._done - self._base : until - self._base], self._done, len(self.hits)
        low, high = (_peaks(rows, *group) for group in _GROUPS)
        twist = 10 * np.log10(low.energy / high.energy)
        usable = (np.minimum(low.purity, high.purity) > _PURE) & (np.abs(twist) < _TWIST)
        usable &= (np.abs(low.off) < _OFF) & (np.abs(high.off) < _OFF) & (low.energy + high.energy > _FLOOR)
        found = np.nonzero(usable)[0]
        if len(found):
            other = 1 - (low.energy + high.energy)[found] / rows[found].sum(axis=1)
            columns = (low.off, high.off, high.purity, low.energy, high.energy, twist)
            table = np.column_stack([*(c[found] for c in columns), other]).tolist()
            symbols = (low.which * len(HIGH) + high.which)[found].tolist()
            for place, symbol, window in zip((found + self._done).tolist(), symbols, table, strict=True):
                self._take(place, symbol, tuple(window))
        self._done = until
        if self._open and self._done - self._open.last > _HOLES:
            self._close(self._open)
        fair = [(hit.begin, hit.end) for hit in self.hits[known:] if hit.score >= PAIR]
        self._trail.add(first, rows, fair, self._open.first if self._open else None)

    def _take(self, at: int, symbol: int, window: tuple[float, ...]) -> None:
        hit = self._open
        if hit is not None and (hit.symbol != symbol or at - hit.last > _HOLES):
            self._close(hit)
            hit = None
        if hit is None:
            hit = self._open = _Open(symbol, at, self._row(at - _EDGE).copy())
        hit.add(at, window)

    def _row(self, at: int) -> Floats:
        return np.asarray(self._rows[at - self._base])

    def _close(self, hit: _Open) -> None:
        self._open = None
        if hit.count < _LEAST or min(window[-1] for window in hit.windows) > _OTHER:
            return
        begin, end = hit.first * self._hop / self._rate, (hit.last * self._hop + self._size) / self._rate
        features = _features(hit, self._row(hit.last + _EDGE))
        self.hits.append(Hit(SYMBOLS[hit.symbol], begin, end, features))


def _peaks(rows: Floats, nominal: NDArray[np.float64], lowest: float, highest: float) -> _Peaks:
    first, last = np.searchsorted(_BINS * _STEP, (lowest, highest))
    band = rows[:, first:last]
    at = band.argmax(axis=1) + first
    each = np.arange(len(rows))
    below, peak, above = rows[each, at - 1], rows[each, at], rows[each, at + 1]
    ratio = np.sqrt(np.maximum(below, above) / peak)
    shift = (2 * ratio - 1) / (1 + ratio)  # of a sine under a Hann window, from the two greatest bins
    frequency = (_BINS[at] + np.where(above > below, shift, -shift)) * _STEP
    offs = frequency[:, None] / nominal - 1
    index = np.abs(offs).argmin(axis=1)
    energy = below + peak + above
    return _Peaks(index, offs[each, index].astype(np.float32), energy / band.sum(axis=1), energy)


def _features(hit: _Open, after: Floats) -> Floats:
    window = np.array(hit.windows, np.float32)
    low_off, high_off, purity, low_energy, high_energy, twist, other = window.T
    levels = 10 * np.log10(low_energy), 10 * np.log10(high_energy)
    rise = fall = np.inf
    for level, off, nominal in (
        (levels[0], low_off, LOW[hit.symbol // len(HIGH)]),
        (levels[1], high_off, HIGH[hit.symbol % len(HIGH)]),
    ):
        at = round(nominal * (1 + float(off.mean())) / _STEP) - int(_BINS[0])
        usual = float(np.median(level))
        rise = min(rise, usual - 10 * np.log10(float(hit.before[at - 1 : at + 2].sum()) + 1e-9))
        fall = min(fall, usual - 10 * np.log10(float(after[at - 1 : at + 2].sum()) + 1e-9))
    return np.array(
        [
            min(hit.count, 6),
            np.log(1.0001 - np.minimum(purity, 1)).mean(),
            np.log(1e-4 + np.maximum(other, 0)).mean(),
            np.log(1e-4 + max(float(other.min()), 0)),
            np.log(low_off.std() + high_off.std() + 1e-3),
            np.log(levels[0].std() + levels[1].std() + 0.2),
            np.clip(rise, -5, 20),
            np.clip(fall, -5, 20),
            abs(float(np.median(twist))),
            100 * max(abs(float(low_off.mean())), abs(float(high_off.mean()))),
        ],
        np.float32,
    )


def believed(hits: Sequence[Hit]) -> list[Key]:
    """Return the hits that are keys: the strong ones, and what is near them."""
    scores = [hit.score for hit in hits]
    strong = [False] * len(hits)
    fair = [n for n, score in enumerate(scores) if score >= PAIR]
    for place, n in enumerate(fair):
        strong[n] = strong[n] or scores[n] >= STRICT
        after = fair[place + 1] if place + 1 < len(fair) else None
        if after is not None and hits[after].begin - hits[n].end < NEAR:
            strong[n] = strong[after] = True
    anchors = [hits[n] for n, is_strong in enumerate(strong) if is_strong]
    keys: list[Key] = []
    at = 0
    for hit, score in zip(hits, scores, strict=True):
        while at < len(anchors) and anchors[at].end + NEAR < hit.begin:
            at += 1
        is_near = at < len(anchors) and anchors[at].begin - NEAR < hit.end
        if score < SENSITIVE or not is_near:
            continue
        sure = float(1 / (1 + np.exp(-score)))
        last = keys[-1] if keys else None
        if last and last.symbol == hit.symbol and hit.begin < last.end:  # one press that speech broke in two
            keys[-1] = replace(last, end=hit.end, sure=max(sure, last.sure))
        else:
            keys.append(Key(hit.symbol, hit.begin, hit.end, sure))
    return keys
