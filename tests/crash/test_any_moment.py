"""Killed by somebody else's clock, again and again, at moments nobody chose (promises P2, P3 and P6)."""

import random
import time
from pathlib import Path

import pytest

from tests import vaults
from tests.crash import stages, templates
from tests.crash.children import Child, Ended

ROUNDS = 3
KILLS = 3  # of the same vault, before anybody looks after it
LONGEST = {"workers": 0.8}  # seconds that a stage is left alone; a whole one takes about that long
PATIENT = {"STRONGROOM_SCREEN_ATTEMPTS": "9"}
"""More kills than a recording is given by default: here it is not the recording that kills."""


@pytest.mark.parametrize("stage", ["ingest", "screen", "workers", "archive", "purge", "tick"])
def test_a_stage_killed_at_random_moments_and_run_again_converges(stage: str, tmp_path: Path) -> None:
    template = templates.make(stage, tmp_path / "template", PATIENT)
    chance = random.Random(stage)
    for number in range(ROUNDS):
        home = vaults.copy(template.home, tmp_path / str(number) / "home")
        waits = [chance.uniform(0, LONGEST.get(stage, 0.2)) for _ in range(KILLS)]
        ended = [_killed_after(wait, stage, home) for wait in waits]
        with templates.told(f"round {number}, killed after {waits}"):
            template.recover(stage, home, *ended).wait()


def _killed_after(wait: float, stage: str, home: Path) -> Ended:
    child = Child(stages.run_stage, stage, home, PATIENT, 0)
    assert child.listen() == stages.READY
    time.sleep(wait)
    child.kill()
    return child.wait()
