"""Cuts a stream of sound into overlapping windows, so that each frame is heard with something around it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16_000
WINDOW: Final = 10 * RATE
EDGE: Final = RATE // 2  # of each window, at both ends, is heard better in its neighbour
STEP: Final = WINDOW - 2 * EDGE
FRAME: Final = 320  # samples that a frame of features stands for: 20 ms

_KNEE_HERTZ, _KNEE_MEL = 1000, 15  # below, the mel scale is even in hertz
_LOG_STEP: Final = float(np.log(6.4) / 27)

Samples = NDArray[np.float32]


def frames(blocks: Iterable[Samples], features: Callable[[Samples], Samples]) -> Iterator[Samples]:
    """Yield `features` of WINDOW samples at a time, (frames, width), each frame once; the last window ends in zeros."""
    held, first = np.zeros(0, np.float32), True
    for block in blocks:
        held = np.concatenate([held, block.astype(np.float32, copy=False)])
        while len(held) >= WINDOW:
            yield features(held[:WINDOW])[0 if first else EDGE // FRAME : -EDGE // FRAME]
            held, first = held[STEP:], False
    skip, wanted = 0 if first else EDGE // FRAME, -(-len(held) // FRAME)
    if wanted > skip:
        yield features(np.pad(held, (0, WINDOW - len(held))))[skip:wanted]


def mel_filters(*, bands: int, size: int, low: float, high: float) -> NDArray[np.float32]:
    """Return triangular filters of unit area, (bands, bins of an FFT of `size`), even on Slaney's mel scale."""
    lowest, highest = _mel(low), _mel(high)
    mels = np.linspace(lowest, highest, bands + 2)
    hertz = np.where(mels < _KNEE_MEL, mels * 200 / 3, _KNEE_HERTZ * np.exp(_LOG_STEP * (mels - _KNEE_MEL)))
    bins = np.fft.rfftfreq(size, 1 / RATE)
    widths = np.diff(hertz)[:, None]
    ramps = hertz[:, None] - bins[None, :]
    weights = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    return np.asarray(weights * (2 / (hertz[2:] - hertz[:-2]))[:, None], np.float32)


def powers(window: Samples, hann: Samples, hop: int) -> Samples:
    """Return the power spectra of `window`, (frames, bins), centred on every `hop`-th sample, mirrored at the ends."""
    padded = np.pad(window, len(hann) // 2, mode="reflect")
    cut = np.lib.stride_tricks.sliding_window_view(padded, len(hann))[::hop][: len(window) // hop]
    spectra = np.fft.rfft(cut * hann, axis=1).astype(np.complex64)
    return np.asarray(np.abs(spectra) ** 2, np.float32)


def _mel(hertz: float) -> float:
    if hertz < _KNEE_HERTZ:
        return hertz * 3 / 200
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HERTZ) / _LOG_STEP)
