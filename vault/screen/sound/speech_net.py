"""A small net over frames of features: how likely each is part of a spoken digit. Inference in NumPy.

Three layers look at a frame and its neighbours (offsets in frames), a fourth gives one number. The weights are in
`weights/`, made by `python -m benchmarks.redaction.train_speech`, with what they are and were measured at beside them.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.errors import PartMissingError

Matrix = NDArray[np.float32]
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: for output frame t it reads input frames t + offset, for each offset; weights are (offsets, in, out)."""

    offsets: tuple[int, ...]
    weights: Matrix
    bias: Matrix

    @property
    def reach(self) -> int:
        """How many frames it looks at to either side."""
        return max(abs(offset) for offset in self.offsets)

    def over(self, frames: Matrix) -> Matrix:
        """Return its sums for all frames but the outermost `reach` at either end."""
        count = len(frames) - 2 * self.reach
        found = np.broadcast_to(self.bias, (count, len(self.bias))).copy()
        for offset, weights in zip(self.offsets, self.weights, strict=True):
            found += frames[self.reach + offset : self.reach + offset + count] @ weights
        return found


class Net:
    """The layers of one file of weights, and what the file says of itself."""

    def __init__(self, name: str, *, features: str) -> None:
        """Load `weights/<name>.npz`, which must have been trained on features of the digest `features`.

        Raises:
            PartMissingError: the file is missing, damaged, of another format or for other features.

        """
        try:
            raw = resources.files("vault.screen.sound").joinpath("weights", f"{name}.npz").read_bytes()
            arrays = dict(np.load(io.BytesIO(raw), allow_pickle=False))
            self.about: dict[str, Any] = json.loads(str(arrays["about"]))
            self._mean, self._scale = (arrays[key].astype(np.float32) for key in ("mean", "scale"))
            self.layers = tuple(
                Layer(tuple(offsets), arrays[f"weights{n}"].astype(np.float32), arrays[f"bias{n}"].astype(np.float32))
                for n, offsets in enumerate(self.about["offsets"])
            )
            described = (self.about["format"], self.about["features"])
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as exc:
            raise PartMissingError(f"the weights '{name}' are missing or damaged") from exc
        if described != (FORMAT, features):
            raise PartMissingError(f"the weights '{name}' are for other features than those that are installed")
        self.version, self.digest = str(self.about["version"]), hashlib.sha256(raw).hexdigest()

    @property
    def reach(self) -> int:
        """How many frames to either side bear on one."""
        return sum(layer.reach for layer in self.layers)

    def chances(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Matrix]:
        """Yield the chance of a digit, 0 to 1, for each frame of features, in order; blocks may be of any length."""
        edge = np.zeros((self.reach, len(self._mean)), np.float32)
        held = edge
        for block in blocks:
            held = np.concatenate([held, (block - self._mean) * self._scale])
            if len(held) > 2 * self.reach:
                yield self._run(held)
                held = held[len(held) - 2 * self.reach :]
        last = np.concatenate([held, edge])
        if len(last) > 2 * self.reach:
            yield self._run(last)

    def _run(self, frames: Matrix) -> Matrix:
        for layer in self.layers[:-1]:
            frames = np.maximum(layer.over(frames), 0)
        sums = np.clip(self.layers[-1].over(frames)[:, 0], -30, 30)
        return np.asarray(1 / (1 + np.exp(-sums)), np.float32)
