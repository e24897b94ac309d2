"""Asking schedules about many recordings: alike ones once, and those that something was recorded about one by one."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import Connection, exists, select

from retention.core.ends import UNMATCHED, Scheduled, scheduled
from retention.core.facts import AppliedPolicy, Facts
from retention.policy.match import fields_asked
from retention.recorded import recorded
from retention.recorded.demands import in_force, is_any_remembered, remembered
from retention.recorded.events import Subject
from retention.schedule import schedules
from retention.schedule.cases import facts_of
from retention.schedule.remembered import Remembered
from retention.schedule.schedules import Look
from vault.catalog import glance
from vault.catalog import recordings as rows
from vault.catalog.criteria import covered, from_json
from vault.catalog.glance import Glanced, Span
from vault.catalog.schema import erasures, events, from_micros, recordings, tokens
from vault.model import Kind, RecordingId, Segment, State

_DAY = 86_400_000_000  # microseconds
_KEYS = 10_000  # values in one SQL condition


class Surveyor:
    """What some policies say of recordings, as if no hold were there. One object for one pass."""

    def __init__(self, *policies: AppliedPolicy | None) -> None:
        asked = {"kind"}
        for policy in policies:
            for rule in policy.policy.rules if policy else ():
                asked.update(*(fields_asked(match) for match in rule.matches))
        self.fields = glance.field_order(sorted(asked - {"ended"}))
        """What to glance at (`vault.catalog.glance`)."""
        self._asks_day = "ended" in asked
        self.policies = policies
        self._remembered = [Remembered(policy) for policy in policies]

    def of(
        self, connection: Connection, span: Span, found: Sequence[Glanced]
    ) -> Iterator[tuple[Glanced, tuple[Scheduled, ...]]]:
        """Yield each recording of a batch with what each policy says of it; `span` is what the batch was read by."""
        special = self._special(connection, span)
        for one in found:
            known = special.get(one.id)
            yield one, self._remember_or_keep(one) if known is None else known

    def hints(self, connection: Connection, span: Span, found: Sequence[Glanced]) -> Iterator[tuple[str, Look]]:
        """Yield each recording of a batch with what the index on due dates is to have of it by the first policy."""
        special = self._special(connection, span)
        known = self._remembered[0]
        for one in found:
            if one.id in special:
                yield one.id, look_of(special[one.id][0])
                continue
            alike = (one.alike, one.ended // _DAY) if self._asks_day else one.alike
            try:
                look = known.look_of(alike, one.ended, one.created, partial(self._facts, one))
            except (OverflowError, ValueError):
                look = look_of(UNMATCHED)
            yield one.id, look

    def _remember_or_keep(self, one: Glanced) -> tuple[Scheduled, ...]:
        """Return what the policies say; of a row that nobody of us wrote, that nothing lets it go: `check` tells it."""
        try:
            return self._remember(one)
        except (OverflowError, ValueError):
            return (UNMATCHED,) * len(self.policies)

    def _remember(self, one: Glanced) -> tuple[Scheduled, ...]:
        alike = (one.alike, one.ended // _DAY) if self._asks_day else one.alike

        facts = partial(self._facts, one)
        return tuple([known.of(alike, one.ended, one.created, facts) for known in self._remembered])

    def _facts(self, one: Glanced) -> Facts:
        """Return the facts of a recording as far as the rules ask for them."""
        values = dict(zip(self.fields, one.alike, strict=True))
        parts = tuple(Segment(label, 0, 0) for label in sorted(values.pop("segments", ())))
        return Facts(
            id=one.id, state=State.SEALED, ended=from_micros(one.ended), created=from_micros(one.created),
            segments=parts, **(values | {"kind": Kind(values["kind"])}),
        )  # fmt: skip

    def _special(self, connection: Connection, span: Span) -> dict[str, tuple[Scheduled, ...]]:
        """Return what the policies say of each recording of the batch that something was recorded about."""
        found = rows.get_many(connection, _touched(connection, span))
        circumstances = recorded.of(connection, found) if found else {}
        answers: dict[str, tuple[Scheduled, ...]] = {}
        for recording in found:
            facts, its = facts_of(recording), circumstances[recording.id]
            answers[recording.id] = tuple(scheduled(p.counting(facts, its), facts, its) for p in self._remembered)
        return answers


def look_of(scheduled: Scheduled) -> Look:
    """Return what the index on due dates is to have of a recording."""
    return schedules.look_at(scheduled.due_from), scheduled.for_review


def _touched(connection: Connection, span: Span) -> set[RecordingId]:
    """Return the recordings of a batch that an event, an extension or an erasure request concerns."""
    concerns = (events.c.subject == tokens.c.field) & (events.c.key == tokens.c.token)
    queries = [
        select(tokens.c.recording).join_from(tokens, events, concerns).where(span.has(tokens.c.recording)).distinct(),
        select(erasures.c.recording).where(span.has(erasures.c.recording)),
    ]
    extensions = in_force(connection)
    queries.extend(
        select(recordings.c.id).where(span.has(recordings.c.id), covered(from_json(extension.criteria)))
        for extension in extensions
    )
    touched = {RecordingId(i) for query in queries for i in connection.scalars(query)}
    return touched | _named(connection, span) | _remembered(connection, span, [one.id for one in extensions])


def _remembered(connection: Connection, span: Span, extensions: Sequence[str]) -> set[RecordingId]:
    """Return those that an extension covers only through what was purged of their interaction."""
    if not extensions or not is_any_remembered(connection):
        return set()
    query = select(recordings.c.id, recordings.c.interaction).where(span.has(recordings.c.id))
    found = connection.execute(query).all()
    names = {name for _, name in remembered(connection, extensions, {row.interaction for row in found})}
    return {RecordingId(row.id) for row in found if row.interaction in names}


def _named(connection: Connection, span: Span) -> set[RecordingId]:
    """Return those that an event concerns by their own id or by the name of their interaction."""
    by_name = events.c.subject.in_([Subject.INTERACTION, Subject.RECORDING])
    if not connection.scalar(select(exists().where(by_name))):
        return set()
    of: dict[bytes, set[RecordingId]] = {}
    query = select(recordings.c.id, recordings.c.interaction).where(span.has(recordings.c.id))
    for recording, interaction in connection.execute(query):
        for name in filter(None, (recording, interaction)):
            of.setdefault(hashlib.sha256(name.encode()).digest(), set()).add(recording)
    keys, touched = sorted(of), set[RecordingId]()
    for start in range(0, len(keys), _KEYS):
        some = select(events.c.key).where(by_name, events.c.key.in_(keys[start : start + _KEYS]))
        touched.update(recording for key in connection.scalars(some) for recording in of[key])
    return touched
