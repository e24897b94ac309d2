"""Who may do what: every command as every person, against the table of roles."""

from pathlib import Path

import pytest

from tests.cli.terminal import PEOPLE, Terminal
from vault.model import Role
from vault.people import _ALLOWED, Capability

NOBODYS = "0" * 32
COMMANDS: dict[str, tuple[tuple[str, ...], Capability]] = {
    "ingest": (("ingest", "{chat}"), Capability.INGEST),
    "list": (("list",), Capability.FIND),
    "show": (("show", NOBODYS), Capability.FIND),
    "explain": (("explain", NOBODYS), Capability.FIND),
    "open": (("open", NOBODYS), Capability.OPEN),
    "screen": (("screen",), Capability.SCREEN),
    "archive": (("archive",), Capability.ARCHIVE),
    "policy plan": (("policy", "plan", "{policy}"), Capability.POLICY_CHANGE),
    "policy approve": (("policy", "approve", NOBODYS), Capability.POLICY_APPROVE),
    "policy apply": (("policy", "apply", NOBODYS, "{policy}"), Capability.POLICY_CHANGE),
    "policy show": (("policy", "show"), Capability.POLICY_READ),
    "policy plan --show": (("policy", "plan", "--show", NOBODYS), Capability.POLICY_READ),
    "forecast": (("forecast", "--months", "1"), Capability.POLICY_READ),
    "hold place": (("hold", "place", "--matter", "1", "--reason", "x", "--agent", "a"), Capability.HOLD_CHANGE),
    "hold release": (("hold", "release", NOBODYS, "--approve"), Capability.HOLD_CHANGE),
    "hold list": (("hold", "list"), Capability.HOLD_READ),
    "hold show": (("hold", "show", NOBODYS), Capability.HOLD_READ),
    "purge plan": (("purge", "plan"), Capability.PURGE_PLAN),
    "purge show": (("purge", "show", NOBODYS), Capability.PURGE_READ),
    "purge approve": (("purge", "approve", NOBODYS), Capability.PURGE_APPROVE),
    "purge run": (("purge", "run", NOBODYS), Capability.PURGE_RUN),
    "certificate show": (("certificate", "show", NOBODYS), Capability.PURGE_READ),
    "user add": (("user", "add", "lena", "--role", "legal"), Capability.USERS),
    "user list": (("user", "list"), Capability.FIND),
    "user roles": (("user", "roles", "nobody", "legal"), Capability.USERS),
    "user disable": (("user", "disable", "nobody"), Capability.USERS),
    "keys status": (("keys", "status"), Capability.KEYS),
    "log show": (("log", "show"), Capability.LOG),
    "log verify": (("log", "verify"), Capability.LOG),
    "log checkpoint": (("log", "checkpoint"), Capability.LOG),
    "log prove": (("log", "prove", "0"), Capability.LOG),
    "check": (("check",), Capability.CHECK),
    "tick": (("tick",), Capability.TICK),
    "run": (("run",), Capability.TICK),
    "doctor": (("doctor",), Capability.CHECK),
}


def may(user: str, capability: Capability) -> bool:
    return any(capability in _ALLOWED[Role(role)] for role in PEOPLE[user])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_person_may_do_what_the_table_says_and_no_more(people: Terminal, tmp_path: Path, command: str) -> None:
    (tmp_path / "chat.txt").write_text("Agent: Hello\nCustomer: Hello, it is me\n")
    (tmp_path / "policy.yaml").write_text("policy: strongroom/policy/v1\ntitle: x\nrules: []\n")
    arguments, capability = COMMANDS[command]
    args = [a.format(chat=tmp_path / "chat.txt", policy=tmp_path / "policy.yaml") for a in arguments]
    for user in PEOPLE:
        allowed = may(user, capability)
        if allowed and command == "run":
            continue  # it would not end; test_service.py runs it
        answer = people(user, "--json", *args, STRONGROOM_NEW_PASSPHRASE="of the new one")
        refused = b'"not-authorised"' in answer.err
        assert refused is not allowed, (user, command, answer.text)
        if refused:
            assert answer.status == 3
            assert answer.out == b""
            givers = {str(role) for role, capabilities in _ALLOWED.items() if capability in capabilities}
            assert all(giver in answer.error["message"] for giver in givers)
            told = people.told("--recording", user) + people.told()
            entry = next(e for e in reversed(told) if e["act"] == "access.refused")
            assert (entry["actor"], entry["outcome"]) == (user, "refused")
            assert (entry["why"], entry["details"]) == ("not-authorised", {"capability": str(capability)})


