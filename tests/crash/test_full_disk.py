"""A disk that fills up in the middle of the work: told, nothing acknowledged lost, finished once there is room."""

import itertools
from pathlib import Path

import pytest

from tests import vaults
from tests.crash import stages, templates
from tests.crash.children import run


@pytest.mark.parametrize(("stage", "least"), [("ingest", 10), ("screen", 6)])
def test_a_disk_that_fills_up_at_any_write_is_told_and_a_second_run_converges(
    stage: str, least: int, tmp_path: Path
) -> None:
    template = templates.make(stage, tmp_path / "template")
    for writes in itertools.count():
        home = vaults.copy(template.home, tmp_path / str(writes) / "home")
        ended = run(stages.run_on_full_disk, stage, home, writes)
        full = ended.told[-1]
        with templates.told(f"full after {writes} writes"):
            assert full.was_full == ("store-unavailable" in full.codes)
            assert set(full.codes) <= {"store-unavailable", "twin-refused"}
            template.recover(stage, home, ended).wait()
        if not full.was_full:
            break
    assert writes >= least
