"""Child processes that make a vault, die while they do, and look at what is left of it."""

import shutil
from pathlib import Path

from keys.envelope import passphrase_of
from service import settings
from service.create import create
from service.errors import NoVaultError, UnfinishedVaultError
from tests import vaults
from tests.crash.children import Tell
from tests.crash.stages import LATER, Survived
from tests.crash.steps import Steps
from vault.people import Capability


def _create(home: Path, clock: vaults.StandingClock) -> None:
    create(
        settings.load(home, vaults.CHEAP), clock, passphrase=passphrase_of(vaults.WORDS), user=vaults.FOUNDER,
        roles=vaults.PEOPLE[vaults.FOUNDER], user_passphrase=passphrase_of(vaults.USER_WORDS),
    )  # fmt: skip


def run_init(tell: Tell, home: Path, last: int) -> None:
    """Make a vault and die at step `last`."""
    steps = Steps(last, home)
    steps.install()
    _create(home, vaults.StandingClock())
    tell(Survived(steps.count, dict(steps.kinds)))


def look_after_init(tell: Tell, home: Path) -> None:
    """Tell what a killed init left: nothing, something unfinished with what to do, or a whole vault; then have one."""
    clock = vaults.StandingClock(LATER)
    found = "whole"
    if not _opens(home, clock):
        try:
            _create(home, clock)
            found = "nothing"
        except UnfinishedVaultError as exc:
            found = f"unfinished: {exc.hint}"
            shutil.rmtree(home)
            _create(home, clock)
    with vaults.opened(home, clock) as vault:
        _ = vault.keyring, vault.index, vaults.signatory(vault, vaults.FOUNDER, Capability.USERS)
        vault.sequence()
        findings = vaults.check(vault)
        assert not findings, findings
    tell(found)


def _opens(home: Path, clock: vaults.StandingClock) -> bool:
    try:
        with vaults.opened(home, clock):
            return True
    except NoVaultError:
        return False
