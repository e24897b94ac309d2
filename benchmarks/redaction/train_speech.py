"""Train the net that tells spoken digits: `python -m benchmarks.redaction.train_speech FOLDER`.

Needs, beside the parts that screening needs, the Debian packages espeak-ng, flite, festival, festvox-kallpc16k,
festvox-us-slt-hts, fortunes, fortunes-es, fortunes-de, manpages-fr, asterisk-moh-opsound-wav and sox, and the Python
package torch. FOLDER keeps the features between runs; remove it to make them anew.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction import speech
from benchmarks.redaction import speech_corpus as corpus
from benchmarks.redaction import train_nets as nets
from benchmarks.redaction.speech_channel import RATE, resampled
from benchmarks.redaction.table import TUNING_SEED, show
from benchmarks.redaction.voices import PROGRAMS, missing
from vault.screen.sound import ear_windows
from vault.screen.sound.ear_whisper import MODEL_DIGEST, WIDTH, Whisper
from vault.screen.sound.ear_windows import Samples
from vault.screen.sound.speech import Ear
from vault.screen.sound.speech_second import FEATURES, log_mel

CORPUS = {  # file of features -> how it is made, language, role of the voices, seed, calls
    "en": (corpus.pieces, "en", "train", TUNING_SEED, 811),  # English has the most engines
    "es": (corpus.pieces, "es", "train", TUNING_SEED, 260),
    "fr": (corpus.pieces, "fr", "train", TUNING_SEED, 300),
    "de": (corpus.pieces, "de", "train", TUNING_SEED, 480),
    "quiet": (corpus.quiet_pieces, "", "train", TUNING_SEED, 150),
    "es2": (corpus.pieces, "es", "train", TUNING_SEED + 1, 260),
    "fr2": (corpus.pieces, "fr", "train", TUNING_SEED + 1, 180),
    "en3": (corpus.pieces, "en", "made", TUNING_SEED + 2, 450),
    "es3": (corpus.pieces, "es", "made", TUNING_SEED + 2, 450),
    "fr3": (corpus.pieces, "fr", "made", TUNING_SEED + 2, 600),
    "de3": (corpus.pieces, "de", "made", TUNING_SEED + 2, 450),
    "quiet3": (corpus.quiet_pieces, "", "train", TUNING_SEED + 2, 150),
    "en4": (corpus.repetitive_pieces, "en", "made", TUNING_SEED + 3, 90),
    "es4": (corpus.repetitive_pieces, "es", "made", TUNING_SEED + 3, 90),
    "fr4": (corpus.repetitive_pieces, "fr", "made", TUNING_SEED + 3, 160),
    "de4": (corpus.repetitive_pieces, "de", "made", TUNING_SEED + 3, 90),
}
EVEN = {"en": 50, "es": 28, "fr": 30, "de": 40, "quiet": 22}  # how often each is drawn: the root of their lengths
DRAW = {
    "en": 36, "es": 14, "es2": 14, "fr": 16, "fr2": 12, "de": 26, "quiet": 10,
    "en3": 30, "es3": 30, "fr3": 38, "de3": 30, "quiet3": 12,
}  # fmt: skip
FIRST: dict[str, Any] = {
    "version": "5",
    "features": MODEL_DIGEST,
    "widths": (WIDTH, 128, 80, 48, 32, 1),
    "offsets": [[0], [-8, -4, 0, 4, 8], [-24, -12, 0, 12, 24], [-150, -100, -50, 0, 50, 100, 150], [0]],
    "stages": (
        nets.Stage(3_000, 2e-3, DRAW),
        nets.Stage(700, 1.2e-3, {**DRAW, "en4": 18, "es4": 20, "fr4": 34, "de4": 18}),
    ),
    "noise": 0.1,
    "levels": {"low": 0.03, "high": 0.8, "least": 0.6, "near": 0.24},  # chosen with tune_speech
}
SECOND: dict[str, Any] = {
    "version": "2",
    "features": FEATURES,
    "widths": (80, 64, 64, 64, 48, 1),
    "offsets": [[-2, -1, 0, 1, 2], [-6, -3, 0, 3, 6], [-12, -6, 0, 6, 12], [-24, -12, 0, 12, 24], [0]],
    "stages": (nets.Stage(1_600, 2e-3, EVEN), nets.Stage(1_500, 2e-3, EVEN)),
    "noise": 0.15,
    "levels": {"low": 0.3, "high": 0.7, "least": 2.0, "near": 1.0},  # chosen with tune_speech
}
_RECIPE = ("widths", "stages", "noise")  # what is not written into the weights' file


def features(whisper: Whisper, made: Iterable[corpus.Piece]) -> dict[str, NDArray[np.generic]]:
    """Return what both ears make of the pieces, one after the other as in one long call, and the labels."""
    labels: list[NDArray[np.int8]] = []
    second: list[NDArray[np.float16]] = []

    def blocks() -> Iterator[NDArray[np.float32]]:
        for piece in made:
            labels.append(piece.labels)
            yield resampled(piece.sound[: len(piece.labels) * corpus.FRAME], RATE, 2 * RATE)

    def both(window: Samples) -> Samples:
        return np.concatenate([whisper.features(window), log_mel(window)], axis=1)

    frames = []
    for block in ear_windows.frames(blocks(), both):
        frames.append(block[:, :WIDTH].astype(np.float16))
        second.append(block[:, WIDTH:].astype(np.float16))
    truth = np.concatenate(labels)[: sum(map(len, frames))]
    return {"digits": np.concatenate(frames), "second": np.concatenate(second), "labels": truth}


def prepare(folder: Path, scale: float) -> None:
    """Make the features of CORPUS that are not in `folder` yet."""
    whisper = Whisper()
    for name, (pieces, language, role, seed, calls) in CORPUS.items():
        path, count = folder / f"{name}.npz", max(1, int(scale * calls))
        if path.exists():
            continue
        made = pieces(language, role, seed, count)
        arrays = features(whisper, made)
        np.savez(path, **arrays)  # type: ignore[arg-type]
        print(f"{path.name}: {len(arrays['labels']) / 3000:.0f} minutes", flush=True)


def train(folder: Path, name: str, about: dict[str, Any]) -> None:
    """Fit the net `name` on the features in `folder`, and write its weights."""
    data = {}
    for part in dict.fromkeys(part for stage in about["stages"] for part in stage.draw):
        with np.load(folder / f"{part}.npz") as arrays:
            data[part] = (arrays[name], arrays["labels"])
    recipe = {key: about[key] for key in (*_RECIPE, "offsets")}
    print(f"wrote {nets.write(name, nets.fit(data, **recipe), said(about))}", flush=True)


def said(about: dict[str, Any]) -> dict[str, Any]:
    """Return what a file of weights says of itself."""
    return {key: value for key, value in about.items() if key not in _RECIPE}


def measured(about: dict[str, Any]) -> None:
    """Write into the first net's file what each language reaches on voices that it was not trained on."""
    path = nets.WEIGHTS / "digits.npz"
    with np.load(path) as arrays:
        kept = {key: arrays[key] for key in arrays.files if key != "about"}
    rows = speech.recall_rows(Ear())
    print(show(rows), flush=True)
    nets.write("digits", kept, about | {"recall": speech.recall_by_language(rows)})


def main(arguments: list[str] | None = None) -> int:
    """Make the corpus, train both nets, and measure the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="of the corpus")
    chosen = parser.parse_args(arguments)
    lacking = [need for need in map(missing, (*PROGRAMS, "pico")) if need]
    if lacking:
        print(f"install {', '.join(lacking)} first", file=sys.stderr)
        return 2
    chosen.folder.mkdir(parents=True, exist_ok=True)
    prepare(chosen.folder, chosen.scale)
    train(chosen.folder, "digits", {**FIRST, "recall": {}})
    train(chosen.folder, "second", SECOND)
    measured(said(FIRST))
    return 0


if __name__ == "__main__":
    sys.exit(main())
