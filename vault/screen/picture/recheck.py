"""The second look at a redacted screen recording: it tells what card data the first one missed.

It shares the recogniser with the first pass and no rule: whole pictures at another size, at other times (between the
readings of the first pass, and right before and after what was covered), and digits are held against a table of
prefixes and lengths by brute force (residue.py). It samples: at least one picture in EVERY seconds of change, the last
picture before something vanishes, and up to EDGES pictures at the edges of what was covered. Whatever it finds stops
the recording, so it asks for more evidence than the first pass.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final

import cv2
import numpy as np
import numpy.typing as npt

from vault.screen.options import OnProgress, Options
from vault.screen.outcome import Finding, FindingKind, Medium
from vault.screen.picture.film import Film, Shot, as_coded, packets
from vault.screen.picture.lines import Box, Line
from vault.screen.picture.ocr import Eye, Pixels
from vault.screen.picture.residue import left_over
from vault.screen.picture.turn import best_turn, is_odd
from vault.screen.sound.decode import opened

RULE: Final = "PIC-13"
EVERY: Final = 1.7  # seconds; no multiple of the first pass's interval
EDGES: Final = 200
_SOON: Final = 0.6  # seconds between two pictures looked at because something vanished
_SCALE: Final = 0.8
_BAND: Final = 160  # pixels high; the first pass looks at areas or whole pictures
_THUMB: Final = 8
_CHANGE: Final = 9  # levels of a pixel of the thumbnail
_STILL: Final = 40  # levels by which a line that was read already may differ

_CARDS: Final = frozenset({FindingKind.CARD, FindingKind.EXPIRY})


def recheck(
    result: BinaryIO, options: Options, eye: Eye, covered: Sequence[Finding], on_progress: OnProgress
) -> tuple[Finding, ...]:
    """Look at a redacted recording anew; return what is left in it that should not be. `covered` is what was cut.

    Raises:
        UnscreenableError: it cannot be wholly decoded.

    """
    look = _Look(eye, options, [f for f in covered if f.box and f.cut])
    with opened(result) as container:
        film = Film(container)
        for packet in packets(container, film.stream):
            for shot in film.shots(packet):
                look.see(shot, film.rotation)
                on_progress(shot.seconds)
        film.check_whole()
        look.finish()
    return tuple(look.found)


class _Look:
    """Chooses which pictures to read, and reads them."""

    def __init__(self, eye: Eye, options: Options, covered: Sequence[Finding]) -> None:
        self._eye, self._options = eye, options
        self._cards = [
            (f.begin, f.end, Box(*f.box))
            for f in covered
            if f.kind in _CARDS and f.box and f.begin is not None and f.end is not None
        ]
        every = sorted({t for f in covered for t in (f.begin, f.end) if t is not None})
        self._edges = every[:: max(1, -(-len(every) // EDGES))][::-1]
        self._known: dict[tuple[int, int], tuple[Pixels, Line]] = {}
        self._last: tuple[Shot, Pixels, npt.NDArray[np.int16]] | None = None
        self._read: npt.NDArray[np.int16] | None = None
        self._read_at = self._soon_at = -EVERY
        self._seen: set[tuple[FindingKind, Box]] = set()
        self._turn = 0  # by which pictures are turned for their text to be upright
        self._asked_at = -EVERY
        self.found: list[Finding] = []

    def see(self, shot: Shot, rotation: int) -> None:
        """Take the next frame, and read it or the one before where that is due."""
        pixels: Any = shot.frame.to_ndarray(format="bgr24")
        colours = _turned(pixels, rotation)
        wide, high = max(1, colours.shape[1] // _THUMB), max(1, colours.shape[0] // _THUMB)
        thumb = cv2.resize(colours, (wide, high), interpolation=cv2.INTER_AREA).astype(np.int16)
        if self._last is not None:
            self._look_back(shot, thumb, *self._last)
        if self._read is None or (shot.seconds - self._read_at >= EVERY and _differ(thumb, self._read)):
            self._look_at(shot, colours, thumb)
        self._last = shot, colours, thumb

    def finish(self) -> None:
        """Read the last frame."""
        if self._last is not None and self._read is not None and _differ(self._last[2], self._read):
            self._look_at(*self._last)

    def _look_back(
        self, now: Shot, thumb: npt.NDArray[np.int16], shot: Shot, colours: Pixels, before: npt.NDArray[np.int16]
    ) -> None:
        """Read the frame before when it is the last one before an edge, or shows what is gone now and was not read."""
        edge = bool(self._edges) and self._edges[-1] <= now.seconds
        while self._edges and self._edges[-1] <= now.seconds:
            self._edges.pop()
        vanished = (
            self._read is not None
            and now.seconds - self._soon_at >= _SOON
            and _differ(before, self._read)
            and _differ(thumb, before)
        )
        if edge or vanished:
            self._soon_at = now.seconds
            self._look_at(shot, colours, before)
        if edge:
            self._read_at = -EVERY  # so that this one is read too

    def _look_at(self, shot: Shot, colours: Pixels, thumb: npt.NDArray[np.int16]) -> None:
        self._read, self._read_at = thumb, shot.seconds
        lines = self._upright(shot, colours)
        size = colours.shape[1], colours.shape[0]
        there = size if self._turn % 180 == 0 else size[::-1]
        cards = [as_coded(b, -self._turn % 360, *there) for begin, end, b in self._cards if begin <= shot.seconds < end]
        for left in left_over(lines, self._options, cards):
            box = as_coded(left.box, self._turn, *size)
            place = left.kind, Box(*(v // 16 for v in box))
            if place not in self._seen:
                self._seen.add(place)
                found = Finding(Medium.PICTURE, left.kind, RULE, length=left.length, begin=shot.seconds, cut=False)
                self.found.append(replace(found, end=shot.seconds, box=box[:]))

    def _upright(self, shot: Shot, colours: Pixels) -> list[Line]:
        """Return the lines of text of a picture, turned the way in which they can be read."""
        lines = self._lines(_turned(colours, self._turn))
        if is_odd(lines) and shot.seconds - self._asked_at >= EVERY:
            self._asked_at = shot.seconds
            more = best_turn(self._eye, _turned(colours, self._turn))
            if more:
                self._turn = (self._turn + more) % 360
                self._known = {}
                lines = self._lines(_turned(colours, self._turn))
        return lines

    def _lines(self, colours: Pixels) -> list[Line]:
        """Return the lines of text of a whole picture, found at another size than in the first pass."""
        small = cv2.resize(colours, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA)
        known, self._known = self._known, {}
        out = []
        for box in self._eye.detect(np.asarray(small, np.uint8), _BAND):
            whole = Box(*(round(v / _SCALE) for v in box)).grown(2, 2).within(colours.shape[1], colours.shape[0])
            crop = colours[whole.top : whole.bottom, whole.left : whole.right]
            key = whole.left // 8, whole.top // 8
            before = known.get(key)
            known_still = before is not None and _still(before[0], crop)
            line = before[1] if before is not None and known_still else self._eye.read(colours, whole)
            self._known[key] = crop.copy(), line
            out.append(line)
        return out


def _turned(colours: Pixels, degrees: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(colours, degrees // 90)) if degrees else colours


def _differ(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> bool:
    return bool((np.abs(one - other) > _CHANGE).any())


def _still(before: Pixels, now: Pixels) -> bool:
    same: Any = before.shape == now.shape and cv2.absdiff(before, now).max() <= _STILL
    return bool(same)
