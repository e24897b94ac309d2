"""Blobs for the tests of the stores."""

import hashlib
import io
import random
from datetime import UTC, datetime, timedelta

from vault.ids import new_blob_name
from vault.model import BlobName
from vault.store.base import BlobStore

MIB = 1024 * 1024
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def name(minutes: int = 0) -> BlobName:
    """Return a fresh name; 20 minutes apart are two folders."""
    return new_blob_name(NOW + timedelta(minutes=minutes))


def content(size: int) -> bytes:
    """Return the same random bytes for a size every time."""
    return random.Random(size).randbytes(size)


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def put(store: BlobStore, blob: BlobName, data: bytes) -> str:
    return store.put(blob, io.BytesIO(data), len(data), sha256=digest(data))


def read(store: BlobStore, blob: BlobName, version: str = "") -> bytes:
    with store.open(blob, version) as reader:
        return reader.read()
