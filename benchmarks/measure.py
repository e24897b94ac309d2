"""Two things timed in turns, so that what else the machine does meets both alike; and the table of what came out."""

import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Round: TypeAlias = Callable[[int], float]
"""Does the work of the round of that number and returns what it cost; setting up and cleaning away do not count."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; `quick` only shows that the benchmarks run."""

    seal_bytes: int = 1 << 30
    chats: int = 5_000
    blob_bytes: int = 2 << 30
    kept: int = 9_000
    purged: int = 1_000
    screened_chats: int = 200
    media_bytes: int = 9 << 29  # 4.5 GiB
    rounds: int = 5
    disk_bytes: int = 8 << 30


QUICK = Sizes(
    seal_bytes=4 << 20, chats=60, blob_bytes=8 << 20, kept=30, purged=10, screened_chats=4, media_bytes=0, rounds=2,
    disk_bytes=256 << 20,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `aim` is the largest ratio (or, without a floor, the largest value) that is good."""

    name: str
    measured: float
    floor: float | None
    unit: str
    ratio: float | None
    aim: float | None

    def cells(self) -> tuple[str, ...]:
        """Return the row as text."""
        floor = "" if self.floor is None else f"{self.floor:.3g} {self.unit}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        bound = self.ratio if self.ratio is not None else self.measured
        aim = "" if self.aim is None else f"<= {self.aim:g}{'' if bound <= self.aim else ' MISSED'}"
        return self.name, f"{self.measured:.3g} {self.unit}", floor, ratio, aim


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turns(measured: Round, floor: Round, rounds: int) -> tuple[float, float]:
    """Return the median of each, run A B A B … so that a slow minute of the machine is shared."""
    ours, least = [], []
    for number in range(rounds):
        least.append(floor(number))
        ours.append(measured(number))
    return statistics.median(ours), statistics.median(least)


def compare(name: str, measured: Round, floor: Round, rounds: int, *, aim: float | None = None) -> Figure:
    """Return the figure of something whose rounds return seconds."""
    ours, least = in_turns(measured, floor, rounds)
    return Figure(name, ours, least, "s", ours / least, aim)


def show(figures: Sequence[Figure]) -> str:
    """Return the table."""
    rows = [("what", "measured", "floor", "ratio", "aim"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def check_space(folder: Path, needed: int) -> None:
    """Stop before anything is written when the disk is too full."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(f"expected {needed >> 20} MiB free in {folder}, got {free >> 20}; name another --folder")
