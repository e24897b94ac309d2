"""What will come, as an admin expects it: a CSV file, of which each line is decided by the policy in force."""

import csv
import math
from collections.abc import Mapping
from datetime import datetime

from keys.errors import InvalidInputError
from retention.core.circumstances import NOTHING
from retention.core.ends import counting, scheduled
from retention.core.facts import AppliedPolicy, Facts
from retention.forecast.forecast import DAYS_OF_A_MONTH, Amount, Outflow
from retention.forecast.stock import By, class_of
from vault.model import Kind, RecordingId, State

NEEDED = ("kind", "recordings_per_month", "bytes_each")
GIVEN = ("queue", "industry", "jurisdiction", "agent", "direction", "media_type", "labels")
"""Columns that a file may have beside those it needs; `labels` has them with spaces between."""
_MOST = 1000  # lines
_LARGEST = 1e15


class ArrivalsError(InvalidInputError):
    """A file of expected arrivals is not of its form; the message names the line."""

    code = "arrivals"
    hint = "see docs/forecast.md for the columns, and mend the line"


def read(text: str, policy: AppliedPolicy | None, now: datetime, *, months: int, by: By) -> dict[str, Outflow]:
    """Return what comes in a day by class, with when it leaves by the policy; nothing of it in the archive.

    Raises:
        ArrivalsError: a column is missing or unknown, or a value is not of its form.

    """
    rows = csv.DictReader(text.splitlines())
    columns = tuple(rows.fieldnames or ())
    if not set(NEEDED) <= set(columns) or not set(columns) <= {*NEEDED, *GIVEN} or len(set(columns)) < len(columns):
        raise ArrivalsError(f"expected the columns {', '.join(NEEDED)}, each once, and any of {', '.join(GIVEN)}")
    found: dict[str, Outflow] = {}
    for number, row in enumerate(rows, 2):
        if number > _MOST:
            raise ArrivalsError(f"expected at most {_MOST} lines")
        if None in row or None in row.values():
            raise ArrivalsError(f"line {number}: expected {len(columns)} values")
        facts = _facts(row, number, now)
        what = scheduled(counting(facts, policy, NOTHING), facts, NOTHING)
        a_day = _number(row, "recordings_per_month", number) / DAYS_OF_A_MONTH
        after = None if what.due_from is None else (what.due_from - now).total_seconds() / 86_400 / DAYS_OF_A_MONTH
        outflow = found.setdefault(class_of(by, facts.kind, what), Outflow(months))
        outflow.add_after(after, Amount(a_day, a_day * _number(row, "bytes_each", number), 0))
    return found


def _facts(row: Mapping[str, str], number: int, now: datetime) -> Facts:
    if row["kind"] not in set(Kind):
        raise ArrivalsError(f"line {number}: expected kind to be one of {', '.join(Kind)}")
    plain = {name: row.get(name) or None for name in GIVEN}
    return Facts(
        id=RecordingId("0" * 32), kind=Kind(row["kind"]), state=State.SEALED, ended=now, created=now,
        queue=plain["queue"], industry=plain["industry"], jurisdiction=plain["jurisdiction"], agent=plain["agent"],
        direction=plain["direction"], media_type=plain["media_type"],
        labels=frozenset((plain["labels"] or "").split()),
    )  # fmt: skip


def _number(row: Mapping[str, str], name: str, number: int) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not 0 <= value <= _LARGEST:
        raise ArrivalsError(f"line {number}: expected {name} to be a number from 0 to {_LARGEST:g}")
    return value
