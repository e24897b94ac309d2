"""One pass of everything that is due: purge, screen, archive, and what stores still owe.

Stages do not call each other; the state in the catalog is the only link. One that fails is told and does not stop the
rest. What is due to be destroyed is destroyed first, so that it is neither screened nor archived any more.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from keys.errors import StrongroomError
from retention.core.stages import archive_from
from retention.destroy import early, purge
from retention.destroy.originals import Destroyed
from retention.plans import policies
from retention.plans.review_date import due_for_a_look
from retention.schedule import cases
from service.assembly import Vault
from service.errors import ClockJumpedError
from vault import deletions
from vault.archive import Archived, Archiver
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.engine import LOCK_DISPOSITION
from vault.catalog.intents import Intents
from vault.catalog.recordings import Recording
from vault.catalog.schema import recordings, ticks, to_micros
from vault.clock import Clock
from vault.errors import NotScreenedError, WrongStateError
from vault.ids import new_id
from vault.model import RecordingId, State
from vault.people import AUTO, Actor
from vault.screen.stage import OnProgress, Screened, Screener

JOB = Actor(AUTO, "schedule")
_TICKS_KEPT = 1000
_BACKWARDS = timedelta(hours=1)
"""How far back a clock may be set without a person's word: time servers correct seconds, not hours."""


@dataclass(slots=True)
class Report:
    """What one pass did. `reduced`: left as transcripts alone. `notices`: what waits for people and is no error."""

    purged: int = 0
    refused: int = 0
    screened: int = 0
    cuts: int = 0
    quarantined: int = 0
    archived: int = 0
    originals: int = 0
    reduced: int = 0
    deleted: int = 0
    waiting: int = 0
    notices: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def claim(vault: Vault, slot: int) -> None:
    """Claim a turn by unique insert.

    Raises:
        TurnTakenError: another scheduler has this turn.

    """
    now = vault.clock.now()
    try:
        with vault.catalog.write() as connection:
            connection.execute(insert(ticks).values(slot=slot, owner=new_id(now), claimed_at=now))
            kept = select(ticks.c.slot).order_by(ticks.c.claimed_at.desc()).limit(_TICKS_KEPT)
            connection.execute(delete(ticks).where(ticks.c.slot.not_in(kept)))
    except IntegrityError as exc:
        raise TurnTakenError from exc


class TurnTakenError(Exception):
    """Another scheduler has claimed this turn; there is nothing to do."""


def check_clock(vault: Vault) -> None:
    """Refuse to destroy anything by a clock that jumped since it was last believed.

    Raises:
        ClockJumpedError: it went back, or further ahead than the machine can have been idle.

    """
    believed(vault).now()


@dataclass(slots=True)
class _Believed:
    """A clock that is doubted each time it is read: what takes hours must not go by one that jumps in the middle."""

    clock: Clock
    gap: timedelta
    last: datetime | None

    def now(self) -> datetime:
        """Return the time. Raises ClockJumpedError if it is not near the one before."""
        now, last = self.clock.now(), self.last
        if last is not None and (now < last - _BACKWARDS or now > last + self.gap):
            raise ClockJumpedError(
                f"expected a time near {last:%Y-%m-%d %H:%M}Z, when the clock was last believed, "
                f"got {now:%Y-%m-%d %H:%M}Z"
            )
        self.last = now
        return now


def believed(vault: Vault) -> Clock:
    """Return the clock for whoever destroys; reading it raises ClockJumpedError when it jumped since the last time."""
    with vault.catalog.read() as connection:
        return _Believed(vault.clock, vault.settings.clock_gap, info.trusted_time(connection))


def _believe_clock(vault: Vault, *, clock_is_right: bool) -> None:
    """Note the time if it can be believed. One that cannot is not noted, so that the next pass doubts it too.

    Raises:
        ClockJumpedError: see check_clock.

    """
    if not clock_is_right:
        check_clock(vault)
    with vault.catalog.write(lock=LOCK_DISPOSITION) as connection:
        info.trust_time(connection, vault.clock.now())


def tick(
    vault: Vault, *, clock_is_right: bool = False, slot: int | None = None, stop: Callable[[], bool] = lambda: False
) -> Report:
    """Do everything that is due once; `stop` is asked between steps and ends the pass after the one in hand.

    Raises:
        TurnTakenError: another scheduler has this turn.

    """
    claim(vault, to_micros(vault.clock.now()) if slot is None else slot)
    report = Report()
    stages: tuple[Callable[[Vault, Report, Callable[[], bool]], None], ...] = (_sweep, _screen, _archive, _finish)
    try:
        _believe_clock(vault, clock_is_right=clock_is_right)
        stages = (_sweep, _purge, _screen, _archive, _originals, _finish)
    except ClockJumpedError as exc:
        report.errors.append(f"purge: {exc.code}: {exc}; {exc.hint}")
    for stage in stages:
        if stop():
            break
        try:
            stage(vault, report, stop)
        except StrongroomError as exc:
            report.errors.append(f"{stage.__name__.removeprefix('_')}: {exc.code}: {exc}")
    report.waiting = waiting_for_review(vault)
    _review_date(vault, report)
    vault.sequence()
    return report


