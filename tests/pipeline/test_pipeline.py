"""From ingest to the certificate, on each database with each kind of archive."""

import json
from collections.abc import Callable

import pytest

from retention.destroy import certificate, purge
from service.assembly import Vault
from tests import vaults
from tests.pipeline import steps
from tests.pipeline.conftest import ARCHIVES, Place
from tests.pipeline.steps import CARD
from vault.model import RenditionName, State
from vault.store.base import verify

POLICY = vaults.policy("short P10D destroy queue=bank", "asked P10D review queue=health", "long P3Y destroy queue=law")


def test_a_recording_goes_all_the_way_and_leaves_proof(place: Place) -> None:
    with place.opened() as vault:
        vaults.apply_policy(vault, POLICY)
        (short,) = steps.ingest(place, vault, queue="bank", text=f"my card is {CARD}", account="ACME-1")
        (asked,) = steps.ingest(place, vault, queue="health")
        (long,) = steps.ingest(place, vault, queue="law")
        (held,) = steps.ingest(place, vault, queue="bank", account="ACME-2")
        (unruled,) = steps.ingest(place, vault, queue="other")
        every = [short, asked, long, held, unruled]

        report = steps.tick(place, vault)
        assert (report.screened, report.archived, report.quarantined, report.errors) == (5, 5, 0, [])
        assert (report.cuts, report.purged, report.waiting) == (1, 0, 0)
        check_archived(place, vault, every)
        assert CARD.encode() in vaults.content(vault, short)
        assert "4111 1111" not in vaults.content(vault, short, RenditionName.REDACTED).decode()
        vaults.place_hold(vault, accounts=("ACME-2",))
        assert vaults.check(vault) == []

        report = steps.tick(place, vault, days=14)
        assert (report.purged, report.refused) == (1, 0)
        assert [steps.state(vault, i) for i in every] == [State.PURGED, *[State.ARCHIVED] * 4]
        blobs = {i: steps.redacted(vault, i).blob for i in every}
        # review waits for two people, and the hold stands against them
        assert [(p.recording, p.done) for p in steps.purge_by_hand(place, vault)] == [(asked, True)]
        end_locks(place, vault, [short, asked])
        report = steps.tick(place, vault, days=1)
        assert report.errors == []
        assert steps.owed(vault) == []
        assert vaults.check(vault) == []

        for gone in (short, asked):
            assert vault.archive is not None
            assert vault.archive.stat(blobs[gone]) == ()
            assert vault.primary.stat(blobs[gone]) == ()
            if place.server is not None:
                assert place.versions(blobs[gone]) == []
            with vault.catalog.read() as connection:
                proof = certificate.verify(purge.get_certificate(connection, gone), vault.public_key)
            stores = {c.store for r in proof.renditions for c in r.copies}
            assert stores == {"primary", "archive"}
        for kept in (long, held, unruled):
            assert json.loads(vaults.content(vault, kept))
            assert vault.archive is not None
            assert len(vault.archive.stat(blobs[kept])) == 1


def check_archived(place: Place, vault: Vault, every: list[str]) -> None:
    assert vault.archive is not None
    for recording in every:
        found, rendition = steps.recording(vault, recording), steps.redacted(vault, recording)
        copy = steps.copy(vault, recording)
        assert found.state is State.ARCHIVED
        verify(vault.archive, rendition.blob, copy.version, rendition.sealed_sha256)
        (stored,) = vault.archive.stat(rendition.blob)
        assert (stored.size, stored.version) == (rendition.sealed_size, copy.version)
        days = {"bank": 10, "health": 10}.get(found.queue or "")
        if not place.locks:
            assert (copy.locked_until, stored.locked_until, stored.mode) == (None, None, None)
        elif days:
            assert copy.locked_until == stored.locked_until == steps.keep_until(found.ended_at, days)
            assert stored.mode == "GOVERNANCE"
        elif found.queue == "other":
            assert copy.locked_until is None  # nobody knows until when


def end_locks(place: Place, vault: Vault, purged: list[str]) -> None:
    """Let the locks end, as time would: the server's clock is the true one and stands before their end."""
    if place.locks:
        assert {row.obstacle is None for row in steps.owed(vault)} == {True, False}
        steps.end_locks(place, [steps.redacted(vault, recording).blob for recording in purged])


@pytest.mark.parametrize("archive", ARCHIVES)
def test_what_cannot_be_screened_stays_and_is_never_archived(
    make_place: Callable[[str, str], Place], archive: str
) -> None:
    place = make_place("sqlite", archive)
    with place.opened() as vault:
        vaults.apply_policy(vault, POLICY)
        # a picture inside a chat may show a card: nothing here can read it
        picture = "data:image/png;base64," + "iVBORw0KGgo" + "A" * 400
        (odd,) = steps.ingest(place, vault, queue="bank", text=picture)
        (plain,) = steps.ingest(place, vault, queue="bank")
        report = steps.tick(place, vault)
        assert (report.quarantined, report.screened, report.archived) == (1, 1, 1)
        assert steps.tick(place, vault).errors == []
        assert (steps.state(vault, odd), steps.state(vault, plain)) == (State.QUARANTINED, State.ARCHIVED)
        assert vault.archive is not None
        assert len(list(vault.archive.all())) == 1
        assert picture.encode() in vaults.content(vault, odd)
        assert vaults.check(vault) == []
        # a purge is possible from there too
        assert steps.tick(place, vault, days=14).purged == 2
        assert steps.state(vault, odd) is State.PURGED
