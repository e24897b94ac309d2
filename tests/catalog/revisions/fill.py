"""Fill tables with one row each, whatever their columns are, and find the rows again."""

from typing import Any

from sqlalchemy import Boolean, Connection, Integer, LargeBinary, MetaData, Table


def reflect(connection: Connection) -> MetaData:
    """Return the tables as the database has them."""
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def row_of(table: Table) -> dict[str, Any]:
    """Return a row in which every column has a value; columns that refer to each other have the same one."""
    return {column.name: _value(column.type, column.type.python_type) for column in table.columns}


def _value(of_type: Any, python_type: type) -> Any:
    if isinstance(of_type, Boolean):
        return True
    if isinstance(of_type, Integer):
        return 7 if python_type is int else None
    if isinstance(of_type, LargeBinary):
        return b"\x00\xff bytes"
    return "text"


def fill(connection: Connection) -> dict[str, dict[str, Any]]:
    """Insert one row into every table, those referred to first; return the rows by table."""
    rows = {}
    for table in reflect(connection).sorted_tables:
        if table.name != "alembic_version":
            rows[table.name] = row_of(table)
            connection.execute(table.insert(), rows[table.name])
    return rows


def found(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return what every table holds."""
    return {
        table.name: [dict(row._mapping) for row in connection.execute(table.select())]
        for table in reflect(connection).sorted_tables
        if table.name != "alembic_version"
    }
