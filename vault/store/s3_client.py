"""The S3 client, and its calls with errors of our own.

Works with any compatible endpoint. What the field taught: docs of AWS are not what every server does, so nothing an
answer merely claims is relied on where it can be read back.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vault.errors import StoreAnswerError, StoreUnavailableError

Checksums: TypeAlias = Literal["when_supported", "when_required"]
NO_VERSION: Final = "null"
"""How S3 calls the only version in a bucket without versions."""


def make_s3_client(
    *,
    endpoint: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    checksums: Checksums = "when_supported",
    connect_timeout: float = 5,
    read_timeout: float = 60,
    attempts: int = 4,
    max_connections: int = 16,
) -> Any:
    """Return a boto3 client that several threads may share; the caller closes it.

    Timeouts are in seconds. Without keys boto3 looks for them where it always does. `checksums="when_required"` is for
    servers that answer 411 to boto3's checksum trailers (Ceph 16.2); Content-MD5 is sent either way.
    """
    config = Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=max_connections,
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
        # A server of one's own seldom has a DNS name for each bucket.
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    # A session of its own: boto3's shared one is not safe to use from several threads.
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=config,
    )


@dataclass(frozen=True, slots=True)
class Version:
    """One line of a bucket's listing: a version or a delete marker, with the id as the bucket says it."""

    key: str
    id: str
    size: int
    is_marker: bool
    modified: datetime


class Bucket:
    """A bucket whose calls raise StoreAnswerError and StoreUnavailableError."""

    def __init__(self, client: Any, name: str) -> None:
        self.name = name
        self._client = client
        self._place = f"{client.meta.endpoint_url}, bucket {name}"

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation of the client on this bucket.

        Raises:
            StoreAnswerError: the server answered with an error.
            StoreUnavailableError: no answer: no connection, no credentials, too slow.

        """
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(Bucket=self.name, **parameters)
        except ClientError as exc:
            code = str(exc.response.get("Error", {}).get("Code", "unknown"))
            status = int(exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            message = f"expected {operation} to work at {self._place}, got {code} (HTTP {status})"
            raise StoreAnswerError(message, answer=code, status=status) from exc
        except (BotoCoreError, OSError) as exc:
            raise self.unavailable(operation, exc) from exc
        return answer

    def unavailable(self, operation: str, exc: Exception) -> StoreUnavailableError:
        """Return the store's error for one of the client's; the kind is named and no text of the client repeated."""
        return StoreUnavailableError(f"expected {operation} to work at {self._place}, got {type(exc).__name__}")

    def head(self, key: str, version: str = "", *, bucket_exists: bool = False) -> dict[str, Any] | None:
        """Return what the bucket says of an object; None when there is none.

        A HEAD answers 404 for a missing bucket too, so that is asked next, unless the caller takes it as given.

        Raises:
            StoreUnavailableError: the bucket cannot be reached or does not exist: then nothing is known of the object.

        """
        try:
            held = self.call("head_object", Key=key, **of_version(version))
        except StoreAnswerError as exc:
            # 405: that version is a delete marker.
            if exc.status not in (404, 405):
                raise
        else:
            # Some servers ignore the version in a bucket that keeps none, and answer with what they have.
            asked, got = plain_version(version), plain_version(held.get("VersionId"))
            return held if asked in ("", got) else None
        if not bucket_exists:
            self.call("head_bucket")
        return None

    def versions(self, prefix: str) -> Iterator[Version]:
        """Yield all versions and delete markers under a prefix, page by page."""
        marks: dict[str, str] = {}
        while True:
            page = self.call("list_object_versions", Prefix=prefix, **marks)
            for entry in page.get("Versions", []):
                yield Version(entry["Key"], entry["VersionId"], entry["Size"], False, entry["LastModified"])  # noqa: FBT003
            for entry in page.get("DeleteMarkers", []):
                yield Version(entry["Key"], entry["VersionId"], 0, True, entry["LastModified"])  # noqa: FBT003
            if not page.get("IsTruncated"):
                return
            following = {"KeyMarker": page.get("NextKeyMarker", "")}
            if page.get("NextVersionIdMarker"):
                following["VersionIdMarker"] = page["NextVersionIdMarker"]
            if following == marks or not following["KeyMarker"]:
                raise StoreUnavailableError(f"expected the next page of a listing at {self._place}, got the same again")
            marks = following

    def versions_of(self, key: str) -> list[Version]:
        """Return the versions and delete markers of exactly this key."""
        return [version for version in self.versions(key) if version.key == key]


def has_object_lock(bucket: Bucket) -> bool:
    """Tell whether a bucket was made with Object Lock.

    Raises:
        StoreUnavailableError: the server does not say.

    """
    try:
        found = bucket.call("get_object_lock_configuration")
    except StoreAnswerError as exc:
        if exc.status in (404, 501):  # no lock on this bucket; no lock in this server
            return False
        raise
    return bool(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")


def of_version(version: str) -> dict[str, str]:
    """Return the parameter that names a version, or none."""
    return {"VersionId": version} if version else {}


def plain_version(version: str | None) -> str:
    """Return a version id as the catalog keeps it: empty where the bucket has no versions."""
    return "" if version is None or version == NO_VERSION else version


def content_md5(data: bytes) -> str:
    """Return the Content-MD5 header (RFC 1864): guards the way there, on every server; our own digest is SHA-256."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")


def server_time(answer: dict[str, Any]) -> datetime | None:
    """Return the server's own time as its answer tells it; a lock runs by that clock, not by ours."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
