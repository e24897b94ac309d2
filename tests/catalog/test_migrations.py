"""Every revision goes up and down with data in the tables, and the last one is what the code knows.

A revision NNNN needs `tests/catalog/revisions/data_NNNN.py` with three functions: `before(connection)` puts data into
the revision below and returns what it wants to remember; `upgraded` and `downgraded` (connection, remembered) look.
"""

import importlib

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Constraint, Index, MetaData, Table, text

from tests.catalog.revisions import fill
from vault.catalog import upgrade as upgrading
from vault.catalog.engine import Catalog
from vault.catalog.schema import metadata

SCRIPTS = ScriptDirectory.from_config(upgrading._config())
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]


def move(connection: Connection, to: str, *, up: bool) -> None:
    config = upgrading._config()
    config.attributes["connection"] = connection
    (command.upgrade if up else command.downgrade)(config, to)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_goes_up_and_down_and_up_with_data(bare: Catalog, revision: str) -> None:
    data = importlib.import_module(f"tests.catalog.revisions.data_{revision}")
    below = SCRIPTS.get_revision(revision).down_revision or "base"
    assert isinstance(below, str)
    with bare.write() as connection:
        if below != "base":
            move(connection, below, up=True)
        kept = data.before(connection)
        move(connection, revision, up=True)
        data.upgraded(connection, kept)
        move(connection, below, up=False)
        data.downgraded(connection, kept)
        move(connection, revision, up=True)
    with bare.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == revision


def differences(connection: Connection, wanted: MetaData) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, wanted))


def test_the_newest_revision_makes_the_tables_the_code_knows(catalog: Catalog) -> None:
    with catalog.read() as connection:
        assert differences(connection, metadata) == []


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX ix_recordings_interaction",
        "ALTER TABLE holds ADD COLUMN surplus TEXT",
        "DROP TABLE ticks",
    ],
)
def test_the_comparison_sees_another_catalog(catalog: Catalog, change: str) -> None:
    with catalog.write() as connection:
        connection.execute(text(change))
    with catalog.read() as connection:
        assert differences(connection, metadata) != []


def test_the_comparison_sees_another_type(catalog: Catalog) -> None:
    other = MetaData()
    for table in metadata.sorted_tables:
        columns = [c._copy() for c in table.columns]
        for column in columns:
            if (table.name, column.name) == ("recordings", "agent"):
                column.type = metadata.tables["recordings"].c.ended_at.type
        Table(table.name, other, *columns)
    with catalog.read() as connection:
        assert any("modify_type" in str(found) for found in differences(connection, other))


def test_every_index_and_constraint_has_a_name() -> None:
    for table in metadata.sorted_tables:
        parts: list[Index | Constraint] = [*table.indexes, *table.constraints]
        for part in parts:
            assert 0 < len(str(part.name or "")) <= 63, table.name  # PostgreSQL cuts longer ones


def test_an_upgrade_that_fails_leaves_nothing_behind(bare: Catalog) -> None:
    with bare.write() as connection:
        connection.execute(text("CREATE TABLE users (name TEXT)"))
    with pytest.raises(Exception, match="users"):
        upgrading.upgrade(bare)
    assert upgrading.revisions(bare)[0] is None
    with bare.read() as connection:
        assert set(fill.found(connection)) == {"users"}
