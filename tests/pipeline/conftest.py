"""Vaults on each database with each kind of archive."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.assembly import Vault
from tests import vaults
from tests.servers import REGION, S3Server

DATABASES = ("sqlite", "postgresql")
ARCHIVES = ("folder", "locking bucket", "plain bucket")


@dataclass
class Place:
    """A vault's surroundings: its folder, its clock (which starts at the true time: stores have a clock too)."""

    home: Path
    environment: dict[str, str]
    clock: vaults.StandingClock
    archive: str
    server: S3Server | None = None
    bucket: str = ""
    files: list[Path] = field(default_factory=list)

    @property
    def locks(self) -> bool:
        return self.archive == "locking bucket"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Vault]:
        with vaults.opened(self.home, self.clock, self.environment) as vault:
            yield vault

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """Yield a client of the archive's owner, who may do more than the vault does."""
        assert self.server is not None
        with contextlib.closing(self.server.client()) as client:
            yield client

    def versions(self, blob: str) -> list[dict[str, Any]]:
        """Return every version and delete marker of a blob in the bucket, as the server lists them."""
        with self.client() as client:
            found = client.list_object_versions(Bucket=self.bucket)
        both = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        return [v for v in both if v["Key"].endswith(blob)]


@pytest.fixture
def make_place(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Place]:
    """Make a vault: `make_place(database, archive)`."""

    def make(database: str, archive: str) -> Place:
        environment = {}
        if database == "postgresql":
            environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
        clock = vaults.StandingClock(datetime.now(UTC).replace(microsecond=0))
        place = Place(tmp_path / "home", environment, clock, archive)
        if archive != "folder":
            _use_bucket(place, request, monkeypatch)
        vaults.make(place.home, clock, environment)
        return place

    return make


def _use_bucket(place: Place, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    server: S3Server = request.getfixturevalue("s3_server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
    place.server, place.bucket = server, server.create_bucket(lock=place.locks)
    place.environment |= {
        "STRONGROOM_ARCHIVE_KIND": "s3",
        "STRONGROOM_ARCHIVE_ENDPOINT": server.endpoint,
        "STRONGROOM_ARCHIVE_REGION": REGION,
        "STRONGROOM_ARCHIVE_BUCKET": place.bucket,
        "STRONGROOM_ARCHIVE_LOCK": "governance" if place.locks else "none",
    }


@pytest.fixture(params=[(d, a) for d in DATABASES for a in ARCHIVES], ids=" ".join)
def place(request: pytest.FixtureRequest, make_place: Callable[[str, str], Place]) -> Place:
    """A vault on each database with each kind of archive."""
    return make_place(*request.param)


@pytest.fixture
def locking(make_place: Callable[[str, str], Place]) -> Place:
    """A vault whose archive locks."""
    return make_place("sqlite", "locking bucket")
