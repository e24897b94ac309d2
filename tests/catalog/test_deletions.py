"""What stores still owe: asked again later and later, at the end of a lock, until it is gone in every store."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from keys.errors import StrongroomError
from tests.catalog.rows import NOW, new_rows, put
from tests.vaults import StandingClock
from vault import deletions as module
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.schema import copies, deletions, log_entries, recordings
from vault.deletions import PRIMARY, finish
from vault.errors import BlobLockedError, StoreUnavailableError
from vault.log import entry
from vault.log.entry import Act
from vault.people import AUTO, Actor

JOB = Actor(AUTO, "schedule")
AWAY = StoreUnavailableError("expected an answer, got none")


class Refusing:
    """The one verb of a store that deletions use; refuses while it has a reason."""

    def __init__(self, refusal: StrongroomError | None = None) -> None:
        self.refusal = refusal
        self.deleted: list[str] = []

    def delete(self, blob: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.deleted.append(blob)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


def owe(catalog: Catalog, count: int = 1, *, archived: bool = False) -> list[str]:
    """Note the blobs of purged recordings, as a purge does; return the recordings."""
    made = [new_rows() for _ in range(count)]
    with catalog.write() as connection:
        put(connection, *made)
        for one in made if archived else []:
            values = {"blob": one.rendition["blob"], "store": "archive", "version": "v1", "created_at": NOW}
            connection.execute(insert(copies).values(values))
        connection.execute(update(recordings).values(state="purged"))
        its = [r for found in rows.renditions_of(connection, [m.id for m in made]).values() for r in found]
        places = module.note(connection, its, NOW)
    assert {len(p) for p in places.values()} == {2 if archived else 1}
    return [m.id for m in made]


def run(catalog: Catalog, clock: StandingClock, **stores: Any) -> tuple[int, list[module.Owed]]:
    named: Mapping[str, Any] = stores
    return finish(catalog, clock, JOB, named, threads=2)


def left(catalog: Catalog) -> list[Any]:
    with catalog.read() as connection:
        return list(connection.execute(select(deletions).order_by(deletions.c.store)))


def told(catalog: Catalog) -> list[str]:
    with catalog.read() as connection:
        bodies = connection.scalars(select(log_entries.c.body).order_by(log_entries.c.id))
        return [str(e.subject) for e in map(entry.decode, bodies) if e.act is Act.COPIES_DELETED]


def test_what_is_owed_is_deleted_and_told_once(catalog: Catalog, clock: StandingClock) -> None:
    recordings_ = owe(catalog, 3)
    store = Refusing()
    assert run(catalog, clock, primary=store) == (3, [])
    assert len(store.deleted) == 3
    assert sorted(told(catalog)) == sorted(recordings_)
    assert run(catalog, clock, primary=store) == (0, [])
    assert len(told(catalog)) == 3


def test_more_than_a_batch_is_finished_in_one_pass(
    catalog: Catalog, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    owe(catalog, 11)
    assert run(catalog, clock, primary=Refusing()) == (11, [])
    assert left(catalog) == []


def test_a_recording_is_told_gone_only_when_every_store_gave_it_up(catalog: Catalog, clock: StandingClock) -> None:
    (recording,) = owe(catalog, archived=True)
    archive = Refusing(AWAY)
    deleted, owed = run(catalog, clock, primary=Refusing(), archive=archive)
    assert (deleted, [(o.store, o.obstacle) for o in owed]) == (1, [("archive", f"store-unavailable: {AWAY}")])
    assert told(catalog) == []
    archive.refusal = None
    clock.advance(timedelta(hours=1))
    assert run(catalog, clock, primary=Refusing(), archive=archive) == (1, [])
    assert told(catalog) == [recording]


def test_an_unreachable_store_is_asked_again_later_and_later_up_to_a_day(
    catalog: Catalog, clock: StandingClock
) -> None:
    owe(catalog)
    store, waits = Refusing(AWAY), []
    for attempt in range(1, 15):
        _, (owed,) = run(catalog, clock, primary=store)
        waits.append(owed.retry_at - clock.now())
        (row,) = left(catalog)
        assert (row.attempts, row.retry_at, row.since) == (attempt, owed.retry_at, NOW)
        clock.instant = owed.retry_at - timedelta(microseconds=1)
        assert run(catalog, clock, primary=Refusing()) == (0, [])  # not before its time
        clock.instant = owed.retry_at
    assert waits == [min(timedelta(minutes=2**n), timedelta(days=1)) for n in range(14)]
    assert run(catalog, clock, primary=Refusing()) == (1, [])


@pytest.mark.parametrize(
    ("until", "retry"),
    [
        (NOW + timedelta(days=40), NOW + timedelta(days=40)),
        (NOW - timedelta(days=1), NOW + timedelta(seconds=1)),  # the store's clock is behind ours
        (None, NOW + timedelta(minutes=1)),  # a legal hold has no end
    ],
)
def test_a_locked_blob_is_asked_for_when_its_lock_ends(
    catalog: Catalog, clock: StandingClock, until: datetime | None, retry: datetime
) -> None:
    owe(catalog)
    _, (owed,) = run(catalog, clock, primary=Refusing(BlobLockedError("locked", until=until)))
    (row,) = left(catalog)
    assert row.retry_at == retry
    assert owed.retry_at == retry
    assert row.obstacle == "blob-locked: locked"
    clock.instant = retry
    assert run(catalog, clock, primary=Refusing()) == (1, [])


def test_a_store_that_is_not_configured_any_more_is_told_and_waits(catalog: Catalog, clock: StandingClock) -> None:
    owe(catalog, archived=True)
    deleted, (owed,) = run(catalog, clock, primary=Refusing())
    assert deleted == 1
    assert owed.obstacle == "the store 'archive' is not configured any more"
    assert [row.store for row in left(catalog)] == ["archive"]


def test_what_refuses_does_not_stand_in_the_way_of_the_rest(
    catalog: Catalog, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    owe(catalog, 6, archived=True)
    deleted, owed = run(catalog, clock, primary=Refusing(), archive=Refusing(AWAY))
    assert (deleted, len(owed)) == (6, 6)
    assert {row.store for row in left(catalog)} == {"archive"}
    assert PRIMARY not in {row.store for row in left(catalog)}
