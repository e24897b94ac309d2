"""A catalog with rows that a test puts in itself: recordings, policies, holds and demands, without a vault's keys.

For what asks many recordings or many moments of the index on due dates; a vault would take longer.
"""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from retention.core.decision import Action
from retention.plans import policies
from retention.policy.reader import parse
from retention.recorded import event_acts
from retention.recorded.event_acts import NewEvent
from retention.recorded.events import Subject
from retention.schedule import cases, due, schedules
from tests import vaults
from vault.catalog import recordings as rows
from vault.catalog import schema
from vault.catalog.criteria import Criteria, to_json
from vault.catalog.engine import Catalog
from vault.catalog.recordings import NewRows
from vault.catalog.upgrade import upgrade
from vault.people import Actor

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BOTH = frozenset({Action.DESTROY, Action.REVIEW})
RITA = Actor("rita", "role/records")
ACCOUNTS = {name: hashlib.sha256(name.encode()).digest() for name in ("a1", "a2")}
QUEUES = ("sales", "service")


def connected(url: str) -> Catalog:
    """Return a catalog in which there is one person and nothing else."""
    catalog = Catalog(url)
    upgrade(catalog)
    with catalog.write() as connection:
        person = {"name": RITA.name, "roles": "records", "public_key": "-", "disabled": False, "created_at": NOW}
        connection.execute(insert(schema.users).values(**person))
        connection.execute(insert(schema.key_epochs).values(id=1, state="active", wrapped=b"-", created_at=NOW))
    return catalog


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Catalog]:
    with closing(connected(f"sqlite:///{folder / 'catalog.db'}")) as catalog:
        yield catalog


def clock(days: float = 0) -> vaults.StandingClock:
    return vaults.StandingClock(NOW + timedelta(days=days))


def take_in(catalog: Catalog, number: int, *, days: int, queue: str = "sales", account: str = "a1") -> str:
    """Put in the rows of a call that ended so many days ago, as ingest does."""
    name = f"{number:032x}"
    ended = NOW - timedelta(days=days)
    recording = {
        "id": name, "kind": "call", "media_type": "audio/wav", "state": "archived", "ended_at": ended,
        "ended_basis": "manifest", "created_at": ended + timedelta(hours=1), "queue": queue, "consent": "none",
        "source": "t", "source_token": name.encode(), "interaction": f"talk-{number}",
    }  # fmt: skip
    rendition = {
        "recording": name, "name": "original", "media_type": "audio/wav", "blob": name, "plain_size": 1,
        "sealed_size": 2, "sealed_sha256": bytes(32), "created_at": ended,
    }  # fmt: skip
    token = {"recording": name, "field": "account", "token": ACCOUNTS[account]}
    label = {"recording": name, "label": f"l{number % 3}"}
    with catalog.write() as connection:
        rows.insert_new(connection, [NewRows(recording, rendition, (), (token,), (label,))])
    return name


def apply(catalog: Catalog, *rules: str, text: str = "") -> None:
    """Put a policy in force, as the end of `policy apply` does."""
    text = text or vaults.policy(*rules)
    with catalog.write() as connection:
        last = policies.current(connection)
        row = {"version": last.version + 1 if last else 1, "digest": parse(text).version_digest, "text": text}
        connection.execute(insert(schema.policies).values(**row, applied_at=NOW, applied_by=RITA.name))
        schedules.owe_all(connection)


def evaluate(catalog: Catalog, days: float = 0) -> list[tuple[int, int]]:
    return [(progress.done, progress.of) for progress in due.evaluate(catalog, clock(days))]


def find(catalog: Catalog, days: float = 0, only: frozenset[Action] = BOTH, limit: int = 1000) -> list[due.Due]:
    return due.find(catalog, clock(days), only, limit=limit)


def names(found: list[due.Due]) -> list[str]:
    return [one.recording for one in found]


def decided(catalog: Catalog, days: float = 0) -> list[due.Due]:
    """Return what is due by deciding over every single recording, the longest over first."""
    now = clock(days).now()
    with catalog.read() as connection:
        policy = policies.current(connection)
        every = rows.get_many(connection, connection.scalars(select(schema.recordings.c.id)).all())
        decisions = [(case, case.decided(policy, now)) for case in cases.of(connection, every, now)]
    found = [
        due.Due(case.recording.id, decision.action, decision.rule or "", decision.keep_until or now)
        for case, decision in decisions
        if decision.action in BOTH
    ]
    return sorted(found, key=lambda one: (one.keep_until, one.recording))


def hints(catalog: Catalog) -> dict[str, tuple[datetime | None, bool]]:
    with catalog.read() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(select(schema.schedules))}


def record(catalog: Catalog, name: str, account: str, days: float) -> None:
    new = NewEvent(name, Subject.ACCOUNT, ACCOUNTS[account], NOW - timedelta(days=days))
    event_acts.record(catalog, clock(), RITA, [new])


def hold(catalog: Catalog, number: int, queue: str, *, released: float | None = None, grace: float = 0) -> None:
    """Put in the row of a hold; `released` so many days ago, with as many days of grace."""
    row: dict[str, Any] = {
        "id": f"{number:032x}", "matter": "m", "criteria": to_json(Criteria(queues=frozenset({queue}))),
        "sealed_scope": b"-", "placed_by": RITA.name, "placed_at": NOW - 400 * DAY,
    }  # fmt: skip
    if released is not None:
        row |= {"released_at": NOW - released * DAY, "grace_until": NOW + (grace - released) * DAY}
    with catalog.write() as connection:
        connection.execute(insert(schema.holds).values(**row))


def release(catalog: Catalog, queue: str, grace: float) -> None:
    """Release every hold and wake what it covers, as `holds.approve_release` does."""
    with catalog.write() as connection:
        connection.execute(update(schema.holds).values(released_at=NOW, grace_until=NOW + grace * DAY))
        covered = select(schema.recordings.c.id).where(schema.recordings.c.queue == queue)
        assert schedules.wake(connection, covered) > 0
