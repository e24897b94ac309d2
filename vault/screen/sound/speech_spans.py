"""From the chance of a digit in each frame to the stretches to cut: pure, in constant memory.

Frames over `low` form runs; runs less than `GAP` apart form a cluster. A cluster with enough time over `high` is cut;
one with `ANCHOR` of it is a reading of several digits, and near a reading a little time over `low` is enough: so a last
digit given after a pause, or a mumbled security code, is cut with it. Digits given one by one make no such cluster:
`Levels.row` of them within `NEAR`, each with a little time over `low`, are cut too, however unsure each is alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAMES: Final = 50  # a second
GAP: Final = 1.2  # seconds between two digits of one reading
ANCHOR: Final = 1.6  # seconds of digits that make a reading
NEAR: Final = 12.0  # seconds from a reading within which less is needed
SURE: Final = 4  # frames over `high` for each digit of a row that lies in one cluster with others
SHORTEST: Final = 5  # frames over `low` in a row that are no mere flicker


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch, in seconds, in which digits are spoken; `sure` is the highest chance in it."""

    begin: float
    end: float
    sure: float


@dataclass(frozen=True, slots=True)
class Levels:
    """Where to draw the lines: chances, and seconds."""

    low: float  # from which a frame belongs to a run
    high: float  # from which it counts
    least: float  # seconds over `high` that a cluster needs
    near: float  # seconds over `low` that one needs near a reading
    smooth: int = 9  # frames to average over
    pad: float = 0.15  # seconds added at both ends
    row: int | None = None  # possible digits within `NEAR` that are a reading, given one by one; None: none are


@dataclass(slots=True)
class _Cluster:
    begin: int
    end: int
    sure: float
    likely: int  # frames over `high`
    over: int  # frames over `low`
    wanted: bool = False

    def digits(self, near: float) -> int:
        """How many digits with a pause of GAP between them may lie in it, `near` seconds each, and one at least."""
        fitting = int((self.end - self.begin + GAP * FRAMES) / ((near + GAP) * FRAMES))
        return max(1, min(fitting, self.likely // SURE))


def spans(chances: Iterable[NDArray[np.float32]], levels: Levels) -> Iterator[Spoken]:
    """Yield the stretches to cut, in order, at least `GAP` less twice the padding apart."""
    waiting: list[_Cluster] = []
    row: list[_Cluster] = []
    reading_end = -(10**12)  # frame
    for cluster in _clusters(_runs(_smoothed(chances, levels.smooth), levels)):
        near = int(NEAR * FRAMES)
        cluster.wanted = cluster.likely >= levels.least * FRAMES
        if cluster.likely >= ANCHOR * FRAMES:
            for other in waiting:
                other.wanted |= cluster.begin - other.end <= near
            reading_end = cluster.end
        elif cluster.begin - reading_end <= near:
            cluster.wanted |= cluster.over >= levels.near * FRAMES
        if cluster.wanted or cluster.over >= levels.near * FRAMES:
            waiting.append(cluster)
            row = [*(other for other in row if cluster.begin - other.end <= near), cluster]
            if levels.row is not None and sum(other.digits(levels.near) for other in row) >= levels.row:
                for other in row:
                    other.wanted = True
        while waiting and (waiting[0].wanted or cluster.begin - waiting[0].end > near):
            first = waiting.pop(0)
            if first.wanted:
                yield _padded(first, levels.pad)
    yield from (_padded(cluster, levels.pad) for cluster in waiting if cluster.wanted)


def _padded(cluster: _Cluster, pad: float) -> Spoken:
    return Spoken(max(0.0, cluster.begin / FRAMES - pad), cluster.end / FRAMES + pad, cluster.sure)


def _smoothed(chances: Iterable[NDArray[np.float32]], width: int) -> Iterator[NDArray[np.float32]]:
    """Yield the centred moving average of `width` frames, an odd number; beyond the ends there is nothing."""
    half = width // 2
    held = np.zeros(half, np.float32)
    for block in chances:
        held = np.concatenate([held, block])
        if len(held) >= width:
            yield _average(held, width)
            held = held[len(held) - width + 1 :]
    held = np.concatenate([held, np.zeros(half, np.float32)])
    if len(held) >= width:
        yield _average(held, width)


def _average(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    found = np.lib.stride_tricks.sliding_window_view(values, width).mean(axis=1, dtype=np.float32)
    return np.asarray(found, np.float32)


def _runs(chances: Iterable[NDArray[np.float32]], levels: Levels) -> Iterator[_Cluster]:
    """Yield each unbroken stretch over `low` of SHORTEST or more, and an empty one after each quiet block."""
    at, run = 0, None
    for block in chances:
        over = np.flatnonzero(np.diff(np.concatenate([[False], block >= levels.low, [False]]).astype(np.int8)))
        for begin, end in zip(over[::2].tolist(), over[1::2].tolist(), strict=True):
            part = block[begin:end]
            found = _Cluster(at + begin, at + end, float(part.max()), int((part >= levels.high).sum()), end - begin)
            if run is not None and run.end == found.begin:
                run = _joined(run, found)
                continue
            if run is not None and run.over >= SHORTEST:
                yield run
            run = found
        at += len(block)
        if run is not None and run.end < at:
            if run.over >= SHORTEST:
                yield run
            run = None
        if run is None:
            yield _Cluster(at, at, 0, 0, 0)
    if run is not None and run.over >= SHORTEST:
        yield run


def _clusters(runs: Iterable[_Cluster]) -> Iterator[_Cluster]:
    """Yield runs less than GAP apart as one, and the empty ones that come after."""
    cluster = None
    for run in runs:
        if cluster is not None and run.begin - cluster.end < GAP * FRAMES:
            cluster = _joined(cluster, run) if run.over else cluster
            continue
        if cluster is not None:
            yield cluster
        cluster = run if run.over else None
        if cluster is None:
            yield run
    if cluster is not None:
        yield cluster


def _joined(first: _Cluster, second: _Cluster) -> _Cluster:
    sure, likely, over = max(first.sure, second.sure), first.likely + second.likely, first.over + second.over
    return _Cluster(first.begin, second.end, sure, likely, over)
