"""`tick` and `run`: what is due is done, by one at a time, until told to stop, and not by a clock that jumped."""

import json
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import SAMPLES, Terminal, apply_policy, policy_text

EVERY_SECOND: dict[str, str | None] = {"STRONGROOM_SERVICE_TICK_SECONDS": "1"}


def report_of(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()
    return dict(json.loads(line))


def stopped(process: "subprocess.Popen[bytes]", number: signal.Signals) -> list[dict[str, Any]]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_does_what_arrives_and_stops_when_told(people: Terminal, number: signal.Signals) -> None:
    with people.start("ada", "--json", "run", env=EVERY_SECOND) as process:
        assert report_of(process)["screened"] == 0
        people.ok("rex", "ingest", "--manifest", SAMPLES / "manifest.jsonl")
        archived = quarantined = 0
        while archived + quarantined < 11:
            report = report_of(process)
            archived, quarantined = archived + report["archived"], quarantined + report["quarantined"]
        stopped(process, number)
    assert archived > quarantined
    assert Counter(r["state"] for r in people.listed()) == Counter(archived=archived, quarantined=quarantined)
    assert people.faults(status=0) == []
    assert list((people.home / "run").iterdir()) == []


def test_the_service_ends_the_step_in_hand_before_it_stops(people: Terminal, tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"{number}.txt").write_text(f"Agent: Hello\nCustomer: my parcel is number {number}\n")
    people.ok("rex", "ingest", *[tmp_path / f"{number}.txt" for number in range(150)])
    with people.start("ada", "--json", "run", env=EVERY_SECOND) as process:
        while not any(row["state"] != "sealed" for row in people.listed()):
            assert process.poll() is None
        stopped(process, signal.SIGTERM)
    assert people.faults(status=0) == []
    people.ok("ada", "tick")
    assert {row["state"] for row in people.listed()} == {"archived"}
    assert people.faults(status=0) == []


def test_two_services_never_do_the_same_turn(people: Terminal) -> None:
    with (
        people.start("ada", "--json", "run", env=EVERY_SECOND) as one,
        people.start("ada", "--json", "run", env=EVERY_SECOND) as two,
    ):
        while _ticks(people) < 4:
            assert one.poll() is None
            assert two.poll() is None
        reports = stopped(one, signal.SIGTERM) + stopped(two, signal.SIGTERM)
    assert len(reports) == _ticks(people)
    assert people.faults(status=0) == []


def _ticks(sr: Terminal) -> int:
    with closing(sqlite3.connect(sr.home / "catalog.db", timeout=60)) as connection:
        return int(connection.execute("SELECT count(*) FROM ticks").fetchone()[0])


@pytest.mark.parametrize("jump", [timedelta(days=30), timedelta(days=-30)])
def test_a_clock_that_jumped_purges_nothing_until_a_person_says_it_is_right(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None], jump: timedelta
) -> None:
    filled.ok("ada", "tick")
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P3Y", "destroy")))
    travel(jump)
    advice = {row["what"]: row["advice"] for row in filled("ada", "--json", "doctor").rows}
    assert "--clock-is-right" in advice["schedule"]
    for _ in range(2):  # a second pass believes it no more than the first
        answer = filled("ada", "--json", "tick")
        assert answer.status == 1
        assert answer.rows[0]["purged"] == 0
        assert "clock-jumped" in answer.rows[0]["errors"][0]
    assert not filled.listed("--state", "purged")
    # at a time before they were taken in, nothing is due by anybody's word
    assert filled.rows("ada", "tick", "--clock-is-right")[0]["purged"] == (5 if jump > timedelta() else 0)


def test_what_a_broken_store_could_not_give_up_is_owed_and_settled_later(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P3Y", "destroy")))
    (filled.home / "store").rename(tmp_path / "store")
    answer = filled("ada", "--json", "tick")
    assert answer.status in {1, 6}
    (tmp_path / "store").rename(filled.home / "store")
    with closing(sqlite3.connect(filled.home / "catalog.db")) as connection, connection:
        connection.execute("UPDATE deletions SET retry_at = 0")
    filled.ok("ada", "tick")
    assert len(filled.listed("--state", "purged")) == 5
    assert filled.faults(status=0) == []
    assert [row for row in filled.rows("ada", "check") if row.get("severity") == "owed"] == []


def test_the_service_needs_its_passphrases_before_it_starts(people: Terminal) -> None:
    for variable in ("STRONGROOM_PASSPHRASE", "STRONGROOM_USER_PASSPHRASE"):
        answer = people.process("ada", "--json", "run", env={**EVERY_SECOND, variable: None})
        assert (answer.status, answer.out) == (6, b"")
        assert answer.error["error"] == "no-passphrase"
