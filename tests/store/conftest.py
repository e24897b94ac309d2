"""The stores the contract runs over."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from vault.store.base import BlobStore
from vault.store.disk import create_store
from vault.store.file import open_store
from vault.store.s3 import S3Store
from vault.store.s3_client import make_s3_client

STORES = ["folder", "plain bucket", "locked bucket"]


@pytest.fixture
def make_client() -> Iterator[Callable[..., Any]]:
    """Make clients for any endpoint with the product's own factory, closed at the end."""
    clients = []

    def make(endpoint: str, **settings: Any) -> Any:
        clients.append(make_s3_client(**(client_settings(endpoint) | settings)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def client_settings(endpoint: str) -> dict[str, Any]:
    keys = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    return {"endpoint": endpoint, "region": REGION, **keys}


@pytest.fixture(scope="session")
def s3_client(s3_server: S3Server) -> Iterator[Any]:
    """The product's own client of the real server; it takes a while to make, so there is one."""
    with contextlib.closing(make_s3_client(**client_settings(s3_server.endpoint))) as client:
        yield client


@pytest.fixture
def make_store(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], BlobStore]:
    """Make an empty store of a kind."""

    def make(kind: str) -> BlobStore:
        if kind == "folder":
            create_store(tmp_path / "store")
            return open_store(tmp_path / "store", "archive")
        client, bucket = request.getfixturevalue("s3_client"), request.getfixturevalue("s3_bucket")
        if kind == "plain bucket":
            return S3Store(client, bucket())
        return S3Store(client, bucket(lock=True), prefix="/vault/one/", lock_mode="governance")

    return make


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, make_store: Callable[[str], BlobStore]) -> BlobStore:
    """An empty store of each kind in turn."""
    return make_store(request.param)
