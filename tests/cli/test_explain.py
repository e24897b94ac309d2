"""What `explain` tells: of what is there every rule with its dates, of what is gone by which rule and by whom."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from keys.envelope import passphrase_of as secret_of
from retention.destroy import certificate
from service import settings
from service.assembly import Vault
from tests.cli.terminal import VAULT_PASSPHRASE, Terminal, apply_policy, policy_text
from vault.catalog.schema import certificates
from vault.clock import SystemClock

POLICY = policy_text(
    ("sales", "{queue: nobody}", "P7Y", "destroy"),
    ("everything", "all", "P30Y", "review"),
    ("telesales", "{kind: chat}", "P40Y", "destroy"),
).replace("name: everything", "name: everything\n    basis: 17 CFR 240.17a-4(b)(4)") + (
    "    once: contract-signed\n  - name: limit\n    match: all\n    erase_by: P20Y\n"
)


def explained(sr: Terminal, recording: str, *options: str) -> dict[str, Any]:
    return sr.rows("otto", "explain", recording, *options)[0]


def test_every_rule_is_told_with_its_clock_dates_and_citation(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    chat = filled.listed("--kind", "chat")[0]
    found = explained(filled, chat["id"], "--all")
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert set(rules) == {"everything", "limit", "telesales"}
    everything = rules["everything"]
    assert (everything["citation"], everything["clock"], everything["keep"]) == (
        "17 CFR 240.17a-4(b)(4)", "ended", "P30Y",
    )  # fmt: skip
    assert everything["starts"] == chat["ended"] == found["ended"]
    assert everything["keep_until"] == found["keep_until"] > found["erase_by"]
    assert (rules["telesales"]["counts"], rules["telesales"]["once"]) == (False, "contract-signed")
    assert found["decided_by"]["rule"] == found["rule"] == "everything"
    assert found["erase_by"] == rules["limit"]["ceilings"][0]["until"]
    assert [reason["code"] for reason in found["conflicts"]] == ["conflict"]
    assert found["policy"]["version"] == found["policy_version"] == 1
    assert found["reviewers"] == [[]]
    (missed,) = found["not_matching"]
    assert missed["rule"] == "sales"
    assert missed["because"].startswith("queue: the rule asks for nobody, the recording has ")
    assert "not_matching" not in explained(filled, chat["id"])


def test_it_is_told_in_words_a_lawyer_reads(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    text = filled.ok("otto", "explain", filled.listed("--kind", "chat")[0]["id"], "--all").out.decode()
    assert "KEEP until 20" in text
    assert "Decided by policy version 1: Schedule of the tests, in force since " in text
    assert "What decides: Rule everything (17 CFR 240.17a-4(b)(4)) keeps P30Y from the end of the recording on" in text
    assert "CONFLICT: limit wants it gone by" in text
    assert "Rule telesales says nothing until the event contract-signed is recorded." in text
    assert "A person reviews it before it is destroyed: anybody who may." in text
    assert "sales: queue: the rule asks for nobody, the recording has" in text


def test_holds_and_events_are_told(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    chat = filled.listed("--kind", "chat")[0]["id"]
    hold = filled.rows("lena", "hold", "place", "--matter", "2026-1", "--reason", "x", "--id", chat)[0]["hold"]
    filled.ok("rita", "event", "record", "contract-signed", "--recording", chat, "--at", "2026-01-05")
    found = explained(filled, chat)
    assert [(one["id"], one["matter"]) for one in found["holds"]] == [(hold, "2026-1")]
    assert found["decided_by"]["hold"] == hold
    assert [name for name, at in found["events"].items() if at] == ["contract-signed"]
    assert all(rule["counts"] for rule in found["rules"])
    assert "Event contract-signed: 2026-01-05" in filled.ok("otto", "explain", chat).text


def test_a_lock_in_the_archive_that_outlasts_the_policy_is_told(lived: Terminal) -> None:
    archived = next(
        row["id"] for row in lived.listed("--state", "archived") if explained(lived, row["id"])["keep_until"]
    )
    assert explained(lived, archived)["object_lock"]["outlasts_the_policy"] is False
    with contextlib.closing(sqlite3.connect(lived.home / "catalog.db")) as database:
        database.execute("UPDATE copies SET locked_until = 4102444800000000")
        database.commit()
    lock = explained(lived, archived)["object_lock"]
    assert lock["until"] == "2100-01-01T00:00:00+00:00"
    assert lock["outlasts_the_policy"] is True
    assert "object lock keeps its copy until 2100-01-01 00:00 UTC. That is longer" in lived.ok(
        "otto", "explain", archived
    ).text  # fmt: skip


def test_without_a_policy_it_is_kept_and_says_so(filled: Terminal) -> None:
    found = explained(filled, filled.listed()[0]["id"], "--all")
    assert (found["action"], found["keep_until"], found["policy"], found["rules"]) == ("keep", None, None, [])
    assert found["decided_by"]["code"] == "no-policy"
    assert found["not_matching"] == []


def purged(sr: Terminal) -> list[str]:
    return [str(row["id"]) for row in sr.listed("--state", "purged")]


def test_of_what_is_gone_it_tells_rule_version_time_people_and_certificate(lived: Terminal) -> None:
    reviewed, auto = {}, {}
    for recording in purged(lived):
        found = explained(lived, recording)
        (reviewed if found["approved_by"] else auto)[recording] = found
    assert reviewed
    for recording, found in (reviewed | auto).items():
        body = lived.ok("otto", "certificate", "show", recording).out
        assert found["certificate_sha256"] == hashlib.sha256(body).hexdigest()
        assert (found["policy_version"], found["policy"]["title"]) == (2, "Schedule of the tests")
        assert found["rule"] in {"everything", "reviewed"}
        assert found["kept_until"] < found["purged_at"]
        text = lived.ok("otto", "explain", recording).out.decode()
        assert f"strongroom certificate show {recording}" in text
        assert found["certificate_sha256"] in text
        assert f"Rule {found['rule']} of policy version 2 (Schedule of the tests) destroyed it" in text
    assert all(found["approved_by"] == [{"user": "rob", "role": "records"}] for found in reviewed.values())
    text = lived.ok("otto", "explain", next(iter(reviewed))).out.decode()
    assert "Approved by rob (records)." in text
    assert "Carried out by rita" in text


def test_what_went_by_itself_was_approved_by_nobody(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P3Y", "destroy")))
    assert filled.rows("ada", "tick")[0]["purged"] > 0
    found = explained(filled, purged(filled)[0])
    assert (found["approved_by"], found["carried_out_by"], found["under"]) == ([], "auto", "policy/1")
    assert found["keep"] == "P3Y"
    assert "No rule that matched asked for a person's review." in filled.ok("otto", "explain", purged(filled)[0]).text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("DELETE FROM certificates", "certificate-format"),
        ("UPDATE certificates SET body = (SELECT body FROM certificates ORDER BY recording DESC LIMIT 1)",
         "certificate-signature"),
        ("UPDATE policies SET digest = 'x'", "policy-altered"),
    ],
)  # fmt: skip
def test_an_end_whose_proof_was_altered_is_not_told_as_if_it_were_proven(
    lived: Terminal, change: str, error: str
) -> None:
    first = min(purged(lived))
    with contextlib.closing(sqlite3.connect(lived.home / "catalog.db")) as database:
        database.execute(change)
        database.commit()
    assert lived.refused("otto", "explain", first, status=5)["error"] == error


def test_a_certificate_of_another_recording_is_refused_though_the_log_is_gone(lived: Terminal) -> None:
    first, *_, last = sorted(purged(lived))
    with contextlib.closing(sqlite3.connect(lived.home / "catalog.db")) as database:
        body = "SELECT body FROM certificates WHERE recording = ?"
        database.execute(f"UPDATE certificates SET body = ({body}) WHERE recording = ?", (last, first))
        database.execute("DELETE FROM log_entries WHERE subject = ? AND act = 'purge'", (first,))
        assert database.total_changes == 2
        database.commit()
    assert lived.refused("otto", "explain", first, status=5)["error"] == "certificate-signature"


def test_a_certificate_that_the_vault_signed_and_the_log_does_not_tell_of_is_refused(lived: Terminal) -> None:
    first = min(purged(lived))
    known = {name: value for name, value in lived.environment("ada").items() if value is not None}
    vault = Vault(settings.load(lived.home, known), SystemClock(), lambda: secret_of(VAULT_PASSPHRASE))
    with contextlib.closing(vault), vault.catalog.write() as connection:
        mine = certificates.c.recording == first
        body = connection.scalar(select(certificates.c.body).where(mine))
        found = certificate.verify(body, vault.public_key)
        other = certificate.issue(replace(found, approvals=()), vault.signing_key)
        if other == body:
            other = certificate.issue(replace(found, plan="0" * 64), vault.signing_key)
        connection.execute(update(certificates).where(mine).values(body=other))
    assert lived.refused("otto", "explain", first, status=5)["error"] == "certificate-signature"


TABLES = "recordings renditions labels segments tokens copies certificates events erasures deletions log_entries"


@pytest.mark.parametrize("purge", [False, True])
def test_it_costs_the_same_however_much_is_kept(lived: Terminal, purge: bool) -> None:
    recording = next(row["id"] for row in lived.listed() if (row["state"] == "purged") is purge)
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        lived.ok("otto", "explain", recording, "--all")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    queries = [(text, values) for text, values in asked if text.startswith(("SELECT", "WITH")) and "FROM" in text]
    assert any("FROM recordings" in text for text, _ in queries)
    with contextlib.closing(sqlite3.connect(lived.home / "catalog.db")) as database:
        for text, values in queries:
            for *_, step in database.execute(f"EXPLAIN QUERY PLAN {text}", values):
                whole = step.startswith("SCAN ") and step.split()[1] in TABLES.split()
                assert not whole, (text, step)
