"""0002: what was screened before has the preset its rules are called by now; going down keeps the screenings."""

from typing import Any

from sqlalchemy import Connection, text

from tests.catalog.revisions import fill

_ADDED = ("preset", "why")


def before(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    fill.fill(connection)
    return fill.found(connection)


def upgraded(connection: Connection, kept: dict[str, list[dict[str, Any]]]) -> None:
    now = fill.found(connection)
    (screening,) = now["screenings"]
    assert [screening.pop(name) for name in _ADDED] == ["balanced", None]
    assert {name: rows for name, rows in now.items() if name not in {"reviews", "screen_attempts"}} == kept
    connection.execute(text("INSERT INTO screen_attempts VALUES ('text', 2, 7)"))
    connection.execute(
        text("INSERT INTO reviews VALUES ('r', 'text', 'cut', '{}', 'd', 'open', NULL, 'text', 7, NULL)"),
    )


def downgraded(connection: Connection, kept: dict[str, list[dict[str, Any]]]) -> None:
    assert fill.found(connection) == kept
