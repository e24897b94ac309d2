"""`strongroom log`: what was told, and the proof that nobody changed it."""

import json
import sys
from pathlib import Path

import click

from cli.base import Group
from cli.door import Door, pass_door, text_of
from cli.exits import INTEGRITY
from keys import canonical
from keys.signing import PublicKey
from vault.log import checkpoint as checkpoints
from vault.log import entry, journal, merkle
from vault.log.verify import verify_log
from vault.people import Capability


@click.group(cls=Group)
def log() -> None:
    """Read, verify and prove the append-only log."""


@log.command()
@click.option("--recording", "subject", help="Only of this recording, hold, plan or user: its custody chain.")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="The newest entries.")
@pass_door
def show(door: Door, subject: str | None, last: int) -> None:
    """Show who did what, when, to what, and why it was allowed or refused."""
    door.enter(Capability.LOG)
    door.settle()
    with door.vault.catalog.read() as connection:
        kept: list[tuple[int, bytes]] = []
        for found in journal.entries(connection, subject=subject):
            kept.append(found)
            del kept[:-last]
    rows = []
    for index, body in kept:
        told = entry.decode(body)
        details = dict(told.details) if door.out.as_json else " ".join(f"{k}={v}" for k, v in told.details.items())
        rows.append((index, told.at, told.actor, told.act, told.outcome, told.why, told.subject, details))
    columns = ("entry", "at", "actor", "act", "outcome", "why", "subject", "details")
    door.out.table(columns, rows, less=("why", "details"))


@log.command()
@click.option("--key", help="The public key you trust, or a file that holds it; without, the vault's own.")
@pass_door
@click.pass_context
def verify(ctx: click.Context, door: Door, key: str | None) -> None:
    """Prove the tree and every checkpoint; says which entries or checkpoints were altered."""
    door.enter(Capability.LOG)
    vault = door.vault
    public = vault.public_key
    if key is not None:
        public = PublicKey.parse((text_of(Path(key)) if Path(key).is_file() else key).strip())
    door.settle()
    with vault.catalog.read() as connection:
        report = verify_log(journal.entries(connection), journal.checkpoints(connection), public, vault.origin)
    for found in report.findings:
        label = "warning" if found.is_warning else "FAULT"
        value = {"finding": str(found.fault), "first": found.first, "last": found.last, "message": found.message}
        door.out.object(value, text=f"{label}: {found.message}")
    door.out.object(
        {
            "whole": report.is_whole, "entries": report.entries, "covered": report.covered,
            "checkpoints": report.checkpoints, "root": canonical.base64_of(report.root),
        },
        text=f"{'whole' if report.is_whole else 'NOT WHOLE'}: {report.entries} entries, {report.covered} of them "
        f"proven by {report.checkpoints} signed checkpoints\nroot {canonical.base64_of(report.root)}",
    )  # fmt: skip
    if not report.is_whole:
        ctx.exit(INTEGRITY)


@log.command()
@pass_door
def checkpoint(door: Door) -> None:
    """Print the newest signed checkpoint, to be kept by somebody else."""
    door.enter(Capability.LOG)
    door.settle()
    with door.vault.catalog.read() as connection:
        newest = journal.newest_checkpoint(connection)
    if door.out.as_json:
        door.out.object({"checkpoint": newest})
    else:
        sys.stdout.write(newest)


@log.command()
@click.argument("index", type=click.IntRange(0))
@pass_door
def prove(door: Door, index: int) -> None:
    """Print an entry with the proof that a signed checkpoint includes it, as JSON that anyone can check offline."""
    door.enter(Capability.LOG)
    door.settle()
    with door.vault.catalog.read() as connection:
        body, proof, note = journal.prove(connection, index)
    said = checkpoints.open_(note, door.vault.origin, door.vault.public_key)
    merkle.verify_inclusion(merkle.leaf_hash(body), index, said.size, proof, said.root)
    click.echo(
        json.dumps(
            {
                "entry": body.decode(), "index": index, "proof": [canonical.base64_of(h) for h in proof],
                "checkpoint": note,
            },
            indent=None if door.out.as_json else 2,
        )
    )  # fmt: skip
