"""A second opinion on spoken digits, for the gate that listens to what was already cut.

It shares no features with the first ear: log-mel bands and a small convolutional net of our own, trained on the same
synthetic speech. It is far weaker: at thresholds that hardly ever alarm on plain talk it notices about two readings in
three of voices that it does not know, and of some people none (figures in `weights/README.md`), so its silence proves
nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.outcome import Engine
from vault.screen.sound import ear_windows
from vault.screen.sound.ear_windows import Samples
from vault.screen.sound.speech_net import Net
from vault.screen.sound.speech_spans import Levels, Spoken, spans

_BANDS: Final = 40
_FFT, _HOP = 400, 160  # 25 ms every 10 ms
FEATURES: Final = "log-mel 40 x 2, 200-3600 Hz, mean of 10 s removed, 1"
_FILTERS: Final = ear_windows.mel_filters(bands=_BANDS, size=_FFT, low=200, high=3_600)
_HANN: Final = np.hanning(_FFT + 1)[:-1].astype(np.float32)


def log_mel(window: Samples) -> Samples:
    """Return two 10 ms steps of log-mel bands for each 20 ms of a window, less each band's mean: (frames, 80)."""
    loud = np.log(np.maximum(ear_windows.powers(window, _HANN, _HOP) @ _FILTERS.T, 1e-8))
    loud = np.maximum(loud, loud.max() - 14)  # 60 dB
    loud = loud - loud.mean(axis=0, dtype=np.float32)
    return np.ascontiguousarray(loud.reshape(len(loud) // 2, 2 * _BANDS), np.float32)


class SecondEar:
    """Listens for whole readings of digits. One for each process; it works on one core."""

    def __init__(self) -> None:
        """Load the net.

        Raises:
            PartMissingError: its weights are missing or damaged.

        """
        self._net = Net("second", features=FEATURES)
        self._levels = Levels(**self._net.about["levels"])
        self.engines: tuple[Engine, ...] = (
            Engine("spoken digits, second opinion", self._net.version, self._net.digest),
        )

    def listen(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Spoken]:
        """Yield where readings of digits are heard, as speech.Ear.listen does."""
        return spans(self._net.chances(ear_windows.frames(blocks, log_mel)), self._levels)
