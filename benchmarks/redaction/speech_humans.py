"""Human speech from Debian and Python packages, for figures only, never for training or tuning.

Card readings are put together from prompts of single numbers, so they are clearer and have less flow than a caller's.
Whose voice the package spokennumbers has, or whether a machine's, it does not say; Allison speaks around its digits.
"""

import gzip
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import av
import numpy as np

from benchmarks.redaction.speech_calls import CARDS, Call, Part
from benchmarks.redaction.speech_channel import RATE, Sound
from benchmarks.redaction.speech_texts import NUMBERS

_ASTERISK: Final = Path("/usr/share/asterisk/sounds")
_TRANSCRIPT: Final = Path(
    "/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
)  # a name means the same in all
_POCKETSPHINX: Final = Path("/usr/share/pocketsphinx/test/data")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody whose numbers are recorded: where, and in which package."""

    name: str
    language: str
    digits: str  # folder of numbers
    prompts: str
    package: str


def _inside(package: str, name: str) -> str:
    found = importlib.util.find_spec(package)
    return str(Path(next(iter(found.submodule_search_locations or ())), name)) if found else f"no {package}"


SPEAKERS: Final = (
    Speaker("Allison", "en", "en_US_f_Allison/digits", "en_US_f_Allison", "asterisk-core-sounds-en-wav"),
    Speaker("Allison", "es", "es_MX_f_Allison/digits", "es_MX_f_Allison", "asterisk-core-sounds-es-wav"),
    Speaker("June", "fr", "fr_CA_f_June/digits", "fr_CA_f_June", "asterisk-core-sounds-fr-wav"),
    Speaker("Colombia", "es", "digits/es", "es", "asterisk-prompt-es-co"),
    Speaker("Armelle", "fr", "fr/digits", "fr", "asterisk-prompt-fr-armelle"),
    Speaker("Spoken Numbers", "en", _inside("spokennumbers", "default"), "en_US_f_Allison", "spokennumbers"),
)  # fmt: skip


def missing() -> list[str]:
    """Return the packages with human speech that are not installed."""
    lacking = [speaker.package for speaker in SPEAKERS if not list((_ASTERISK / speaker.digits).glob("1.*"))]
    lacking += [] if _TRANSCRIPT.is_file() else ["asterisk-core-sounds-en"]
    return lacking + ([] if _POCKETSPHINX.is_dir() else ["pocketsphinx-testdata"])


@cache
def heard(path: Path) -> Sound:
    """Return a file of sound at RATE, whatever its codec."""
    options = {"format": "s16le", "options": {"sample_rate": "16000"}} if path.suffix == ".raw" else {}
    with av.open(str(path), **options) as container:
        to = av.AudioResampler("flt", "mono", RATE)
        pieces = [f.to_ndarray()[0] for frame in container.decode(audio=0) for f in to.resample(frame)]
        pieces += [f.to_ndarray()[0] for f in to.resample(None)]
    return np.concatenate(pieces).astype(np.float32)


def _trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(np.abs(sound) > 0.03 * float(np.abs(sound).max()))
    return sound[max(0, loud[0] - 200) : loud[-1] + 400]


def prompts(speaker: Speaker, *, numbers: bool) -> list[Path]:
    """Return the prompts of a speaker: those in whose transcript numbers are, or those without."""
    if not _TRANSCRIPT.is_file():
        return []
    found = []
    for entry in gzip.decompress(_TRANSCRIPT.read_bytes()).decode("utf-8", "replace").splitlines():
        name, _, text = entry.partition(":")
        path = next(
            (
                p
                for p in (_ASTERISK / speaker.prompts / f"{name.strip()}{end}" for end in (".wav", ".gsm"))
                if p.is_file()
            ),
            None,
        )
        if path and "[" not in text and len(text) > 20 and bool(NUMBERS.search(text)) == numbers:
            found.append(path)
    return sorted(found)


def reading(speaker: Speaker, style: str, rng: Random) -> Call:
    """Return a card reading put together of numbers: "groups", "go", "slow", "pairs", "last" or "one by one"."""
    number = rng.choice(CARDS)
    found = {path.stem: path for path in (_ASTERISK / speaker.digits).iterdir()}
    lead = rng.choice(prompts(speaker, numbers=False) or [found["dollars"]])
    sound, parts = [_silence(0.3), _trimmed(heard(lead))], []
    for place, group in enumerate(number[at : at + 4] for at in range(0, len(number), 4)):
        gap = {"go": 0.05, "slow": 0.7, "one by one": 0.0}.get(style, rng.uniform(0.3, 1.0))
        sound.append(_silence(gap))
        names = _names(group, style, found)
        for count, (name, digits) in enumerate(names):
            if count and style == "slow":
                sound.append(_silence(rng.uniform(0.3, 0.9)))
            if style == "one by one":
                sound.append(_silence(rng.uniform(2.6, 4.6)))
            if style == "last" and place == 3 and count == len(names) - 1:
                sound.append(_silence(rng.uniform(1.5, 4)))
            begin = sum(map(len, sound)) / RATE
            wave = _trimmed(heard(found[name]))
            sound += [wave, _silence(rng.uniform(0.0, 0.12))]
            parts.append(Part(begin, begin + len(wave) / RATE, "card", digits))
    end = rng.choice(prompts(speaker, numbers=False) or [found["dollars"]])
    sound += [_silence(0.5), _trimmed(heard(end)), _silence(0.4)]
    return Call(speaker.language, style, speaker.name, np.concatenate(sound), parts)


def _names(group: str, style: str, found: dict[str, Path]) -> list[tuple[str, int]]:
    if style != "pairs":
        return [(digit, 1) for digit in group]
    names: list[tuple[str, int]] = []
    for pair in (group[at : at + 2] for at in range(0, len(group), 2)):
        if len(pair) == 2 and pair[0] != "0" and pair in found:
            names.append((pair, 2))
        elif len(pair) == 2 and pair[0] not in "01" and pair[0] + "0" in found:
            names += [(pair[0] + "0", 1), (pair[1], 1)]
        else:
            names += [(digit, 1) for digit in pair]
    return names


def _silence(seconds: float) -> Sound:
    return np.zeros(int(seconds * RATE), np.float32)


def plain(paths: Sequence[Path], rng: Random, seconds: float) -> Sound:
    """Return sound of `seconds` or a little more, of whole files in random order with pauses between."""
    pieces: list[Sound] = []
    while paths and sum(map(len, pieces)) < seconds * RATE:
        pieces += [heard(rng.choice(list(paths))), _silence(rng.uniform(0.3, 1))]
    return np.concatenate(pieces) if pieces else _silence(0)


def read_aloud() -> list[Path]:
    """Return the clips of LibriVox in pocketsphinx-testdata: a novel read aloud."""
    return sorted(_POCKETSPHINX.glob("librivox/*.wav"))


def continuous_digits() -> list[Path]:
    """Return the clips of digits said in one breath by people, in pocketsphinx-testdata."""
    return [
        path for path in (_POCKETSPHINX / "tidigits/dhd.2934z.raw", _POCKETSPHINX / "numbers.raw") if path.is_file()
    ]
