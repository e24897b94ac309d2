"""What the racing processes do. Module level functions, so that a spawned process can find them by name."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Connection

from retention.destroy import purge
from retention.destroy.purge import Purged
from retention.hold import holds
from retention.hold.holds import Coverage
from retention.plans import policy_plans
from retention.policy.reader import parse
from service import work
from service.assembly import Vault
from tests import vaults
from tests.race.crew import Signals
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.ingest.intake import Receipt
from vault.log import journal
from vault.log.entry import Act
from vault.model import Metadata
from vault.people import AUTO, Actor, Capability
from vault.search import Terms, criteria_of

AUTO_ACTOR = Actor(AUTO, "policy/1")
A_MOMENT = 0.3  # seconds for which a purge waits for what should have to wait for it


def purge_due(vault: Vault, signals: Signals, batch: int, pause: str = "") -> list[Purged]:
    """Purge what is due in small batches; `pause` says whether it waits for a hold, and where.

    "between batches": after the first batch, until the hold is placed. "in the batch": inside the destroying
    transaction once it has read what it goes by, for a moment. "": it does not.
    """
    after, within = (pause == place for place in ("between batches", "in the batch"))
    with _small(batch), _pausing_after_a_batch(signals, after), _pausing_in_a_batch(signals, within):
        found = list(purge.run_due(vault.catalog, vault.clock, vault.signing_key, vault=vault.id))
    signals.read.set()
    return found


def _small(batch: int) -> Any:
    return mock.patch.object(purge, "BATCH", batch)


@contextlib.contextmanager
def _pausing_after_a_batch(signals: Signals, wanted: bool) -> Iterator[None]:
    real = purge._Batch.destroy

    def destroy(self: Any, items: Any) -> list[Purged]:
        found = real(self, items)
        signals.read.set()
        assert not wanted or signals.placed.wait(30)
        return found

    with mock.patch.object(purge._Batch, "destroy", destroy):
        yield


@contextlib.contextmanager
def _pausing_in_a_batch(signals: Signals, wanted: bool) -> Iterator[None]:
    real = rows.renditions_of  # the last thing it reads

    def slow(connection: Connection, ids: Iterable[str]) -> Any:
        found = real(connection, ids)
        if connection.get_execution_options().get("strongroom_writes") and not signals.read.is_set():
            signals.read.set()
            signals.placed.wait(A_MOMENT)
        return found

    with mock.patch.object(rows, "renditions_of", slow) if wanted else contextlib.nullcontext():
        yield


def purge_by_an_early_look(vault: Vault, signals: Signals, batch: int) -> list[Purged]:
    """Purge with a planted bug: the holds are read once, before the destroying transactions."""
    now = vault.clock.now()
    with vault.catalog.read() as connection:
        early = holds.active(connection, now)
    with mock.patch.object(holds, "active", return_value=early):
        return purge_due(vault, signals, batch, "between batches")


@contextlib.contextmanager
def _without_locks() -> Iterator[None]:
    real = Catalog.write
    with mock.patch.object(Catalog, "write", lambda catalog, **_lock: real(catalog)):
        yield


def purge_without_a_lock(vault: Vault, signals: Signals, batch: int) -> list[Purged]:
    """Purge with a planted bug: the advisory lock is not taken; the holds are read, then the hold comes."""
    with _without_locks():
        return purge_due(vault, signals, batch, "in the batch")


def place(vault: Vault, signals: Signals, terms: dict[str, Any], wait: bool = False) -> tuple[str, Coverage]:
    """Place a hold as lena; `wait` until a purge has read the holds."""
    if wait:
        assert signals.read.wait(30)
    criteria = criteria_of(Terms(**terms), vault.index, vault.settings.region)
    hold = holds.new_hold_id(vault.clock)
    words = vaults._hold_words(vault.keyring, hold, {"reason": "a letter"})
    lena = vaults.actor(vault, "lena", Capability.HOLD_CHANGE)
    found = holds.place(vault.catalog, vault.clock, lena, hold=hold, matter="2026-014", criteria=criteria, words=words)
    signals.placed.set()
    return hold, found


def place_without_a_lock(vault: Vault, signals: Signals, terms: dict[str, Any]) -> tuple[str, Coverage]:
    """Place a hold, with the same planted bug."""
    with _without_locks():
        return place(vault, signals, terms, wait=True)


def purge_once_a_hold_is_under_way(vault: Vault, signals: Signals, batch: int) -> list[Purged]:
    """Purge, but ask for the first destroying transaction only when a hold's is open already."""
    real = purge._Batch.destroy

    def late(self: Any, items: Any) -> list[Purged]:
        signals.read.set()
        assert signals.placed.wait(30)
        return real(self, items)

    with mock.patch.object(purge._Batch, "destroy", late), _small(batch):
        return list(purge.run_due(vault.catalog, vault.clock, vault.signing_key, vault=vault.id))


