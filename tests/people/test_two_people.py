"""What takes two people cannot be done by one, by nobody, or by whoever owns the database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from keys.errors import CanonicalFormError
from keys.signing import SigningKey
from retention.destroy import purge
from retention.errors import (
    HoldNotFoundError,
    HoldScopeError,
    HoldStateError,
    MatterError,
    PlanFormatError,
    PlanNotFoundError,
    PolicyAlteredError,
    RetentionAlteredError,
    StalePlanError,
)
from retention.hold import holds
from retention.plans import policy_plan, policy_plans, purge_plans
from retention.plans.plan import digest as digest_of
from retention.policy.reader import parse
from service.assembly import Vault
from tests import vaults
from tests.people import steps
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.catalog.schema import approvals as approval_rows
from vault.catalog.schema import holds as hold_rows
from vault.catalog.schema import key_slots, plans, renditions, tokens, users
from vault.catalog.schema import labels as label_rows
from vault.catalog.schema import policies as policy_rows
from vault.catalog.schema import recordings as recording_rows
from vault.catalog.schema import schedules as schedule_rows
from vault.check import Severity
from vault.errors import AlreadyApprovedError, ApprovalMissingError, ApprovalSignatureError, SamePersonError
from vault.log import journal
from vault.log.entry import Act
from vault.model import Role, State
from vault.people import Capability
from vault.signed_act import APPROVAL_DOMAIN, SignedAct, approval_message


def state(vault: Vault, recording: str) -> State:
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state


def alter(vault: Vault, *statements: Any) -> None:
    """Do as who owns the database can."""
    with vault.catalog.write() as connection:
        for statement in statements:
            connection.execute(statement)


def row(user: str, digest: str, act: SignedAct, key: SigningKey, *, signs: str = "") -> Any:
    """Return an approval as a forger with a key of their own would insert it."""
    signature = key.sign(APPROVAL_DOMAIN, approval_message(act, signs or digest, user, Role.RECORDS))
    return insert(approval_rows).values(
        digest=digest, user=user, act=act, role="records", public_key=str(key.public), signature=signature,
        at=vaults.START,
    )  # fmt: skip


# Purges


def test_a_purge_of_what_is_to_be_reviewed_takes_another_person(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    with pytest.raises(ApprovalMissingError):
        steps.run(vault, made)
    with pytest.raises(SamePersonError):
        steps.approve(vault, made, "rita")
    steps.approve(vault, made)
    with pytest.raises(AlreadyApprovedError):
        steps.approve(vault, made)
    assert [(p.recording, p.done) for p in steps.run(vault, made)] == [(recording, True)]
    for again in (steps.run, steps.approve):
        with pytest.raises(StalePlanError):
            again(vault, made)
    with pytest.raises(PlanNotFoundError):
        purge_plans.approve(
            vault.catalog, vault.clock, vaults.signatory(vault, "rob", Capability.PURGE_APPROVE), plan_id="0" * 32
        )


def test_jobs_do_not_purge_what_is_to_be_reviewed(vault: Vault, recording: str) -> None:
    assert list(purge.run_due(vault.catalog, vault.clock, vault.signing_key, vault=vault.id)) == []
    assert state(vault, recording) is State.SEALED


def test_an_approval_by_another_key_is_refused(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    alter(vault, row("rob", digest_of(made), SignedAct.PURGE, SigningKey.generate()))
    with pytest.raises(ApprovalSignatureError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED


def test_the_planner_s_own_signature_written_into_the_database_is_refused(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    key = vaults.signatory(vault, "rita", Capability.PURGE_APPROVE).key
    alter(vault, row("rita", digest_of(made), SignedAct.PURGE, key))
    with pytest.raises(SamePersonError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED


@pytest.mark.parametrize("change", ["another role", "disabled"])
def test_the_signature_of_who_may_not_approve_does_not_count(vault: Vault, recording: str, change: str) -> None:
    made = steps.plan(vault)
    if change == "disabled":
        steps.approve(vault, made)
        alter(vault, update(users).where(users.c.name == "rob").values(disabled=True))
    else:
        alter(vault, row("otto", digest_of(made), SignedAct.PURGE, vaults.signatory(vault, "otto", Capability.LOG).key))
    with pytest.raises(ApprovalMissingError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED


def test_the_planner_s_own_signature_puts_no_policy_in_force(vault: Vault, recording: str) -> None:
    text = vaults.policy("everything P1D destroy")
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    plan_id, made = policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(text))
    own = row("ada", policy_plan.digest(made), SignedAct.POLICY, vaults.signatory(vault, "ada", Capability.USERS).key)
    alter(vault, own)
    with pytest.raises(SamePersonError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=text)


def test_an_altered_label_or_interaction_hides_nothing_from_a_hold(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    labelled = steps.take_in(vault, labels=frozenset({"claim"}))
    seen = steps.take_in(vault, agent="alice", interaction="case-1")
    unseen = steps.take_in(vault, agent="bob", interaction="case-1")
    free = steps.take_in(vault)
    vaults.place_hold(vault, labels=("claim",))
    vaults.place_hold(vault, agents=("alice",))
    alter(
        vault, delete(label_rows).where(label_rows.c.recording == labelled),
        update(recording_rows).where(recording_rows.c.id == seen).values(agent="carol"),
    )  # fmt: skip
    assert vaults.tick(vault).purged == 1
    assert [state(vault, r) for r in (free, labelled, seen, unseen)].count(State.PURGED) == 1
    assert state(vault, free) is State.PURGED


@pytest.mark.parametrize("lost", ["a row", "a key slot"])
def test_what_the_catalog_has_lost_stops_no_other_purge(vault: Vault, lost: str) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    gone, other = steps.take_in(vault), steps.take_in(vault)
    made = steps.plan(vault)
    slot = delete(key_slots).where(key_slots.c.subject == gone)
    if lost == "a key slot":
        alter(vault, slot.where(key_slots.c.purpose == "original"))
    else:
        rendition = delete(renditions).where(renditions.c.recording == gone)
        alter(vault, slot, rendition, delete(tokens).where(tokens.c.recording == gone),
              delete(schedule_rows).where(schedule_rows.c.recording == gone),
              delete(recording_rows).where(recording_rows.c.id == gone))  # fmt: skip
    assert {p.recording: p.done for p in steps.run(vault, made)} == {gone: False, other: True}


def test_a_plan_that_cannot_go_on_stops_no_other_purge(vault: Vault, recording: str) -> None:
    stuck = steps.plan(vault)
    alter(vault, update(plans).where(plans.c.id == stuck.id).values(state="running"))  # as a crash leaves it
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    with pytest.raises(ApprovalMissingError):
        list(purge.run_due(vault.catalog, vault.clock, vault.signing_key, vault=vault.id))
    assert state(vault, recording) is State.PURGED


def test_an_approval_of_another_digest_is_refused(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    key = vaults.signatory(vault, "rob", Capability.PURGE_APPROVE).key
    alter(vault, row("rob", digest_of(made), SignedAct.PURGE, key, signs="0" * 64))
    with pytest.raises(ApprovalSignatureError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED


@pytest.mark.parametrize("change", ["digest", "user"])
def test_an_approval_that_is_copied_from_elsewhere_is_refused(vault: Vault, recording: str, change: str) -> None:
    old = steps.plan(vault)
    steps.approve(vault, old)
    vault.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    steps.take_in(vault)
    made = old if change == "user" else steps.plan(vault)
    other = {"digest": digest_of(made)} if change == "digest" else {"user": "otto"}
    with vault.catalog.read() as connection:
        (found,) = connection.execute(select(approval_rows).where(approval_rows.c.digest == digest_of(old))).all()
    alter(vault, delete(approval_rows), insert(approval_rows).values(dict(found._mapping) | other))
    with pytest.raises(ApprovalSignatureError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED


def test_an_approval_of_another_act_does_not_count(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    key = vaults.signatory(vault, "rob", Capability.PURGE_APPROVE).key
    alter(vault, row("rob", digest_of(made), SignedAct.POLICY, key))
    with pytest.raises(ApprovalMissingError):
        steps.run(vault, made)


def test_an_approval_lapses_when_its_plan_is_altered(vault: Vault, recording: str) -> None:
    first = steps.plan(vault)
    steps.approve(vault, first)
    steps.take_in(vault)
    second = steps.plan(vault)
    with vault.catalog.read() as connection:
        body = connection.scalar(select(plans.c.body).where(plans.c.id == second.id))
    alter(vault, update(plans).where(plans.c.id == first.id).values(body=body))
    with pytest.raises(ApprovalMissingError):
        steps.run(vault, first)
    alter(vault, update(plans).where(plans.c.id == first.id).values(body=b"{}"))
    with pytest.raises((PlanFormatError, CanonicalFormError)):
        steps.run(vault, first)
    assert state(vault, recording) is State.SEALED


@pytest.mark.parametrize("moved", ["hold", "policy", "screened"])
def test_what_moved_on_since_its_plan_is_refused_and_told(vault: Vault, recording: str, moved: str) -> None:
    made = steps.plan(vault)
    steps.approve(vault, made)
    if moved == "hold":
        vaults.place_hold(vault, ids=(recording,))
    elif moved == "policy":
        vaults.apply_policy(vault, vaults.policy("everything P30Y review"))
    else:
        vault.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
        assert vaults.tick(vault).screened == 1
    assert [p.done for p in steps.run(vault, made)] == [False]
    assert state(vault, recording) is not State.PURGED
    with vault.catalog.read() as connection:
        (told,) = journal.of_acts(connection, Act.PURGE_REFUSED)
    assert told.why == {"hold": "hold", "policy": "period", "screened": "changed-since-plan"}[moved]


def test_an_altered_policy_destroys_nothing(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    steps.approve(vault, made)
    alter(vault, update(policy_rows).values(text=vaults.policy("everything P1D destroy")))
    with pytest.raises(PolicyAlteredError):
        steps.run(vault, made)
    with pytest.raises(PolicyAlteredError):
        list(purge.run_due(vault.catalog, vault.clock, vault.signing_key, vault=vault.id))
    assert state(vault, recording) is State.SEALED


def test_an_unreadable_hold_destroys_nothing(vault: Vault, recording: str) -> None:
    vaults.place_hold(vault, queues=("other",))
    made = steps.plan(vault)
    steps.approve(vault, made)
    alter(vault, update(hold_rows).values(criteria='{"queues":"x"}'))
    with pytest.raises((CanonicalFormError, RetentionAlteredError)):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED


# Policies


def test_a_shorter_policy_takes_another_person_and_a_longer_one_does_not(vault: Vault, recording: str) -> None:
    shorter, longer = (vaults.policy(f"everything {period} review") for period in ("P30D", "P9Y"))
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    plan_id, _ = policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(shorter))
    with pytest.raises(ApprovalMissingError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=shorter)
    with vault.catalog.read() as connection:
        digest = connection.scalar(select(plans.c.digest).where(plans.c.id == plan_id))
    alter(vault, row("rita", str(digest), SignedAct.POLICY, SigningKey.generate()))
    with pytest.raises(ApprovalSignatureError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=shorter)
    alter(vault, delete(approval_rows))
    rita = vaults.signatory(vault, "rita", Capability.POLICY_APPROVE)
    policy_plans.approve(vault.catalog, vault.clock, rita, plan_id=plan_id)
    with pytest.raises(StalePlanError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=longer)
    assert policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=shorter).version == 2
    with pytest.raises(StalePlanError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=shorter)
    assert vaults.apply_policy(vault, longer) == 3


def test_a_plan_on_an_older_version_or_another_catalog_is_stale(vault: Vault, recording: str) -> None:
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    texts = [vaults.policy(f"everything {period} review") for period in ("P99Y", "P30D")]
    ids = [policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(t))[0] for t in texts]
    policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=ids[0], text=texts[0])
    with pytest.raises(StalePlanError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=ids[1], text=texts[1])
    again, _ = policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(texts[1]))
    rita = vaults.signatory(vault, "rita", Capability.POLICY_APPROVE)
    policy_plans.approve(vault.catalog, vault.clock, rita, plan_id=again)
    vault.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
    steps.take_in(vault)  # what comes later was not counted, and does not stop a busy vault from being ruled anew
    assert policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=again, text=texts[1]).version == 3


# Holds


def test_a_hold_is_released_by_two_people_and_a_grace_period(vault: Vault, recording: str) -> None:
    hold = vaults.place_hold(vault, ids=(recording,))
    with pytest.raises(HoldStateError):
        steps.release(vault, hold)
    steps.request(vault, hold)
    with pytest.raises(HoldStateError):
        steps.request(vault, hold, "luis")
    with pytest.raises(SamePersonError):
        steps.release(vault, hold, "lena")
    with vault.catalog.read() as connection:
        assert [h.id for h in holds.active(connection, vault.clock.now())] == [hold]
    until = steps.release(vault, hold)
    assert until == vaults.START + steps.GRACE
    with vault.catalog.read() as connection:
        assert [h.state for h in holds.active(connection, until - timedelta(microseconds=1))] == ["released"]
        assert holds.active(connection, until) == []
    vault.sequence()
    assert vaults.check(vault) == []


@pytest.mark.parametrize("forgery", ["key", "digest", "copied"])
def test_a_forged_request_releases_nothing(vault: Vault, recording: str, forgery: str) -> None:
    hold, other = (vaults.place_hold(vault, ids=(recording,), matter=f"2026-{n}") for n in (1, 2))
    digest = steps.request(vault, hold)
    if forgery == "key":
        alter(vault, delete(approval_rows), row("lena", digest, SignedAct.RELEASE_REQUEST, SigningKey.generate()))
    elif forgery == "digest":
        later = vaults.START + timedelta(hours=1)
        alter(vault, update(hold_rows).where(hold_rows.c.id == hold).values(release_requested_at=later))
    else:
        with vault.catalog.read() as connection:
            asked = connection.execute(select(hold_rows).where(hold_rows.c.id == hold)).one()
        values = {"release_requested_by": "lena", "release_requested_at": asked.release_requested_at}
        alter(vault, update(hold_rows).where(hold_rows.c.id == other).values(values))
        hold = other
    with pytest.raises((ApprovalSignatureError, ApprovalMissingError)):
        steps.release(vault, hold)
    with vault.catalog.read() as connection:
        assert len(holds.active(connection, vault.clock.now() + timedelta(days=99))) == 2


def test_a_release_that_was_written_into_the_database_frees_nothing_and_is_found(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    steps.approve(vault, made)
    hold = vaults.place_hold(vault, ids=(recording,))
    digest = steps.request(vault, hold)
    with vault.catalog.read() as connection:
        (asked,) = connection.execute(select(approval_rows).where(approval_rows.c.digest == digest)).all()
    released = {"released_at": vaults.START, "grace_until": vaults.START}
    alter(
        vault,
        update(hold_rows).values(released),
        insert(approval_rows).values(dict(asked._mapping) | {"act": SignedAct.RELEASE}),  # her own, a second time
    )
    with pytest.raises(RetentionAlteredError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED
    vault.sequence()
    assert {f.subject for f in vaults.check(vault) if f.severity is Severity.FAULT} >= {f"hold {hold}"}


def test_a_hold_that_was_deleted_from_the_database_still_holds_and_is_found(vault: Vault, recording: str) -> None:
    made = steps.plan(vault)
    steps.approve(vault, made)
    hold = vaults.place_hold(vault, ids=(recording,))
    alter(vault, delete(hold_rows))
    with pytest.raises(RetentionAlteredError):
        steps.run(vault, made)
    assert state(vault, recording) is State.SEALED
    assert {f.subject for f in vaults.check(vault) if f.severity is Severity.FAULT} >= {f"hold {hold}"}


def test_a_hold_needs_a_scope_a_matter_and_an_id(vault: Vault) -> None:
    lena, words = vaults.actor(vault, "lena", Capability.HOLD_CHANGE), steps.words(vault, "0" * 32)

    def place(matter: str, criteria: Criteria) -> None:
        holds.place(vault.catalog, vault.clock, lena, hold="0" * 32, matter=matter, criteria=criteria, words=words)

    with pytest.raises(HoldScopeError):
        place("2026-1", Criteria())
    for matter in ("", "Smith v. Acme", "a" * 65, "a\n"):
        with pytest.raises(MatterError):
            place(matter, Criteria(queues=frozenset({"q"})))
    luis = vaults.signatory(vault, "luis", Capability.HOLD_CHANGE)
    for unknown in ("x", "f" * 32):
        with pytest.raises(HoldNotFoundError):
            holds.approve_release(vault.catalog, vault.clock, luis, hold=unknown, grace=steps.GRACE)
    with vault.catalog.read() as connection:
        assert holds.all_holds(connection) == []


def test_a_recording_is_free_only_when_its_last_hold_is(vault: Vault, recording: str) -> None:
    first, second = vaults.place_hold(vault, ids=(recording,)), vaults.place_hold(vault, kinds=("chat",))
    for hold in (first, second):
        with vault.catalog.read() as connection:
            late = vault.clock.now() + timedelta(days=99)
            assert second in [r.id for r in holds.matching(connection, [recording], late)[recording]]
        steps.request(vault, hold)
        steps.release(vault, hold)
    with vault.catalog.read() as connection:
        assert holds.matching(connection, [recording], late) == {recording: []}
        assert len(holds.matching(connection, [recording], vault.clock.now())[recording]) == 2


def test_a_plan_of_long_ago_is_made_again(vault: Vault) -> None:
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    text = vaults.policy("everything P9Y destroy")
    plan_id, _ = policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(text))
    vault.clock.advance(timedelta(days=30, seconds=1))  # type: ignore[attr-defined]
    with pytest.raises(StalePlanError, match="last 30 days"):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=text)


def test_a_policy_plan_that_was_rewritten_in_the_database_is_refused(vault: Vault, recording: str) -> None:
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    vaults.apply_policy(vault, vaults.policy("everything P99Y destroy"))
    text = vaults.policy("everything P1D destroy")
    plan_id, made = policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(text))
    harmless = replace(made, until=None, weaker=(), effect=policy_plan.PolicyEffect())
    rewritten = {"body": policy_plan.encode(harmless), "digest": policy_plan.digest(harmless)}
    alter(vault, update(plans).where(plans.c.id == plan_id).values(rewritten))
    with pytest.raises(PlanFormatError):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan_id, text=text)
