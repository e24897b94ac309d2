"""What holds for every command and every error."""

import importlib
import pkgutil
from collections.abc import Iterator

import click
import pytest

import cli as cli_package
import keys
import retention
import service
import vault
from cli.exits import status_of
from cli.main import cli
from keys.errors import (
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    StrongroomError,
    UnavailableError,
)
from tests.cli.terminal import Terminal

FAMILIES = (InvalidInputError, RefusedError, NotFoundError, IntegrityError, UnavailableError)
NEEDS_NO_HINT = {
    "argument": "the message says what was expected",
    "user-name": "the message gives the form",
    "search-term": "the message gives the form",
    "matter": "the message gives the form",
    "already-approved": "nothing is left to do",
    "blob-exists": "a name is never used twice: whoever sees it has found a bug",
    "not-canonical": "told by what was reading, which knows the next step",
    "sealed-shape": "inherits the hint of its parent",
    "manifest-row": "the message names row and field",
}


def _modules() -> None:
    for package in (cli_package, keys, retention, service, vault):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def errors(family: type[StrongroomError] = StrongroomError) -> Iterator[type[StrongroomError]]:
    _modules()
    for child in family.__subclasses__():
        if child not in FAMILIES and child.__module__.split(".")[0] in {"cli", "keys", "retention", "service", "vault"}:
            yield child
        yield from errors(child)


def test_every_error_has_a_code_of_its_own_a_family_and_a_hint() -> None:
    found = sorted(set(errors()), key=lambda e: e.__name__)
    assert len(found) > 60
    assert [e.__name__ for e in found if "code" not in vars(e)] == []
    codes = [e.code for e in found]
    assert sorted(codes) == sorted(set(codes))
    assert not set(codes) & {f.code for f in FAMILIES}
    for error in found:
        assert sum(issubclass(error, family) for family in FAMILIES) == 1, error
        assert error.hint or error.code in NEEDS_NO_HINT, error
        assert error.__doc__
        assert error.code == error.code.lower()


def test_each_family_has_its_exit_status() -> None:
    assert [status_of(family("x")) for family in FAMILIES] == [2, 3, 4, 5, 6]
    assert status_of(StrongroomError("x")) == 1


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_command_explains_itself_and_speaks_json(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str, ...]
) -> None:
    terminal = Terminal(tmp_path_factory.getbasetemp() / "no-vault")
    text = terminal.ok("ada", *path, "--help").out.decode()
    command = dict(commands())[path]
    assert command.help
    assert command.help.splitlines()[0].rstrip().endswith((".", ":")), command.help
    assert "--json" in text
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.type.name == "choice", (path, parameter.name)


def test_errors_are_for_people_or_for_programs(people: Terminal) -> None:
    plain = people("ada", "show", "x")
    assert plain.err.decode().splitlines()[0].startswith("error [recording-not-found]: ")
    assert plain.err.decode().splitlines()[1].startswith("  what to do: ")
    for args in (("--json", "show", "x"), ("show", "x", "--json"), ("show", "--json", "x")):
        assert people("ada", *args).error.keys() == {"error", "message", "hint"}
    process = people.process("ada", "show", "x", "--json")
    assert (process.status, process.error["error"]) == (4, "recording-not-found")
    assert people("ada", "nonsense").status == 2
