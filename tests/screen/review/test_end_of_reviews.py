"""What becomes of reviews when their recording is purged, and of what was rejected."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from retention.destroy import purge
from service.assembly import Vault
from tests import vaults
from tests.people import steps
from tests.screen.reviews import alter, cut_and_exception, faults, rule
from vault.catalog.schema import key_slots, reviews
from vault.errors import WrongStateError
from vault.model import RecordingId
from vault.screen.review.form import Verdict

RETRY, REJECT = Verdict.RETRY, Verdict.REJECT


def test_a_purge_takes_the_reasons_with_it(vault: Vault, call: RecordingId) -> None:
    made = cut_and_exception(vault, call)
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    vault.clock.advance(timedelta(days=800))  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 1
    with vault.catalog.read() as connection:
        assert set(connection.scalars(select(reviews.c.sealed_reason))) == {None}
        assert connection.execute(select(key_slots).where(key_slots.c.subject == call)).all() == []
        purge.get_certificate(connection, call)
    assert faults(vault) == set()
    with pytest.raises(WrongStateError):
        rule(vault, "rita", call, RETRY)
    alter(vault, update(reviews).where(reviews.c.id == made.id).values(sealed_reason=b"x"))
    assert faults(vault) == {"P3"}


def test_what_is_rejected_is_kept_by_a_hold_and_purged_when_due_like_everything_else(
    vault: Vault, call: RecordingId
) -> None:
    rule(vault, "rita", call, REJECT)
    hold = vaults.place_hold(vault, ids=(call,))
    vaults.apply_policy(vault, vaults.policy("everything P1Y destroy"))
    vault.clock.advance(timedelta(days=800))  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 0
    steps.request(vault, hold)
    steps.release(vault, hold)
    vault.clock.advance(steps.GRACE)  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 1
    assert faults(vault) == set()
