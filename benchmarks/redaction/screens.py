"""How well card data on recorded screens is covered, on recordings drawn here with exact truth.

Run `python -m benchmarks.redaction.screens [--held-out] [--quick]`.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.redaction.screens_draw import Glyph
from benchmarks.redaction.screens_scenes import Clip, clips, desktop
from benchmarks.redaction.table import HELD_OUT_SEED, TUNING_SEED, Row, show
from vault.screen.options import Options, Preset
from vault.screen.outcome import Redaction
from vault.screen.picture.ocr import Eye
from vault.screen.picture.recheck import recheck
from vault.screen.picture.redact import redact
from vault.sealed.spill import Spill


class NoEar:
    """Hears nothing: these recordings have no sound."""

    engines = ()
    languages = frozenset({"en"})

    def listen(self, _blocks: Any, /) -> Any:
        return ()


NO_EAR = NoEar()
SHOWN = 7  # digits of a card from which a frame counts
_DARK = 70  # brightness that a covered digit stays below
_LOST = 0.5  # of its contrast that unrelated text must have lost to count as covered


def encoded(
    clip: Clip, codec: str = "libx264", form: str = "mp4", crf: int = 26
) -> tuple[io.BytesIO, list[list[Glyph]]]:
    """Return the recording as a file, and what shows in each frame."""
    out, truth = io.BytesIO(), []
    with av.open(out, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=clip.rate)
        stream.width, stream.height = clip.size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"} if codec == "libx264" else {}
        for number in range(round(clip.seconds * clip.rate)):
            canvas = clip.draw(number / clip.rate)
            truth.append(canvas.glyphs)
            container.mux(stream.encode(av.VideoFrame.from_image(canvas.image)))
        container.mux(stream.encode(None))
    out.seek(0)
    return out, truth


def shots(file: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the brightness of every frame."""
    file.seek(0)
    with av.open(file) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray")


@dataclass
class Score:
    """Frames or characters that counted, and those that were covered."""

    counted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    covered: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, what: str, *, covered: bool) -> None:
        self.counted[what] += 1
        self.covered[what] += covered

    def share(self, what: str) -> float:
        return 100 * self.covered[what] / max(1, self.counted[what])


def _is_dark(picture: np.ndarray[Any, Any], glyph: Glyph) -> bool:
    left, top, right, bottom = glyph.box
    return bool(picture[max(0, top) : bottom, max(0, left) : right].max(initial=0) < _DARK)


def _is_lost(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any], glyph: Glyph) -> bool:
    left, top, right, bottom = glyph.box
    place = np.s_[max(0, top) : bottom, max(0, left) : right]
    return float(np.ptp(after[place])) < _LOST * float(np.ptp(before[place])) if before[place].size else False


def score(result: Any, source: Any, truth: list[list[Glyph]], into: Score) -> list[int]:
    """Add what was covered in a result; return the frames in which a card showed."""
    leaks = []
    for number, (after, before, glyphs) in enumerate(zip(shots(result), shots(source), truth, strict=True)):
        numbers: dict[str, list[Glyph]] = defaultdict(list)
        for glyph in glyphs:
            if ":" in glyph.of and glyph.character.isdigit():
                numbers[glyph.of].append(glyph)
            elif glyph.character.isalnum():
                into.add("unrelated " + ("digits" if glyph.of not in {"plain", "log"} else "text"),
                         covered=_is_lost(before, after, glyph))  # fmt: skip
        for of, digits in numbers.items():
            whole = all(_is_dark(after, g) for g in digits)
            kind = of.split(":")[0]
            if kind == "pan":
                into.add("any digit", covered=whole)
                if len(digits) >= SHOWN:
                    into.add("card", covered=whole)
                    if not whole:
                        leaks.append(number)
            elif (kind == "code" and len(digits) >= 3) or (kind == "expiry" and len(digits) >= 4):
                into.add(kind, covered=whole)
    return leaks


def screened(source: Any, preset: Preset, eye: Eye, folder: Path) -> tuple[Any, Redaction, float]:
    """Return the result, what was found, and the CPU seconds it took."""
    sink = Spill(folder)
    begin = time.process_time()
    redaction = redact("video/mp4", source, sink, Options(preset=preset), eye, NO_EAR, lambda _: None)
    return sink, redaction, time.process_time() - begin


