"""`python -m benchmarks [--quick] [--only NAME]… [--folder DIR]`: measure, print the table, leave nothing behind.

Needs about 8 GiB of disk, which is checked first, and some minutes; `--quick` needs 256 MiB and shows only that the
benchmarks run: its figures mean nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import chats, memory, sealing
from benchmarks.measure import QUICK, Figure, Sizes, check_space, show
from benchmarks.retention import run as retention

BENCHMARKS: dict[str, Callable[[Path, Sizes], list[Figure]]] = {
    "seal": sealing.seal_large_file,
    "ingest": chats.take_in,
    "range": sealing.open_range,
    "purge": chats.purge_some,
    "screen": chats.screen_text,
    "memory": memory.ingest_huge,
    "retention": retention.over_a_catalog,
}


def run(names: Sequence[str], sizes: Sizes, folder: Path) -> Iterator[list[Figure]]:
    """Run the benchmarks of these names, each in a folder of its own that is removed at its end."""
    check_space(folder, sizes.disk_bytes)
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"strongroom-bench-{name}-", dir=folder) as place:
            print(f"{name} ...", file=sys.stderr, flush=True)
            figures = BENCHMARKS[name](Path(place), sizes)
        yield figures


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What the vault costs beside its floors.")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows only that the benchmarks run")
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), help="one benchmark; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where to work (8 GiB)")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else Sizes()
    figures: list[Figure] = []
    try:
        for found in run(chosen.only or list(BENCHMARKS), sizes, chosen.folder):
            figures += found
    finally:
        print(show(figures))  # what was measured counts, whatever happened to the rest


if __name__ == "__main__":
    main()
