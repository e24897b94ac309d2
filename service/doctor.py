"""Is this installation sound, and what to do about it."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select

from keys.envelope import DEFAULT_COST
from keys.errors import StrongroomError
from retention.destroy import originals
from retention.plans import policies
from retention.plans.review_date import due_for_a_look
from service.assembly import Vault
from service.work import check_clock
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.catalog.intents import is_idle
from vault.catalog.schema import deletions, ticks
from vault.check import Finding, fault
from vault.check import owed as owed_
from vault.log import journal
from vault.model import Kind, State
from vault.screen.work import parts
from vault.store.base import BlobStore

_LOW_SPACE = 2**30  # bytes
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Level(StrEnum):
    """How bad it is. The words are for monitors; they never change."""

    FINE = "fine"
    NOTICE = "notice"  # work for a person or for the next pass; the installation is sound
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at; `advice` is empty when all is well, and of a fault unless `is_notice`."""

    what: str
    found: str
    advice: str = ""
    is_notice: bool = False

    @property
    def level(self) -> Level:
        """How bad it is."""
        if not self.advice:
            return Level.FINE
        return Level.NOTICE if self.is_notice else Level.FAULT


def open_files(home: Path) -> Iterator[Finding]:
    """Yield what in the home folder others than its owner can reach (promise P1)."""
    for path in (home, *sorted(home.rglob("*"))):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue  # a database's side file that went meanwhile
        if mode & _OTHERS and not stat.S_ISLNK(mode):
            yield fault("P1", str(path.relative_to(home)) or ".", f"others can reach it (mode {mode & 0o777:o})")


def idle_locks(run_folder: Path) -> Iterator[Finding]:
    """Yield the lock files that work left which died (promise P6)."""
    for path in sorted(run_folder.glob("*.lock")):
        if is_idle(path):
            yield owed_("P6", f"{run_folder.name}/{path.name}", "a process died and left its lock; 'tick' cleans up")


def examine(vault: Vault) -> Iterator[Diagnosis]:
    """Look at everything a running vault needs."""
    yield from _permissions(vault)
    yield _kdf(vault)
    for store in vault.stores.values():
        yield from _store(store)
    if vault.archive is None:
        advice = "set [archive] in strongroom.toml, or leave it if that is meant"
        yield Diagnosis("archive", "none configured", advice, is_notice=True)
    yield _policy(vault)
    yield _log(vault)
    yield _clock(vault)
    yield from _parts(vault)
    yield from _backlog(vault)


def _permissions(vault: Vault) -> Iterator[Diagnosis]:
    found = list(open_files(vault.settings.home))
    advice = f"run 'chmod -R go= {vault.settings.home}'" if found else ""
    yield Diagnosis("permissions", f"{len(found)} files others can reach" if found else "private", advice)


def _kdf(vault: Vault) -> Diagnosis:
    cost = vault.settings.kdf
    found = f"Argon2id with {cost.memory_kib} KiB, {cost.passes} passes"
    weak = cost.memory_kib < DEFAULT_COST.memory_kib
    return Diagnosis("key files", found, "raise [keys] argon2_memory_kib for new key files" if weak else "")


def _store(store: BlobStore) -> Iterator[Diagnosis]:
    health = store.probe()
    parts = ["reachable" if health.reachable else "NOT reachable", "writable" if health.writable else "NOT writable"]
    if health.versioned:
        parts.append("versioned")
    if health.lock_enabled:
        parts.append("locks enforced" if health.lock_enforced else "locks NOT enforced")
    low = health.free_bytes is not None and health.free_bytes < _LOW_SPACE
    problems = [*health.problems, *(["make room: less than 1 GiB is free"] if low else [])]
    yield Diagnosis(f"store {store.name}", ", ".join(parts), "; ".join(problems))


