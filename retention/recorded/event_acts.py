"""Recording what happened, correcting it and withdrawing it. Each is a row of its own, told in the same transaction."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select

from retention.errors import EventError, EventStateError
from retention.policy.clocks import EVENT_NAME
from retention.recorded import events, told
from retention.recorded.events import TOKENISED, Event, Standing, Subject
from retention.schedule import schedules
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.schema import events as table
from vault.catalog.schema import recordings
from vault.clock import Clock
from vault.log import journal
from vault.log.entry import Act
from vault.people import Actor

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Before it: a slip of the pen."""
TOLERANCE = timedelta(days=1)
"""How far ahead of ours the clock of who records may be."""
ACTS = (Act.EVENT_RECORDED, Act.EVENT_CORRECTED, Act.EVENT_WITHDRAWN)
"""What the log has of events."""
_CODE = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9._:/-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What somebody says happened. `value` is what an interaction or a recording is called; no other is known here."""

    name: str
    subject: Subject
    key: bytes
    at: datetime
    value: str | None = None


class Outcome(StrEnum):
    """What became of an event that was to be recorded."""

    RECORDED = "recorded"
    KNOWN = "already there"
    REPLACED = "corrected since"
    NO_RECORDING = "no such recording"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event that was recorded, or the one that says the same."""

    outcome: Outcome
    id: str | None


def check_name(name: str) -> None:
    """Refuse what is no name of events.

    Raises:
        EventError: not 1 to 64 of a-z, 0-9 and '-', with a letter.

    """
    if EVENT_NAME.fullmatch(name) is None:
        raise EventError("expected the name of an event: 1 to 64 of a-z, 0-9 and '-', with a letter")


def check_because(because: str) -> None:
    """Refuse what is no code of a reason: it stands in the log for ever, so it must not be a sentence about somebody.

    Raises:
        EventError: not 1 to 64 of a-z, 0-9 and . _ : / -, with a letter.

    """
    if _CODE.fullmatch(because) is None:
        raise EventError("expected a code for the reason, such as wrong-date or ticket/4711: a-z, 0-9 and . _ : / -")


def check_instant(at: datetime, now: datetime) -> None:
    """Refuse what has not happened: an event lies in the past.

    Raises:
        EventError: more than a day ahead, or before 1900.

    """
    if at > now + TOLERANCE:
        raise EventError("expected an instant that has come: an event is something that happened")
    if at < EARLIEST:
        raise EventError("expected an instant after 1900")


def record(
    catalog: Catalog, clock: Clock, actor: Actor, wanted: Sequence[NewEvent], *, again: bool = False
) -> list[Recorded]:
    """Record what happened, in one transaction; return what became of each, in order.

    What is there already is not recorded twice, also if it was corrected or withdrawn since: a feed that is run again
    undoes no correction. `again` records it anew in that case.

    Raises:
        EventError: see check_name and check_instant; nothing was recorded.

    """
    now = clock.now()
    for event in wanted:
        check_name(event.name)
        check_instant(event.at, now)
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        known = _known(connection, wanted)
        missing = _missing(connection, wanted)
        numbers = _numbers(connection, wanted)
        results, new = [], []
        for event in wanted:
            it = event.name, event.subject, event.key, event.at
            there = known.get(it)
            if event.subject is Subject.RECORDING and event.value in missing:
                results.append(Recorded(Outcome.NO_RECORDING, None))
            elif there is not None and (there[1] or not again):
                results.append(Recorded(Outcome.KNOWN if there[1] else Outcome.REPLACED, there[0]))
            else:
                number = numbers[event.subject, event.key]
                numbers[event.subject, event.key] = number + 1
                made = events.id_of(event.subject, event.key, number)
                new.append(Event(made, *it, now, actor.name, None, withdrawn=False))
                known[it] = made, True
                results.append(Recorded(Outcome.RECORDED, made))
        _write(connection, actor, new, Act.EVENT_RECORDED, {})
        _wake(connection, [event for event, result in zip(wanted, results, strict=True) if result.id])
    return results


