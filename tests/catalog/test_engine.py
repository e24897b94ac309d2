"""Connections: pragmas on every one, times as instants, errors that tell no secret."""

import traceback
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import IntegrityError

from tests.catalog.rows import NOW, add_epoch, new_rows, put
from vault.catalog import engine
from vault.catalog.engine import Catalog
from vault.catalog.schema import UtcTime, from_micros, key_slots, recordings, to_micros, users
from vault.errors import CatalogUnavailableError

SECRET = b"a wrapped key nobody may see"
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "temp_store": 2}

sqlite_only = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


# Times


@given(st.datetimes(datetime(1900, 1, 1), datetime(2500, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_an_instant_survives_its_microseconds(naive: datetime, hours: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert from_micros(to_micros(instant)) == instant


def test_times_keep_their_microseconds_and_come_back_as_utc(catalog: Catalog) -> None:
    local = datetime(2026, 3, 29, 2, 30, 0, 123457, tzinfo=timezone(timedelta(hours=-7)))
    with catalog.write() as connection:
        put(connection, new_rows(ended_at=local, started_at=None))
        row = connection.execute(select(recordings.c.ended_at, recordings.c.started_at)).one()
        assert row.ended_at == local
        assert row.ended_at.tzinfo is UTC
        assert row.started_at is None
        assert connection.scalars(select(recordings.c.id).where(recordings.c.ended_at == local)).one()


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(RuntimeError, match="timezone-aware"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), None)  # noqa: DTZ001


# SQLite


@sqlite_only
def test_every_pooled_connection_has_the_pragmas(catalog: Catalog) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(catalog.read())
            assert {n: connection.scalar(text(f"PRAGMA {n}")) for n in PRAGMAS} == PRAGMAS
            assert connection.scalar(text("PRAGMA busy_timeout")) == 60_000
    with catalog.write() as connection:
        assert {n: connection.scalar(text(f"PRAGMA {n}")) for n in PRAGMAS} == PRAGMAS


def test_a_database_that_does_not_keep_a_pragma_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", {"journal_mode": "wal"})
    catalog = Catalog("sqlite://")  # in memory there is no write-ahead log
    try:
        with pytest.raises(CatalogUnavailableError, match="journal_mode=wal, got memory"), catalog.read():
            pass
    finally:
        catalog.close()


@sqlite_only
def test_a_writer_locks_at_once_and_a_locked_catalog_is_told(
    catalog: Catalog, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT_MS", 1)
    other = Catalog(url)
    try:
        with catalog.write(), pytest.raises(CatalogUnavailableError, match="locked"), other.write():
            pass
        with catalog.write(), other.read() as connection:  # readers do not wait for writers
            assert connection.execute(select(users)).all() == []
    finally:
        other.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"no database" * 500)
    catalog = Catalog(f"sqlite:///{tmp_path / 'other.db'}")
    try:
        with pytest.raises(CatalogUnavailableError, match="not a database"), catalog.read():
            pass
    finally:
        catalog.close()


# PostgreSQL


def test_a_server_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    catalog = Catalog(f"postgresql+psycopg://somebody:hunter2@/db?host={tmp_path}")
    with pytest.raises(CatalogUnavailableError) as caught, catalog.read():
        pass
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(CatalogUnavailableError):
        catalog.scrub()
    catalog.close()


@postgresql_only
def test_a_connection_that_was_cut_is_told_and_the_next_one_works(catalog: Catalog, url: str) -> None:
    other = Catalog(url)
    kill = text("SELECT pg_terminate_backend(:pid)")
    try:
        with pytest.raises(CatalogUnavailableError), catalog.read() as connection:  # noqa: PT012
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            with other.read() as killing:
                killing.execute(kill, {"pid": pid})
            connection.execute(select(users))
        with catalog.read() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with other.read() as killing:
            killing.execute(kill, {"pid": pid})
        with catalog.read() as connection:  # one that was cut while it waited in the pool is replaced unseen
            assert connection.execute(select(users)).all() == []
    finally:
        other.close()


@postgresql_only
def test_a_database_that_may_only_be_read_is_told(catalog: Catalog) -> None:
    with pytest.raises(CatalogUnavailableError, match="read-only"), catalog.write() as connection:  # noqa: PT012
        connection.execute(text("SET TRANSACTION READ ONLY"))
        add_epoch(connection)


@postgresql_only
def test_the_isolation_is_ours_whatever_the_database_prefers(catalog: Catalog, url: str) -> None:
    with catalog.write() as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'"))
    other = Catalog(url)
    try:
        with other.read() as connection:
            assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
    finally:
        other.close()


# Both


def test_what_fails_in_a_write_leaves_nothing(catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError), catalog.write() as connection:  # noqa: PT012
        put(connection, new_rows())
        _ = 1 / 0
    with catalog.read() as connection:
        assert connection.execute(select(recordings)).all() == []


def test_no_error_tells_a_parameter(catalog: Catalog) -> None:
    slot = {"subject": "s", "purpose": "p", "epoch": 99, "wrapped": SECRET}
    errors: list[Any] = []
    with pytest.raises(IntegrityError) as caught, catalog.write() as connection:
        connection.execute(insert(key_slots).values(slot))  # there is no such epoch
    errors.append(caught.value)
    with pytest.raises(IntegrityError) as caught, catalog.write() as connection:  # noqa: PT012
        add_epoch(connection)
        connection.execute(insert(key_slots), [slot | {"epoch": 1}] * 2)
    errors.append(caught.value)
    for error in errors:
        shown = "".join(traceback.format_exception(error))
        assert "key_slots" in shown
        assert SECRET.decode() not in shown
        assert SECRET.hex() not in shown


def test_the_test_above_would_see_a_parameter(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog._writer, "hide_parameters", False)
    with pytest.raises(IntegrityError) as caught, catalog.write() as connection:
        connection.execute(insert(key_slots).values({"subject": "whose", "purpose": "p", "epoch": 99, "wrapped": b""}))
    assert "whose" in str(caught.value)


def test_a_read_begins_a_transaction_and_sees_one_state(catalog: Catalog) -> None:
    begun: list[str] = []
    event.listen(catalog.engine, "begin", lambda _connection: begun.append("begin"))
    with catalog.read() as connection:
        connection.execute(select(users).where(users.c.created_at < NOW))
    assert begun == ["begin"]
