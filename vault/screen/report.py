"""The numbers of a period, for an assessor: what was screened, found, cut, quarantined and ruled. From the log alone.

The log outlives recordings, so a number does not change when what it counts is purged. Only the entries of the period
are read; memory does not grow with them.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from vault.catalog.schema import log_entries
from vault.log.entry import Act, Entry, Outcome, decode
from vault.log.errors import EntryFormatError
from vault.screen.outcome import FindingKind, Medium
from vault.screen.record import count_name, silenced_name

_ACTS: Final = (Act.SCREEN, Act.QUARANTINE, Act.REVIEW_ASKED, Act.REVIEW_RULED)
_BATCH: Final = 1000
_SLACK: Final = timedelta(hours=24)
"""Entries are numbered when they are committed, and a clock may be set: near its ends a period is looked at closer."""


@dataclass(slots=True)
class Numbers:
    """What happened in a period. `found` and `cut_ms` are by medium; the keys are the words of the log."""

    screened: Counter[str] = field(default_factory=Counter)  # by kind of recording
    quarantined: Counter[str] = field(default_factory=Counter)  # by kind of recording
    reasons: Counter[str] = field(default_factory=Counter)  # of quarantines
    found: Counter[tuple[Medium, FindingKind]] = field(default_factory=Counter)
    cuts: int = 0
    cut_ms: Counter[Medium] = field(default_factory=Counter)
    presets: Counter[str] = field(default_factory=Counter)
    exceptions: int = 0  # screened although the gate objected
    asked: Counter[str] = field(default_factory=Counter)  # reviews that two people take, by verdict
    ruled: Counter[str] = field(default_factory=Counter)  # reviews, by verdict

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        verdict = str(entry.details.get("verdict", "unknown"))
        if entry.act is Act.REVIEW_ASKED:
            self.asked[verdict] += 1
        elif entry.act is Act.REVIEW_RULED:
            self.ruled[verdict] += 1
        else:
            self._add_screening(entry)

    def _add_screening(self, entry: Entry) -> None:
        kind = str(entry.details.get("kind", "unknown"))
        if entry.act is Act.SCREEN:
            self.screened[kind] += 1
            self.cuts += _whole(entry, "cuts")
            self.exceptions += _whole(entry, "accepted")
        else:
            self.quarantined[kind] += 1
            self.reasons[str(entry.details.get("why", "unknown"))] += 1
        self.presets[str(entry.details.get("preset", "unknown"))] += 1
        for medium in Medium:
            for what in FindingKind:
                self.found[medium, what] += _whole(entry, count_name(medium, what))
            if entry.act is Act.SCREEN:
                self.cut_ms[medium] += _whole(entry, silenced_name(medium))


def _whole(entry: Entry, name: str) -> int:
    value = entry.details.get(name, 0)
    return value if isinstance(value, int) else 0


def numbers(connection: Connection, begin: datetime | None, end: datetime | None) -> Numbers:
    """Return the numbers of a period, both ends taken in; without an end it is open."""
    found = Numbers()
    for entry in _entries(connection, begin, end):
        found.add(entry)
    return found


def _entries(connection: Connection, begin: datetime | None, end: datetime | None) -> Iterator[Entry]:
    last = 0 if begin is None else first_at(connection, begin - _SLACK) - 1
    until = None if end is None else first_at(connection, end + _SLACK)
    while True:
        query = select(log_entries.c.id, log_entries.c.body).where(log_entries.c.act.in_(_ACTS))
        query = query.where(log_entries.c.id > last, *([] if until is None else [log_entries.c.id < until]))
        rows = connection.execute(query.order_by(log_entries.c.id).limit(_BATCH)).all()
        for row in rows:
            with contextlib.suppress(EntryFormatError):  # 'check' and 'log verify' tell of it
                entry = decode(row.body)
                is_late = end is not None and entry.at > end
                if not is_late and (begin is None or entry.at >= begin) and entry.outcome is Outcome.DONE:
                    yield entry
        if len(rows) < _BATCH:
            return
        last = rows[-1].id


def first_at(connection: Connection, instant: datetime) -> int:
    """Return a row of the log from which on entries are of this instant or later, found by halving."""
    low, high = 1, (connection.scalar(select(func.max(log_entries.c.id))) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = _readable_from(connection, middle)
        if row is None or row[1] >= instant:
            high = middle
        else:
            low = row[0] + 1
    return low


def _readable_from(connection: Connection, first: int) -> tuple[int, datetime] | None:
    query = select(log_entries.c.id, log_entries.c.body).where(log_entries.c.id >= first).order_by(log_entries.c.id)
    for row in connection.execute(query.limit(_BATCH)):
        with contextlib.suppress(EntryFormatError):
            return row.id, decode(row.body).at
    return None
