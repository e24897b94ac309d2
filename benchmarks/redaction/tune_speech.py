"""Show what thresholds do, on voices neither trained on nor published: `python -m benchmarks.redaction.tune_speech`.

Prints, for the first ear and the second, recall of card-digit time, security codes and expiry dates caught, calls with
over four digits in a row left, readings of which anything was heard, how much plain talk is cut, and calls of a minute
or two of talk with any cut, under several `Levels`.
"""

import argparse
import itertools
from random import Random

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction import speech_calls as calls
from benchmarks.redaction import speech_corpus as corpus
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_channel import Sound
from benchmarks.redaction.speech_measure import Tally, blocks, heard_of
from benchmarks.redaction.speech_numbers import LANGUAGES
from benchmarks.redaction.table import TUNING_SEED
from vault.screen.sound import ear_windows
from vault.screen.sound.ear_whisper import MODEL_DIGEST, Whisper
from vault.screen.sound.speech_net import Net
from vault.screen.sound.speech_second import FEATURES, log_mel
from vault.screen.sound.speech_spans import Levels, spans

Heard = tuple[calls.Call | None, Sound, NDArray[np.float32]]
GRIDS = {
    "digits": ((0.02, 0.03, 0.05), (0.5, 0.7, 0.8), (0.5, 0.6, 0.7, 0.9), (0.24,)),
    "second": ((0.3, 0.5, 0.7), (0.7, 0.8, 0.9, 0.95), (0.8, 1.2, 1.6, 2.0), (1.0,)),
}


def heard(name: str, count: int) -> list[Heard]:
    """Return tuning calls and music with the net's chances for each frame."""
    if name == "digits":
        net, features = Net("digits", features=MODEL_DIGEST), Whisper().features
    else:
        net, features = Net("second", features=FEATURES), log_mel

    def chances(sound: Sound) -> NDArray[np.float32]:
        return np.concatenate(list(net.chances(ear_windows.frames(blocks(sound), features))))

    found: list[Heard] = []
    for language in LANGUAGES:
        rng, sentences = Random(f"{TUNING_SEED}/{language}/levels"), texts.prose(language)
        for number in range(count):
            style = rng.choice(calls.STYLES) if number % 2 else "long talk"
            call = corpus.one_call(language, style, "tune", sentences, rng)
            sound = corpus.worn(call.sound, rng)
            found.append((call, sound, chances(sound)))
    quiet = [piece.sound for piece in corpus.quiet_pieces("", "tune", TUNING_SEED + 1, count)]
    return [*found, *((None, sound, chances(sound)) for sound in quiet)]


def show(made: list[Heard], levels: Levels) -> str:
    """Return one line of figures for each language."""
    lines = []
    for name in (*LANGUAGES, "quiet"):
        tally, noticed, alarms = Tally(), [], 0
        for call, sound, chances in made:
            found = list(spans([chances], levels))
            if call is None and name == "quiet":
                tally.add_plain(sound, found)
                alarms += bool(found)
            elif call is not None and call.language == name:
                tally.add(call, found)
                alarms += call.style == "long talk" and bool(found)
                noticed += [heard_of(call, found)] if call.style != "long talk" else []
        lines.append(
            f"  {name}: recall {tally.recall:.4f} left {tally.leaking} noticed {sum(noticed)} of {len(noticed)} "
            f"code {tally.caught('code'):.2f} expiry {tally.caught('expiry'):.2f} talk cut {tally.false_cut:.4f} "
            f"alarms {alarms}"
        )
    return "\n".join([str(levels), *lines])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("net", choices=sorted(GRIDS))
    parser.add_argument("--calls", type=int, default=60, help="for each language")
    chosen = parser.parse_args()
    ready = heard(chosen.net, chosen.calls)
    for low, high, least, near in itertools.product(*GRIDS[chosen.net]):
        if low < high:
            print(show(ready, Levels(low, high, least, near)), flush=True)
