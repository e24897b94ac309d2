"""Stacked columns: drawn once as boxes, lines and words, and painted as SVG here or as pixels by `chart_png`.

Pure. Measures are in units of the drawing, which is `WIDTH` wide and `HEIGHT` high.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retention.plans.page import Markup, el

WIDTH, HEIGHT = 860, 340
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8f98")
"""Told apart by people with any colour vision (Okabe and Ito), on light and on dark; the last is for the rest."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 10, 40, 30
_LEGEND, _LETTER = 14, 7.2  # the side of a patch of colour; the width of a letter of 12 units
_LABEL = 70  # the least distance between two labels of columns
_LINES = 4  # of the grid, about


@dataclass(frozen=True, slots=True)
class Series:
    """One part of every column, with one value for each; none is negative."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns, each with its label, made of the series stacked on each other; `unit` writes a value."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Box:
    """A filled box; `note` says what it stands for."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Words:
    """A text with its baseline at `y`, beginning, centred or ending at `x` (`anchor` as SVG has it)."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is painted, in this order."""

    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]
    words: tuple[Words, ...]


def draw(chart: Chart) -> Drawing:
    """Return a chart as what is to be painted; what is more than there are colours is one series, 'others'."""
    series = _at_most(chart.series, len(COLOURS))
    totals = [sum(one.values[at] for one in series) for at in range(len(chart.labels))]
    step = _step(max(totals, default=0))
    top = step * max(1, math.ceil(max(totals, default=0) / step))
    scale = (HEIGHT - _TOP - _BOTTOM) / top
    ground = HEIGHT - _BOTTOM
    ticks = [step * at for at in range(round(top / step) + 1)]
    lines = tuple(Line(_LEFT, ground - tick * scale, WIDTH - _RIGHT, ground - tick * scale) for tick in ticks)
    names = [Words(_LEFT - 8, ground - tick * scale + 4, chart.unit(tick), "end") for tick in ticks]
    boxes = tuple(_columns(chart, series, scale))
    patches, legend = _legend(series)
    return Drawing(lines, (*boxes, *patches), (*names, *_labels(chart), *legend))


def _at_most(series: Sequence[Series], most: int) -> list[Series]:
    if len(series) <= most:
        return list(series)
    largest = sorted(series, key=lambda one: -sum(one.values))
    rest = largest[most - 1 :]
    others = Series("others", tuple(sum(values) for values in zip(*(one.values for one in rest), strict=True)))
    return [*(one for one in series if one not in rest), others]


def _step(highest: float) -> float:
    """Return the distance of the lines of the grid: 1, 2 or 5 times a power of ten."""
    rough = max(highest, 1) / _LINES
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough)


def _pitch(chart: Chart) -> float:
    return (WIDTH - _LEFT - _RIGHT) / max(1, len(chart.labels))


def _columns(chart: Chart, series: Sequence[Series], scale: float) -> Iterator[Box]:
    pitch = _pitch(chart)
    width = min(pitch * 0.8, 90)
    for at, label in enumerate(chart.labels):
        x, y = _LEFT + pitch * at + (pitch - width) / 2, float(HEIGHT - _BOTTOM)
        for one, colour in zip(series, COLOURS, strict=False):
            value = one.values[at]
            if value > 0:
                y -= value * scale
                yield Box(x, y, width, value * scale, colour, f"{label}, {one.name}: {chart.unit(value)}")


def _labels(chart: Chart) -> list[Words]:
    pitch = _pitch(chart)
    every = math.ceil(_LABEL / pitch)
    return [
        Words(_LEFT + pitch * (at + 0.5), HEIGHT - _BOTTOM + 18, label, "middle")
        for at, label in enumerate(chart.labels)
        if at % every == 0
    ]


def _legend(series: Sequence[Series]) -> tuple[list[Box], list[Words]]:
    """Return the names of the series above the columns; of a single one the title tells enough."""
    if len(series) < 2:  # noqa: PLR2004 - nothing to tell apart
        return [], []
    share = (WIDTH - _LEFT - _RIGHT) / len(series)
    letters = int((min(share, 240) - _LEGEND - 12) / _LETTER)
    names = [one.name if len(one.name) <= letters else f"{one.name[: letters - 2]}.." for one in series]
    places = [float(_LEFT)]
    for name in names:
        places.append(places[-1] + _LEGEND + 6 + len(name) * _LETTER + 14)
    boxes = [
        Box(x, 8, _LEGEND, _LEGEND, colour, one.name)
        for (x, _), one, colour in zip(pairwise(places), series, COLOURS, strict=False)
    ]
    return boxes, [Words(x + _LEGEND + 6, 20, name) for x, name in zip(places, names, strict=False)]


def svg(chart: Chart) -> Markup:
    """Return the chart as an SVG element; what a box stands for is shown under the pointer."""
    drawing = draw(chart)
    lines = [el("line", x1=_n(o.x1), y1=_n(o.y1), x2=_n(o.x2), y2=_n(o.y2)) for o in drawing.lines]
    boxes = [
        el("rect", el("title", o.note), x=_n(o.x), y=_n(o.y), width=_n(o.width), height=_n(o.height), fill=o.colour)
        for o in drawing.boxes
    ]
    words = [el("text", o.text, x=_n(o.x), y=_n(o.y), text_anchor=o.anchor, font_size="12") for o in drawing.words]
    return el(
        "svg", el("title", chart.title), *lines, *boxes, *words,
        viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=chart.title,
    )  # fmt: skip


def _n(number: float) -> str:
    return f"{number:.1f}"
