"""`strongroom screen`: find card data and cut it out."""

import click

from cli.base import Command
from cli.door import Door, pass_door
from keys.errors import StrongroomError
from service import work
from vault.model import RecordingId, State
from vault.people import Capability
from vault.screen.stage import Screened, Screener


@click.command(cls=Command)
@click.argument("recordings", nargs=-1)
@pass_door
@click.pass_context
def screen(ctx: click.Context, door: Door, recordings: tuple[str, ...]) -> None:
    """Screen recordings for card numbers and security codes: those named, or all that wait for it.

    Chats are screened. Calls and screen recordings have no screener yet: they stay sealed and are not archived.
    """
    actor = door.enter(Capability.SCREEN)
    vault = door.vault
    errors: list[str] = []
    if recordings:
        with vault.intents() as intents:
            screener = Screener(
                catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, clock=vault.clock,
                actor=actor,
            )  # fmt: skip
            done = []
            for recording in recordings:
                try:
                    done.append(screener.screen(RecordingId(recording)))
                except StrongroomError as exc:
                    errors.append(f"{recording}: {exc.code}: {exc}")
    else:
        done = list(work.screen_due(vault, actor, errors))
    vault.sequence()
    door.out.table(("id", "state", "cuts", "reason"), [_row(s) for s in done])
    for error in errors:
        click.echo(f"not screened  {error}", err=True)
    waiting = work.waiting_for_a_screener(vault)
    quarantined = sum(s.state is State.QUARANTINED for s in done)
    door.out.say(f"{len(done) - quarantined} screened, {quarantined} quarantined")
    if waiting:
        door.out.say(
            f"{waiting} calls and screen recordings are not screened yet: there is no screener for them; they stay "
            "sealed in the vault and are not archived"
        )
    if errors:
        ctx.exit(1)


def _row(screened: Screened) -> tuple[str, str, int, str | None]:
    return screened.recording, screened.state, len(screened.findings), screened.reason
