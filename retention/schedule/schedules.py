"""When to look at each recording again: the index on due dates, so that finding what is due costs what is due.

`schedules.look_at` is a hint and never a decision: before it nothing but a change can make the recording due, so that
nobody need look; whoever destroys decides anew. A hint that is too early costs a look, one that is too late a delay.
It is made of the schedule alone, without holds. What is found held is set aside until its holds change.

Whatever changes the answer says so in its own transaction: `wake` for the recordings it concerns, `owe_all` for a new
policy. That, and every look (`due`), happens under LOCK_DISPOSITION, so that no change falls between reading
and noting.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, Select, delete, insert, text, update

from vault.catalog import info
from vault.catalog.recordings import SOON
from vault.catalog.schema import from_micros, schedules, to_micros

Look: TypeAlias = tuple[int | None, bool]
"""When to look at a recording, in microseconds since 1970 (None: not before a change), and whether a person is asked.
"""
Hint: TypeAlias = tuple[int | None, bool, str]
"""The same with the id of the recording: a row of the index. Plain tuples, of which there are millions."""


def look_at(due_from: datetime | None) -> int | None:
    """Return when to look at what is due from an instant: one long ago is looked at with what was never looked at."""
    return None if due_from is None else max(to_micros(SOON), to_micros(due_from))


def wake(connection: Connection, ids: Select[tuple[str]]) -> int:
    """Have the recordings that `ids` selects looked at by the next pass; return how many there are.

    For whoever changes what decides over them: the caller holds LOCK_DISPOSITION.
    """
    statement = update(schedules).where(schedules.c.recording.in_(ids)).values(look_at=SOON, for_review=False)
    return connection.execute(statement).rowcount


def owe_all(connection: Connection) -> None:
    """Have every recording looked at, because the policy is another one; the caller holds LOCK_DISPOSITION."""
    info.owe_evaluation(connection)


def put_off(connection: Connection, ids: Sequence[str], until: datetime) -> None:
    """Do not look at these before an instant: what stands in the way is told, and not again with every pass."""
    note(connection, [(to_micros(until), False, recording) for recording in ids])


def forget(connection: Connection, ids: Sequence[str]) -> None:
    """Drop the hints of recordings that were purged."""
    connection.execute(delete(schedules).where(schedules.c.recording.in_(ids)))


def note(connection: Connection, hints: Sequence[Hint]) -> None:
    """Write hints in place of those that are there."""
    if not hints:
        return
    if connection.dialect.name == "postgresql":  # one statement with arrays: a tenth of the cost of one a row
        columns = zip(*hints, strict=True)
        connection.execute(_UPDATE_MANY, dict(zip(("looks", "flags", "ids"), map(list, columns), strict=True)))
    else:  # in the driver's own form: SQLAlchemy's parameters cost as much again as the statement
        connection.exec_driver_sql(_UPDATE_ONE, list(hints))


def add(connection: Connection, hints: Sequence[Hint]) -> None:
    """Write hints of recordings that have none."""
    if hints:
        values = [
            {"recording": recording, "look_at": None if look_at is None else from_micros(look_at), "for_review": flag}
            for look_at, flag, recording in hints
        ]
        connection.execute(insert(schedules), values)


_UPDATE_ONE = "UPDATE schedules SET look_at = ?, for_review = ? WHERE recording = ?"
_UPDATE_MANY = text(
    "UPDATE schedules SET look_at = new.look_at, for_review = new.for_review "
    "FROM unnest(CAST(:ids AS varchar[]), CAST(:looks AS bigint[]), CAST(:flags AS boolean[])) "
    "AS new(recording, look_at, for_review) WHERE schedules.recording = new.recording"
)
