"""`python -m benchmarks.retention [--rows N] [--database NAME] [--folder DIR]`: one catalog of N recordings."""

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.measure import check_space, show
from benchmarks.retention.run import DATABASES, measured

_BYTES = 5000  # of disk for a recording, with what is written on the way


def main() -> None:
    """Read the arguments and print the table, with the load of the machine before and after."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retention", description="What retention costs.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="recordings")
    parser.add_argument("--rounds", type=int, default=2, help="how often each thing is measured")
    parser.add_argument("--database", action="append", choices=list(DATABASES), help="one of them; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where SQLite works")
    chosen = parser.parse_args()
    check_space(chosen.folder, chosen.rows * _BYTES)
    for name in chosen.database or DATABASES:
        before = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(prefix="strongroom-bench-retention-", dir=chosen.folder) as folder:
            figures = measured(Path(folder), name, chosen.rows, chosen.rounds)
        print(show(figures))
        print(f"load of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} after", flush=True)


if __name__ == "__main__":
    main()
