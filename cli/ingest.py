"""`strongroom ingest`: take recordings in."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from cli.base import Command
from cli.door import Door, pass_door
from cli.errors import ArgumentError
from keys.errors import InvalidInputError
from vault.ingest.intake import CHUNK, Intake, Item, Outcome, Receipt
from vault.ingest.manifest import RowError, read_manifest
from vault.ingest.paths import open_regular, walk
from vault.model import Metadata
from vault.people import Capability

_SHOWN = 20
"""Receipts printed one by one to people; more are only counted, unless they were refused."""


def _paths(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[Path, ...]:  # noqa: ARG001
    # an empty argument, as an unset variable leaves it, would otherwise mean the current folder
    if not all(value):
        raise ArgumentError("expected a path, got an empty argument")
    return tuple(Path(path) for path in value)


@click.command(cls=Command)
@click.argument("paths", nargs=-1, callback=_paths)
@click.option(
    "--manifest", "manifests", multiple=True, type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A JSONL or CSV manifest; its paths are taken from its own folder. May be repeated.",
)  # fmt: skip
@pass_door
@click.pass_context
def ingest(ctx: click.Context, door: Door, paths: tuple[Path, ...], manifests: tuple[Path, ...]) -> None:
    """Take recordings in: files, whole folders, or what a manifest lists with its metadata.

    What they are is found from their content. A file of the same source and source_ref and the same bytes is reported
    as a duplicate and changes nothing. What is refused is named with its reason; the rest goes in, and the exit
    status is then 1.
    """
    if not paths and not manifests:
        raise ArgumentError("expected PATH… or --manifest FILE")
    actor = door.enter(Capability.INGEST)
    vault = door.vault
    counts = dict.fromkeys(Outcome, 0)
    with vault.intents(ahead=2 * CHUNK) as intents, door.out.progress("taking in") as progress:
        task = progress.add_task("", total=None)
        intake = Intake(
            catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, index=vault.index,
            clock=vault.clock, actor=actor, region=vault.settings.region, threads=vault.settings.threads,
        )  # fmt: skip
        try:
            for receipt in _receipts(intake, paths, manifests, vault.clock.now()):
                counts[receipt.outcome] += 1
                _show(door, receipt, counts)
                progress.advance(task)
        finally:
            intake.close()
    vault.sequence()
    total = {str(outcome): count for outcome, count in counts.items()}
    door.out.object(
        {"summary": total} if door.out.as_json else total, text=", ".join(f"{n} {name}" for name, n in total.items())
    )
    if counts[Outcome.REFUSED]:
        ctx.exit(1)


def _receipts(intake: Intake, paths: tuple[Path, ...], manifests: tuple[Path, ...], now: datetime) -> Iterator[Receipt]:
    refused: list[Receipt] = []

    def items() -> Iterator[Item]:
        for found in _rows(manifests, now):
            yield from _sorted_out(found, refused)
        for found in _files(paths):
            yield from _sorted_out(found, refused)

    for receipt in intake.take(items()):
        yield from refused
        refused.clear()
        yield receipt
    yield from refused


def _sorted_out(found: Item | Receipt, refused: list[Receipt]) -> Iterator[Item]:
    if isinstance(found, Item):
        yield found
    else:
        refused.append(found)


def _rows(manifests: tuple[Path, ...], now: datetime) -> Iterator[Item | Receipt]:
    for manifest in manifests:
        folder = manifest.absolute().parent
        with manifest.open("rb") as stream:
            for row in read_manifest(stream, name=manifest.name, folder=folder, now=now):
                place = f"{manifest.name} row {row.row if isinstance(row, RowError) else row.number}"
                if isinstance(row, RowError):
                    yield Receipt(place, row.field or "", Outcome.REFUSED, error=_RowRefusedError(row))
                else:
                    yield Item(place, str(row.path), _opener(folder, row.path), row.metadata)


class _RowRefusedError(InvalidInputError):
    """A row of a manifest that is not as it should be; carries the code and the place the reader gave it."""

    code = "manifest-row"

    def __init__(self, row: RowError) -> None:
        super().__init__(f"field {row.field}: {row.message}" if row.field else row.message)
        self.row_code = row.code


def _files(paths: tuple[Path, ...]) -> Iterator[Item | Receipt]:
    for path in paths:
        if path.is_dir():
            for found in walk(path):
                if isinstance(found, Path):
                    yield Item("", str(found), _opener(path, found), Metadata())
                else:
                    yield Receipt("", str(found[0]), Outcome.REFUSED, error=found[1])
        else:
            yield Item("", str(path), _opener(path.absolute().parent, Path(path.name)), Metadata())


def _opener(folder: Path, path: Path) -> Any:
    def open_it() -> BinaryIO:
        return open_regular(folder, path)

    return open_it


def _show(door: Door, receipt: Receipt, counts: dict[Outcome, int]) -> None:
    error = receipt.error
    code = getattr(error, "row_code", error.code) if error else None
    if door.out.as_json:
        content = receipt.content
        door.out.object(
            {
                "outcome": str(receipt.outcome),
                "place": receipt.place or None,
                "name": receipt.name,
                "recording": receipt.recording,
                "kind": content.kind if content else None,
                "media_type": content.media_type if content else None,
                "duration_ms": content.duration_ms if content else None,
                "error": code,
                "message": str(error) if error else None,
                "hint": error.hint if error else None,
            }
        )
    elif error is not None:
        where = ": ".join(part for part in (receipt.place, receipt.name) if part)
        click.echo(f"refused    {where} [{code}]: {error}", err=True)
    elif sum(counts.values()) <= _SHOWN:
        media_type = receipt.content.media_type if receipt.content else ""
        door.out.say(f"{receipt.outcome:<10} {receipt.recording}  {media_type:<22} {receipt.name}")
    elif sum(counts.values()) == _SHOWN + 1:
        door.out.say("… and so on; refused ones are still named")
