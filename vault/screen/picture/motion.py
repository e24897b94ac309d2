"""Tell what only moved from what is new: the shift between two pictures, and which tiles it explains."""

from typing import Final

import cv2
import numpy as np

from vault.screen.picture.changes import TILE, Picture, Plane, Tiles, regions
from vault.screen.picture.lines import Box

_SAMPLE: Final = (48, 256)  # pixels, high and wide, of the patch by which a shift is found
_ALIKE: Final = 0.9
_NOISE: Final = 40  # levels that a codec may add where something moved
_ODD: Final = 8  # pixels of a tile that may differ more
_LEAST: Final = 4  # tiles that a region must have for its shift to be sought
_REACH: Final = 400  # pixels up and down, left and right


def unmoved(picture: Picture, other: Picture, tiles: Tiles) -> Tiles:
    """Return those of the `tiles` of `picture` that do not show, moved by one shift a region, in `other`."""
    left = tiles.copy()
    for box in regions(tiles, picture.width, picture.height):
        rows = np.s_[box.top // TILE : -(-box.bottom // TILE), box.left // TILE : -(-box.right // TILE)]
        if np.count_nonzero(tiles[rows]) < _LEAST:
            continue
        shift = _shift(picture.grey, other.grey, box)
        if shift is not None:
            new = left[rows] & _unlike(picture.grey, other.grey, box, shift, left[rows].shape)
            if 2 * np.count_nonzero(new) < np.count_nonzero(tiles[rows]):
                new &= ~_rim(tiles[rows])  # tiles there hold what moves and what does not
            left[rows] = new
    return left


def _rim(tiles: Tiles) -> Tiles:
    """Return the outermost rows and columns in which there are tiles."""
    down, across = np.flatnonzero(tiles.any(axis=1)), np.flatnonzero(tiles.any(axis=0))
    out = np.zeros_like(tiles)
    out[[down[0], down[-1]]] = True
    out[:, [across[0], across[-1]]] = True
    return out


def _shift(grey: Plane, other: Plane, box: Box) -> tuple[int, int] | None:
    """Return how far a sample of `box` has moved in `other`: right and down."""
    height, width = min(_SAMPLE[0], box.height), min(_SAMPLE[1], box.width)
    strokes = cv2.absdiff(
        grey[box.top : box.bottom - 1, box.left : box.right], grey[box.top + 1 : box.bottom, box.left : box.right]
    )
    if min(strokes.shape) == 0:
        return None
    density = cv2.boxFilter(strokes, cv2.CV_32F, (width, height), anchor=(0, 0), normalize=True)
    room = density[: box.height - height + 1, : box.width - width + 1]
    _, most, _, (x, y) = cv2.minMaxLoc(room)
    if most < 1:
        return None
    x, y = box.left + x, box.top + y
    area = Box(x, y, width, height).grown(_REACH, _REACH).within(grey.shape[1], grey.shape[0])
    scores = cv2.matchTemplate(
        other[area.top : area.bottom, area.left : area.right],
        grey[y : y + height, x : x + width],
        cv2.TM_CCOEFF_NORMED,
    )
    _, best, _, at = cv2.minMaxLoc(scores)
    return (area.left + at[0] - x, area.top + at[1] - y) if best >= _ALIKE else None


def _unlike(grey: Plane, other: Plane, box: Box, shift: tuple[int, int], shape: tuple[int, ...]) -> Tiles:
    """Return which tiles of `box` are not in `other`, `shift` further on; what fell off its edge is not."""
    there = box.moved(*shift)
    inside = there.within(grey.shape[1], grey.shape[0])
    odd = np.full((shape[0] * TILE, shape[1] * TILE), 255, np.uint8)
    if inside.width and inside.height:
        here = inside.moved(-shift[0], -shift[1])
        beyond = cv2.absdiff(
            grey[here.top : here.bottom, here.left : here.right],
            other[inside.top : inside.bottom, inside.left : inside.right],
        )
        y, x = here.top - box.top, here.left - box.left
        odd[y : y + here.height, x : x + here.width] = (beyond > _NOISE) * np.uint8(255)
    high, wide = box.height, box.width
    odd[high:], odd[:, wide:] = 0, 0
    share = cv2.resize(odd, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    out: Tiles = share >= _ODD
    return out
