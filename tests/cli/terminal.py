"""A terminal to test with: `strongroom` as somebody, in this process for speed or as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from cli.door import told
from cli.main import cli

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "cli" / "samples"
PEOPLE = {
    "ada": ("admin", "operator", "recorder"),
    "lena": ("legal",),
    "luis": ("legal",),
    "rita": ("records",),
    "rob": ("records",),
    "otto": ("auditor",),
    "rex": ("recorder",),
}
CHEAP = {
    "STRONGROOM_KEYS_ARGON2_MEMORY_KIB": "19456",
    "STRONGROOM_KEYS_ARGON2_PASSES": "2",
    "STRONGROOM_KEYS_ARGON2_LANES": "1",
}
"""The lowest cost that key files may have."""
VAULT_PASSPHRASE = "seven plum trees"


def passphrase_of(user: str) -> str:
    """Return a user's passphrase: each has another, so that one is never good for two."""
    return f"the passphrase of {user}"


class _Main(click.Command):
    """What `cli.main.main` does, for a runner that hands over arguments."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any) -> Any:
        arguments = list(args or ())
        mask = os.umask(0o077)
        try:
            with told(as_json="--json" in arguments):
                return cli.main(arguments, prog_name, *rest, **extra)
        finally:
            os.umask(mask)


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    status: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Standard output and standard error together."""
        return self.out.decode() + self.err.decode()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON objects of standard output, one a line."""
        return [json.loads(line) for line in self.out.decode().splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The JSON object of standard error."""
        found = [json.loads(line) for line in self.err.decode().splitlines() if line.startswith("{")]
        assert len(found) == 1, self.text
        return dict(found[0])


class Terminal:
    """`strongroom` for one home folder."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home, self._env = home, env

    def environment(self, user: str, **env: str | None) -> dict[str, str | None]:
        """Return the variables a command of this user sees; None takes one away."""
        inherited: dict[str, str | None] = {name: None for name in os.environ if name.startswith("STRONGROOM_")}
        return {
            **inherited, **CHEAP, "STRONGROOM_HOME": str(self.home), "STRONGROOM_USER": user,
            "STRONGROOM_PASSPHRASE": VAULT_PASSPHRASE, "STRONGROOM_USER_PASSPHRASE": passphrase_of(user),
            **self._env, **env,
        }  # fmt: skip

    def __call__(self, user: str, *args: str | Path, **env: str | None) -> Answer:
        """Run a command in this process; what is no error of ours goes up to the test."""
        runner = CliRunner()
        result = runner.invoke(
            _Main("strongroom"), [str(a) for a in args], env=self.environment(user, **env), catch_exceptions=False
        )
        return Answer(result.exit_code, result.stdout_bytes, result.stderr_bytes)

    def ok(self, user: str, *args: str | Path, **env: str | None) -> Answer:
        """Run a command that must succeed."""
        answer = self(user, *args, **env)
        assert answer.status == 0, answer.text
        return answer

    def rows(self, user: str, *args: str | Path, **env: str | None) -> list[dict[str, Any]]:
        """Run a command that must succeed and return its JSON lines."""
        return self.ok(user, "--json", *args, **env).rows

    def refused(self, user: str, *args: str | Path, status: int = 3, **env: str | None) -> dict[str, Any]:
        """Run a command that must fail with a status; return its error."""
        answer = self(user, "--json", *args, **env)
        assert answer.status == status, answer.text
        return answer.error

    def start(
        self, user: str, *args: str | Path, env: dict[str, str | None] | None = None, **popen: Any
    ) -> "subprocess.Popen[bytes]":
        """Start a command as a process of its own; the caller waits for it and closes its pipes."""
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment(user, **(env or {}))}
        for stream in ("stdout", "stderr"):
            popen.setdefault(stream, subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, "-c", "from cli.main import main; main()", *map(str, args)],
            stdin=subprocess.DEVNULL, env={k: v for k, v in variables.items() if v is not None}, **popen,
        )  # fmt: skip

    def process(self, user: str, *args: str | Path, **options: Any) -> Answer:
        """Run a command as a process of its own."""
        with self.start(user, *args, **options) as process:
            out, err = process.communicate(timeout=60)
        return Answer(process.returncode, out or b"", err or b"")

    def id_of(self, **wanted: Any) -> str:
        """Return the id of the one recording whose listed fields are as wanted."""
        found = [r["id"] for r in self.listed() if all(r[name] == value for name, value in wanted.items())]
        assert len(found) == 1, (wanted, found)
        return str(found[0])

    def listed(self, *args: str) -> list[dict[str, Any]]:
        """Return everything `list` finds, without the mark of a next page."""
        return [row for row in self.rows("ada", "list", "--limit", "1000", *args) if "id" in row]

    def told(self, *args: str) -> list[dict[str, Any]]:
        """Return the newest entries of the log."""
        return self.rows("otto", "log", "show", "--last", "200", *args)

    def faults(self, status: int = 5) -> list[dict[str, Any]]:
        """Run a deep check and return its faults."""
        answer = self("ada", "--json", "check", "--deep")
        assert answer.status == status, answer.text
        return [row for row in answer.rows if row.get("severity") == "fault"]


def make_people(terminal: Terminal) -> None:
    """Make a vault with ada as its first user, and add the others."""
    terminal.ok("ada", "init")
    for name, roles in list(PEOPLE.items())[1:]:
        chosen = [part for role in roles for part in ("--role", role)]
        terminal.ok("ada", "user", "add", name, *chosen, STRONGROOM_NEW_PASSPHRASE=passphrase_of(name))


def apply_policy(terminal: Terminal, path: Path, text: str) -> int:
    """Write a policy file, plan it, have rob approve it if that is asked for, apply it; return its version."""
    path.write_text(text, encoding="utf-8")
    plan = terminal.rows("ada", "policy", "plan", path)[0]
    if plan["needs_approval"]:
        terminal.ok("rob", "policy", "approve", plan["plan"])
    return int(terminal.rows("ada", "policy", "apply", plan["plan"], path)[0]["version"])


def policy_text(*rules: tuple[str, str, str, str]) -> str:
    """Return a policy of rules (name, match, keep, then)."""
    lines = ["policy: strongroom/policy/v1", "title: Schedule of the tests", "rules:"]
    for name, match, keep, then in rules:
        lines += [f"  - name: {name}", f"    match: {match}", f"    keep: {keep}", f"    then: {then}"]
    return "\n".join(lines) + "\n"


def files_below(*folders: Path) -> Iterator[Path]:
    """Yield every file in the folders."""
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
