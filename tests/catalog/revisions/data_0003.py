"""0003: what is there is to be looked at, and nothing else changes; going down keeps what was there before."""

from typing import Any

from sqlalchemy import Connection, text

from tests.catalog.revisions import fill

NEW = ("segments", "schedules", "events", "demands", "erasures")


def before(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    fill.fill(connection)
    return fill.found(connection)


def upgraded(connection: Connection, kept: dict[str, list[dict[str, Any]]]) -> None:
    now = fill.found(connection)
    alive = [row["id"] for row in kept["recordings"] if row["state"] != "purged"]
    assert [(row["recording"], row["look_at"]) for row in now["schedules"]] == [(i, 0) for i in alive]
    assert {name: rows for name, rows in now.items() if name not in NEW} == kept
    assert alive
    connection.execute(text("INSERT INTO segments VALUES (:id, 0, 5, 'sale')"), {"id": alive[0]})
    connection.execute(
        text("INSERT INTO demands VALUES ('d', 'erasure', '{}', :words, '{}', 'text', 7, NULL, NULL)"),
        {"words": b"sealed"},
    )
    connection.execute(text("INSERT INTO erasures VALUES (:id, 'd')"), {"id": alive[0]})
    for event, corrects in (("e1", None), ("e2", "e1")):
        connection.execute(
            text("INSERT INTO events VALUES (:id, 'sale', 'account', :key, 7, 8, 'text', :corrects, :withdrawn)"),
            {"id": event, "key": b"token", "corrects": corrects, "withdrawn": False},
        )


def downgraded(connection: Connection, kept: dict[str, list[dict[str, Any]]]) -> None:
    assert fill.found(connection) == kept
