"""Running a purge: the end of a recording, with proof. Handles ciphertext only; cannot reach a key.

`run` executes one approved plan, once, in bounded batches. For a batch, in one transaction that no hold, release or
policy can run beside:

1. the holds, the policy and the recordings are read again and decided again; what is not due any more is refused;
2. key slots, blind-index tokens, labels and everything personal in the row are destroyed;
3. the state becomes `purged`; the log entry and the signed certificate are written; what the stores must give up is
   noted in `deletions`.

After the transaction:

4. what the destroyed rows left in the database files is overwritten (Catalog.scrub); until that succeeded it is owed;
5. blobs are deleted in every store (`finish`); a store that refuses is asked again later.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from keys.errors import StrongroomError
from keys.signing import SigningKey
from retention.core.decide import may_purge
from retention.core.decision import Action, Decision
from retention.destroy import certificate, purge_faults
from retention.destroy.certificate import Certificate, Copy, DestroyedSlot, PurgedRendition, Reason
from retention.errors import PlanNotFoundError, StalePlanError
from retention.plans import plan, policies, purge_plans
from retention.plans.plan import Plan, PlanItem
from retention.recorded import extensions
from retention.schedule import cases, schedules
from vault import approvals, deletions
from vault.approvals import Approval
from vault.catalog import info
from vault.catalog import recordings as rows
from vault.catalog.engine import LOCK_DISPOSITION, Catalog
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import certificates, key_slots, labels, plans, reviews, screenings, segments, tokens
from vault.clock import Clock
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import BlobName, State
from vault.people import AUTO, Actor, Capability
from vault.signed_act import SignedAct

BATCH = 100
"""Recordings destroyed in one transaction."""
_AGAIN = timedelta(days=1)


_PERSONAL = ("sealed_metadata", "content_token", "agent", "seat", "interaction", "duration_ms", "direction")
"""What a tombstone does not keep."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What became of one item of a plan."""

    recording: str
    done: bool
    reason: str


def run(catalog: Catalog, clock: Clock, actor: Actor, key: SigningKey, *, plan_id: str) -> Iterator[Purged]:
    """Execute a plan, batch by batch; a run that was cut off is finished by running the plan again.

    The caller owes vault.deletions.finish afterwards; `check` reports what is still owed.

    Raises:
        PlanNotFoundError, StalePlanError: there is no such plan, or it was carried out already.
        ApprovalMissingError: it holds recordings to review and nobody else approved it.
        SamePersonError, ApprovalSignatureError: see approvals.by_others.
        RetentionAlteredError: holds or the policy in force are not the ones the log has.

    """
    with catalog.write(lock=LOCK_DISPOSITION) as connection:
        found, state = purge_plans.get_plan(connection, plan_id)
        if state == "done":
            raise StalePlanError("expected a plan that was not carried out yet, got one that is done")
        needed = 1 if plan.needs_approval(found) else 0
        signed = approvals.by_others(
            connection, plan.digest(found), SignedAct.PURGE, maker=found.created_by,
            capability=Capability.PURGE_APPROVE, needed=needed,
        )  # fmt: skip
        connection.execute(update(plans).where(plans.c.id == plan_id).values(state="running"))
    batch = _Batch(catalog, clock, actor, key, found, plan.digest(found), signed)
    for start in range(0, len(found.items), BATCH):
        yield from batch.destroy(found.items[start : start + BATCH])
    with catalog.write() as connection:
        connection.execute(update(plans).where(plans.c.id == plan_id).values(state="done"))


@dataclass(frozen=True, slots=True)
class _Agreed:
    recording: Recording
    decision: Decision
    renditions: Sequence[Rendition]


