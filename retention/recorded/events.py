"""Events: what happened to an account, a contract, a case, an interaction or a recording, and moves its clocks.

An event is never changed. A correction is a new event that takes the place of another, a withdrawal one that leaves
nothing in its place; both stay in the history.

The ids of what happened to one thing are numbered: the id of its n-th event is a digest of the thing and of n. So
whoever asks the log for the ids of one thing, up to the first that it does not know, learns how many events there must
be, without looking at those of other things.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, select

from keys import canonical
from retention.errors import EventNotFoundError
from vault.catalog.recordings import Recording
from vault.catalog.schema import events, recordings, to_micros, tokens
from vault.errors import AlteredRowError
from vault.ids import is_id


class Subject(StrEnum):
    """To what something happens."""

    ACCOUNT = "account"
    CONTRACT = "contract"
    CASE = "case"
    INTERACTION = "interaction"
    RECORDING = "recording"


TOKENISED = (Subject.ACCOUNT, Subject.CONTRACT, Subject.CASE)
"""Subjects that are found by a blind-index token, because their names lead to a person."""


class Standing(StrEnum):
    """Whether an event counts."""

    IN_FORCE = "in force"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the history. `replaced_by`: the event that took its place, if one did."""

    id: str
    name: str
    subject: Subject
    key: bytes
    at: datetime
    recorded_at: datetime
    recorded_by: str
    corrects: str | None
    withdrawn: bool
    replaced_by: str | None = None
    replaced_by_withdrawal: bool = False

    @property
    def standing(self) -> Standing:
        """Whether it counts; a withdrawal is kept in the history and counts for nothing."""
        if self.replaced_by is not None:
            return Standing.WITHDRAWN if self.replaced_by_withdrawal else Standing.CORRECTED
        return Standing.WITHDRAWAL if self.withdrawn else Standing.IN_FORCE


def key_of(name: str) -> bytes:
    """Return the key under which events of an interaction or a recording are kept."""
    return hashlib.sha256(name.encode()).digest()


def id_of(subject: Subject, key: bytes, number: int) -> str:
    """Return the id of the event that was recorded as the `number`-th, from 0, of one thing."""
    value: canonical.Json = {
        "format": "strongroom/event-id/v1", "subject": subject.value, "key": key.hex(), "number": number,
    }  # fmt: skip
    return hashlib.sha256(canonical.encode(value)).hexdigest()[:32]


def digest(event: Event) -> str:
    """Return the digest of an event, as the log has it."""
    value: canonical.Json = {
        "id": event.id, "name": event.name, "subject": str(event.subject), "key": event.key.hex(),
        "at": to_micros(event.at), "corrects": event.corrects, "withdrawn": event.withdrawn,
    }  # fmt: skip
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def of(connection: Connection, found: Sequence[Recording]) -> dict[str, dict[str, tuple[datetime, ...]]]:
    """Return what happened to each recording or to what it belongs to: instants in order, by event name."""
    happened: dict[str, dict[str, list[datetime]]] = {}

    def add(recording: str, name: str, at: datetime) -> None:
        happened.setdefault(recording, {}).setdefault(name, []).append(at)

    concerns = and_(events.c.subject == tokens.c.field, events.c.key == tokens.c.token)
    by_token = _in_force(select(tokens.c.recording, events.c.name, events.c.at).join_from(tokens, events, concerns))
    for row in connection.execute(by_token.where(tokens.c.recording.in_([r.id for r in found]))):
        add(row.recording, row.name, row.at)
    for subject, names in _named(found):
        query = _in_force(select(events.c.key, events.c.name, events.c.at)).where(events.c.subject == subject)
        for row in connection.execute(query.where(events.c.key.in_(sorted(names)))):
            for recording in names[row.key]:
                add(recording, row.name, row.at)
    return {recording: {name: tuple(sorted(at)) for name, at in its.items()} for recording, its in happened.items()}


def things_of(connection: Connection, found: Sequence[Recording]) -> dict[tuple[Subject, bytes], list[str]]:
    """Return everything whose events concern the recordings, with the ids of those it concerns."""
    things: dict[tuple[Subject, bytes], list[str]] = {}
    query = select(tokens.c.recording, tokens.c.field, tokens.c.token)
    query = query.where(tokens.c.recording.in_([r.id for r in found]), tokens.c.field.in_(TOKENISED))
    for recording, field, token in connection.execute(query):
        things.setdefault((Subject(field), token), []).append(recording)
    for subject, names in _named(found):
        for key, ids in names.items():
            things[subject, key] = ids
    return things


