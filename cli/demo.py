"""placeholder"""

import click

from cli.base import Command


@click.command(cls=Command)
def demo() -> None:
    """Tell the whole story on sample recordings in a throw-away vault."""
