"""Screening in worker processes: what dies, hangs, grows or lies costs its own recording, and nothing passes for it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from service import work
from service.assembly import Vault
from tests import vaults
from tests.pipeline import steps
from tests.pipeline.conftest import Place
from tests.pipeline.steps import CARD
from vault import playback
from vault.catalog import recordings as rows
from vault.catalog.schema import screen_attempts, screenings
from vault.model import RecordingId, RenditionName, State
from vault.screen import stage
from vault.screen.errors import Why
from vault.screen.options import Options, Preset
from vault.screen.stage import Screened, Screener
from vault.screen.work.attempts import DEATH, Claim

ROOT = Path(__file__).parents[2]
PLAIN = "tests.pipeline.works"


@pytest.fixture
def vault(make_place: Callable[[str, str], Place]) -> Iterator[tuple[Place, Vault]]:
    place = make_place("sqlite", "folder")
    with place.opened() as opened:
        yield place, opened


def screen(
    vault: Vault, what: str | None = None, *, stop: Callable[[], bool] = lambda: False, **setup: Any
) -> tuple[dict[str, Screened], dict[str, str]]:
    """Screen all that waits in workers that run `what`; return what came of each, and the errors."""
    errors: dict[str, str] = {}
    with vault.intents() as intents:
        screener = Screener(
            catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, clock=vault.clock,
            actor=work.JOB, setup=replace(vault.settings.screen, workers=2, **setup), run_folder=vault.run_folder,
            **({"work": f"{PLAIN}:{what}"} if what else {}),
        )  # fmt: skip
        found = screener.screen(screener.due(), lambda i, e: errors.update({i: f"{e.code}: {e}"}), stop=stop)
        done = {str(s.recording): s for s in found}
    vault.sequence()
    return done, errors


def poisoned(place: Place, vault: Vault, healthy: int = 3) -> tuple[str, list[str]]:
    """Take in some chats and one that holds poison; return its id and theirs."""
    before = steps.ingest(place, vault, 1, text=f"card {CARD}")
    (bad,) = steps.ingest(place, vault, 1, text="poison")
    return bad, before + steps.ingest(place, vault, healthy - 1, text=f"card {CARD}")


def counted(vault: Vault) -> dict[str, int]:
    with vault.catalog.read() as connection:
        found = connection.execute(select(screen_attempts.c.recording, screen_attempts.c.attempts))
        return {row.recording: row.attempts for row in found}


def litter(vault: Vault) -> list[Path]:
    return list(vault.run_folder.iterdir())


@pytest.mark.parametrize(
    ("death", "told"),
    [
        ("die", "killed by SIGKILL: by the system for want of memory"), ("die_while_writing", "killed by SIGKILL"),
        ("leave", "with status 3"), ("run_out_of_memory", "asked for far more than the 1024 MiB of memory allowed"),
    ],
)  # fmt: skip
def test_what_kills_its_worker_again_and_again_is_quarantined_and_the_rest_is_screened(
    vault: tuple[Place, Vault], death: str, told: str
) -> None:
    place, opened = vault
    bad, healthy = poisoned(place, opened)
    done, errors = screen(opened, death)
    assert errors == {}
    assert (done[bad].state, done[bad].why) == (State.QUARANTINED, Why.DIED)
    for words in (told, "screen.memory_mib (now 1024)", f"'strongroom screen review retry {bad}'"):
        assert words in str(done[bad].reason)
    assert {steps.state(opened, i) for i in healthy} == {State.SCREENED}
    assert counted(opened) == {}
    assert litter(opened) == []
    assert vaults.check(opened) == []


def test_as_many_workers_die_as_the_settings_say(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    bad, _ = poisoned(place, opened, healthy=1)
    done, _ = screen(opened, "die_at_first", attempts=1)
    assert done[bad].why is Why.DIED
    assert (opened.run_folder / "tried-once").exists(), "it never ran"


def test_a_worker_that_dies_once_costs_a_retry_and_no_more(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    bad, healthy = poisoned(place, opened)
    done, errors = screen(opened, "die_at_first")
    assert errors == {}
    assert {i: s.state for i, s in done.items()} == dict.fromkeys([bad, *healthy], State.SCREENED)
    assert counted(opened) == {}


def test_what_hangs_is_stopped_and_quarantined_as_too_long(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    bad, healthy = poisoned(place, opened)
    done, _ = screen(opened, "hang", seconds=2)
    assert done[bad].why is Why.TOO_LONG
    assert {steps.state(opened, i) for i in healthy} == {State.SCREENED}
    assert vaults.check(opened) == []


@pytest.mark.parametrize("how", ["grow", "ask_for_much"])
def test_a_worker_that_takes_too_much_memory_is_stopped(vault: tuple[Place, Vault], how: str) -> None:
    place, opened = vault
    bad, healthy = poisoned(place, opened)
    done, _ = screen(opened, how, memory=2**28, attempts=1)
    assert done[bad].why is Why.DIED
    assert "256 MiB" in str(done[bad].reason) or "256 allowed" in str(done[bad].reason)
    assert {steps.state(opened, i) for i in healthy} == {State.SCREENED}


@pytest.mark.parametrize(("what", "told"), [("garble", "worker: "), ("fail", "store-unavailable: the store is away")])
def test_what_is_no_fault_of_the_recording_is_told_and_costs_no_attempt(
    vault: tuple[Place, Vault], what: str, told: str
) -> None:
    place, opened = vault
    bad, healthy = poisoned(place, opened)
    for _ in range(4):
        _, errors = screen(opened, what, attempts=1)
        assert errors.keys() == {bad}
        assert errors[bad].startswith(told)
        assert steps.state(opened, bad) is State.SEALED
    assert {steps.state(opened, i) for i in healthy} == {State.SCREENED}
    assert counted(opened) == {}
    assert screen(opened)[0][bad].state is State.SCREENED
    assert vaults.check(opened) == []


@pytest.mark.parametrize(("what", "code"), [("lie", "checksum"), ("say_nothing", "worker")])
def test_what_a_worker_says_of_its_result_is_checked(vault: tuple[Place, Vault], what: str, code: str) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened)
    done, errors = screen(opened, what)
    assert done == {}
    assert errors[one].startswith(f"{code}: ")
    assert steps.state(opened, one) is State.SEALED
    assert vaults.check(opened) == []


def test_an_error_of_a_decoder_quarantines_and_quotes_nothing(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened)
    done, errors = screen(opened, "odd")
    assert errors == {}
    assert (done[one].why, done[one].reason) == (Why.UNDECODABLE, "the screener failed with OddError")


# The gate


def test_what_the_first_pass_missed_the_second_finds_and_it_is_not_archived(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened, text=f"my card is {CARD}")
    (clean,) = steps.ingest(place, opened)
    done, _ = screen(opened, "blind")
    assert (done[one].state, done[one].why) == (State.QUARANTINED, Why.RESIDUE)
    assert steps.state(opened, clean) is State.SCREENED
    assert steps.tick(place, opened).archived == 1
    assert steps.state(opened, one) is State.QUARANTINED
    assert vaults.check(opened) == []


def test_report_only_cuts_nothing_and_quarantines_what_has_findings(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened, text=f"my card is {CARD}")
    (clean,) = steps.ingest(place, opened)
    done, _ = screen(opened, options=Options(preset=Preset.REPORT_ONLY))
    assert (done[one].why, done[one].cuts, len(done[one].findings)) == (Why.REPORT_ONLY, 0, 1)
    assert done[clean].state is State.SCREENED
    original = vaults.content(opened, clean)
    assert vaults.content(opened, clean, RenditionName.REDACTED) == original
    with opened.catalog.read() as connection:
        row = connection.execute(select(screenings).where(screenings.c.recording == one)).one()
    assert (row.preset, row.why, row.outcome) == ("report-only", "report-only", "quarantined")


def test_the_report_of_an_earlier_screening_makes_room_for_that_of_the_next(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened, text=f"my card is {CARD}")
    screen(opened, options=Options(preset=Preset.REPORT_ONLY))
    with opened.catalog.write() as connection:  # as a review does that has it screened again
        assert rows.transition(connection, RecordingId(one), expected=State.QUARANTINED, then=State.SEALED)
    done, errors = screen(opened)
    assert errors == {}
    assert done[one].state is State.SCREENED
    with opened.catalog.read() as connection:
        told = playback.report_of(connection, opened.keyring, RecordingId(one))
    assert told is not None
    assert (told["preset"], told["why"]) == ("strict", None)


def test_chats_come_out_alike_from_workers_and_from_this_process(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    ids = steps.ingest(place, opened, stage.FEW + 4, text=f"my card is {CARD}, code 737")
    done, errors = screen(opened)
    assert errors == {}
    assert {s.cuts for s in done.values()} == {len(done[ids[0]].findings)}
    for one in ids:
        assert CARD.encode() not in vaults.content(opened, one, RenditionName.REDACTED)
    assert vaults.check(opened) == []


# What a worker can reach


def test_a_worker_has_no_passphrase_no_file_but_its_own_and_writes_no_core(
    vault: tuple[Place, Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, opened = vault
    monkeypatch.setenv("STRONGROOM_PASSPHRASE", "a secret")
    (one,) = steps.ingest(place, opened)
    _, errors = screen(opened, "look_around")
    seen = json.loads(errors[one].split(": ", 1)[1])
    assert not [name for name in seen["environment"] if name.startswith("STRONGROOM")]
    originals = [name for name in seen["files"] if str(opened.settings.home) in name]
    assert len(originals) == 1
    assert opened.settings.store.name in originals[0]
    assert not [name for name in seen["files"] if "catalog" in name]
    assert (seen["core"], seen["nice"]) == ([0, 0], min(19, os.nice(0) + 10))
    assert not [key for key in seen["keys"] if key in seen["arguments"]]


# Broken off


def test_a_screening_that_is_told_to_stop_costs_no_attempt_and_leaves_nothing(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened)
    waiting = opened.run_folder / "waiting"
    done, errors = screen(opened, "wait_for_ever", stop=waiting.exists)
    assert (done, errors) == ({}, {})
    _gone(int(waiting.read_text()))
    waiting.unlink()
    assert counted(opened) == {}
    assert litter(opened) == []
    assert vaults.check(opened) == []
    assert screen(opened)[0][one].state is State.SCREENED


def test_what_another_process_is_at_is_left_to_it(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    taken, free = steps.ingest(place, opened, 2)
    claim = Claim.take(opened.run_folder, RecordingId(taken))
    assert claim is not None
    assert screen(opened)[0].keys() == {free}
    assert Claim.take(opened.run_folder, RecordingId(taken)) is None
    claim.release()
    assert screen(opened)[0].keys() == {taken}


PARENT = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tests import vaults
from tests.pipeline.test_workers import screen
with vaults.opened(Path(sys.argv[1]), vaults.StandingClock(datetime.fromisoformat(sys.argv[2]))) as vault:
    screen(vault, "wait_for_ever")
"""


