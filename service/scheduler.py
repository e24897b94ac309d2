"""The always-on door: does what is due again and again until SIGTERM or SIGINT, finishing the step in hand.

APScheduler is the ticker, with its jobs in memory; whose turn it is stands in the catalog, claimed by a unique insert,
so that two services on one catalog never do the same turn.
"""

import logging
import signal
import threading
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from keys.errors import StrongroomError
from service import work
from service.assembly import Vault

_log = logging.getLogger(__name__)


def run(vault: Vault, on_report: Callable[[work.Report], None]) -> None:
    """Tick until the process is told to stop."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    seconds = int(vault.settings.tick.total_seconds())

    def turn() -> None:
        slot = int(vault.clock.now().timestamp()) // seconds
        try:
            on_report(work.tick(vault, slot=slot, stop=stopping.is_set))
        except work.TurnTakenError:
            _log.info("another service has this turn", extra={"action": "tick.taken", "slot": slot})
        except StrongroomError as exc:
            _log.error("a pass failed", extra={"action": "tick.failed", "code": exc.code})

    # a pass that screens hours of calls outlasts many turns: that they are skipped is meant, not worth a warning each
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(executors={"default": ThreadPoolExecutor(1)}, timezone="UTC")
    scheduler.add_job(
        turn, "interval", seconds=seconds, max_instances=1, coalesce=True, next_run_time=vault.clock.now()
    )
    scheduler.start()
    stopping.wait()
    scheduler.shutdown(wait=True)
