"""What `check` and a purge ask of events: that each is what the log says was recorded, and that none vanished.

Who can write to the database could otherwise have a recording destroyed in good order: by a contract that never ended,
or by losing the last contact with a customer. A purge asks only of what concerns its batch (see `events` for
how ids are numbered).
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select

from retention.recorded import events, told
from retention.recorded.event_acts import ACTS
from retention.recorded.events import Event, Subject
from vault.catalog.recordings import Recording
from vault.catalog.schema import events as table
from vault.check import Finding, fault
from vault.log.entry import Entry

_BATCH = 1000


def findings(connection: Connection) -> Iterator[Finding]:
    """Yield every event that was altered, lost or planted."""
    last = ""
    while batch := _rows(connection, last):
        known = told.first(connection, [row.id for row in batch], *ACTS)
        for row in batch:
            if (wrong := _difference(row, known.get(row.id))) is not None:
                yield fault("P2", f"event {row.id}", wrong)
        last = batch[-1].id
    for entries in told.every(connection, *ACTS):
        ids = {str(entry.subject) for entry in entries}
        there = set(connection.scalars(select(table.c.id).where(table.c.id.in_(ids))))
        for event in sorted(ids - there):
            yield fault("P2", f"event {event}", "the log says it was recorded, the catalog has lost it")


def of(connection: Connection, found: Sequence[Recording]) -> set[str]:
    """Return the ids of those recordings of which an event was altered, lost or planted."""
    things = events.things_of(connection, found)
    rows: dict[tuple[Subject, bytes], list[Event]] = {thing: [] for thing in things}
    for subject in Subject:
        keys = [key for its, key in things if its is subject]
        for row in connection.execute(events.rows_of(subject, keys)) if keys else ():
            rows[subject, row.key].append(events.event_of(row))
    # one more than there are: the log must not know it
    ids = {thing: [events.id_of(*thing, n) for n in range(len(its) + 1)] for thing, its in rows.items()}
    known = told.first(connection, (event for its in ids.values() for event in its), *ACTS)
    return {
        recording
        for thing, its in rows.items()
        if not _agree(its, ids[thing], known)
        for recording in things[thing]
    }  # fmt: skip


def _agree(its: Sequence[Event], ids: Sequence[str], known: dict[str, Entry]) -> bool:
    """Tell whether the events of one thing are those the log has: as many, and each as it was recorded."""
    there = {event.id for event in its} == set(ids[:-1])
    return there and ids[-1] not in known and all(_difference(event, known.get(event.id)) is None for event in its)


def _difference(event: Event | None, entry: Entry | None) -> str | None:
    """Return what differs between a row and what the log told of it."""
    if event is None or entry is None:
        return "the log does not know that it was recorded"
    same = entry.details.get("event_sha256") == events.digest(event)
    if not same or (event.recorded_at, event.recorded_by) != (entry.at, entry.actor):
        return "it is not the one that was recorded"
    return None


def _rows(connection: Connection, after: str) -> list[Event]:
    query = events.all_rows().where(table.c.id > after).order_by(table.c.id).limit(_BATCH)
    return [events.event_of(row) for row in connection.execute(query)]


def altered(found: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return why a purge refuses each of these recordings."""
    text = "What happened to it, or to what it belongs to, is not what the log has; run 'check'."
    return dict.fromkeys(found, ("event-altered", text))
