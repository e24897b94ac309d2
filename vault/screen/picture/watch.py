"""The first pass: look at the frames in order, read what changes, and say where card data showed and when.

A *state* is what the screen showed when it was last read; it holds for every frame that does not differ from it. What
happened between two states is known only by its pixels, so a number that is in one state is taken to show in all the
frames up to the next, and is looked for where the frames between differ from both.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vault.screen.options import Options
from vault.screen.picture import changes, motion, patches
from vault.screen.picture.changes import Picture, Tiles
from vault.screen.picture.follow import Follower
from vault.screen.picture.lines import Box, Line
from vault.screen.picture.numbers import runs, spots
from vault.screen.picture.ocr import Eye

INTERVAL: Final = 0.5  # seconds between two readings of a picture that goes on changing
_MEMORY: Final = 64 * 2**20  # bytes of the frames kept since the last reading
_HURRIES: Final = 3.0  # readings out of turn that a place may cause at once
_REFILL: Final = 3.0  # of them in a second
_MOST: Final = 0.6  # share of the picture from which it is read as a whole


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that waits: its number, its time in seconds, and its picture."""

    index: int
    seconds: float
    picture: Picture


class Watch:
    """Is shown every frame in order; then tells the masks and the findings. `lines` is the text of the last state."""

    def __init__(self, eye: Eye, options: Options) -> None:
        self._eye, self._options = eye, options
        self.follower = Follower(options)
        self.lines: list[Line] = []
        self._state: Picture | None = None  # what the lines were read from
        self._base = -1  # the last frame that showed the state
        self._between: deque[Seen] = deque()  # the frames after it
        self._taken: Sequence[Seen] = ()  # those that the reading just done took in
        self._read_at = 0.0
        self._unseen: Tiles = np.zeros((0, 0), np.bool_)
        self._hurries: npt.NDArray[np.float64] = np.zeros((0, 0))
        self._last: Seen | None = None
        self.readings = 0

    def see(self, index: int, seconds: float, picture: Picture) -> Sequence[Seen]:
        """Look at the next frame; return the frames since the state before when the screen was read, else none."""
        now = Seen(index, seconds, picture)
        if self._state is None:
            self._unseen = np.ones(changes.grid(picture), np.bool_)
            self._hurries = np.full(changes.grid(picture), _HURRIES)
            self._base = index - 1
            self._between.append(now)
            self._read(now, self._unseen)
        else:
            self._compare(now)
        self._last = now
        taken, self._taken = self._taken, ()
        return taken

    def finish(self) -> None:
        """Read what the last frames showed."""
        if self._last is not None and self._between:
            self._read(self._last, self._unseen)
        if self._last is not None:
            self.follower.finish(self._last.index)

    def _compare(self, now: Seen) -> None:
        assert self._state is not None and self._last is not None  # noqa: S101, PT018 - the first frame set both
        if self._unseen.any():
            self._hurry(now, self._last)
        self._hurries = np.minimum(_HURRIES, self._hurries + _REFILL * max(0.0, now.seconds - self._last.seconds))
        self._unseen = changes.changed(self._state, now.picture)
        if not self._unseen.any():
            self._base = now.index
            self._between.clear()
            return
        self._between.append(now)
        full = len(self._between) * now.picture.yuv.nbytes >= _MEMORY
        if now.seconds - self._read_at >= INTERVAL or full:
            self._read(now, self._unseen)

    def _hurry(self, now: Seen, last: Seen) -> None:
        """Read the frame before when what it showed is gone now and was never read."""
        lost = self._unseen & changes.changed(last.picture, now.picture) & (self._hurries >= 1)
        if not changes.is_textlike(last.picture, lost):
            return
        for other in (now.picture, self._state):
            if other is not None:
                lost = motion.unmoved(last.picture, other, lost)
        if changes.is_textlike(last.picture, lost):
            self._hurries[lost] -= 1
            self._read(last, self._unseen)

    def _read(self, now: Seen, dirty: Tiles) -> None:
        """Read the changed parts of a frame, which is the last of those between."""
        picture = now.picture
        areas = changes.boxes_around(
            changes.regions(dirty, picture.width, picture.height),
            [line.box for line in self.lines],
            picture.width,
            picture.height,
        )
        if sum(area.width * area.height for area in areas) > _MOST * picture.width * picture.height:
            areas = [Box(0, 0, picture.width, picture.height)]
        kept = [line for line in self.lines if not any(line.box.meets(area) for area in areas)]
        gone = [line for line in self.lines if line not in kept]
        for area in areas:
            kept += self._read_area(picture, area, gone)
        before, self.lines = self.lines, kept
        self.readings += 1
        state = self._state or picture
        found = spots(kept, self._options, before, self.follower.cards())
        self._taken = tuple(self._between)
        self.follower.follow(state, self._base, self._taken, found, runs(kept))
        self._state = _composed(self._state, picture, areas)
        self._base, self._read_at = now.index, now.seconds
        self._between.clear()
        self._unseen = np.zeros_like(dirty)

    def _read_area(self, picture: Picture, area: Box, gone: list[Line]) -> list[Line]:
        room = changes.with_context(area, picture.width, picture.height)
        colours = picture.colours(room)
        out = []
        for box in self._eye.detect(colours):
            whole = box.moved(room.left, room.top)
            if not whole.meets(area):
                continue
            again = self._known(picture, whole, gone)
            if again is None:
                read = self._eye.read(colours, box)
                again = Line(whole, read.text, tuple(c + room.left for c in read.centres), read.sure)
            if again.text.strip():
                out.append(again)
        return out

    def _known(self, picture: Picture, box: Box, gone: list[Line]) -> Line | None:
        """Return the line that shows in `box` if it was read before, here or elsewhere."""
        if self._state is None:
            return None
        new = patches.cut_out(picture.grey, box.grown(6, 4).within(picture.width, picture.height))
        for line in sorted(gone, key=lambda g: abs(g.box.top - box.top) + abs(g.box.left - box.left)):
            x, y = box.left - line.box.left, box.top - line.box.top
            if abs(line.box.width - box.width) > 6 or abs(line.box.height - box.height) > 5:  # noqa: PLR2004 - pixels
                continue
            was = patches.cut_out(self._state.grey, line.box.grown(6, 4).within(picture.width, picture.height))
            # both ways: a character typed at an end lies outside the old line
            if patches.same(patches.cut_out(self._state.grey, line.box), new) and patches.same(
                patches.cut_out(picture.grey, box), was
            ):
                return Line(box, line.text, tuple(c + x for c in line.centres), line.sure)
            if (x, y) == (0, 0):
                break
        return None


def _composed(state: Picture | None, picture: Picture, areas: list[Box]) -> Picture:
    """Return the state with the areas that were read taken from `picture`: slow changes elsewhere add up."""
    if state is None:
        return picture
    out = Picture(state.yuv.copy())
    for area in areas:
        for target, source, by in zip(out.planes, picture.planes, (1, 2, 2), strict=True):
            place = np.s_[area.top // by : area.bottom // by, area.left // by : area.right // by]
            target[place] = source[place]
    return out
