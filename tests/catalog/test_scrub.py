"""What a purge destroyed is found nowhere in the files of an SQLite catalog, and what is not destroyed yet is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from retention.destroy import purge
from service.assembly import Vault
from tests import vaults
from vault import deletions
from vault.catalog import engine, info
from vault.catalog.engine import Catalog
from vault.catalog.schema import key_slots, recordings, tokens
from vault.model import Metadata
from vault.people import AUTO, Actor

JOB = Actor(AUTO, "schedule")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock)
    return tmp_path / "home"


@pytest.fixture
def vault(home: Path, tmp_path: Path) -> Iterator[Vault]:
    """A vault with twenty old chats, all of them due."""
    with vaults.opened(home, vaults.StandingClock()) as opened:
        vaults.apply_policy(opened, vaults.policy("all P1Y destroy"))
        old = vaults.START.replace(year=2016)
        metadata = [
            Metadata(
                ended=old, account=f"ACME-{n}", agent=f"agent-{n:05}-who-leaves", labels=frozenset({f"label-{n}-x"})
            )
            for n in range(20)
        ]
        vaults.ingest(
            opened, [vaults.item(tmp_path / f"{n}.txt", m, f"hello {n}".encode()) for n, m in enumerate(metadata)]
        )
        yield opened


def secrets(vault: Vault) -> list[bytes]:
    """Return everything that a purge must leave no trace of."""
    with vault.catalog.read() as connection:
        held = select(recordings.c.id)
        found = list(connection.scalars(select(key_slots.c.wrapped).where(key_slots.c.subject.in_(held))))
        found += connection.scalars(select(tokens.c.token))
        for row in connection.execute(select(recordings)):
            found += [row.sealed_metadata, row.content_token, row.agent.encode()]
    assert len(found) == 20 * (2 + 1 + 3)
    return found


def traces(home: Path, sought: list[bytes]) -> int:
    """Return how many of them lie in the database files as raw bytes."""
    files = [path.read_bytes() for path in sorted(home.glob("catalog.db*"))]
    assert files
    return sum(any(secret in data for data in files) for secret in sought)


def destroy(vault: Vault) -> None:
    done = list(purge.run_due(vault.catalog, vault.clock, vault.signing_key, vault=vault.id))
    assert [p.done for p in done] == [True] * 20


def finish(vault: Vault) -> None:
    assert deletions.finish(vault.catalog, vault.clock, JOB, vault.stores) == (20, [])


def test_what_was_purged_is_nowhere_in_the_files(home: Path, vault: Vault) -> None:
    sought = secrets(vault)
    assert traces(home, sought) == len(sought)
    destroy(vault)
    finish(vault)
    assert traces(home, sought) == 0
    vault.sequence()
    assert vaults.check(vault) == []


def test_without_folding_the_write_ahead_log_it_would_still_be_there(home: Path, vault: Vault) -> None:
    sought = secrets(vault)
    destroy(vault)
    assert traces(home, sought) > 0
    with vault.catalog.read() as connection:
        assert info.scrub_owed(connection) is not None
    assert any("not overwritten yet" in f.text for f in vaults.check(vault))


def test_without_secure_delete_it_would_still_be_there(
    home: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought = secrets(vault)
    vault.catalog.engine.dispose()
    monkeypatch.setitem(engine._PRAGMAS, "secure_delete", 0)
    destroy(vault)
    finish(vault)
    assert traces(home, sought) > 0


def test_a_busy_reader_makes_the_scrub_owed_and_the_next_pass_settles_it(
    home: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT_MS", 50)
    vault.catalog.engine.dispose()
    sought = secrets(vault)
    reader = Catalog(vault.settings.catalog_url)
    try:
        with reader.read() as connection:
            connection.execute(select(recordings.c.id)).all()  # it looks at what was so before the purge
            destroy(vault)
            finish(vault)  # the blobs go all the same
            with vault.catalog.read() as mine:
                assert info.scrub_owed(mine) is not None
            assert traces(home, sought) > 0
            vault.sequence()
            assert [f.text for f in vaults.check(vault) if "not overwritten" not in f.text] == []
            assert len(vaults.check(vault)) == 1
        assert deletions.finish(vault.catalog, vault.clock, JOB, vault.stores) == (0, [])
    finally:
        reader.close()
    assert traces(home, sought) == 0
    assert vaults.check(vault) == []


def test_a_scrub_that_was_overtaken_by_another_purge_stays_owed(catalog: Catalog) -> None:
    with catalog.write() as connection:
        info.owe_scrub(connection, vaults.START)
        first = info.scrub_owed(connection)
        assert first is not None
        info.owe_scrub(connection, vaults.START.replace(hour=13))
        info.scrub_done(connection, first)
        second = info.scrub_owed(connection)
        assert second not in {None, first}
        info.scrub_done(connection, str(second))
        assert info.scrub_owed(connection) is None


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_vacuums_every_table_that_held_something_personal(catalog: Catalog) -> None:
    with catalog.write() as connection:
        for table in ("key_slots", "recordings", "tokens", "labels", "screenings", "reviews"):
            connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
    assert catalog.scrub() is True
    query = "SELECT relname FROM pg_stat_user_tables WHERE vacuum_count > 0 ORDER BY relname"
    with catalog.read() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        found = list(connection.scalars(text(query)))
    assert found == ["key_slots", "labels", "recordings", "reviews", "screenings", "tokens"]
