"""What `check` asks of retention: policies, holds, approvals and certificates, by promise. Repairs nothing."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, select

from keys.errors import StrongroomError
from keys.signing import PublicKey
from retention import approvals, certificate, holds, plan, policies, policy_plan
from retention.purge import KIND as PURGE
from vault import people
from vault.catalog.criteria import to_json
from vault.catalog.engine import Catalog
from vault.catalog.schema import certificates, plans, recordings
from vault.catalog.schema import policies as policy_table
from vault.check import Finding, fault, owed
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import State

_BATCH = 500


def findings(catalog: Catalog, public_key: PublicKey, vault: str) -> Iterator[Finding]:
    """Yield everything of retention that is not as it should be."""
    with catalog.read() as connection:
        yield from _policies(connection)
        yield from _holds(connection)
        yield from _plans(connection)
        yield from _certificates(connection, public_key, vault)


def _policies(connection: Connection) -> Iterator[Finding]:
    told = {
        e.details.get("version"): e.details.get("policy_sha256")
        for e in journal.of_acts(connection, Act.POLICY_APPLIED)
    }
    for number in connection.scalars(select(policy_table.c.version).order_by(policy_table.c.version)):
        try:
            applied, _ = policies.version(connection, number)
        except StrongroomError as exc:
            yield fault("P2", f"policy version {number}", f"{exc.code}: {exc}")
            continue
        if told.get(number) != applied.policy.version_digest:
            yield fault("P2", f"policy version {number}", "it is not the policy that the log says was applied")
    known = set(connection.scalars(select(policy_table.c.version)))
    for number in sorted(v for v in told if isinstance(v, int) and v not in known):
        yield fault("P2", f"policy version {number}", "the log says it was applied, the catalog has lost it")


def _holds(connection: Connection) -> Iterator[Finding]:
    """Compare holds with the log: one that vanished, shrank or was released by fewer than two people is a fault."""
    placed = {e.subject: e for e in journal.of_acts(connection, Act.HOLD_PLACED)}
    released = {e.subject for e in journal.of_acts(connection, Act.HOLD_RELEASED)}
    try:
        found = {hold.id: hold for hold in holds.all_holds(connection)}
    except StrongroomError as exc:
        yield fault("P2", "holds", f"{exc.code}: {exc}")
        return
    for hold_id, told in placed.items():
        hold = found.get(hold_id or "")
        if hold is None:
            yield fault("P2", f"hold {hold_id}", "the log says it was placed, the catalog has lost it")
            continue
        digest = hashlib.sha256(to_json(hold.criteria).encode()).hexdigest()
        if digest != told.details.get("criteria_sha256"):
            yield fault("P2", f"hold {hold.id}", "its scope is not the one that was placed")
        if (hold.released_at is not None) != (hold.id in released):
            yield fault("P2", f"hold {hold.id}", "the log says otherwise whether it was released")
        yield from _release(connection, hold)
    for hold_id in sorted(set(found) - {h for h in placed if h}):
        yield fault("P5", f"hold {hold_id}", "the log does not know that it was placed")


def _release(connection: Connection, hold: holds.Hold) -> Iterator[Finding]:
    if hold.released_at is None or hold.release_requested_by is None or hold.release_requested_at is None:
        return
    digest = holds.release_digest(hold, hold.release_requested_by, hold.release_requested_at)
    try:
        asked = approvals.verified(connection, digest, holds.REQUEST)
        agreed = approvals.verified(connection, digest, holds.RELEASE)
    except StrongroomError as exc:
        yield fault("P2", f"hold {hold.id}", f"its release is not signed by two people: {exc}")
        return
    if {a.user for a in asked} & {a.user for a in agreed}:
        yield fault("P2", f"hold {hold.id}", "its release was requested and approved by one person")
    yield from _known_signers(connection, f"hold {hold.id}", [*asked, *agreed])


def _known_signers(connection: Connection, subject: str, signed: list[approvals.Approval]) -> Iterator[Finding]:
    known = {user.name: user.public_key for user in people.all_users(connection)}
    for approval in signed:
        if known.get(approval.user) != approval.public_key:
            yield fault("P5", subject, f"a signature claims to be of {approval.user} and is by another key")


def _plans(connection: Connection) -> Iterator[Finding]:
    for row in connection.execute(select(plans).order_by(plans.c.id)):
        try:
            made = plan.decode(row.body) if row.kind == PURGE else policy_plan.decode(row.body)
            digest = plan.digest(made) if isinstance(made, plan.Plan) else policy_plan.digest(made)
            if digest != row.digest:
                yield fault("P5", f"plan {row.id}", "its digest is not that of its content")
            act = "purge.approve" if row.kind == PURGE else policies.APPROVE
            yield from _known_signers(
                connection, f"plan {row.id}", approvals.verified(connection, digest, act, needed=0)
            )
        except StrongroomError as exc:
            yield fault("P5", f"plan {row.id}", f"{exc.code}: {exc}")
        if row.state == "running":
            yield owed("P3", f"plan {row.id}", "it was cut off; running it again finishes it")


def _certificates(connection: Connection, public_key: PublicKey, vault: str) -> Iterator[Finding]:
    last = ""
    while True:
        query = select(recordings.c.id, certificates.c.body).join_from(recordings, certificates, isouter=True)
        batch = connection.execute(
            query.where(recordings.c.state == State.PURGED, recordings.c.id > last)
            .order_by(recordings.c.id)
            .limit(_BATCH)
        ).all()
        if not batch:
            return
        told = journal.purge_entries(connection, [row.id for row in batch])
        for row in batch:
            yield from _certificate(row.id, row.body, told.get(row.id), public_key, vault)
        last = batch[-1].id


def _certificate(
    recording: str, body: bytes | None, told: Entry | None, public_key: PublicKey, vault: str
) -> Iterator[Finding]:
    if body is None:
        yield fault("P3", recording, "it is purged and has no certificate")
        return
    try:
        found = certificate.verify(body, public_key)
    except StrongroomError as exc:
        yield fault("P3", recording, f"{exc.code}: {exc}")
        return
    if (found.recording, found.vault) != (recording, vault):
        yield fault("P3", recording, "its certificate is of another recording or vault")
    if told is None or told.details.get("certificate_sha256") != hashlib.sha256(body).hexdigest():
        yield fault("P5", recording, "the log does not know its certificate")
