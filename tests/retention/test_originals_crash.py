"""Killed at any durable step while originals are destroyed, the vault converges; a hold that races never loses."""

from pathlib import Path

from sqlalchemy import select

from retention.destroy import early, originals
from service.assembly import Vault
from tests import vaults
from tests.crash.children import Child, Tell, run
from tests.crash.steps import Steps
from tests.race.crew import Job, Signals, crew, done
from tests.retention.test_originals import DESTROY, fill, ids, with_original
from vault import deletions
from vault.catalog.schema import key_slots
from vault.check import Severity
from vault.log import journal
from vault.log.entry import Act
from vault.model import RenditionName
from vault.people import AUTO, Actor

LANES = 2  # crashes that happen side by side


def make(tell: Tell, home: Path) -> None:
    """Make a vault of three archived chats, one of them held, whose policy destroys originals."""
    clock = vaults.StandingClock()
    vaults.make(home, clock)
    with vaults.opened(home, clock) as vault:
        fill(vault)
        vaults.place_hold(vault, accounts=("ACME-one",))
        vaults.apply_policy(vault, DESTROY)
        held = {r for r in ids(vault) if "one" in str(vaults.content(vault, r))}
        with vault.catalog.read() as connection:
            slots = connection.execute(select(key_slots).where(key_slots.c.purpose == RenditionName.ORIGINAL))
            tell({row.subject: bytes(row.wrapped) for row in slots if row.subject not in held})


def destroy(tell: Tell, home: Path, last: int) -> None:
    """Destroy originals, one a batch, and die at step `last`; who lives to the end tells of it."""
    steps = Steps(last, home)
    with vaults.opened(home, vaults.StandingClock()) as vault:
        _ = vault.signing_key
        originals.BATCH = 1
        steps.install()
        for one in early.run_due(vault.catalog, vault.clock, vault.stores):
            tell(one.recording)
        deletions.finish(vault.catalog, vault.clock, Actor(AUTO, "schedule"), vault.stores)
        vault.sequence()
    tell(steps.count)


def recover(tell: Tell, home: Path, acknowledged: list[str], keys: dict[str, bytes]) -> None:
    """Look at what a killed run left, make a pass, and look at what came of everything."""
    with vaults.opened(home, vaults.StandingClock()) as vault:
        assert not set(acknowledged) & with_original(vault)
        report = vaults.tick(vault)
        assert report.errors == []
        assert with_original(vault) == set(ids(vault)) - set(keys)
        assert [f for f in vaults.check(vault) if f.severity is Severity.FAULT] == []
        with vault.catalog.read() as connection:
            told = [e.subject for e in journal.of_acts(connection, Act.ORIGINAL_DESTROYED)]
        assert sorted(map(str, told)) == sorted(keys)
    traces = [path.read_bytes() for path in home.rglob("catalog.db*")]
    assert not any(wrapped in trace for wrapped in keys.values() for trace in traces)


def test_killed_at_any_step_and_run_again_the_originals_are_gone_and_the_held_one_is_there(tmp_path: Path) -> None:
    template = tmp_path / "template" / "home"
    (keys,) = run(make, template).told
    assert len(keys) == 2
    for first in range(1, 1000, LANES):
        homes = [vaults.copy(template, tmp_path / str(step) / "home") for step in range(first, first + LANES)]
        children = [Child(destroy, home, step) for step, home in enumerate(homes, first)]
        ended = [child.wait() for child in children]
        told = [[word for word in end.told if isinstance(word, str)] for end in ended]
        for recovery in [Child(recover, home, words, keys) for home, words in zip(homes, told, strict=True)]:
            recovery.wait()
        if not ended[-1].killed:
            assert ended[-1].told[-1] >= 10  # steps: three batches, a scrub, two deletions, the log
            return
    raise AssertionError("the run never came to its end")


def race_destroy(vault: Vault, _signals: Signals) -> list[str]:
    originals.BATCH = 1
    return [d.recording for d in early.run_due(vault.catalog, vault.clock, vault.stores) if d.done]


def race_hold(vault: Vault, _signals: Signals, account: str) -> str:
    return vaults.place_hold(vault, accounts=(account,))


def test_a_hold_that_races_with_the_destruction_comes_before_or_after_it(tmp_path: Path) -> None:
    template = tmp_path / "template" / "home"
    run(make, template)
    for number in range(3):
        home = vaults.copy(template, tmp_path / str(number) / "home")
        with crew(home, {}, 2) as two:
            gone, hold = two.race(Job(race_destroy), Job(race_hold, ("ACME-three",), delay=number * 0.01))
            done(gone, hold)
        with vaults.opened(home, vaults.StandingClock()) as vault:
            held = {r for r in ids(vault) if "three" in str(vaults.content(vault, r, RenditionName.REDACTED))}
            with vault.catalog.read() as connection:
                told = [e.subject for e in journal.of_acts(connection, Act.ORIGINAL_DESTROYED, Act.HOLD_PLACED)]
            # each of the log's acts commits with what it tells: nothing held is destroyed after its hold
            assert not held & set(map(str, told[told.index(hold) :]))
            assert with_original(vault) == set(ids(vault)) - set(gone)
