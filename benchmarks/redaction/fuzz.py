"""Broken files against every decoder and container that screening takes: always a verdict, no crash, no hang.

`python -m benchmarks.redaction.fuzz --minutes N [--seed S]` runs the fuzzers of text, sound and pictures in turn, each
in a child process of its own, so that a decoder may crash and be counted. Exit status 1 if any did, or took too long.
"""

import argparse
import contextlib
import importlib
import multiprocessing as mp
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Final

LIMIT: Final = {"text": 20.0, "sound": 30.0, "picture": 60.0}  # seconds for one case
START: Final = 120.0  # seconds that a child may take to make its samples and load its models
TURN: Final = 15.0  # seconds that one medium has in its turn

Case = Callable[[str], str]
"""Screens the case that a seed makes; returns "passed" or "refused"."""


def text() -> Case:
    """Return what fuzzes text."""
    module = importlib.import_module("benchmarks.redaction.fuzz_text")
    options = importlib.import_module("vault.screen.options")

    def case(seed: str) -> str:
        rng = Random(seed)
        media_type, content = module.sample(rng)
        preset = rng.choice([options.Preset.STRICT, options.Preset.BALANCED])
        told: str = module.check(media_type, content, options.Options(preset=preset))
        return "refused" if told == "residue" else told

    return case


def sound() -> Case:
    """Return what fuzzes calls."""
    module = importlib.import_module("benchmarks.redaction.fuzz_sound")
    media = importlib.import_module("tests.media")
    files = {n: (s.media_type, media.media(n)) for n, s in media.SAMPLES.items() if s.kind == "call"}
    files["ogg-opus-chain"] = ("audio/ogg", media.media("ogg-opus") * 2)
    files["mp3-trailer"] = ("audio/mpeg", media.media("mp3") + bytes(300) + b"TAG" + bytes(125))
    names = sorted(files)

    def case(seed: str) -> str:
        name = Random(seed).choice(names)
        failures, passed = module.fuzz({name: files[name]}, seed=Random(seed).getrandbits(40), rounds=1)
        if failures:
            raise RuntimeError(f"{name}: {failures[0].error}")
        return "passed" if passed else "refused"

    return case


def picture() -> Case:
    """Return what fuzzes recorded screens."""
    module = importlib.import_module("benchmarks.redaction.fuzz_picture")
    from vault.screen.errors import UnscreenableError  # noqa: PLC0415 - in the child alone
    from vault.screen.options import Options  # noqa: PLC0415
    from vault.screen.picture.ocr import Eye  # noqa: PLC0415
    from vault.screen.picture.redact import redact  # noqa: PLC0415
    from vault.sealed.spill import Spill  # noqa: PLC0415

    whole = [(module.sample(codec, form), media_type) for codec, form, media_type in module.KINDS]
    eye = Eye()

    def case(seed: str) -> str:
        rng = Random(seed)
        content, media_type = rng.choice(whole)
        data = BytesIO(module.broken(content, rng))
        with tempfile.TemporaryDirectory() as folder, Spill(Path(folder)) as sink:
            try:
                redact(media_type, data, sink, Options(), eye, module.NO_EAR, lambda _: None)
            except UnscreenableError:
                return "refused"
        return "passed"

    return case


FUZZERS: Final[dict[str, Callable[[], Case]]] = {"text": text, "sound": sound, "picture": picture}


def work(name: str, channel: Connection) -> None:
    """Be a child: say that all is ready, or what lacks; then answer each seed with an outcome."""
    try:
        import av  # noqa: PLC0415 - an optional part

        av.logging.set_level(av.logging.PANIC)
        case = FUZZERS[name]()
    except Exception as exc:  # noqa: BLE001 - whatever it is, the parent tells it
        channel.send(f"missing: {type(exc).__name__}: {exc}")
        return
    channel.send("ready")
    while True:
        seed = channel.recv()
        try:
            channel.send(case(seed))
        except Exception:  # noqa: BLE001 - that is what is looked for
            channel.send(f"crashed: {traceback.format_exc()}")


class Child:
    """A process that screens the cases of one medium; started anew after each crash or hang."""

    def __init__(self, name: str) -> None:
        """Start it. Raises RuntimeError when a part that the fuzzer needs is missing."""
        self._name = name
        self._start()

    def _start(self) -> None:
        context = mp.get_context("spawn")
        self._channel, theirs = context.Pipe()
        self._process: Any = context.Process(target=work, args=(self._name, theirs), daemon=True)
        self._process.start()
        theirs.close()
        told = self._answer(START)
        if told != "ready":
            self.stop()
            raise RuntimeError(told or "it did not start in time")

    def _answer(self, limit: float) -> str | None:
        try:
            return str(self._channel.recv()) if self._channel.poll(limit) else None
        except (EOFError, OSError):
            self._process.join()
            return f"crashed: the process ended with {self._process.exitcode}"

    def screen(self, seed: str) -> tuple[str, str]:
        """Screen one case; return "passed", "refused", "crashed" or "hung", and what is known of it."""
        with contextlib.suppress(OSError):  # it is gone; the answer will say so
            self._channel.send(seed)
        told = self._answer(LIMIT[self._name])
        if told is None:
            told = f"hung: no verdict in {LIMIT[self._name]:.0f} s"
        if not self._process.is_alive() or told.startswith("hung"):
            self.stop()
            self._start()
        outcome, _, detail = told.partition(": ")
        return outcome, detail

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._channel.close()


def turns(names: list[str], seconds: float) -> Iterator[tuple[str, float]]:
    """Yield a medium and until when it has its turn, round and round until the time is over."""
    end = time.monotonic() + seconds
    while True:
        for name in names:
            now = time.monotonic()
            if now >= end:
                return
            yield name, min(end, now + TURN, now + seconds / len(names))


def main() -> int:
    """Fuzz for so many minutes and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redaction.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    children: dict[str, Child] = {}
    counts: dict[str, Counter[str]] = {}
    failed = False
    for name in FUZZERS:
        try:
            children[name], counts[name] = Child(name), Counter()
        except RuntimeError as exc:
            print(f"{name}: cannot be fuzzed: {exc}", flush=True)
            failed = True
    try:
        for name, end in turns(list(children), 60 * given.minutes if children else 0):
            while time.monotonic() < end:
                seed = f"{given.seed} {name} {counts[name].total()}"
                outcome, detail = children[name].screen(seed)
                counts[name][outcome] += 1
                if detail:
                    print(f"{name}: case '{seed}' {outcome}: {detail}", flush=True)
    finally:
        for child in children.values():
            child.stop()
    for name, told in counts.items():
        print(
            f"{name}: {told.total()} cases, {told['refused']} refused, {told['crashed']} crashes, {told['hung']} hangs"
        )
        failed = failed or bool(told["crashed"] or told["hung"]) or not told.total()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
