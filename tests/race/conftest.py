"""A vault on each database, with a policy under which everything old is due."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assembly import Vault
from tests import vaults
from tests.race.scene import Scene

DUE = vaults.policy("everything P1Y destroy")


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a vault on one database, as variables."""
    if request.param == "sqlite":
        return {}
    return {"STRONGROOM_CATALOG_URL": request.getfixturevalue("fresh_postgres_url")}


@pytest.fixture
def vault(tmp_path: Path, environment: dict[str, str]) -> Iterator[Vault]:
    """An open vault whose policy keeps everything for a year and then destroys it."""
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        vaults.apply_policy(opened, DUE)
        yield opened


@pytest.fixture
def scene(vault: Vault, tmp_path: Path, environment: dict[str, str]) -> Scene:
    """The vault with what the rounds of a race need."""
    return Scene(vault, tmp_path, environment)
