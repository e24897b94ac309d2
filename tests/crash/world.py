"""The small world every crash happens in: ten recordings, each with a fate of its own, and what must come of them."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import func, select

from cli.samples import encode
from retention.destroy import certificate, purge
from service.assembly import Vault
from tests import media, vaults
from vault.catalog import recordings as rows
from vault.catalog.schema import copies, key_slots, recordings, renditions
from vault.ingest.intake import Item
from vault.model import Caller, Metadata, RecordingId, RenditionName, State
from vault.store.disk import MARKER

PAN = "4111 1111 1111 1111"
LONG_AGO = datetime(2020, 3, 2, 9, tzinfo=UTC)
LATELY = vaults.START - timedelta(days=20)
POLICY = vaults.policy("everything P3Y destroy", "disputes P1Y review queue=disputes")
HELD_ACCOUNT = "ACME-4711"

FATES: Mapping[str, State] = {
    "held": State.ARCHIVED,  # long over, and under a legal hold
    "fresh": State.ARCHIVED,
    "odd": State.QUARANTINED,  # nobody can read what it encloses
    "old": State.PURGED,  # over, in the primary store only
    "filed": State.PURGED,  # over, in the archive too
    "ready": State.ARCHIVED,
    "judged": State.ARCHIVED,  # over, and a person decides
    "call": State.QUARANTINED,  # this world is deaf: see `stages.be_deaf`
    "loose": State.ARCHIVED,  # came without a reference
    "older": State.PURGED,
}
DOOMED = frozenset(name for name, fate in FATES.items() if fate is State.PURGED)


@cache
def content_of(name: str) -> bytes:
    """Return the bytes of a recording; `call` is longer than what ingest holds in memory."""
    if name == "call":
        return encode.wav(encode.PCM, encode.pcm_bytes(media.tone(0.5)) * 40, rate=media.RATE, block=2, bits=16)
    if name == "odd":
        return (
            b'{"vcon":"0.4.0","uuid":"0190b2c4-7a4e-8000-8000-000000000001","created_at":"2026-10-01T10:00:00Z",'
            b'"parties":[{"name":"A"}],"dialog":[{"type":"text","start":"2026-10-01T10:00:00Z","parties":[0],'
            b'"mediatype":"image/png","encoding":"base64url","body":"iVBORw0KGgo"}]}'
        )
    return f"10:00 Agent: this is {name}\n10:01 Caller: my card is {PAN}, thank you\n".encode()


def items(folder: Path, names: Iterable[str]) -> list[Item]:
    """Return what ingest takes, from a folder where the files of the recordings are written unless they are there."""
    folder.mkdir(exist_ok=True)
    found = []
    for name in names:
        path, part = folder / name, folder / f".{name}"
        if not path.exists():  # and whole, whenever the process that writes it is killed
            part.write_bytes(content_of(name))
            part.rename(path)
        found.append(vaults.item(path, _metadata(name)))
    return found


def _metadata(name: str) -> Metadata:
    if name == "loose":
        return Metadata()
    ended = LONG_AGO if name in DOOMED | {"held", "judged"} else LATELY
    return Metadata(
        started=ended - timedelta(minutes=5), ended=ended, agent=f"agent-{name}", labels=frozenset({"crash"}),
        callers=(Caller(number="+1 202 555 0143", name="Erika Mustermann"),), source="pbx", source_ref=name,
        account=HELD_ACCOUNT if name == "held" else None, queue="disputes" if name == "judged" else "sales",
    )  # fmt: skip


def find(vault: Vault) -> dict[str, str]:
    """Return the id of every recording of the world that the catalog has, by its name."""
    with vault.catalog.read() as connection:
        found = connection.execute(select(recordings.c.source_token, recordings.c.id)).all()
    ids = {bytes(token): recording for token, recording in found}
    assert len(ids) == len(found)
    return {name: ids[token] for name in FATES if (token := _token(vault, name)) in ids}


def _token(vault: Vault, name: str) -> bytes:
    if name == "loose":
        return vault.index.token("source", f"files\0sha256:{hashlib.sha256(content_of(name)).hexdigest()}")
    return vault.index.token("source", f"pbx\0{name}")


def states(vault: Vault) -> dict[str, State]:
    """Return the state of every recording of the world, by its name."""
    with vault.catalog.read() as connection:
        ids = find(vault)
        found = {recording.id: recording.state for recording in rows.get_many(connection, ids.values())}
    return {name: found[RecordingId(recording)] for name, recording in ids.items()}


def wrapped_keys(vault: Vault) -> dict[str, list[bytes]]:
    """Return the wrapped data keys of every recording, by its name: what must be nowhere once it is purged."""
    with vault.catalog.read() as connection:
        return {
            name: [
                bytes(w) for w in connection.scalars(select(key_slots.c.wrapped).where(key_slots.c.subject == found))
            ]
            for name, found in find(vault).items()
        }


def check_kept(vault: Vault, doomed: frozenset[str] = DOOMED) -> None:
    """Assert that everything the catalog has, and nothing lets go of, opens to its very bytes."""
    for name, recording in find(vault).items():
        if name not in doomed:
            assert vaults.content(vault, recording) == content_of(name), name


def check_settled(vault: Vault, fates: Mapping[str, State]) -> None:
    """Assert that every recording is in once and came to its end, and that nothing is left over or owed."""
    findings, found = vaults.check(vault), states(vault)
    assert not findings, findings
    assert found == fates, {name: state for name, state in found.items() if fates.get(name) != state}
    check_kept(vault, frozenset(name for name, fate in fates.items() if fate is State.PURGED))
    ids = find(vault)
    with vault.catalog.read() as connection:
        assert connection.scalar(select(func.count()).select_from(recordings)) == len(fates)
        alive = select(renditions.c.blob, renditions.c.name).join_from(renditions, recordings)
        kept = connection.execute(alive.where(recordings.c.state != State.PURGED)).all()
        filed = set(connection.scalars(select(copies.c.blob).where(copies.c.blob.in_([row.blob for row in kept]))))
        for name, fate in fates.items():
            if fate is State.PURGED:
                body = purge.get_certificate(connection, ids[name])
                assert certificate.verify(body, vault.public_key).recording == ids[name]
    assert {blob.blob for blob in vault.primary.all()} == {row.blob for row in kept}
    assert {row.blob for row in kept if row.name == RenditionName.REDACTED} == filed
    assert {blob.blob for blob in vault.need_archive().all()} == filed
    _check_clean(vault, [ids[name] for name, fate in fates.items() if fate is State.ARCHIVED])


def _check_clean(vault: Vault, archived: list[str]) -> None:
    for recording in archived:
        assert PAN.encode() not in vaults.content(vault, recording, RenditionName.REDACTED)


def check_destroyed(home: Path, gone: Iterable[bytes]) -> None:
    """Assert that destroyed keys are in no file of the catalog, while it is open: closing it would tidy them away."""
    for path in home.glob("catalog.db*"):
        data = path.read_bytes()
        assert not any(key in data for key in gone), f"a destroyed key is still in {path.name}"


def check_no_litter(home: Path) -> None:
    """Assert that the home folder of a closed vault holds what belongs there and nothing else."""
    found = [path for path in home.rglob("*") if path.is_file()]
    stores = [path for path in found if path.relative_to(home).parts[0] in {"store", "archive"}]
    blobs = [path for path in stores if path.name != MARKER]
    assert all(len(path.name) == 32 and path.parent.name == path.name[:7] for path in blobs)
    others = {str(path.relative_to(home)) for path in set(found) - set(stores)}
    users = {f"users/{name}.key" for name in vaults.PEOPLE}
    expected = {"strongroom.toml", "catalog.db", "keys/root.key", "keys/log.key", "keys/log.pub", *users}
    strange = (others - {"catalog.db-wal", "catalog.db-shm"}) ^ expected
    assert not strange, strange
