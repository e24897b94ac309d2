"""What S3 adds to the contract, on a real server with versions and Object Lock."""

import contextlib
import io
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import servers
from tests.store.conftest import client_settings
from tests.store.samples import MIB, content, digest, name, put, read
from vault.errors import BlobLockedError, BlobNotFoundError, ChecksumError, StoreUnavailableError
from vault.store.base import StoredBlob, key_of
from vault.store.s3 import S3Store
from vault.store.s3_client import make_s3_client

Buckets = Callable[..., str]


def soon(**delta: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**delta)


@pytest.fixture
def bucket(s3_bucket: Buckets) -> str:
    return s3_bucket(lock=True)


@pytest.fixture
def locking(s3_client: Any, bucket: str) -> S3Store:
    return S3Store(s3_client, bucket, lock_mode="governance")


def test_a_blob_lies_under_prefix_folder_and_name_with_its_digest(s3_client: Any, bucket: str) -> None:
    blob = name()
    put(S3Store(s3_client, bucket, prefix="a/b"), blob, b"sealed")
    held = s3_client.head_object(Bucket=bucket, Key=f"a/b/{blob[:7]}/{blob}")
    assert held["Metadata"] == {"sha256": digest(b"sealed").hex()}


def test_two_stores_in_one_bucket_do_not_see_each_other(s3_client: Any, bucket: str) -> None:
    one, two = S3Store(s3_client, bucket, prefix="v"), S3Store(s3_client, bucket, prefix="v2")
    blob = name()
    put(one, blob, b"sealed")
    assert two.stat(blob) == ()
    assert list(two.all()) == []
    two.delete(blob)
    assert read(one, blob) == b"sealed"


def test_a_locked_version_cannot_be_deleted_and_says_until_when(locking: S3Store) -> None:
    blob, until = name(), soon(hours=1)
    version = put(locking, blob, b"sealed")
    assert locking.lock(blob, version, until) == until
    with pytest.raises(BlobLockedError, match=f"blob {blob} in archive is locked until") as caught:
        locking.delete(blob)
    assert caught.value.until == until
    assert read(locking, blob, version) == b"sealed"


def test_a_blob_can_be_deleted_once_its_lock_has_ended(locking: S3Store) -> None:
    blob = name()
    version = put(locking, blob, b"sealed")
    until = locking.lock(blob, version, soon(seconds=2))
    with pytest.raises(BlobLockedError):
        locking.delete(blob)
    assert until is not None
    while datetime.now(UTC) <= until + timedelta(seconds=1):
        time.sleep(0.1)
    locking.delete(blob)
    assert locking.stat(blob) == ()


def test_a_legal_hold_refuses_without_an_end(s3_client: Any, bucket: str, locking: S3Store) -> None:
    blob = name()
    version = put(locking, blob, b"sealed")
    locking.lock(blob, version, soon(hours=1))
    hold = {"Bucket": bucket, "Key": key_of(blob), "VersionId": version}
    s3_client.put_object_legal_hold(**hold, LegalHold={"Status": "ON"})
    with pytest.raises(BlobLockedError, match="until its legal hold is released") as caught:
        locking.delete(blob)
    assert caught.value.until is None


def test_lock_never_shortens_and_does_lengthen(locking: S3Store) -> None:
    blob, until = name(), soon(hours=1)
    version = put(locking, blob, b"sealed")
    locking.lock(blob, version, until)
    assert locking.lock(blob, version, until - timedelta(minutes=30)) == until
    assert locking.lock(blob, version, until + timedelta(minutes=30)) == until + timedelta(minutes=30)
    assert locking.stat(blob)[0].locked_until == until + timedelta(minutes=30)


def test_lock_never_weakens_compliance(s3_client: Any, bucket: str, locking: S3Store) -> None:
    strict = S3Store(s3_client, bucket, lock_mode="compliance")
    blob, until = name(), soon(seconds=30)
    version = put(locking, blob, b"sealed")
    strict.lock(blob, version, until)
    assert locking.lock(blob, version, until + timedelta(seconds=5)) == until + timedelta(seconds=5)
    assert locking.stat(blob)[0].mode == "COMPLIANCE"


def test_a_lock_is_rounded_up_to_the_second(locking: S3Store) -> None:
    blob, until = name(), soon(minutes=5)
    version = put(locking, blob, b"sealed")
    assert locking.lock(blob, version, until + timedelta(microseconds=1)) == until + timedelta(seconds=1)


def test_a_lock_that_is_wanted_and_impossible_is_an_error(s3_client: Any, s3_bucket: Buckets) -> None:
    store = S3Store(s3_client, s3_bucket(versioned=True), lock_mode="compliance")
    blob = name()
    version = put(store, blob, b"sealed")
    with pytest.raises(StoreUnavailableError, match="expected Object Lock on bucket"):
        store.lock(blob, version, soon(hours=1))
    health = store.probe()
    assert (health.writable, health.versioned, health.lock_enabled, health.lock_enforced) == (True, True, False, None)
    assert [problem.split(" on ")[0] for problem in health.problems] == ["expected Object Lock"]


