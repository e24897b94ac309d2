"""0001 makes the tables: each takes a row and gives it back; going down leaves nothing of ours."""

from typing import Any

from sqlalchemy import Connection

from tests.catalog.revisions import fill


def before(connection: Connection) -> None:
    """There is nothing before the first revision."""
    assert fill.found(connection) == {}


def upgraded(connection: Connection, _kept: Any) -> None:
    rows = fill.fill(connection)
    assert len(rows) > 15
    assert fill.found(connection) == {name: [row] for name, row in rows.items()}


def downgraded(connection: Connection, _kept: Any) -> None:
    assert fill.found(connection) == {}
