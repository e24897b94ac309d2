"""Demands: an authority extends a period, a person requests erasure. Both are recorded, told and never changed.

An extension covers what matches, now and later, with the rest of its interaction, as a hold does. What matches may go
before the rest does: the log then remembers that the extension covers that interaction (`remembered`). A request for
erasure covers what was there when it came.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from keys import canonical
from keys.errors import CanonicalFormError
from retention.core.circumstances import ErasureRef, ExtensionRef
from retention.errors import DemandNotFoundError, PeriodError, PolicySyntaxError
from retention.policy import clocks, read_clock
from retention.policy.clocks import Clock
from retention.policy.periods import Period
from retention.recorded import told
from vault.catalog.criteria import covered, from_json
from vault.catalog.recordings import Recording
from vault.catalog.schema import demands, erasures, log_entries, recordings, to_micros
from vault.errors import AlteredRowError
from vault.ids import is_id
from vault.log.entry import Act

WORDS = "words"
"""The purpose of the key slot that opens what was said of a demand."""


class Demand(StrEnum):
    """What is demanded."""

    EXTENSION = "extension"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class DemandRow:
    """One demand as the catalog has it; its words are sealed."""

    id: str
    kind: Demand
    criteria: str
    sealed_words: bytes
    body: str
    made_by: str
    made_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def of(
    connection: Connection, found: Sequence[Recording]
) -> tuple[dict[str, list[ExtensionRef]], dict[str, list[ErasureRef]]]:
    """Return the extensions and the erasure requests that concern each recording.

    Raises:
        CanonicalFormError: a row was altered; nothing may be destroyed until that is mended.

    """
    ids = [recording.id for recording in found]
    extensions: dict[str, list[ExtensionRef]] = {}
    there = in_force(connection)
    through = remembered(connection, [row.id for row in there], {r.interaction for r in found})
    for row in there:
        extension = extension_of(row.id, row.body)
        held = select(recordings.c.id).where(recordings.c.id.in_(ids), covered(from_json(row.criteria)))
        its = {r.id for r in found if (row.id, r.interaction) in through}.union(connection.scalars(held))
        for recording in its:
            extensions.setdefault(recording, []).append(extension)
    requests: dict[str, list[ErasureRef]] = {}
    asked = select(erasures.c.recording, demands.c.id, demands.c.made_at).join_from(erasures, demands)
    asked = asked.where(
        erasures.c.recording.in_(ids), demands.c.kind == Demand.ERASURE, demands.c.withdrawn_at.is_(None)
    )
    for recording, request, made_at in connection.execute(asked.order_by(demands.c.id)):
        requests.setdefault(recording, []).append(ErasureRef(request, made_at))
    return extensions, requests


def in_force(connection: Connection) -> list[DemandRow]:
    """Return every extension that nobody withdrew, in order of ids."""
    of_kind = (demands.c.kind == Demand.EXTENSION, demands.c.withdrawn_at.is_(None))
    return [demand_of(row) for row in connection.execute(select(demands).where(*of_kind).order_by(demands.c.id))]


def is_any_remembered(connection: Connection) -> bool:
    """Return whether any extension covers an interaction of which it matched what was purged."""
    return bool(connection.scalar(select(exists().where(log_entries.c.act == Act.EXTENSION_REMEMBERED))))


def remembered(
    connection: Connection, extensions: Collection[str], interactions: Iterable[str | None]
) -> set[tuple[str, str | None]]:
    """Return (extension, interaction) for each that an extension covers because it matched what was purged of it."""
    if not extensions or not is_any_remembered(connection):
        return set()
    names = {i for i in interactions if i is not None}
    asked = {remembered_as(extension, name): (extension, name) for extension in extensions for name in names}
    known = told.first(connection, asked, Act.EXTENSION_REMEMBERED)
    return {asked[subject] for subject in known}


def remembered_as(extension: str, interaction: str) -> str:
    """Return the subject of the log's entry that an extension covers what is left of an interaction."""
    return hashlib.sha256(canonical.encode([extension, interaction])).hexdigest()


def get(connection: Connection, kind: Demand, demand: str) -> DemandRow:
    """Return one demand of a kind.

    Raises:
        DemandNotFoundError: there is none of that id.

    """
    query = select(demands).where(demands.c.id == demand, demands.c.kind == kind)
    row = connection.execute(query).first() if is_id(demand) else None
    if row is None:
        raise DemandNotFoundError(f"expected the id of an {kind} of this vault (32 hex digits)")
    return demand_of(row)


def every(connection: Connection, kind: Demand) -> list[DemandRow]:
    """Return every demand of a kind, the oldest first."""
    query = select(demands).where(demands.c.kind == kind).order_by(demands.c.made_at, demands.c.id)
    return [demand_of(row) for row in connection.execute(query)]


def demand_of(row: Row[Any]) -> DemandRow:
    """Return the demand of a row of `demands`.

    Raises:
        AlteredRowError: the row is of no known kind.

    """
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented row access
    if values["kind"] not in set(Demand):
        raise AlteredRowError(f"expected demand {row.id} to be an extension or an erasure, got another")
    return DemandRow(**{**values, "kind": Demand(values["kind"])})


def digest(demand: DemandRow) -> str:
    """Return the digest of a demand as it was made, which the log has; whether it was withdrawn is told apart."""
    value: canonical.Json = {
        "id": demand.id, "kind": str(demand.kind), "criteria": demand.criteria, "body": demand.body,
        "sealed_sha256": hashlib.sha256(demand.sealed_words).hexdigest(), "made_by": demand.made_by,
        "made_at": to_micros(demand.made_at),
    }  # fmt: skip
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def extension_body(authority: str, keep: Period, clock: Clock) -> str:
    """Return what an extension says beside its scope, as it is stored."""
    return canonical.encode({"authority": authority, "keep": str(keep), "clock": clocks.text_of(clock)}).decode()


def extension_of(demand: str, body: str) -> ExtensionRef:
    """Return the extension that a row states.

    Raises:
        CanonicalFormError: the row was altered.

    """
    value = canonical.decode(body.encode())
    if not isinstance(value, Mapping) or set(value) != {"authority", "keep", "clock"}:
        raise CanonicalFormError("expected an extension with its authority, period and clock")
    try:
        clock = read_clock.parse(str(value["clock"]))
        return ExtensionRef(demand, str(value["authority"]), Period.parse(str(value["keep"])), clock)
    except (PeriodError, PolicySyntaxError) as exc:
        raise CanonicalFormError("expected an extension with a period and a clock of the policy language") from exc
