"""A vault with everybody in it and one old recording that takes two people to purge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assembly import Vault
from tests import vaults
from tests.people.steps import take_in

REVIEW = vaults.policy("everything P1Y review")


@pytest.fixture(params=["sqlite", "postgresql"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """An open vault in which a policy asks for a review."""
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        vaults.apply_policy(opened, REVIEW)
        yield opened


@pytest.fixture
def recording(vault: Vault) -> str:
    """A recording that is due for review."""
    return take_in(vault)
