"""What a command prints: tables and sentences for people, one JSON object a line for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_WIDE = 220  # columns, where there is no terminal to fold to
_GAP = 2  # columns between two cells


class Output:
    """Prints to standard output; progress goes to standard error and only to a terminal."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        width = None if sys.stdout is not None and sys.stdout.isatty() else _WIDE
        self._console = Console(width=width, highlight=False, soft_wrap=False)

    def say(self, text: str) -> None:
        """Print a sentence for people; programs do not get it."""
        if not self.as_json:
            click.echo(text)

    def object(self, value: dict[str, Any], *, text: str | None = None) -> None:
        """Print one result: `text`, or its fields as lines, or JSON."""
        if self.as_json:
            click.echo(json.dumps(value, default=_plain, ensure_ascii=False))
        elif text is not None:
            click.echo(text)
        else:
            for name, item in value.items():
                click.echo(f"{name.replace('_', ' '):<16} {_shown(item)}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, less: Sequence[str] = ()) -> None:
        """Print rows: a table for people, an object a line for programs.

        On a terminal too narrow for all columns, those of `less` are left out, the first one first.
        """
        if self.as_json:
            for row in rows:
                click.echo(json.dumps(dict(zip(columns, row, strict=True)), default=_plain, ensure_ascii=False))
            return
        shown = [dict(zip(columns, map(_shown, row), strict=True)) for row in rows]
        kept = self._fitting(columns, shown, less)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in kept:
            table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "id")
        for cells in shown:
            # Text, not markup: what a manifest said must not be read as instructions to the terminal
            table.add_row(*[_safe(cells[column]) for column in kept])
        self._console.print(table, markup=False)
        if len(kept) < len(columns):
            click.echo(f"(this terminal is too narrow for: {', '.join(c for c in columns if c not in kept)})")

    def _fitting(self, columns: Sequence[str], rows: Sequence[dict[str, str]], less: Sequence[str]) -> list[str]:
        widths = {c: max([len(c), *(len(row[c]) for row in rows)]) + _GAP for c in columns}
        kept = list(columns)
        for column in less:
            if sum(widths[c] for c in kept) > self._console.width:
                kept.remove(column)
        return kept

    def progress(self, what: str) -> Progress:
        """Return a progress display; silent where there is no terminal."""
        return Progress(
            TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True, disable=self.as_json or not sys.stderr.isatty(),
        )  # fmt: skip


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    if isinstance(value, frozenset | set | list | tuple):
        return (
            ", ".join(_shown(item) for item in (sorted(value) if isinstance(value, frozenset | set) else value)) or "-"
        )
    return str(value)


def _safe(text: str) -> Text:
    return Text("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text))


def size(count: int) -> str:
    """Return a number of bytes as people write it."""
    value = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:  # noqa: PLR2004
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
