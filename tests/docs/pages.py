"""The pages of the documentation, their code blocks, and the command lines in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from cli.main import cli

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_HIDDEN = {"build", "dist"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(strongroom [^`]+)`")
_HEREDOC = re.compile(r"<<'?(\w+)'?$")


def all_pages() -> list[Path]:
    """Return every Markdown page of the project, specs included."""
    found = [path for path in ROOT.rglob("*.md") if not _is_foreign(path.relative_to(ROOT))]
    return sorted(found)


def _is_foreign(path: Path) -> bool:
    return any(part.startswith(".") or part in _HIDDEN for part in path.parts)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced code blocks of a language in a page's text."""
    return [body for name, body in _FENCE.findall(text) if name == language]


def shell_commands(block: str) -> Iterator[str]:
    """Yield the commands of a shell block, each with its continuation lines and here-document."""
    lines = iter(block.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command = command[:-1] + next(lines).strip()
        if heredoc := _HEREDOC.search(command):
            for more in lines:
                command += f"\n{more}"
                if more == heredoc[1]:
                    break
        if command.strip() and not command.lstrip().startswith("#"):
            yield command


def strongroom_lines(page: Path) -> list[str]:
    """Return every `strongroom …` that a page shows, in shell blocks and in its sentences."""
    text = page.read_text(encoding="utf-8")
    shown = [c.split("\n", 1)[0] for block in blocks(text, "sh") for c in shell_commands(block)]
    calls = [part.strip() for line in shown for part in re.split(r"\||&&|;|\$\(", line)]
    calls = [call[call.index("strongroom ") :] for call in calls if re.match(r"(\w+=\S+ |sudo .*)?strongroom ", call)]
    prose = _FENCE.sub("", text)
    return calls + [" ".join(found.split()) for found in _INLINE.findall(prose)]


@dataclass(frozen=True)
class WrongLineError(Exception):
    """A shown command line that the program would not understand."""

    problem: str


def check_line(line: str) -> None:
    """Compare a `strongroom …` line with the command tree.

    Raises:
        WrongLineError: a command, an option or the number of arguments is not the program's.

    """
    words = [w for w in shlex.split(line, comments=True)[1:] if w != "…"]
    command: click.Command = cli
    given: list[str] = []
    while words:
        word = words.pop(0)
        if word in {">", "<", ">>"}:
            break
        if word.startswith("-") and word != "-":
            _take_option(command, word, words)
        elif isinstance(command, click.Group):
            command = _command(command, word)
        else:
            given.append(word)
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    if len(given) > len(arguments) and not any(a.nargs == -1 for a in arguments):
        raise WrongLineError(f"expected at most {len(arguments)} arguments, got {given}")


def _command(group: click.Group, name: str) -> click.Command:
    found = group.commands.get(name)
    if found is None:
        raise WrongLineError(f"there is no command {name!r}")
    return found


def _take_option(command: click.Command, word: str, rest: list[str]) -> None:
    name, equals, _ = word.partition("=")
    ctx = click.Context(command)
    options = [p for p in command.get_params(ctx) if isinstance(p, click.Option)]
    found = next((o for o in options if name in (*o.opts, *o.secondary_opts) or name in _help_names(command)), None)
    if found is None:
        raise WrongLineError(f"{command.name} has no option {name!r}")
    if not found.is_flag and not equals and name not in _help_names(command) and rest:
        rest.pop(0)


def _help_names(command: click.Command) -> tuple[str, ...]:
    return ("-h", "--help") if command is cli else ("--help",)


def leaves(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that does something, with the words that lead to it."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command
