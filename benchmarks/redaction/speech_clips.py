"""Make the clips that the tests listen to: `python -m benchmarks.redaction.speech_clips tests/screen/sound/clips`.

Synthetic speech of espeak-ng and flite over a telephone line, as WAV with mu-law at 8 kHz, and `truth.json`: where what
is said, in seconds. The numbers are the card schemes' published test numbers. Voices are
held-out ones, but for the reading of ones.
"""

import io
import json
import sys
from pathlib import Path
from random import Random
from typing import Final

import av
import numpy as np

from benchmarks.redaction import speech_numbers as numbers
from benchmarks.redaction.speech_calls import Line, spoken
from benchmarks.redaction.speech_channel import RATE, Sound, line
from benchmarks.redaction.voices import Voice

_LEADS: Final = {
    "en": "my card number is",
    "es": "mi tarjeta es la",
    "fr": "le numéro c'est le",
    "de": "die Nummer ist",
}
_NUMBERS: Final = {
    "en": "4012888888881881",
    "es": "4242424242424242",
    "fr": "5105105105105100",
    "de": "6011000990139424",
}
_VOICES: Final = {
    "en": Voice("flite", "rms", "en", "held-out"),
    "es": Voice("espeak-ng", "es-419+m8", "es", "held-out"),
    "fr": Voice("espeak-ng", "fr-fr+miguel", "fr", "held-out"),
    "de": Voice("espeak-ng", "de+max", "de", "held-out"),
    "apart-en": Voice("espeak-ng", "en-us+anika", "en", "held-out"),
    "reading-fr-ones": Voice("espeak-ng", "fr-ch+f5", "fr", "tune"),
}


def lines() -> dict[str, tuple[str, list[Line]]]:
    """Return what each clip says, by name, with its language."""
    rng = Random(4)
    found = {}
    for language, number in _NUMBERS.items():
        groups = [number[at : at + 4] for at in range(0, 16, 4)]
        said = [Line(numbers.singly(language, group, rng), "card", 4, 0, 0.25) for group in groups]
        found[f"reading-{language}"] = (language, [Line(_LEADS[language], "talk"), *said])
    ones = Line(numbers.singly("fr", "4" + 15 * "1", rng, joint=", "), "card", 16, 0, 0.25)
    found["reading-fr-ones"] = ("fr", [Line(_LEADS["fr"], "talk"), ones])  # "un, un, un" is much like hesitation
    code = [
        Line("the security code is", "talk"),
        Line("nine oh seven", "code", 3),
        Line("thank you", "talk", 0, 0, 0.6),
    ]
    found["code-en"] = ("en", code)
    for language in ("en", "de"):  # a test moves them apart
        apart = [Line(numbers.singly(language, one, rng), "card", 1, 0, 0.3) for one in _NUMBERS[language][:4]]
        found[f"apart-{language}"] = (language, apart)
    talk = "I won the argument, to be honest, but it was too late again"
    found["talk-en"] = ("en", [Line(talk, "talk"), Line("is there anything else that I can do for you", "talk")])
    return found


def main(folder: Path) -> None:
    """Write the clips and their truth."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for name, (language, script) in lines().items():
        call = spoken(language, name, script, [_VOICES.get(name, _VOICES[language])], Random(name), pace=1.25)
        sound = line(call.sound, np.random.default_rng(7), snr=25, peak=0.4)
        (folder / f"{name}.wav").write_bytes(_mu_law_wave(sound))
        parts = [[round(p.begin, 3), round(p.end, 3), p.kind, p.digits] for p in call.parts]
        truth[name] = {"language": language, "voice": call.voice, "parts": parts}
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", "utf-8")


def _mu_law_wave(sound: Sound) -> bytes:
    holder = io.BytesIO()
    with av.open(holder, "w", format="wav", options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("pcm_mulaw", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray((np.clip(sound, -1, 1) * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return holder.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
