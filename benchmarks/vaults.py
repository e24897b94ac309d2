"""Throw-away vaults, and ingest as the command line does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from keys.envelope import passphrase_of
from service import settings
from service.assembly import Vault
from service.create import create
from vault.clock import Clock, SystemClock
from vault.ingest.intake import CHUNK, Intake, Item, Outcome, Receipt
from vault.ingest.manifest import Row, read_manifest
from vault.ingest.paths import open_regular
from vault.model import Role
from vault.people import Actor

ACTOR = Actor("bench", "role/admin")
PASSPHRASE = "only for benchmarks"  # noqa: S105 - it guards nothing
CHEAP = {
    "STRONGROOM_ARCHIVE_KIND": "none",
    "STRONGROOM_KEYS_ARGON2_MEMORY_KIB": "19456",
    "STRONGROOM_KEYS_ARGON2_PASSES": "2",
    "STRONGROOM_KEYS_ARGON2_LANES": "1",
}
"""Key files that open fast: their cost is a choice of the owner and not of ours."""


class SetClock:
    """A clock that shows what it was set to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.at


@contextmanager
def new_vault(home: Path, clock: Clock | None = None) -> Iterator[Vault]:
    """Make a vault on SQLite and yield it with its keys open."""
    clock = clock or SystemClock()
    secret = passphrase_of(PASSPHRASE)
    create(
        settings.load(home, CHEAP), clock, passphrase=secret, user=ACTOR.name,
        roles=frozenset({Role.ADMIN, Role.RECORDER}), user_passphrase=secret,
    )  # fmt: skip
    vault = Vault(settings.load(home, CHEAP), clock, lambda: secret)
    try:
        for _ in (vault.keyring.active, vault.index, vault.signing_key):
            pass  # a passphrase takes its time to become a key, whatever is done with the key then
        yield vault
    finally:
        vault.close()


def items_of(manifest: Path, now: datetime) -> Iterator[Item]:
    """Yield the items of a manifest."""
    folder = manifest.parent
    with manifest.open("rb") as stream:
        for row in read_manifest(stream, name=manifest.name, folder=folder, now=now):
            assert isinstance(row, Row), row
            yield Item(str(row.number), str(row.path), _opener(folder, row.path), row.metadata)


def _opener(folder: Path, path: Path) -> "_Opener":
    return _Opener(folder, path)


class _Opener:
    def __init__(self, folder: Path, path: Path) -> None:
        self._folder, self._path = folder, path

    def __call__(self) -> BinaryIO:
        return open_regular(self._folder, self._path)


def ingest(vault: Vault, manifest: Path) -> list[Receipt]:
    """Take a whole manifest in and give its log entries their place; everything must be new."""
    with vault.intents(ahead=2 * CHUNK) as intents:
        intake = Intake(
            catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, index=vault.index,
            clock=vault.clock, actor=ACTOR, region=vault.settings.region, threads=vault.settings.threads,
        )  # fmt: skip
        try:
            receipts = list(intake.take(items_of(manifest, vault.clock.now())))
        finally:
            intake.close()
    vault.sequence()
    assert all(receipt.outcome is Outcome.TAKEN for receipt in receipts)
    return receipts
