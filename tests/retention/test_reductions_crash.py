"""Killed at any durable step while sound and picture go, the vault converges; a hold that races never loses."""

from pathlib import Path

from sqlalchemy import select

from retention.destroy import early, reductions
from service.assembly import Vault
from tests import vaults
from tests.crash.children import Child, Tell, run
from tests.crash.steps import Steps
from tests.race.crew import Job, Signals, crew, done
from tests.retention.test_originals import ids
from tests.retention.test_reductions import FOUR_YEARS, fill, has, ripen
from vault import deletions, playback
from vault.catalog.schema import key_slots
from vault.check import Severity
from vault.log import journal
from vault.log.entry import Act
from vault.model import RecordingId, RenditionName
from vault.people import AUTO, Actor

LANES = 2  # crashes that happen side by side


def later() -> vaults.StandingClock:
    return vaults.StandingClock(vaults.START + FOUR_YEARS)


def make(tell: Tell, home: Path) -> None:
    """Make a vault of three archived recordings whose transcripts suffice, one of them held."""
    vaults.make(home, vaults.StandingClock())
    with vaults.opened(home, vaults.StandingClock()) as vault:
        fill(vault)
        ripen(vault)
        vaults.place_hold(vault, accounts=("ACME-one",))
        held = {r for r in ids(vault) if "one" in str(vaults.content(vault, r))}
        with vault.catalog.read() as connection:
            slots = connection.execute(select(key_slots).where(key_slots.c.purpose.in_(reductions.MEDIA)))
            tell([(row.subject, bytes(row.wrapped)) for row in slots if row.subject not in held])


def destroy(tell: Tell, home: Path, last: int) -> None:
    """Destroy sound and picture, one recording a batch, and die at step `last`; who lives to the end tells of it."""
    steps = Steps(last, home)
    with vaults.opened(home, later()) as vault:
        _ = vault.signing_key
        reductions.BATCH = 1
        steps.install()
        for one in early.run_due(vault.catalog, vault.clock, vault.stores):
            tell(one.recording)
        deletions.finish(vault.catalog, vault.clock, Actor(AUTO, "schedule"), vault.stores)
        vault.sequence()
    tell(steps.count)


def recover(tell: Tell, home: Path, acknowledged: list[str], slots: list[tuple[str, bytes]]) -> None:
    """Look at what a killed run left, make a pass, and look at what came of everything."""
    gone = {recording for recording, _ in slots}
    with vaults.opened(home, later()) as vault:
        assert all(has(vault)[one] == {"transcript"} for one in acknowledged)
        assert vaults.tick(vault).errors == []
        assert {i for i, names in has(vault).items() if names == {"transcript"}} == gone
        assert sum(len(names) for names in has(vault).values()) == 2 * 1 + 3
        assert [f for f in vaults.check(vault) if f.severity is Severity.FAULT] == []
        assert len(list(vault.primary.all())) == 2 * 1 + 3
        assert len(list(vault.need_archive().all())) == 1
        assert all(vaults.content(vault, i, RenditionName.TRANSCRIPT) for i in ids(vault))
        with vault.catalog.read() as connection:
            told = [e.subject for e in journal.of_acts(connection, Act.MEDIA_DESTROYED)]
        assert sorted(map(str, told)) == sorted(gone)
    traces = [path.read_bytes() for path in home.rglob("catalog.db*")]
    assert not any(wrapped in trace for _, wrapped in slots for trace in traces)


def test_killed_at_any_step_and_run_again_transcripts_are_left_and_what_is_held_is_whole(tmp_path: Path) -> None:
    template = tmp_path / "template" / "home"
    (slots,) = run(make, template).told
    assert len(slots) == 4
    for first in range(1, 1000, LANES):
        homes = [vaults.copy(template, tmp_path / str(step) / "home") for step in range(first, first + LANES)]
        children = [Child(destroy, home, step) for step, home in enumerate(homes, first)]
        ended = [child.wait() for child in children]
        told = [[word for word in end.told if isinstance(word, str)] for end in ended]
        for recovery in [Child(recover, home, words, slots) for home, words in zip(homes, told, strict=True)]:
            recovery.wait()
        if not ended[-1].killed:
            assert ended[-1].told[-1] >= 12  # steps: two batches, two notes, a scrub, six deletions, the log
            return
    raise AssertionError("the run never came to its end")


def race_destroy(vault: Vault, _signals: Signals) -> list[str]:
    reductions.BATCH = 1
    return [d.recording for d in early.run_due(vault.catalog, vault.clock, vault.stores) if d.done]


def race_hold(vault: Vault, _signals: Signals, account: str) -> str:
    return vaults.place_hold(vault, accounts=(account,))


def account(vault: Vault, recording: str) -> str | None:
    with vault.catalog.read() as connection:
        private = playback.private_metadata(connection, vault.keyring, RecordingId(recording))
    return None if private is None else private.account


def test_a_hold_that_races_with_the_destruction_comes_before_or_after_it(tmp_path: Path) -> None:
    template = tmp_path / "template" / "home"
    run(make, template)
    for number in range(2):
        home = vaults.copy(template, tmp_path / str(number) / "home")
        with crew(home, {}, 2) as two:
            at = later().now()
            gone, hold = two.race(Job(race_destroy, at=at), Job(race_hold, ("ACME-three",), delay=number * 0.01, at=at))
            done(gone, hold)
        with vaults.opened(home, later()) as vault:
            held = {r for r in ids(vault) if account(vault, r) == "ACME-three"}
            with vault.catalog.read() as connection:
                told = [e.subject for e in journal.of_acts(connection, Act.MEDIA_DESTROYED, Act.HOLD_PLACED)]
            # each of the log's acts commits with what it tells: nothing held is destroyed after its hold
            assert not held & set(map(str, told[told.index(hold) :]))
            assert {i for i, names in has(vault).items() if names == {"transcript"}} == set(gone)