def test_lock_of_a_missing_version_says_so(locking: S3Store) -> None:
    blob = name()
    put(locking, blob, b"sealed")
    with pytest.raises(BlobNotFoundError):
        locking.lock(blob, "0" * 32, soon(hours=1))


def test_delete_takes_every_version_and_marker(s3_client: Any, s3_bucket: Buckets) -> None:
    bucket = s3_bucket(versioned=True)
    store, blob = S3Store(s3_client, bucket), name()
    put(store, blob, b"first")
    s3_client.delete_object(Bucket=bucket, Key=key_of(blob))  # a plain DELETE: only a marker
    put(store, blob, b"second")
    s3_client.put_object(Bucket=bucket, Key=key_of(blob), Body=b"by another tool")
    s3_client.delete_object(Bucket=bucket, Key=key_of(blob))
    s3_client.put_object(Bucket=bucket, Key=key_of(blob) + "x", Body=b"longer key, not ours")
    assert sorted((found.size, found.is_marker) for found in store.stat(blob)) == [
        (0, True),
        (0, True),
        (5, False),
        (6, False),
        (15, False),
    ]
    with pytest.raises(BlobNotFoundError):
        store.open(blob)
    store.delete(blob)
    assert store.stat(blob) == ()
    assert [found.blob for found in store.all()] == [key_of(blob) + "x"]


def test_delete_deletes_what_is_not_locked_and_tells_the_longest_lock(
    s3_client: Any, bucket: str, locking: S3Store
) -> None:
    blob, until = name(), soon(hours=1)
    first = put(locking, blob, b"first")
    second = s3_client.put_object(Bucket=bucket, Key=key_of(blob), Body=b"second!")["VersionId"]
    s3_client.put_object(Bucket=bucket, Key=key_of(blob), Body=b"third, not locked")
    locking.lock(blob, first, until)
    locking.lock(blob, second, until + timedelta(hours=1))
    with pytest.raises(BlobLockedError) as caught:
        locking.delete(blob)
    assert caught.value.until == until + timedelta(hours=1)
    assert sorted(found.version for found in locking.stat(blob)) == sorted([first, second])


def test_all_shows_markers_and_strange_keys(s3_client: Any, s3_bucket: Buckets) -> None:
    bucket = s3_bucket(versioned=True)
    store, blob = S3Store(s3_client, bucket, prefix="v"), name()
    put(store, blob, b"sealed")
    s3_client.delete_object(Bucket=bucket, Key=f"v/{key_of(blob)}")
    strange = ["v/notes.txt", f"v/{blob}", f"v/0000000/{blob}", f"v/{blob[:7]}/{blob}.bak"]
    for key in strange:
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"?")
    found = list(store.all())
    assert sorted(one.blob for one in found if one.is_strange) == sorted(strange)
    assert sorted((one.is_marker, one.size) for one in found if one.blob == blob) == [(False, 6), (True, 0)]


