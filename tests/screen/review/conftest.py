"""Vaults with a recording in the review queue."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assembly import Vault
from tests import vaults
from tests.screen.reviews import quarantine, take_in
from vault.model import RecordingId
from vault.screen.review import rulings


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with one quarantined call."""
    home = tmp_path_factory.mktemp("reviews") / "home"
    clock = vaults.StandingClock()
    vaults.make(home, clock)
    with vaults.opened(home, clock) as vault:
        quarantine(vault, take_in(vault))
    return home


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Iterator[Vault]:
    """A copy of it."""
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as opened:
        yield opened


@pytest.fixture
def call(vault: Vault) -> RecordingId:
    """Its call."""
    with vault.catalog.read() as connection:
        (waiting,) = rulings.queue(connection)
    return waiting.recording.id


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """A vault on each database, with nothing in it."""
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        yield opened