def _destroy_rows(
    connection: Connection, doomed: Sequence[Recording], now: datetime
) -> Mapping[str, list[DestroyedSlot]]:
    """Do step 2 and set the state, each table in one statement; return the destroyed slots of each recording."""
    ids = [recording.id for recording in doomed]
    slots: dict[str, list[DestroyedSlot]] = {i: [] for i in ids}
    for subject, purpose, epoch in connection.execute(
        delete(key_slots)
        .where(key_slots.c.subject.in_(ids))
        .returning(key_slots.c.subject, key_slots.c.purpose, key_slots.c.epoch)
    ):
        slots[subject].append(DestroyedSlot(purpose, epoch))
    schedules.forget(connection, ids)
    for table in (tokens, labels, segments):
        connection.execute(delete(table).where(table.c.recording.in_(ids)))
    connection.execute(update(screenings).where(screenings.c.recording.in_(ids)).values(sealed_report=None))
    connection.execute(update(reviews).where(reviews.c.recording.in_(ids)).values(sealed_reason=None))
    personal = dict.fromkeys(_PERSONAL)
    for state in {recording.state for recording in doomed}:
        its = [recording.id for recording in doomed if recording.state is state]
        moved = rows.transition_all(connection, its, expected=state, then=State.PURGED, purged_at=now, **personal)
        if moved != len(its):
            raise RuntimeError("expected the states read in this very transaction")
    return slots


@dataclass(frozen=True, slots=True)
class _Batch:
    catalog: Catalog
    clock: Clock
    actor: Actor
    key: SigningKey
    plan: Plan
    digest: str
    approvals: list[Approval]

    def destroy(self, items: Sequence[PlanItem]) -> list[Purged]:
        """Do steps 1 to 3 for one batch, in one transaction."""
        results = []
        with self.catalog.write(lock=LOCK_DISPOSITION) as connection:
            now = self.clock.now()
            ids = [item.recording for item in items]
            rows.lock(connection, ids)  # a stage that is at work on one of them waits, or is waited for
            policy = policies.current(connection)
            purge_faults.refuse_untold(connection, policy)
            case_of = {case.recording.id: case for case in cases.of(connection, rows.get_many(connection, ids), now)}
            found = {i: case.recording for i, case in case_of.items()}
            renditions = rows.renditions_of(connection, ids)
            faults = purge_faults.of(connection, list(found.values()))
            agreed: list[_Agreed] = []
            entries: list[Entry] = []
            for item in items:
                recording, its = found.get(item.recording), renditions.get(item.recording, [])
                if recording is None:
                    entries.append(self._refusal(item, "recording-lost", now))
                    results.append(Purged(item.recording, done=False, reason="The catalog has lost it; run 'check'."))
                    continue
                if recording.state is State.PURGED:
                    results.append(Purged(item.recording, done=False, reason="already purged"))
                    continue
                decision = case_of[item.recording].decided(policy, now)
                obstacle = faults.get(recording.id) or self._obstacle(item, decision, its)
                if obstacle is None:
                    agreed.append(_Agreed(recording, decision, its))
                else:
                    entries.append(self._refusal(item, obstacle[0], now))
                results.append(Purged(item.recording, obstacle is None, obstacle[1] if obstacle else item.rule))
            entries += self._destroy(connection, agreed, now) if agreed else []
            journal.append(connection, entries)
            # an altered row is told once a day, not with every pass
            schedules.put_off(connection, sorted(faults), now + _AGAIN)
            info.owe_scrub(connection, now)
        return results

    def _obstacle(self, item: PlanItem, decision: Decision, its: Sequence[Rendition]) -> tuple[str, str] | None:
        if not may_purge(decision, {approval.role for approval in self.approvals}):
            return decision.reasons[0].code, decision.reasons[0].text
        if purge_plans.digests_of(its) != item.sealed_sha256s:
            return "changed-since-plan", "It has other renditions than when the plan was made; plan again."
        return None

    def _refusal(self, item: PlanItem, code: str, now: datetime) -> Entry:
        return self.actor.refusal(now, Act.PURGE_REFUSED, item.recording, code, {"plan_sha256": self.digest})

    def _destroy(self, connection: Connection, agreed: Sequence[_Agreed], now: datetime) -> list[Entry]:
        doomed = [a.recording for a in agreed]
        remembered = extensions.remember(connection, doomed, self.actor, now)  # by what the next line destroys
        slots = _destroy_rows(connection, doomed, now)
        copies = deletions.note(connection, [r for a in agreed for r in a.renditions], now)
        issued = {a.recording.id: self._certificate(a, copies, slots[a.recording.id], now) for a in agreed}
        connection.execute(
            insert(certificates), [{"recording": i, "body": body, "issued_at": now} for i, body in issued.items()]
        )
        return [*remembered, *(self._entry(a, issued[a.recording.id], len(slots[a.recording.id]), now) for a in agreed)]

    def _entry(self, agreed: _Agreed, issued: bytes, slots: int, now: datetime) -> Entry:
        decision = agreed.decision
        details: dict[str, int | str] = {
            "plan_sha256": self.digest,
            "certificate_sha256": hashlib.sha256(issued).hexdigest(),
            "policy": decision.policy_version or 0,
            "rule": decision.rule or "",
            "key_slots": slots,
        }
        return self.actor.entry(now, Act.PURGE, agreed.recording.id, details)

    def _certificate(
        self, agreed: _Agreed, copies: Mapping[BlobName, Sequence[tuple[str, str]]], slots: list[DestroyedSlot],
        now: datetime,
    ) -> bytes:  # fmt: skip
        recording, decision, its = agreed.recording, agreed.decision, agreed.renditions
        return certificate.issue(
            Certificate(
                vault=self.plan.vault,
                recording=recording.id,
                kind=recording.kind,
                purged_at=now,
                plan=self.digest,
                reason=Reason(decision.policy_version or 0, decision.rule or "", decision.keep_until),
                approvals=tuple(
                    certificate.Approval(a.user, a.role, a.public_key, a.signature) for a in self.approvals
                ),
                renditions=tuple(
                    PurgedRendition(
                        r.name,
                        r.sealed_sha256.hex(),
                        r.sealed_size,
                        tuple(Copy(store, r.blob, version or None) for store, version in copies[r.blob]),
                    )
                    for r in its
                ),
                key_slots_destroyed=tuple(sorted(slots, key=lambda slot: slot.purpose)),
            ),
            self.key,
        )