def test_a_pass_that_is_killed_again_and_again_takes_its_workers_along_and_the_next_one_finishes(
    vault: tuple[Place, Vault],
) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened, text=f"my card is {CARD}")
    waiting = opened.run_folder / "waiting"
    arguments = [sys.executable, "-c", PARENT, str(place.home), place.clock.now().isoformat()]
    assert opened.settings.screen.attempts == 3
    for number in (1, 2, 3):
        with subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": str(ROOT)}) as parent:
            _until(waiting.exists, parent)
            _until(lambda: waiting.read_text() != "", parent)
            parent.kill()
        _gone(int(waiting.read_text()))
        waiting.unlink()
        assert counted(opened) == {one: number}
    done, errors = screen(opened)
    assert errors == {}
    assert done[one].state is State.SCREENED
    assert counted(opened) == {}
    assert vaults.check(opened) == []
    assert litter(opened) == []


def test_a_recording_that_kills_the_whole_machine_each_time_is_quarantined(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    (one,) = steps.ingest(place, opened)
    waiting = opened.run_folder / "waiting"
    arguments = [sys.executable, "-c", PARENT, str(place.home), place.clock.now().isoformat()]
    for _ in range(DEATH):
        with subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": str(ROOT)}) as parent:
            _until(waiting.exists, parent)
            os.kill(parent.pid, signal.SIGKILL)
        waiting.unlink()
    done, _ = screen(opened, attempts=1)
    assert done[one].why is Why.DIED
    assert "what screened it was killed again and again" in str(done[one].reason)
    assert vaults.check(opened) == []


def test_a_death_that_its_parent_saw_counts_whole_after_others_were_cut_off(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    bad, _ = poisoned(place, opened, healthy=1)
    with opened.catalog.write() as connection:
        connection.execute(insert(screen_attempts).values(recording=bad, attempts=DEATH, last_at=place.clock.now()))
    done, _ = screen(opened, "die_at_first", attempts=2)
    assert done[bad].why is Why.DIED


def _until(true: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    while not true():
        assert process.poll() is None, "it ended before"
        time.sleep(0.02)


def _gone(pid: int) -> None:
    """Wait until a process is no more; the test hangs, and fails so, if it stays."""
    while Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        time.sleep(0.02)


def test_every_attempt_is_told_by_its_end_alone(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    steps.ingest(place, opened, 3)
    screen(opened)
    with opened.catalog.read() as connection:
        assert connection.scalar(select(func.count()).select_from(screenings)) == 3


def test_a_transcript_stays_in_the_primary_store_and_is_purged_with_the_rest(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    vaults.apply_policy(opened, vaults.policy("short P10D destroy"))
    (one,) = steps.ingest(place, opened)
    assert screen(opened, "transcribe")[0][one].state is State.SCREENED
    assert vaults.content(opened, one, RenditionName.TRANSCRIPT).startswith(b"WEBVTT")
    assert steps.tick(place, opened).archived == 1
    assert vaults.check(opened) == []
    assert opened.archive is not None
    assert [b.blob for b in opened.archive.all()] == [steps.redacted(opened, one).blob]
    assert steps.tick(place, opened, days=14).purged == 1
    assert list(opened.primary.all()) == []
    assert vaults.check(opened) == []


def test_a_label_says_what_language_is_spoken() -> None:
    from vault.screen.work.begin import languages_of

    found = SimpleNamespace(labels=frozenset({"language:es", "Language:FR", "language:english", "es", "payment"}))
    assert languages_of(found) == {"es", "fr"}  # type: ignore[arg-type]
