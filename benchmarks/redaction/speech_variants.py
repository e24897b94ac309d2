"""Voices of espeak-ng that nobody wrote: variants drawn at random, so that training hears more than the few it ships.

A variant says how the formants lie, how the voice is pitched, how rough, breathy or hollow it is. Each comes from its
number alone. espeak-ng finds variants in its data folder only, so a folder of links to its own data is made for them.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

NAME: Final = "made"
_DATA: Final = ("/usr/lib/x86_64-linux-gnu/espeak-ng-data", "/usr/share/espeak-ng-data", "/usr/lib/espeak-ng-data")
_TONES: Final = (
    "600 170 1200 135 2000 110",
    "100 255 600 70 1200 22 2000 66 3000 12",
    "600 255 1200 255 2000 255",
    "400 160 1500 100 3000 70 4500 40",
    "600 170 1200 100 2000 40",
)


def variant(number: int) -> str:
    """Return the text of a variant's file."""
    rng = Random(f"variant/{number}")
    low = 10 ** rng.uniform(1.66, 2.4)  # 46 to 250 Hz
    lines = ["language variant", f"name {NAME}", f"pitch {low:.0f} {low * rng.uniform(1.0, 1.9):.0f}"]
    if rng.random() < 0.15:
        lines.append(f"klatt {rng.randint(1, 6)}")
    throat, slope = rng.uniform(82, 142), rng.uniform(-4, 4)
    strength, width = rng.uniform(60, 140), rng.uniform(60, 170)
    for formant in range(9):
        place = throat + slope * formant + rng.gauss(0, 5)
        height, broad = strength * rng.uniform(0.7, 1.3), width * rng.uniform(0.75, 1.3)
        lines.append(f"formant {formant} {place:.0f} {height:.0f} {broad:.0f}")
    chances = (
        (0.6, f"voicing {10 ** rng.uniform(1.4, 2.3):.0f}"),
        (0.6, f"consonants {rng.randint(45, 160)} {rng.randint(40, 160)}"),
        (0.3, f"flutter {rng.randint(0, 20)}"),
        (0.35, f"roughness {rng.randint(0, 7)}"),
        (0.3, f"echo {rng.randint(5, 160)} {rng.randint(5, 60)}"),
        (0.3, f"intonation {rng.randint(1, 4)}"),
        (0.35, f"tone {rng.choice(_TONES)}"),
        (0.2, "breath " + " ".join(str(rng.randint(0, 6)) for _ in range(8))),
        (0.3, f"stressAdd {' '.join(str(rng.randint(-30, 130)) for _ in range(8))}"),
    )
    lines += [line for chance, line in chances if rng.random() < chance]
    return "\n".join(lines) + "\n"


def with_variant(number: int) -> Path:
    """Return a folder with espeak-ng's data and one variant more, named NAME: the numbered one, until the next call.

    Raises:
        FileNotFoundError: espeak-ng's data are not where Debian puts them.

    """
    made = _linked()
    (made / "espeak-ng-data/voices/!v" / NAME).write_text(variant(number), "ascii")
    return made


@cache
def _linked() -> Path:
    """Make links to espeak-ng's data, but for its variants: it knows at most 350 voices."""
    made = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    (made / "espeak-ng-data/voices/!v").mkdir(parents=True)
    own = next(path for path in map(Path, _DATA) if path.is_dir())
    for entry in own.iterdir():
        if entry.name != "voices":
            (made / "espeak-ng-data" / entry.name).symlink_to(entry)
    return made
