"""The second look at a redacted screen recording: it tells what card numbers and security codes the first one missed.

It shares the recogniser with the first pass and no rule: whole pictures at another size, at other times (between the
readings of the first pass, and right before and after what was covered), and digits are held against a table of
prefixes and lengths by brute force. It samples: at least one picture in EVERY seconds of change, the last picture
before something vanishes, and up to EDGES pictures at the edges of what was covered. Whatever it finds stops the
recording, so it asks for more evidence than the first pass.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from vault.screen.find.allowed import spared
from vault.screen.options import OnProgress, Options
from vault.screen.outcome import Finding, FindingKind, Medium
from vault.screen.picture.film import Film, Shot
from vault.screen.picture.lines import Box, Line
from vault.screen.picture.ocr import Eye, Pixels
from vault.screen.sound.decode import opened

RULE: Final = "PIC-13"
EVERY: Final = 1.7  # seconds; no multiple of the first pass's interval
EDGES: Final = 200
_SOON: Final = 0.6  # seconds between two pictures looked at because something vanished
_SCALE: Final = 0.8
_THUMB: Final = 8
_CHANGE: Final = 9  # levels of a pixel of the thumbnail
_STILL: Final = 40  # levels by which a line that was read already may differ

_TURNS: Final = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
_CARD = re.compile(
    r"(?:4\d{12}(?:\d{3}|\d{6})?|5[1-5]\d{14}|220[0-4]\d{12}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}|(?:6011|64[4-9]\d|65\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|(?:62|81)\d{14,17}"
    r"|(?:50|5[6-8]|67)\d{11,17})"
)
_GROUPS = re.compile(r"\d+(?:[ .,/_-]{1,3}\d+)*")
_OPAQUE = re.compile(
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b|(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][\d:.]+)?|\d{1,2}:\d\d(?::\d\d)?"
)
_CODE = re.compile(r"\bC[VW][VC]?2?\b|security code|card verification", re.IGNORECASE)
_THREE = re.compile(r"(?<![\d.,/:-])\d{3,4}(?![\d.,/:-])")


class _Left(NamedTuple):
    kind: FindingKind
    length: int
    box: Box


def recheck(
    result: BinaryIO, options: Options, eye: Eye, covered: Sequence[Finding], on_progress: OnProgress
) -> tuple[Finding, ...]:
    """Look at a redacted recording anew; return what is left in it that should not be. `covered` is what was cut.

    Raises:
        UnscreenableError: it cannot be wholly decoded.

    """
    look = _Look(eye, options, [t for f in covered if f.box and f.cut for t in (f.begin, f.end) if t is not None])
    with opened(result) as container:
        film = Film(container)
        for packet in container.demux(film.stream):
            for shot in film.shots(packet):
                look.see(shot, film.rotation)
                on_progress(shot.seconds)
        film.check_whole()
        look.finish()
    return tuple(look.found)


class _Look:
    """Chooses which pictures to read, and reads them."""

    def __init__(self, eye: Eye, options: Options, edges: Iterable[float]) -> None:
        self._eye, self._options = eye, options
        every = sorted(set(edges))
        self._edges = every[:: max(1, -(-len(every) // EDGES))][::-1]
        self._known: dict[tuple[int, int], tuple[Pixels, Line]] = {}
        self._last: tuple[Shot, Pixels, npt.NDArray[np.int16]] | None = None
        self._read: npt.NDArray[np.int16] | None = None
        self._read_at = self._soon_at = -EVERY
        self._seen: set[tuple[FindingKind, Box]] = set()
        self.found: list[Finding] = []

    def see(self, shot: Shot, rotation: int) -> None:
        """Take the next frame, and read it or the one before where that is due."""
        colours: Any = shot.frame.to_ndarray(format="bgr24")
        if rotation:
            colours = cv2.rotate(colours, _TURNS[rotation])
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
        for left in _left(self._lines(colours), self._options):
            place = left.kind, Box(*(v // 16 for v in left.box))
            if place not in self._seen:
                self._seen.add(place)
                found = Finding(Medium.PICTURE, left.kind, RULE, length=left.length, begin=shot.seconds, cut=False)
                self.found.append(replace(found, end=shot.seconds, box=left.box[:]))

    def _lines(self, colours: Pixels) -> list[Line]:
        """Return the lines of text of a whole picture, found at another size than in the first pass."""
        small = cv2.resize(colours, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA)
        known, self._known = self._known, {}
        out = []
        for box in self._eye.detect(np.asarray(small, np.uint8)):
            whole = Box(*(round(v / _SCALE) for v in box)).grown(2, 2).within(colours.shape[1], colours.shape[0])
            crop = colours[whole.top : whole.bottom, whole.left : whole.right]
            key = whole.left // 8, whole.top // 8
            before = known.get(key)
            known_still = before is not None and _still(before[0], crop)
            line = before[1] if before is not None and known_still else self._eye.read(colours, whole)
            self._known[key] = crop.copy(), line
            out.append(line)
        return out


def _differ(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> bool:
    return bool((np.abs(one - other) > _CHANGE).any())


def _still(before: Pixels, now: Pixels) -> bool:
    same: Any = before.shape == now.shape and cv2.absdiff(before, now).max() <= _STILL
    return bool(same)


def passes(digits: str) -> bool:
    """Say whether digits pass the Luhn check; written here once more, so that one mistake is not made twice."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        total += sum(divmod(2 * digit, 10)) if place % 2 else digit
    return total % 10 == 0


