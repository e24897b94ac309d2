"""Whoever owns the database or the stores and alters anything is found by a deep check, which names it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.errors import IntegrityError
from keys.secret import Secret
from keys.signing import SigningKey
from retention import check as retention_check
from service import settings
from service.assembly import Vault
from tests.cli.terminal import CHEAP, VAULT_PASSPHRASE, Terminal, apply_policy, policy_text
from vault.check import Checker, Severity
from vault.clock import SystemClock
from vault.log import journal
from vault.log.entry import Act
from vault.log.errors import LogStateError
from vault.model import Role
from vault.people import Actor
from vault.signed_act import APPROVAL_DOMAIN, SignedAct, approval_message

ARCHIVED = "SELECT id FROM recordings WHERE state = 'archived' ORDER BY id LIMIT 1"
SEALED = "SELECT id FROM recordings WHERE state = 'sealed' ORDER BY id LIMIT 1"
PURGED = "SELECT id FROM recordings WHERE state = 'purged' ORDER BY id LIMIT 1"
ACTIVE = "SELECT id FROM holds WHERE release_requested_at IS NULL"
ASKED = "SELECT id FROM holds WHERE release_requested_at IS NOT NULL AND released_at IS NULL"
RELEASED = "SELECT id FROM holds WHERE released_at IS NOT NULL"
PURGE_PLAN = "SELECT id FROM plans WHERE kind = 'purge' AND created_by = 'rita'"
POLICY_PLAN = "SELECT id FROM plans WHERE kind = 'policy' ORDER BY id LIMIT 1"
FLIPPED = "CAST(substr({0}, 1, 20) || char(unicode(substr({0}, 21, 1)) + 1) || substr({0}, 22) AS {1})"
DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Case:
    """A statement that alters the catalog, and what names the thing it altered (a query, or a word)."""

    name: str
    statement: str
    thing: str


def _recordings() -> Iterator[Case]:
    for column, value in (
        ("ended_at", f"ended_at - 400 * {DAY}"), ("created_at", f"created_at - {DAY}"), ("kind", "'screen'"),
        ("kind", "'nonsense'"), ("queue", "'elsewhere'"), ("queue", "NULL"), ("industry", "'retail2'"),
        ("jurisdiction", "'FR'"), ("ended_basis", "'taken-in'"), ("agent", "'nobody'"), ("agent", "NULL"),
        ("interaction", "'case-1'"), ("started_at", f"ended_at + {DAY}"), ("started_at", "NULL"), ("source", "'x'"),
        ("direction", "'internal'"), ("consent", "'none'"), ("media_type", "'text/html'"), ("duration_ms", "77"),
        ("sealed_metadata", "NULL"), ("sealed_metadata", "zeroblob(40)"), ("content_token", "zeroblob(32)"),
        ("source_token", "zeroblob(32)"),
        ("state", "'sealed'"), ("state", "'screened'"), ("state", "'quarantined'"), ("state", "'purged'"),
        ("state", "'nonsense'"),
    ):  # fmt: skip
        yield Case(f"{column}-{value}", f"UPDATE recordings SET {column} = {value} WHERE id = ({ARCHIVED})", ARCHIVED)
    for value in ("'soon'", "9000000000000000000"):
        yield Case(f"no-time-{value}", f"UPDATE recordings SET ended_at = {value} WHERE id = ({ARCHIVED})", "times")
    yield Case("tombstone-gone", f"DELETE FROM recordings WHERE id = ({PURGED})", PURGED)
    for state in ("screened", "archived", "quarantined", "purged"):
        yield Case(f"sealed-{state}", f"UPDATE recordings SET state = '{state}' WHERE id = ({SEALED})", SEALED)
    yield Case("revived", f"UPDATE recordings SET state = 'archived' WHERE id = ({PURGED})", PURGED)
    yield Case("agent-of-tombstone", f"UPDATE recordings SET agent = 'd.okafor' WHERE id = ({PURGED})", PURGED)
    yield Case("label-gone", f"DELETE FROM labels WHERE recording = ({ARCHIVED})", ARCHIVED)
    yield Case("label-new", f"INSERT INTO labels VALUES (({ARCHIVED}), 'more')", ARCHIVED)
    yield Case("token-gone", f"DELETE FROM tokens WHERE recording = ({ARCHIVED}) AND field = 'account'", ARCHIVED)
    yield Case("token-new", f"INSERT INTO tokens VALUES (({ARCHIVED}), 'account', zeroblob(32))", ARCHIVED)
    yield Case("token-of-purged", f"INSERT INTO tokens VALUES (({PURGED}), 'account', zeroblob(32))", PURGED)


def _renditions() -> Iterator[Case]:
    for name in ("original", "redacted"):
        of = f"recording = ({ARCHIVED}) AND name = '{name}'"
        for column, value in (
            ("sealed_sha256", "zeroblob(32)"), ("sealed_size", "sealed_size + 1"), ("plain_size", "plain_size + 1"),
            ("blob", "'00000000000000000000000000000000'"), ("media_type", "'text/html'"), ("name", "'transcript'"),
        ):  # fmt: skip
            yield Case(f"{name}-{column}", f"UPDATE renditions SET {column} = {value} WHERE {of}", ARCHIVED)
        yield Case(f"{name}-gone", f"DELETE FROM renditions WHERE {of}", ARCHIVED)
    of = f"blob IN (SELECT blob FROM renditions WHERE recording = ({ARCHIVED}))"
    yield Case("copy-gone", f"DELETE FROM copies WHERE {of}", ARCHIVED)
    yield Case("copy-elsewhere", f"UPDATE copies SET store = 'attic' WHERE {of}", ARCHIVED)
    for column, value in (("outcome", "'quarantined'"), ("outcome", "'archived'"), ("recording", "'x'")):
        where = f"WHERE recording = ({ARCHIVED})"
        yield Case(f"screening-{column}-{value}", f"UPDATE screenings SET {column} = {value} {where}", ARCHIVED)
    yield Case(
        "deletion-planted",
        "INSERT INTO deletions SELECT blob, 'primary', recording, 0, 0, 0, NULL FROM renditions "
        f"WHERE recording = ({ARCHIVED}) AND name = 'original'",
        ARCHIVED,
    )


def _keys() -> Iterator[Case]:
    for purpose in ("original", "redacted", "metadata"):
        delete = f"DELETE FROM key_slots WHERE subject = ({ARCHIVED}) AND purpose = '{purpose}'"
        yield Case(f"slot-{purpose}", delete, ARCHIVED)
    yield Case("slot-of-hold", f"DELETE FROM key_slots WHERE subject = ({ACTIVE})", ACTIVE)
    yield Case("slot-of-release", f"DELETE FROM key_slots WHERE subject = ({ASKED}) AND purpose = 'release'", ASKED)
    planted = f"INSERT INTO key_slots VALUES (({PURGED}), 'original', 1, zeroblob(60))"
    yield Case("slot-of-purged", planted, PURGED)
    yield Case("slot-of-no-epoch", f"UPDATE key_slots SET epoch = 9 WHERE subject = ({ARCHIVED})", "epoch 9")
    yield Case("epoch-gone", "DELETE FROM key_epochs", "epoch 1")


def _retention() -> Iterator[Case]:
    empty = f'UPDATE holds SET criteria = \'{{"queues":["nowhere"]}}\' WHERE id = ({ACTIVE})'
    yield Case("hold-criteria", empty, ACTIVE)
    yield Case("hold-criteria-garbage", f"UPDATE holds SET criteria = '{{' WHERE id = ({ACTIVE})", "hold")
    yield Case("hold-gone", f"DELETE FROM holds WHERE id = ({ACTIVE})", ACTIVE)
    yield Case("hold-scope", f"UPDATE holds SET sealed_scope = zeroblob(40) WHERE id = ({ACTIVE})", ACTIVE)
    for hold, name in ((ACTIVE, "active"), (ASKED, "asked")):
        ended = f"UPDATE holds SET released_at = placed_at, grace_until = placed_at WHERE id = ({hold})"
        yield Case(f"hold-{name}-released", ended, hold)
    yield Case("hold-grace", f"UPDATE holds SET grace_until = released_at WHERE id = ({RELEASED})", RELEASED)
    yield Case("hold-grace-none", f"UPDATE holds SET grace_until = NULL WHERE id = ({RELEASED})", RELEASED)
    yield Case("hold-asker", f"UPDATE holds SET release_requested_by = 'luis' WHERE id = ({RELEASED})", RELEASED)
    yield Case("hold-no-asker", f"UPDATE holds SET release_requested_by = NULL WHERE id = ({RELEASED})", RELEASED)
    yield Case("hold-unasked", f"UPDATE holds SET release_requested_at = NULL WHERE id = ({ASKED})", ASKED)
    yield Case("hold-revived", f"UPDATE holds SET released_at = NULL WHERE id = ({RELEASED})", RELEASED)
    shorter = "UPDATE policies SET text = replace(text, 'P3Y', 'P1Y') WHERE version = 2"
    yield Case("policy-text", shorter, "policy version 2")
    yield Case("policy-garbage", "UPDATE policies SET text = 'x' WHERE version = 2", "policy version 2")
    yield Case("policy-digest", "UPDATE policies SET digest = printf('%064d', 0) WHERE version = 2", "policy version 2")
    yield Case("policy-gone", "DELETE FROM policies WHERE version = 2", "policy version 2")
    planted = "INSERT INTO policies SELECT 3, digest, text, 0, 'ada' FROM policies WHERE version = 1"
    yield Case("policy-planted", planted, "policy version 3")
    for plan, name in ((PURGE_PLAN, "purge"), (POLICY_PLAN, "policy")):
        flipped = FLIPPED.format("body", "BLOB")
        yield Case(f"{name}-plan-body", f"UPDATE plans SET body = {flipped} WHERE id = ({plan})", plan)
        yield Case(f"{name}-plan-digest", f"UPDATE plans SET digest = printf('%064d', 0) WHERE id = ({plan})", plan)
        yield Case(f"{name}-plan-gone", f"DELETE FROM plans WHERE id = ({plan})", plan)
    for act in ("hold.release-request", "hold.release", "purge.approve", "policy.approve"):
        where = f"WHERE rowid = (SELECT rowid FROM approvals WHERE act = '{act}' LIMIT 1)"
        yield Case(f"{act}-signature", f"UPDATE approvals SET signature = zeroblob(64) {where}", "approvals")
        yield Case(f"{act}-user", f"UPDATE approvals SET user = 'otto' {where}", "approvals")
        yield Case(f"{act}-role", f"UPDATE approvals SET role = 'auditor' {where}", "approvals")
        yield Case(f"{act}-gone", f"DELETE FROM approvals {where}", "approvals")


def _certificates() -> Iterator[Case]:
    flipped = FLIPPED.format("body", "BLOB")
    yield Case("certificate-body", f"UPDATE certificates SET body = {flipped} WHERE recording = ({PURGED})", PURGED)
    yield Case("certificate-gone", f"DELETE FROM certificates WHERE recording = ({PURGED})", PURGED)
    other = "SELECT body FROM certificates ORDER BY recording DESC LIMIT 1"
    yield Case("certificate-other", f"UPDATE certificates SET body = ({other}) WHERE recording = ({PURGED})", PURGED)
    planted = f"INSERT INTO certificates SELECT ({ARCHIVED}), body, 0 FROM certificates LIMIT 1"
    yield Case("certificate-of-the-living", planted, ARCHIVED)


def _log() -> Iterator[Case]:
    for index in (0, 7, 23):
        flipped = FLIPPED.format("body", "BLOB")
        yield Case(f"body-{index}", f"UPDATE log_entries SET body = {flipped} WHERE leaf_index = {index}", "log")
        yield Case(f"gone-{index}", f"DELETE FROM log_entries WHERE leaf_index = {index}", "log")
        subject = f"UPDATE log_entries SET subject = 'other' WHERE leaf_index = {index}"
        yield Case(f"subject-{index}", subject, "log row")
        replaced = f"UPDATE log_entries SET leaf_index = NULL WHERE leaf_index = {index}"
        yield Case(f"unplaced-{index}", replaced, f"{index}")
    places = "UPDATE log_entries SET leaf_index = {} WHERE leaf_index = {}"
    yield Case("swapped", "; ".join(places.format(*pair) for pair in ((-1, 4), (4, 5), (5, -1))), "log")
    newest = "(SELECT max(leaf_index) FROM log_entries)"
    yield Case("tail-cut", f"DELETE FROM log_entries WHERE leaf_index > {newest} - 2", "log")
    largest = "WHERE size = (SELECT max(size) FROM log_checkpoints)"
    for where, name in ((largest, "newest"), ("WHERE size = (SELECT min(size) FROM log_checkpoints)", "oldest")):
        flipped = FLIPPED.format("note", "TEXT")
        yield Case(f"note-{name}", f"UPDATE log_checkpoints SET note = {flipped} {where}", "checkpoint")
        frontier = "substr(frontier, 1, length(frontier) - 1) || x'00'"
        yield Case(f"frontier-{name}", f"UPDATE log_checkpoints SET frontier = CAST({frontier} AS BLOB) {where}",
                   "checkpoint")  # fmt: skip
        yield Case(f"frontier-empty-{name}", f"UPDATE log_checkpoints SET frontier = x'' {where}", "checkpoint")
        yield Case(f"size-{name}", f"UPDATE log_checkpoints SET size = size + 1000 {where}", "checkpoint")
    yield Case("checkpoint-gone", f"DELETE FROM log_checkpoints {largest}", "log")
    yield Case("checkpoints-gone", "DELETE FROM log_checkpoints", "log")


def _people() -> Iterator[Case]:
    for name, value in (("public_key", "(SELECT public_key FROM users WHERE name = 'rex')"), ("disabled", "1"),
                        ("roles", "'legal'"), ("roles", "'admin,records'"), ("roles", "''"), ("roles", "'emperor'"),
                        ("public_key", "'none'")):  # fmt: skip
        yield Case(f"user-{name}-{value}", f"UPDATE users SET {name} = {value} WHERE name = 'rob'", "rob")
    yield Case("user-gone", "DELETE FROM users WHERE name = 'rob'", "rob")
    planted = "INSERT INTO users SELECT 'mallory', roles, public_key, 0, 0 FROM users WHERE name = 'rob'"
    yield Case("user-planted", planted, "mallory")
    yield Case("vault-id", "UPDATE vault_info SET value = printf('%032d', 1) WHERE name = 'vault-id'", "log")
    for name in ("vault-id", "public-key"):
        yield Case(f"{name}-gone", f"DELETE FROM vault_info WHERE name = '{name}'", name)
    other = "(SELECT public_key FROM users WHERE name = 'rex')"
    yield Case("public-key", f"UPDATE vault_info SET value = {other} WHERE name = 'public-key'", "public key")


CASES = [*_recordings(), *_renditions(), *_keys(), *_retention(), *_certificates(), *_log(), *_people()]


def alter(home: Path, statement: str) -> None:
    """Alter a catalog as somebody with any SQLite program would."""
    with closing(sqlite3.connect(home / "catalog.db")) as connection, connection:
        for part in statement.split("; "):
            assert connection.execute(part).rowcount > 0, "the statement altered nothing"


def ask(home: Path, query: str) -> str:
    """Return what a query answers, or the text itself if it is none."""
    if not query.startswith("SELECT"):
        return query
    with closing(sqlite3.connect(home / "catalog.db")) as connection:
        rows = connection.execute(query).fetchall()
    assert len(rows) == 1, query
    return str(rows[0][0])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_deep_check_finds_what_was_altered_in_the_catalog(lived: Terminal, case: Case) -> None:
    thing = ask(lived.home, case.thing)
    alter(lived.home, case.statement)
    answer = lived("ada", "--json", "check", "--deep")
    assert answer.status == 5, answer.text
    assert thing == "approvals" or thing in answer.text, answer.text
    said = [row for row in answer.rows if row.get("severity") == "fault"] or [answer.error]
    assert said


def test_nothing_is_found_where_nothing_was_altered(lived: Terminal) -> None:
    assert lived.faults(status=0) == []


def test_a_deletion_planted_in_the_catalog_deletes_nothing_that_is_kept(lived: Terminal) -> None:
    before = _blobs(lived.home, "store")
    alter(lived.home, next(case.statement for case in CASES if case.name == "deletion-planted"))
    lived("ada", "tick")
    assert set(before) <= set(_blobs(lived.home, "store"))


def test_what_was_hidden_from_a_hold_is_not_purged(filled: Terminal, tmp_path: Path) -> None:
    filled.ok("lena", "hold", "place", "--matter", "1", "--reason", "x", "--account", "ACME-4711")
    filled.ok("lena", "hold", "place", "--matter", "2", "--reason", "x", "--agent", "j.ito")
    held = {filled.id_of(jurisdiction="DE"), filled.id_of(industry="insurance", queue="premiums")}
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P3Y", "destroy")))
    alter(
        filled.home, "DELETE FROM tokens; UPDATE recordings SET interaction = NULL; UPDATE recordings SET agent = 'x'"
    )
    filled("ada", "tick")
    assert held <= {row["id"] for row in filled.listed() if row["state"] != "purged"}


def test_what_vanished_with_its_blobs_is_missed(lived: Terminal) -> None:
    recording = ask(lived.home, SEALED)
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection, connection:
        for (blob,) in connection.execute("SELECT blob FROM renditions WHERE recording = ?", [recording]).fetchall():
            (lived.home / "store" / blob[:7] / blob).unlink()
        for table in ("labels", "tokens", "renditions"):
            connection.execute(f"DELETE FROM {table} WHERE recording = ?", [recording])
        connection.execute("DELETE FROM key_slots WHERE subject = ?", [recording])
        connection.execute("DELETE FROM recordings WHERE id = ?", [recording])
    assert [(row["promise"], row["subject"]) for row in lived.faults()] == [("P2", recording)]


def _blobs(home: Path, store: str) -> list[Path]:
    return sorted(p for p in (home / store).rglob("*") if p.is_file() and p.name != "strongroom-store")


@pytest.mark.parametrize("store", ["store", "archive"])
@pytest.mark.parametrize("place", [0.0, 0.02, 0.5, 0.98, 1.0])
def test_a_deep_check_finds_a_flipped_byte_of_a_blob(lived: Terminal, store: str, place: float) -> None:
    for blob in _blobs(lived.home, store)[:3]:
        data = bytearray(blob.read_bytes())
        data[int(place * (len(data) - 1))] ^= 0x01
        blob.write_bytes(data)
        with closing(sqlite3.connect(lived.home / "catalog.db")) as connection:
            owner = connection.execute("SELECT recording FROM renditions WHERE blob = ?", [blob.name]).fetchone()[0]
        found = lived.faults()
        assert any(owner in row["subject"] for row in found), found


@pytest.mark.parametrize("store", ["store", "archive"])
@pytest.mark.parametrize("change", ["cut", "grown", "emptied", "gone"])
def test_a_check_finds_a_blob_of_another_size(lived: Terminal, store: str, change: str) -> None:
    blob = _blobs(lived.home, store)[0]
    data = blob.read_bytes()
    if change == "gone":
        blob.unlink()
    else:
        blob.write_bytes({"cut": data[:-1], "grown": data + b"\0", "emptied": b""}[change])
    answer = lived("ada", "--json", "check")
    assert answer.status == 5
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection:
        owner = connection.execute("SELECT recording FROM renditions WHERE blob = ?", [blob.name]).fetchone()[0]
    assert owner in answer.text


def test_a_redacted_blob_swapped_together_with_its_row_is_found(lived: Terminal) -> None:
    # the archive then holds the original, under a row that agrees with it
    recording = ask(lived.home, ARCHIVED)
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection, connection:
        rows = dict(connection.execute("SELECT name, blob FROM renditions WHERE recording = ?", [recording]).fetchall())
        for store in ("store", "archive"):
            for path in _blobs(lived.home, store):
                if path.name == rows["redacted"]:
                    original = next(p for p in _blobs(lived.home, "store") if p.name == rows["original"])
                    path.write_bytes(original.read_bytes())
        connection.execute(
            "UPDATE renditions SET (sealed_sha256, sealed_size) = (SELECT sealed_sha256, sealed_size FROM renditions "
            "WHERE recording = ?1 AND name = 'original') WHERE recording = ?1 AND name = 'redacted'", [recording],
        )  # fmt: skip
    assert any(row["promise"] in {"P4", "P5"} and recording in row["subject"] for row in lived.faults())


def test_an_approval_forged_by_the_owner_of_the_database_destroys_nothing(lived: Terminal, tmp_path: Path) -> None:
    sealed = lived.listed("--state", "sealed")
    alter(lived.home, "UPDATE policies SET digest = digest")
    text = lived.ok("ada", "policy", "show", "--text").out.decode().replace("P3Y", "P1D").replace("destroy", "review")
    path = tmp_path / "p.yaml"
    path.write_text(text)
    plan = lived.rows("ada", "policy", "plan", path)[0]["plan"]
    lived.ok("rob", "policy", "approve", plan)
    lived.ok("ada", "policy", "apply", plan, path)
    made = lived.rows("rita", "purge", "plan")[0]
    key = SigningKey.generate()
    message = approval_message(SignedAct.PURGE, str(made["digest"]), "rob", Role.RECORDS)
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection, connection:
        connection.execute(
            "INSERT INTO approvals VALUES (?, 'rob', 'purge.approve', 'records', ?, ?, 0)",
            [made["digest"], str(key.public), key.sign(APPROVAL_DOMAIN, message)],
        )
    assert lived.refused("rita", "purge", "run", made["plan"], status=5)["error"] == "approval-signature"
    assert lived.listed("--state", "sealed") == sealed
    assert any(made["digest"] in row["subject"] for row in lived.faults())


def test_a_public_key_that_was_replaced_stops_every_command(lived: Terminal) -> None:
    path = lived.home / "keys" / "log.pub"
    whole = path.read_bytes()
    for forged in (f"{SigningKey.generate().public}\n".encode(), b"", b"\xff\xfe", whole[:-3] + b"\n"):
        path.write_bytes(forged)
        for command in (("check", "--deep"), ("list",), ("log", "verify")):
            answer = lived("ada", *command)
            assert answer.status == 5, (forged, command, answer.text)
            assert "log.pub" in answer.text
    path.unlink()
    assert lived("ada", "check", "--deep").status in {4, 5}


def test_a_public_key_replaced_in_both_places_is_found(lived: Terminal) -> None:
    forged = str(SigningKey.generate().public)
    (lived.home / "keys" / "log.pub").write_text(f"{forged}\n")
    alter(lived.home, f"UPDATE vault_info SET value = '{forged}' WHERE name = 'public-key'")
    for command in (("check", "--deep"), ("log", "verify")):
        answer = lived("ada", *command)
        assert answer.status == 5, answer.text
        assert "log.pub" in answer.text


@pytest.fixture
def opened(lived: Terminal) -> Iterator[Vault]:
    vault = Vault(settings.load(lived.home, CHEAP), SystemClock(), lambda: Secret(VAULT_PASSPHRASE.encode()))
    yield vault
    vault.close()


def test_a_forged_frontier_is_never_signed_on(opened: Vault) -> None:
    newest = "WHERE size = (SELECT max(size) FROM log_checkpoints)"
    forged = "CAST(substr(frontier, 1, length(frontier) - 1) || x'00' AS BLOB)"
    alter(opened.settings.home, f"UPDATE log_checkpoints SET frontier = {forged} {newest}")
    with opened.catalog.write() as connection:
        journal.append(connection, [Actor("ada", "role/admin").entry(opened.clock.now(), Act.LIST, None)])
    with pytest.raises(LogStateError):
        opened.sequence()


def _is_found(vault: Vault) -> bool:
    checker = Checker(
        catalog=vault.catalog, stores=vault.stores, public_key=vault.public_key, origin=vault.origin, deep=False
    )
    try:
        found = [*checker.findings(), *retention_check.findings(vault.catalog, vault.public_key, vault.id)]
    except IntegrityError:
        return True
    return any(f.severity is Severity.FAULT for f in found)


@pytest.mark.parametrize(
    ("table", "column", "which"),
    [
        ("log_checkpoints", "note", "size = (SELECT max(size) FROM log_checkpoints)"),
        ("log_checkpoints", "frontier", "size = (SELECT max(size) FROM log_checkpoints)"),
        ("log_entries", "body", "leaf_index = 11"),
        ("certificates", "body", f"recording = ({PURGED})"),
        ("holds", "criteria", f"id = ({ACTIVE})"),
        ("approvals", "signature", "act = 'hold.release'"),
        ("approvals", "public_key", "act = 'hold.release'"),
        ("users", "public_key", "name = 'rob'"),
        ("users", "roles", "name = 'rob'"),
        ("renditions", "sealed_sha256", f"recording = ({ARCHIVED}) AND name = 'redacted'"),
        ("recordings", "sealed_metadata", f"id = ({ARCHIVED})"),
    ],
)
def test_a_bit_flipped_at_places_all_along_a_field_is_found(opened: Vault, table: str, column: str, which: str) -> None:
    with closing(sqlite3.connect(opened.settings.home / "catalog.db")) as connection:
        whole = connection.execute(f"SELECT {column} FROM {table} WHERE {which}").fetchone()[0]
        data = whole if isinstance(whole, bytes) else whole.encode()
        missed = []
        step = max(1, len(data) // 12)
        for at in [*range(0, len(data), step), len(data) - 1]:
            altered = data[:at] + bytes([data[at] ^ 0x02]) + data[at + 1 :]
            value = altered if isinstance(whole, bytes) else altered.decode(errors="replace")
            with connection:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {which}", [value])
            if not _is_found(opened):
                missed.append(at)
        with connection:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {which}", [whole])
    assert missed == []
    assert not _is_found(opened)
