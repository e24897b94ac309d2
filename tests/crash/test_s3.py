"""The archive stage over a real S3 store with versions: killed at any step and run again, it converges (P3 and P6)."""

from collections.abc import Callable
from pathlib import Path

from tests import servers
from tests.crash import templates


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
    template = templates.make("archive few", tmp_path / "template", environment)
    survived = templates.kill_at_every_step("archive few", template, tmp_path)
    assert survived.steps >= 12
    assert {"store.put before", "store.put after", "request before", "request after"} <= set(survived.moments)