def get_certificate(connection: Connection, recording: str) -> bytes:
    """Return the certificate of a purged recording.

    Raises:
        RecordingNotFoundError, PlanNotFoundError: nothing of that id was taken in, or it was not purged.

    """
    rows.get(connection, recording)
    body = connection.scalar(select(certificates.c.body).where(certificates.c.recording == recording))
    if body is None:
        raise PlanNotFoundError(
            f"expected a purged recording, {recording} has no certificate", hint=f"see 'strongroom explain {recording}'"
        )
    return bytes(body)


def run_due(catalog: Catalog, clock: Clock, key: SigningKey, *, vault: str) -> Iterator[Purged]:
    """Plan and carry out, as `auto`, what policies let go of without review, and finish what was cut off."""
    with catalog.read() as connection:
        unfinished = connection.scalars(
            select(plans.c.id).where(plans.c.kind == purge_plans.KIND, plans.c.state == "running").order_by(plans.c.id)
        ).all()
        policy = policies.current(connection)
    actor = Actor(AUTO, f"policy/{policy.version}" if policy else "policy/none")
    stuck: StrongroomError | None = None
    for plan_id in unfinished:
        try:
            yield from run(catalog, clock, actor, key, plan_id=plan_id)
        except StalePlanError:
            continue  # it was not cut off: another pass has just finished it
        except StrongroomError as exc:
            stuck = exc  # told at the end: one plan that cannot go on does not stop the others
    while made := purge_plans.make_plan(catalog, clock, actor, vault=vault, only=frozenset({Action.DESTROY})):
        done = list(run(catalog, clock, actor, key, plan_id=made.id))
        yield from done
        if not any(purged.done for purged in done):
            break
    if stuck is not None:
        raise stuck
