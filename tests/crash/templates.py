"""Vaults that are made once and copied for every crash."""

import contextlib
import itertools
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests import vaults
from tests.crash import stages
from tests.crash.children import Child, Ended, run

LANES = 2
"""Crashes that happen side by side."""


@dataclass(frozen=True, slots=True)
class Template:
    """A vault on disk that nobody has open, and the wrapped keys it holds, by the name of the recording."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, list[bytes]] = field(default_factory=dict)

    def copy(self, home: Path, number: int) -> "Template":
        """Return a copy of this vault; in a bucket, which cannot be copied, it has a prefix of its own."""
        vaults.copy(self.home, home)
        bucket = {"STRONGROOM_ARCHIVE_PREFIX": f"copy-{number}"} if self.environment else {}
        return Template(home, {**self.environment, **bucket}, self.keys)

    def recover(self, stage: str, home: Path, *ended: Ended) -> Child:
        """Begin to run the stage again on a copy of this vault, in a process of its own, and look at everything."""
        told = [word for end in ended for word in end.told]
        return Child(stages.recover, stage, home, self.environment, told, self.keys)


def make(stage: str, home: Path, environment: Mapping[str, str] | None = None) -> Template:
    """Make the vault that a stage starts from."""
    environment = environment or {}
    if stage == "ingest":
        run(stages.make_empty, home, environment)
        return Template(home, environment)
    if stage == "archive few":
        return Template(home, environment, run(stages.make_few, home, environment).told[0])
    if stage == "workers":
        return Template(home, environment, run(stages.make_waiting, home, environment).told[0])
    ended = run(stages.make_full, home, environment, screened=stage == "archive")
    return Template(home, environment, ended.told[0])


def kill_at_every_step(stage: str, template: Template, folder: Path) -> stages.Survived:
    """Kill the stage at each of its steps in turn, each time on a fresh copy, and recover it.

    Return what a run told that nobody killed, which has been looked at in the same way.
    """
    for first in itertools.count(1, LANES):
        steps = range(first, first + LANES)
        copies = [template.copy(folder / f"{stage}-{step}" / "home", step) for step in steps]
        runs = [
            Child(stages.run_stage, stage, copy.home, copy.environment, step)
            for step, copy in zip(steps, copies, strict=True)
        ]
        ended = [run.wait() for run in runs]
        recoveries = [copy.recover(stage, copy.home, end) for copy, end in zip(copies, ended, strict=True)]
        for step, recovery in zip(steps, recoveries, strict=True):
            with told(f"killed at step {step} of {stage}"):
                recovery.wait()
        for copy in copies:
            shutil.rmtree(copy.home.parent)
        for end in ended:
            if not end.killed:
                survived: stages.Survived = end.told[-1]
                return survived
    raise AssertionError("unreachable")


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Add to a failure what was being done."""
    try:
        yield
    except AssertionError as exc:
        exc.add_note(what)
        raise