def numbers_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where card numbers stand in a text: made of whole groups of digits, of a known beginning and length."""
    plain = _OPAQUE.sub(lambda m: "x" * len(m.group()), text)
    for run in _GROUPS.finditer(plain):
        groups = list(re.finditer(r"\d+", run.group()))
        for first in range(len(groups)):
            digits = ""
            for last in groups[first:]:
                digits += last.group()
                if len(digits) > 19:  # noqa: PLR2004 - longer than any card number
                    break
                if _CARD.fullmatch(digits) and passes(digits):
                    yield run.start() + groups[first].start(), run.start() + last.end(), digits


def _left(lines: Sequence[Line], options: Options) -> Iterator[_Left]:
    """Yield the card numbers and codes that can be read in a picture."""
    for text, box in _joined(lines):
        for start, end, digits in numbers_in(text):
            if not spared(text, [(start, end)], options.allowed).wholly:
                yield _Left(FindingKind.CARD, len(digits), box)
    for line in lines:
        told = _CODE.search(line.text)
        if told is None:
            continue
        behind = _THREE.search(line.text, told.end())
        if behind is not None and behind.start() - told.end() <= 12:  # noqa: PLR2004 - "is", "number", ": "
            yield _Left(FindingKind.CODE, len(behind.group()), line.box)
        for other in lines:
            if _THREE.fullmatch(other.text.strip()) and _is_beside(line.box, other.box):
                yield _Left(FindingKind.CODE, len(other.text.strip()), other.box)


def _is_beside(label: Box, value: Box) -> bool:
    """Say whether a value stands just right of a label, or just under it."""
    high = max(label.height, value.height)
    if abs(label.top + label.height / 2 - value.top - value.height / 2) < 0.5 * high:
        return 0 <= value.left - label.right < 8 * high
    return 0 <= value.top - label.bottom < 1.5 * high and abs(value.left - label.left) < 3 * high


def _joined(lines: Sequence[Line]) -> Iterator[tuple[str, Box]]:
    """Yield each line's text, and the texts of neighbours on one row as one."""
    for line in lines:
        yield line.text, line.box
        text, box = line.text, line.box
        for other in sorted(lines, key=lambda o: o.box.left):
            level = abs(other.box.top + other.box.height / 2 - box.top - box.height / 2) < 0.5 * box.height
            if level and 0 <= other.box.left - box.right < 2.5 * box.height:
                text, box = f"{text} {other.text}", box.joined(other.box)
        if box != line.box:
            yield text, box
