"""A request for erasure: what it covers, what stands against it, and that it is done when nothing does any more."""

from datetime import timedelta

import pytest

from retention.core.decision import Action, ReasonCode
from retention.errors import DemandScopeError
from retention.recorded import erasure
from retention.recorded.erasure import Answer, Ground
from service.assembly import Vault
from tests import vaults
from tests.retention.recorded import steps
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.model import State
from vault.people import Capability

KEEPS_ON = vaults.policy("everything P1Y keep")
TWENTY = vaults.policy("everything P20Y destroy") + "    basis: 29 CFR 1602.14\n"


def answer(vault: Vault, request: str) -> Answer:
    return erasure.answer(vault.catalog, vault.clock.now(), demand=request)


def test_what_a_rule_keeps_for_ever_goes_by_a_request_alone_and_nothing_else_does(either: Vault) -> None:
    vaults.apply_policy(either, KEEPS_ON)
    mine, kin = (steps.take_in(either, account=account, interaction="i-1") for account in "AB")
    assert steps.decided(either, mine).action is Action.KEEP
    request = steps.request_erasure(either, accounts=("A",))
    found = answer(either, request)
    assert (found.covered, found.free, found.kept, found.is_refused) == (1, 1, 0, False)
    late = steps.take_in(either, account="A")
    assert steps.run(either, steps.plan(either)) == {mine: True}
    assert answer(either, request).purged == 1
    with either.catalog.read() as connection:
        states = {str(r.id): r.state for r in rows.get_many(connection, [mine, kin, late])}
    assert (states[mine], states[kin] is State.PURGED, states[late] is State.PURGED) == (State.PURGED, False, False)
    either.sequence()
    assert [f for f in vaults.check(either) if f.promise != "P3"] == []


def test_a_hold_and_a_statute_stand_against_a_request_and_it_waits_for_both(either: Vault) -> None:
    vaults.apply_policy(either, TWENTY)
    mine = steps.take_in(either, account="A")
    hold = vaults.place_hold(either, accounts=("A",))
    request = steps.request_erasure(either, accounts=("A",))
    found = answer(either, request)
    assert found.is_refused
    statute, held = Ground.STATUTE, Ground.HOLD
    obstacles = {o.ground: o for o in found.obstacles.values()}
    assert obstacles.keys() == {statute, held}
    assert (obstacles[statute].citation, obstacles[statute].until) == ("29 CFR 1602.14", steps.instant("2036-11-04"))
    assert obstacles[held].is_open
    assert hold in obstacles[held].what
    reasons = {reason.code for reason in steps.decided(either, mine).reasons}
    assert reasons >= {ReasonCode.HOLD, ReasonCode.PERIOD, ReasonCode.ERASURE}
    assert vaults.check(either) == []


def test_grounds_count_recordings_and_tell_the_last_date(vault: Vault) -> None:
    vaults.apply_policy(vault, TWENTY)
    for _ in range(3):
        steps.take_in(vault, account="A")
    steps.extend(vault, keep="P30Y", accounts=("A",))
    steps.extend(vault, keep="P25Y", accounts=("A",))
    found = answer(vault, steps.request_erasure(vault, accounts=("A",)))
    (extension,) = (o for o in found.obstacles.values() if o.ground is Ground.EXTENSION)
    assert (extension.recordings, extension.until) == (3, steps.instant("2046-11-04"))
    assert (found.covered, found.kept) == (3, 3)


def test_a_request_that_a_person_must_agree_to_is_not_refused(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P1Y review"))
    steps.take_in(vault, account="A")
    found = answer(vault, steps.request_erasure(vault, accounts=("A",)))
    assert (found.to_review, found.free, found.is_refused) == (1, 0, False)


def test_what_no_policy_covers_is_kept_and_said_so(vault: Vault) -> None:
    mine = steps.take_in(vault, account="A")
    found = answer(vault, steps.request_erasure(vault, ids=(mine,)))
    assert [o.ground for o in found.obstacles.values()] == [Ground.NO_POLICY]
    vault.clock.instant -= timedelta(days=3650)  # type: ignore[attr-defined]
    found = answer(vault, steps.request_erasure(vault, ids=(mine,)))
    assert Ground.UNCLEAR in {o.ground for o in found.obstacles.values()}


def test_a_request_for_everything_by_accident_is_none(vault: Vault) -> None:
    lena = vaults.actor(vault, "lena", Capability.ERASURE_CHANGE)
    with pytest.raises(DemandScopeError):
        erasure.request(
            vault.catalog, vault.clock, lena, demand="0" * 32, criteria=Criteria(), words=steps.words(vault, "0" * 32)
        )


def test_more_recordings_than_one_batch_are_all_covered(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_BATCH", 3)
    vaults.apply_policy(vault, TWENTY)
    for _ in range(7):
        steps.take_in(vault, queue="web")
    steps.take_in(vault, queue="phone")
    request = steps.request_erasure(vault, queues=("web",))
    with vault.catalog.read() as connection:
        assert erasure.counts(connection, request) == (7, 0)
    assert answer(vault, request).kept == 7
    assert vaults.check(vault) == []
