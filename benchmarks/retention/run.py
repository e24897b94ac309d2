"""What is measured on one catalog: evaluating, planning a purge, explaining, planning a policy."""

import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, type_coerce, update
from sqlalchemy.types import BigInteger

from benchmarks.measure import Figure, Sizes, compare, timed
from benchmarks.retention import catalog as catalogs
from benchmarks.retention import schedule
from benchmarks.retention.catalog import ACTOR, NOW
from benchmarks.vaults import SetClock
from retention.core.decision import Action
from retention.destroy import originals
from retention.plans import policies, purge_plans
from retention.schedule import cases, due
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.schema import labels, recordings, renditions, schedules
from vault.model import RecordingId

DATABASES: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "SQLite": catalogs.on_sqlite,
    "PostgreSQL": catalogs.on_postgresql,
}
_CLOCK = SetClock(NOW)
_DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured on one catalog. Seconds, but for `explain` (milliseconds) and `peak` (MiB)."""

    rows: int
    evaluate: float
    update: float
    found: int
    purge_plan: float
    select: float
    explain: float
    policy_plan: float
    peak: float


def costs_of(url: str, rows_wanted: int, rounds: int) -> Costs:
    """Fill an empty database and measure it."""
    catalog = Catalog(url)
    try:
        catalogs.fill(catalog, rows_wanted, schedule.text())
        peak = _peak("evaluate", url)
        update_seconds, evaluate_seconds = _evaluated(catalog, rounds)
        found = len(_due(catalog))
        plans = compare("purge plan", lambda _: timed(lambda: _plan(catalog)), lambda _: _selected(catalog), 5 * rounds)
        explain = _explained(catalog, 20 * rounds)
    finally:
        catalog.close()
    plan_seconds, plan_peak = map(float, _child("plan", url).split())
    return Costs(
        rows_wanted, evaluate_seconds, update_seconds, found, plans.measured, plans.floor or 0.0, explain, plan_seconds,
        max(peak, plan_peak),
    )  # fmt: skip


def _peak(what: str, url: str) -> float:
    return float(_child(what, url).split()[1])


def _child(what: str, url: str) -> str:
    """Do it in a process of its own, and return the seconds and the MiB of memory that it took."""
    command = [sys.executable, "-m", "benchmarks.retention.child", what, url]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own program


def _evaluated(catalog: Catalog, rounds: int) -> tuple[float, float]:
    """Return the seconds of the bare UPDATE of every hint, and of evaluating all, where every hint is another."""

    def floor(_number: int) -> float:
        moved = update(schedules).values(look_at=type_coerce(schedules.c.look_at, BigInteger) + _DAY, for_review=False)
        return timed(lambda: _written(catalog, lambda connection: connection.execute(moved)))

    def ours(_number: int) -> float:
        _written(catalog, info.owe_evaluation)
        return timed(lambda: list(due.evaluate(catalog, _CLOCK)))

    figure = compare("evaluate", ours, floor, rounds)
    return figure.floor or 0.0, figure.measured


def _written(catalog: Catalog, work: Callable[[Connection], object]) -> None:
    with catalog.write() as connection:
        work(connection)


def _plan(catalog: Catalog) -> None:
    plan = purge_plans.make_plan(catalog, _CLOCK, ACTOR, vault="bench", only=frozenset({Action.DESTROY}))
    assert plan is not None


def _due(catalog: Catalog) -> list[due.Due]:
    return due.find(catalog, _CLOCK, frozenset({Action.DESTROY}), limit=purge_plans.MAX_ITEMS)


def _selected(catalog: Catalog) -> float:
    """Return the seconds of reading what is due, by the index, with what a plan says of it."""
    query = (
        select(recordings, renditions, labels.c.label)
        .join_from(schedules, recordings)
        .join(renditions, renditions.c.recording == recordings.c.id)
        .join(labels, labels.c.recording == recordings.c.id, isouter=True)
        .where(schedules.c.for_review.is_(False), schedules.c.look_at <= NOW)
        .order_by(schedules.c.look_at, schedules.c.recording)
    )

    def read() -> None:
        with catalog.read() as connection:
            assert connection.execute(query).all()

    return timed(read)


def _explained(catalog: Catalog, times: int) -> float:
    """Return the median of the milliseconds that explaining one recording takes."""
    with catalog.read() as connection:
        first, last = connection.execute(select(func.min(recordings.c.id), func.max(recordings.c.id))).one()
        rng = random.Random(4)
        ids = []
        for _ in range(times):
            near = f"{rng.randrange(int(first, 16), int(last, 16)):032x}"
            query = select(recordings.c.id).where(recordings.c.id >= near).order_by(recordings.c.id).limit(1)
            ids.append(RecordingId(connection.scalars(query).one()))

    def explain(recording: RecordingId) -> None:
        with catalog.read() as connection:
            found = rows.get(connection, recording)
            (case,) = cases.of(connection, [found], NOW)
            case.decided(policies.current(connection), NOW)
            originals.decision_of(connection, recording, NOW)

    explain(ids[0])
    return statistics.median(timed(lambda i=i: explain(i)) for i in ids) * 1000


def over_a_catalog(folder: Path, sizes: Sizes) -> list[Figure]:
    """Measure, on each database, a hundred and a thousand times as many recordings as are purged elsewhere."""
    return [
        figure
        for name in DATABASES
        for count in (100 * sizes.purged, 1000 * sizes.purged)
        for figure in measured(folder, name, count, min(2, sizes.rounds))
    ]


def measured(folder: Path, name: str, count: int, rounds: int) -> list[Figure]:
    """Measure one catalog of so many recordings, which is made for it."""
    with DATABASES[name](folder / f"{name}-{count}") as url:
        one = costs_of(url, count, rounds)
    shutil.rmtree(folder / f"{name}-{count}", ignore_errors=True)
    of = f"{name}, {count:,}:"
    return [
        Figure(f"{of} evaluate all, beside an UPDATE", one.evaluate, one.update, "s", one.evaluate / one.update, 6),
        Figure(f"{of} evaluate all, a recording", one.evaluate / count * 1e6, None, "us", None, None),
        Figure(f"{of} plan a purge of {one.found}, beside a SELECT", one.purge_plan, one.select, "s",
               one.purge_plan / one.select, 2),
        Figure(f"{of} explain one", one.explain, None, "ms", None, None),
        Figure(f"{of} plan a policy, a recording", one.policy_plan / count * 1e6, None, "us", None, None),
        Figure(f"{of} peak memory of these", one.peak, None, "MiB", None, None),
    ]  # fmt: skip
