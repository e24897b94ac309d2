"""`strongroom check`: whether every promise is kept."""

from collections import Counter
from collections.abc import Iterator

import click

from cli.base import Command
from cli.door import Door, pass_door
from cli.exits import INTEGRITY
from keys.errors import IntegrityError
from retention import check as retention_check
from service import doctor
from vault.check import Checker, Finding, Severity, fault
from vault.log.entry import Act
from vault.people import Capability

PROMISES = {
    "P1": "sealed: no plaintext at rest",
    "P2": "kept: holds, policies and keys of what must be kept are whole",
    "P3": "gone: what was purged is gone everywhere, with a certificate",
    "P4": "clean: only screened renditions are in the archive",
    "P5": "told: the log and its checkpoints are whole and agree with the catalog",
    "P6": "whole: catalog and stores agree in both directions",
}


@click.command(cls=Command)
@click.option("--deep", is_flag=True, help="Read every blob back and compare its digest.")
@pass_door
@click.pass_context
def check(ctx: click.Context, door: Door, *, deep: bool) -> None:
    """Compare catalog, stores and log, in both directions, promise by promise. Repairs nothing.

    A fault is a broken promise (exit status 5). What is owed is settled by the next 'strongroom tick'.
    """
    actor = door.enter(Capability.CHECK)
    vault = door.vault
    counts: Counter[tuple[str, Severity]] = Counter()
    with door.out.progress("checking") as progress:
        task = progress.add_task("", total=None)
        checker = Checker(
            catalog=vault.catalog, stores=vault.stores, public_key=vault.public_key, origin=vault.origin, deep=deep,
            on_recordings=lambda n: progress.advance(task, n),
        )  # fmt: skip
        for found in _all(
            _settled(door),
            checker.findings(),
            retention_check.findings(vault.catalog, vault.public_key, vault.id),
            doctor.open_files(vault.settings.home),
            doctor.idle_locks(vault.run_folder),
        ):
            counts[found.promise, found.severity] += 1
            door.out.object(
                {"promise": found.promise, "severity": found.severity, "subject": found.subject, "text": found.text},
                text=f"{found.promise} {found.severity:<5} {found.subject}: {found.text}",
            )
    door.tell(actor, Act.CHECK, details={"deep": int(deep), "faults": _sum(counts, Severity.FAULT)})
    rows = [
        (promise, words, counts[promise, Severity.FAULT], counts[promise, Severity.OWED])
        for promise, words in PROMISES.items()
    ]
    door.out.table(("promise", "says", "faults", "owed"), rows)
    if _sum(counts, Severity.FAULT):
        ctx.exit(INTEGRITY)


def _settled(door: Door) -> Iterator[Finding]:
    door.settle()
    yield from ()


def _all(*sources: Iterator[Finding]) -> Iterator[Finding]:
    """Yield what all sources find; one that stumbles over something altered does not hide what the others see."""
    for source in sources:
        try:
            yield from source
        except IntegrityError as exc:
            yield fault("P5", "catalog", f"{exc.code}: {exc}")


def _sum(counts: Counter[tuple[str, Severity]], severity: Severity) -> int:
    return sum(count for (_, of), count in counts.items() if of is severity)
