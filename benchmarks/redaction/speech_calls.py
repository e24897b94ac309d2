"""Calls with exact truth: card readings as people give them, other numbers, plain talk; composed of spoken phrases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Final

import numpy as np

from benchmarks.redaction import speech_numbers as numbers
from benchmarks.redaction import speech_texts as texts
from benchmarks.redaction.speech_channel import RATE, Sound
from benchmarks.redaction.voices import Voice, say

CARDS: Final = (  # the card schemes' published test numbers
    "4111111111111111", "4012888888881881", "4242424242424242", "5555555555554444", "5105105105105100",
    "2223003122003222", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424",
    "30569309025904", "38520000023237", "3530111333300000", "3566002020360505",
)  # fmt: skip
STYLES: Final = ("groups", "go", "slow", "pairs", "doubled", "threes", "mixed", "fillers", "echo", "corrected", "last")

_WAYS: Final = {
    "pairs": (numbers.in_pairs,),
    "threes": (numbers.in_threes,),
    "doubled": (numbers.doubled,),
    "mixed": (numbers.in_pairs, numbers.in_threes, numbers.doubled, numbers.singly),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One phrase of a call, before it is spoken."""

    text: str
    kind: str  # "card", "code", "expiry", "number" (another run of digits), "amount" (small numbers) or "talk"
    digits: int = 0
    speaker: int = 0
    gap: float = 0.2  # seconds of silence before it


@dataclass(frozen=True, slots=True)
class Part:
    """Where a phrase lies in a call, in seconds."""

    begin: float
    end: float
    kind: str
    digits: int

    def each(self) -> list[tuple[float, float]]:
        """Return where each digit lies, taking them to be of one length."""
        edges = np.linspace(self.begin, self.end, self.digits + 1)
        return [(float(a), float(b)) for a, b in pairwise(edges)]


@dataclass(slots=True)
class Call:
    """A spoken call: clean sound at RATE, and what lies where."""

    language: str
    style: str
    voice: str
    sound: Sound
    parts: list[Part] = field(default_factory=list)


def random_number(length: int, rng: Random) -> str:
    """Return digits that are no card number: their Luhn sum is wrong."""
    return _no_card("".join(rng.choice("0123456789") for _ in range(length)))


def _no_card(digits: str) -> str:
    total = sum(int(c) if at % 2 == 0 else sum(divmod(2 * int(c), 10)) for at, c in enumerate(reversed(digits)))
    return digits if total % 10 else digits[:-1] + str((int(digits[-1]) + 1) % 10)


def repetitive_number(length: int, rng: Random) -> str:
    """Return digits that are no card number and in which most are the same as the one before, as in test numbers."""
    found = rng.choice("0123456789")
    while len(found) < length:
        found += found[-1] if rng.random() < 0.75 else rng.choice("0123456789")
    return _no_card(found)


def _groups(number: str, rng: Random) -> list[str]:
    sizes = (
        [4, 6, 5]
        if len(number) == 15
        else rng.choice(([4, 4, 4, 4], [4, 4, 4, 4], [2] * 8, [3, 3, 3, 3, 4], [6, 6, 4]))
    )
    cut, at = [], 0
    for size in sizes:
        cut.append(number[at : at + size])
        at += size
    return [*[c for c in cut if c], *([number[at:]] if number[at:] else [])]


def reading(language: str, number: str, style: str, rng: Random) -> list[Line]:
    """Return how somebody reads `number` aloud in `style`, one of STYLES."""

    def once(digits: str, gap: float, speaker: int = 0, joint: str = " ") -> Line:
        return Line(numbers.singly(language, digits, rng, joint=joint), "card", len(digits), speaker, gap)

    def pause(low: float = 0.1, high: float = 0.7) -> float:
        return rng.uniform(low, high)

    groups = _groups(number, rng)
    if style == "go":
        return [once(number, pause(), joint=rng.choice((" ", ", ")))]
    if style == "slow":
        return [once(digit, pause(0.15, 0.9)) for digit in number]
    if style in _WAYS:
        said = [rng.choice(_WAYS[style])(language, group, rng) for group in groups]
        return [Line(text, "card", len(group), 0, pause()) for text, group in zip(said, groups, strict=True)]
    if style == "last":  # the last digit alone, after a pause or a question
        lone = _last_alone(language, once(groups[-1][:-1], pause()), once(groups[-1][-1], rng.uniform(1.3, 4)), rng)
        return [*(once(group, pause(0.1, 1.1)) for group in groups[:-1]), *lone]
    lines = []
    for place, group in enumerate(groups):
        lines.append(once(group, pause(0.1, 1.1)))
        lines += [once(group, pause(), 1)] if style == "echo" else []
        if style == "fillers" or (style == "echo" and rng.random() < 0.4):
            lines.append(Line(rng.choice(texts.FILLERS[language]), "talk", 0, rng.randrange(2), pause()))
        if style == "corrected" and place == 1:
            lines += [Line(rng.choice(texts.CORRECTIONS[language]), "talk", 0, 0, pause()), once(group, pause())]
    return lines


def _last_alone(language: str, rest: Line, last: Line, rng: Random) -> list[Line]:
    question = Line(rng.choice(texts.FILLERS[language]), "talk", 0, 1, rng.uniform(0.1, 0.7))
    return [rest, question, last] if rng.random() < 0.5 else [rest, last]


