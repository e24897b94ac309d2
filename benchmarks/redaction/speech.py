"""The speech rows of the redaction benchmark: how well spoken digits are found, and how much else is cut with them.

Voices, hold music and seed are the held-out ones; human speech (speech_humans) was never trained or tuned on.
"""

import resource
import time
from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import numpy as np

from benchmarks.redaction import speech_calls as calls
from benchmarks.redaction import speech_corpus as corpus
from benchmarks.redaction import speech_gate as gate
from benchmarks.redaction import speech_humans as humans
from benchmarks.redaction import speech_slow as slow
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_channel import RATE, Sound, coded
from benchmarks.redaction.speech_made import NAMES, over_line, readings, score
from benchmarks.redaction.speech_measure import Tally, blocks
from benchmarks.redaction.speech_numbers import LANGUAGES
from benchmarks.redaction.table import HELD_OUT_SEED, Row
from benchmarks.redaction.voices import missing, voices
from vault.screen.sound.speech import Ear
from vault.screen.sound.speech_second import SecondEar

_CODECS: Final[dict[str, Callable[[Sound], Sound]]] = {
    "GSM": corpus.gsm,
    "Opus 8 kbit/s": lambda sound: coded(sound, "libopus", 8_000),
    "MP3 16 kbit/s": lambda sound: coded(sound, "libmp3lame", 16_000),
}


def run(*, seed: int = HELD_OUT_SEED, quick: bool = False) -> list[Row]:
    """Return the rows; `quick` takes an eighth of the calls."""
    ear, scale = Ear(), 0.125 if quick else 1.0
    rows: list[Row] = []
    for language in LANGUAGES:
        rows += _synthetic(ear, language, Random(f"{seed}/{language}"), scale)
    rows += _conditions(ear, Random(f"{seed}/conditions"), scale)
    rows += _human(ear, Random(f"{seed}/human"), scale)
    rows += _plain(ear, Random(f"{seed}/plain"), scale)
    rows += slow.rows(ear, f"{seed}/slow", scale)
    rows += gate.rows(ear, SecondEar(), f"{seed}/gate", scale)
    rows += _speed(ear, Random(f"{seed}/speed"), scale)
    return rows


def recall_rows(ear: Ear) -> list[Row]:
    """Return the rows of each held-out engine and person, on calls of their own, by which languages are let in."""
    rows = _human(ear, Random(f"{HELD_OUT_SEED}/recall/human"), 1.0)
    for language in LANGUAGES:
        rows += _synthetic(ear, language, Random(f"{HELD_OUT_SEED}/recall/{language}"), 1.0)
    return rows


def recall_by_language(rows: Iterable[Row]) -> dict[str, float]:
    """Return the lowest share of card-digit time cut of any engine or person, for each language."""
    found: dict[str, float] = {}
    for row in rows:
        language = next(code for code, name in NAMES.items() if row.condition.startswith(f"{name}, "))
        if row.what == "card-digit time cut":
            found[language] = min(found.get(language, 1.0), round(row.figure / 100, 4))
    return found


def notes() -> list[str]:
    """Say what is not measured: German by people or by an engine not trained on, and what is not installed here."""
    lacking = [need for need in map(missing, ("espeak-ng", "flite", "festival", "piper", "pico")) if need]
    lacking += [f"the package {name}" for name in humans.missing()]
    lacking += [] if corpus.music("held-out") else ["the Debian package asterisk-moh-opsound-wav"]
    unseen = "not measured: German of any person, or of any engine but one that was trained on, in other voices of it"
    return [unseen, *(f"not measured: {need} is not installed" for need in lacking)]


def _rows(tally: Tally, condition: str, *, aim: str = ">= 99") -> list[Row]:
    rows = [
        Row("speech", condition, "card-digit time cut", 100 * tally.recall, "%", aim, tally.calls),
        Row(
            "speech",
            condition,
            "calls with over four digits in a row left",
            float(tally.leaking),
            "calls",
            "<= 0" if aim else "",
            tally.calls,
        ),
    ]
    for kind, name in (("code", "security codes cut"), ("expiry", "expiry dates cut")):
        if tally.kinds.get(kind):
            rows.append(Row("speech", condition, name, 100 * tally.caught(kind), "%", "", len(tally.kinds[kind])))
    return rows


def _synthetic(ear: Ear, language: str, rng: Random, scale: float) -> list[Row]:
    rows, aim = [], ">= 99" if language == "en" else ">= 95"
    there = voices(language, "held-out")
    for engine in sorted({voice.engine for voice in there}):
        own = [voice for voice in there if voice.engine == engine]
        made = ((call, over_line(call, rng)) for call in readings(language, own, rng, max(4, int(44 * scale))))
        rows += _rows(score(ear, made), f"{NAMES[language]}, {engine}", aim=aim)
    return rows


