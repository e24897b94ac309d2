"""The options that say which recordings are meant, shared by `list` and `hold place`."""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click

from cli.errors import ArgumentError
from vault.model import Kind, State
from vault.search import Terms

_OPTIONS = (
    ("--caller", "numbers", "A caller's number in any common spelling."),
    ("--last4", "last4s", "The last four digits of a caller's number."),
    ("--email", "emails", "A caller's e-mail address."),
    ("--account", "accounts", "The customer's account."),
    ("--contract", "contracts", "The contract."),
    ("--case", "cases", "The case."),
    ("--id", "ids", "A recording's id."),
    ("--agent", "agents", "The agent (a hold's custodian)."),
    ("--queue", "queues", "The queue."),
    ("--industry", "industries", "The industry."),
    ("--jurisdiction", "jurisdictions", "The jurisdiction."),
    ("--interaction", "interactions", "The interaction that recordings belong to."),
    ("--source", "sources", "The system it came from."),
    ("--label", "labels", "A label."),
)


class Instant(click.ParamType[datetime]):
    """A day or an instant. A day without a zone is meant in UTC; `end` takes the whole day in."""

    name = "date"

    def __init__(self, *, end: bool) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            if len(value) == len("2026-11-21"):
                start = datetime.combine(date.fromisoformat(value), time(), UTC)
                return start + timedelta(days=1, microseconds=-1) if self._end else start
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail("expected a day (2026-11-21) or an instant with its zone (2026-11-21T09:00Z)", param, ctx)
        if instant.tzinfo is None:
            self.fail("expected an instant with its zone, as 2026-11-21T09:00Z", param, ctx)
        try:
            return instant.astimezone(UTC)
        except OverflowError:
            self.fail("expected an instant of the years 1 to 9999", param, ctx)


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the search options to a command, which receives them as one `terms`."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        names = [name for _, name, _ in _OPTIONS] + ["kinds", "states", "since", "until"]
        return command(*args, terms=Terms(**{name: kwargs.pop(name) for name in names}), **kwargs)

    decorated: Callable[..., Any] = wrapper
    decorated = click.option("--until", type=Instant(end=True), help="Ran on or before this day or instant.")(decorated)
    decorated = click.option("--since", type=Instant(end=False), help="Ran on or after this day or instant.")(decorated)
    for flag, name, choices in (("--state", "states", State), ("--kind", "kinds", Kind)):
        decorated = click.option(flag, name, multiple=True, type=click.Choice([c.value for c in choices]))(decorated)
    for flag, name, text in reversed(_OPTIONS):
        decorated = click.option(flag, name, multiple=True, help=f"{text} May be repeated.")(decorated)
    return decorated


def cursor_of(ended: datetime, recording: str) -> str:
    """Return a keyset position as one word."""
    return f"{ended.isoformat()}~{recording}"


def parse_cursor(text: str | None) -> tuple[datetime, str] | None:
    """Return the keyset position of a word that `cursor_of` made.

    Raises:
        ArgumentError: it is none.

    """
    if text is None:
        return None
    ended, _, recording = text.partition("~")
    try:
        instant = datetime.fromisoformat(ended)
    except ValueError as exc:
        raise ArgumentError("expected --after as the last page printed it") from exc
    if instant.tzinfo is None or not recording:
        raise ArgumentError("expected --after as the last page printed it")
    return instant, recording
