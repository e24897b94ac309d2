"""What `check` and a purge ask of demands: that each is what the log says was made, and ended as it says.

A lost or weakened extension would have things destroyed too early, and so would a request for erasure that nobody
made. A purge compares every extension, of which there are few, and the requests that cover its batch.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Select, select, tuple_

from keys.errors import StrongroomError
from retention.recorded import demands, extensions, told
from retention.recorded.demands import Demand, DemandRow
from vault import approvals
from vault.catalog.criteria import from_json
from vault.catalog.recordings import Recording
from vault.catalog.schema import demands as table
from vault.catalog.schema import erasures, key_slots
from vault.check import Finding, fault
from vault.log.entry import Act, Entry
from vault.signed_act import SignedAct

_MADE = {Demand.EXTENSION: Act.EXTENSION_RECORDED, Demand.ERASURE: Act.ERASURE_REQUESTED}
_ENDED = {Demand.EXTENSION: Act.EXTENSION_WITHDRAWN, Demand.ERASURE: Act.ERASURE_WITHDRAWN}
_BATCH = 1000


def findings(connection: Connection) -> Iterator[Finding]:
    """Yield every demand, and everything a request covers, that was altered, lost or planted."""
    for kind in Demand:
        yield from _of_kind(connection, kind)
    for kind in connection.scalars(select(table.c.kind).where(table.c.kind.not_in(list(Demand))).distinct()):
        yield fault("P2", "demands", f"there are some of an unknown kind, {kind!r}")
    yield from _coverage(connection)


def of_extensions(connection: Connection) -> Iterator[Finding]:
    """Yield every extension that was altered, lost or planted."""
    yield from _of_kind(connection, Demand.EXTENSION)


def of(connection: Connection, found: Sequence[Recording]) -> dict[str, tuple[str, str]]:
    """Return why each of the recordings that a request covers wrongly may not be destroyed, by id."""
    text = "A request for erasure that covers it is not what the log has; run 'check'."
    query = select(erasures.c.recording, erasures.c.request).where(erasures.c.recording.in_([r.id for r in found]))
    pairs = [(row.recording, row.request) for row in connection.execute(query)]
    wrong = _wrong_requests(connection, {request for _, request in pairs})
    wrong_pairs = set(_uncovered(connection, pairs))
    return {pair[0]: ("erasure-altered", text) for pair in pairs if pair[1] in wrong or pair in wrong_pairs}


def _wrong_requests(connection: Connection, ids: set[str]) -> set[str]:
    """Return those of the requests that are not the ones the log has."""
    made = told.first(connection, ids, Act.ERASURE_REQUESTED)
    ended = told.first(connection, ids, Act.ERASURE_WITHDRAWN)
    rows = {row.id: row for row in map(demands.demand_of, connection.execute(select(table).where(table.c.id.in_(ids))))}
    return {i for i in ids if i not in rows or any(_differences(rows[i], made.get(i), ended.get(i)))}


def _of_kind(connection: Connection, kind: Demand) -> Iterator[Finding]:
    last = ""
    of_kind = table.c.kind == kind
    while batch := _rows(connection, select(table).where(of_kind, table.c.id > last).order_by(table.c.id)):
        ids = [row.id for row in batch]
        made, ended = told.first(connection, ids, _MADE[kind]), told.first(connection, ids, _ENDED[kind])
        has_words = key_slots.c.subject.in_(ids) & (key_slots.c.purpose == demands.WORDS)
        opens = set(connection.scalars(select(key_slots.c.subject).where(has_words)))
        for row in batch:
            for text in _differences(row, made.get(row.id), ended.get(row.id)):
                yield fault("P2", f"{kind} {row.id}", text)
            if row.id not in opens:
                yield fault("P2", f"{kind} {row.id}", "the key slot of its words is missing: nobody can read it")
            if kind is Demand.EXTENSION:
                yield from _extension(connection, row)
        last = batch[-1].id
    for entries in told.every(connection, _MADE[kind]):
        wanted = {str(entry.subject) for entry in entries}
        there = set(connection.scalars(select(table.c.id).where(table.c.id.in_(wanted), of_kind)))
        for demand in sorted(wanted - there):
            yield fault("P2", f"{kind} {demand}", "the log says it was made, the catalog has lost it")


def _rows(connection: Connection, query: Select[tuple[object, ...]]) -> list[DemandRow]:
    return [demands.demand_of(row) for row in connection.execute(query.limit(_BATCH))]


def _differences(row: DemandRow, made: Entry | None, ended: Entry | None) -> Iterator[str]:
    """Yield what differs between a row and what the log told of it."""
    if made is None:
        yield "the log does not know that it was made"
    elif made.details.get("demand_sha256") != demands.digest(row):
        yield "it is not the one that was made"
    if (row.withdrawn_at, row.withdrawn_by) != ((ended.at, ended.actor) if ended else (None, None)):
        yield "the log says otherwise whether it was withdrawn, when, or by whom"


def _extension(connection: Connection, row: DemandRow) -> Iterator[Finding]:
    """Yield what is wrong with the content of an extension, and with the signatures under its end."""
    subject = f"extension {row.id}"
    try:
        demands.extension_of(row.id, row.body)
        from_json(row.criteria)
        if row.withdrawn_at is None:
            return
        digest = extensions.withdrawal_digest(row)
        asked = approvals.verified(connection, digest, SignedAct.RELEASE_REQUEST)
        agreed = approvals.verified(connection, digest, SignedAct.RELEASE)
    except StrongroomError as exc:
        yield fault("P2", subject, f"{exc.code}: {exc}")
        return
    if {a.user for a in asked} & {a.user for a in agreed}:
        yield fault("P2", subject, "its withdrawal was asked for and agreed to by one person")


def _coverage(connection: Connection) -> Iterator[Finding]:
    """Yield what a request covers otherwise than the log says."""
    key = tuple_(erasures.c.recording, erasures.c.request)
    last = "", ""
    while True:
        query = select(erasures).where(key > last).order_by(erasures.c.recording, erasures.c.request).limit(_BATCH)
        pairs = [(row.recording, row.request) for row in connection.execute(query)]
        if not pairs:
            break
        for recording, request in _uncovered(connection, pairs):
            yield fault("P2", recording, f"the log does not know that the erasure request {request} covers it")
        last = pairs[-1]
    for entries in told.every(connection, Act.ERASURE_COVERED):
        wanted = {(str(entry.subject), str(entry.details.get("request"))) for entry in entries}
        query = select(erasures).where(erasures.c.recording.in_({recording for recording, _ in wanted}))
        there = {(row.recording, row.request) for row in connection.execute(query)}
        for recording, request in sorted(wanted - there):
            yield fault("P2", recording, f"the log says that the erasure request {request} covers it, it does not")


def _uncovered(connection: Connection, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield those of (recording, request) that the log does not know."""
    known = told.all_of(connection, {recording for recording, _ in pairs}, Act.ERASURE_COVERED)
    for recording, request in pairs:
        if not any(entry.details.get("request") == request for entry in known.get(recording, ())):
            yield recording, request
