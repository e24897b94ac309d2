"""Locks, an archive that is away, and what `check` finds that somebody did to it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service.assembly import Vault
from tests import servers, vaults
from tests.pipeline import steps
from tests.pipeline.conftest import Place
from vault.catalog.schema import recordings, renditions
from vault.check import Severity
from vault.errors import NotScreenedError
from vault.model import BlobName, State

POLICY = vaults.policy("short P10D destroy")


def archived(place: Place, vault: Vault, **facts: Any) -> tuple[str, BlobName]:
    """Return a recording that is archived, and its blob there."""
    vaults.apply_policy(vault, POLICY)
    (recording,) = steps.ingest(place, vault, **facts)
    assert steps.tick(place, vault).errors == []
    return recording, steps.redacted(vault, recording).blob


# Locks


def test_what_is_due_but_locked_is_owed_until_the_lock_ends(locking: Place) -> None:
    with locking.opened() as vault:
        recording, blob = archived(locking, vault)
        version = steps.copy(vault, recording).version
        # the archive's owner locked it longer than retention asks for
        until = locking.clock.now() + timedelta(days=40)
        with locking.client() as client:
            (held,) = locking.versions(blob)
            client.put_object_retention(
                Bucket=locking.bucket, Key=held["Key"], VersionId=version,
                Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            )  # fmt: skip
        report = steps.tick(locking, vault, days=14)
        assert (report.purged, len(report.errors)) == (1, 1)
        assert f"again {until:%Y-%m-%d %H:%M}Z: blob-locked" in report.errors[0]
        (row,) = steps.owed(vault)
        assert (row.store, row.retry_at, row.attempts) == ("archive", until, 1)
        (finding,) = vaults.check(vault)
        assert (finding.severity, finding.promise) == (Severity.OWED, "P3")

        assert steps.tick(locking, vault, days=1).errors == []  # not asked again before that
        assert steps.owed(vault)[0].attempts == 1
        steps.end_locks(locking, [blob])
        locking.clock.instant = until
        report = vaults.tick(vault)
        assert (report.deleted, report.errors) == (1, [])
        assert locking.versions(blob) == []
        assert vaults.check(vault) == []


def test_every_version_and_marker_goes_with_a_purge(locking: Place) -> None:
    with locking.opened() as vault:
        _, blob = archived(locking, vault)
        (held,) = locking.versions(blob)
        with locking.client() as client:
            client.put_object(Bucket=locking.bucket, Key=held["Key"], Body=b"another version")
            client.delete_object(Bucket=locking.bucket, Key=held["Key"])
        assert len(locking.versions(blob)) == 3
        steps.end_locks(locking, [blob])
        report = steps.tick(locking, vault, days=14)
        assert (report.purged, report.errors) == (1, [])
        assert locking.versions(blob) == []
        assert vaults.check(vault) == []


def test_a_hold_placed_after_archiving_keeps_the_copy_although_its_lock_ends(locking: Place) -> None:
    with locking.opened() as vault:
        recording, blob = archived(locking, vault, account="ACME-1")
        lock = steps.copy(vault, recording).locked_until
        vaults.place_hold(vault, accounts=("ACME-1",))
        steps.tick(locking, vault)
        # the lock in the store stays as it was: the hold is kept by the vault, which alone may delete
        assert vault.archive is not None
        (stored,) = vault.archive.stat(blob)
        assert stored.locked_until == lock
        assert steps.tick(locking, vault, days=400).purged == 0
        assert steps.state(vault, recording) is State.ARCHIVED
        assert vaults.check(vault) == []


def test_a_policy_that_lengthens_after_archiving_keeps_the_copy_although_its_lock_ends(locking: Place) -> None:
    with locking.opened() as vault:
        recording, blob = archived(locking, vault)
        lock = steps.copy(vault, recording).locked_until
        assert lock == steps.keep_until(steps.recording(vault, recording).ended_at, 10)
        vaults.apply_policy(vault, vaults.policy("short P90D destroy"))
        steps.tick(locking, vault)
        assert vault.archive is not None
        assert [b.locked_until for b in vault.archive.stat(blob)] == [lock]  # set at archiving, and once
        assert steps.tick(locking, vault, days=80).purged == 0
        assert steps.tick(locking, vault, days=20).purged == 1


def test_a_recording_on_hold_is_archived_without_a_lock(locking: Place) -> None:
    with locking.opened() as vault:
        vaults.place_hold(vault, accounts=("ACME-1",))
        recording, _ = archived(locking, vault, account="ACME-1")
        assert steps.copy(vault, recording).locked_until is None  # nobody knows until when it is kept


# An archive that is away


@pytest.fixture
def own_server() -> Iterator[servers.S3Server]:
    """A server that this test may kill."""
    with servers.s3() as server:
        yield server


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_archive_that_is_killed_costs_nothing_and_the_next_pass_finishes(
    make_place: Callable[[str, str], Place], own_server: servers.S3Server, s3_server: servers.S3Server, database: str
) -> None:
    place = make_place(database, "plain bucket")
    alive = dict(place.environment)
    place.environment["STRONGROOM_ARCHIVE_ENDPOINT"] = own_server.endpoint
    servers.kill(own_server.pid)
    with place.opened() as vault:
        vaults.apply_policy(vault, POLICY)
        first = steps.ingest(place, vault)
        report = steps.tick(place, vault)
        assert report.screened == 1
        assert [e.split(":")[1].strip() for e in report.errors] == ["store-unavailable"]
        # what was announced and not copied does not stop the stages that need no archive
        second = steps.ingest(place, vault)
        report = steps.tick(place, vault)
        assert (report.screened, report.archived) == (1, 0)
        assert {steps.state(vault, i) for i in first + second} == {State.SCREENED}
    place.environment = alive
    with place.opened() as vault:
        report = steps.tick(place, vault)
        assert (report.archived, report.errors) == (2, [])
        assert vaults.check(vault) == []


def test_a_purge_while_the_archive_is_away_destroys_the_keys_and_owes_the_copy(
    make_place: Callable[[str, str], Place], own_server: servers.S3Server
) -> None:
    place = make_place("sqlite", "plain bucket")
    alive = dict(place.environment)
    with place.opened() as vault:
        recording, blob = archived(place, vault)
    place.environment["STRONGROOM_ARCHIVE_ENDPOINT"] = own_server.endpoint
    servers.kill(own_server.pid)
    with place.opened() as vault:
        report = steps.tick(place, vault, days=14)
        assert report.purged == 1
        assert steps.state(vault, recording) is State.PURGED
        (row,) = steps.owed(vault)
        assert (row.store, row.retry_at) == ("archive", place.clock.now() + timedelta(minutes=1))
    assert len(place.versions(blob)) == 1
    place.environment = alive
    with place.opened() as vault:
        report = steps.tick(place, vault, minutes=2)
        assert (report.deleted, report.errors) == (1, [])
        assert vaults.check(vault) == []
    assert place.versions(blob) == []


# What check finds


def plant_stray_object(place: Place, blob: str, key: str, client: Any) -> None:
    client.put_object(Bucket=place.bucket, Key="strongroom/notes.txt", Body=b"of somebody")


def plant_stray_blob(place: Place, blob: str, key: str, client: Any) -> None:
    other = blob[:-4] + ("0000" if not blob.endswith("0000") else "1111")
    client.put_object(Bucket=place.bucket, Key=key.replace(blob, other), Body=b"of nobody")


def plant_version(place: Place, blob: str, key: str, client: Any) -> None:
    client.put_object(Bucket=place.bucket, Key=key, Body=b"another version")


def plant_marker(place: Place, blob: str, key: str, client: Any) -> None:
    client.delete_object(Bucket=place.bucket, Key=key)


def delete_version(place: Place, blob: str, key: str, client: Any) -> None:
    (held,) = place.versions(blob)
    client.delete_object(Bucket=place.bucket, Key=key, VersionId=held["VersionId"], BypassGovernanceRetention=True)


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (plant_stray_object, "something that is no blob"),
        (plant_stray_blob, "belongs to no recording"),
        (plant_version, "version"),
        (plant_marker, "a delete marker hides a blob"),
        (delete_version, "the blob is missing"),
    ],
)
def test_check_finds_what_somebody_did_to_the_bucket(locking: Place, tamper: Any, told: str) -> None:
    with locking.opened() as vault:
        _, blob = archived(locking, vault)
        assert vaults.check(vault) == []
        (held,) = locking.versions(blob)
        with locking.client() as client:
            tamper(locking, blob, held["Key"], client)
        found = vaults.check(vault)
        assert [f.severity for f in found] == [Severity.FAULT]
        assert told in found[0].text


def test_only_what_is_screened_is_archived(locking: Place) -> None:
    from service import work

    with locking.opened() as vault:
        (recording,) = steps.ingest(locking, vault)
        with vault.intents() as intents:
            archiver = work.make_archiver(vault, work.JOB, intents)
            (refused,) = archiver.archive([steps.recording(vault, recording).id])
        assert isinstance(refused.error, NotScreenedError)
        assert vault.archive is not None
        assert list(vault.archive.all()) == []


def test_an_original_that_was_made_to_look_screened_is_not_archived(locking: Place) -> None:
    with locking.opened() as vault:
        (recording,) = steps.ingest(locking, vault)
        with vault.catalog.write() as connection:
            connection.execute(update(recordings).values(state=State.SCREENED))
            connection.execute(update(renditions).values(name="redacted"))
        assert "not-screened" in steps.tick(locking, vault).errors[0]
        assert vault.archive is not None
        assert list(vault.archive.all()) == []
        assert steps.state(vault, recording) is State.SCREENED
