"""`screen`, its report, and what becomes of the samples: everything is screened, or quarantined for a stated reason."""

import contextlib
import signal
import time
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from vault.screen.errors import Why


def test_all_that_waits_is_screened_or_quarantined_with_a_reason(filled: Terminal) -> None:
    rows = filled.rows("rita", "screen")
    assert {row["id"] for row in rows} == {row["id"] for row in filled.listed()}
    assert {row["state"] for row in filled.listed()} <= {"screened", "quarantined"}
    for row in rows:
        assert (row["state"] == "quarantined") == (row["why"] is not None) == (row["reason"] is not None), row
    assert {row["why"] for row in rows} <= {None, *map(str, Why)}
    assert filled.rows("rita", "screen") == []
    assert filled.faults(status=0) == []
    assert list((filled.home / "run").iterdir()) == []


@pytest.mark.parametrize("words", [("screen",), ("screen", "now"), ("screen", "--json"), ("screen", "now", "--json")])
def test_the_word_now_may_be_left_out(filled: Terminal, words: tuple[str, ...]) -> None:
    first, second = [row["id"] for row in filled.listed("--kind", "chat")][:2]
    assert [row["id"] for row in filled.rows("rita", *words, first)] == [first]
    assert filled.rows("rita", *words, second)[0]["state"] == "screened"


def test_what_cannot_be_screened_is_told_and_does_not_stop_the_rest(filled: Terminal) -> None:
    one, other = [row["id"] for row in filled.listed("--kind", "chat")][:2]
    filled.ok("rita", "screen", one)
    answer = filled("rita", "--json", "screen", one, "nonsense", "0" * 32, other)
    assert answer.status == 1
    assert [row["id"] for row in answer.rows] == [other]
    lines = answer.err.decode().splitlines()
    assert [line.split(": ")[1] for line in lines] == ["wrong-state", "recording-not-found", "recording-not-found"]
    assert all(line.startswith("not screened  ") for line in lines)


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if path.read_text(encoding="utf-8").rpartition(")")[2].split()[1] == str(pid):
                found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize(("number", "status", "named"), [(signal.SIGINT, 130, False), (signal.SIGTERM, 143, True)])
def test_what_is_stopped_says_what_waits_and_goes_on_later(
    filled: Terminal, number: signal.Signals, status: int, *, named: bool
) -> None:
    waiting = {row["id"] for row in filled.listed()}
    one = filled.listed("--kind", "screen")[0]["id"]
    process = filled.start("rita", "screen", *([one] if named else []))
    while not (filled.home / "run" / f"screen-{one}.lock").exists() or not (workers := _children(process.pid)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == status, err
    states = {row["id"]: row["state"] for row in filled.listed()}
    left = {i for i in ({one} if named else waiting) if states[i] == "sealed"}
    assert one in left
    assert f"{len(waiting) - len(left) if not named else 0} done, {len(left)} wait as before" in err.decode()
    assert "run the same command again to go on" in err.decode()
    assert "Aborted" not in (out + err).decode()
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert list((filled.home / "run").iterdir()) == []
    assert filled.faults(status=0) == []
    assert filled.rows("rita", "screen", one)[0]["id"] == one


def test_help_shows_the_commands_and_the_ids(people: Terminal) -> None:
    text = people.ok("ada", "screen", "--help").out.decode()
    assert "[ID]..." in text
    assert all(name in text for name in ("now", "report", "review"))


def test_the_report_has_the_numbers_of_a_period(filled: Terminal) -> None:
    screened = filled.rows("rita", "screen")
    (told,) = filled.rows("otto", "screen", "report")
    quarantined = [row for row in screened if row["state"] == "quarantined"]
    assert sum(told["screened"].values()) == len(screened) - len(quarantined)
    assert sum(told["quarantined"].values()) == sum(told["reasons"].values()) == len(quarantined) == told["waiting"]
    assert told["cuts"] == sum(row["cuts"] for row in screened if row["state"] == "screened")
    assert told["found"]["text/card"] > 0
    assert told["found"]["text/security-code"] > 0
    assert told["held_originals"] == 0
    (before,) = filled.rows("otto", "screen", "report", "--to", "2001-01-01")
    (after,) = filled.rows("otto", "screen", "report", "--from", "2001-01-01", "--to", "9999-01-01")
    assert (before["screened"], before["cuts"]) == ({}, 0)
    assert {**after, "from": None, "to": None} == told
    table = filled.ok("otto", "screen", "report").out.decode()
    assert "recordings screened" in table
    assert "text, card" in table


def test_only_those_who_may_read_the_log_get_the_report(people: Terminal) -> None:
    people.refused("rex", "screen", "report")
    people.refused("otto", "screen")
    assert people("otto", "screen", "report", "--from", "yesterday").status == 2