def run(*, seed: int, quick: bool, verbose: bool = False) -> list[Row]:
    """Return the figures for screens."""
    rows, scores = list[Row](), {Preset.STRICT: Score(), Preset.BALANCED: Score()}
    seconds = spent = 0.0
    gate, wrong = {p: [0.0, 0.0] for p in scores}, dict.fromkeys(scores, 0)
    with tempfile.TemporaryDirectory() as name:
        for clip in clips(seed, 1 if quick else 3):
            source, truth = encoded(clip)
            for preset, total in scores.items():
                one, eye = Score(), Eye()  # a new one: it remembers what it read
                result, redaction, cpu = screened(source, preset, eye, Path(name))
                begin = time.process_time()
                left = recheck(result, Options(preset=preset), eye, redaction.findings, lambda _: None)
                gate[preset][0] += clip.seconds
                gate[preset][1] += time.process_time() - begin
                wrong[preset] += bool(left)
                leaks = score(result, source, truth, one)
                if preset is Preset.BALANCED:
                    seconds, spent = seconds + clip.seconds, spent + cpu
                for what in one.counted:
                    total.counted[what] += one.counted[what]
                    total.covered[what] += one.covered[what]
                if verbose:
                    found = {f"{f.kind}/{f.rule}" for f in redaction.findings}
                    shares = {w: round(one.share(w), 1) for w in sorted(one.counted)}
                    print(f"{clip.name:18} {preset:9} {clip.seconds / cpu:5.1f}x {shares} leaks {leaks} {found}")
                    if left:
                        print("   gate:", left)
        rows += _rows(scores)
        rows.append(Row("screen", "dense clips", "video seconds per CPU second", seconds / spent, "x"))
        for preset in scores:
            rows.append(Row("screen", preset, "clips in which the gate found something left", wrong[preset], "clips"))
            rows.append(
                Row("screen", preset, "the gate: video seconds per CPU second", gate[preset][0] / gate[preset][1], "x")
            )
        rows += _still(seed, Path(name), quick=quick)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row("screen", "all of these", "peak memory", peak, "MiB", "<= 1024"))
    return rows


def _rows(scores: dict[Preset, Score]) -> Iterator[Row]:
    wanted = (
        (Preset.STRICT, "card", "frames with 7 or more digits covered", ">= 100"),
        (Preset.BALANCED, "card", "frames with 7 or more digits covered", ">= 100"),
        (Preset.STRICT, "any digit", "frames covered from the first digit on", ">= 100"),
        (Preset.STRICT, "code", "frames with the security code covered", ">= 100"),
        (Preset.BALANCED, "code", "frames with the security code covered", ">= 100"),
        (Preset.STRICT, "expiry", "frames with the expiry date covered", ">= 100"),
        (Preset.BALANCED, "expiry", "frames with the expiry date covered", ">= 100"),
        (Preset.BALANCED, "unrelated text", "characters covered", "<= 1"),
        (Preset.BALANCED, "unrelated digits", "characters covered", "<= 1"),
    )
    for preset, what, told, aim in wanted:
        figure = scores[preset]
        yield Row("screen", preset, f"{what}: {told}", figure.share(what), "%", aim, figure.counted[what])


def _still(seed: int, folder: Path, *, quick: bool) -> Iterator[Row]:
    import random  # noqa: PLC0415 - one use

    clip = desktop(random.Random(seed), 100 if quick else 180)
    source, truth = encoded(clip)
    for preset in (Preset.BALANCED, Preset.STRICT):
        one, eye = Score(), Eye()
        result, redaction, cpu = screened(source, preset, eye, folder)
        begin = time.process_time()
        recheck(result, Options(preset=preset), eye, redaction.findings, lambda _: None)
        both = cpu + time.process_time() - begin
        score(result, source, truth, one)
        condition = f"{clip.name}, {preset}"
        yield Row("screen", condition, "card: frames with 7 or more digits covered", one.share("card"), "%", ">= 100",
                  one.counted["card"])  # fmt: skip
        yield Row("screen", condition, "video seconds per CPU second", clip.seconds / cpu, "x", ">= 4")
        yield Row("screen", condition, "with the gate: video seconds per CPU second", clip.seconds / both, "x", ">= 4")


if __name__ == "__main__":
    which = HELD_OUT_SEED if "--held-out" in sys.argv else TUNING_SEED
    print(show(run(seed=which, quick="--quick" in sys.argv, verbose=True)))
