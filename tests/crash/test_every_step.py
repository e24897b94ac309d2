"""Killed at any durable step and run again, the vault converges (promises P2, P3 and P6)."""

from pathlib import Path

import pytest

from tests.crash import templates

COMMITS = {"commit before", "commit after"}
NEW_BLOBS = {
    f"durable.{verb} {moment}"
    for verb in ("create_new", "write", "sync_file", "sync_folder", "make_private_folder")
    for moment in ("before", "after")
} | {"durable.write half"}
DELETIONS = {"store.delete before", "store.delete after", "durable.remove before", "file os.remove"}
COPIES = {"store.put before", "store.put after", "durable.publish before", "durable.publish after"}
SCRUBS = {"scrub before", "scrub after"}


@pytest.mark.parametrize(
    ("stage", "least", "kinds"),
    [
        ("ingest", 45, NEW_BLOBS | COMMITS),
        ("screen", 30, NEW_BLOBS | COMMITS),
        ("workers", 12, NEW_BLOBS | COMMITS),
        ("archive", 35, NEW_BLOBS | COPIES | COMMITS),
        ("purge", 22, DELETIONS | SCRUBS | COMMITS),
        ("tick", 65, NEW_BLOBS | COPIES | DELETIONS | SCRUBS | COMMITS),
    ],
)
def test_a_stage_killed_at_any_step_and_run_again_converges(
    stage: str, least: int, kinds: set[str], tmp_path: Path
) -> None:
    template = templates.make(stage, tmp_path / "template")
    survived = templates.kill_at_every_step(stage, template, tmp_path)
    assert kinds <= set(survived.moments)
    assert survived.steps >= least
