"""What a place on the screen looked like in the states before: the pixels that each change took away, so many."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from vault.screen.picture import changes
from vault.screen.picture.changes import TILE, Picture, Plane, Tiles
from vault.screen.picture.lines import Box

_BYTES: Final = 32 * 2**20  # of pixels kept; what is older is forgotten
_STATES: Final = 120  # kept at most: a minute of change


@dataclass(frozen=True, slots=True)
class _Step:
    """The tiles of a state that the next one changed: their numbers in order, and their pixels (n, TILE, TILE)."""

    tiles: Tiles
    numbers: "np.ndarray[tuple[int], np.dtype[np.intp]]"
    pixels: Plane


class History:
    """Takes in each change from a state to the next; gives a place back as it was, the last state first."""

    def __init__(self) -> None:
        self._steps: deque[_Step] = deque(maxlen=_STATES)
        self._bytes = 0

    def add(self, old: Picture, new: Picture) -> None:
        """Keep what `old` showed where `new` shows something else."""
        tiles = changes.changed(old, new)
        rows, columns = tiles.shape
        padded = np.pad(old.grey, ((0, rows * TILE - old.height), (0, columns * TILE - old.width)), mode="edge")
        pixels = padded.reshape(rows, TILE, columns, TILE).swapaxes(1, 2)[tiles]
        if len(self._steps) == _STATES:
            self._drop()
        self._steps.append(_Step(tiles, np.flatnonzero(tiles), pixels))
        self._bytes += pixels.nbytes
        while self._bytes > _BYTES:
            self._drop()

    def _drop(self) -> None:
        self._bytes -= self._steps.popleft().pixels.nbytes

    def place(self, now: Picture, box: Box) -> "Past":
        """Return `box` of the picture, to be taken back through the states."""
        return Past(tuple(self._steps), now, box)


class Past:
    """One place, taken back state by state."""

    def __init__(self, steps: tuple[_Step, ...], now: Picture, box: Box) -> None:
        """Begin with what `now` shows in `box`, which lies in the picture."""
        self._steps, self._box = list(steps), box
        self._rows = range(box.top // TILE, -(-box.bottom // TILE))
        self._columns = range(box.left // TILE, -(-box.right // TILE))
        part = now.grey[self._rows.start * TILE : self._rows.stop * TILE,
                        self._columns.start * TILE : self._columns.stop * TILE]  # fmt: skip
        high, wide = len(self._rows) * TILE - part.shape[0], len(self._columns) * TILE - part.shape[1]
        self._plane = np.pad(part, ((0, high), (0, wide)), mode="edge")

    def back(self) -> Plane | None:
        """Go back by one state; return the place's pixels in it, None where they are no longer known."""
        if not self._steps:
            return None
        step = self._steps.pop()
        for row in self._rows:
            for column in self._columns:
                if step.tiles[row, column]:
                    at = np.searchsorted(step.numbers, row * step.tiles.shape[1] + column)
                    top, left = (row - self._rows.start) * TILE, (column - self._columns.start) * TILE
                    self._plane[top : top + TILE, left : left + TILE] = step.pixels[at]
        top, left = self._box.top - self._rows.start * TILE, self._box.left - self._columns.start * TILE
        return self._plane[top : top + self._box.height, left : left + self._box.width]
