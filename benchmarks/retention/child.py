"""`python -m benchmarks.retention.child WHAT URL`: do one thing over a catalog; print its seconds and peak MiB."""

import resource
import sys

from benchmarks.measure import timed
from benchmarks.retention import schedule
from benchmarks.retention.catalog import ACTOR, NOW
from benchmarks.vaults import SetClock
from retention.plans import policy_plans
from retention.policy.reader import parse
from retention.schedule import due
from vault.catalog.engine import Catalog


def main() -> None:
    """Read the arguments."""
    _, what, url = sys.argv
    catalog, clock = Catalog(url), SetClock(NOW)

    def work() -> None:
        if what == "evaluate":
            assert list(due.evaluate(catalog, clock))
        else:
            later = parse(schedule.text(longer=1))
            policy_plans.make_plan(catalog, clock, ACTOR, vault="bench", policy=later)

    seconds = timed(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(seconds, peak / (1 << 20))
    catalog.close()


if __name__ == "__main__":
    main()
