"""Blobs in an S3 bucket: `<prefix>/<first 7 hex digits>/<32 hex digits>`.

Nothing is believed that was not read back: a put ends with a HEAD, a lock with reading the retention of that very
version, a delete with a listing. Deletes name versions, because a plain DELETE adds a marker and destroys nothing.

The user needs s3:PutObject, GetObject(Version), DeleteObject(Version), ListBucket(Versions), AbortMultipartUpload,
ListBucketMultipartUploads and GetBucketVersioning; with a lock also GetBucketObjectLockConfiguration and
Get/PutObjectRetention. It should not have s3:BypassGovernanceRetention.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from vault.errors import (
    BlobExistsError,
    BlobLockedError,
    BlobNotFoundError,
    ChecksumError,
    StoreAnswerError,
    StoreUnavailableError,
)
from vault.model import BlobName
from vault.store.base import StoredBlob, StoreHealth, blob_at, key_of, verify
from vault.store.s3_client import (
    Bucket,
    Version,
    content_md5,
    has_object_lock,
    of_version,
    plain_version,
    server_time,
)
from vault.store.s3_probe import PROBES, probe
from vault.store.s3_reader import RangeReader
from vault.store.s3_upload import PART, abort_uploads, upload_parts

LockMode: TypeAlias = Literal["governance", "compliance"]
DIGEST: Final = "sha256"
"""The object metadata that holds our digest of the sealed bytes, in hex."""
BUFFER: Final = 256 * 1024  # bytes a reader buffers; larger reads go past it


class S3Store:
    """Blobs in a bucket. The client comes from `make_s3_client`; its maker closes it."""

    def __init__(
        self, client: Any, bucket: str, *, prefix: str = "", name: str = "archive", lock_mode: LockMode | None = None
    ) -> None:
        self._bucket = Bucket(client, bucket)
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._name = name
        self._lock_mode = lock_mode.upper() if lock_mode else None
        self._has_lock = False  # not known yet

    @property
    def name(self) -> str:
        """What the catalog calls the store."""
        return self._name

    def close(self) -> None:
        """Close the client's connections."""
        self._bucket.close()

    def put(self, blob: BlobName, source: BinaryIO, size: int, *, sha256: bytes) -> str:
        """Upload a blob, verify it with a HEAD and return its version; see the port.

        Raises:
            BlobExistsError: a blob of that name with other content is there.
            ChecksumError: the source is not of that size and digest, or the store holds other bytes than were sent.
            InvalidInputError: not a blob name.
            StoreUnavailableError: the store cannot be reached, or fails.

        """
        key = self._key(blob)
        if (held := self._bucket.head(key, bucket_exists=True)) is not None:  # the upload finds out if it does not
            return self._adopt(blob, held, size, sha256)
        try:
            sent = self._send(key, source, size, sha256)
        except StoreAnswerError as exc:
            # Somebody, perhaps our own first attempt whose answer was lost, put it there meanwhile.
            if exc.status != 412 or (held := self._bucket.head(key)) is None:  # noqa: PLR2004 (precondition failed)
                raise
            return self._adopt(blob, held, size, sha256)
        return self._check_sent(blob, sent, size, sha256)

    def open(self, blob: BlobName, version: str = "") -> BinaryIO:
        """Return a seekable reader over ranged GETs of one version; see the port.

        Raises:
            BlobNotFoundError: there is no such blob or version.
            InvalidInputError: not a blob name.
            StoreUnavailableError: the store cannot be reached, or fails.

        """
        key = self._key(blob)
        held = self._head(blob, version)
        found = version or plain_version(held.get("VersionId"))

        def get(first: int, last: int) -> dict[str, Any]:
            return self._bucket.call("get_object", Key=key, Range=f"bytes={first}-{last}", **of_version(found))

        return io.BufferedReader(RangeReader(get, held["ContentLength"]), BUFFER)

    def stat(self, blob: BlobName) -> tuple[StoredBlob, ...]:
        """Return all versions and markers of a name, with their locks; see the port."""
        return tuple(self._stat(blob, version) for version in self._bucket.versions_of(self._key(blob)))

    def delete(self, blob: BlobName) -> None:
        """Delete every version and marker, and what unfinished uploads left; see the port.

        Raises:
            BlobLockedError: a lock refuses; all that was not locked is deleted.
            InvalidInputError: not a blob name.
            StoreUnavailableError: the store cannot be reached, fails, or still holds a version afterwards.

        """
        key = self._key(blob)
        abort_uploads(self._bucket, key)
        locked = [refusal for version in self._bucket.versions_of(key) if (refusal := self._delete(blob, version))]
        if locked:
            # The longest lock decides; a legal hold has no end.
            ends = [refusal.until for refusal in locked if refusal.until is not None]
            raise locked[0] if len(ends) < len(locked) else max(locked, key=_end)
        if left := self._bucket.versions_of(key):
            raise StoreUnavailableError(f"expected blob {blob} gone from {self.name}, found {len(left)} versions of it")

    def lock(self, blob: BlobName, version: str, until: datetime) -> datetime | None:
        """Set Object Lock retention on a version and return its end as read back; see the port.

        Without a lock mode this does nothing and returns None. The end is rounded up to a whole second, because some
        servers keep no fractions. A lock that is there already is made longer, never shorter or weaker.

        Raises:
            BlobNotFoundError: there is no such version.
            InvalidInputError: not a blob name.
            RuntimeError: `until` is without a time zone.
            StoreUnavailableError: the store fails, has no Object Lock, or keeps another lock than was asked for.

        """
        if until.tzinfo is None:
            raise RuntimeError("expected a time with a zone, got one without")
        held = self._head(blob, version)
        if self._lock_mode is None:
            return None
        self._check_bucket_locks()
        until = until if until.microsecond == 0 else until.replace(microsecond=0) + timedelta(seconds=1)
        now_until: datetime | None = held.get("ObjectLockRetainUntilDate")
        mode = "COMPLIANCE" if held.get("ObjectLockMode") == "COMPLIANCE" else self._lock_mode
        if now_until is not None and now_until >= until and held.get("ObjectLockMode") == mode:
            return now_until
        until = max(until, now_until or until)
        retention = {"Mode": mode, "RetainUntilDate": until}
        self._bucket.call("put_object_retention", Key=self._key(blob), Retention=retention, **of_version(version))
        return self._check_lock(blob, version, mode, until)

    def all(self) -> Iterator[StoredBlob]:
        """Yield every version and marker under the prefix; see the port. Our own probes are left out."""
        for version in self._bucket.versions(self._prefix):
            rest = version.key.removeprefix(self._prefix)
            if rest.startswith(PROBES):
                continue
            found = blob_at(rest)
            yield StoredBlob(
                BlobName(version.key) if found is None else found,
                version=plain_version(version.id),
                size=version.size,
                is_marker=version.is_marker,
                is_strange=found is None,
            )

    def probe(self) -> StoreHealth:
        """Try the bucket out; see the port and `s3_probe`."""
        return probe(self._bucket, self._prefix, lock_wanted=self._lock_mode is not None)

    def _key(self, blob: BlobName) -> str:
        return self._prefix + key_of(blob)

    def _head(self, blob: BlobName, version: str) -> dict[str, Any]:
        held = self._bucket.head(self._key(blob), version)
        if held is None:
            raise BlobNotFoundError(f"expected blob {blob} in {self.name}{_named(version)}, found none")
        return held

    def _adopt(self, blob: BlobName, held: dict[str, Any], size: int, sha256: bytes) -> str:
        version = plain_version(held.get("VersionId"))
        claimed = held.get("Metadata", {}).get(DIGEST)
        if held["ContentLength"] != size or (claimed is not None and claimed != sha256.hex()):
            raise BlobExistsError(
                f"expected no blob {blob} in {self.name} or the same one, found other content "
                f"of {held['ContentLength']} bytes"
            )
        if claimed is None:  # copied here by somebody's tool that lost the metadata: the bytes decide
            verify(self, blob, version, sha256)
        return version

    def _send(self, key: str, source: BinaryIO, size: int, sha256: bytes) -> dict[str, Any]:
        """Upload, refusing to overwrite, and return the answer that names the version."""
        metadata = {DIGEST: sha256.hex()}
        if size > PART:
            return upload_parts(self._bucket, key, source, size, sha256, metadata)
        data = source.read(PART + 1)
        found = hashlib.sha256(data)
        if len(data) != size or found.digest() != sha256:
            raise ChecksumError(
                f"expected {size} bytes with SHA-256 {sha256.hex()} to send, got {len(data)} with {found.hexdigest()}"
            )
        return self._bucket.call(
            "put_object", Key=key, Body=data, ContentMD5=content_md5(data), Metadata=metadata, IfNoneMatch="*"
        )

    def _check_sent(self, blob: BlobName, sent: dict[str, Any], size: int, sha256: bytes) -> str:
        version = plain_version(sent.get("VersionId"))
        held = self._head(blob, version)
        version = version or plain_version(held.get("VersionId"))
        claimed = held.get("Metadata", {}).get(DIGEST)
        if held["ContentLength"] == size and claimed == sha256.hex():
            return version
        wrong = ChecksumError(
            f"expected {size} bytes with SHA-256 {sha256.hex()} in {self.name} after the upload, "
            f"got {held['ContentLength']} with {claimed}"
        )
        # Nothing points to what we have just sent, and left there it would stand in the way of the next attempt.
        try:
            self._bucket.call("delete_object", Key=self._key(blob), **of_version(version))
        except StoreUnavailableError as exc:
            raise wrong from exc
        raise wrong

    def _stat(self, blob: BlobName, version: Version) -> StoredBlob:
        held = None if version.is_marker else self._bucket.head(self._key(blob), version.id)
        return StoredBlob(
            blob,
            version=plain_version(version.id),
            size=version.size,
            is_marker=version.is_marker,
            locked_until=held.get("ObjectLockRetainUntilDate") if held else None,
            mode=held.get("ObjectLockMode") if held else None,
        )

    def _delete(self, blob: BlobName, version: Version) -> BlobLockedError | None:
        """Delete one version; return the refusal when a lock is the reason for it."""
        key = self._key(blob)
        try:
            self._bucket.call("delete_object", Key=key, VersionId=version.id)
        except StoreAnswerError as exc:
            # Servers differ in how they say "locked" (403, 400); what the version itself says of its lock decides.
            if exc.status >= 500 or version.is_marker or (held := self._bucket.head(key, version.id)) is None:  # noqa: PLR2004
                raise
            locked = _lock_in_force(held)
            if locked is None:
                raise
            until = held.get("ObjectLockRetainUntilDate") if locked == "retention" else None
            end = "its legal hold is released" if until is None else until.isoformat()
            refusal = BlobLockedError(f"blob {blob} in {self.name} is locked until {end}", until=until)
            refusal.__cause__ = exc
            return refusal
        return None

    def _check_bucket_locks(self) -> None:
        # Some servers accept, and even read back, a retention in a bucket that was made without Object Lock.
        if not self._has_lock and not has_object_lock(self._bucket):
            raise StoreUnavailableError(
                f"expected Object Lock on bucket {self._bucket.name}, which has none",
                hint="make a bucket with Object Lock (it is set when a bucket is made), or set no lock mode",
            )
        self._has_lock = True

    def _check_lock(self, blob: BlobName, version: str, mode: str, until: datetime) -> datetime:
        held = self._head(blob, version)
        found_mode, found_until = held.get("ObjectLockMode"), held.get("ObjectLockRetainUntilDate")
        if (
            not isinstance(found_until, datetime)
            or found_until < until
            or found_mode != mode
            or plain_version(held.get("VersionId")) != version
        ):
            raise StoreUnavailableError(
                f"expected blob {blob}{_named(version)} in {self.name} locked as {mode} until {until.isoformat()}, "
                f"read back {found_mode} until {found_until}",
                hint="this store does not keep the locks it accepts; use another one, or no lock mode",
            )
        return found_until


def _named(version: str) -> str:
    return f" (version {version})" if version else ""


def _end(refusal: BlobLockedError) -> datetime:
    if refusal.until is None:
        raise RuntimeError("expected a lock with an end")
    return refusal.until


def _lock_in_force(held: dict[str, Any]) -> Literal["retention", "hold"] | None:
    if held.get("ObjectLockLegalHoldStatus") == "ON":
        return "hold"
    until, now = held.get("ObjectLockRetainUntilDate"), server_time(held)
    # A lock that has ended is not why the store refuses; permissions are.
    return "retention" if until is not None and (now is None or now < until) else None