def _review_date(vault: Vault, report: Report) -> None:
    try:
        with vault.catalog.read() as connection:
            policy = policies.current(connection)
    except StrongroomError:
        return  # one that was altered is an error of the stages that go by it
    late = None if policy is None else due_for_a_look(policy.policy, vault.clock.now())
    if policy is not None and late is not None:
        report.notices.append(f"policy version {policy.version}: {late}")


def _sweep(vault: Vault, _report: Report, _stop: Callable[[], bool]) -> None:
    vault.sweep()


def _purge(vault: Vault, report: Report, stop: Callable[[], bool]) -> None:
    for purged in purge.run_due(vault.catalog, believed(vault), vault.signing_key, vault=vault.id):
        report.purged += purged.done
        report.refused += not purged.done
        if stop():
            return


def _screen(vault: Vault, report: Report, stop: Callable[[], bool]) -> None:
    for screened in screen_due(vault, JOB, report.errors, stop=stop):
        report.screened += screened.moved and screened.state is State.SCREENED
        report.quarantined += screened.moved and screened.state is State.QUARANTINED
        report.cuts += screened.cuts


def screen_due(
    vault: Vault,
    actor: Actor,
    errors: list[str],
    *,
    on_progress: OnProgress = lambda _id, _seconds: None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Screened]:
    """Screen everything that waits for it; one that fails is told in `errors` and waits for the next pass."""

    def tell(recording: RecordingId, exc: StrongroomError) -> None:
        if not isinstance(exc, WrongStateError):  # another pass was first
            errors.append(f"screen {recording}: {exc.code}: {exc}")

    with vault.intents() as intents:
        screener = make_screener(vault, actor, intents)
        yield from screener.screen(screener.due(), tell, on_progress, stop)


def make_screener(vault: Vault, actor: Actor, intents: Intents) -> Screener:
    """Return a screener that works as the settings say."""
    return Screener(
        catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, clock=vault.clock,
        actor=actor, setup=vault.settings.screen, run_folder=vault.run_folder,
    )  # fmt: skip


def _archive(vault: Vault, report: Report, stop: Callable[[], bool]) -> None:
    if vault.archive is None:
        return
    for archived in archive_due(vault, JOB):
        report.archived += archived.error is None
        if archived.error is not None:
            report.errors.append(f"archive {archived.recording}: {archived.error.code}: {archived.error}")
        if stop():
            return


def archive_due(vault: Vault, actor: Actor) -> Iterator[Archived]:
    """Archive everything that waits for it and whose time has come by the policy."""
    with vault.intents() as intents:
        archiver = make_archiver(vault, actor, intents)
        for batch in archiver.due():
            for archived in archiver.archive(_not_too_early(vault, batch)):
                if not (isinstance(archived.error, NotScreenedError) and _moved_on(vault, archived.recording)):
                    yield archived


def _not_too_early(vault: Vault, ids: Sequence[RecordingId]) -> list[RecordingId]:
    """Return those that no rule of the policy keeps out of the archive for now (`archive_after`)."""
    now = vault.clock.now()
    with vault.catalog.read() as connection:
        policy = policies.current(connection)
        if policy is None or all(rule.archive_after is None for rule in policy.policy.rules):
            return list(ids)
        found = cases.of(connection, rows.get_many(connection, ids), now)
    since = ((case, archive_from(case.facts, policy, case.circumstances)) for case in found)
    return [case.recording.id for case, instant in since if instant is not None and instant <= now]


def _moved_on(vault: Vault, recording: RecordingId) -> bool:
    """Tell whether another pass, or a purge, was first: that is no error of this one."""
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state is not State.SCREENED


def make_archiver(vault: Vault, actor: Actor, intents: Intents) -> Archiver:
    """Return an archiver whose locks follow retention."""
    return Archiver(
        catalog=vault.catalog, primary=vault.primary, archive=vault.need_archive(), intents=intents,
        lock_until=lambda recording: keep_until(vault, recording), clock=vault.clock, actor=actor,
        threads=vault.settings.threads,
    )  # fmt: skip


def keep_until(vault: Vault, recording: Recording) -> datetime | None:
    """Return until when retention keeps a recording; None when that is open or over."""
    now = vault.clock.now()
    with vault.catalog.read() as connection:
        (case,) = cases.of(connection, [recording], now)
        decision = case.decided(policies.current(connection), now)
    return decision.keep_until if decision.keep_until is not None and decision.keep_until > now else None


def _originals(vault: Vault, report: Report, stop: Callable[[], bool]) -> None:
    for one in early.run_due(vault.catalog, believed(vault), vault.stores, stop):
        of_original = isinstance(one, Destroyed)
        report.originals += one.done and of_original
        report.reduced += one.done and not of_original
        if early.is_error(one):
            report.errors.append(f"{'original' if of_original else 'media'} {one.recording}: {one.code}: {one.reason}")
        if stop():
            return


def _finish(vault: Vault, report: Report, _stop: Callable[[], bool]) -> None:
    report.deleted, owed = deletions.finish(vault.catalog, vault.clock, JOB, vault.stores)
    report.errors.extend(
        f"delete {o.blob} in {o.store}, again {o.retry_at:%Y-%m-%d %H:%M}Z: {o.obstacle}" for o in owed
    )


def waiting_for_review(vault: Vault) -> int:
    """Return how many recordings are quarantined, for people to rule on."""
    query = select(func.count()).select_from(recordings).where(recordings.c.state == State.QUARANTINED)
    with vault.catalog.read() as connection:
        return connection.scalars(query).one()