def _policy(vault: Vault) -> Diagnosis:
    try:
        with vault.catalog.read() as connection:
            current = policies.current(connection)
    except StrongroomError as exc:
        return Diagnosis("policy", f"{exc.code}: {exc}", exc.hint)
    if current is None:
        advice = "write one; docs/retention.md shows how"
        return Diagnosis("policy", "none in force: everything is kept", advice, is_notice=True)
    found = f"version {current.version}, {len(current.policy.rules)} rules"
    late = due_for_a_look(current.policy, vault.clock.now())
    if late is None:
        return Diagnosis("policy", found)
    advice = "have legal and records look at the rules; then plan and apply the file with a new review date"
    return Diagnosis("policy", f"{found}; {late}", advice, is_notice=True)


def _log(vault: Vault) -> Diagnosis:
    with vault.catalog.read() as connection:
        waiting = journal.unsequenced(connection)
    advice = "run 'strongroom tick'" if waiting else ""
    return Diagnosis("log", f"{waiting} entries wait for a checkpoint", advice, is_notice=True)


def _clock(vault: Vault) -> Diagnosis:
    with vault.catalog.read() as connection:
        last = connection.scalar(select(func.max(ticks.c.claimed_at)))
    if last is None:
        return Diagnosis("schedule", "no pass was ever made", "run 'strongroom run' as a service, or 'strongroom tick'")
    try:
        check_clock(vault)
    except StrongroomError as exc:
        return Diagnosis("schedule", str(exc), exc.hint)
    idle = vault.clock.now() - last
    late = idle > max(timedelta(hours=1), 3 * vault.settings.tick)
    advice = "run 'strongroom run' as a service, or 'strongroom tick' from cron" if late else ""
    return Diagnosis("schedule", f"last pass {last:%Y-%m-%d %H:%M}Z", advice)


def _parts(vault: Vault) -> Iterator[Diagnosis]:
    """Load every part that screening needs, as a worker would."""
    with vault.catalog.read() as connection:
        sealed = frozenset({State.SEALED, State.QUARANTINED})
        taken_in = {
            kind for kind in Kind if rows.page(connection, Criteria(kinds=frozenset({kind}), states=sealed), limit=1)
        }
    for part in parts.inventory(vault.settings.screen.options):
        what = f"part {part.name}"
        if part.missing is None:
            engines = [f"{e.name} {e.version}{f' {e.digest[:16]}' if e.digest else ''}" for e in part.engines]
            yield Diagnosis(what, ", ".join(engines) + (f" in {part.folder}" if part.folder else ""))
            continue
        waiting = sorted(part.kinds & taken_in)
        advice = (
            f"{part.missing.hint}; {' and '.join(waiting)} recordings are taken in" if waiting else part.missing.hint
        )
        yield Diagnosis(what, f"MISSING: {part.missing}", advice)


def _backlog(vault: Vault) -> Iterator[Diagnosis]:
    with vault.catalog.read() as connection:
        owed = info.scrub_owed(connection)
        blobs = connection.scalars(select(func.count()).select_from(deletions)).one()
        quarantined = len(rows.page(connection, Criteria(states=frozenset({State.QUARANTINED})), limit=100))
    if owed or blobs:
        yield Diagnosis(
            "deletions", f"{blobs} blobs to be deleted", "run 'strongroom tick'; 'strongroom check' says which",
            is_notice=True,
        )  # fmt: skip
    if quarantined:
        advice = "see 'strongroom screen review list'"
        yield Diagnosis("quarantine", f"{quarantined} recordings", advice, is_notice=True)
    yield from _held_originals(vault)


def _held_originals(vault: Vault) -> Iterator[Diagnosis]:
    try:
        with vault.catalog.read() as connection:
            kept = originals.kept_by_hold(connection, vault.clock.now())
    except StrongroomError as exc:
        yield Diagnosis("originals", f"{exc.code}: {exc}", exc.hint)
        return
    if kept.count:
        found = f"HOLDS KEEP CARD DATA: the originals of {kept.count} recordings that the policy would destroy"
        advice = f"see 'strongroom explain {kept.ids[0]}'; ask legal to release what is settled"
        yield Diagnosis("originals", found, advice, is_notice=True)
