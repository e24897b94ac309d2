"""Names of blobs that are about to be written: kept while their owner lives, swept when it is dead."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.catalog.rows import NOW, new_rows, put
from tests.vaults import StandingClock
from vault.catalog import intents as module
from vault.catalog.engine import Catalog
from vault.catalog.intents import PRIMARY, STRANGER_LIVES, Intents, sweep
from vault.catalog.schema import copies, intents
from vault.catalog.upgrade import upgrade
from vault.errors import BlobLockedError, StoreUnavailableError
from vault.ids import new_blob_name
from vault.model import BlobName

ARCHIVE = "archive"


class Stores:
    """Stores that note what is deleted from them."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, str]] = []
        self.refusal: Exception | None = None

    def delete_from(self, store: str) -> Callable[[BlobName], None]:
        def delete(blob: BlobName) -> None:
            if self.refusal is not None:
                raise self.refusal
            self.deleted.append((store, blob))

        return delete

    def by_name(self, *names: str) -> dict[str, Callable[[BlobName], None]]:
        return {name: self.delete_from(name) for name in names or (PRIMARY, ARCHIVE)}


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
def stores() -> Stores:
    return Stores()


def known(catalog: Catalog) -> set[tuple[str, str]]:
    with catalog.read() as connection:
        return {(row.store, row.blob) for row in connection.execute(select(intents))}


def locks(run_folder: Path) -> list[str]:
    return sorted(path.name for path in run_folder.glob("*.lock"))


def die(owner: Intents) -> None:
    """Let go of the lock as the death of the process does, without tidying up."""
    os.close(owner._lock)


def test_names_are_durable_before_they_are_handed_out_and_gone_when_all_went_well(
    catalog: Catalog, run_folder: Path, clock: StandingClock
) -> None:
    with Intents(catalog, run_folder, clock, ahead=4) as owner:
        names = owner.take(2)
        assert {(PRIMARY, n) for n in names} < known(catalog)
        assert len(known(catalog)) == 4
        with catalog.write() as connection:
            Intents.fulfil(connection, names)
            fresh = owner.top_up(connection)
        owner.add(fresh)
        assert len(known(catalog)) == 4
        assert len(locks(run_folder)) == 1
    assert known(catalog) == set()
    assert locks(run_folder) == []