def test_a_disabled_person_is_refused_everything(people: Terminal) -> None:
    people.ok("ada", "user", "disable", "lena")
    for command in (("list",), ("hold", "list"), ("log", "show")):
        assert people.refused("lena", *command)["error"] == "not-authorised"
    entries = [e for e in people.told() if e["actor"] == "lena" and e["act"] == "access.refused"]
    assert len(entries) == 3
    assert people("ada", "--json", "user", "roles", "lena", "records").status != 0
    assert people.faults(status=0) == []
    new = {"STRONGROOM_NEW_PASSPHRASE": "of the new one"}
    assert people("ada", "user", "add", "lena", "--role", "legal", **new).status == 3, "a name was given twice"


def test_somebody_elses_key_file_opens_nothing(people: Terminal) -> None:
    key = people.home / "users" / "ada.key"
    error = people.refused(
        "lena", "--user-key", key, "hold", "list", STRONGROOM_USER_PASSPHRASE="the passphrase of ada"
    )
    assert error["error"] == "not-your-key"
    key.chmod(0o644)
    assert people.refused("ada", "list")["error"] == "key-file-permission"
    key.unlink()
    assert people.refused("ada", "list", status=4)["error"] == "key-file-not-found"


def test_a_key_file_of_another_place_opens_for_its_owner(people: Terminal, tmp_path: Path) -> None:
    kept = tmp_path / "usb.key"
    (people.home / "users" / "lena.key").rename(kept)
    people.ok("lena", "--user-key", kept, "hold", "list")


def test_a_stranger_is_refused_and_told_without_a_name(people: Terminal) -> None:
    for name in ("mallory", "../../etc/passwd", "2125550147"):
        answer = people("ada", "--json", "--user", name, "list")
        assert (answer.status, answer.error["error"]) == (4, "user-not-found")
    entries = [e for e in people.told() if e["act"] == "access.refused"]
    assert {(e["actor"], e["why"]) for e in entries} == {("unknown", "user-not-found")}


def test_whoever_is_refused_learns_so_without_the_vaults_passphrase(people: Terminal) -> None:
    error = people.refused("lena", "purge", "plan", STRONGROOM_PASSPHRASE=None)
    assert error["error"] == "not-authorised"
    people.ok("lena", "list", STRONGROOM_PASSPHRASE=None)
    assert [e["act"] for e in people.told()][-2:] == ["access.refused", "list"]


def test_a_person_brings_a_key_that_never_was_in_the_vault(people: Terminal, tmp_path: Path) -> None:
    away = tmp_path / "zoe.key"
    key = people.rows("ada", "user", "keygen", "-o", away, STRONGROOM_NEW_PASSPHRASE="first")[0]["public_key"]
    people.ok("ada", "user", "add", "zoe", "--role", "legal", "--public-key", key)
    people.ok("zoe", "--user-key", away, "list", STRONGROOM_USER_PASSPHRASE="first")
    people.ok("zoe", "user", "passphrase", away, STRONGROOM_USER_PASSPHRASE="first", STRONGROOM_NEW_PASSPHRASE="second")
    assert people("zoe", "--user-key", away, "list", STRONGROOM_USER_PASSPHRASE="first").status == 3
    people.ok("zoe", "--user-key", away, "list", STRONGROOM_USER_PASSPHRASE="second")
    assert people.faults(status=0) == []


def test_nobody_changes_their_own_roles(people: Terminal) -> None:
    assert people.refused("ada", "user", "roles", "ada", "records", status=2)["error"] == "argument"
    assert people.refused("ada", "user", "disable", "ada", status=2)["error"] == "argument"
    people.ok("ada", "user", "roles", "rex", "records")
    people.ok("rex", "purge", "plan")
    assert people.faults(status=0) == []
