"""Recordings whose every fact the test knows, and the judge of a race between a hold and a purge."""

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from keys.errors import StrongroomError
from retention.destroy import certificate, purge
from retention.hold.holds import Coverage
from service.assembly import Vault
from tests import vaults
from vault import deletions
from vault.catalog import recordings as rows
from vault.ingest.intake import Receipt
from vault.log import entry, journal
from vault.log.entry import Act, Entry
from vault.model import Metadata, State
from vault.people import AUTO, Actor

LONG_AGO = datetime(2016, 1, 4, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """One recording as the test made it."""

    id: str
    content: bytes
    metadata: Metadata


@dataclass(slots=True)
class Scene:
    """A vault, and the files that are taken into it."""

    vault: Vault
    folder: Path
    environment: dict[str, str]
    _contents: dict[Path, tuple[bytes, Metadata]] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.vault.settings.home

    def files(self, count: int, **facts: Any) -> list[tuple[Path, Metadata]]:
        """Write `count` chats that ended long ago."""
        found = []
        for _ in range(count):
            path = self.folder / f"{uuid.uuid4().hex}.json"
            content = json.dumps({"messages": [{"text": f"hello from {path.stem}"}]}).encode()
            path.write_bytes(content)
            metadata = Metadata(started=LONG_AGO, ended=LONG_AGO, source_ref=path.stem, source="test", **facts)
            self._contents[path] = content, metadata
            found.append((path, metadata))
        return found

    def ingest(self, files: list[tuple[Path, Metadata]]) -> list[Known]:
        """Take them in, here."""
        return self.known(files, vaults.ingest(self.vault, [vaults.item(path, metadata) for path, metadata in files]))

    def known(self, files: list[tuple[Path, Metadata]], receipts: Sequence[Receipt]) -> list[Known]:
        """Return what became of the files."""
        assert [r.error for r in receipts] == [None] * len(files)
        return [
            Known(str(r.recording), self._contents[path][0], metadata)
            for (path, metadata), r in zip(files, receipts, strict=True)
        ]

    def entries(self) -> list[Entry]:
        """Return the whole log in the order of its tree."""
        self.vault.sequence()
        with self.vault.catalog.read() as connection:
            return [entry.decode(body) for _, body in journal.entries(connection)]

    def settle(self) -> None:
        """Finish what purges owe, at a time when all of it may be tried."""
        self.vault.clock.advance(timedelta(days=30))  # type: ignore[attr-defined]
        self.vault.sequence()
        deletions.finish(self.vault.catalog, self.vault.clock, Actor(AUTO, "schedule"), self.vault.stores)
        self.vault.sweep()
        self.vault.sequence()


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the recordings in a hold's scope."""

    alive: list[str]
    purged: list[str]
    wrong: list[str]


def fate(vault: Vault, recordings: Iterable[Known]) -> Fate:
    """Look at each recording: alive and open to its very bytes, or purged with a certificate. Else it is wrong."""
    alive, purged, wrong = [], [], []
    for known in recordings:
        with vault.catalog.read() as connection:
            state = rows.get(connection, known.id).state
        try:
            opened = vaults.content(vault, known.id) == known.content
        except StrongroomError:
            opened = False
        certified = _certified(vault, known.id)
        if state is not State.PURGED and opened and not certified:
            alive.append(known.id)
        elif state is State.PURGED and certified and not opened:
            purged.append(known.id)
        else:
            wrong.append(f"{known.id} is {state}, opens: {opened}, has a certificate: {certified}")
    return Fate(alive, purged, wrong)


def _certified(vault: Vault, recording: str) -> bool:
    try:
        with vault.catalog.read() as connection:
            body = purge.get_certificate(connection, recording)
    except StrongroomError:
        return False
    return certificate.verify(body, vault.public_key).recording == recording


def judge(
    scene: Scene, hold: str, told: Coverage, known: Iterable[Known], arriving: Iterable[Known],
    covers: Callable[[Known], bool],
) -> list[str]:  # fmt: skip
    """Return what is wrong after a hold raced with a purge; `arriving` came in while they did."""
    known, arriving = list(known), list(arriving)
    before = fate(scene.vault, filter(covers, known))
    late = fate(scene.vault, filter(covers, arriving))
    wrong = before.wrong + late.wrong
    if not len(before.alive) <= told.recordings <= len(before.alive) + len(late.alive):
        wrong.append(f"told {told.recordings} are held, {len(before.alive)} to {len(late.alive)} more are")
    if told.already_purged < len(before.purged):
        wrong.append(f"told {told.already_purged} were gone, {len(before.purged)} are")
    if told.purged_exactly and told.already_purged > len(before.purged) + len(late.purged):
        wrong.append(f"told exactly {told.already_purged} were gone, {len(before.purged) + len(late.purged)} are")
    log = scene.entries()
    placed = next(n for n, e in enumerate(log) if e.act is Act.HOLD_PLACED and e.subject == hold)
    purges = {e.subject: n for n, e in enumerate(log) if e.act is Act.PURGE}
    return wrong + [f"{i} was purged after the hold" for i in before.purged + late.purged if purges.get(i, -1) > placed]