def correct(catalog: Catalog, clock: Clock, actor: Actor, event: str, *, at: datetime | None, because: str) -> Event:
    """Record when an event really happened, or (`at` None) that it did not; return the row that takes its place.

    Raises:
        EventNotFoundError: no event of that id was ever recorded.
        EventStateError: it is not in force (any more), or `at` is what it says already.
        EventError: see check_because and check_instant.

    """
    now = clock.now()
    check_because(because)
    if at is not None:
        check_instant(at, now)
    with catalog.read() as connection:
        found = events.get(connection, event)
        by_name = found.subject not in TOKENISED
        value = events.name_of(connection, found.subject, found.key) if by_name else None
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found = events.get(connection, event)
        if found.standing is not Standing.IN_FORCE:
            raise EventStateError(f"expected an event in force, got one that is {found.standing}")
        if at == found.at:
            raise EventStateError("expected another instant, got the one that the event has")
        thing = NewEvent(found.name, found.subject, found.key, at or found.at, value)
        number = _numbers(connection, [thing])[found.subject, found.key]
        made = Event(
            events.id_of(found.subject, found.key, number), found.name, found.subject, found.key, at or found.at,
            now, actor.name, found.id, withdrawn=at is None,
        )  # fmt: skip
        act = Act.EVENT_WITHDRAWN if at is None else Act.EVENT_CORRECTED
        _write(connection, actor, [made], act, {"corrects": found.id, "because": because})
        _wake(connection, [thing])
    return made


def _things(wanted: Iterable[NewEvent]) -> dict[Subject, list[NewEvent]]:
    things: dict[Subject, list[NewEvent]] = {}
    for event in wanted:
        things.setdefault(event.subject, []).append(event)
    return things


def _known(
    connection: Connection, wanted: Sequence[NewEvent]
) -> dict[tuple[str, Subject, bytes, datetime], tuple[str, bool]]:
    """Return the ids of events that say what these say, and whether they are in force; of several the one that is."""
    known: dict[tuple[str, Subject, bytes, datetime], tuple[str, bool]] = {}
    for subject, its in _things(wanted).items():
        query = events.rows_of(subject, {event.key for event in its}).where(
            table.c.withdrawn.is_(False), table.c.at.in_({event.at for event in its})
        )
        for row in connection.execute(query):
            found = events.event_of(row)
            it = found.name, subject, found.key, found.at
            is_in_force = found.standing is Standing.IN_FORCE
            if is_in_force or it not in known:
                known[it] = found.id, is_in_force
    return known


def _numbers(connection: Connection, wanted: Sequence[NewEvent]) -> dict[tuple[Subject, bytes], int]:
    """Return the number that the next event of each thing has; corrections and withdrawals count among them.

    A number that the log knows is never given again, so that what the catalog has lost stays missed.
    """
    numbers = {(event.subject, event.key): 0 for event in wanted}
    for subject, its in _things(wanted).items():
        query = select(table.c.key, func.count()).where(table.c.subject == subject).group_by(table.c.key)
        for key, count in connection.execute(query.where(table.c.key.in_({event.key for event in its}))):
            numbers[subject, key] = count
    ids = {events.id_of(*thing, number): thing for thing, number in numbers.items()}
    while taken := told.first(connection, ids, *ACTS):
        for thing in [ids[event] for event in taken]:
            numbers[thing] += 1
        ids = {events.id_of(*ids[event], numbers[ids[event]]): ids[event] for event in taken}
    return numbers


def _missing(connection: Connection, wanted: Sequence[NewEvent]) -> set[str | None]:
    """Return the ids of recordings that were never taken in."""
    ids = {event.value for event in wanted if event.subject is Subject.RECORDING}
    query = select(recordings.c.id).where(recordings.c.id.in_(ids))
    return ids - set(connection.scalars(query)) if ids else set()


def _write(
    connection: Connection, actor: Actor, new: Sequence[Event], act: Act, details: Mapping[str, int | str]
) -> None:
    if not new:
        return
    columns = ("id", "name", "subject", "key", "at", "recorded_at", "recorded_by", "corrects", "withdrawn")
    connection.execute(insert(table), [{name: getattr(event, name) for name in columns} for event in new])
    entries = [
        actor.entry(event.recorded_at, act, event.id,
                    {"name": event.name, "subject": event.subject, "event_sha256": events.digest(event), **details})
        for event in new
    ]  # fmt: skip
    journal.append(connection, entries)


def _wake(connection: Connection, changed: Sequence[NewEvent]) -> None:
    for subject, its in _things(changed).items():
        names = [event.value for event in its if event.value is not None]
        schedules.wake(connection, events.concerned(subject, [event.key for event in its], names))
