"""`strongroom doctor` and `upgrade`."""

import click

from cli.base import Command
from cli.door import Door, pass_door
from service import doctor as diagnosing
from service.assembly import refuse_lost_catalog
from service.doctor import Level
from service.errors import CatalogLostError, NoVaultError
from service.settings import FILE
from vault.catalog.engine import Catalog
from vault.catalog.upgrade import revisions
from vault.catalog.upgrade import upgrade as run_revisions
from vault.people import Capability


@click.command(cls=Command)
@pass_door
@click.pass_context
def doctor(ctx: click.Context, door: Door) -> None:
    """Say whether this installation is sound, and what to do where it is not.

    A fault (a store, a part, a key file, the clock) ends with exit status 1. A notice does not, so that a job may run
    this every hour: it is what waits for a person or the next pass, as quarantines and originals under a hold do.
    """
    door.enter(Capability.CHECK)
    found = list(diagnosing.examine(door.vault))
    rows = [(d.what, d.level, d.found, d.advice or "fine") for d in found]
    door.out.table(("what", "level", "found", "advice"), rows)
    if any(d.level is Level.FAULT for d in found):
        ctx.exit(1)


@click.command(cls=Command)
@pass_door
def upgrade(door: Door) -> None:
    """Bring the catalog to this program's revision. Make a backup first."""
    if not (door.home / FILE).exists():
        raise NoVaultError(f"expected a vault in {door.home}, got no {FILE}")
    refuse_lost_catalog(door.settings)
    catalog = Catalog(door.settings.catalog_url)
    try:
        before, newest = revisions(catalog)
        if before is None:
            raise CatalogLostError("expected the catalog of a vault, got a database without any of its tables")
        run_revisions(catalog)
    finally:
        catalog.close()
    door.out.object({"from": before, "to": newest}, text=f"catalog: revision {before} -> {newest}")
