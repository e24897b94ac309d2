"""`list`, `show`, `open`: finding recordings, and what they hold."""

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection, select

from cli.base import Command
from cli.door import Door, pass_door
from cli.output import size
from cli.terms import cursor_of, parse_cursor, search_options
from keys.errors import StrongroomError
from retention.destroy import reductions
from vault import playback
from vault.catalog import recordings as rows
from vault.catalog.recordings import Recording
from vault.catalog.schema import screenings
from vault.log import journal
from vault.log.entry import Act
from vault.model import RenditionName
from vault.people import Capability
from vault.search import Terms, criteria_of

_COLUMNS = ("id", "kind", "state", "ended", "agent", "queue", "industry", "jurisdiction", "labels")
_LESS = ("labels", "jurisdiction", "industry", "queue", "agent")
_COPY = 1024 * 1024  # bytes


@click.command("list", cls=Command)
@search_options
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Recordings on a page.")
@click.option("--after", help="Where the last page ended, as it printed it.")
@pass_door
def list_(door: Door, terms: Terms, limit: int, after: str | None) -> None:
    """Find recordings, the latest first: by caller, agent, queue, time, kind, label, state.

    Each option given must match; one given several times matches any of its values. A caller is found by number in
    any common spelling, by its last four digits, by e-mail or by account, without the catalog knowing them.
    """
    actor = door.enter(Capability.FIND)
    vault = door.vault
    # only a search for a person opens the index key
    index = vault.index if terms.name_a_person else None
    criteria = criteria_of(terms, index, vault.settings.region)
    with vault.catalog.read() as connection:
        found = rows.page(connection, criteria, limit=limit, after=parse_cursor(after))
    door.tell(actor, Act.LIST, details={"criteria": "+".join(sorted(terms.words())) or "none", "found": len(found)})
    door.out.table(_COLUMNS, [_listed(recording) for recording in found], less=_LESS)
    if len(found) == limit:
        cursor = cursor_of(found[-1].ended_at, found[-1].id)
        if door.out.as_json:
            click.echo(json.dumps({"next": cursor}))
        else:
            door.out.say(f"more: --after {cursor}")
    elif not found:
        door.out.say("nothing found")


def _listed(r: Recording) -> tuple[Any, ...]:
    return r.id, r.kind, r.state, r.ended_at, r.agent, r.queue, r.industry, r.jurisdiction, r.labels


@click.command(cls=Command)
@click.argument("recording")
@pass_door
def show(door: Door, recording: str) -> None:
    """Show what the catalog knows of a recording; who called is shown to those who may know."""
    actor = door.enter(Capability.FIND)
    vault = door.vault
    with vault.catalog.read() as connection:
        found = rows.get(connection, recording)
        renditions = rows.renditions_of(connection, [recording]).get(recording, [])
        copies = rows.copies_of(connection, [r.blob for r in renditions])
        original = journal.original_entries(connection, [recording]).get(recording)
        reduced = reductions.entry_of(connection, found.id)
        screened = connection.execute(select(screenings).where(screenings.c.recording == recording)).first()
        callers = _callers(door, connection, found) if door.may(Capability.CALLERS) else {}
    door.tell(actor, Act.SHOW, recording, {"callers": int(bool(callers))})
    value: dict[str, Any] = {name: getattr(found, name) for name in Recording.__slots__}
    for name, told in (("original", original), ("media", reduced)):
        if told is not None:
            value[f"rendition_{name}"] = (
                f"destroyed on {told.at:%Y-%m-%d %H:%M}Z by rule {told.details.get('rule')} of policy version "
                f"{told.details.get('policy')}"
            )
    for r in renditions:
        places = ["primary", *(_place(c) for c in copies.get(r.blob, []))] if found.purged_at is None else ["destroyed"]
        value[f"rendition_{r.name}"] = f"{r.media_type}, {size(r.plain_size)}, in {' and '.join(places)}"
    if screened is not None:
        why = f" ({screened.why})" if screened.why else ""
        value["screening"] = f"{screened.outcome}{why} by {screened.engine}, {screened.preset}: {screened.cuts} cuts"
    door.out.object(value | callers)


def _callers(door: Door, connection: Connection, found: Recording) -> dict[str, Any]:
    """Return what only those see who may know the callers: who called, and where what was cut stood."""
    keyring = door.vault.keyring
    private = playback.private_metadata(connection, keyring, found.id)
    report = playback.report_of(connection, keyring, found.id)
    value: dict[str, Any] = {}
    if private is not None:
        value["account"], value["contract"], value["case"] = private.account, private.contract, private.case
        value["source_ref"] = private.source_ref
        value["callers"] = [", ".join(part for part in (c.number, c.email, c.name) if part) for c in private.callers]
        value["plain_sha256"] = private.plain_sha256
    if report is not None:
        findings: Any = report["findings"]
        value["cuts"] = findings if door.out.as_json else [_found(finding) for finding in findings]
        value["not_screened_because"] = report["reason"]
    return value


def _found(finding: dict[str, Any]) -> str:
    """Return what was found, and where, in words."""
    words = [f"{finding['medium']} {finding['kind']}", finding["where"]]
    if finding["begin_ms"] is not None:
        words.append(f"{finding['begin_ms'] / 1000:.1f}-{finding['end_ms'] / 1000:.1f} s")
    if finding["box"] is not None:
        words.append("at {},{} {}x{}".format(*finding["box"]))
    return " ".join([word for word in words if word] + ([] if finding["cut"] else ["(left)"]))


def _place(copy: rows.Copy) -> str:
    return f"{copy.store} (locked until {copy.locked_until:%Y-%m-%d})" if copy.locked_until else copy.store


@click.command("open", cls=Command)
@click.argument("recording")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A new file; - or none: standard output."
)
@click.option(
    "--rendition", type=click.Choice([n.value for n in RenditionName]),
    help="Which rendition to open; without, the original, or what the policy left of it.",
)  # fmt: skip
@pass_door
def open_(door: Door, recording: str, output: Path | None, rendition: str | None) -> None:
    """Decrypt one rendition to a file or a pipe. Logged before the first byte comes out."""
    actor = door.enter(Capability.OPEN)
    vault = door.vault
    if output == Path("-"):  # as other programs name standard output; never a file of that name full of plaintext
        output = None
    if output is not None and output.exists():
        raise click.UsageError(f"expected a new file, {output} exists")
    if output is None and sys.stdout.isatty():
        raise click.UsageError("expected -o FILE or a pipe, got a terminal")
    with (
        playback.opened(
            vault.catalog, vault.primary, vault.keyring, vault.clock, actor=actor, recording=recording,
            rendition=RenditionName(rendition) if rendition else _what_is_left(door, recording),
        ) as (found, reader),
    ):  # fmt: skip
        # a checkpoint over the entry is signed before the first byte too
        vault.sequence()
        if output is None:
            _copy(reader, sys.stdout.buffer)
            return
        with output.open("xb") as sink:
            try:
                _copy(reader, sink)
            except (StrongroomError, OSError):
                output.unlink()
                raise
    door.out.say(f"wrote {size(found.plain_size)} of {found.media_type} to {output}")


def _what_is_left(door: Door, recording: str) -> RenditionName:
    """Return the original's name, or that of what the policy left of it, said aloud."""
    with door.vault.catalog.read() as connection:
        name, aloud = playback.what_is_left(connection, recording)
    if aloud is not None:
        click.echo(aloud, err=True)
    return name


def _copy(reader: Any, sink: BinaryIO) -> None:
    while chunk := reader.read(_COPY):
        sink.write(chunk)
    sink.flush()
