"""What child processes do: make the world, run one stage and die at a step of it, recover and look.

Every function takes `tell` first, opens the vault itself and leaves nothing open. A stage tells what it acknowledges
the moment it is acknowledged.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

from keys.errors import StrongroomError
from retention.core.decision import Action
from retention.destroy import purge
from retention.plans import purge_plans
from service import work
from service.assembly import Vault
from tests import vaults
from tests.crash import world
from tests.crash.children import Tell
from tests.crash.steps import FullDisk, Steps, cross_many_batches
from vault import deletions
from vault.ingest.intake import Outcome, Receipt
from vault.model import State
from vault.people import Capability
from vault.screen import gate
from vault.screen import stage as screening

LATER = vaults.START + timedelta(hours=1)
"""When somebody runs the stage again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Ingest acknowledged a recording."""

    name: str
    recording: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Moved:
    """A stage acknowledged that it moved a recording."""

    recording: str
    state: State


@dataclass(frozen=True, slots=True)
class Survived:
    """A stage came to its end: how many steps it took, and how many moments of each kind there were."""

    steps: int
    moments: Mapping[str, int]


# Making the world


def make_empty(tell: Tell, home: Path, environment: Mapping[str, str]) -> None:
    """Make a vault that has a policy and a hold, and no recordings."""
    clock = vaults.StandingClock()
    vaults.make(home, clock, environment)
    with vaults.opened(home, clock, environment) as vault:
        vaults.place_hold(vault, accounts=(world.HELD_ACCOUNT,))
        vaults.apply_policy(vault, world.POLICY)


def be_deaf() -> None:
    """Take the screener of sound away, because loading it hundreds of times takes too long."""
    gate.FAMILIES.clear()


def make_full(tell: Tell, home: Path, environment: Mapping[str, str], screened: bool) -> None:
    """Make a vault of every recording, `filed` archived and `ready` screened; or all of them screened."""
    be_deaf()
    clock, inbox = vaults.StandingClock(), home.with_name(f"{home.name}-inbox")
    vaults.make(home, clock, environment)
    with vaults.opened(home, clock, environment) as vault:
        vaults.place_hold(vault, accounts=(world.HELD_ACCOUNT,))
        vaults.ingest(vault, world.items(inbox, ["filed"]))
        assert vaults.tick(vault).archived == 1
        vaults.ingest(vault, world.items(inbox, ["ready"]))
        _screen(vault, lambda _: None)
        vaults.ingest(vault, world.items(inbox, world.FATES.keys() - {"filed", "ready"}))
        if screened:
            _screen(vault, lambda _: None)
        vaults.apply_policy(vault, world.POLICY)
        tell(world.wrapped_keys(vault))


FEW = ("held", "fresh", "old")


def make_few(tell: Tell, home: Path, environment: Mapping[str, str]) -> None:
    """Make a vault of a few screened recordings and nothing in the archive."""
    make_empty(tell, home, environment)
    with vaults.opened(home, vaults.StandingClock(), environment) as vault:
        vaults.ingest(vault, world.items(home.with_name("inbox"), FEW))
        _screen(vault, lambda _: None)
        tell(world.wrapped_keys(vault))


def make_waiting(tell: Tell, home: Path, environment: Mapping[str, str]) -> None:
    """Make a vault of a few recordings that wait to be screened."""
    make_empty(tell, home, environment)
    with vaults.opened(home, vaults.StandingClock(), environment) as vault:
        vaults.ingest(vault, world.items(home.with_name("inbox"), FEW))
        tell(world.wrapped_keys(vault))


# The stages

NAMES = ("fresh", "fresh", "odd", "call", "loose", "held", "old", "loose", "filed", "ready", "judged", "older")
"""What is taken in: everything, two of them twice, in one chunk and across chunks."""


def _ingest(vault: Vault, tell: Tell) -> None:
    inbox = vault.settings.home.with_name("inbox")

    def acknowledge(receipt: Receipt) -> None:
        assert receipt.recording is not None, receipt
        tell(Taken(receipt.name, receipt.recording, receipt.outcome))

    receipts = vaults.ingest(vault, world.items(inbox, NAMES), acknowledge)
    assert len(receipts) == len(NAMES)


def _screen(vault: Vault, tell: Tell) -> None:
    errors: list[str] = []
    for screened in work.screen_due(vault, vaults.actor(vault, "rita", Capability.SCREEN), errors):
        tell(Moved(screened.recording, screened.state))
    assert not errors, errors
    vault.sequence()


def _screen_in_workers(vault: Vault, tell: Tell) -> None:
    screening.FEW = 0  # none of them in this process
    _screen(vault, tell)


def _archive(vault: Vault, tell: Tell) -> None:
    for archived in work.archive_due(vault, vaults.actor(vault, "rita", Capability.ARCHIVE)):
        assert archived.error is None, archived
        tell(Moved(archived.recording, State.ARCHIVED))
    vault.sequence()


def _purge(vault: Vault, tell: Tell) -> None:
    rita = vaults.actor(vault, "rita", Capability.PURGE_PLAN)
    plan = purge_plans.make_plan(
        vault.catalog, vault.clock, rita, vault=vault.id, only=frozenset(Action) - {Action.KEEP}
    )
    if plan is not None:
        rob = vaults.signatory(vault, "rob", Capability.PURGE_APPROVE)
        purge_plans.approve(vault.catalog, vault.clock, rob, plan_id=plan.id)
        for purged in purge.run(vault.catalog, vault.clock, rita, vault.signing_key, plan_id=plan.id):
            assert purged.done or purged.reason == "already purged", purged
            tell(Moved(purged.recording, State.PURGED))
    _, owed = deletions.finish(vault.catalog, vault.clock, rita, vault.stores)
    assert not owed
    vault.sequence()


def _tick(vault: Vault, tell: Tell) -> None:
    report = vaults.tick(vault)
    assert not report.errors, report


STAGES: Mapping[str, Callable[[Vault, Tell], None]] = {
    "ingest": _ingest, "screen": _screen, "archive": _archive, "purge": _purge, "tick": _tick, "archive few": _archive,
    "workers": _screen_in_workers,
}  # fmt: skip


def fates_of(stage: str) -> Mapping[str, State]:
    """Return what comes of every recording when a stage and a tick have run."""
    if stage in {"archive few", "workers"}:
        return {name: world.FATES[name] for name in FEW}
    return {**world.FATES, "judged": State.PURGED} if stage == "purge" else world.FATES


# Dying and recovering


READY = "ready"


def run_stage(
    tell: Tell, stage: str, home: Path, environment: Mapping[str, str], last: int, start: Barrier | None = None
) -> None:  # fmt: skip
    """Run a stage, once others are at the start too, and die at step `last`; who lives to the end tells of it."""
    os.environ.update(environment)
    be_deaf()
    steps = Steps(last, home)
    with vaults.opened(home, vaults.StandingClock(), environment) as vault:
        _ = vault.keyring, vault.signing_key, vault.index
        cross_many_batches()
        steps.install()
        if start is not None:
            start.wait()
        tell(READY)
        STAGES[stage](vault, tell)
    tell(Survived(steps.count, dict(steps.kinds)))


def recover(
    tell: Tell,
    stage: str,
    home: Path,
    environment: Mapping[str, str],
    told: list[object],
    keys: Mapping[str, list[bytes]],
) -> None:
    """Look at what a killed stage left, run the stage again and one tick, and look at what came of everything.

    `keys` are the wrapped data keys of the recordings that were there before the stage.
    """
    os.environ.update(environment)
    be_deaf()
    fates = fates_of(stage)
    doomed = frozenset(name for name, fate in fates.items() if fate is State.PURGED)
    with vaults.opened(home, vaults.StandingClock(LATER), environment) as vault:
        check_acknowledged(vault, told)
        world.check_kept(vault, doomed)
        seen = [keys, world.wrapped_keys(vault)]
        STAGES[stage](vault, lambda _: None)
        seen.append(world.wrapped_keys(vault))
        assert not (report := vaults.tick(vault)).errors, report
        world.check_settled(vault, fates)
        gone = [key for found in seen for name in doomed for key in found.get(name, [])]
        assert gone
        world.check_destroyed(home, gone)
    world.check_no_litter(home)


def check_acknowledged(vault: Vault, told: list[object]) -> None:
    """Assert that what was acknowledged is so: taken in and whole, or moved."""
    ids, now = world.find(vault), world.states(vault)
    for word in told:
        if isinstance(word, Taken):
            assert ids[word.name] == word.recording
            assert vaults.content(vault, word.recording) == world.content_of(word.name)
        elif isinstance(word, Moved):
            assert now[next(name for name, found in ids.items() if found == word.recording)] == word.state


# A full disk


@dataclass(frozen=True, slots=True)
class Full:
    """What a stage on a full disk told, by the codes of its errors; and whether the disk was ever full."""

    was_full: bool
    codes: tuple[str, ...]


def run_on_full_disk(tell: Tell, stage: str, home: Path, writes: int) -> None:
    """Ingest or screen on a disk that takes `writes` writes and half of the next, and nothing after that."""
    be_deaf()
    disk = FullDisk(writes)
    with vaults.opened(home, vaults.StandingClock()) as vault:
        cross_many_batches()
        disk.install()
        try:
            codes = _told_by_ingest(vault, tell) if stage == "ingest" else _told_by_screen(vault, tell)
        except StrongroomError as exc:
            codes = [exc.code]
    tell(Full(disk.was_full, tuple(codes)))


def _told_by_ingest(vault: Vault, tell: Tell) -> list[str]:
    codes = []
    for receipt in vaults.ingest(vault, world.items(vault.settings.home.with_name("inbox"), NAMES)):
        if receipt.error is not None:
            codes.append(receipt.error.code)
        elif receipt.recording is not None:
            tell(Taken(receipt.name, receipt.recording, receipt.outcome))
    return codes


def _told_by_screen(vault: Vault, tell: Tell) -> list[str]:
    errors: list[str] = []
    for screened in work.screen_due(vault, vaults.actor(vault, "rita", Capability.SCREEN), errors):
        tell(Moved(screened.recording, screened.state))
    return [error.split(": ")[1] for error in errors]
