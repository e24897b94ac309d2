"""The README's walk, run line by line as a stranger would, against the sample recordings."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.terminal import CHEAP, SAMPLES
from tests.docs.pages import ROOT, blocks, shell_commands

WALK = "Five minutes with recordings of your own"
_STATUS = re.compile(r"# exit status (\d)")
_IDS = {
    "PLAN": re.compile(r"^plan ([0-9a-f]{32})", re.MULTILINE),
    "HOLD": re.compile(r"^(?:placed hold )?([0-9a-f]{32}) +2026-014|placed hold ([0-9a-f]{32})", re.MULTILINE),
    "RECORDING": re.compile(r"^([0-9a-f]{32}) +(?:chat|call|screen) ", re.MULTILINE),
}


@dataclass
class Stranger:
    """Somebody who types what the page says, in a folder of their own."""

    folder: Path
    environment: dict[str, str]
    seen: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def type(self, command: str) -> None:
        """Run a command; it must end as the page says, with 0 where it says nothing."""
        if command.startswith("export "):
            self._export(command)
            return
        for name in _IDS:
            command = re.sub(rf"\b{name}\b", lambda m: self.seen.get(m[0], m[0]), command)
        shown = _STATUS.search(command)
        done = subprocess.run(
            ["bash", "-c", command.replace("MY-RECORDINGS", "mine")],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.said = done.stdout + done.stderr
        assert done.returncode == (int(shown[1]) if shown else 0), f"$ {command}\n{self.said}"
        for name, pattern in _IDS.items():
            if found := pattern.search(done.stdout):
                self.seen[name] = next(part for part in found.groups() if part)

    def _export(self, command: str) -> None:
        for word in shlex.split(command)[1:]:
            name, _, value = word.partition("=")
            value = value.replace("$PWD", str(self.folder)).replace("$PATH", self.environment["PATH"])
            self.environment[name] = value


def a_stranger(folder: Path) -> Stranger:
    """Return somebody with the program in .venv/bin and a folder of recordings."""
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    program = tools / "strongroom"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from cli.main import main; main()" "$@"\n')
    program.chmod(0o700)
    (folder / "mine").symlink_to(SAMPLES / "recordings")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STRONGROOM_")}
    return Stranger(folder, {**inherited, **CHEAP, "PYTHONPATH": str(ROOT)})


def walk_lines() -> Iterator[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    begin = text.index(f"## {WALK}")
    for block in blocks(text[begin : text.index("\n## ", begin + 1)], "sh"):
        yield from shell_commands(block)


def test_the_walk_of_the_readme_ends_as_it_says(tmp_path: Path) -> None:
    stranger = a_stranger(tmp_path)
    said = {}
    for command in walk_lines():
        stranger.type(command)
        said[command.split("  #")[0].strip()] = stranger.said
    assert "11 taken, 0 duplicate, 0 refused" in said["strongroom --user ada ingest MY-RECORDINGS"]
    explained = [text for command, text in said.items() if " explain " in command]
    assert "Legal hold" in explained[-1]
    assert (tmp_path / "walk" / "opened.txt").read_text() == (tmp_path / "walk" / "one.txt").read_text()
    redacted = (tmp_path / "walk" / "redacted.txt").read_text()
    assert "1111 1111 1111" not in redacted
    assert "123" not in redacted
    purged = said["strongroom --user otto list --state purged"]
    held = _IDS["RECORDING"].search(said["strongroom --user ada list --caller 212.555.0117"])
    assert held is not None
    assert held[1] not in purged
    assert purged.count(" web ") == 1, "the chat that is not held was to be purged"
    verified = said["strongroom certificate verify walk/certificate.json --key walk/vault/keys/log.pub"]
    assert "rob (records)" in verified
    assert said["strongroom --user otto log verify"].startswith("whole:")
    assert "nothing it covered is purged before" in stranger.said


def test_the_readme_opens_with_the_two_commands() -> None:
    first = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "sh")[0]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [line.split("#")[0].split() for line in first.splitlines()] == [["make", "demo"], ["make", "test"]]
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)