def get(connection: Connection, event: str) -> Event:
    """Return one event.

    Raises:
        EventNotFoundError: no event of that id was ever recorded.

    """
    row = connection.execute(all_rows().where(events.c.id == event)).first() if is_id(event) else None
    if row is None:
        raise EventNotFoundError("expected the id of an event of this vault (32 hex digits)")
    return event_of(row)


def history(
    connection: Connection, *, name: str | None = None, subject: Subject | None = None, key: bytes | None = None,
    limit: int,
) -> list[Event]:  # fmt: skip
    """Return up to `limit` events, the last recorded first, with those that were corrected."""
    wanted = {events.c.name: name, events.c.subject: subject, events.c.key: key}
    given = [column == value for column, value in wanted.items() if value is not None]
    query = all_rows().where(*given).order_by(events.c.recorded_at.desc(), events.c.id.desc())
    return [event_of(row) for row in connection.execute(query.limit(limit))]


def rows_of(subject: Subject, keys: Collection[bytes]) -> Select[Any]:
    """Return the query for every event of some things, as `event_of` reads them."""
    return all_rows().where(events.c.subject == subject, events.c.key.in_(sorted(keys)))


def all_rows() -> Select[Any]:
    """Return the query for every event, as `event_of` reads them."""
    later = events.alias("later")
    replaced = (later.c.id.label("replaced_by"), later.c.withdrawn.is_(True).label("replaced_by_withdrawal"))
    same = and_(later.c.corrects == events.c.id, later.c.subject == events.c.subject, later.c.key == events.c.key)
    return select(*events.c, *replaced).join_from(events, later, same, isouter=True)


def event_of(row: Row[Any]) -> Event:
    """Return the event of a row of `events`.

    Raises:
        AlteredRowError: the row names no known subject.

    """
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented row access
    if values["subject"] not in set(Subject):
        raise AlteredRowError(f"expected event {row.id} to have a known subject, got another")
    return Event(**{**values, "subject": Subject(values["subject"])})


def concerned(subject: Subject, keys: Sequence[bytes], names: Sequence[str]) -> Select[tuple[str]]:
    """Return the query for the recordings that events of some things concern.

    `keys` of what is found by token; `names` of interactions or recordings.
    """
    if subject in TOKENISED:
        return select(tokens.c.recording).where(tokens.c.field == subject, tokens.c.token.in_(sorted(set(keys))))
    column = recordings.c.id if subject is Subject.RECORDING else recordings.c.interaction
    return select(recordings.c.id).where(column.in_(sorted(set(names))))


def name_of(connection: Connection, subject: Subject, key: bytes, *, batch: int = 5000) -> str | None:
    """Return the interaction or recording of the catalog that has this key; None where there is none (any more).

    It looks through an index of the catalog, once for a correction: the key alone does not say which it is.
    """
    column = recordings.c.id if subject is Subject.RECORDING else recordings.c.interaction
    last = ""
    while True:
        query = select(column).distinct().where(column > last).order_by(column).limit(batch)
        found = connection.scalars(query).all()
        for name in found:
            if key_of(name) == key:
                return str(name)
        if len(found) < batch:
            return None
        last = found[-1]


def _is_replaced() -> ColumnElement[bool]:
    # what stands under another thing takes the place of nothing here, so that it need not be looked for
    later = events.alias("later")
    same = and_(later.c.subject == events.c.subject, later.c.key == events.c.key)
    return exists().where(later.c.corrects == events.c.id, same)


def _in_force(query: Select[tuple[str, str, datetime]]) -> Select[tuple[str, str, datetime]]:
    """Leave out what was corrected, and the withdrawals themselves."""
    return query.where(events.c.withdrawn.is_(False), ~_is_replaced())


def _named(found: Sequence[Recording]) -> list[tuple[Subject, dict[bytes, list[str]]]]:
    """Return the recordings by the keys of what is found by name."""
    interactions: dict[bytes, list[str]] = {}
    for recording in found:
        if recording.interaction is not None:
            interactions.setdefault(key_of(recording.interaction), []).append(recording.id)
    return [(Subject.INTERACTION, interactions), (Subject.RECORDING, {key_of(r.id): [r.id] for r in found})]
