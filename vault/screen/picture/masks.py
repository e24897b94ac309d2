"""Where and when to paint: boxes with the frames they hold for. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vault.screen.options import Ruling
from vault.screen.options import Span as Ruled
from vault.screen.picture.lines import Box

MARGIN = 3  # pixels painted around what was read


@dataclass(frozen=True, slots=True)
class Mask:
    """A box that is solid in frames `first` to `last`, both included. `of` is the finding's number, -1 for none."""

    first: int
    last: int
    box: Box
    of: int = -1


def merged(masks: Iterable[Mask]) -> list[Mask]:
    """Return the masks in order of their first frame; those of one finding and box that follow one another are one."""
    by: dict[tuple[int, Box], list[Mask]] = {}
    for mask in masks:
        if mask.first <= mask.last:
            by.setdefault((mask.of, mask.box), []).append(mask)
    out: list[Mask] = []
    for (of, box), some in by.items():
        some.sort(key=lambda m: m.first)
        first, last = some[0].first, some[0].last
        for mask in some[1:]:
            if mask.first > last + 1:
                out.append(Mask(first, last, box, of))
                first = mask.first
            last = max(last, mask.last)
        out.append(Mask(first, last, box, of))
    return sorted(out, key=lambda m: (m.first, m.last, m.box))


def dropped(mask: Mask, begin: float, end: float, ruling: Ruling) -> bool:
    """Say whether people let pass what a mask covers from `begin` to `end` seconds: it lies wholly in such a span."""
    return any(_inside(mask.box, begin, end, span) for span in ruling.drop)


def _inside(box: Box, begin: float, end: float, span: Ruled) -> bool:
    if not (span.begin <= begin and end <= span.end):
        return False
    return span.box is None or Box(*span.box).joined(box) == Box(*span.box)


class Painter:
    """Says which boxes hold for each frame; frames are asked for in order."""

    def __init__(self, masks: Iterable[Mask], width: int, height: int) -> None:
        self._waiting = sorted(masks, key=lambda m: m.first, reverse=True)
        self._active: list[Mask] = []
        self._size = width, height

    def boxes(self, frame: int) -> Iterator[Box]:
        """Yield what to paint in frame number `frame`, which is not lower than the one asked for before."""
        while self._waiting and self._waiting[-1].first <= frame:
            self._active.append(self._waiting.pop())
        self._active = [mask for mask in self._active if mask.last >= frame]
        for mask in self._active:
            yield painted(mask.box).within(*self._size)


def painted(box: Box) -> Box:
    """Return what is painted for a box: a margin, and edges at even pixels, because colours have half the size."""
    wide = box.grown(MARGIN, MARGIN)
    left, top = wide.left // 2 * 2, wide.top // 2 * 2
    return Box(left, top, -(-(wide.right - left) // 2) * 2, -(-(wide.bottom - top) // 2) * 2)