def _conditions(ear: Ear, rng: Random, scale: float) -> list[Row]:
    rows, count, own = [], max(4, int(22 * scale)), voices("en", "held-out")
    for snr in (35, 25, 15, 5):
        made = ((call, over_line(call, rng, snr)) for call in readings("en", own, rng, count))
        rows += _rows(score(ear, made), f"English, noise at {snr} dB", aim=">= 99" if snr >= 15 else "")
    for name, codec in _CODECS.items():
        made = ((call, codec(over_line(call, rng, 30))) for call in readings("en", own, rng, count))
        rows += _rows(score(ear, made), f"English, {name}")
    for pace in (0.7, 1.3, 1.5):
        made = ((call, over_line(call, rng, 30)) for call in readings("en", own, rng, count, pace))
        rows += _rows(score(ear, made), f"English, pace x {pace}")
    return rows


def _human(ear: Ear, rng: Random, scale: float) -> list[Row]:
    rows = []
    for speaker in humans.SPEAKERS:
        if speaker.package in humans.missing():
            continue
        styles = ("groups", "go", "slow", "pairs", "last")
        made = [humans.reading(speaker, styles[n % len(styles)], rng) for n in range(max(5, int(30 * scale)))]
        tally = score(ear, ((call, over_line(call, rng)) for call in made))
        aim = ">= 99" if speaker.language == "en" else ">= 95"
        rows += _rows(tally, f"{NAMES[speaker.language]}, human ({speaker.name})", aim=aim)
    for path in humans.continuous_digits():
        sound = humans.heard(path)
        length = len(sound) / RATE
        tally = Tally()
        tally.add(
            calls.Call("en", "go", "human", sound, [calls.Part(0.4, length - 0.4, "card", 5)]),
            list(ear.listen(blocks(sound))),
        )
        rows.append(
            Row(
                "speech",
                f"English, human, in one breath ({path.stem})",
                "digit time cut",
                100 * tally.recall,
                "%",
                "",
                1,
            )
        )
    return rows


def _plain(ear: Ear, rng: Random, scale: float) -> list[Row]:
    def cut(name: str, sounds: Iterable[Sound], aim: str) -> Row:
        tally = Tally()
        for sound in sounds:
            tally.add_plain(sound, list(ear.listen(blocks(sound))))
        return Row("speech", name, f"cut of {tally.talk / 60:.0f} minutes", 100 * tally.false_cut, "%", aim)

    rows = []
    for language in LANGUAGES:
        own, sentences = voices(language, "held-out"), texts.prose(language)
        made = []
        for _ in range(max(4, int(50 * scale))):
            script = calls.script(language, "talk", sentences, rng)
            call = calls.spoken(language, "talk", script, [rng.choice(own), rng.choice(own)], rng)
            made.append(over_line(call, rng))
        rows.append(cut(f"{NAMES[language]}, plain talk", made, "<= 1"))
    seconds = 480 * scale
    for speaker in {speaker.prompts: speaker for speaker in reversed(humans.SPEAKERS)}.values():  # the first with them
        sound = humans.plain(humans.prompts(speaker, numbers=False), rng, seconds)
        if len(sound):
            rows.append(cut(f"{NAMES[speaker.language]}, human prompts without numbers ({speaker.name})", [sound], ""))
    if humans.read_aloud():
        rows.append(cut("English, novel read aloud by people", [humans.plain(humans.read_aloud(), rng, 60)], "<= 1"))
    tracks = [track[: int(seconds * RATE)] for track in corpus.music("held-out")]
    if tracks:
        rows.append(cut("hold music, unseen tracks", tracks, "<= 0"))
    rows.append(
        cut("tones, noise and silence", [corpus.signalling(rng, 20) for _ in range(max(6, int(45 * scale)))], "<= 0")
    )
    return rows


def _speed(ear: Ear, rng: Random, scale: float) -> list[Row]:
    call = next(readings("en", voices("en", "held-out"), rng, 1))
    sound = np.resize(over_line(call, rng), int(1_200 * max(scale, 0.25)) * RATE)
    made = list(blocks(sound))
    begin = time.process_time()
    for _ in ear.listen(made):
        pass
    spent = time.process_time() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row("speech", "one core", "speed", len(sound) / RATE / spent, "x real time", ">= 60"),
        Row("speech", "one process, with the benchmark itself", "memory", memory, "MiB", "<= 1024"),
    ]
