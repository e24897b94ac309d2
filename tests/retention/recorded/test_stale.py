"""A policy plan that would take away more than it counted is refused: from what came since, or lost what kept it."""

from datetime import timedelta

import pytest

from retention.errors import StalePlanError
from retention.plans import policy_plan, policy_plans
from retention.policy.reader import parse
from service.assembly import Vault
from tests import vaults
from tests.retention.recorded import steps
from vault.people import Capability

EARLY = vaults.policy("early P1D destroy queue=late")


def planned(vault: Vault, text: str) -> tuple[str, policy_plan.PolicyPlan]:
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    return policy_plans.make_plan(vault.catalog, vault.clock, ada, vault=vault.id, policy=parse(text))


def apply(vault: Vault, plan: str, text: str) -> int:
    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    return policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan, text=text).version


def test_nobody_shortens_alone_by_a_plan_that_came_before_the_recordings(either: Vault) -> None:
    plan, made = planned(either, EARLY)
    assert not policy_plan.needs_approval(made)
    either.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
    steps.take_in(either, queue="late")
    with pytest.raises(StalePlanError, match="came since"):
        apply(either, plan, EARLY)
    steps.take_in(either, queue="other")


def test_what_came_since_and_loses_nothing_does_not_matter(vault: Vault) -> None:
    steps.take_in(vault, queue="other")
    plan, _ = planned(vault, EARLY)
    vault.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
    steps.take_in(vault, queue="other")
    assert apply(vault, plan, EARLY) == 1


def test_a_plan_is_stale_when_what_kept_a_recording_ended_since(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P99Y destroy"))
    steps.take_in(vault, contract="K-1")
    extension = steps.extend(vault, keep="P150Y", contracts=("K-1",))
    short = vaults.policy("everything P9Y destroy")
    plan, made = planned(vault, short)
    assert made.effect.kept_shorter.count == 0
    rita = vaults.signatory(vault, "rita", Capability.POLICY_APPROVE)
    policy_plans.approve(vault.catalog, vault.clock, rita, plan_id=plan)
    steps.end_extension(vault, extension)
    with pytest.raises(StalePlanError, match="lose more"):
        apply(vault, plan, short)


def test_what_is_committed_while_it_is_counted_again_is_not_overlooked(vault: Vault) -> None:
    """An id is given when sealing begins, so that one that is committed later can be the earlier one."""
    vault.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]
    steps.take_in(vault, queue="other")
    plan, _ = planned(vault, EARLY)
    came: list[str] = []

    def meanwhile(_seen: int) -> None:
        vault.clock.advance(timedelta(hours=-1))  # type: ignore[attr-defined]
        came.append(steps.take_in(vault, queue="late"))
        vault.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]

    ada = vaults.actor(vault, "ada", Capability.POLICY_CHANGE)
    with pytest.raises(StalePlanError, match="came since"):
        policy_plans.apply(vault.catalog, vault.clock, ada, plan_id=plan, text=EARLY, on_progress=meanwhile)
    assert len(came) == 1
