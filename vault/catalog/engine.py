"""Connections to the catalog: SQLite in a file or PostgreSQL, with the promises of each set and read back.

On SQLite, pragmas belong to the connection, so they are set and checked on every connect. A destroyed key slot is gone
from the files only when `secure_delete` was on for the deleting connection and the write-ahead log was truncated
afterwards (`scrub`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, InterfaceError, InternalError, OperationalError

from vault.errors import CatalogUnavailableError

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit that returned is on the disk
    "foreign_keys": 1,
    "secure_delete": 1,
    "temp_store": 2,  # MEMORY: no sort or index of ours spills to a temporary file
}
_BUSY_TIMEOUT_MS = 60_000
_SCRUB_TIMEOUT_MS = 3_000

LOCK_DISPOSITION = 0x5352_0001
"""Held by whoever destroys and by whoever may forbid it: holds, policies, purge."""
LOCK_SEQUENCE = 0x5352_0002
"""Held by whoever gives log entries their place in the tree."""


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _on_begin
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    for name, wanted in _PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={wanted}")
        got = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if got != wanted:
            raise CatalogUnavailableError(f"expected SQLite to keep {name}={wanted}, got {got}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # a write transaction takes its lock at once: upgrading a read in the middle fails when another has written
    writes = connection.get_execution_options().get("strongroom_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Catalog:
    """The catalog database; hands out transactions and knows what differs between SQLite and PostgreSQL."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        # no error, and so no traceback, ever quotes parameters: wrapped keys and tokens are among them
        if self.is_sqlite:
            self.engine: Engine = create_engine(parsed, hide_parameters=True)
        else:
            # whatever the database's own default is: after waiting for a lock, each statement must see what is so then
            self.engine = create_engine(
                parsed, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED"
            )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _on_connect)
            event.listen(self.engine, "begin", _on_begin)
        self._writer = self.engine.execution_options(strongroom_writes=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction.

        Raises:
            CatalogUnavailableError: the database cannot be reached or is locked for too long.

        """
        with _translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, lock: int | None = None) -> Iterator[Connection]:
        """One write transaction: all of it is durable when the block ends, or none of it happened.

        `lock` names a duty that only one transaction at a time may have; SQLite has one writer anyway.

        Raises:
            CatalogUnavailableError: the database cannot be reached or is locked for too long.

        """
        with _translated(), self._writer.begin() as connection:
            if lock is not None and not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            yield connection

    def scrub(self) -> bool:
        """Overwrite what deleted rows left behind; tell whether it succeeded (a busy reader prevents it).

        SQLite: fold the write-ahead log into the database (whose free space `secure_delete` has zeroed) and truncate
        it. PostgreSQL: vacuum the key slots; what its write-ahead log archive still holds is in the threat model.

        Raises:
            CatalogUnavailableError: the database cannot be reached, or refuses.

        """
        try:
            raw = self.engine.raw_connection()
            try:
                driver: Any = raw.driver_connection
                return _truncate(driver) if self.is_sqlite else _vacuum(driver)
            finally:
                raw.close()
        except self.engine.dialect.loaded_dbapi.Error as exc:
            raise CatalogUnavailableError(f"the catalog did not answer: {_first_line(exc)}") from exc

    def close(self) -> None:
        """Return every connection."""
        self.engine.dispose()


def _truncate(driver: Any) -> bool:
    # a reader that stays must not hold up the stages: what is not overwritten now is owed and tried again
    driver.execute(f"PRAGMA busy_timeout={_SCRUB_TIMEOUT_MS}")
    try:
        busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    return bool(busy == 0)


def _vacuum(driver: Any) -> bool:
    driver.autocommit = True
    try:
        for table in ("key_slots", "recordings", "tokens", "labels", "screenings", "reviews"):
            driver.execute(f"VACUUM {table}")
    finally:
        driver.autocommit = False
    return True


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, InterfaceError) as exc:
        # the bare DatabaseError is a file that is no database any more; its other children are a caller's bugs
        if not isinstance(exc, OperationalError | InternalError | InterfaceError) and type(exc) is not DatabaseError:
            raise
        raise CatalogUnavailableError(f"the catalog did not answer: {_first_line(exc.orig)}") from exc


def _first_line(driver_error: BaseException | None) -> str:
    # the driver's first line only: what follows may quote a row, and that may be secret
    return str(driver_error).strip().split("\n", 1)[0][:200]
