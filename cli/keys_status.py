"""`strongroom keys`: the key epochs and what depends on each."""

import click
from sqlalchemy import func, select

from cli.base import Group
from cli.door import Door, pass_door
from vault.catalog.schema import key_epochs, key_slots
from vault.people import Capability


@click.group(cls=Group)
def keys() -> None:
    """Key epochs."""


@keys.command()
@pass_door
def status(door: Door) -> None:
    """Show each epoch and how many key slots would be lost with it."""
    door.enter(Capability.KEYS)
    slots = func.count(key_slots.c.subject)
    query = (
        select(key_epochs.c.id, key_epochs.c.state, key_epochs.c.created_at, slots)
        .join_from(key_epochs, key_slots, isouter=True)
        .group_by(key_epochs.c.id, key_epochs.c.state, key_epochs.c.created_at)
        .order_by(key_epochs.c.id)
    )
    with door.vault.catalog.read() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    door.out.table(("epoch", "state", "created_at", "key_slots"), rows)
