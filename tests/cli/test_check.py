"""`check`, `doctor` and `log`: what they find, how they end, and that others can follow the proof."""

import base64
import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from keys.signing import SigningKey
from tests.cli.terminal import Terminal


def blobs(home: Path, store: str) -> list[Path]:
    return sorted(p for p in (home / store).rglob("*") if p.is_file() and p.name != "strongroom-store")


def blob_of(sr: Terminal, recording: str, rendition: str) -> Path:
    with closing(sqlite3.connect(sr.home / "catalog.db")) as connection:
        query = "SELECT blob FROM renditions WHERE recording = ? AND name = ?"
        blob = connection.execute(query, [recording, rendition]).fetchone()[0]
    return next(path for path in blobs(sr.home, "store") if path.name == blob)


@pytest.mark.parametrize("store", ["store", "archive"])
def test_a_blob_that_belongs_to_nothing_is_found(lived: Terminal, store: str) -> None:
    template = blobs(lived.home, store)[0]
    planted = template.with_name(template.name[:-4] + "beef")
    shutil.copy(template, planted)
    found = lived.faults()
    assert [(row["promise"], planted.name in row["subject"]) for row in found] == [("P6", True)]


def test_a_file_that_is_no_blob_is_found(lived: Terminal) -> None:
    (lived.home / "store" / "notes.txt").write_text("what we found out")
    assert [row["promise"] for row in lived.faults()] in (["P6"], ["P1", "P6"], ["P6", "P1"])


def test_a_missing_blob_is_found(lived: Terminal) -> None:
    recording = lived.id_of(kind="screen")
    blob_of(lived, recording, "original").unlink()
    assert [(r["promise"], r["subject"]) for r in lived.faults()] == [("P6", f"{recording} original in primary")]


def test_a_blob_of_a_purged_recording_put_back_is_found(filled: Terminal, tmp_path: Path) -> None:
    kept = {path: path.read_bytes() for path in blobs(filled.home, "store")}
    (tmp_path / "p.yaml").write_text(
        "policy: strongroom/policy/v1\ntitle: x\nrules: [{name: a, match: all, keep: P3Y, then: destroy}]\n"
    )
    plan = filled.rows("ada", "policy", "plan", tmp_path / "p.yaml")[0]["plan"]
    filled.ok("rob", "policy", "approve", plan)
    filled.ok("ada", "policy", "apply", plan, tmp_path / "p.yaml")
    filled.ok("ada", "tick")
    gone = next(path for path in kept if not path.exists())
    gone.parent.mkdir(exist_ok=True, mode=0o700)
    gone.write_bytes(kept[gone])
    gone.chmod(0o600)
    found = [row for row in filled.faults() if gone.name in row["subject"]]
    assert [row["promise"] for row in found] == ["P3"]


def test_an_original_in_the_archive_is_found(lived: Terminal) -> None:
    recording = lived.id_of(queue="web", jurisdiction="US")
    blob = blob_of(lived, recording, "original")
    target = lived.home / "archive" / blob.relative_to(lived.home / "store")
    target.parent.mkdir(exist_ok=True, mode=0o700)
    shutil.copy(blob, target)
    assert any(blob.name in row["subject"] for row in lived.faults())
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection, connection:
        connection.execute("INSERT INTO copies VALUES (?, 'archive', '', NULL, 0)", [blob.name])
    assert ("P4", recording) in {(row["promise"], row["subject"]) for row in lived.faults()}


@pytest.mark.parametrize("name", ["catalog.db", "users/ada.key", "keys/root.key", "store", "strongroom.toml", "."])
def test_what_others_can_read_is_found(lived: Terminal, name: str) -> None:
    path = lived.home / name
    path.chmod(0o755 if path.is_dir() else 0o644)
    answer = lived("otto", "--json", "check")
    assert answer.status == 5
    found = [(r["promise"], r["subject"]) for r in answer.rows if r.get("severity") == "fault"]
    assert ("P1", name) in found
    # SQLite gives its side files the mode of the database
    assert all(promise == "P1" and subject.startswith(name) for promise, subject in found)
    doctor = {row["what"]: row for row in lived("otto", "--json", "doctor").rows}
    assert "chmod" in doctor["permissions"]["advice"]


def test_a_lock_of_a_dead_process_is_owed_and_swept(lived: Terminal) -> None:
    lock = lived.home / "run" / f"{'0' * 32}.lock"
    lock.touch(mode=0o600)
    owed = [row for row in lived.rows("ada", "check") if row.get("severity") == "owed"]
    assert [(row["promise"], row["subject"]) for row in owed] == [("P6", f"run/{lock.name}")]
    lived.ok("ada", "tick")
    assert not lock.exists()
    assert [row for row in lived.rows("ada", "check") if row.get("severity") == "owed"] == []