def expiry(language: str, rng: Random) -> list[Line]:
    """Return an expiry date as it is said, with its lead-in."""
    month, year = rng.randint(1, 12), rng.randint(26, 34)
    name = texts.MONTHS[language].split()[month - 1]
    said = rng.choice((
        f"{numbers.singly(language, f'{month:02}', rng)} {numbers.below_hundred(language, year)}",
        numbers.singly(language, f"{month:02}{year}", rng),
        f"{name} {numbers.below_hundred(language, year)}",
        f"{numbers.below_hundred(language, month)}, {numbers.below_hundred(language, year)}",
    ))  # fmt: skip
    return [
        Line(rng.choice(texts.EXPIRY[language]), "talk", 0, rng.randrange(2), rng.uniform(0.2, 1)),
        Line(said, "expiry", 4, 0, rng.uniform(0.1, 0.8)),
    ]


def code(language: str, rng: Random) -> list[Line]:
    """Return a security code as it is said, with its lead-in."""
    digits = random_number(rng.choice((3, 3, 3, 4)), rng)
    said = numbers.singly(language, digits, rng) if rng.random() < 0.75 else numbers.in_threes(language, digits, rng)
    return [
        Line(rng.choice(texts.CODE[language]), "talk", 0, rng.randrange(2), rng.uniform(0.2, 1)),
        Line(said, "code", len(digits), 0, rng.uniform(0.1, 0.9)),
    ]


def other_number(language: str, rng: Random) -> list[Line]:
    """Return a telephone or order number: it sounds like a card's, and `strict` cuts it."""
    digits = random_number(rng.randint(6, 11), rng)
    cut = rng.randint(2, 4)
    pieces = [digits[at : at + cut] for at in range(0, len(digits), cut)]
    way = rng.choice((numbers.singly, numbers.singly, numbers.in_pairs, numbers.doubled))
    return [Line(way(language, piece, rng), "number", len(piece), 0, rng.uniform(0.1, 0.5)) for piece in pieces]


def amount(language: str, rng: Random) -> Line:
    """Return a price, a time or a date: numbers that are nobody's card."""
    first, second = rng.randint(1, 99), rng.randint(1, 59)
    units = {
        "en": ("pounds", "dollars", "percent"),
        "es": ("euros", "por ciento"),
        "fr": ("euros", "pour cent"),
        "de": ("Euro", "Prozent"),
    }
    unit = rng.choice(units[language])
    month = rng.choice(texts.MONTHS[language].split())
    said = numbers.below_hundred(language, first)
    more = numbers.below_hundred(language, second)
    return Line(
        rng.choice((f"{said} {unit} {more}", f"{said} {month}", f"{said} {unit}")),
        "amount",
        0,
        0,
        rng.uniform(0.05, 0.4),
    )


def script(language: str, style: str, sentences: list[str], rng: Random, *, number: str | None = None) -> list[Line]:
    """Return a whole call: "talk", "long talk" (a minute or two), "amounts", "numbers" or one of STYLES."""

    def chat(count: int) -> list[Line]:
        return [
            Line(texts.talk(language, sentences, rng), "talk", 0, rng.randrange(2), rng.uniform(0.1, 1.2))
            for _ in range(count)
        ]

    if style == "talk":
        return chat(rng.randint(3, 6))
    if style == "long talk":
        return chat(rng.randint(12, 24))
    if style == "amounts":
        return [*chat(1), amount(language, rng), *chat(1), amount(language, rng)]
    if style == "numbers":
        return [*chat(1), *other_number(language, rng), *chat(1)]
    lead = Line(rng.choice(texts.LEADS[language]), "talk", 0, rng.randrange(2), 0.2)
    lines = [
        *chat(rng.randint(0, 1)),
        lead,
        *reading(language, number or random_number(rng.choice((16, 16, 16, 15)), rng), style, rng),
    ]
    if rng.random() < 0.4:
        lines += expiry(language, rng)
    if rng.random() < 0.5:
        lines += code(language, rng)
    return [*lines, *chat(rng.randint(0, 2))]


def spoken(
    language: str, style: str, lines: Sequence[Line], speakers: Sequence[Voice], rng: Random, *, pace: float = 1.0
) -> Call:
    """Return the call as sound: each speaker's lines by a voice, at its own level and pace, one after the other."""
    waves: dict[int, Iterator[Sound]] = {}
    for number, voice in enumerate(speakers):
        own = [line.text for line in lines if line.speaker == number]
        level = rng.uniform(0.5, 1.0) if number else 1.0
        waves[number] = iter(
            [level * wave for wave in say(voice, own, pace=pace * rng.uniform(0.85, 1.2))] if own else []
        )
    pieces, parts, at = [np.zeros(int(0.3 * RATE), np.float32)], [], int(0.3 * RATE)
    for entry in lines:
        wave = next(waves[entry.speaker])
        gap = np.zeros(int(entry.gap * RATE), np.float32)
        begin = at + len(gap)
        at = begin + len(wave)
        pieces += [gap, wave]
        parts.append(Part(begin / RATE, at / RATE, entry.kind, entry.digits))
    pieces.append(np.zeros(int(0.5 * RATE), np.float32))
    return Call(language, style, str(speakers[0]), np.concatenate(pieces).astype(np.float32), parts)
