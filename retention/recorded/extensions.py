"""An authority wants things kept for longer: recorded by one person, withdrawn by two, as a hold is released."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from keys import canonical
from retention.errors import AuthorityError, DemandScopeError, DemandStateError
from retention.hold.holds import SealedWords
from retention.policy.clocks import Clock
from retention.policy.periods import Period
from retention.recorded import demands
from retention.recorded.demands import Demand, DemandRow
from retention.recorded.event_acts import check_because
from retention.schedule import schedules
from vault import approvals
from vault.approvals import Signatory
from vault.catalog.criteria import Criteria, covered, from_json, matching, to_json
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.recordings import Recording, interaction_sha256
from vault.catalog.schema import approvals as signatures
from vault.catalog.schema import demands as table
from vault.catalog.schema import key_slots, recordings
from vault.clock import Clock as VaultClock
from vault.errors import ApprovalMissingError, SamePersonError
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import State
from vault.people import Actor
from vault.signed_act import SignedAct

_AUTHORITY = re.compile(r"(?=.*[^\W\d_])[^\W_](?:[^\W_]|[ .&-]){0,63}")


def check_authority(authority: str) -> None:
    """Refuse what is no name of an organisation: it stands in clear.

    Raises:
        AuthorityError: not 1 to 64 letters, digits, spaces and . & -, with a letter.

    """
    if _AUTHORITY.fullmatch(authority) is None or authority != " ".join(authority.split()):
        raise AuthorityError("expected an authority's name: 1 to 64 letters, digits, spaces and . & -, with a letter")


def record(
    catalog: Catalog, clock: VaultClock, actor: Actor, *, demand: str, authority: str, keep: Period, counted: Clock,
    criteria: Criteria, words: SealedWords,
) -> int:  # fmt: skip
    """Record an extension: what matches, now and later, is kept at least `keep` from the clock `counted`.

    Return how many recordings it covers now. It is in force for every purge that commits after this returns.

    Raises:
        AuthorityError: see check_authority.
        DemandScopeError: no criterion at all, which would extend the whole vault by accident.

    """
    check_authority(authority)
    if criteria.is_empty():
        raise DemandScopeError("expected at least one criterion, got none")
    now = clock.now()
    body = demands.extension_body(authority, keep, counted)
    made = DemandRow(demand, Demand.EXTENSION, to_json(criteria), words.sealed, body, actor.name, now, None, None)
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        insert_demand(connection, made, words)
        found = coverage(connection, made)
        details: dict[str, int | str] = {
            "demand_sha256": demands.digest(made), "words_sha256": words.sha256, "recordings": found
        }  # fmt: skip
        journal.append(connection, [actor.entry(now, Act.EXTENSION_RECORDED, demand, details)])
        schedules.wake(connection, select(recordings.c.id).where(covered(criteria)))
    return found


def insert_demand(connection: Connection, made: DemandRow, words: SealedWords) -> None:
    """Write the row of a demand, and the slot of its words."""
    connection.execute(insert(key_slots).values(words.slot))
    connection.execute(
        insert(table).values(
            id=made.id, kind=made.kind, criteria=made.criteria, sealed_words=made.sealed_words, body=made.body,
            made_by=made.made_by, made_at=made.made_at,
        )
    )  # fmt: skip


def coverage(connection: Connection, extension: DemandRow) -> int:
    """Return how many recordings an extension covers now.

    Raises:
        CanonicalFormError: its criteria were altered.

    """
    is_covered = covered(from_json(extension.criteria))
    query = select(func.count()).select_from(recordings).where(recordings.c.state != State.PURGED, is_covered)
    return connection.scalars(query).one()


def withdrawal_digest(extension: DemandRow) -> str:
    """Return the digest that both people sign who withdraw an extension: this one, as it was made."""
    value: canonical.Json = {
        "format": "strongroom/extension-withdrawal/v1", "extension": extension.id, "sha256": demands.digest(extension)
    }  # fmt: skip
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def state(connection: Connection, extension: DemandRow) -> str:
    """Return `active`, `withdrawal-asked` or `withdrawn`."""
    if extension.withdrawn_at is not None:
        return "withdrawn"
    asked = signatures.c.digest == withdrawal_digest(extension)
    is_asked = connection.execute(select(signatures.c.user).where(asked)).first() is not None
    return "withdrawal-asked" if is_asked else "active"


def ask_withdrawal(catalog: Catalog, clock: VaultClock, signatory: Signatory, *, demand: str, because: str) -> str:
    """Ask for an extension to end; it stays in force. Return the digest that another person is to sign.

    Raises:
        DemandNotFoundError, DemandStateError: there is no such extension, or this was asked before.
        EventError: see check_because.

    """
    check_because(because)
    now = clock.now()
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found = demands.get(connection, Demand.EXTENSION, demand)
        if (standing := state(connection, found)) != "active":
            raise DemandStateError(f"expected an active extension, got one that is {standing}")
        digest = withdrawal_digest(found)
        approvals.sign(connection, signatory, digest, SignedAct.RELEASE_REQUEST, now)
        details: dict[str, int | str] = {"release_sha256": digest, "because": because}
        journal.append(connection, [signatory.actor.entry(now, Act.EXTENSION_WITHDRAWAL_ASKED, demand, details)])
    return digest


def approve_withdrawal(catalog: Catalog, clock: VaultClock, signatory: Signatory, *, demand: str) -> None:
    """End an extension as the second person.

    Raises:
        DemandNotFoundError, DemandStateError: there is no such extension, or nobody asked for its end.
        SamePersonError: the one who asked cannot agree.
        ApprovalSignatureError: the signature of who asked does not verify: the row was altered.

    """
    now = clock.now()
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found = demands.get(connection, Demand.EXTENSION, demand)
        digest = withdrawal_digest(found)
        if found.withdrawn_at is not None:
            raise DemandStateError("expected an extension whose withdrawal was asked for, got one that is withdrawn")
        try:
            asked = approvals.verified(connection, digest, SignedAct.RELEASE_REQUEST)
        except ApprovalMissingError as exc:
            raise DemandStateError("expected an extension whose withdrawal was asked for, got an active one") from exc
        if any(one.user == signatory.actor.name for one in asked):
            raise SamePersonError("expected another person than the one who asked for the withdrawal")
        approvals.sign(connection, signatory, digest, SignedAct.RELEASE, now)
        withdraw_demand(connection, demand, signatory.actor, now)
        journal.append(
            connection, [signatory.actor.entry(now, Act.EXTENSION_WITHDRAWN, demand, {"release_sha256": digest})]
        )
        schedules.wake(connection, select(recordings.c.id).where(covered(from_json(found.criteria))))
        if demands.is_any_remembered(connection):  # under digests, from which nobody gets to the recordings
            schedules.owe_all(connection)


def remember(connection: Connection, doomed: Sequence[Recording], actor: Actor, now: datetime) -> list[Entry]:
    """Return what to tell before recordings are purged, so that extensions go on covering what is left of interactions.

    A tombstone has lost what an extension matched, and the rest of its interaction is kept by nothing else. One entry
    for each interaction and extension, with the first of what matched.

    Raises:
        CanonicalFormError: the criteria of an extension were altered.

    """
    interaction_of = {r.id: r.interaction for r in doomed if r.interaction is not None}
    there = demands.in_force(connection) if interaction_of else []
    known = demands.remembered(connection, [row.id for row in there], interaction_of.values())
    entries: list[Entry] = []
    for row in there:
        is_one = recordings.c.id.in_(interaction_of)
        query = select(recordings.c.interaction).where(is_one, matching(from_json(row.criteria))).distinct()
        for name in sorted(connection.scalars(query)):
            if (row.id, name) not in known:
                details: dict[str, int | str] = {"extension": row.id, "interaction_sha256": interaction_sha256(name)}
                subject = demands.remembered_as(row.id, name)
                entries.append(actor.entry(now, Act.EXTENSION_REMEMBERED, subject, details))
    return entries


def withdraw_demand(connection: Connection, demand: str, actor: Actor, now: datetime) -> None:
    """Note in the row of a demand that it ended."""
    ended = {"withdrawn_by": actor.name, "withdrawn_at": now}
    connection.execute(update(table).where(table.c.id == demand, table.c.withdrawn_at.is_(None)).values(**ended))