def test_a_listing_of_many_pages_is_complete(
    s3_client: Any, s3_bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(s3_client, s3_bucket(versioned=True))
    blobs = sorted(name(minutes) for minutes in range(7))
    for blob in blobs:
        put(store, blob, b"sealed")
    whole = store._bucket.call
    monkeypatch.setattr(
        store._bucket,
        "call",
        lambda operation, **given: whole(operation, **given, **({"MaxKeys": 2} if "versions" in operation else {})),
    )
    assert [found.blob for found in store.all()] == blobs


def test_an_upload_that_fails_leaves_no_parts(s3_client: Any, bucket: str, locking: S3Store) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 16 * MIB:
                raise OSError("the source broke")
            return super().read(size)

    data = content(40 * MIB)
    with pytest.raises(OSError, match="the source broke"):
        locking.put(name(), Broken(data), len(data), sha256=digest(data))
    assert s3_client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert list(locking.all()) == []


@pytest.mark.parametrize("act", ["put", "delete"])
def test_what_a_crash_left_of_an_upload_is_aborted(s3_client: Any, bucket: str, locking: S3Store, act: str) -> None:
    blob, other, data = name(), name(), content(17 * MIB)
    for key in (key_of(blob), key_of(other)):
        stale = s3_client.create_multipart_upload(Bucket=bucket, Key=key)
        s3_client.upload_part(Bucket=bucket, Key=key, UploadId=stale["UploadId"], PartNumber=1, Body=content(5 * MIB))
    if act == "put":
        put(locking, blob, data)
    else:
        locking.delete(blob)
    left = [upload["Key"] for upload in s3_client.list_multipart_uploads(Bucket=bucket)["Uploads"]]
    assert left == [key_of(other)]


@pytest.mark.parametrize("size", [6, 17 * MIB])
def test_an_upload_that_loses_a_race_adopts_the_winner(
    s3_client: Any, bucket: str, locking: S3Store, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob, data = name(), content(size)
    winner = put(locking, blob, data)
    seen = locking._bucket.head
    answers = [None]  # the first look found nothing yet

    def head(key: str, version: str = "", **given: bool) -> dict[str, Any] | None:
        return answers.pop() if answers else seen(key, version, **given)

    monkeypatch.setattr(locking._bucket, "head", head)
    assert put(locking, blob, data) == winner
    assert [found.version for found in locking.stat(blob)] == [winner]


def test_memory_stays_constant_while_a_large_blob_goes_up(locking: S3Store) -> None:
    largest = 0

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal largest
            largest = max(largest, size or 0)
            assert size not in (None, -1)
            return super().read(size)

    data = content(40 * MIB + 7)
    locking.put(name(), Watched(data), len(data), sha256=digest(data))
    assert largest == 16 * MIB


def test_who_may_only_read_finds_out_at_the_probe(s3_server: servers.S3Server, bucket: str) -> None:
    keys = {"access_key": s3_server.reader_access_key, "secret_key": s3_server.reader_secret_key}
    with contextlib.closing(make_s3_client(**(client_settings(s3_server.endpoint) | keys))) as client:
        store = S3Store(client, bucket)
        with pytest.raises(StoreUnavailableError, match="AccessDenied"):
            put(store, name(), b"sealed")
        health = store.probe()
    assert (health.reachable, health.writable) == (True, False)
    assert any("AccessDenied" in problem for problem in health.problems)


def test_wrong_keys_are_told_without_repeating_them(s3_server: servers.S3Server, bucket: str) -> None:
    keys = {"access_key": "wrong-access", "secret_key": "wrong-secret"}
    with contextlib.closing(make_s3_client(**(client_settings(s3_server.endpoint) | keys))) as client:
        with pytest.raises(StoreUnavailableError) as caught:
            put(S3Store(client, bucket), name(), b"sealed")
        assert f"{s3_server.endpoint}, bucket {bucket}" in str(caught.value)
        assert "wrong-" not in str(caught.value)


def test_a_missing_bucket_is_no_missing_blob(s3_client: Any) -> None:
    store = S3Store(s3_client, "no-such-bucket")
    for act in (lambda: store.open(name()), lambda: put(store, name(), b"x"), lambda: store.stat(name())):
        with pytest.raises(StoreUnavailableError, match="no-such-bucket"):
            act()
    assert not store.probe().reachable


def test_a_store_with_checksums_only_when_required_works_the_same(s3_server: servers.S3Server, bucket: str) -> None:
    settings = client_settings(s3_server.endpoint) | {"checksums": "when_required"}
    with contextlib.closing(make_s3_client(**settings)) as client:
        store = S3Store(client, bucket)
        for size in (100, 17 * MIB):
            blob = name()
            put(store, blob, content(size))
            assert read(store, blob) == content(size)


def test_the_probe_sees_a_lock_that_is_enforced(locking: S3Store) -> None:
    health = locking.probe()
    assert (health.lock_enabled, health.lock_enforced, health.problems) == (True, True, ())
    assert list(locking._bucket.versions("")) == []


def test_a_killed_server_is_unavailable_and_an_open_reader_says_so(make_client: Callable[..., Any]) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(servers.s3())
        store = S3Store(
            make_client(server.endpoint, attempts=2, connect_timeout=1, read_timeout=5), server.create_bucket()
        )
        blob = name()
        put(store, blob, content(MIB))
        reader = stack.enter_context(store.open(blob))
        servers.kill(server.pid)
        with pytest.raises(StoreUnavailableError):
            reader.read()
        acts: list[Callable[[], object]] = [
            lambda: put(store, blob, b"x"),
            lambda: store.open(blob),
            lambda: store.stat(blob),
            lambda: store.delete(blob),
            lambda: list(store.all()),
        ]
        for act in acts:
            with pytest.raises(StoreUnavailableError, match=f"{server.endpoint}.*got EndpointConnectionError"):
                act()
        health = store.probe()
        assert (health.reachable, health.writable) == (False, False)
        assert "EndpointConnectionError" in health.problems[0]


def test_stat_shows_each_version_with_its_own_lock(s3_client: Any, bucket: str, locking: S3Store) -> None:
    blob, until = name(), soon(hours=1)
    first = put(locking, blob, b"first")
    locking.lock(blob, first, until)
    second = s3_client.put_object(Bucket=bucket, Key=key_of(blob), Body=b"second")["VersionId"]
    assert set(locking.stat(blob)) == {
        StoredBlob(blob, first, 5, locked_until=until, mode="GOVERNANCE"),
        StoredBlob(blob, second, 6),
    }
    assert read(locking, blob, first) == b"first"
    with pytest.raises(ChecksumError):
        locking.put(name(), io.BytesIO(b"x"), 2, sha256=digest(b"x"))
