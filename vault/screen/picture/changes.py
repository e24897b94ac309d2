"""What changed between two pictures: a grid of tiles, and the regions that changed tiles make up.

A picture is kept as planar YUV 4:2:0 (8 bits), the way screens are recorded; its brightness is compared at full size
and its colours at half size, so that text which differs in colour alone is seen too.
"""

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from vault.screen.picture.lines import Box

Plane = npt.NDArray[np.uint8]
Tiles = npt.NDArray[np.bool_]

TILE: Final = 16  # pixels
_LEVELS: Final = 12  # of brightness or colour; what a codec adds to a still picture stays below
_SHARE: Final = 3  # of 255, of a tile's pixels: three of them, a thin stroke
_WIDE: Final = 3  # tiles side by side that new text of some digits takes
_ROOM: Final = (352, 160)  # pixels that the detector is shown at least: in less it misses a single short word
_CONTEXT: Final = 24  # pixels around what is read
_EDGE: Final = 24  # levels between neighbours in a stroke of text


class Picture:
    """One picture of even width and height: `planes` are brightness and the two colours at half size."""

    __slots__ = ("height", "planes", "width", "yuv")

    def __init__(self, yuv: Plane) -> None:
        """Take planar YUV 4:2:0 of shape (height * 3 / 2, width)."""
        self.yuv = yuv
        self.height, self.width = yuv.shape[0] * 2 // 3, yuv.shape[1]
        size, half = self.height * self.width, (self.height // 2, self.width // 2)
        flat = yuv.reshape(-1)
        self.planes: tuple[Plane, Plane, Plane] = (
            yuv[: self.height],
            flat[size : size + size // 4].reshape(half),
            flat[size + size // 4 :].reshape(half),
        )

    @property
    def grey(self) -> Plane:
        """The brightness."""
        return self.planes[0]

    def colours(self, box: Box) -> npt.NDArray[np.uint8]:
        """Return the pixels of `box`, whose edges are even, as blue, green, red."""
        x, y, half = box.left // 2, box.top // 2, (box.width // 2, box.height // 2)
        luma = self.grey[box.top : box.bottom, box.left : box.right]
        two = np.concatenate([p[y : y + half[1], x : x + half[0]] for p in self.planes[1:]]).reshape(-1, box.width)
        out: Any = cv2.cvtColor(np.concatenate([luma, two]), cv2.COLOR_YUV2BGR_I420)
        return np.asarray(out, np.uint8)


def grid(picture: Picture) -> tuple[int, int]:
    """Return rows and columns of tiles."""
    return -(-picture.height // TILE), -(-picture.width // TILE)


def changed(one: Picture, other: Picture) -> Tiles:
    """Return which tiles differ by more than a codec's noise."""
    rows, columns = grid(one)
    out = np.zeros((rows, columns), np.bool_)
    for first, second, tile in zip(one.planes, other.planes, (TILE, TILE // 2, TILE // 2), strict=True):
        beyond: Any = cv2.threshold(cv2.absdiff(first, second), _LEVELS, 255, cv2.THRESH_BINARY)[1]
        if not beyond.any():
            continue
        high, wide = rows * tile - beyond.shape[0], columns * tile - beyond.shape[1]
        if high or wide:
            beyond = cv2.copyMakeBorder(beyond, 0, high, 0, wide, cv2.BORDER_CONSTANT, value=0)
        share = cv2.resize(beyond, (columns, rows), interpolation=cv2.INTER_AREA)
        out |= share >= _SHARE
    return out


def differs(one: Picture, other: Picture, box: Box) -> bool:
    """Say whether the pixels of `box` differ by more than a codec's noise."""
    for (first, second), by in zip(zip(one.planes, other.planes, strict=True), (1, 2, 2), strict=True):
        place = np.s_[box.top // by : -(-box.bottom // by), box.left // by : -(-box.right // by)]
        if int(np.count_nonzero(cv2.absdiff(first[place], second[place]) > _LEVELS)) >= 3:  # noqa: PLR2004 - a stroke
            return True
    return False


def is_textlike(picture: Picture, tiles: Tiles) -> bool:
    """Say whether the tiles hold what may be a number: wide enough, and with strokes."""
    if not tiles.any():
        return False
    wide = tiles.copy()
    for _ in range(_WIDE - 1):
        wide = wide[:, 1:] & wide[:, :-1]
    if not wide.any():
        return False
    for box in regions(tiles, picture.width, picture.height):
        grey = picture.grey[box.top : box.bottom, box.left : box.right]
        strokes = np.count_nonzero(cv2.absdiff(grey[:, 1:], grey[:, :-1]) > _EDGE)
        if strokes > box.height:
            return True
    return False


def regions(tiles: Tiles, width: int, height: int) -> list[Box]:
    """Return the changed tiles as boxes in pixels: neighbours together, two tiles apart in a row as well."""
    if not tiles.any():
        return []
    near: Any = cv2.dilate(tiles.astype(np.uint8), np.ones((3, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    out = []
    for x, y, w, h, _ in stats[1:count]:
        out.append(Box(int(x) * TILE, int(y) * TILE, int(w) * TILE, int(h) * TILE).within(width, height))
    return out


def boxes_around(areas: Sequence[Box], lines: Sequence[Box], width: int, height: int) -> list[Box]:
    """Return the areas grown to whole lines of text and merged until none overlap; edges are even."""
    margin = TILE // 2
    boxes = [_even(area.grown(margin, margin), width, height) for area in areas]
    grew = True
    while grew:
        grew = False
        merged: list[Box] = []
        for box in boxes:
            whole = box
            for line in lines:
                if whole.meets(line):
                    whole = _even(whole.joined(line.grown(margin, margin)), width, height)
            for other in [m for m in merged if m.meets(whole)]:
                merged.remove(other)
                whole = whole.joined(other)
            grew = grew or whole != box
            merged.append(whole)
        grew = grew or len(merged) < len(boxes)
        boxes = merged
    return boxes


def with_context(area: Box, width: int, height: int) -> Box:
    """Return the area with what the detector needs to see around a small one; edges are even."""
    x, y = max(_CONTEXT, (_ROOM[0] - area.width) // 2), max(_CONTEXT, (_ROOM[1] - area.height) // 2)
    return _even(area.grown(x, y), width, height)


def _even(box: Box, width: int, height: int) -> Box:
    box = box.within(width, height)
    left, top = box.left // 2 * 2, box.top // 2 * 2
    return Box(left, top, -(-(box.right - left) // 2) * 2, -(-(box.bottom - top) // 2) * 2)
