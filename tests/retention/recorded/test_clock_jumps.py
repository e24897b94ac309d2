"""A clock that jumps while a pass is at work destroys nothing: it is doubted each time it is read."""

from datetime import datetime, timedelta

import pytest

from retention.destroy import purge
from service import work
from service.assembly import Vault
from service.errors import ClockJumpedError
from tests import vaults
from tests.retention.recorded import steps
from vault.catalog import recordings as rows
from vault.model import State


class JumpingClock:
    """Right for some readings, then decades ahead."""

    def __init__(self, instant: datetime, right: int) -> None:
        self.instant, self.right = instant, right

    def now(self) -> datetime:
        self.right -= 1
        return self.instant if self.right >= 0 else self.instant + timedelta(days=30 * 365)


def test_a_pass_by_a_clock_that_jumps_at_any_reading_destroys_nothing_early(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P20Y destroy"))
    kept = steps.take_in(vault)
    assert vaults.tick(vault).errors == []
    for right in range(6):
        vault.clock = JumpingClock(vault.clock.now(), right + 1)  # type: ignore[assignment]
        with pytest.raises(ClockJumpedError):  # noqa: PT012 - wherever it is read for the first time after the jump
            for _ in range(4):
                list(purge.run_due(vault.catalog, work.believed(vault), vault.signing_key, vault=vault.id))
        vault.clock = vaults.StandingClock()
        with vault.catalog.read() as connection:
            assert rows.get(connection, kept).state is not State.PURGED
