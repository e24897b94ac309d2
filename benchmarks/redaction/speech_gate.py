"""Rows for the second opinion of the gate: what it notices when readings were left audible, and its false alarms."""

from collections.abc import Iterator
from random import Random

from benchmarks.redaction import speech_calls as calls
from benchmarks.redaction import speech_corpus as corpus
from benchmarks.redaction import speech_humans as humans
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_channel import RATE, Sound
from benchmarks.redaction.speech_made import NAMES, over_line, readings
from benchmarks.redaction.speech_measure import blocks, heard_of
from benchmarks.redaction.speech_numbers import LANGUAGES
from benchmarks.redaction.table import Row
from benchmarks.redaction.voices import voices
from vault.screen.sound.speech import Ear
from vault.screen.sound.speech_second import SecondEar


def rows(first: Ear, second: SecondEar, seed: str, scale: float) -> list[Row]:
    """Return the rows; of 40 readings and 20 calls of plain talk, a minute and more each, for each language."""
    count = max(5, int(40 * scale))
    found: list[Row] = []
    for language in LANGUAGES:
        rng = Random(f"{seed}/{language}")
        made = [(call, over_line(call, rng)) for call in readings(language, voices(language, "held-out"), rng, count)]
        found += _left(second, made, f"{NAMES[language]}, synthetic")
        found.append(_after(first, second, made, f"{NAMES[language]}, synthetic"))
        found.append(_talk(second, list(_talks(language, rng, max(4, count // 2))), f"{NAMES[language]}, plain talk"))
    rng = Random(f"{seed}/human")
    for speaker in humans.SPEAKERS:
        if speaker.package not in humans.missing():
            spoken = [
                humans.reading(speaker, style, rng)
                for style in ("groups", "go", "pairs")
                for _ in range(max(1, count // 4))
            ]
            found += _left(
                second, [(c, over_line(c, rng)) for c in spoken], f"{NAMES[speaker.language]}, human ({speaker.name})"
            )
    plain = [
        (
            "human prompts without numbers",
            humans.plain(humans.prompts(humans.SPEAKERS[0], numbers=False), rng, max(60.0, 600 * scale)),
        )
    ]
    plain += [("hold music", track[: 120 * RATE]) for track in corpus.music("held-out")]
    for name, sound in plain:
        alarms, minutes = len(list(second.listen(blocks(sound)))), len(sound) / RATE / 60
        found.append(Row("speech, gate", name, f"false alarms in {minutes:.0f} minutes", float(alarms), "", "<= 0"))
    return found


def _left(ear: SecondEar, made: list[tuple[calls.Call, Sound]], condition: str) -> list[Row]:
    noticed = 0
    for call, sound in made:
        noticed += heard_of(call, list(ear.listen(blocks(sound))))
    return [
        Row(
            "speech, gate",
            condition,
            "readings left audible that it notices",
            100 * noticed / len(made),
            "%",
            "",
            len(made),
        )
    ]


def _after(first: Ear, second: SecondEar, made: list[tuple[calls.Call, Sound]], condition: str) -> Row:
    alarms = 0
    for _, sound in made:
        silenced = sound.copy()
        for stretch in first.listen(blocks(sound)):
            silenced[int(stretch.begin * RATE) : int(stretch.end * RATE)] = 0
        alarms += any(True for _ in second.listen(blocks(silenced)))
    return Row(
        "speech, gate",
        condition,
        "calls with an alarm after the first pass",
        100 * alarms / len(made),
        "%",
        "",
        len(made),
    )


def _talks(language: str, rng: Random, count: int) -> Iterator[Sound]:
    sentences, own = texts.prose(language), voices(language, "held-out")
    for _ in range(count):
        script = calls.script(language, "long talk", sentences, rng)
        yield over_line(calls.spoken(language, "long talk", script, [rng.choice(own), rng.choice(own)], rng), rng)


def _talk(ear: SecondEar, sounds: list[Sound], condition: str) -> Row:
    alarms = sum(any(True for _ in ear.listen(blocks(sound))) for sound in sounds)
    return Row(
        "speech, gate", condition, "calls with a false alarm", 100 * alarms / len(sounds), "%", "<= 1", len(sounds)
    )
