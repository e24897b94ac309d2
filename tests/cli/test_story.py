"""The whole story from the terminal: policies, holds, plans, approvals, purges and their proof."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import ROOT, SAMPLES, Terminal, apply_policy, policy_text

DESTROY = policy_text(("everything", "all", "P3Y", "destroy"))
REVIEW = policy_text(("everything", "all", "P3Y", "review"))


def test_the_demo_script_of_one_vault_ends_whole(lived: Terminal) -> None:
    states = {row["id"]: row["state"] for row in lived.listed()}
    found = Counter(states.values())
    assert found["purged"] == 3
    assert found["archived"] + found["quarantined"] == 8
    assert found["archived"] > found["quarantined"]
    assert lived.faults(status=0) == []
    assert lived.rows("otto", "log", "verify")[-1]["whole"] is True


def test_a_plan_to_review_runs_only_once_another_person_has_approved_it(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", REVIEW)
    made = filled.rows("rita", "purge", "plan")
    plan, due = made[0]["plan"], {row["id"] for row in made[1:]}
    assert made[0]["needs_approval"] is True
    assert len(due) == 5

    assert filled.refused("rita", "purge", "run", plan)["error"] == "approval-missing"
    assert filled.refused("rita", "purge", "approve", plan)["error"] == "same-person"
    assert {row["state"] for row in filled.listed()} == {"sealed"}, "a refusal destroyed something"

    filled.ok("rob", "purge", "approve", plan)
    assert filled.refused("rob", "purge", "approve", plan)["error"] == "already-approved"
    ran = filled.rows("rita", "purge", "run", plan)
    assert {row["id"] for row in ran if row["purged"] == "yes"} == due
    assert {row["id"] for row in filled.listed() if row["state"] == "purged"} == due
    assert filled.refused("rita", "purge", "run", plan)["error"] == "stale-plan"
    assert filled.refused("rob", "purge", "approve", plan)["error"] == "stale-plan"
    assert filled.faults(status=0) == []


def test_jobs_do_not_purge_what_a_rule_puts_before_a_person(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", REVIEW)
    assert filled.rows("ada", "tick")[0]["purged"] == 0
    assert "purged" not in {row["state"] for row in filled.listed()}


def test_a_certificate_is_verified_elsewhere_with_the_public_key_alone(lived: Terminal, tmp_path: Path) -> None:
    recording = lived.id_of(state="purged", industry="broker-dealer")
    away = tmp_path / "away"
    away.mkdir()
    lived.ok("otto", "certificate", "show", recording, "-o", away / "c.json")
    shutil.copy(lived.home / "keys" / "log.pub", away / "key")
    env = {k: v for k, v in os.environ.items() if not k.startswith("STRONGROOM_")} | {"PYTHONPATH": str(ROOT)}

    def verify(name: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", "--json", "certificate", "verify", name,
             "--key", "key"], cwd=away, env=env, capture_output=True, check=False,
        )  # fmt: skip

    good = verify("c.json")
    assert good.returncode == 0, good.stderr
    said = json.loads(good.stdout)
    assert said["recording"] == recording
    assert said["approved_by"] == "rob (records)"
    assert said["keys_destroyed"] == ["metadata", "original"]
    assert sorted(path.name for path in away.iterdir()) == ["c.json", "key"], "verifying left something behind"

    body = (away / "c.json").read_bytes()
    (away / "forged.json").write_bytes(body.replace(b'"rob"', b'"roy"'))
    assert verify("forged.json").returncode == 5


def test_a_certificate_is_written_to_a_new_file_only(lived: Terminal, tmp_path: Path) -> None:
    recording = lived.id_of(state="purged", industry="broker-dealer")
    taken = tmp_path / "taken"
    taken.write_bytes(b"mine")
    assert lived("otto", "certificate", "show", recording, "-o", taken).status in {2, 3}
    assert taken.read_bytes() == b"mine"
    assert lived.ok("otto", "certificate", "show", recording).out.startswith(b"{")
    alive = lived.id_of(kind="screen")
    lived.refused("otto", "certificate", "show", alive, status=4)


def test_a_hold_placed_after_the_approval_protects(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", REVIEW)
    plan = filled.rows("rita", "purge", "plan")[0]["plan"]
    filled.ok("rob", "purge", "approve", plan)
    filled.ok("lena", "hold", "place", "--matter", "2026-014", "--reason", "letter", "--account", "ACME-4711")
    answer = filled("rita", "--json", "purge", "run", plan)
    assert answer.status == 3
    kept = [row for row in answer.rows if row["purged"] != "yes"]
    assert [row["id"] for row in kept] == [filled.id_of(industry="debt-collection", jurisdiction="DE")]
    assert "2026-014" in kept[0]["reason"]
    entry = [e for e in filled.told("--recording", kept[0]["id"]) if e["act"] == "purge.refused"]
    assert [(e["actor"], e["outcome"]) for e in entry] == [("rita", "refused")]
    assert filled.faults(status=0) == []


def test_a_hold_takes_two_people_to_release_and_protects_through_its_grace_period(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    apply_policy(filled, tmp_path / "p.yaml", DESTROY)
    placed = filled.rows("lena", "hold", "place", "--matter", "7", "--reason", "letter", "--queue", "collections")
    hold = placed[0]["hold"]
    # the two of the queue, and the screen recording that is the rest of an interaction
    assert placed[0]["recordings"] == 3
    held = {row["id"] for row in filled.listed("--queue", "collections")}
    due = _due(filled)
    assert len(due) == 3
    assert not due & held

    assert filled.refused("luis", "hold", "release", hold, "--approve")["error"] == "hold-state"
    filled.ok("lena", "hold", "release", hold, "--reason", "settled")
    assert filled.refused("lena", "hold", "release", hold, "--approve")["error"] == "same-person"
    assert filled.refused("luis", "hold", "release", hold, "--reason", "me too")["error"] == "hold-state"
    assert not _due(filled) & held, "a request alone let go"

    filled.ok("luis", "hold", "release", hold, "--approve")
    assert filled.refused("lena", "hold", "release", hold, "--approve")["error"] == "hold-state"
    assert not _due(filled) & held, "the grace period did not protect"
    travel(timedelta(days=13, hours=23))
    assert not _due(filled) & held, "the grace period ended early"
    travel(timedelta(days=14, minutes=1))
    assert _due(filled) == due | held
    travel(timedelta())
    assert filled.faults(status=0) == []


def test_a_hold_covers_what_arrives_later(people: Terminal, tmp_path: Path) -> None:
    placed = people.rows("lena", "hold", "place", "--matter", "1", "--reason", "x", "--caller", "(212) 555-0117")
    assert placed[0]["recordings"] == 0
    people.ok("rex", "ingest", "--manifest", SAMPLES / "manifest.jsonl")
    apply_policy(people, tmp_path / "p.yaml", DESTROY)
    people.ok("ada", "tick")
    held = people.id_of(queue="collections", jurisdiction="US")
    assert people.rows("ada", "show", held)[0]["state"] in {"archived", "quarantined"}
    assert people.rows("ada", "explain", held)[0]["reasons"][0]["hold"] == placed[0]["hold"]
    assert people.rows("lena", "hold", "list")[0]["recordings"] == 1


def test_a_hold_says_how_much_it_came_too_late_for(lived: Terminal) -> None:
    placed = lived.rows("lena", "hold", "place", "--matter", "1", "--reason", "x", "--industry", "broker-dealer")
    assert (placed[0]["recordings"], placed[0]["already_purged"], placed[0]["already_purged_is_exact"]) == (1, 1, True)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--matter", "1", "--reason", "x"), "hold-scope"),
        (("--matter", "1", "--reason", "x", "--state", "sealed"), "hold-scope"),
        (("--matter", "Mrs Smith", "--reason", "x", "--agent", "a"), "matter"),
        (("--matter", "1", "--reason", "x", "--caller", "nobody"), "search-term"),
        (("--matter", "1", "--reason", "x", "--last4", "12345"), "search-term"),
    ],
)
def test_a_hold_that_would_not_mean_what_it_says_is_not_placed(
    filled: Terminal, arguments: tuple[str, ...], error: str
) -> None:
    assert filled.refused("lena", "hold", "place", *arguments, status=2)["error"] == error
    assert filled.rows("lena", "hold", "list") == []


def test_shortening_a_policy_takes_a_second_person(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "long.yaml", policy_text(("everything", "all", "P20Y", "destroy")))
    short = tmp_path / "short.yaml"
    short.write_text(policy_text(("everything", "all", "P5Y", "destroy")))
    made = filled.rows("ada", "policy", "plan", short)
    assert made[0]["needs_approval"] is True
    assert {row["effect"]: row["recordings"] for row in made[1:]}["kept_shorter"] == 11
    plan = made[0]["plan"]
    assert filled.refused("ada", "policy", "apply", plan, short)["error"] == "approval-missing"
    assert filled.refused("ada", "policy", "approve", plan)["error"] == "not-authorised"
    filled.ok("rita", "policy", "approve", plan)
    assert filled.rows("ada", "policy", "apply", plan, short) == [{"version": 2}]
    assert filled.refused("ada", "policy", "apply", plan, short)["error"] == "stale-plan"


def test_lengthening_a_policy_takes_one_person(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P4Y", "destroy")))
    long = tmp_path / "long.yaml"
    long.write_text(policy_text(("everything", "all", "P20Y", "destroy")))
    made = filled.rows("ada", "policy", "plan", long)[0]
    assert made["needs_approval"] is False
    filled.ok("ada", "policy", "apply", made["plan"], long)


@pytest.mark.parametrize("moved", ["file", "version"])
def test_a_stale_policy_plan_is_refused(filled: Terminal, tmp_path: Path, moved: str) -> None:
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P20Y", "destroy")))
    short = tmp_path / "short.yaml"
    short.write_text(policy_text(("everything", "all", "P5Y", "destroy")))
    plan = filled.rows("ada", "policy", "plan", short)[0]["plan"]
    filled.ok("rita", "policy", "approve", plan)
    if moved == "file":
        short.write_text(policy_text(("everything", "all", "P4Y", "destroy")))
    else:
        apply_policy(filled, tmp_path / "q.yaml", policy_text(("everything", "all", "P21Y", "destroy")))
    assert filled.refused("ada", "policy", "apply", plan, short)["error"] == "stale-plan"


def test_every_version_of_a_policy_is_kept_as_it_was_written(filled: Terminal, tmp_path: Path) -> None:
    first, second = policy_text(("a", "all", "P4Y", "destroy")), policy_text(("a", "all", "P5Y", "review"))
    apply_policy(filled, tmp_path / "1.yaml", first)
    apply_policy(filled, tmp_path / "2.yaml", second)
    assert filled.ok("otto", "policy", "show", "--text").out.decode() == second
    assert filled.ok("otto", "policy", "show", "--version", "1", "--text").out.decode() == first
    filled.refused("otto", "policy", "show", "--version", "3", status=4)


def test_a_bad_policy_file_changes_nothing_and_is_told_line_by_line(people: Terminal, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(policy_text(("a", "all", "P-1Y", "destroy"), ("a", "none", "P1Y", "burn")))
    error = people.refused("ada", "policy", "plan", bad, status=2)
    assert error["error"] == "policy-syntax"
    assert "line 6" in error["message"]
    assert "burn" in error["message"]
    bad.write_bytes(b"\xff\xfe\x00policy")
    assert people("ada", "policy", "validate", bad).status == 2
    people.refused("ada", "policy", "show", status=4)


def test_a_rule_is_not_named_like_a_telephone_number(people: Terminal, tmp_path: Path) -> None:
    # its name goes into the log, which takes no such thing, at the moment of a purge
    bad = tmp_path / "bad.yaml"
    bad.write_text(policy_text(("2026-0144", "all", "P3Y", "destroy")))
    assert people.refused("ada", "policy", "validate", bad, status=2)["error"] == "policy-syntax"


def _due(sr: Terminal) -> set[str]:
    return {row["id"] for row in sr.rows("rita", "purge", "plan")[1:]}
