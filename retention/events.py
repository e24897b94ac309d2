"""Events: what happened to an account, a contract, a case, an interaction or a recording, and moves its clocks.

An event is never changed. A correction is a new event that takes the place of another, a withdrawal one that leaves
nothing in its place; both stay in the history.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Select, and_, exists, select

from vault.catalog.recordings import Recording
from vault.catalog.schema import events, tokens


class Subject(StrEnum):
    """To what something happens."""

    ACCOUNT = "account"
    CONTRACT = "contract"
    CASE = "case"
    INTERACTION = "interaction"
    RECORDING = "recording"


TOKENISED = (Subject.ACCOUNT, Subject.CONTRACT, Subject.CASE)
"""Subjects that are found by a blind-index token, because their names lead to a person."""


def key_of(name: str) -> bytes:
    """Return the key under which events of an interaction or a recording are kept."""
    return hashlib.sha256(name.encode()).digest()


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


def _in_force(query: Select[tuple[str, str, datetime]]) -> Select[tuple[str, str, datetime]]:
    """Leave out what was corrected, and the withdrawals themselves."""
    later = events.alias("later")
    return query.where(events.c.withdrawn.is_(False), ~exists().where(later.c.corrects == events.c.id))


def _named(found: Sequence[Recording]) -> list[tuple[Subject, dict[bytes, list[str]]]]:
    """Return the recordings by the keys of what is found by name."""
    interactions: dict[bytes, list[str]] = {}
    for recording in found:
        if recording.interaction is not None:
            interactions.setdefault(key_of(recording.interaction), []).append(recording.id)
    return [(Subject.INTERACTION, interactions), (Subject.RECORDING, {key_of(r.id): [r.id] for r in found})]
