"""Lines of text on a screen: boxes, rows, and which text labels which field. Pure geometry."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

ROW_GAP = 3.0  # line heights between two pieces of one row from which they are told apart
ABOVE = 1.8  # line heights between a field and the label above or below it
WORDS = 1.2  # line heights between two words of one label at most
LEFT = 20.0  # line heights between a field and the label to its left


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column right of it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height

    def grown(self, x: float, y: float) -> "Box":
        """Return the box with `x` pixels more on either side and `y` above and below; it may leave the picture."""
        left, top = int(self.left - x), int(self.top - y)
        return Box(left, top, int(self.right + x + 0.999) - left, int(self.bottom + y + 0.999) - top)

    def within(self, width: int, height: int) -> "Box":
        """Return the part that lies in a picture of this size; of no area when none does."""
        left, top = min(max(0, self.left), width), min(max(0, self.top), height)
        return Box(left, top, max(0, min(width, self.right) - left), max(0, min(height, self.bottom) - top))

    def meets(self, other: "Box") -> bool:
        """Say whether the two share a pixel."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def shared(self, other: "Box") -> float:
        """Return the area both cover by the smaller one's area."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        smaller = min(self.width * self.height, other.width * other.height)
        return max(0, wide) * max(0, high) / smaller if smaller else 0.0

    def joined(self, other: "Box") -> "Box":
        """Return the smallest box that holds both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Box(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def moved(self, x: int, y: int) -> "Box":
        """Return the box `x` pixels further right and `y` further down."""
        return Box(self.left + x, self.top + y, self.width, self.height)


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds all of `boxes`, of which there is at least one."""
    first, *others = boxes
    for other in others:
        first = first.joined(other)
    return first


class Line(NamedTuple):
    """One piece of text as it was read."""

    box: Box
    text: str
    centres: tuple[float, ...]  # of its characters, in pixels from the picture's left edge
    sure: tuple[float, ...]  # 0 to 1, of its characters

    def part(self, start: int, end: int) -> Box:
        """Return the box of characters `start` to `end`, with a margin that covers all their ink."""
        if not 0 <= start < end <= len(self.centres):
            return self.box
        advance = self._advance()
        if advance <= 0:
            return self.box
        left = max(self.centres[start] - 0.9 * advance, self.box.left - advance / 2)
        right = min(self.centres[end - 1] + 0.9 * advance, self.box.right + advance / 2)
        return Box(int(left), self.box.top, max(1, int(right + 0.999) - int(left)), self.box.height)

    def _advance(self) -> float:
        """Return how wide a character is, at least."""
        steps = sorted(b - a for a, b in zip(self.centres, self.centres[1:], strict=False))
        usual = steps[len(steps) // 2] if steps else 0.0
        return max(usual, self.box.height * 0.35) if self.box.height <= 2 * self.box.width else 0.0


_CVV = re.compile(r"\bC(?:W|VW|WV|WW|VVV)(?=2?\b)", re.IGNORECASE)


def spelled(line: Line) -> Line:
    """Return the line with "CW" or "CWV" as "CVV": the recogniser reads two V that touch as a W."""
    found = _CVV.search(line.text)
    if found is None:
        return line
    start, end = found.span()
    doubled = [*range(start + 1), end - 1, end - 1, *range(end, len(line.text))]
    text = line.text[: start + 1] + "VV" + line.text[end:]
    return Line(line.box, text, tuple(line.centres[i] for i in doubled), tuple(line.sure[i] for i in doubled))


class Piece(NamedTuple):
    """Where a character of a row's text comes from: the line's place in the list, and the character in it."""

    line: int
    character: int


class Row(NamedTuple):
    """Pieces of text that stand beside each other as one text; `origins` has None for the blanks between them."""

    text: str
    origins: tuple[Piece | None, ...]


def same_row(one: Box, other: Box) -> bool:
    """Say whether two boxes stand on one line of text."""
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return high >= 0.5 * min(one.height, other.height)


def rows(lines: Sequence[Line]) -> list[Row]:
    """Return the lines as rows in reading order: neighbours are joined unless a wide gap lies between them."""
    left = sorted(range(len(lines)), key=lambda i: (lines[i].box.top + lines[i].box.height / 2, lines[i].box.left))
    out: list[Row] = []
    while left:
        head = lines[left[0]].box
        row = sorted((i for i in left if same_row(head, lines[i].box)), key=lambda i: lines[i].box.left)
        taken = set(row)
        left = [i for i in left if i not in taken]
        text, origins, end = "", list[Piece | None](), None
        for index in row:
            box = lines[index].box
            if end is not None and box.left - end > ROW_GAP * box.height:
                out.append(Row(text, tuple(origins)))
                text, origins = "", []
            elif end is not None:
                text += " "
                origins.append(None)
            text += lines[index].text
            origins += [Piece(index, k) for k in range(len(lines[index].text))]
            end = box.right
        out.append(Row(text, tuple(origins)))
    return out


def wrapped(in_rows: Sequence[Row], lines: Sequence[Line]) -> list[Row]:
    """Return what is read where a row that ends in digits goes on in the row below, which begins with digits."""
    boxes = [around(lines[o.line].box for o in row.origins if o is not None) if row.text else None for row in in_rows]
    out = []
    for row, box in zip(in_rows, boxes, strict=True):
        tail = _TAIL.search(row.text)
        if box is None or tail is None:
            continue
        for below, under in zip(in_rows, boxes, strict=True):
            head = _HEAD.match(below.text)
            if under is None or head is None or not -0.5 * box.height < under.top - box.bottom < 0.8 * box.height:
                continue
            if under.left < box.right and box.left < under.right and under.top > box.top:
                text = f"{tail.group()} {head.group()}"
                out.append(Row(text, (*row.origins[tail.start() :], None, *below.origins[: head.end()])))
    return out


_TAIL = re.compile(r"\d[\d ./-]*$")
_HEAD = re.compile(r"[\d ./-]*\d")


def _is_label(text: str) -> bool:
    return sum(c.isalpha() for c in text) >= 2  # noqa: PLR2004 - an abbreviation


def _is_bare_label(text: str) -> bool:
    """Say whether a text above or below a field names it: a text with a value of its own does not."""
    return _is_label(text) and sum(c.isdigit() for c in text) <= 2  # noqa: PLR2004 - "3-digit code", "CVV2"


def joined_labels(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with the words of a label that were read as pieces beside each other as one line."""
    out: list[Line] = []
    for line in sorted(lines, key=lambda one: one.box.left):
        for at, old in enumerate(out):
            near = -0.3 * old.box.height <= line.box.left - old.box.right <= WORDS * old.box.height
            if near and same_row(old.box, line.box) and _is_bare_label(old.text) and _is_bare_label(line.text):
                both = old.box.joined(line.box), f"{old.text} {line.text}"
                out[at] = Line(*both, (*old.centres, old.box.right, *line.centres), (*old.sure, 1.0, *line.sure))
                break
        else:
            out.append(line)
    return out


def labels(lines: Sequence[Line], index: int) -> str:
    """Return what labels line `index`: the nearest text to its left, above it and below it, if it holds letters."""
    box = lines[index].box
    left: tuple[float, str] | None = None
    above: tuple[float, str] | None = None
    below: tuple[float, str] | None = None
    for other, line in enumerate(lines):
        if other == index:
            continue
        near = line.box
        if same_row(box, near):
            gap = float(box.left - near.right)
            if -box.height <= gap <= LEFT * box.height and (left is None or gap < left[0]) and near.left < box.left:
                left = gap, line.text
        elif near.left < box.right and box.left < near.right:
            gap = float(box.top - near.bottom)
            if -box.height < gap <= ABOVE * box.height and near.top < box.top and (above is None or gap < above[0]):
                above = gap, line.text
            gap = float(near.top - box.bottom)
            if -box.height < gap <= ABOVE * box.height and near.top > box.top and (below is None or gap < below[0]):
                below = gap, line.text
    names = [left[1]] if left is not None and _is_label(left[1]) else []
    names += [found[1] for found in (above, below) if found is not None and _is_bare_label(found[1])]
    return " ; ".join(names)
