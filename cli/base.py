"""Commands as Strongroom has them: each takes --json, wherever it stands."""

from typing import Any

import click


def _set_json(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.obj.out.as_json = True


class Command(click.Command):
    """A command with --json."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(["--json"], is_flag=True, expose_value=False, callback=_set_json, help="Print JSON.")
        )


class Group(click.Group):
    """A noun: a group of commands with --json."""

    command_class = Command
