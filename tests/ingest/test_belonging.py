"""A contract and a case are sealed and found by token; parts of a recording are in the catalog and in the log."""

import io
import wave
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from service.assembly import Vault
from tests import vaults
from vault import playback
from vault.catalog import recordings as rows
from vault.catalog.criteria import matching
from vault.catalog.schema import recordings
from vault.catalog.schema import segments as table
from vault.ingest.intake import Outcome, Receipt
from vault.model import Metadata, RecordingId, Segment
from vault.private import PrivateMetadata
from vault.search import Terms, criteria_of

ENDED = vaults.START - timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """An open vault on each database."""
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        yield opened


def silence(seconds: int) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000 * seconds))
    return stream.getvalue()


def take_in(vault: Vault, metadata: Metadata, data: bytes) -> Receipt:
    (receipt,) = vaults.ingest(vault, [vaults.item(vault.settings.home.parent / "item", metadata, data)])
    return receipt


def find(vault: Vault, **terms: tuple[str, ...]) -> list[str]:
    criteria = criteria_of(Terms(**terms), vault.index, vault.settings.region)  # type: ignore[arg-type]
    with vault.catalog.read() as connection:
        return list(connection.scalars(select(recordings.c.id).where(matching(criteria))))


def test_a_contract_and_a_case_are_found_as_an_account_is_and_by_no_other_name(vault: Vault) -> None:
    receipt = take_in(vault, Metadata(ended=ENDED, account="A-1", contract="K-1", case="C-1"), b"hello there")
    for terms in ({"accounts": ("a-1",)}, {"contracts": (" k-1",)}, {"cases": ("C-1 ",)}):
        assert find(vault, **terms) == [receipt.recording], terms
    for terms in ({"accounts": ("K-1",)}, {"contracts": ("C-1",)}, {"cases": ("A-1",)}):
        assert find(vault, **terms) == [], terms
    with vault.catalog.read() as connection:
        private = playback.private_metadata(connection, vault.keyring, RecordingId(str(receipt.recording)))
    assert private is not None
    assert (private.account, private.contract, private.case) == ("A-1", "K-1", "C-1")
    hold = vaults.place_hold(vault, contracts=("K-1",))
    assert hold
    assert vaults.check(vault) == []


def test_segments_are_there_and_a_change_of_them_is_found(vault: Vault) -> None:
    parts = (Segment("order", 0, 1000), Segment("gossip", 1000, 2000))
    receipt = take_in(vault, Metadata(ended=ENDED, segments=parts), silence(2))
    with vault.catalog.read() as connection:
        assert rows.get(connection, str(receipt.recording)).segments == parts
    assert vaults.check(vault) == []
    for change in (
        delete(table).where(table.c.label == "order"),
        update(table).where(table.c.label == "gossip").values(label="order"),
        insert(table).values(recording=receipt.recording, begin_ms=0, end_ms=9, label="more"),
    ):
        with vault.catalog.write() as connection:
            connection.execute(change)
        assert receipt.recording in {finding.subject for finding in vaults.check(vault)}


def test_a_segment_that_ends_after_the_recording_is_refused(vault: Vault) -> None:
    within, beyond = (Segment("x", 0, 2000),), (Segment("x", 1999, 2001),)
    refused = take_in(vault, Metadata(ended=ENDED, segments=beyond), silence(2))
    assert refused.outcome is Outcome.REFUSED
    assert refused.error is not None
    assert refused.error.code == "segment-beyond-end"
    assert take_in(vault, Metadata(ended=ENDED, segments=within), silence(2)).outcome is Outcome.TAKEN
    started = ENDED - timedelta(seconds=2)
    chat = take_in(vault, Metadata(started=started, ended=ENDED, segments=beyond), b"hello there")
    assert chat.error is not None
    assert take_in(vault, Metadata(started=started, ended=ENDED, segments=within), b"hello there").error is None
    unknown = (Segment("x", 0, 10**9),)
    assert take_in(vault, Metadata(ended=ENDED, segments=unknown), b"how long is this").error is None


def test_metadata_sealed_before_there_were_contracts_opens_as_before() -> None:
    old = b'{"account":"A","callers":[],"plain_sha256":"00","source_ref":"1"}'
    assert PrivateMetadata.decode(old) == PrivateMetadata((), "A", "1", "00")
    assert PrivateMetadata((), "A", "1", "00").encode() == old
    new = PrivateMetadata((), "A", "1", "00", "K", None)
    assert PrivateMetadata.decode(new.encode()) == new
