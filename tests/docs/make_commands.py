"""Write docs/commands.md from the commands' own help: python -m tests.docs.make_commands."""

import inspect
from collections.abc import Iterator

import click

from cli.main import cli
from tests.docs.pages import DOCS, leaves

PAGE = DOCS / "commands.md"
HEAD = """\
# Commands

Made from the program's own help by `python -m tests.docs.make_commands`; a test compares it. Every command takes
`--json`, which prints one object, or one on each line. `strongroom COMMAND --help` prints the same as below.

Options before the command say which vault and who you are:
"""
EXITS = """
Exit status: 0 done, 2 usage or bad input, 3 refused by a rule, 4 not found, 5 integrity failure, 6 something we need is
unavailable, 1 anything else. [errors.md](errors.md) has the code behind each.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD, *_options(cli), EXITS]
    for path, command in leaves():
        parts += ["", *_section(path, command)]
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _section(path: tuple[str, ...], command: click.Command) -> Iterator[str]:
    ctx = click.Context(command, info_name=" ".join(("strongroom", *path)))
    yield f"## {' '.join(path)}"
    yield ""
    yield f"`{command.get_usage(ctx).removeprefix('Usage: ')}`"
    yield ""
    yield inspect.cleandoc(command.help or "").replace("\f", "")
    yield ""
    yield from _options(command)


def _options(command: click.Command) -> Iterator[str]:
    ctx = click.Context(command)
    for parameter in command.get_params(ctx):
        if isinstance(parameter, click.Argument):
            continue  # the usage line names it
        record = parameter.get_help_record(ctx)
        if record is not None and "--help" not in record[0] and record[0] != "--json":
            shown, text = record
            yield f"- `{shown}`{': ' + text if text else ''}".replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
