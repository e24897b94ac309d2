"""Text that stands on its side or its head: which way a screen must be turned to be read, and looking at it that way.

The turn that a recording's tag asks for is undone in film.py. What is left is what the tag does not tell: a screen that
was turned before it was recorded or while it was, or a tag that is wrong.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from vault.screen.options import Options
from vault.screen.picture.changes import Picture
from vault.screen.picture.film import as_coded, turned
from vault.screen.picture.follow import Number
from vault.screen.picture.lines import Box, Line
from vault.screen.picture.masks import Mask
from vault.screen.picture.ocr import Eye, Pixels
from vault.screen.picture.watch import Seen, Watch

_SURE: Final = 0.9  # of a character; below it, it may be one that stands otherwise
_ODD: Final = 0.25  # share of such characters from which a screen is asked about
_TALL: Final = 1.5  # height by width from which a line stands on its side
_LEAST: Final = 3  # characters from which a screen is asked about
_ENOUGH: Final = 12  # characters that say that a screen was upright until now
_BETTER: Final = 1.5  # times as many must be certain the other way
_PAUSE: Final = 2.0  # seconds until a screen is asked about again


def is_odd(lines: Sequence[Line]) -> bool:
    """Say whether so much of what was read was read badly, or runs up or down, that it may stand otherwise."""
    count = odd = 0
    for line in lines:
        count += len(line.text)
        odd += len(line.text) if _is_tall(line.box) else sum(s < _SURE for s in line.sure)
    return count >= _LEAST and odd >= _ODD * count


def best_turn(eye: Eye, image: Pixels) -> int:
    """Return the degrees, anticlockwise, by which a picture of shape (height, width, 3) is to be turned to be read."""
    scores = {}
    for turn in (0, 90, 180, 270):
        seen = np.ascontiguousarray(np.rot90(image, turn // 90))
        scores[turn] = _certain([eye.read(seen, box) for box in eye.detect(seen) if not _is_tall(box)])
    best = max(scores, key=lambda turn: scores[turn])
    return best if scores[best] > _BETTER * scores[0] + 1 else 0


def _is_tall(box: Box) -> bool:
    return box.height > _TALL * box.width


def _certain(lines: Sequence[Line]) -> int:
    return sum(
        c.isalnum() and s >= _SURE
        for line in lines
        if not _is_tall(line.box)
        for c, s in zip(line.text, line.sure, strict=True)
    )


class Turning:
    """Shows frames to a watch turned so that their text is upright; begins with `turn`.

    `again` is the turn to begin with when all that was shown until now should have been turned.
    """

    def __init__(self, eye: Eye, options: Options, turn: int = 0) -> None:
        self._eye, self._options = eye, options
        self._turn = turn
        self._watch = Watch(eye, options)
        self._size = 0, 0
        self._last = 0
        self._asked_at = -_PAUSE
        self._is_upright = False
        self._masks: list[Mask] = []
        self._numbers: list[Number] = []
        self.again: int | None = None

    def see(self, index: int, seconds: float, picture: Picture) -> None:
        """Look at the next frame."""
        self._size, self._last = (picture.width, picture.height), index
        read = self._watch.see(index, seconds, turned(picture, self._turn))
        if not read or self.again is not None:
            return
        if not is_odd(self._watch.lines):
            self._is_upright = self._is_upright or _certain(self._watch.lines) >= _ENOUGH
        elif seconds - self._asked_at >= _PAUSE:
            self._asked_at = seconds
            self._ask(read)

    def finish(self) -> tuple[list[Mask], list[Number]]:
        """Read what the last frames showed; return the masks and the numbers that they are of."""
        self._watch.finish()
        self._close()
        return self._masks, self._numbers

    def _ask(self, read: Sequence[Seen]) -> None:
        """Turn the frames that were read last when that is better, and look at them anew."""
        shown = read[-1].picture
        more = best_turn(self._eye, shown.colours(Box(0, 0, shown.width, shown.height)))
        if not more:
            return
        if not self._is_upright:
            self.again = (self._turn + more) % 360
            return
        self._watch.follower.finish(self._last)
        self._close()
        self._turn = (self._turn + more) % 360
        self._watch = Watch(self._eye, self._options)
        for old in read:
            self._watch.see(old.index, old.seconds, turned(old.picture, more))

    def _close(self) -> None:
        """Take over what the watch found, where it lies in the pictures as they were shown."""
        first, follower = len(self._numbers), self._watch.follower
        for mask in follower.masks:
            box = as_coded(mask.box, self._turn, *self._size)
            self._masks.append(Mask(mask.first, mask.last, box, mask.of + first))
        self._numbers += follower.numbers