def test_what_a_dead_process_announced_is_owed_and_its_blob_is_swept(lived: Terminal) -> None:
    template = blobs(lived.home, "store")[0]
    litter = template.with_name(template.name[:-4] + "beef")
    shutil.copy(template, litter)
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection, connection:
        connection.execute("INSERT INTO intents VALUES (?, 'primary', ?, 0)", [litter.name, "0" * 32])
    assert [row["promise"] for row in lived.rows("ada", "check") if row.get("severity") == "owed"] == ["P6"]
    lived.ok("ada", "tick")
    assert not litter.exists()
    assert lived.faults(status=0) == []


def test_check_counts_by_promise_and_is_told(lived: Terminal) -> None:
    rows = lived.rows("otto", "check", "--deep")
    assert [row["promise"] for row in rows] == ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert {row["faults"] for row in rows} == {0}
    blobs(lived.home, "archive")[0].unlink()
    answer = lived("otto", "check")
    assert answer.status == 5
    told = [e["details"] for e in lived.told() if e["act"] == "check"]
    assert told == [{"deep": 1, "faults": 0}, {"deep": 0, "faults": 1}]


def test_doctor_fails_for_faults_and_not_for_what_waits(lived: Terminal) -> None:
    dear = {"STRONGROOM_KEYS_ARGON2_MEMORY_KIB": "65536", "STRONGROOM_KEYS_ARGON2_PASSES": "3"}
    # what waits for a person is a notice: how many of the samples that are is the screeners' word
    waits = ["quarantine"] if any(row["state"] == "quarantined" for row in lived.listed()) else []
    answer = lived("ada", "--json", "doctor", **dear)
    assert [row["what"] for row in answer.rows if row["advice"] != "fine"] == waits
    assert {row["level"] for row in answer.rows if row["what"] in waits} <= {"notice"}
    assert answer.status == 0
    cheap = lived("ada", "--json", "doctor")
    assert cheap.status == 1
    assert [row["what"] for row in cheap.rows if row["advice"] != "fine"] == ["key files", *waits]
    none = lived("ada", "--json", "doctor", STRONGROOM_ARCHIVE_KIND="none", **dear)
    assert none.status == 0
    assert {row["what"]: row["level"] for row in none.rows}["archive"] == "notice"


def test_doctor_tells_a_store_that_is_not_there(lived: Terminal, tmp_path: Path) -> None:
    (lived.home / "archive").rename(tmp_path / "archive")
    answer = lived("ada", "--json", "doctor")
    assert answer.status in {1, 6}
    assert "archive" in answer.text
    assert "Traceback" not in answer.text


def test_a_log_is_whole_under_its_own_key_only(lived: Terminal, tmp_path: Path) -> None:
    own = lived.home / "keys" / "log.pub"
    assert lived.rows("otto", "log", "verify", "--key", own)[-1]["whole"] is True
    assert lived.rows("otto", "log", "verify", "--key", own.read_text().strip())[-1]["whole"] is True
    other = tmp_path / "other.pub"
    other.write_text(f"{SigningKey.generate().public}\n")
    answer = lived("otto", "--json", "log", "verify", "--key", other)
    assert answer.status == 5
    assert answer.rows[-1]["whole"] is False
    assert {row["finding"] for row in answer.rows[:-1]} == {"checkpoint-key", "no-checkpoint"}
    assert lived.refused("otto", "log", "verify", "--key", "nonsense", status=2)["error"] == "public-key"
    (tmp_path / "bytes.pub").write_bytes(b"\xff\xfe\x00")
    assert lived.refused("otto", "log", "verify", "--key", tmp_path / "bytes.pub", status=2)["error"] == "argument"


def leaf(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()


def root_by_proof(body: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """Return the root that a proof leads to (RFC 9162 section 2.1.3.2), by hashlib alone."""
    node, last, at = leaf(body), size - 1, index
    for sibling in proof:
        if at % 2 or at == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        at, last = at >> 1, last >> 1
    assert last == 0
    return node


def test_a_proof_can_be_followed_with_hashlib_alone(lived: Terminal) -> None:
    size = lived.rows("otto", "log", "verify")[-1]["entries"]
    for index in {0, 1, size // 2, size - 1}:
        proven = lived.rows("otto", "log", "prove", str(index))[0]
        _, tree_size, root, *_ = proven["checkpoint"].split("\n")
        proof = [base64.b64decode(h, validate=True) for h in proven["proof"]]
        body = proven["entry"].encode()
        assert root_by_proof(body, index, int(tree_size), proof) == base64.b64decode(root, validate=True)
        assert root_by_proof(body + b" ", index, int(tree_size), proof) != base64.b64decode(root, validate=True)
    assert lived.refused("otto", "log", "prove", "100000", status=4)["error"] == "entry-not-found"


def test_the_newest_checkpoint_covers_what_was_just_done(lived: Terminal) -> None:
    before = int(lived.rows("otto", "log", "checkpoint")[0]["checkpoint"].split("\n")[1])
    lived.ok("ada", "list")
    after = lived.ok("otto", "log", "checkpoint").out.decode().split("\n")
    assert int(after[1]) == before + 1
    assert after[0] == f"strongroom/{lived.rows('otto', 'log', 'show', '--last', '1000')[0]['subject']}"
