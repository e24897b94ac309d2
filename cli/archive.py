"""`strongroom archive`: copy screened recordings to the archive."""

import click

from cli.base import Command
from cli.door import Door, pass_door
from service import work
from vault.archive import Archived
from vault.model import RecordingId
from vault.people import Capability


@click.command(cls=Command)
@click.argument("recordings", nargs=-1)
@pass_door
@click.pass_context
def archive(ctx: click.Context, door: Door, recordings: tuple[str, ...]) -> None:
    """Copy the redacted, sealed renditions to the archive: of the recordings named, or of all that are screened.

    What was not screened is refused.
    """
    actor = door.enter(Capability.ARCHIVE)
    vault = door.vault
    vault.need_archive()
    if recordings:
        with vault.intents() as intents:
            done = work.make_archiver(vault, actor, intents).archive([RecordingId(r) for r in recordings])
    else:
        done = list(work.archive_due(vault, actor))
    vault.sequence()
    door.out.table(("id", "archived", "locked_until", "reason"), [_row(a) for a in done])
    failed = [a for a in done if a.error is not None]
    door.out.say(f"{len(done) - len(failed)} archived, {len(failed)} not")
    if failed:
        ctx.exit(3 if all(a.error is not None and a.error.code == "not-screened" for a in failed) else 1)


def _row(archived: Archived) -> tuple[object, ...]:
    error = archived.error
    reason = f"[{error.code}] {error}" if error else None
    return archived.recording, "no" if error else "yes", archived.locked_until, reason
