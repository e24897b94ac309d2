"""An empty catalog of the newest revision on each database; nothing of the rest of a vault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vault.catalog.engine import Catalog
from vault.catalog.upgrade import upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    return str(request.getfixturevalue("fresh_postgres_url"))


@pytest.fixture
def bare(url: str) -> Iterator[Catalog]:
    """A catalog without a single table."""
    catalog = Catalog(url)
    yield catalog
    catalog.close()


@pytest.fixture
def catalog(bare: Catalog) -> Catalog:
    """An empty catalog of the newest revision."""
    upgrade(bare)
    return bare
