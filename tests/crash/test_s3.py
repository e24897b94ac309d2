"""The archive stage over a real S3 store with versions: killed at any step and run again, it converges (P3 and P6)."""

from collections.abc import Callable
from pathlib import Path

from tests import servers
from tests.crash import stages, templates
from tests.crash.children import run


def test_archiving_to_s3_killed_at_any_step_and_run_again_converges(
    s3_server: servers.S3Server, s3_bucket: Callable[..., str], tmp_path: Path
) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "STRONGROOM_ARCHIVE_KIND": "s3",
        "STRONGROOM_ARCHIVE_ENDPOINT": s3_server.endpoint,
        "STRONGROOM_ARCHIVE_REGION": servers.REGION,
        "STRONGROOM_ARCHIVE_BUCKET": s3_bucket(versioned=True),
    }
    step = 0
    while True:
        # a bucket cannot be copied: every crash has a vault and a prefix of its own
        step += 1
        mine = {**environment, "STRONGROOM_ARCHIVE_PREFIX": f"crash-{step}"}
        template = templates.make("archive", tmp_path / f"{step}" / "home", mine)
        ended = run(stages.run_stage, "archive", template.home, mine, step)
        with templates.told(f"killed at step {step} of archive"):
            template.recover("archive", template.home, ended).wait()
        if not ended.killed:
            break
    survived = ended.told[-1]
    assert survived.steps >= 20
    assert {"store.put before", "store.put after", "request before", "request after"} <= set(survived.moments)
