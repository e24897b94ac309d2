"""A store that lies is caught before anything is trusted to it."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.store.liar import CLOCK, VERSION, Held, Liar, lying_server
from tests.store.samples import MIB, content, digest, name, put, read
from vault.errors import (
    BlobLockedError,
    ChecksumError,
    StoreAnswerError,
    StoreUnavailableError,
)
from vault.store.base import verify
from vault.store.s3 import S3Store

LATER = CLOCK + timedelta(hours=1)


@pytest.fixture
def liar_of(make_client: Callable[..., Any]) -> Iterator[Callable[..., tuple[Liar, S3Store]]]:
    """Start a server with a lie; return it and a store that believes in it."""
    with ExitStack() as stack:

        def start(lie: str = "", **settings: Any) -> tuple[Liar, S3Store]:
            liar = stack.enter_context(lying_server(lie))
            client = make_client(liar.endpoint, attempts=1)
            return liar, S3Store(client, "bucket", **({"lock_mode": "compliance"} | settings))

        yield start


Start = Callable[..., tuple[Liar, S3Store]]


def test_the_double_without_a_lie_is_an_honest_store(liar_of: Start) -> None:
    liar, store = liar_of()
    blob, data = name(), content(3 * MIB)
    version = put(store, blob, data)
    assert version == VERSION
    assert read(store, blob) == data
    assert store.lock(blob, version, LATER) == LATER
    with pytest.raises(BlobLockedError):
        store.delete(blob)
    health = store.probe()
    assert (health.writable, health.versioned, health.lock_enabled, health.lock_enforced) == (True, True, True, True)
    assert health.problems == ()
    liar.objects.clear()
    store.delete(blob)


@pytest.mark.parametrize(("lie", "got"), [("drops bytes", 999), ("tells another size", 1001)])
def test_a_put_that_arrives_with_another_size_is_refused_and_removed(liar_of: Start, lie: str, got: int) -> None:
    liar, store = liar_of(lie)
    with pytest.raises(ChecksumError, match=f"expected 1000 bytes .* after the upload, got {got}"):
        put(store, name(), content(1000))
    assert liar.objects == {}


def test_a_bad_put_that_cannot_be_removed_still_says_what_was_wrong(liar_of: Start) -> None:
    liar, store = liar_of("tells another size and refuses every delete")
    with pytest.raises(ChecksumError, match=r"expected 10 bytes .* after the upload, got 11"):
        put(store, name(), content(10))
    assert len(liar.objects) == 1


def test_altered_bytes_of_the_same_size_are_found_by_reading_back(liar_of: Start) -> None:
    _, store = liar_of("alters bytes")
    blob, data = name(), content(1000)
    version = put(store, blob, data)
    with pytest.raises(ChecksumError):
        verify(store, blob, version, digest(data))


def test_a_blob_copied_in_without_metadata_is_adopted_by_its_bytes(liar_of: Start) -> None:
    liar, store = liar_of()
    blob, data = name(), content(1000)
    put(store, blob, data)
    held = next(iter(liar.objects.values()))
    held.headers.clear()
    assert put(store, blob, data) == VERSION
    held.data = bytes(1000)
    with pytest.raises(ChecksumError):
        put(store, blob, data)


@pytest.mark.parametrize("lie", ["forgets locks", "weakens locks", "rounds locks down"])
def test_a_lock_that_is_not_kept_is_never_believed(liar_of: Start, lie: str) -> None:
    _, store = liar_of(lie)
    blob = name()
    version = put(store, blob, b"sealed")
    until = LATER + timedelta(seconds=17)
    with pytest.raises(
        StoreUnavailableError, match=f"locked as COMPLIANCE until {until.isoformat()}".replace("+", ".")
    ):
        store.lock(blob, version, until)


@pytest.mark.parametrize(
    ("lie", "problem"),
    [
        ("ignores locks", "a locked object could be deleted"),
        ("shortens locks", "a locked object could be shortened"),
        ("forgets locks", "the server accepted a lock and did not keep it"),
        ("refuses and deletes", "a locked object could be deleted, although the server had said no"),
    ],
)
def test_the_probe_finds_a_lock_that_is_not_enforced(liar_of: Start, lie: str, problem: str) -> None:
    liar, store = liar_of(lie)
    health = store.probe()
    assert (health.reachable, health.writable, health.lock_enabled, health.lock_enforced) == (True, True, True, False)
    assert health.problems == (problem,)
    assert liar.objects == {}


@pytest.mark.parametrize("lie", ["drops bytes", "alters bytes", "tells another size"])
def test_the_probe_finds_a_store_that_gives_other_bytes_back(liar_of: Start, lie: str) -> None:
    _, store = liar_of(lie)
    health = store.probe()
    assert (health.reachable, health.writable) == (True, False)
    assert len(health.problems) == 1


def test_the_probe_clears_what_a_crashed_probe_left(liar_of: Start) -> None:
    liar, store = liar_of("", prefix="vault")
    store.probe()
    put(store, name(), b"sealed")
    (key,) = liar.objects
    fresh, stale, theirs = "vault/probe/1", "vault/probe/2", "other/probe/1"
    for other in (fresh, stale, theirs):
        liar.objects[other] = Held(b"", {}, modified=CLOCK - timedelta(minutes=30 if other == fresh else 90))
    store.probe()
    assert set(liar.objects) == {key, fresh, theirs}  # a fresh one may be another process at its probe


def test_a_delete_that_deletes_nothing_is_noticed(liar_of: Start) -> None:
    _, store = liar_of("keeps what it deletes")
    blob = name()
    put(store, blob, b"sealed")
    with pytest.raises(StoreUnavailableError, match=f"expected blob {blob} gone from archive, found 1 versions of it"):
        store.delete(blob)


def test_a_refusal_without_a_lock_is_no_lock(liar_of: Start) -> None:
    _, store = liar_of("refuses every delete")
    blob = name()
    put(store, blob, b"sealed")
    with pytest.raises(StoreAnswerError, match=r"delete_object .* got AccessDenied \(HTTP 403\)"):
        store.delete(blob)


def test_a_refusal_after_the_lock_has_ended_by_the_servers_clock_is_no_lock(liar_of: Start) -> None:
    liar, store = liar_of("refuses every delete")
    blob = name()
    put(store, blob, b"sealed")
    held = next(iter(liar.objects.values()))
    held.mode, held.until = "GOVERNANCE", f"{CLOCK - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    with pytest.raises(StoreAnswerError, match="AccessDenied"):
        store.delete(blob)


def test_a_lock_is_recognised_whatever_the_servers_word_for_it(liar_of: Start) -> None:
    _, store = liar_of("refuses with 400")
    blob = name()
    version = put(store, blob, b"sealed")
    store.lock(blob, version, LATER)
    with pytest.raises(BlobLockedError) as caught:
        store.delete(blob)
    assert caught.value.until == LATER


def test_a_server_that_ignores_ranges_is_not_read(liar_of: Start) -> None:
    _, store = liar_of("ignores ranges")
    blob = name()
    put(store, blob, content(1000))
    with pytest.raises(StoreUnavailableError, match="expected the range 'bytes 0-999/1000', got 'all'"):
        read(store, blob)


def test_a_body_that_breaks_off_is_continued_where_it_ended(liar_of: Start) -> None:
    liar, store = liar_of("breaks off")
    blob, data = name(), content(3 * MIB)
    put(store, blob, data)
    assert read(store, blob) == data
    assert liar.breaks == 0


def test_bodies_that_always_break_off_end_in_an_error(liar_of: Start) -> None:
    liar, store = liar_of("breaks off")
    liar.breaks = 1000
    blob = name()
    put(store, blob, content(1))  # half of one byte is nothing: no progress at all
    with pytest.raises(StoreUnavailableError, match="expected byte 0 of 1 of a blob, got no more after 3 requests"):
        read(store, blob)


def test_a_listing_that_never_ends_is_given_up(liar_of: Start) -> None:
    _, store = liar_of("lists for ever")
    with pytest.raises(StoreUnavailableError, match="expected the next page"):
        list(store.all())


@pytest.mark.parametrize(
    "answer", ["answers 403 InvalidAccessKeyId", "answers 500 InternalError", "answers 503 SlowDown"]
)
def test_a_server_that_only_refuses_is_unavailable_and_no_secret_is_told(liar_of: Start, answer: str) -> None:
    liar, store = liar_of(answer)
    blob = name()
    acts: list[Callable[[], object]] = [
        lambda: put(store, blob, b"x"),
        lambda: store.open(blob),
        lambda: store.stat(blob),
        lambda: store.delete(blob),
        lambda: store.lock(blob, "v", datetime(2030, 1, 1, tzinfo=UTC)),
        lambda: list(store.all()),
    ]
    for act in acts:
        with pytest.raises(StoreUnavailableError) as caught:
            act()
        message = str(caught.value)
        assert liar.endpoint in message
        assert "bucket bucket" in message
        assert f"HTTP {answer.split()[1]}" in message
        assert "test-" not in message
    health = store.probe()
    assert (health.reachable, health.writable) == (False, False)


def test_put_reads_the_source_once_and_asks_four_times_at_most(liar_of: Start) -> None:
    liar, store = liar_of()
    put(store, name(), b"sealed")
    assert liar.asked == ["HEAD", "PUT", "HEAD"]


def test_reading_on_takes_few_requests_and_a_jump_takes_one(liar_of: Start) -> None:
    liar, store = liar_of()
    blob, data = name(), content(30 * MIB)
    store.put(blob, io.BytesIO(data[: 16 * MIB]), 16 * MIB, sha256=digest(data[: 16 * MIB]))
    next(iter(liar.objects.values())).data = data
    liar.asked.clear()
    with store.open(blob) as reader:
        while reader.read(MIB):
            pass
        assert [one.split()[0] for one in liar.asked] == ["HEAD", "GET", "GET", "GET", "GET"]  # 2 + 4 + 8 + 16 MiB
        reader.seek(7 * MIB)
        assert reader.read(MIB) == data[7 * MIB : 8 * MIB]
        assert len(liar.asked) == 6
