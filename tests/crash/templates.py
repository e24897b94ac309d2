"""Vaults that are made once and copied for every crash."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests import vaults
from tests.crash import stages
from tests.crash.children import Ended, run


@dataclass(frozen=True, slots=True)
class Template:
    """A vault on disk that nobody has open, and the wrapped keys it holds, by the name of the recording."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, list[bytes]] = field(default_factory=dict)

    def recover(self, stage: str, home: Path, ended: Ended) -> None:
        """Run the stage again on a copy of this vault, in a process of its own, and look at everything."""
        run(stages.recover, stage, home, self.environment, ended.told, self.keys)


def make(stage: str, home: Path, environment: Mapping[str, str] | None = None) -> Template:
    """Make the vault that a stage starts from."""
    environment = environment or {}
    if stage == "ingest":
        run(stages.make_empty, home, environment)
        return Template(home, environment)
    ended = run(stages.make_full, home, environment, screened=stage == "archive")
    return Template(home, environment, ended.told[0])


def kill_at_every_step(stage: str, template: Template, folder: Path) -> tuple[int, Mapping[str, int]]:
    """Kill the stage at each of its steps in turn, each time on a fresh copy, and recover it.

    Return the number of steps and how often each kind of step was taken by a run that nobody killed.
    """
    step = 0
    while True:
        step += 1
        place = folder / f"{stage}-{step}"
        place.mkdir()
        home = vaults.copy(template.home, place / "home")
        ended = run(stages.run_stage, stage, home, template.environment, step)
        try:
            template.recover(stage, home, ended)
        except AssertionError as exc:
            exc.add_note(f"killed at step {step} of {stage}" if ended.killed else f"{stage} was not killed")
            raise
        shutil.rmtree(place)
        if not ended.killed:
            return step - 1, ended.told[-1]
