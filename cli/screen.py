"""`strongroom screen`: find card data and cut it out; what was found in a period; what waits for a person."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import click
from rich.progress import Progress
from sqlalchemy import func, select

from cli.base import Group
from cli.door import Door, pass_door
from cli.review import review
from cli.terms import Instant
from keys.errors import StrongroomError
from retention.destroy import originals
from service import work
from vault.catalog.schema import recordings
from vault.model import RecordingId, State
from vault.people import Capability
from vault.screen.report import Numbers, numbers
from vault.screen.stage import OnProgress, Screened

_DEFAULT: Final = "now"
_SIGNALLED: Final = 128  # added to the number of a signal it is the exit status of what the signal ended


class _Screen(Group):
    """A group whose first command may be left out: `screen ID…` is `screen now ID…`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in that was left out."""
        words = [arg for arg in args if not arg.startswith("-")]
        if not {"-h", "--help"} & set(args) and (not words or words[0] not in self.commands):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Screen, subcommand_metavar="[ID]... | COMMAND [ARGS]...")
def screen() -> None:
    """Screen recordings for card numbers and security codes; report what was found; review what was quarantined."""


@screen.command(_DEFAULT)
@click.argument("recordings", nargs=-1)
@pass_door
@click.pass_context
def now(ctx: click.Context, door: Door, recordings: tuple[str, ...]) -> None:
    """Screen recordings: those named, or all that wait for it. The word `now` may be left out.

    Chats, calls and screen recordings are screened side by side, in processes of their own. What cannot be wholly
    screened is quarantined, with the reason, for a person to rule on; it is never archived.

    Ctrl-C and SIGTERM stop it: what is done stays, what is under way is given up and waits with the rest, and the same
    command goes on from there. The exit status is then 130 (143 for SIGTERM).
    """
    door.enter(Capability.SCREEN)
    vault, errors, done = door.vault, list[str](), list[Screened]()
    with _stoppable() as stop, _progress(door, len(recordings)) as bar:
        for screened in _screened(door, recordings, errors, bar.seconds, stop):
            done.append(screened)
            bar.ended(screened.recording)
    vault.sequence()
    door.out.table(("id", "state", "cuts", "why", "reason"), [_row(s) for s in done])
    for error in errors:
        click.echo(f"not screened  {error.removeprefix('screen ')}", err=True)
    quarantined = sum(s.state is State.QUARANTINED for s in done)
    door.out.say(f"{len(done) - quarantined} screened, {quarantined} quarantined")
    if quarantined:
        door.out.say("see 'strongroom screen review list': a person rules on what is quarantined")
    if stop.by is not None and (left := _left(door, recordings, len(done) + len(errors))):
        told = f"stopped by {stop.by.name}: {len(done)} done, {left} wait as before; what was under way was given up"
        click.echo(f"{told} and nothing of it is left; run the same command again to go on", err=True)
        ctx.exit(_SIGNALLED + stop.by)
    if errors:
        ctx.exit(1)


class _Stop:
    """Is asked between steps whether a signal said stop; `by` says which."""

    by: signal.Signals | None = None

    def __call__(self) -> bool:
        return self.by is not None


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    """Let Ctrl-C and SIGTERM end the work in good order; a second one ends the process at once."""
    stop = _Stop()

    def hear(number: int, _frame: object) -> None:
        stop.by = signal.Signals(number)
        again()

    def again() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        again()


def _left(door: Door, named: tuple[str, ...], ended: int) -> int:
    """Return how many recordings still wait, of those named or of all."""
    if named:
        return max(0, len(named) - ended)
    with door.vault.catalog.read() as connection:
        waiting = select(func.count()).where(recordings.c.state == State.SEALED)
        return connection.scalar(waiting) or 0


def _screened(
    door: Door, named: tuple[str, ...], errors: list[str], on_progress: OnProgress, stop: Callable[[], bool]
) -> Iterator[Screened]:
    """Screen what was named, or all that waits."""
    actor, vault = door.enter(Capability.SCREEN), door.vault
    if not named:
        yield from work.screen_due(vault, actor, errors, on_progress=on_progress, stop=stop)
        return

    def tell(recording: RecordingId, exc: StrongroomError) -> None:
        errors.append(f"{recording}: {exc.code}: {exc}")

    with vault.intents() as intents:
        screener = work.make_screener(vault, actor, intents)
        yield from screener.screen(map(RecordingId, named), tell, on_progress, stop)


def _row(screened: Screened) -> tuple[str, str, int, str | None, str | None]:
    return screened.recording, screened.state, screened.cuts, screened.why, screened.reason


class _Bar:
    """Two bars: recordings that are done, and seconds of sound and pictures."""

    def __init__(self, progress: Progress, count: int | None, seconds: float | None) -> None:
        self._progress = progress
        self._recordings = progress.add_task("recordings", total=count)
        self._media = progress.add_task("seconds", total=seconds)
        self._under_way: dict[RecordingId, float] = {}
        self._past = 0.0

    def seconds(self, recording: RecordingId, done: float) -> None:
        """Tell how far a recording is."""
        self._under_way[recording] = done
        self._progress.update(self._media, completed=int(self._past + sum(self._under_way.values())))

    def ended(self, recording: RecordingId) -> None:
        """Tell that a recording is done."""
        self._past += self._under_way.pop(recording, 0.0)
        self._progress.advance(self._recordings)


@contextmanager
def _progress(door: Door, named: int) -> Iterator[_Bar]:
    count, seconds = named, None
    if not named:
        query = select(func.count(), func.sum(recordings.c.duration_ms)).where(recordings.c.state == State.SEALED)
        with door.vault.catalog.read() as connection:
            count, duration = connection.execute(query).one()
        seconds = int(duration or 0) // 1000
    with door.out.progress("{task.description}") as progress:
        yield _Bar(progress, count, seconds)


@screen.command()
@click.option("--from", "begin", type=Instant(end=False), help="From this day or instant on.")
@click.option("--to", "end", type=Instant(end=True), help="Up to and with this day or instant.")
@pass_door
def report(door: Door, begin: datetime | None, end: datetime | None) -> None:
    """Say what was screened, found, cut and quarantined in a period, and what people ruled: numbers for an assessor.

    They come from the log, so they stay when recordings are purged. The last two are of this moment.
    """
    door.enter(Capability.LOG)
    vault = door.vault
    with vault.catalog.read() as connection:
        counted = numbers(connection, begin, end)
        held = originals.kept_by_hold(connection, vault.clock.now()).count
    waiting = work.waiting_for_review(vault)
    if door.out.as_json:
        door.out.object({"from": begin, "to": end, **_object(counted), "waiting": waiting, "held_originals": held})
        return
    door.out.table(("what", "of", "number"), _rows(counted, waiting, held))


def _object(counted: Numbers) -> dict[str, Any]:
    return {
        "screened": counted.screened,
        "quarantined": counted.quarantined,
        "reasons": counted.reasons,
        "found": {f"{medium}/{kind}": count for (medium, kind), count in counted.found.items() if count},
        "cuts": counted.cuts,
        "cut_ms": {str(medium): ms for medium, ms in counted.cut_ms.items() if ms},
        "presets": counted.presets,
        "exceptions": counted.exceptions,
        "reviews_asked": counted.asked,
        "reviews_ruled": counted.ruled,
    }


def _rows(counted: Numbers, waiting: int, held: int) -> Iterator[tuple[str, str, int | str]]:
    for what, of in (
        ("recordings screened", counted.screened),
        ("recordings quarantined", counted.quarantined),
        ("quarantined because", counted.reasons),
        ("by preset", counted.presets),
    ):
        yield from ((what, key, count) for key, count in sorted(of.items()))
    yield from (("found", f"{m}, {kind}", count) for (m, kind), count in sorted(counted.found.items()) if count)
    yield "findings cut", "", counted.cuts
    yield from (("seconds cut", medium, f"{ms / 1000:.1f}") for medium, ms in sorted(counted.cut_ms.items()) if ms)
    yield "exceptions by two people", "screened", counted.exceptions
    yield from (("reviews asked", verdict, count) for verdict, count in sorted(counted.asked.items()))
    yield from (("reviews ruled", verdict, count) for verdict, count in sorted(counted.ruled.items()))
    yield "waiting for a person", "now", waiting
    yield "originals with card data under hold", "now", held


screen.add_command(review)
