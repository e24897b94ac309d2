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
from benchmarks.redaction.speech_numbers import LANGUAGES
from benchmarks.redaction.table import TUNING_SEED
from benchmarks.redaction.voices import PROGRAMS, missing
from vault.screen.sound import ear_windows
from vault.screen.sound.ear_whisper import MODEL_DIGEST, WIDTH, Whisper
from vault.screen.sound.ear_windows import Samples
from vault.screen.sound.speech import Ear
from vault.screen.sound.speech_second import FEATURES, log_mel

COUNTS = {"en": 811, "es": 260, "fr": 300, "de": 480}  # calls; English has the most engines
QUIET = 150
FIRST: dict[str, Any] = {
    "version": "2",
    "features": MODEL_DIGEST,
    "widths": (WIDTH, 96, 64, 32, 1),
    "offsets": [[0], [-8, -4, 0, 4, 8], [-24, -12, 0, 12, 24], [0]],
    "steps": 1_800,
    "noise": 0.1,
    "levels": {"low": 0.1, "high": 0.6, "least": 0.6, "near": 0.24},  # chosen with tune_speech
}
SECOND: dict[str, Any] = {
    "version": "1",
    "features": FEATURES,
    "widths": (80, 64, 64, 64, 48, 1),
    "offsets": [[-2, -1, 0, 1, 2], [-6, -3, 0, 3, 6], [-12, -6, 0, 6, 12], [-24, -12, 0, 12, 24], [0]],
    "steps": 1_600,
    "noise": 0.15,
    "levels": {"low": 0.5, "high": 0.8, "least": 1.2, "near": 0.6},  # chosen with tune_speech
}


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


def prepare(folder: Path, role: str, scale: float) -> list[Path]:
    """Make the features of each language, and of music, that are not in `folder` yet; return their files."""
    whisper, found = Whisper(), []
    for name in (*LANGUAGES, "quiet"):
        path = folder / f"{role}-{name}.npz"
        found.append(path)
        if path.exists():
            continue
        count = max(1, int(scale * (QUIET if name == "quiet" else COUNTS[name])))
        made = (
            corpus.quiet_pieces(role, TUNING_SEED, count)
            if name == "quiet"
            else corpus.pieces(name, role, TUNING_SEED, count)
        )
        arrays = features(whisper, made)
        np.savez(path, **arrays)  # type: ignore[arg-type]
        print(f"{path.name}: {len(arrays['labels']) / 3000:.0f} minutes", flush=True)
    return found


def train(folder: Path, name: str, about: dict[str, Any]) -> None:
    """Fit the net `name` on the features in `folder`, and write its weights."""
    data = []
    for path in sorted(folder.glob("train-*.npz")):
        with np.load(path) as arrays:
            data.append((arrays[name], arrays["labels"]))
    offsets = about["offsets"]
    arrays = nets.fit(
        data, widths=about.pop("widths"), offsets=offsets, steps=about.pop("steps"), noise=about.pop("noise")
    )
    print(f"wrote {nets.write(name, arrays, about)}", flush=True)


def measured(about: dict[str, Any]) -> None:
    """Write into the first net's file what each language reaches on voices that it was not trained on."""
    path = nets.WEIGHTS / "digits.npz"
    with np.load(path) as arrays:
        kept = {key: arrays[key] for key in arrays.files if key != "about"}
    nets.write("digits", kept, about | {"recall": speech.recall_by_language(Ear())})


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
    prepare(chosen.folder, "train", chosen.scale)
    train(chosen.folder, "digits", {**FIRST, "recall": {}})
    train(chosen.folder, "second", dict(SECOND))
    measured({key: value for key, value in FIRST.items() if key not in {"widths", "steps", "noise"}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
