"""Bring a catalog to the newest revision (Alembic)."""

import importlib.util
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from vault.catalog.engine import Catalog
from vault.errors import CatalogUnavailableError


def _config() -> Config:
    # found by name, not imported: nobody imports the migrations
    spec = importlib.util.find_spec("migrations")
    if spec is None or spec.origin is None:
        raise CatalogUnavailableError("expected the migrations to be installed beside the program")
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(catalog: Catalog) -> None:
    """Run every revision the catalog lacks, in one transaction."""
    config = _config()
    with catalog.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revisions(catalog: Catalog) -> tuple[str | None, str | None]:
    """Return the catalog's revision and the newest one this program knows."""
    with catalog.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(_config()).get_current_head()
