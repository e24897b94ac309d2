"""Single facts about the vault: its id, the wrapped index key, and whether deleted rows are still to be overwritten."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from vault.catalog.schema import vault_info
from vault.errors import AlteredRowError

VAULT_ID = "vault-id"
INDEX_KEY = "index-key"
PUBLIC_KEY = "public-key"
_SCRUB = "scrub-owed"
_TRUSTED = "trusted-time"
_EVALUATED = "evaluated-to"
_WHOLE = "evaluated-at"


def put(connection: Connection, name: str, value: str) -> None:
    """Write one fact; it must be new."""
    connection.execute(insert(vault_info).values(name=name, value=value))


def get(connection: Connection, name: str) -> str:
    """Return one fact.

    Raises:
        AlteredRowError: the catalog has lost it.

    """
    value = connection.scalar(select(vault_info.c.value).where(vault_info.c.name == name))
    if value is None:
        raise AlteredRowError(f"expected the catalog of a vault, got one without {name}")
    return str(value)


def owe_scrub(connection: Connection, now: datetime) -> None:
    """Note that rows were destroyed whose remains are not overwritten yet."""
    connection.execute(delete(vault_info).where(vault_info.c.name == _SCRUB))
    put(connection, _SCRUB, now.isoformat())


def scrub_owed(connection: Connection) -> str | None:
    """Return since when remains of destroyed rows are to be overwritten, or None."""
    value = connection.scalar(select(vault_info.c.value).where(vault_info.c.name == _SCRUB))
    return None if value is None else str(value)


def scrub_done(connection: Connection, owed: str) -> None:
    """Note that everything destroyed until `owed` is overwritten."""
    connection.execute(delete(vault_info).where(vault_info.c.name == _SCRUB, vault_info.c.value == owed))


def trusted_time(connection: Connection) -> datetime | None:
    """Return the last time that was believed: it followed the one before, or a person said that it is right."""
    value = connection.scalar(select(vault_info.c.value).where(vault_info.c.name == _TRUSTED))
    return None if value is None else datetime.fromisoformat(str(value))


def trust_time(connection: Connection, now: datetime) -> None:
    """Note a time that is believed."""
    connection.execute(delete(vault_info).where(vault_info.c.name == _TRUSTED))
    put(connection, _TRUSTED, now.isoformat())


def owe_evaluation(connection: Connection) -> None:
    """Note that every recording is to be looked at, from the first on."""
    evaluated_to(connection, "")


def evaluation_owed(connection: Connection) -> str | None:
    """Return the id up to which every recording was looked at; None where no look at all of them is under way."""
    value = connection.scalar(select(vault_info.c.value).where(vault_info.c.name == _EVALUATED))
    return None if value is None else str(value)


def evaluated_to(connection: Connection, recording: str) -> None:
    """Note up to which id every recording was looked at."""
    connection.execute(delete(vault_info).where(vault_info.c.name == _EVALUATED))
    put(connection, _EVALUATED, recording)


def evaluation_done(connection: Connection, now: datetime) -> None:
    """Note that every recording was looked at."""
    connection.execute(delete(vault_info).where(vault_info.c.name.in_([_EVALUATED, _WHOLE])))
    put(connection, _WHOLE, now.isoformat())


def evaluation_finished_at(connection: Connection) -> datetime | None:
    """Return when every recording had been looked at last."""
    value = connection.scalar(select(vault_info.c.value).where(vault_info.c.name == _WHOLE))
    return None if value is None else datetime.fromisoformat(str(value))
