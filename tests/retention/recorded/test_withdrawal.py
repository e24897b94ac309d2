"""An extension is ended by two people whose signatures are in the catalog and in the log; one is not enough."""

import pytest
from sqlalchemy import delete, update

from retention.errors import DemandStateError, RetentionAlteredError
from retention.recorded import extensions
from service.assembly import Vault
from tests import vaults
from tests.retention.recorded import steps
from vault import approvals as signing
from vault.catalog.schema import approvals, demands
from vault.errors import SamePersonError
from vault.log import journal
from vault.log.entry import Act
from vault.people import Capability
from vault.signed_act import SignedAct


def test_two_people_end_an_extension_and_the_schedule_counts_again(either: Vault) -> None:
    vaults.apply_policy(either, steps.ONE_YEAR)
    mine = steps.take_in(either, account="A", interaction="i-1")
    other = steps.take_in(either, interaction="i-1")
    before = steps.decided(either, mine)
    demand = steps.extend(either, accounts=("A",))
    late = steps.take_in(either, account="A")
    for recording in (mine, other, late):
        assert steps.decided(either, recording).keep_until == steps.instant("2036-11-04"), recording
    assert vaults.check(either) == []
    lena = vaults.signatory(either, "lena", Capability.EXTENSION_CHANGE)
    with pytest.raises(DemandStateError):
        extensions.approve_withdrawal(either.catalog, either.clock, lena, demand=demand)
    extensions.ask_withdrawal(either.catalog, either.clock, lena, demand=demand, because="lifted")
    with pytest.raises(SamePersonError):
        extensions.approve_withdrawal(either.catalog, either.clock, lena, demand=demand)
    assert steps.decided(either, mine).keep_until == steps.instant("2036-11-04")
    either.sequence()
    assert vaults.check(either) == []
    rita = vaults.signatory(either, "rita", Capability.EXTENSION_CHANGE)
    extensions.approve_withdrawal(either.catalog, either.clock, rita, demand=demand)
    either.sequence()
    assert steps.decided(either, mine) == before
    assert vaults.check(either) == []
    steps.refuse_untold(either)


def test_a_withdrawal_that_lost_a_signature_or_was_undone_stops_every_purge(vault: Vault) -> None:
    vaults.apply_policy(vault, steps.ONE_YEAR)
    demand = steps.extend(vault, accounts=("A",))
    steps.end_extension(vault, demand)
    steps.refuse_untold(vault)
    for attack in (
        update(demands).values(withdrawn_by="luis"),
        update(demands).values(withdrawn_at=None, withdrawn_by=None),
    ):
        steps.alter(vault, attack)
        assert f"extension {demand}" in steps.found(vault)
        with pytest.raises(RetentionAlteredError):
            steps.refuse_untold(vault)
    steps.alter(vault, update(demands).values(withdrawn_at=vaults.START, withdrawn_by="rita"))
    steps.refuse_untold(vault)
    steps.alter(vault, delete(approvals).where(approvals.c.act == "hold.release"))
    with pytest.raises(RetentionAlteredError):
        steps.refuse_untold(vault)


def test_a_withdrawal_by_one_person_alone_is_found(vault: Vault) -> None:
    demand = steps.extend(vault, accounts=("A",))
    lena = vaults.signatory(vault, "lena", Capability.EXTENSION_CHANGE)
    digest = extensions.ask_withdrawal(vault.catalog, vault.clock, lena, demand=demand, because="lifted")
    now = vault.clock.now()
    with vault.catalog.write() as connection:  # as a program would that does not ask who it was
        signing.sign(connection, lena, digest, SignedAct.RELEASE, now)
        extensions.withdraw_demand(connection, demand, lena.actor, now)
        entry = lena.actor.entry(now, Act.EXTENSION_WITHDRAWN, demand, {"release_sha256": digest})
        journal.append(connection, [entry])
    vault.sequence()
    assert steps.found(vault) == {f"extension {demand}"}
