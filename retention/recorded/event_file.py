"""Reading events from CSV: one a line; a bad row is an answer of its own and never stops the others.

The columns are `name`, `at`, and one or more of account, contract, case, interaction and recording, of which each row
fills one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import BinaryIO

from retention.errors import EventError
from retention.recorded.event_acts import check_instant, check_name
from retention.recorded.events import Subject
from vault.ids import is_id
from vault.ingest.errors import ManifestError
from vault.ingest.fields import FieldError, printable_name, text_of
from vault.ingest.lines import cells_of, line_text, lines_of
from vault.ingest.manifest import RowError

_SUBJECTS = tuple(subject.value for subject in Subject)
_COLUMNS = ("name", "at", *_SUBJECTS)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class EventRow:
    """A good row: what happened to what, and when. `value` may lead to a person and is nowhere kept in clear."""

    number: int
    name: str
    subject: Subject
    value: str
    at: datetime


def read(stream: BinaryIO, *, now: datetime) -> Iterator[EventRow | RowError]:
    """Return the rows of a file, good and bad, in order; their numbers are line numbers.

    Raises:
        ManifestError: its first line is no header of the known columns, each at most once.

    """
    lines = lines_of(stream)
    header = _header(next(lines, (0, b""))[1])
    return _rows(lines, header, now)


def _rows(lines: Iterator[tuple[int, bytes | None]], header: list[str], now: datetime) -> Iterator[EventRow | RowError]:
    for number, line in lines:
        try:
            yield _row(number, _cells(line, header), now)
        except FieldError as exc:
            yield RowError(number, exc.field, exc.code, exc.message)


def _cells(line: bytes | None, header: list[str]) -> dict[str, str]:
    cells = cells_of(line_text(line))
    if len(cells) != len(header):
        raise FieldError(None, "columns", f"expected {len(header)} columns as in the header, got {len(cells)}")
    return dict(zip(header, cells, strict=True))


def _row(number: int, cells: dict[str, str], now: datetime) -> EventRow:
    name = cells["name"].strip()
    _checked("name", lambda: check_name(name))
    at = instant(cells["at"].strip())
    _checked("at", lambda: check_instant(at, now))
    given = [subject for subject in _SUBJECTS if cells.get(subject, "").strip()]
    if len(given) != 1:
        expected = f"expected exactly one of {', '.join(s for s in _SUBJECTS if s in cells)}, got {len(given)}"
        raise FieldError(given[1] if given else None, "subject", expected)
    subject = Subject(given[0])
    return EventRow(number, name, subject, value_of(subject, cells[subject]), at)


def _checked(field: str, check: Callable[[], None]) -> None:
    try:
        check()
    except EventError as exc:
        raise FieldError(field, exc.code, str(exc)) from exc


def value_of(subject: Subject, text: str) -> str:
    """Return what an account, a contract, a case, an interaction or a recording is called, as manifests are read.

    Raises:
        FieldError: it is blank, too long, holds controls, or is no id of a recording.

    """
    value = text_of(subject, text)
    if value is None:
        raise FieldError(subject, "missing", "expected a value, got none")
    if subject is Subject.RECORDING and not is_id(value):
        raise FieldError(subject, "unknown-value", "expected the id of a recording (32 hex digits)")
    return value


def instant(text: str) -> datetime:
    """Return the instant of a day, which begins at 00:00 UTC, or of an instant with its zone.

    Raises:
        FieldError: it is neither, or does not exist.

    """
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise FieldError("at", "time", "expected a day or an instant that exists") from exc
    raise FieldError("at", "time", "expected a day (2026-11-21) or an instant with its zone (2026-11-21T09:00Z)")


def _header(line: bytes | None) -> list[str]:
    try:
        names = [name.strip().lower() for name in cells_of(line_text(line))] if line else []
    except FieldError as exc:
        raise ManifestError(f"expected a CSV header in the first line: {exc.message}") from exc
    if not {"name", "at"} <= set(names) or not set(_SUBJECTS) & set(names):
        raise ManifestError(f"expected a CSV header with name, at and at least one of {', '.join(_SUBJECTS)}")
    for place, name in enumerate(names, 1):
        if name not in _COLUMNS:
            shown = printable_name(name)
            raise ManifestError(f"expected known columns, got {shown or 'another name'!r} in column {place}")
        if names.index(name) < place - 1:
            raise ManifestError(f"expected every column once, got {name!r} twice")
    return names
