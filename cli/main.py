"""The `strongroom` command."""

import os
import sys
from pathlib import Path

import click

from cli import (
    archive,
    certificate,
    check,
    demo,
    doctor,
    erasure,
    event,
    explain,
    extension,
    forecast,
    hold,
    ingest,
    init,
    keys_status,
    log,
    policy,
    purge,
    recordings,
    screen,
    tick,
    user,
)
from cli.door import Door, told
from cli.errors import ArgumentError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="strongroom")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("strongroom-home"),
    envvar="STRONGROOM_HOME",
    show_default=True,
    help="The folder of the vault.",
)
@click.option("--user", envvar="STRONGROOM_USER", help="Whom you act as; your login name if not given.")
@click.option(
    "--user-key",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="STRONGROOM_USER_KEY",
    help="Your key file, if it is not in the vault's users folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one object, or one a line.")
@click.pass_context
def cli(ctx: click.Context, home: Path, user: str | None, user_key: Path | None, *, as_json: bool) -> None:
    """Keep recordings sealed, find them, hold them, archive them clean, and destroy them with proof.

    Every command acts as a user, who proves it with a key of their own, and is logged. Passphrases are asked for, or
    read from STRONGROOM_PASSPHRASE(_FILE) for the vault and STRONGROOM_USER_PASSPHRASE(_FILE) for the user.

    Exit status: 0 done, 2 usage, 3 refused by a rule, 4 not found, 5 integrity failure, 6 something we need is
    unavailable, 1 anything else.
    """
    ctx.obj = Door(home.absolute(), user, user_key, as_json=as_json)
    ctx.call_on_close(ctx.obj.close)


for command in (
    init.init,
    ingest.ingest,
    recordings.list_,
    recordings.show,
    explain.explain_,
    recordings.open_,
    screen.screen,
    archive.archive,
    policy.policy,
    forecast.forecast,
    event.event,
    extension.extension,
    hold.hold,
    erasure.erasure,
    purge.purge,
    certificate.certificate,
    user.user,
    keys_status.keys,
    log.log,
    check.check,
    tick.tick,
    tick.run,
    doctor.doctor,
    doctor.upgrade,
    demo.demo,
):
    cli.add_command(command)


def _is_text(argument: str) -> bool:
    # bytes that are no text reach Python as lone surrogates
    return not any("\ud800" <= c <= "\udfff" for c in argument)


def main() -> None:
    """Run the command; whatever it writes is for its owner only."""
    os.umask(0o077)
    with told(as_json="--json" in sys.argv):
        if not all(_is_text(argument) for argument in sys.argv):
            raise ArgumentError("expected arguments of well-formed text; is the terminal set to UTF-8?")
        cli()


if __name__ == "__main__":
    main()
