"""`strongroom tick` and `run`: one pass of all due work, or again and again."""

from dataclasses import asdict

import click

from cli.base import Command
from cli.door import Door, pass_door
from service import scheduler, work
from vault.people import Capability


@click.command(cls=Command)
@click.option("--clock-is-right", is_flag=True, help="Purge although the clock jumped since the last pass.")
@pass_door
@click.pass_context
def tick(ctx: click.Context, door: Door, *, clock_is_right: bool) -> None:
    """Do everything that is due once: purge what policies let go of without review, screen, archive, clean up."""
    door.enter(Capability.TICK)
    report = work.tick(door.vault, clock_is_right=clock_is_right)
    _show(door, report)
    if report.errors:
        ctx.exit(1)


@click.command(cls=Command)
@pass_door
def run(door: Door) -> None:
    """Do what is due again and again until SIGTERM or Ctrl-C, finishing the step in hand."""
    door.enter(Capability.TICK)
    # whatever needs a passphrase is opened now: nobody is there to ask later
    _ = door.vault.signing_key, door.vault.keyring
    door.out.say(f"running; a pass every {door.vault.settings.tick.total_seconds():.0f} s")
    scheduler.run(door.vault, lambda report: _show(door, report))
    door.out.say("stopped")


def _show(door: Door, report: work.Report) -> None:
    done = asdict(report)
    errors = done.pop("errors")
    door.out.object(
        {**done, "errors": errors},
        text=f"purged {report.purged} ({report.refused} refused), screened {report.screened} ({report.cuts} cuts, "
        f"{report.quarantined} quarantined), archived {report.archived}, "
        f"destroyed {report.originals} originals, left {report.reduced} transcripts, deleted {report.deleted} blobs; "
        f"{report.waiting} in quarantine wait for a person",
    )
    for notice in report.notices:
        door.out.say(f"  {notice}")
    if not door.out.as_json:
        for error in errors:
            click.echo(f"  {error}", err=True)