def test_what_was_used_and_became_nothing_is_left_for_the_sweep(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    with Intents(catalog, run_folder, clock, ahead=3) as owner:
        names = owner.take(1)
        assert sweep(catalog, run_folder, clock, stores.by_name()) == 0
    assert known(catalog) == {(PRIMARY, names[0])}
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 1
    assert stores.deleted == [(PRIMARY, names[0])]
    assert (known(catalog), locks(run_folder)) == (set(), [])


@pytest.mark.parametrize("age", [timedelta(), STRANGER_LIVES * 3])
def test_a_living_owner_is_never_swept_however_old_its_names_are(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores, age: timedelta
) -> None:
    with Intents(catalog, run_folder, clock, ahead=2) as owner:
        owner.take(1)
        before = known(catalog)
        assert len(before) == 2
        clock.advance(age)
        assert sweep(catalog, run_folder, clock, stores.by_name()) == 0
        assert known(catalog) == before
    assert stores.deleted == []


def test_a_dead_owner_is_swept_at_once(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    owner = Intents(catalog, run_folder, clock, ahead=2)
    with catalog.write() as connection:
        owner.top_up(connection)
    die(owner)
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 2
    assert len(stores.deleted) == 2
    assert (known(catalog), locks(run_folder)) == (set(), [])


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_process_that_was_killed_is_swept(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    program = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from tests.vaults import StandingClock
        from vault.catalog.engine import Catalog
        from vault.catalog.intents import Intents
        catalog = Catalog({str(catalog.engine.url)!r})
        with Intents(catalog, Path({str(run_folder)!r}), StandingClock(), ahead=3) as owner:
            owner.take(1)
            print("ready", flush=True)
            input()
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert sweep(catalog, run_folder, clock, stores.by_name()) == 0
        child.kill()
        child.wait()
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 3


def test_a_stranger_without_a_lock_file_is_given_a_day(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    blob = new_blob_name(NOW)
    with catalog.write() as connection:
        connection.execute(insert(intents).values(blob=blob, store=PRIMARY, owner="elsewhere", since=NOW))
    clock.advance(STRANGER_LIVES - timedelta(microseconds=1))
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 0
    clock.advance(timedelta(microseconds=1))
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 1
    assert stores.deleted == [(PRIMARY, blob)]


def test_a_blob_that_belongs_to_a_recording_is_never_swept(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    made = new_rows()
    blob = made.rendition["blob"]
    with catalog.write() as connection:
        put(connection, made)
        for store in (PRIMARY, ARCHIVE):
            connection.execute(insert(intents).values(blob=blob, store=store, owner="dead", since=NOW))
    clock.advance(STRANGER_LIVES)
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 2
    assert stores.deleted == [(ARCHIVE, blob)]  # no copy is known there


def test_a_commit_that_outlives_its_client_is_waited_for(
    fresh_postgres_url: str, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    # a server may still commit what a client sent before it was killed; SQLite has no server
    catalog, made = Catalog(fresh_postgres_url), new_rows()
    upgrade(catalog)
    blob = made.rendition["blob"]
    with catalog.write() as connection:
        connection.execute(insert(intents).values(blob=blob, store=PRIMARY, owner="dead", since=NOW))
    clock.advance(STRANGER_LIVES)
    with ThreadPoolExecutor(1) as pool:
        with catalog.write() as connection:
            put(connection, made)
            Intents.fulfil(connection, [blob])
            swept = pool.submit(sweep, catalog, run_folder, clock, stores.by_name())
            assert wait([swept], timeout=1).not_done
        assert swept.result(timeout=30) == 0
    catalog.close()
    assert stores.deleted == []


def test_a_copy_that_the_catalog_knows_is_never_swept(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    made = new_rows()
    blob = made.rendition["blob"]
    with catalog.write() as connection:
        put(connection, made)
        connection.execute(insert(copies).values(blob=blob, store=ARCHIVE, version="v", created_at=NOW))
        connection.execute(insert(intents).values(blob=blob, store=ARCHIVE, owner="dead", since=NOW))
    clock.advance(STRANGER_LIVES)
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 1
    assert stores.deleted == []


def test_a_store_out_of_reach_waits(catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores) -> None:
    blobs = [new_blob_name(NOW) for _ in range(2)]
    with Intents(catalog, run_folder, clock) as owner:
        assert owner.announce(blobs, ARCHIVE) == set(blobs)
    assert sweep(catalog, run_folder, clock, stores.by_name(PRIMARY)) == 0  # not configured
    for refusal in (StoreUnavailableError("away"), BlobLockedError("locked")):
        stores.refusal = refusal
        assert sweep(catalog, run_folder, clock, stores.by_name()) == 0
        assert known(catalog) == {(ARCHIVE, b) for b in blobs}
    stores.refusal = None
    assert sweep(catalog, run_folder, clock, stores.by_name()) == 2
    assert known(catalog) == set()


def test_what_is_discarded_is_deleted_before_its_intent_goes(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    with Intents(catalog, run_folder, clock, ahead=1) as owner:
        names = owner.take(1)
        stores.refusal = StoreUnavailableError("away")
        with pytest.raises(StoreUnavailableError):
            owner.discard(names, stores.delete_from(PRIMARY))
        assert (PRIMARY, names[0]) in known(catalog)
        stores.refusal = None
        owner.discard(names, stores.delete_from(PRIMARY))
        assert stores.deleted == [(PRIMARY, names[0])]
    assert known(catalog) == set()


def test_what_another_living_owner_announced_is_left_to_it(
    catalog: Catalog, run_folder: Path, clock: StandingClock
) -> None:
    one, two = new_blob_name(NOW), new_blob_name(NOW)
    with Intents(catalog, run_folder, clock) as first, Intents(catalog, run_folder, clock) as second:
        assert first.announce([one], ARCHIVE) == {one}
        assert first.announce([one], ARCHIVE) == {one}  # again is still ours
        assert second.announce([one, two], ARCHIVE) == {two}
        assert second.announce([], ARCHIVE) == set()
        clock.advance(STRANGER_LIVES * 2)
        assert second.announce([one], ARCHIVE) == set()


def test_what_a_dead_owner_announced_is_taken_over(catalog: Catalog, run_folder: Path, clock: StandingClock) -> None:
    blob = new_blob_name(NOW)
    dead = Intents(catalog, run_folder, clock)
    dead.announce([blob], ARCHIVE)
    die(dead)
    with Intents(catalog, run_folder, clock) as owner:
        assert owner.announce([blob], ARCHIVE) == {blob}
        with catalog.read() as connection:
            assert connection.scalars(select(intents.c.owner)).all() == [owner._owner]


def test_a_lock_file_without_an_intent_is_removed(
    catalog: Catalog, run_folder: Path, clock: StandingClock, stores: Stores
) -> None:
    die(Intents(catalog, run_folder, clock))
    living = Intents(catalog, run_folder, clock)
    assert len(locks(run_folder)) == 2
    sweep(catalog, run_folder, clock, stores.by_name())
    assert locks(run_folder) == [living._lock_file.name]
    with living:
        assert module.is_idle(living._lock_file) is False
    assert locks(run_folder) == []
