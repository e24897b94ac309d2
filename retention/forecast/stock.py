"""What a forecast goes by, read in one pass: when leaves what is there, and what came in the last 90 days.

Sums by class and month only: memory does not grow with the catalog. What came is counted by when it ended, so that an
old archive taken in today is no arrival; what ended in those days and is purged already is counted too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, or_, select

from retention.core.ends import Scheduled
from retention.core.facts import AppliedPolicy
from retention.forecast.forecast import DAYS_OF_A_MONTH, NOTHING, Amount, Outflow, month_of
from retention.hold import holds
from retention.schedule.survey import Surveyor
from vault.catalog import glance
from vault.catalog.glance import Chosen, Span
from vault.catalog.schema import copies, from_micros, recordings, renditions, to_micros
from vault.log import journal

WINDOW = timedelta(days=90)
"""What ended this long ago or less is taken for what will come."""
_BATCH = 1000  # tombstones read at a time
_MONTH = timedelta(days=DAYS_OF_A_MONTH)
_DAY = timedelta(days=1)


class By(StrEnum):
    """What the classes of a forecast are."""

    KIND = "kind"
    RULE = "rule"
    TIER = "tier"


ALL = "all recordings"
NO_RULE = "(no rule matches)"
NO_END = "(no end date known)"


def class_of(by: By, kind: str, scheduled: Scheduled) -> str:
    """Return the class of a recording; tiers are no classes, for most recordings are in both."""
    if by is By.KIND:
        return kind
    if by is By.TIER:
        return ALL
    if scheduled.unmatched:
        return NO_RULE
    return scheduled.rule or NO_END


@dataclass(slots=True)
class Stock:
    """By class: when leaves what is there, and what came in `days` days by how many months later it leaves."""

    months: int
    there: dict[str, Outflow] = field(default_factory=dict)
    came: dict[str, Outflow] = field(default_factory=dict)
    days: float = WINDOW / _DAY

    def of(self, group: dict[str, Outflow], name: str) -> Outflow:
        """Return the sums of a class, begun where it is new."""
        return group.setdefault(name, Outflow(self.months))

    @property
    def arrivals(self) -> dict[str, Outflow]:
        """What came in a day, as much of it in the archive as of what is there."""
        return self.in_archive({name: came.times(1 / self.days) for name, came in self.came.items()})

    def in_archive(self, arrivals: Mapping[str, Outflow]) -> dict[str, Outflow]:
        """Return arrivals with as many bytes in the archive for each in the vault's own store as their class has."""
        whole = NOTHING
        for outflow in self.there.values():
            whole = whole.plus(outflow.total)

        def share(name: str) -> float:
            here = self.there[name].total if name in self.there else whole
            return here.archive / here.primary if here.primary else 0.0

        return {name: outflow.archived(share(name)) for name, outflow in arrivals.items()}


def survey(
    connection: Connection, policy: AppliedPolicy | None, now: datetime, *, months: int, by: By,
    on_progress: Callable[[int], None],
) -> Stock:  # fmt: skip
    """Return what a forecast over so many months goes by; `on_progress` is told how many recordings were looked at.

    Raises:
        CanonicalFormError: a hold or a request was altered.

    """
    surveyor, stock = Surveyor(policy), Stock(months)
    kind_at = surveyor.fields.index("kind")
    since, until = to_micros(now - WINDOW), to_micros(now)
    seen = 0
    for span, found in glance.scan(connection, surveyor.fields):
        sizes, archived = glance.sealed_bytes(connection, span), _archived_bytes(connection, span)
        locked, held = glance.locked_until(connection, span), holds.held(connection, span, now)
        for one, (scheduled,) in surveyor.of(connection, span, found):
            name = class_of(by, one.alike[kind_at], scheduled)
            amount = Amount(1, sizes.get(one.id, 0), archived.get(one.id, 0))
            _add(stock.of(stock.there, name), amount, None if one.id in held else scheduled.due_from,
                 locked.get(one.id), now)  # fmt: skip
            if since < one.ended <= until:
                after = None if scheduled.due_from is None else scheduled.due_from - from_micros(one.ended)
                stock.of(stock.came, name).add_after(None if after is None else after / _MONTH, amount)
        seen += len(found)
        on_progress(seen)
    _add_purged(connection, stock, now, by)
    first = connection.scalar(select(func.min(recordings.c.ended_at)))
    if first is not None:
        # a vault that is young has not had that many days for anything to come in
        stock.days = max(1.0, min(stock.days, (now - first) / _DAY))
    return stock


def _add(outflow: Outflow, amount: Amount, due: datetime | None, locked: int | None, now: datetime) -> None:
    """Let a recording leave when it is due, and its copy in the archive not before the object lock ends."""
    if due is None:
        outflow.add(None, amount)
        return
    freed = due if locked is None else max(due, from_micros(locked))
    outflow.add(month_of(due, now), amount._replace(archive=0))
    outflow.add(month_of(freed, now), Amount(0, 0, amount.archive))


def _archived_bytes(connection: Connection, span: Span) -> dict[str, int]:
    """Return how many bytes of each recording are in the archive."""
    query = select(renditions.c.recording, func.sum(renditions.c.sealed_size))
    query = query.join_from(copies, renditions, copies.c.blob == renditions.c.blob)
    query = query.where(span.has(renditions.c.recording)).group_by(renditions.c.recording)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _add_purged(connection: Connection, stock: Stock, now: datetime, by: By) -> None:
    """Count what ended in the window and is purged already, by how long it stayed."""
    for found in _tombstones(connection, now - WINDOW):
        ids = [row.id for row in found]
        sizes = glance.sealed_bytes(connection, Chosen(ids))
        told = journal.purge_entries(connection, ids) if by is By.RULE else {}
        for row in found:
            rule = str(told[row.id].details.get("rule") or NO_END) if row.id in told else NO_END
            gone = Scheduled(row.purged_at, rule, for_review=False, conflicts=False, unmatched=False)
            name = class_of(by, row.kind, gone)
            stock.of(stock.came, name).add_after(
                (row.purged_at - row.ended_at) / _MONTH, Amount(1, sizes.get(row.id, 0), 0)
            )


def _tombstones(connection: Connection, since: datetime) -> Iterator[Sequence[Any]]:
    """Yield what ended since then and is purged, in batches by when it ended."""
    order = (recordings.c.ended_at, recordings.c.id)
    query = select(*order, recordings.c.kind, recordings.c.purged_at).where(recordings.c.purged_at.is_not(None))
    query = query.order_by(*order).limit(_BATCH)
    later = recordings.c.ended_at > since
    while found := connection.execute(query.where(later)).all():
        yield found
        at, last = found[-1].ended_at, found[-1].id
        later = (recordings.c.ended_at >= at) & or_(recordings.c.ended_at > at, recordings.c.id > last)
