"""A second way to find keyed digits, for the gate: no spectrum, but the phase of each tone, millisecond by millisecond.

Each group of tones is mixed down from the middle of its band and low-passed; a tone there turns the phase at one speed
for as long as it lasts. A key is a time of `LEAST` seconds in which both phases turn evenly at nominal speeds and both
tones together are most of the sound. It shares no threshold, window or weight with vault.screen.sound.tones, so what
slips through that is not bound to slip through this. It is less sensitive: it finds keys that a person would hear.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vault.screen.sound.presses import HIGH, LOW, NEAR, SYMBOLS, Floats, Key

STEP: Final = 0.001  # seconds from phase to phase
LEAST: Final = 0.018  # of even phases, a tone of 30 ms
CLEAR: Final = 0.030  # the same, from which on a key counts without another near
SHARE: Final = 0.75  # of the energy, in the two tones
CLEAR_SHARE: Final = 0.90  # the same, of a key that counts alone

_SPAN: Final = 0.0065  # seconds of the low-pass filter
_SMOOTH: Final = 6  # steps over which a turn is the mean of
_OFF: Final = 0.025  # of a nominal frequency
_WANDER: Final = 0.008  # standard deviation of a frequency, as a ratio
_TWIST: Final = 10.0  # dB
_FLOOR: Final = 1e-7  # mean square
_MERGE: Final = 0.012  # seconds of a key that may be unclear


class _Run(NamedTuple):
    symbol: str
    begin: float
    end: float
    share: float


class Detector:
    """Takes the samples of one channel block by block, as vault.screen.sound.tones.Detector does."""

    def __init__(self, rate: int) -> None:
        """Take the samples a second, 8000 at least."""
        self._rate, self._hop, self._size = rate, round(rate * STEP), round(rate * _SPAN)
        time = np.arange(self._size) / rate
        window = np.hanning(self._size + 2)[1:-1]
        self._centres = [float(group.mean()) for group in (LOW, HIGH)]
        columns = [window * np.exp(-2j * np.pi * centre * time) for centre in self._centres]
        self._mix = np.stack([part for c in columns for part in (c.real, c.imag)], axis=1).astype(np.float32)
        self._window = (window / window.sum()).astype(np.float32)
        grid = np.linspace(-500, 500, 501)
        gain = np.abs(np.exp(-2j * np.pi * np.outer(grid, time)) @ window) / 2
        self._gain = grid, gain  # of a sine of amplitude 1, so far from the centre
        self._rest = np.zeros(0, np.float32)
        self._last = np.zeros((_SMOOTH, len(self._centres)), np.complex64)
        self._count = 0
        self._open: list[tuple[int, float, float, float, float]] = []  # symbol, time, low, high, share
        self._runs: list[_Run] = []

    def feed(self, block: Floats) -> None:
        """Take the next samples, between -1 and 1."""
        samples = np.concatenate([self._rest, block])
        count = (len(samples) - self._size) // self._hop + 1
        if count <= 0:
            self._rest = samples
            return
        self._rest = samples[count * self._hop :]
        view = np.lib.stride_tricks.sliding_window_view(samples, self._size)[:: self._hop][:count]
        view = np.ascontiguousarray(view)
        mixed = (view @ self._mix).view(np.complex64)
        power = (view * view) @ self._window
        known = np.concatenate([self._last, mixed])
        turns = known[1:] * np.conj(known[:-1])
        smooth = np.stack([np.convolve(turns[:, n], np.ones(_SMOOTH), "valid") for n in range(len(self._centres))])
        self._read(smooth, np.abs(mixed), power)
        self._last = known[-_SMOOTH:]

    def finish(self) -> list[Key]:
        """Return the keys, in order, when all samples were taken."""
        self._close()
        keys = []
        for n, run in enumerate(self._runs):
            near = [r for r in self._runs[max(0, n - 1) : n + 2] if r is not run]
            paired = any(abs(r.begin - run.begin) < NEAR for r in near)
            if paired or (run.end - run.begin >= CLEAR and run.share >= CLEAR_SHARE):
                keys.append(Key(run.symbol, run.begin, run.end + _SPAN, run.share))
        return keys

    def _read(self, turns: NDArray[np.complex128], levels: Floats, power: Floats) -> None:
        hop = self._hop / self._rate
        symbols, frequencies, energies = np.zeros(len(power), np.intp), [], []
        usable = power > _FLOOR
        for column, (group, centre) in enumerate(zip((LOW, HIGH), self._centres, strict=True)):
            turn = np.angle(turns[column] * np.exp(-2j * np.pi * centre * hop))
            frequency = centre + turn / (2 * np.pi * hop)
            offs = np.abs(frequency[:, None] / group - 1)
            which = offs.argmin(axis=1)
            usable &= offs.min(axis=1) < _OFF
            gain = np.interp(frequency - centre, *self._gain)
            energies.append((levels[:, column] / gain) ** 2 / 2)
            frequencies.append(frequency)
            symbols = symbols * len(HIGH) + which
        share = (energies[0] + energies[1]) / np.maximum(power, _FLOOR)
        twist = np.abs(10 * np.log10((energies[0] + 1e-12) / (energies[1] + 1e-12)))
        usable &= (share > SHARE) & (twist < _TWIST)
        for at in np.nonzero(usable)[0].tolist():
            time = (self._count + at) * hop
            if self._open and (self._open[-1][0] != symbols[at] or time - self._open[-1][1] > _MERGE):
                self._close()
            self._open.append(
                (int(symbols[at]), time, float(frequencies[0][at]), float(frequencies[1][at]), float(share[at]))
            )
        self._count += len(power)

    def _close(self) -> None:
        if len(self._open) * STEP >= LEAST:
            _, times, low, high, share = np.array(self._open).T
            if max(low.std() / low.mean(), high.std() / high.mean()) < _WANDER:
                symbol = SYMBOLS[self._open[0][0]]
                self._runs.append(_Run(symbol, float(times[0]), float(times[-1]), min(1.0, float(share.mean()))))
        self._open = []
