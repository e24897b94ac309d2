"""The lines of a file of rows: one line is one row, in CSV as well, and memory is that of one line."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from vault.ingest.fields import FieldError

MAX_LINE = 256 * 1024  # bytes
_BOM = b"\xef\xbb\xbf"


def lines_of(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield number and bytes of each line that is not blank; None for one that is longer than MAX_LINE."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while rest := stream.readline(MAX_LINE):
                if rest.endswith(b"\n"):
                    break
            yield number, None
        elif line.strip():
            yield number, line


def line_text(line: bytes | None) -> str:
    """Return the text of a line.

    Raises:
        FieldError: it is too long, or no UTF-8.

    """
    if line is None:
        raise FieldError(None, "line-too-long", f"expected a line of at most {MAX_LINE} bytes, got a longer one")
    try:
        return line.decode()
    except UnicodeDecodeError as exc:
        raise FieldError(None, "encoding", "expected UTF-8, got other bytes") from exc


def cells_of(line: str) -> list[str]:
    """Return the cells of a line of CSV.

    Raises:
        FieldError: a quote is unclosed or misplaced.

    """
    try:
        return next(csv.reader([line.rstrip("\r\n")], strict=True), [])
    except csv.Error as exc:
        raise FieldError(
            None, "csv", "expected one CSV row a line, got an unclosed or misplaced quote (cells hold no line breaks)"
        ) from exc
