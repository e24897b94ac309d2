"""What `check` asks of holds: that each is what the log says was placed, asked to be released, and released."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, select

from keys.errors import StrongroomError
from retention.hold import holds
from retention.hold.holds import Hold
from vault import approvals
from vault.catalog.criteria import to_json
from vault.catalog.schema import key_slots
from vault.check import Finding, fault
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.signed_act import SignedAct


def findings(connection: Connection) -> Iterator[Finding]:
    """Yield every hold that vanished, shrank, or was released otherwise than by two people."""
    try:
        found = {hold.id: hold for hold in holds.all_holds(connection)}
    except StrongroomError as exc:
        yield fault("P2", "holds", f"{exc.code}: {exc}")
        return
    told = {
        act: {e.subject: e for e in journal.of_acts(connection, act)}
        for act in (Act.HOLD_PLACED, Act.HOLD_RELEASE_REQUESTED, Act.HOLD_RELEASED)
    }
    for hold_id in sorted(str(h) for h in set(told[Act.HOLD_PLACED]) - set(found)):
        yield fault("P2", f"hold {hold_id}", "the log says it was placed, the catalog has lost it")
    for hold in found.values():
        placed, asked, released = (entries.get(hold.id) for entries in told.values())
        if placed is None:
            yield fault("P5", f"hold {hold.id}", "the log does not know that it was placed")
            continue
        yield from _scope(connection, hold, placed, is_asked=asked is not None)
        if (hold.release_requested_at is not None, hold.released_at is not None) != (bool(asked), bool(released)):
            yield fault("P2", f"hold {hold.id}", "the log says otherwise whether it was asked for, or released")
        elif asked is not None:
            yield from _release(connection, hold, released)


def _scope(connection: Connection, hold: Hold, placed: Entry, *, is_asked: bool) -> Iterator[Finding]:
    criteria = hashlib.sha256(to_json(hold.criteria).encode()).hexdigest()
    sealed = hashlib.sha256(hold.sealed_scope).hexdigest()
    if (criteria, sealed) != (placed.details.get("criteria_sha256"), placed.details.get("sealed_sha256")):
        yield fault("P2", f"hold {hold.id}", "its scope is not the one that was placed")
    slots = set(connection.scalars(select(key_slots.c.purpose).where(key_slots.c.subject == hold.id)))
    for purpose in sorted(({holds.SCOPE_WORDS, holds.RELEASE_WORDS} if is_asked else {holds.SCOPE_WORDS}) - slots):
        yield fault("P2", f"hold {hold.id}", f"the key slot of its {purpose} is missing: nobody can read it any more")


def _release(connection: Connection, hold: Hold, released: Entry | None) -> Iterator[Finding]:
    if hold.release_requested_by is None or hold.release_requested_at is None:
        yield fault("P2", f"hold {hold.id}", "nobody is named who asked for its release")
        return
    digest = holds.release_digest(hold, hold.release_requested_by, hold.release_requested_at)
    try:
        asked = approvals.verified(connection, digest, SignedAct.RELEASE_REQUEST)
        agreed = approvals.verified(connection, digest, SignedAct.RELEASE, needed=1 if released else 0)
    except StrongroomError as exc:
        yield fault("P2", f"hold {hold.id}", f"its release is not signed by two people: {exc}")
        return
    if {a.user for a in asked} & {a.user for a in agreed}:
        yield fault("P2", f"hold {hold.id}", "its release was requested and approved by one person")
    if released is not None:
        days = released.details.get("grace_days")
        promised = released.at + timedelta(days=days if isinstance(days, int) else 0)
        if hold.grace_until is None or hold.grace_until < promised:
            yield fault("P2", f"hold {hold.id}", "its grace period is shorter than the one the log has")
