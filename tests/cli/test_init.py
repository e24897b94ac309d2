"""Making a vault: what it refuses, what it leaves on the disk, where passphrases come from."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import ROOT, VAULT_PASSPHRASE, Terminal, passphrase_of


def test_a_vault_is_not_made_over_anything(people: Terminal, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in people.home.rglob("*") if p.is_file()}
    assert people.refused("ada", "init")["error"] == "vault-exists"
    assert {p: p.read_bytes() for p in people.home.rglob("*") if p.is_file()} == before
    other = Terminal(tmp_path / "other")
    other.home.mkdir()
    (other.home / "letter.txt").write_text("mine")
    assert other.refused("ada", "init")["error"] == "vault-exists"
    assert [p.name for p in other.home.iterdir()] == ["letter.txt"]


def test_a_whole_life_leaves_nothing_that_others_can_reach(people: Terminal, tmp_path: Path) -> None:
    fresh = Terminal(tmp_path / "fresh")
    code = "import os; os.umask(0); from cli.main import main; main()"
    chat = tmp_path / "chat.txt"
    chat.write_text("Agent: Hello\nCustomer: Hello, it is me\n")
    for args in (("init",), ("ingest", str(chat)), ("tick",), ("list",)):
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **fresh.environment("ada")}
        env = {k: v for k, v in variables.items() if v is not None}
        subprocess.run([sys.executable, "-c", code, *args], env=env, check=True, capture_output=True)
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (fresh.home, *fresh.home.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_the_first_user_runs_the_machine_unless_told_otherwise(people: Terminal, tmp_path: Path) -> None:
    users = {row["name"]: row["roles"] for row in people.rows("otto", "user", "list")}
    assert users["ada"] == ["admin", "operator", "recorder"]
    other = Terminal(tmp_path / "other")
    other.ok("zoe", "init", "--role", "admin", "--role", "records")
    assert other.rows("zoe", "user", "list")[0]["roles"] == ["admin", "records"]


@pytest.mark.parametrize("roles", [("admin", "legal"), ("auditor", "records"), ("auditor", "admin")])
def test_roles_that_watch_each_other_do_not_meet_in_one_person(
    people: Terminal, tmp_path: Path, roles: tuple[str, str]
) -> None:
    options = [part for role in roles for part in ("--role", role)]
    other = Terminal(tmp_path / "other")
    assert other.refused("ada", "init", *options)["error"] == "roles-conflict"
    assert not other.home.exists()
    new: dict[str, Any] = {"STRONGROOM_NEW_PASSPHRASE": "of the new one"}
    assert people.refused("ada", "user", "add", "bo", *options, **new)["error"] == "roles-conflict"
    assert people.refused("ada", "user", "roles", "rob", *roles)["error"] == "roles-conflict"


@pytest.mark.parametrize("name", ["auto", "Ada", "../ada", "", "a b", "x" * 65, "2125550147", "-ada"])
def test_a_name_that_the_log_or_a_file_cannot_hold_leaves_nothing_behind(
    people: Terminal, tmp_path: Path, name: str
) -> None:
    other = Terminal(tmp_path / "other")
    if name:
        assert other.refused("ada", "--user", name, "init", status=2)["error"] == "user-name"
        assert not other.home.exists()
    files = sorted(people.home.rglob("*"))
    answer = people("ada", "--json", "user", "add", "--role", "legal", "--", name, STRONGROOM_NEW_PASSPHRASE="new")
    assert (answer.status, answer.error["error"]) == (2, "user-name")
    assert sorted(people.home.rglob("*")) == files


def test_adding_a_name_that_is_taken_leaves_no_key_file(people: Terminal) -> None:
    key = next(row["public_key"] for row in people.rows("ada", "user", "list") if row["name"] == "rex")
    people.ok("ada", "user", "add", "guest", "--role", "recorder", "--public-key", key)
    new: dict[str, Any] = {"STRONGROOM_NEW_PASSPHRASE": "of the new one"}
    assert people.refused("ada", "user", "add", "guest", "--role", "legal", **new)["error"] == "user-exists"
    assert not (people.home / "users" / "guest.key").exists()
    assert people("ada", "user", "add", "lena", "--role", "legal", **new).status == 3


def test_passphrases_come_from_files_before_variables(people: Terminal, tmp_path: Path) -> None:
    vault, user = tmp_path / "vault", tmp_path / "user"
    vault.write_text(f"{VAULT_PASSPHRASE}\nsecond line\n")
    user.write_text(passphrase_of("ada"))
    env = {
        "STRONGROOM_PASSPHRASE": "wrong", "STRONGROOM_USER_PASSPHRASE": "wrong",
        "STRONGROOM_PASSPHRASE_FILE": str(vault), "STRONGROOM_USER_PASSPHRASE_FILE": str(user),
    }  # fmt: skip
    people.ok("ada", "log", "verify", **env)
    user.unlink()
    assert people.refused("ada", "list", status=6, **env)["error"] == "no-passphrase"


@pytest.mark.parametrize("variable", ["STRONGROOM_PASSPHRASE", "STRONGROOM_USER_PASSPHRASE"])
def test_without_a_passphrase_and_without_a_person_a_hint_is_given(
    people: Terminal, tmp_path: Path, variable: str
) -> None:
    chat = tmp_path / "chat.txt"
    chat.write_text("Agent: Hello\nCustomer: Hello, it is me\n")
    error = people.refused("ada", "ingest", chat, status=6, **{variable: None})
    assert error["error"] == "no-passphrase"
    assert f"{variable}_FILE" in error["hint"]
    other = Terminal(tmp_path / "other")
    assert other.refused("ada", "init", status=6, **{variable: None})["error"] == "no-passphrase"
    assert not other.home.exists()


@pytest.mark.parametrize("variable", ["STRONGROOM_PASSPHRASE", "STRONGROOM_USER_PASSPHRASE"])
def test_a_wrong_passphrase_is_refused(people: Terminal, tmp_path: Path, variable: str) -> None:
    chat = tmp_path / "chat.txt"
    chat.write_text("Agent: Hello\nCustomer: Hello, it is me\n")
    answer = people("ada", "--json", "ingest", chat, **{variable: "plums, seven of them"})
    assert (answer.status, answer.error["error"]) == (3, "wrong-passphrase")
    assert "plums" not in answer.text
    assert people.listed() == []
    assert people.refused("ada", "ingest", chat, status=2, **{variable: ""})["error"] == "passphrase"


def test_where_there_is_no_vault_a_command_says_so(tmp_path: Path) -> None:
    nowhere = Terminal(tmp_path / "nowhere")
    for command in (("list",), ("check",), ("tick",), ("upgrade",)):
        error = nowhere.refused("ada", *command, status=4)
        assert error["error"] == "no-vault"
        assert "strongroom init" in error["hint"]
    assert not nowhere.home.exists()


@pytest.mark.parametrize(
    "text",
    ["nonsense", "[store]\npaht = 'x'\n", "[holds]\ngrace_days = 0\n", "bare = 1\n", "[ingest]\nregion = 'xx'\n"],
)
def test_a_setting_that_is_not_known_or_out_of_bounds_is_refused(people: Terminal, text: str) -> None:
    with (people.home / "strongroom.toml").open("a") as file:
        file.write(f"\n{text}")
    assert people.refused("ada", "list", status=2)["error"] == "settings"
