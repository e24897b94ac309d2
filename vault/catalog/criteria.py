"""Which recordings are meant: one predicate for finding, holding and counting, in SQL only, so that they cannot differ.

Every criterion given must match; the values within one are alternatives. A person is never in here in clear: callers
and accounts are blind-index tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_, exists, or_, select, true

from keys import canonical
from keys.errors import CanonicalFormError
from vault.catalog.schema import from_micros, labels, recordings, to_micros, tokens

_COLUMNS = {
    "ids": "id",
    "kinds": "kind",
    "states": "state",
    "agents": "agent",
    "queues": "queue",
    "industries": "industry",
    "jurisdictions": "jurisdiction",
    "interactions": "interaction",
    "sources": "source",
}
_KEPT_BY_TOMBSTONES = ("ids", "kinds", "queues", "industries", "jurisdictions", "sources")


@dataclass(frozen=True, slots=True)
class Criteria:
    """A predicate over the catalog. `since` and `until` bound the time the recording ran, both inclusive."""

    ids: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()
    interactions: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    tokens: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None

    def is_empty(self) -> bool:
        """Tell whether this would match everything."""
        return not any(getattr(self, f.name) for f in fields(self))


def matching(criteria: Criteria, table: FromClause = recordings, *, by_index: bool = True) -> ColumnElement[bool]:
    """Return the SQL condition over `recordings`, or over an alias of it.

    `by_index` False: the rows are found otherwise. SQLite would take the index on a queue, and read all of it for each.
    """
    parts: list[ColumnElement[bool]] = [
        (table.c[column] if by_index else table.c[column].concat("")).in_(sorted(v))
        for name, column in _COLUMNS.items()
        if (v := getattr(criteria, name))
    ]
    if criteria.labels:
        labelled = and_(labels.c.recording == table.c.id, labels.c.label.in_(sorted(criteria.labels)))
        parts.append(exists().where(labelled))
    for name, wanted in sorted(criteria.tokens.items()):
        found = and_(tokens.c.recording == table.c.id, tokens.c.field == name, tokens.c.token.in_(sorted(wanted)))
        parts.append(exists().where(found))
    return and_(true(), *parts, *_time_span(criteria, table))


def covered(criteria: Criteria) -> ColumnElement[bool]:
    """Return the SQL condition for what a hold covers: each match, and the rest of its interaction."""
    other = recordings.alias("other")
    same = and_(other.c.interaction == recordings.c.interaction, matching(criteria, other, by_index=False))
    return or_(matching(criteria), exists(select(other.c.id).where(same)))


def possibly_matching_tombstone(criteria: Criteria) -> ColumnElement[bool]:
    """Return the SQL condition for purged recordings that may have matched.

    A tombstone keeps no person, no label and no interaction, so those criteria are left out: it reports too many
    rather than too few.
    """
    parts = [recordings.c[_COLUMNS[n]].in_(sorted(v)) for n in _KEPT_BY_TOMBSTONES if (v := getattr(criteria, n))]
    return and_(true(), *parts, *_time_span(criteria, recordings))


def _time_span(criteria: Criteria, table: FromClause) -> list[ColumnElement[bool]]:
    # an unknown start may lie anywhere before the end: for a hold, doubt means held
    parts: list[ColumnElement[bool]] = []
    if criteria.since is not None:
        parts.append(table.c.ended_at >= criteria.since)
    if criteria.until is not None:
        parts.append(or_(table.c.started_at.is_(None), table.c.started_at <= criteria.until))
    return parts


def to_json(criteria: Criteria) -> str:
    """Return the canonical text that a hold keeps."""
    value: dict[str, canonical.Json] = {
        name: sorted(values) for name in (*_COLUMNS, "labels") if (values := getattr(criteria, name))
    }
    if criteria.tokens:
        value["tokens"] = {name: sorted(t.hex() for t in wanted) for name, wanted in criteria.tokens.items()}
    for name in ("since", "until"):
        instant = getattr(criteria, name)
        if instant is not None:
            value[name] = to_micros(instant)
    return canonical.encode(value).decode()


def from_json(text: str) -> Criteria:
    """Return the criteria of a stored hold.

    Raises:
        CanonicalFormError: the row was altered: an unreadable hold is an error, never an empty one.

    """
    value = canonical.decode(text.encode())
    if not isinstance(value, Mapping):
        raise CanonicalFormError("expected a hold's criteria to be an object")
    known = {f.name for f in fields(Criteria)}
    if unknown := set(value) - known:
        raise CanonicalFormError(f"expected known criteria, got {sorted(unknown)}")
    try:
        sets = {name: frozenset(value[name]) for name in (*_COLUMNS, "labels") if name in value}  # type: ignore[arg-type]
        wanted = {
            name: frozenset(bytes.fromhex(t) for t in hexes)  # type: ignore[union-attr, arg-type]
            for name, hexes in value.get("tokens", {}).items()  # type: ignore[union-attr]
        }
        times = {name: from_micros(value[name]) for name in ("since", "until") if name in value}  # type: ignore[arg-type]
        found = Criteria(**sets, tokens=wanted, **times)  # type: ignore[arg-type]
        # another text of the same meaning was not written by us, and a list that is none would mean something else
        is_ours = _is_well_typed(found) and to_json(found) == text
    except (TypeError, ValueError, AttributeError) as exc:
        raise CanonicalFormError("expected well-formed criteria") from exc
    if not is_ours:
        raise CanonicalFormError("expected a hold's criteria in the form in which they were written")
    return found


def _is_well_typed(criteria: Criteria) -> bool:
    texts = all(isinstance(v, str) for name in (*_COLUMNS, "labels") for v in getattr(criteria, name))
    return texts and all(criteria.tokens.values())
