"""Fixtures every test may ask for. Servers start when the first test of a worker asks for one, never before."""

from collections.abc import Callable, Iterator

import pytest

from tests import servers


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.PostgresServer]:
    """A PostgreSQL of this worker's own."""
    with servers.postgres() as server:
        yield server


@pytest.fixture
def fresh_postgres_url(postgres_server: servers.PostgresServer) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that only this test sees."""
    with servers.postgres_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3Server]:
    """An S3 store of this worker's own, with versions and Object Lock."""
    with servers.s3() as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: servers.S3Server) -> Callable[..., str]:
    """Make a fresh bucket: `s3_bucket(versioned=..., lock=...)` returns its name."""
    return s3_server.create_bucket
