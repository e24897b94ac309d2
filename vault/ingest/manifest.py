"""Read a manifest, JSON Lines or CSV, row by row: a bad row is an answer of its own and never stops the others.

One line is one row, in CSV as well, so a stray quote costs one row and not the rest of the file. Memory is that of one
line, of at most MAX_LINE bytes, however many there are. The numbers of rows are line numbers, as an editor shows them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from keys.errors import StrongroomError
from vault.ingest.errors import ManifestError
from vault.ingest.fields import COLUMNS, FieldError, check, from_columns, printable_name
from vault.ingest.lines import MAX_LINE, cells_of, line_text, lines_of
from vault.ingest.paths import open_regular, resolve_inside, walk
from vault.model import Metadata

__all__ = ["MAX_LINE", "Row", "RowError", "open_regular", "read_manifest", "resolve_inside", "walk"]


@dataclass(frozen=True, slots=True)
class Row:
    """A good row. `path` is relative to the manifest's folder; open it with `open_regular`."""

    number: int
    path: Path
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row; `field` is None if it is the row as a whole. It quotes no value."""

    row: int
    field: str | None
    code: str
    message: str


def read_manifest(stream: BinaryIO, *, name: str, folder: Path, now: datetime) -> Iterator[Row | RowError]:
    """Return the rows of a manifest, good and bad, in order.

    Whether it is JSON Lines or CSV is seen from its first line; its `name` decides only where that line is neither.
    Paths are checked as `resolve_inside` does. Times later than a day after `now` are refused.

    Raises:
        ManifestError: it is not UTF-8 from its first bytes, or its CSV header is missing, repeats a column or names
            one that is unknown.

    """
    lines = lines_of(stream)
    first = next(lines, (0, b""))
    if first[1] is not None and first[1].startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ManifestError("expected a manifest in UTF-8, got UTF-16")
    if _is_json(first[1], name):
        rows = _json_rows(first, lines)
    else:
        header = _header(first[1])
        rows = ((number, _cells(line, header)) for number, line in lines)
    return _checked(rows, folder, now)


def _is_json(line: bytes | None, name: str) -> bool:
    start = (line or b"").lstrip()[:1]
    return start == b"{" or name.lower().endswith((".jsonl", ".ndjson", ".json"))


def _json_rows(
    first: tuple[int, bytes | None], lines: Iterator[tuple[int, bytes | None]]
) -> Iterator[tuple[int, dict[str, Any] | FieldError]]:
    if first[0]:
        yield first[0], _object(first[1])
    for number, line in lines:
        yield number, _object(line)


def _checked(
    rows: Iterator[tuple[int, dict[str, Any] | FieldError]], folder: Path, now: datetime
) -> Iterator[Row | RowError]:
    for number, row in rows:
        try:
            if isinstance(row, FieldError):
                raise row
            checked = check(row, now)
            yield Row(number, resolve_inside(folder, checked.path), checked.metadata)
        except FieldError as exc:
            yield RowError(number, exc.field, exc.code, exc.message)
        except StrongroomError as exc:
            yield RowError(number, "path", exc.code, str(exc))


def _object(line: bytes | None) -> dict[str, Any] | FieldError:
    try:
        value = json.loads(line_text(line), object_pairs_hook=_unique, parse_constant=_no_constant)
    except FieldError as exc:
        return exc
    except (ValueError, RecursionError):
        return FieldError(None, "json", "expected one JSON object a line, got something that is not JSON")
    if not isinstance(value, dict):
        return FieldError(None, "json", "expected one JSON object a line, got another JSON value")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = min(name for name in names if names.count(name) > 1)
        raise FieldError(printable_name(twice), "duplicate-field", "expected every field once, got one twice")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise FieldError(None, "json", "expected JSON, got NaN or Infinity, which JSON does not have")


def _header(line: bytes | None) -> list[str]:
    try:
        names = [name.strip().lower() for name in cells_of(line_text(line))] if line != b"" else []
    except FieldError as exc:
        raise ManifestError(f"expected a CSV header in the first line: {exc.message}") from exc
    if "path" not in names:
        raise ManifestError("expected JSON Lines, or CSV whose header has a 'path' column and commas, got neither")
    for place, name in enumerate(names, 1):
        if name not in COLUMNS:
            shown = printable_name(name)
            raise ManifestError(f"expected known columns, got {shown or 'another name'!r} in column {place}")
        if names.index(name) < place - 1:
            raise ManifestError(f"expected every column once, got {name!r} twice")
    return names


def _cells(line: bytes | None, header: list[str]) -> dict[str, Any] | FieldError:
    try:
        cells = cells_of(line_text(line))
        if len(cells) == len(header):
            return from_columns(dict(zip(header, cells, strict=True)))
    except FieldError as exc:
        return exc
    return FieldError(None, "columns", f"expected {len(header)} columns as in the header, got {len(cells)}")
