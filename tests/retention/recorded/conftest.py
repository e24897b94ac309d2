"""A vault with everybody in it, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assembly import Vault
from tests import vaults


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("events") / "home"
    vaults.make(home, vaults.StandingClock())
    return home


@pytest.fixture
def vault(_made: Path, tmp_path: Path) -> Iterator[Vault]:
    """An open vault on SQLite."""
    with vaults.opened(vaults.copy(_made, tmp_path / "home"), vaults.StandingClock()) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """An open vault on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("vault")
        return
    environment = {"STRONGROOM_CATALOG_URL": request.getfixturevalue("fresh_postgres_url")}
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        yield opened
