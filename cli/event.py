"""`strongroom event`: what happened to accounts, contracts, cases, interactions and recordings, which moves clocks."""

import functools
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from cli.base import Group
from cli.door import Door, pass_door
from cli.errors import ArgumentError
from cli.terms import Instant
from retention.recorded import event_acts, event_file, events
from retention.recorded.event_acts import NewEvent, Outcome, Recorded
from retention.recorded.event_file import EventRow
from retention.recorded.events import TOKENISED, Event, Subject
from vault.errors import RecordingNotFoundError
from vault.ingest.fields import FieldError
from vault.ingest.manifest import RowError
from vault.log.entry import Act
from vault.people import Capability
from vault.search import belonging

_BATCH = 500
"""Events recorded in one transaction."""
_REFUSED = "refused"


@click.group(cls=Group)
def event() -> None:
    """Tell the vault what happened, and when: it moves the clocks of what the policy counts from events."""


def _subject_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each thing that something happens to; the command receives them as one `about`."""

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        given = [(subject, value) for subject in Subject if (value := kwargs.pop(subject.value)) is not None]
        if len(given) > 1:
            raise ArgumentError(f"expected one of --{', --'.join(Subject)}, got {len(given)}")
        return command(*args, about=given[0] if given else None, **kwargs)

    decorated: Callable[..., Any] = wrapper
    for subject in reversed(Subject):
        decorated = click.option(f"--{subject}", subject.value, help=f"The {subject} it happened to.")(decorated)
    return decorated


@event.command()
@click.argument("name", required=False)
@_subject_options
@click.option("--at", type=Instant(end=False), help="When it happened: a day, or an instant with its zone.")
@click.option(
    "--from", "file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A CSV file with the columns name, at, and account, contract, case, interaction or recording.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Record it also if the same was corrected or withdrawn before.")
@pass_door
@click.pass_context
def record(
    ctx: click.Context, door: Door, name: str | None, about: tuple[Subject, str] | None, at: datetime | None,
    file: Path | None, *, again: bool,
) -> None:  # fmt: skip
    """Record that something happened, or every row of a CSV file.

    What is there already is not recorded twice, so that a file can be handed in again. A row that is refused is named
    with its field; the others go in, and the exit status is then 1.
    """
    if file is not None:
        if name is not None or about is not None or at is not None or again:
            raise ArgumentError("expected either --from FILE alone, or a name with what it happened to and --at")
        _record_file(ctx, door, file)
        return
    if name is None or about is None or at is None:
        raise ArgumentError(f"expected a name, one of --{', --'.join(Subject)}, and --at")
    actor = door.enter(Capability.EVENT_RECORD)
    new = NewEvent(name, *_thing(door, *about), at, about[1])
    event_acts.check_name(name)
    (done,) = event_acts.record(door.vault.catalog, door.vault.clock, actor, [new], again=again)
    if done.outcome is Outcome.NO_RECORDING:
        raise RecordingNotFoundError("expected the id of a recording of this vault (32 hex digits)")
    door.settle()
    texts = {
        Outcome.RECORDED: f"recorded event {done.id}: {name} at {at:%Y-%m-%d %H:%M}Z",
        Outcome.KNOWN: f"already there as event {done.id}",
        Outcome.REPLACED: f"event {done.id} said so and was corrected or withdrawn since; --again records it anew",
    }
    door.out.object({"event": done.id, "outcome": str(done.outcome)}, text=texts[done.outcome])


def _thing(door: Door, subject: Subject, text: str) -> tuple[Subject, bytes]:
    """Return what an event happened to, as it is kept.

    Raises:
        ArgumentError: the value is blank, too long or no id.

    """
    try:
        value = event_file.value_of(subject, text)
    except FieldError as exc:
        raise ArgumentError(f"--{subject}: {exc.message}") from exc
    return subject, _key(door, subject, value)


def _key(door: Door, subject: Subject, value: str) -> bytes:
    return belonging(door.vault.index, subject, value) if subject in TOKENISED else events.key_of(value)


def _record_file(ctx: click.Context, door: Door, file: Path) -> None:
    actor = door.enter(Capability.EVENT_RECORD)
    vault = door.vault
    counts = {Outcome.RECORDED.value: 0, Outcome.KNOWN.value: 0, Outcome.REPLACED.value: 0, _REFUSED: 0}
    with file.open("rb") as stream, door.out.progress("recording") as progress:
        task = progress.add_task("", total=None)
        found = event_file.read(stream, now=vault.clock.now())
        while chunk := list(islice(found, _BATCH)):
            good = [row for row in chunk if isinstance(row, EventRow)]
            new = [
                NewEvent(row.name, row.subject, _key(door, row.subject, row.value), row.at, row.value) for row in good
            ]
            done = event_acts.record(vault.catalog, vault.clock, actor, new)
            for refused in _refused(chunk, good, done):
                _tell_refused(door, file, refused)
                counts[_REFUSED] += 1
            for recorded in done:
                if recorded.id is not None:
                    counts[recorded.outcome.value] += 1
            progress.advance(task, len(chunk))
    door.settle()
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    door.out.object({"summary": counts}, text=text)
    if counts[_REFUSED]:
        ctx.exit(1)


def _refused(chunk: list[EventRow | RowError], good: list[EventRow], done: list[Recorded]) -> Iterator[RowError]:
    yield from (row for row in chunk if isinstance(row, RowError))
    for row, recorded in zip(good, done, strict=True):
        if recorded.outcome is Outcome.NO_RECORDING:
            text = "expected the id of a recording of this vault"
            yield RowError(row.number, Subject.RECORDING, "recording-not-found", text)


def _tell_refused(door: Door, file: Path, row: RowError) -> None:
    if door.out.as_json:
        door.out.object(
            {"outcome": _REFUSED, "row": row.row, "field": row.field, "error": row.code, "message": row.message}
        )
    else:
        field = f"field {row.field}: " if row.field else ""
        click.echo(f"refused    {file.name} row {row.row} [{row.code}]: {field}{row.message}", err=True)


@event.command()
@click.argument("event_id")
@click.option("--at", type=Instant(end=False), required=True, help="When it really happened.")
@click.option("--because", required=True, help="A code for the reason, such as wrong-date; it stands in the log.")
@pass_door
def correct(door: Door, event_id: str, at: datetime, because: str) -> None:
    """Say when an event really happened; the old one stays in the history."""
    _replace(door, event_id, at, because)


@event.command()
@click.argument("event_id")
@click.option("--because", required=True, help="A code for the reason, such as wrong-account; it stands in the log.")
@pass_door
def withdraw(door: Door, event_id: str, because: str) -> None:
    """Say that an event did not happen; it stays in the history."""
    _replace(door, event_id, None, because)


def _replace(door: Door, event_id: str, at: datetime | None, because: str) -> None:
    actor = door.enter(Capability.EVENT_CORRECT)
    made = event_acts.correct(door.vault.catalog, door.vault.clock, actor, event_id, at=at, because=because)
    door.settle()
    text = f"withdrew event {event_id}" if at is None else f"event {made.id} takes the place of {event_id}"
    door.out.object({"event": made.id, "corrects": event_id, "withdrawn": made.withdrawn}, text=text)


@event.command("list")
@click.option("--name", help="Only events of this name.")
@_subject_options
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many at most.")
@pass_door
def list_(door: Door, name: str | None, about: tuple[Subject, str] | None, limit: int) -> None:
    """List what was recorded, the newest first, with what was corrected and withdrawn since."""
    actor = door.enter(Capability.EVENT_READ)
    subject, key = _thing(door, *about) if about else (None, None)
    with door.vault.catalog.read() as connection:
        found = events.history(connection, name=name, subject=subject, key=key, limit=limit)
    door.tell(actor, Act.LIST, None, {"events": len(found)})
    columns = ("id", "name", "subject", "at", "standing", "replaced_by", "recorded_by", "recorded_at")
    door.out.table(columns, [_listed(e) for e in found], less=("recorded_at", "recorded_by", "replaced_by"))


def _listed(e: Event) -> tuple[Any, ...]:
    return e.id, e.name, e.subject, e.at, e.standing, e.replaced_by, e.recorded_by, e.recorded_at


@event.command()
@click.argument("event_id")
@pass_door
def show(door: Door, event_id: str) -> None:
    """Show an event, what it replaces and what replaces it. Accounts, contracts and cases are not told."""
    actor = door.enter(Capability.EVENT_READ)
    with door.vault.catalog.read() as connection:
        found = events.get(connection, event_id)
        by_name = found.subject not in TOKENISED
        value = events.name_of(connection, found.subject, found.key) if by_name else None
    door.tell(actor, Act.SHOW, event_id)
    door.out.object(
        {
            "event": found.id, "name": found.name, "subject": str(found.subject), "called": value, "at": found.at,
            "standing": str(found.standing), "corrects": found.corrects, "replaced_by": found.replaced_by,
            "recorded_by": found.recorded_by, "recorded_at": found.recorded_at,
        }
    )  # fmt: skip
