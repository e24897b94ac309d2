"""Legal holds: predicates over the catalog that suspend destruction of what matches, now and later.

A hold takes two people to release: one requests, another approves, both by signature over the very release. After it
a grace period runs in which nothing that was released is purged. Words that may name a person are sealed; the log has
their digests only.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from keys import canonical
from retention.core.facts import HoldRef
from retention.errors import HoldNotFoundError, HoldScopeError, HoldStateError, MatterError
from retention.schedule import schedules
from vault import approvals
from vault.approvals import Signatory
from vault.catalog.criteria import Criteria, covered, from_json, possibly_matching_tombstone, to_json
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.glance import Span
from vault.catalog.schema import holds, key_slots, recordings, renditions, to_micros
from vault.clock import Clock
from vault.errors import SamePersonError
from vault.ids import is_id, new_id
from vault.log import journal
from vault.log.entry import Act
from vault.model import State
from vault.people import Actor
from vault.signed_act import SignedAct

_AT_ONCE = 50  # scopes in one condition
_MATTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
SCOPE_WORDS = "scope"
"""The purpose of the key slot that opens what a hold is about."""
RELEASE_WORDS = "release"
"""The purpose of the key slot that opens why a release was asked for."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold as the catalog has it; its words are sealed."""

    id: str
    matter: str
    criteria: Criteria
    sealed_scope: bytes
    placed_by: str
    placed_at: datetime
    release_requested_by: str | None
    release_requested_at: datetime | None
    released_at: datetime | None
    grace_until: datetime | None

    @property
    def state(self) -> str:
        """`active`, `release-requested` or `released`."""
        if self.released_at is not None:
            return "released"
        return "active" if self.release_requested_at is None else "release-requested"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a hold covers at one moment, and what it came too late for."""

    recordings: int
    sealed_bytes: int
    already_purged: int
    purged_exactly: bool


@dataclass(frozen=True, slots=True)
class SealedWords:
    """What a person said of a hold, sealed at the door, with the slot that opens it."""

    sealed: bytes
    slot: dict[str, Any]
    sha256: str


def check_matter(matter: str) -> None:
    """Refuse a matter that is no number or short code: it stands in clear, so it must not be a name.

    Raises:
        MatterError: not 1 to 64 letters, digits and . _ / - without a space.

    """
    if _MATTER.fullmatch(matter) is None:
        raise MatterError("expected a matter number such as 2026-014: letters, digits and . _ / -, no spaces")


def place(
    catalog: Catalog, clock: Clock, actor: Actor, *, hold: str, matter: str, criteria: Criteria, words: SealedWords
) -> Coverage:
    """Place a hold; it is in force for every purge that commits after this returns, and for what arrives later.

    Raises:
        MatterError: see check_matter.
        HoldScopeError: no criterion at all, which would hold the whole vault by accident.

    """
    check_matter(matter)
    if criteria.is_empty():
        raise HoldScopeError("expected at least one criterion, got none")
    now = clock.now()
    text = to_json(criteria)
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        connection.execute(insert(key_slots).values(words.slot))
        connection.execute(
            insert(holds).values(
                id=hold, matter=matter, criteria=text, sealed_scope=words.sealed, placed_by=actor.name, placed_at=now
            )
        )
        found = coverage(connection, criteria)
        details: dict[str, int | str] = {
            "criteria_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "words_sha256": words.sha256,
            "sealed_sha256": hashlib.sha256(words.sealed).hexdigest(),
            "recordings": found.recordings,
            "already_purged": found.already_purged,
        }
        journal.append(connection, [actor.entry(now, Act.HOLD_PLACED, hold, details)])
    return found


def new_hold_id(clock: Clock) -> str:
    """Return a fresh hold id; the words of a hold are sealed under it before it is placed."""
    return new_id(clock.now())


def coverage(connection: Connection, criteria: Criteria) -> Coverage:
    """Return what the criteria cover now."""
    alive = and_(recordings.c.state != State.PURGED, covered(criteria))
    sizes = select(func.count(recordings.c.id.distinct()), func.coalesce(func.sum(renditions.c.sealed_size), 0))
    count, size = connection.execute(sizes.join_from(recordings, renditions).where(alive)).one()
    gone = and_(recordings.c.state == State.PURGED, possibly_matching_tombstone(criteria))
    purged = connection.scalars(select(func.count()).select_from(recordings).where(gone)).one()
    exact = not (criteria.tokens or criteria.agents or criteria.labels or criteria.interactions)
    return Coverage(count, int(size), purged, exact)


def active(connection: Connection, now: datetime) -> list[Hold]:
    """Return every hold that suspends destruction: in force, or released and still in its grace period.

    Raises:
        CanonicalFormError: a hold's criteria were altered; nothing may be destroyed until that is mended.

    """
    in_force = or_(holds.c.released_at.is_(None), holds.c.grace_until > now)
    return [_hold(row) for row in connection.execute(select(holds).where(in_force).order_by(holds.c.id))]


def matching(connection: Connection, ids: Sequence[str], now: datetime) -> dict[str, list[HoldRef]]:
    """Return the holds that suspend destruction of each of the recordings; read inside the destroying transaction."""
    found: dict[str, list[HoldRef]] = {i: [] for i in ids}
    for hold in active(connection, now):
        reference = HoldRef(hold.id, hold.matter, hold.placed_at, hold.released_at, hold.grace_until)
        held = connection.scalars(select(recordings.c.id).where(recordings.c.id.in_(ids), covered(hold.criteria)))
        for recording in held:
            found[recording].append(reference)
    return found


def held(connection: Connection, span: Span, now: datetime) -> set[str]:
    """Return those of a batch whose destruction some hold suspends."""
    found: set[str] = set()
    holding = active(connection, now)
    for start in range(0, len(holding), _AT_ONCE):
        scopes = or_(*(covered(hold.criteria) for hold in holding[start : start + _AT_ONCE]))
        found.update(connection.scalars(select(recordings.c.id).where(span.has(recordings.c.id), scopes)))
    return found


def get(connection: Connection, hold: str) -> Hold:
    """Return one hold.

    Raises:
        HoldNotFoundError: no hold of that id was ever placed.

    """
    row = connection.execute(select(holds).where(holds.c.id == hold)).first() if is_id(hold) else None
    if row is None:
        raise HoldNotFoundError("expected the id of a hold of this vault (32 hex digits)")
    return _hold(row)


def all_holds(connection: Connection) -> list[Hold]:
    """Return every hold ever placed, the oldest first."""
    return [_hold(row) for row in connection.execute(select(holds).order_by(holds.c.placed_at, holds.c.id))]


def release_digest(hold: Hold, requested_by: str, requested_at: datetime) -> str:
    """Return the digest that both people sign: this hold, this scope, this request."""
    value: dict[str, canonical.Json] = {
        "format": "strongroom/hold-release/v1",
        "hold": hold.id,
        "criteria_sha256": hashlib.sha256(to_json(hold.criteria).encode()).hexdigest(),
        "requested_by": requested_by,
        "requested_at": to_micros(requested_at),
    }
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def request_release(catalog: Catalog, clock: Clock, signatory: Signatory, *, hold: str, words: SealedWords) -> str:
    """Ask for a release; the hold stays in force. Return the digest that another person is to sign.

    Raises:
        HoldNotFoundError, HoldStateError: there is no such hold, or its release was requested already.

    """
    now = clock.now()
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found = get(connection, hold)
        if found.state != "active":
            raise HoldStateError(f"expected an active hold, got one that is {found.state}")
        digest = release_digest(found, signatory.actor.name, now)
        connection.execute(insert(key_slots).values(words.slot))
        connection.execute(
            update(holds)
            .where(holds.c.id == hold, holds.c.release_requested_at.is_(None))
            .values(
                release_requested_by=signatory.actor.name,
                release_requested_at=now,
                release_reason_sha256=words.sha256,
                sealed_release_reason=words.sealed,
            )
        )
        approvals.sign(connection, signatory, digest, SignedAct.RELEASE_REQUEST, now)
        details: dict[str, int | str] = {"release_sha256": digest, "words_sha256": words.sha256}
        journal.append(connection, [signatory.actor.entry(now, Act.HOLD_RELEASE_REQUESTED, hold, details)])
    return digest


def approve_release(catalog: Catalog, clock: Clock, signatory: Signatory, *, hold: str, grace: timedelta) -> datetime:
    """Release a hold as the second person; return until when the grace period protects what it covered.

    Raises:
        HoldNotFoundError, HoldStateError: there is no such hold, or nobody requested its release.
        SamePersonError: the one who requested cannot approve.
        ApprovalSignatureError: the request's signature does not verify: the row was altered.

    """
    now = clock.now()
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found = get(connection, hold)
        if found.state != "release-requested" or not found.release_requested_by or not found.release_requested_at:
            raise HoldStateError(f"expected a hold whose release was requested, got one that is {found.state}")
        if found.release_requested_by == signatory.actor.name:
            raise SamePersonError("expected another person than the one who requested the release")
        digest = release_digest(found, found.release_requested_by, found.release_requested_at)
        approvals.verified(connection, digest, SignedAct.RELEASE_REQUEST)
        approvals.sign(connection, signatory, digest, SignedAct.RELEASE, now)
        until = now + grace
        connection.execute(update(holds).where(holds.c.id == hold).values(released_at=now, grace_until=until))
        schedules.wake(connection, select(recordings.c.id).where(covered(found.criteria)))
        details: dict[str, int | str] = {"release_sha256": digest, "grace_days": grace.days}
        journal.append(connection, [signatory.actor.entry(now, Act.HOLD_RELEASED, hold, details)])
    return until


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        row.id, row.matter, from_json(row.criteria), row.sealed_scope, row.placed_by, row.placed_at,
        row.release_requested_by, row.release_requested_at, row.released_at, row.grace_until,
    )  # fmt: skip
