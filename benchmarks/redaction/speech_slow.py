"""Rows for digits given one by one: card numbers and security codes, whose digits are seconds apart, and phone menus.

A menu has digits as far apart as a slow reading has, so it shows what finding such readings costs.
"""

from random import Random
from typing import Final

from benchmarks.redaction import speech_calls as calls
from benchmarks.redaction import speech_humans as humans
from benchmarks.redaction import speech_numbers as numbers
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_calls import Line
from benchmarks.redaction.speech_made import NAMES, over_line, score
from benchmarks.redaction.speech_measure import Tally
from benchmarks.redaction.table import Row
from benchmarks.redaction.voices import voices
from vault.screen.sound.speech import Ear

MENUS: Final = {
    "en": ("for {}, press", ("sales", "customer support", "billing and payments", "our opening hours", "an agent")),
    "es": ("para {}, pulse", ("ventas", "atención al cliente", "facturas y pagos", "nuestro horario", "un agente")),
    "fr": ("pour {}, tapez", ("les ventes", "le service client", "les factures", "nos horaires", "un conseiller")),
    "de": (
        "für {}, drücken Sie die",
        ("den Verkauf", "den Kundendienst", "Rechnungen", "unsere Öffnungszeiten", "einen Mitarbeiter"),
    ),
}


def card(language: str, seconds: float, rng: Random) -> list[Line]:
    """Return a card number's digits, each about `seconds` after the one before."""
    number = rng.choice(calls.CARDS)
    gaps = (seconds - 0.4 + rng.uniform(-0.4, 0.4) for _ in number)  # a digit takes 0.4 s or so
    return [
        Line(numbers.digit(language, int(one), rng), "card", 1, 0, gap) for one, gap in zip(number, gaps, strict=True)
    ]


def code(language: str, pause: float, rng: Random) -> list[Line]:
    """Return a security code of three digits with pauses of `pause` seconds, and what is said around it."""
    digits = calls.random_number(3, rng)
    return [
        Line(rng.choice(texts.CODE[language]), "talk", 0, 1),
        *(Line(numbers.digit(language, int(one), rng), "code", 1, 0, pause) for one in digits),
        Line(rng.choice(texts.TALK[language]), "talk", 0, 1, 1.0),
    ]


def menu(language: str, rng: Random) -> list[Line]:
    """Return a menu of three to five choices, as a voice at the other end of a call reads it."""
    form, choices = MENUS[language]
    lines = []
    for place, choice in enumerate(rng.sample(choices, rng.randint(3, 5)), 1):
        lines.append(Line(form.format(choice), "talk", 0, 0, rng.uniform(0.2, 0.6)))
        lines.append(Line(numbers.digit(language, place, rng), "amount", 0, 0, 0.08))
    return lines


def rows(ear: Ear, seed: str, scale: float) -> list[Row]:
    """Return the rows: of 16 calls of each kind in each language, and of 10 readings by each person."""
    count, found = max(3, int(16 * scale)), []
    for language in numbers.LANGUAGES:
        rng = Random(f"{seed}/{language}")
        for seconds in (3, 5):
            tally = _heard(ear, language, [card(language, seconds, rng) for _ in range(count)], rng)
            found += _read(tally, f"{NAMES[language]}, one digit each {seconds} s")
        for pause in (1.6, 3):
            tally = _heard(ear, language, [code(language, pause, rng) for _ in range(count)], rng)
            name = f"{NAMES[language]}, code with pauses of {pause} s"
            found.append(_row(name, "code digits cut", tally.caught("code"), len(tally.kinds["code"])))
        tally = _heard(ear, language, [menu(language, rng) for _ in range(count)], rng)
        found.append(_row(f"{NAMES[language]}, menus", f"words cut of {tally.talk:.0f} s", tally.false_cut, count))
    for speaker in humans.SPEAKERS:
        if speaker.package not in humans.missing():
            rng = Random(f"{seed}/{speaker.package}")
            made = [humans.reading(speaker, "one by one", rng) for _ in range(max(2, int(10 * scale)))]
            tally = score(ear, ((call, over_line(call, rng)) for call in made))
            found += _read(tally, f"{NAMES[speaker.language]}, human ({speaker.name}), one digit each 3 to 5 s")
    return found


def _heard(ear: Ear, language: str, scripts: list[list[Line]], rng: Random) -> Tally:
    """Have each script spoken by two voices, and listen to it."""
    own = voices(language, "held-out")
    made = (calls.spoken(language, "one by one", lines, rng.choices(own, k=2), rng) for lines in scripts)
    return score(ear, ((call, over_line(call, rng)) for call in made))


def _read(tally: Tally, condition: str) -> list[Row]:
    left = Row(
        "speech", condition, "calls with over four digits in a row left", tally.leaking, "calls", "", tally.calls
    )
    return [_row(condition, "card-digit time cut", tally.recall, tally.calls), left]


def _row(condition: str, what: str, share: float, count: int) -> Row:
    return Row("speech", condition, what, 100 * share, "%", "", count)