def place_slowly(vault: Vault, signals: Signals, terms: dict[str, Any]) -> tuple[str, Coverage]:
    """Place a hold whose transaction stays open for a moment before it commits."""
    real = holds.coverage

    def slow(connection: Connection, criteria: Any) -> Coverage:
        found = real(connection, criteria)
        signals.placed.set()
        time.sleep(A_MOMENT)
        return found

    with mock.patch.object(holds, "coverage", slow):
        return place(vault, signals, terms, wait=True)


def ingest(vault: Vault, _signals: Signals, files: list[tuple[Path, Metadata]]) -> list[Receipt]:
    """Take files in."""
    return vaults.ingest(vault, [vaults.item(path, metadata) for path, metadata in files])


def run_plan(vault: Vault, _signals: Signals, plan_id: str, batch: int) -> list[Purged]:
    """Run one plan as rita."""
    rita = vaults.actor(vault, "rita", Capability.PURGE_RUN)
    with _small(batch):
        return list(purge.run(vault.catalog, vault.clock, rita, vault.signing_key, plan_id=plan_id))


def request_release(vault: Vault, _signals: Signals, hold: str) -> str:
    """Ask for the release of a hold as lena."""
    words = vaults._hold_words(vault.keyring, hold, {"reason": "settled"})
    sealed = holds.SealedWords(words.sealed, {**words.slot, "purpose": "release"}, words.sha256)
    lena = vaults.signatory(vault, "lena", Capability.HOLD_CHANGE)
    return holds.request_release(vault.catalog, vault.clock, lena, hold=hold, words=sealed)


def approve_release(vault: Vault, _signals: Signals, hold: str, grace: timedelta) -> None:
    """Release a hold as luis."""
    luis = vaults.signatory(vault, "luis", Capability.HOLD_CHANGE)
    holds.approve_release(vault.catalog, vault.clock, luis, hold=hold, grace=grace)


def apply_policy(vault: Vault, signals: Signals, plan_id: str, text: str, wait: bool = False) -> int:
    """Apply a planned policy as ada; `wait` until a purge has begun."""
    assert not wait or signals.read.wait(30)
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    return policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=text).version


def plan_policy(vault: Vault, text: str) -> str:
    """Plan a policy as ada and return the plan's id."""
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    return policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(text))[0]


def screen(vault: Vault, _signals: Signals) -> tuple[int, list[str]]:
    """Screen all that waits; return how many this process moved, and the errors."""
    errors: list[str] = []
    return sum(s.moved for s in work.screen_due(vault, work.JOB, errors)), errors


def screen_once_read(vault: Vault, signals: Signals) -> tuple[int, list[str]]:
    """Screen all that waits, once a purge has read what it is about to destroy."""
    assert signals.read.wait(30)
    found = screen(vault, signals)
    signals.placed.set()
    return found


def archive(vault: Vault, _signals: Signals) -> tuple[int, list[str]]:
    """Archive all that waits; return how many this process archived, and the errors."""
    found = list(work.archive_due(vault, work.JOB))
    return sum(a.error is None for a in found), [a.error.code for a in found if a.error is not None]


def sequence(vault: Vault, _signals: Signals, rounds: int) -> int:
    """Write an entry and sequence, over and over; return how many entries this process placed."""
    placed = 0
    for number in range(rounds):
        with vault.catalog.write() as connection:
            # the rest of an act between its entry and its commit, so that commits overtake each other
            journal.append(connection, [AUTO_ACTOR.entry(vault.clock.now(), Act.CHECK, None, {"n": number})])
            time.sleep(0.001 * (number % 3))
        placed += vault.sequence()
    return placed
