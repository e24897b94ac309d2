"""`python -m benchmarks.redaction`: recall, false cuts and speed, by medium and disguise (docs/performance.md)."""

import argparse
import importlib
import sys

from benchmarks.redaction.table import HELD_OUT_SEED, TUNING_SEED, Row, show

MEDIA = ("text", "tones", "speech", "screens")


def main() -> int:
    """Measure the media asked for, print the table, and say by the exit status whether every aim was reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redaction", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEDIA, help="these media (all, if not given)")
    parser.add_argument(
        "--tuning", action="store_true", help="the corpus that rules were tuned to, not the held-out one"
    )
    parser.add_argument("--quick", action="store_true", help="a small corpus: shows that it runs, measures little")
    given = parser.parse_args()
    rows: list[Row] = []
    for medium in given.only or MEDIA:
        module = importlib.import_module(f"benchmarks.redaction.{medium}")
        found = module.run(seed=TUNING_SEED if given.tuning else HELD_OUT_SEED, quick=given.quick)
        print(show(found), flush=True)
        rows += found
    missed = [row for row in rows if row.reached is False]
    print(f"{len(rows)} figures, {len(missed)} aims missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
