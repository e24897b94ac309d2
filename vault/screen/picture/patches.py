"""Find a piece of a picture again: at its place in part, or moved."""

from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np

from vault.screen.picture.changes import Plane
from vault.screen.picture.lines import Box

_ALIKE: Final = 0.8  # correlation from which a patch is found again
_HALF_ALIKE: Final = 0.85  # the same for a half of it
_GLYPH_ALIKE: Final = 0.7  # the same for one glyph, into which what stands beside it may reach
_MOST: Final = 12  # places where one patch is looked for in one picture
_NOISE: Final = 40  # levels that a codec may add where something moved
_ODD: Final = 0.03  # share of a window's pixels that may differ more
_INK: Final = 30.0  # levels between the darkest and the lightest pixel where something is written


def cut_out(grey: Plane, box: Box) -> Plane:
    """Return a copy of the pixels of `box`."""
    return grey[box.top : box.bottom, box.left : box.right].copy()


def found(patch: Plane, grey: Plane, area: Box) -> Iterator[Box]:
    """Yield where in `area` of a picture the patch shows, whole or cut in half by an edge."""
    height, width = patch.shape
    room = grey[area.top : area.bottom, area.left : area.right]
    whole = list(_hits(patch, room, _ALIKE))
    if whole:
        for x, y in whole:
            yield Box(area.left + x, area.top + y, width, height)
        return
    for top, left, part in (
        (0, 0, patch[: height // 2]),
        (height - height // 2, 0, patch[height - height // 2 :]),
        (0, 0, patch[:, : width // 2]),
        (0, width - width // 2, patch[:, width - width // 2 :]),
    ):
        for x, y in _hits(part, room, _HALF_ALIKE):
            yield Box(area.left + x - left, area.top + y - top, width, height)


def shows(patch: Plane, room: Plane) -> bool:
    """Say whether a single glyph shows anywhere in the room, a cursor or a bracket beside it perhaps."""
    return next(_hits(patch, room, _GLYPH_ALIKE), None) is not None


def _hits(patch: Plane, room: Plane, alike: float) -> Iterator[tuple[int, int]]:
    height, width = patch.shape
    if height < 4 or width < 4 or room.shape[0] < height or room.shape[1] < width or np.ptp(patch) < _INK:  # noqa: PLR2004
        return
    scores: Any = cv2.matchTemplate(room, patch, cv2.TM_CCOEFF_NORMED)
    for _ in range(_MOST):
        _, best, _, (x, y) = cv2.minMaxLoc(scores)
        if not best >= alike:  # also when it is no number, over an even ground
            return
        yield x, y
        scores[max(0, y - height // 2) : y + height // 2 + 1, max(0, x - width // 2) : x + width // 2 + 1] = -1


def _windows(one: Plane, other: Plane) -> Iterator[tuple[bool, bool]]:
    """Yield for each stretch of two patches of one size whether it is written on, and whether both are alike there."""
    height, width = one.shape
    step = max(4, height // 2)
    beyond = cv2.absdiff(one, other) > _NOISE
    for x in range(0, width, step):
        part = one[:, x : x + step]
        yield float(np.ptp(part)) >= _INK, float(beyond[:, x : x + step].mean()) <= _ODD


def remains(patch: Plane, grey: Plane, box: Box, least: int) -> bool:
    """Say whether at least `least` written stretches of the patch still show at their place."""
    now = grey[box.top : box.bottom, box.left : box.right]
    if now.shape != patch.shape:
        return False
    return sum(ink and alike for ink, alike in _windows(patch, now)) >= least


def same(old: Plane, new: Plane) -> bool:
    """Say whether two patches of about one size show the same text: alike in every stretch, moved by a pixel or two."""
    edge = 3
    inner = old[edge:-edge, edge:-edge]
    if inner.size == 0 or inner.shape[0] > new.shape[0] or inner.shape[1] > new.shape[1] or np.ptp(inner) < _INK:
        return False
    _, best, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(new, inner, cv2.TM_CCOEFF_NORMED))
    if best < _ALIKE:
        return False
    return all(alike for _, alike in _windows(inner, new[y : y + inner.shape[0], x : x + inner.shape[1]]))
