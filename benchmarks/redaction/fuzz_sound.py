"""Damaged sound of every container and codec we accept: always a verdict, never a crash, never a hang.

`fuzz` cuts files short, flips bits, overwrites, repeats and removes stretches, and screens what comes out. A verdict is
a result or UnscreenableError; anything else is returned as a failure, and so is a screening that takes too long.
"""

import faulthandler
import io
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.errors import UnscreenableError
from vault.screen.options import Options
from vault.screen.outcome import Engine
from vault.screen.sound.listen import Span
from vault.screen.sound.redact import redact
from vault.sealed.spill import Spill

LIMIT: Final = 20.0  # seconds for a few seconds of sound


class _Ear:
    """Hears digits in the first half second of all that it is given."""

    engines = (Engine("fuzz", "1"),)
    languages = frozenset({"en"})

    def listen(self, blocks: Iterable[NDArray[np.float32]]) -> Iterable[Span]:
        for _ in blocks:
            pass
        return [Span(0.2, 0.7, 1.0)]


@dataclass(frozen=True)
class Failure:
    """What went wrong, and how to make it happen again."""

    name: str
    seed: int
    error: str


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return `content` with one to eight kinds of damage."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        size = len(data)
        at = min(size - 1, rng.choice((rng.randrange(size), rng.randrange(min(size, 200)), size - 1)))
        length = rng.choice((1, 4, 64, size // 8 + 1))
        how = rng.randrange(6)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at : at + length] = rng.randbytes(len(data[at : at + length]))
        elif how == 2:
            del data[at : at + length]
        elif how == 3:
            data[at:at] = data[max(0, at - length) : at]
        elif how == 4:
            data[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x01\0\0\0"))
        else:
            del data[max(1, at) :]
        if len(data) < 2:
            break
    return bytes(data)


def fuzz(
    files: Mapping[str, tuple[str, bytes]], *, seed: int, rounds: int, tell: Callable[[str], None] = lambda _: None
) -> tuple[list[Failure], int]:
    """Screen `rounds` damaged versions of each file (name: media type and content).

    Return the failures, and how many were screened to the end in spite of the damage. A hang beyond repair ends the
    process with a trace.
    """
    failures, passed = [], 0
    folder = Path(mkdtemp())
    for name, (media_type, content) in files.items():
        for index in range(rounds):
            number = seed * 1_000_003 + index
            rng = random.Random(f"{name} {number}")
            faulthandler.dump_traceback_later(10 * LIMIT, exit=True)
            start = time.monotonic()
            try:
                with Spill(folder) as sink:
                    redact(media_type, io.BytesIO(damaged(content, rng)), sink, Options(), _Ear(), lambda _: None)
                passed += 1
            except UnscreenableError:
                pass
            except Exception as exc:  # noqa: BLE001 - that is what is looked for
                failures.append(Failure(name, number, f"{type(exc).__name__}: {exc}"))
            finally:
                faulthandler.cancel_dump_traceback_later()
            taken = time.monotonic() - start
            if taken > LIMIT:
                failures.append(Failure(name, number, f"took {taken:.0f} s"))
        tell(name)
    return failures, passed
