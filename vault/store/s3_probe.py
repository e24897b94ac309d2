"""Trying a bucket out before anything is trusted to it.

Some stores accept a lock and ignore it; some let anyone shorten it. The probe locks a throw-away object for a minute
and sees whether its deletion and the shortening are refused. It takes the time from the server's answers, because
locks run by the server's clock.

1. Reach the bucket; ask whether it keeps versions and has Object Lock.
2. Write an object, compare it read back.
3. Where there is a lock: lock the object, read the lock back, try to shorten it, try to delete the version; both must
   be refused and the object must still be there.
4. Delete it. Where even a bypass is refused it stays until its lock has ended; the next probe clears it.
"""

import contextlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from vault.errors import StoreAnswerError, StoreUnavailableError
from vault.store.base import StoreHealth
from vault.store.s3_client import Bucket, content_md5, has_object_lock, of_version, plain_version, server_time

PROBES: Final = "probe/"
LOCKED_FOR: Final = timedelta(seconds=60)
PROBE_LIVES: Final = timedelta(hours=1)


def probe(bucket: Bucket, prefix: str, *, lock_wanted: bool) -> StoreHealth:
    """Return what the bucket does; what is wrong is in the answer."""
    try:
        now = server_time(bucket.call("head_bucket"))
    except StoreUnavailableError as exc:
        return StoreHealth(reachable=False, problems=(str(exc),))
    problems: list[str] = []
    versioned = _is_versioned(bucket, problems)
    lock_enabled = _has_lock(bucket, problems)
    if lock_wanted and not lock_enabled:
        problems.append(
            f"expected Object Lock on bucket {bucket.name}, which has none: it is set when a bucket is made"
        )
    if lock_enabled and now is None:
        problems.append("the server tells no time, so its lock cannot be tried")
    key = f"{prefix}{PROBES}{secrets.token_hex(16)}"
    lock_until = now + LOCKED_FOR if lock_enabled and now is not None else None
    writable, version = _write(bucket, key, lock_until, problems)
    enforced = None
    if writable and lock_until is not None:
        enforced = _enforces(bucket, key, version, lock_until, problems)
    _clean(bucket, key, f"{prefix}{PROBES}", now)
    return StoreHealth(
        reachable=True,
        writable=writable,
        versioned=versioned,
        lock_enabled=lock_enabled,
        lock_enforced=enforced,
        problems=tuple(problems),
    )


def _is_versioned(bucket: Bucket, problems: list[str]) -> bool:
    try:
        return bucket.call("get_bucket_versioning").get("Status") == "Enabled"
    except StoreUnavailableError as exc:
        problems.append(str(exc))
        return False


def _has_lock(bucket: Bucket, problems: list[str]) -> bool:
    try:
        return has_object_lock(bucket)
    except StoreUnavailableError as exc:
        problems.append(str(exc))
        return False


def _write(bucket: Bucket, key: str, lock_until: datetime | None, problems: list[str]) -> tuple[bool, str]:
    """Write the object and compare it read back; return its version too."""
    content = secrets.token_bytes(1024)
    # A short lock of its own keeps the bucket's default retention, perhaps of years, off this object.
    lock = {} if lock_until is None else {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": lock_until}
    try:
        sent = bucket.call("put_object", Key=key, Body=content, ContentMD5=content_md5(content), **lock)
        held = bucket.head(key) or {}
        version = plain_version(sent.get("VersionId")) or plain_version(held.get("VersionId"))
        found = _read(bucket, key, version)
    except StoreUnavailableError as exc:
        problems.append(str(exc))
        return False, ""
    if found != content or held.get("ContentLength") != len(content):
        problems.append("an object came back with other content than was written")
        return False, version
    return True, version


def _read(bucket: Bucket, key: str, version: str) -> bytes:
    answer = bucket.call("get_object", Key=key, **of_version(version))
    with contextlib.closing(answer["Body"]) as body:
        try:
            data: bytes = body.read()
        except Exception as exc:  # whatever the client says of a broken body, it is the store's fault
            raise bucket.unavailable("get_object", exc) from exc
    return data


def _enforces(bucket: Bucket, key: str, version: str, until: datetime, problems: list[str]) -> bool:
    longer = until + timedelta(seconds=1)
    try:
        _retain(bucket, key, version, longer)
        held = bucket.head(key, version) or {}
        if held.get("ObjectLockMode") != "GOVERNANCE" or held.get("ObjectLockRetainUntilDate") != longer:
            problems.append("the server accepted a lock and did not keep it")
            return False
        acts: dict[str, Any] = {
            "shortened": lambda: _retain(bucket, key, version, until),
            "deleted": lambda: bucket.call("delete_object", Key=key, **of_version(version)),
        }
        broken = [act for act, attempt in acts.items() if not _is_refused(attempt)]
        if bucket.head(key, version) is None and "deleted" not in broken:
            broken.append("deleted, although the server had said no")
    except StoreUnavailableError as exc:
        problems.append(str(exc))
        return False
    problems.extend(f"a locked object could be {act}" for act in broken)
    return not broken


def _retain(bucket: Bucket, key: str, version: str, until: datetime) -> None:
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    bucket.call("put_object_retention", Key=key, Retention=retention, **of_version(version))


def _is_refused(attempt: Any) -> bool:
    try:
        attempt()
    except StoreAnswerError as exc:
        if exc.status >= 500:  # noqa: PLR2004 (the server failed, which is no refusal)
            raise
        return True
    return False


def _clean(bucket: Bucket, mine: str, prefix: str, now: datetime | None) -> None:
    """Delete our object, and those that a crash or a lock left; what cannot be deleted now waits for the next probe."""
    with contextlib.suppress(StoreUnavailableError):
        for found in bucket.versions(prefix):
            if found.key == mine or (now is not None and found.modified < now - PROBE_LIVES):
                with contextlib.suppress(StoreUnavailableError):
                    _delete(bucket, found.key, found.id)


def _delete(bucket: Bucket, key: str, version: str) -> None:
    try:
        bucket.call("delete_object", Key=key, VersionId=version)
    except StoreAnswerError:
        # Only ever for a probe: nothing else in the vault bypasses a lock.
        bucket.call("delete_object", Key=key, VersionId=version, BypassGovernanceRetention=True)
