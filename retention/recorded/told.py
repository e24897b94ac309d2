"""What the log has of things by their ids: the first entry of an act, which is what a row must agree with."""

import contextlib
from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import Connection, select

from vault.catalog.schema import log_entries
from vault.log import journal
from vault.log.entry import Act, Entry, Outcome, decode
from vault.log.errors import EntryFormatError

BATCH = 1000
"""Ids asked for in one query."""


def all_of(connection: Connection, subjects: Iterable[str], *acts: Act) -> dict[str, list[Entry]]:
    """Return every entry of some acts for each subject, in order; one that cannot be read counts as none."""
    found: dict[str, list[Entry]] = {}
    waiting = iter(sorted(set(subjects)))
    while batch := list(islice(waiting, BATCH)):
        # an act that is compared as an expression has no index: SQLite would take that and read every such act there is
        is_one = (log_entries.c.act + "").in_(acts)
        query = select(log_entries.c.body).where(log_entries.c.subject.in_(batch), is_one)
        for body in connection.scalars(query.order_by(log_entries.c.id)):
            with contextlib.suppress(EntryFormatError):  # the log's own check tells it
                entry = decode(body)
                if entry.act in acts and entry.subject is not None and entry.outcome is Outcome.DONE:
                    found.setdefault(entry.subject, []).append(entry)
    return found


def first(connection: Connection, subjects: Iterable[str], *acts: Act) -> dict[str, Entry]:
    """Return the first entry of one of the acts for each subject; one that cannot be read counts as none."""
    return {subject: entries[0] for subject, entries in all_of(connection, subjects, *acts).items()}


def every(connection: Connection, *acts: Act) -> Iterator[list[Entry]]:
    """Yield every readable entry of some acts, in batches, in the order they were written."""
    entries = (entry for entry in journal.of_acts(connection, *acts) if entry.outcome is Outcome.DONE)
    while batch := list(islice(entries, BATCH)):
        yield batch
