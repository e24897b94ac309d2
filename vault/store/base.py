"""The port of a blob store: sealed bytes under a random name that is written once.

A store knows no keys and no plaintext, and decides nothing. One contract suite (tests/store/test_contract.py) runs
over every implementation.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, Protocol

from keys.errors import InvalidInputError
from vault.errors import ChecksumError
from vault.ids import is_id
from vault.model import BlobName

CHUNK: Final = 1024 * 1024  # bytes read or hashed at a time
FOLDER_DIGITS: Final = 7
"""Leading hex digits of a name that make its folder: the names are time-ordered, so about 17 minutes share one."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One thing a store holds: a version of a blob, a delete marker, or something that is no blob of ours."""

    blob: BlobName
    """The blob's name; where `is_strange`, the raw path or key."""
    version: str = ""
    """The version id; empty where the store keeps no versions."""
    size: int = 0
    """Bytes; 0 for a delete marker."""
    is_marker: bool = False
    """A delete marker: it hides the versions below it and destroys nothing."""
    locked_until: datetime | None = None
    """The end of the lock on this version. `stat` reads it; `all` leaves it empty."""
    mode: str | None = None
    """"GOVERNANCE" or "COMPLIANCE" where there is a lock. `stat` reads it; `all` leaves it empty."""
    is_strange: bool = False
    """It lies in the store but is not a blob."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """What a probe found. A store is fit to use when it is reachable and writable."""

    reachable: bool
    writable: bool = False
    versioned: bool = False
    """The store keeps a version of everything that is deleted or overwritten."""
    lock_enabled: bool = False
    """The store says that it locks versions."""
    lock_enforced: bool | None = None
    """The store was seen to refuse the deletion and the shortening of a lock; None where there is no lock to try."""
    free_bytes: int | None = None
    """None where the store does not say."""
    problems: tuple[str, ...] = ()
    """What a person should know, one sentence each."""


class BlobStore(Protocol):
    """Where sealed blobs lie.

    Every method may raise StoreUnavailableError (the store cannot be reached, or fails) and InvalidInputError (a name
    that is no blob name). A store may be used from several threads.
    """

    @property
    def name(self) -> str:
        """What the catalog calls the store, as "primary" or "archive"."""
        ...

    def put(self, blob: BlobName, source: BinaryIO, size: int, *, sha256: bytes) -> str:
        """Store `size` bytes of a seekable source, and return the version id ("" where there are none).

        Durable and verified when it returns. Never overwrites: a blob of that name with the same size and digest, as a
        crash after the upload leaves it, is adopted and its version returned.

        Raises:
            BlobExistsError: a blob of that name with other content is there.
            ChecksumError: the source is not of that size and digest, or the store holds other bytes than were sent.

        """
        ...

    def open(self, blob: BlobName, version: str = "") -> BinaryIO:
        """Return a seekable reader of the blob, or of one version of it; the caller closes it.

        Reading may raise StoreUnavailableError.

        Raises:
            BlobNotFoundError: there is no such blob or version.

        """
        ...

    def stat(self, blob: BlobName) -> tuple[StoredBlob, ...]:
        """Return all versions and delete markers of a name; nothing where there are none."""
        ...

    def delete(self, blob: BlobName) -> None:
        """Delete every version and delete marker of a name; done already is done.

        Raises:
            BlobLockedError: a lock refuses; `until` says until when. What was not locked is deleted.

        """
        ...

    def lock(self, blob: BlobName, version: str, until: datetime) -> datetime | None:
        """Lock a version at least until then and return the end that was read back; None where the store has no lock.

        Never shortens: a lock that ends later stays and its end is returned.

        Raises:
            BlobNotFoundError: there is no such version.
            RuntimeError: `until` is without a time zone.

        """
        ...

    def all(self) -> Iterator[StoredBlob]:
        """Yield everything the store holds, in constant memory, things that are no blobs included."""
        ...

    def probe(self) -> StoreHealth:
        """Try the store out, with a throw-away object; what is wrong is in the answer, not raised."""
        ...


def key_of(blob: BlobName) -> str:
    """Return where a blob lies under the root of a store, as "0123456/0123456789abcdef0123456789abcdef".

    Raises:
        InvalidInputError: not a blob name. No other text ever becomes a path or a key.

    """
    if not is_id(blob):
        raise InvalidInputError("expected a blob name of 32 lower-case hex digits, got another text")
    return f"{blob[:FOLDER_DIGITS]}/{blob}"


def blob_at(key: str) -> BlobName | None:
    """Return the blob that lies at a path or key under the root of a store; None where no blob would lie there."""
    name = key.rpartition("/")[2]
    return BlobName(name) if is_id(name) and key == key_of(BlobName(name)) else None


def verify(store: BlobStore, blob: BlobName, version: str, sha256: bytes) -> None:
    """Read a blob back to the end and compare its digest (`check --deep`).

    Raises:
        BlobNotFoundError: there is no such blob or version.
        ChecksumError: the store holds other bytes.
        StoreUnavailableError: the store cannot be read.

    """
    digest = hashlib.sha256()
    with store.open(blob, version) as reader:
        while chunk := reader.read(CHUNK):
            digest.update(chunk)
    if not hmac.compare_digest(digest.digest(), sha256):
        raise ChecksumError(
            f"expected blob {blob} in {store.name} with SHA-256 {sha256.hex()}, got {digest.hexdigest()}"
        )
