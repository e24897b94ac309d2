"""One row of the redaction benchmark, and how rows are printed."""

from collections.abc import Iterable
from dataclasses import dataclass

TUNING_SEED = 20_261_121
HELD_OUT_SEED = 412_909  # what this seed makes is never looked at while rules, thresholds or weights are chosen


@dataclass(frozen=True, slots=True)
class Row:
    """A figure: of which medium, under which disguise or condition, what was measured, and what is aimed at."""

    medium: str
    condition: str
    what: str
    figure: float
    unit: str  # "%", "per hour", "x real time", …
    aim: str = ""  # as in ">= 99.9"; empty where there is none
    count: int | None = None  # of how many

    @property
    def reached(self) -> bool | None:
        """Whether the aim is met; None without one."""
        if not self.aim:
            return None
        sign, bound = self.aim.split()
        return self.figure >= float(bound) if sign == ">=" else self.figure <= float(bound)


def show(rows: Iterable[Row]) -> str:
    """Return the rows as a table in Markdown, as docs/performance.md has it."""
    lines = ["| medium | condition | what | figure | of | aim | |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        verdict = {None: "", True: "reached", False: "**missed**"}[row.reached]
        count = "" if row.count is None else f"{row.count:,}"
        cells = (row.medium, row.condition, row.what, f"{row.figure:,.4g} {row.unit}", count, row.aim, verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
