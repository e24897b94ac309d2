"""What `check` asks of retention: policies, holds, events, demands, approvals, certificates. Repairs nothing."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, select

from keys.errors import StrongroomError
from keys.signing import PublicKey
from retention.destroy import certificate, check_originals
from retention.hold import check_holds
from retention.plans import check_approvals, plan, policies, policy_plan
from retention.plans.purge_plans import KIND as PURGE
from retention.recorded import check_demands, check_events
from vault.catalog.engine import Catalog
from vault.catalog.schema import certificates, plans, recordings
from vault.catalog.schema import policies as policy_table
from vault.check import Finding, fault, owed
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import State

_BATCH = 500
_PLANNED = (Act.PURGE_PLANNED, Act.POLICY_PLANNED)


def findings(catalog: Catalog, public_key: PublicKey, vault: str) -> Iterator[Finding]:
    """Yield everything of retention that is not as it should be."""
    with catalog.read() as connection:
        yield from _policies(connection)
        yield from check_holds.findings(connection)
        yield from check_events.findings(connection)
        yield from check_demands.findings(connection)
        yield from _plans(connection)
        yield from check_approvals.findings(connection)
        yield from check_originals.findings(connection)
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


def _plans(connection: Connection) -> Iterator[Finding]:
    told = {e.subject: e.details.get("plan_sha256") for e in journal.of_acts(connection, *_PLANNED)}
    for row in connection.execute(select(plans).order_by(plans.c.id)):
        try:
            made = plan.decode(row.body) if row.kind == PURGE else policy_plan.decode(row.body)
            digest = plan.digest(made) if isinstance(made, plan.Plan) else policy_plan.digest(made)
        except StrongroomError as exc:
            yield fault("P5", f"plan {row.id}", f"{exc.code}: {exc}")
            continue
        finally:
            logged = told.pop(row.id, None)
        if digest != row.digest or digest != logged:
            yield fault("P5", f"plan {row.id}", "its digest is not that of its content, or not the one the log has")
        if row.state == "running":
            yield owed("P3", f"plan {row.id}", "it was cut off; running it again finishes it")
    for plan_id in sorted(p for p in told if p):
        yield fault("P5", f"plan {plan_id}", "the log says it was made, the catalog has lost it")


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
            break
        told = journal.purge_entries(connection, [row.id for row in batch])
        for row in batch:
            yield from _certificate(row.id, row.body, told.get(row.id), public_key, vault)
        last = batch[-1].id
    living = select(certificates.c.recording).join_from(certificates, recordings)
    for recording in connection.scalars(living.where(recordings.c.state != State.PURGED)):
        yield fault("P3", recording, "it has a certificate and was not purged")


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
