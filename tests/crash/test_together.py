"""Two processes at the same work at once: nothing twice, nothing lost (promise P6)."""

from collections import Counter
from pathlib import Path

import pytest

from tests import vaults
from tests.crash import stages, templates, world
from tests.crash.children import Child, Ended, barrier
from tests.crash.stages import Taken
from vault.ingest.intake import Outcome

ROUNDS = 3


def together(template: templates.Template, home: Path, *works: str, kill: int = 0) -> list[Ended]:
    """Run stages at once, the first of them killed at step `kill`, if one is given."""
    start = barrier(len(works))
    children = [
        Child(stages.run_stage, stage, home, template.environment, 0 if number else kill, start)
        for number, stage in enumerate(works)
    ]
    return [child.wait() for child in children]


def test_two_ingests_of_the_same_files_take_each_in_once(tmp_path: Path) -> None:
    template = templates.make("ingest", tmp_path / "template")
    for number in range(ROUNDS):
        home = vaults.copy(template.home, tmp_path / str(number) / "home")
        world.items(home.with_name("inbox"), stages.NAMES)
        ended = together(template, home, "ingest", "ingest")
        receipts = [word for end in ended for word in end.told if isinstance(word, Taken)]
        assert len(receipts) == 2 * len(stages.NAMES)
        taken = Counter(receipt.name for receipt in receipts if receipt.outcome is Outcome.TAKEN)
        assert taken == dict.fromkeys(world.FATES, 1)
        template.recover("ingest", home, *ended).wait()


@pytest.mark.parametrize("works", [("screen", "screen"), ("archive", "archive"), ("purge", "purge"), ("tick", "tick")])
def test_two_of_a_stage_at_once_converge(works: tuple[str, str], tmp_path: Path) -> None:
    template = templates.make(works[0], tmp_path / "template")
    for number in range(ROUNDS):
        home = vaults.copy(template.home, tmp_path / str(number) / "home")
        ended = together(template, home, *works)
        with templates.told(f"round {number}"):
            template.recover(works[0], home, *ended).wait()


@pytest.mark.parametrize("step", range(3, 40, 4))
def test_an_archive_run_killed_beside_another_converges(step: int, tmp_path: Path) -> None:
    template = templates.make("archive", tmp_path / "template")
    home = vaults.copy(template.home, tmp_path / "copy" / "home")
    ended = together(template, home, "archive", "archive", kill=step)
    template.recover("archive", home, *ended).wait()
