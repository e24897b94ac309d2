"""Card numbers in disguise, each with what may not survive: one function a disguise.

Only the schemes' published test numbers; what is varied is how they are told.
"""

import base64
import html
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from benchmarks.redaction.text_words import ENGLISH, FRENCH, GERMAN, SPANISH, in_pairs, repeated

CARDS = {
    "Visa": ("4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4917300800000000"),
    "Mastercard": ("5555555555554444", "5105105105105100", "5200828282828210", "2223003122003222"),
    "American Express": ("378282246310005", "371449635398431", "378734493671000"),
    "Discover": ("6011111111111117", "6011000990139424"),
    "Diners Club": ("30569309025904", "38520000023237", "36227206271667"),
    "JCB": ("3530111333300000", "3566002020360505"),
    "UnionPay": ("6200000000000005", "6205500000000000004"),
    "Maestro": ("6759649826438453",),
    "Dankort": ("5019717010103742",),
    "Mir": ("2200000000000053",),
}
SURVIVES = 5  # consecutive digits that may not survive; four at the end may

Talk = list[tuple[str, str]]
"""Messages: who, what."""


@dataclass(frozen=True, slots=True)
class Case:
    """A talk with card data, and the (message, words) that may not be in the redacted message."""

    talk: tuple[tuple[str, str], ...]
    gone: tuple[tuple[int, str], ...]


_OPEN = ("my card is ", "it is ", "ok so ", "here: ", "", "sure, ", "mi tarjeta es ", "meine Karte ist ", "ma carte, ")
_CLOSE = (" thanks", " ok?", "", " and that is all", " bitte", " gracias", " merci", ".")
_SMALL = ("hold on", "the dog wants out", "go on", "yes", "thank you", "let me look", "a second please", "right")


def _units(units: list[tuple[str, int]], between: str, rng: Random, *, bare: bool = False) -> Case:
    """Put what stands for the digits in a message; any five digits of them on end may not survive."""
    before, after = ("", "") if bare else (rng.choice(_OPEN), rng.choice(_CLOSE))
    places, text = [], before
    for at, (unit, _) in enumerate(units):
        text += between if at else ""
        places.append((len(text), len(text) + len(unit)))
        text += unit
    gone = []
    for first in range(len(units)):
        count = 0
        for last in range(first, len(units)):
            count += units[last][1]
            if count >= SURVIVES:
                gone.append((0, text[places[first][0] : places[last][1]]))
                break
    return Case((("customer", text + after),), tuple(gone))


def groups(pan: str) -> list[str]:
    """Return the digits as cards print them."""
    sizes = {14: (4, 6, 4), 15: (4, 6, 5)}.get(len(pan), (4, 4, 4, 4, 3))
    out, at = [], 0
    for size in sizes:
        out.append(pan[at : at + size])
        at += size
    return [group for group in out if group]


def _digits(pan: str, between: str, rng: Random) -> Case:
    return _units([(d, 1) for d in pan], between, rng)


def _groups(pan: str, between: str, rng: Random) -> Case:
    return _units([(g, len(g)) for g in groups(pan)], between, rng)


def plain(pan: str, rng: Random) -> Case:
    """4111111111111111."""
    return _digits(pan, "", rng)


def spaced_groups(pan: str, rng: Random) -> Case:
    """Groups by any separator."""
    return _groups(
        pan, rng.choice([" ", "-", ".", "/", "_", ", ", " - ", "  ", "\t", "*", "|", " \u2014 ", "\u00b7", ") ("]), rng
    )


def spaced_digits(pan: str, rng: Random) -> Case:
    """Digits by any separator."""
    return _digits(pan, rng.choice([" ", "-", ".", ",", "/", "_", "  ", ", ", "...", "~", "+", "\u2013"]), rng)


def line_breaks(pan: str, rng: Random) -> Case:
    """Groups on lines of their own."""
    return _groups(pan, rng.choice(["\n", "\r\n", "\n\n", "\u2028"]), rng)


def invisible(pan: str, rng: Random) -> Case:
    """Zero-width characters between digits."""
    return _digits(pan, rng.choice("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"), rng)


def no_break(pan: str, rng: Random) -> Case:
    """No-break and other wide or thin spaces."""
    return _groups(pan, rng.choice("\u00a0\u202f\u2007\u2009\u3000"), rng)


def other_digits(pan: str, rng: Random) -> Case:
    """Digits of other scripts and forms."""
    zero = rng.choice("\uff10\u0660\u06f0\u0966\u09e6\u0e50\u0ed0\U0001d7ce\U0001d7d8\U0001d7e2\U0001d7f6\U0001fbf0")
    return _units([(chr(ord(zero) + int(d)), 1) for d in pan], rng.choice(["", " "]), rng)


def look_alikes(pan: str, rng: Random) -> Case:
    """Letters that look like digits, beside real ones."""
    swap = {"0": "oO", "1": "lI", "5": "S", "8": "B"}
    return _units([(rng.choice(swap[d]) if d in swap and rng.random() < 0.6 else d, 1) for d in pan], "", rng)


def glued(pan: str, rng: Random) -> Case:
    """Letters and other digits right beside the number."""
    case = _digits(pan, "", rng)
    before, after = rng.choice([("card", "thanks"), ("nr", "x"), ("PAN", "EXP"), ("visa", "ok")])
    text = case.talk[0][1]
    start = text.index(pan)
    glued_text = text[:start] + before + pan + after + text[start + len(pan) :]
    return Case((("customer", glued_text),), case.gone)


def among_digits(pan: str, rng: Random) -> Case:
    """Two digits before and behind, without a space."""
    return _units([("77", 0), *((d, 1) for d in pan), ("77", 0)], "", rng)


def words(pan: str, rng: Random) -> Case:
    """Digit by digit in words."""
    names = rng.choice([ENGLISH, SPANISH, GERMAN, FRENCH])
    return _units([(names[int(d)], 1) for d in pan], rng.choice([" ", ", ", "-", "\n"]), rng)


def english_zeros(pan: str, rng: Random) -> Case:
    """Oh, nought, naught, nil."""
    zero = rng.choice(["oh", "nought", "naught", "nil"])
    return _units([(zero if d == "0" else ENGLISH[int(d)], 1) for d in pan], " ", rng)


def _pairs(language: str) -> Callable[[str, Random], Case]:
    def disguise(pan: str, rng: Random) -> Case:
        return _units(in_pairs(pan, language), rng.choice([" ", ", "]), rng)

    return disguise


def doubled(pan: str, rng: Random) -> Case:
    """Double, triple, treble, quadruple."""
    return _units(repeated(pan, rng), " ", rng)


def mixed(pan: str, rng: Random) -> Case:
    """Words and digits in turn."""
    return _units([(ENGLISH[int(d)] if rng.random() < 0.5 else d, 1) for d in pan], " ", rng)


def escapes(pan: str, rng: Random) -> Case:
    """Escapes of JSON, C, HTML, URLs and mails."""
    forms: list[Callable[[str], str]] = [
        *(lambda d: f"\\x{ord(d):02x}", lambda d: f"\\u{ord(d):04x}", lambda d: f"\\u{{{ord(d):x}}}"),
        *(
            lambda d: f"\\{ord(d):03o}",
            lambda d: f"&#{ord(d)};",
            lambda d: f"&#x{ord(d):x};",
            lambda d: f"%{ord(d):02X}",
        ),
        *(lambda d: f"={ord(d):02X}", lambda d: f"%u{ord(d):04x}"),
    ]
    form = rng.choice(forms)
    return _units([(form(d), 1) for d in pan], "", rng)


def html_tags(pan: str, rng: Random) -> Case:
    """A number broken by tags, comments, hidden elements, or cells."""
    between = rng.choice(
        ["</b><b>", "<!-- 77 -->", "<span style='display:none'>12</span>", "</td><td>", "<wbr>", "&nbsp;", "&zwnj;"]
    )
    return _groups(pan, between, rng)


def turned(pan: str, rng: Random) -> Case:
    """Written backwards under a right-to-left override."""
    return _units([("\u202e", 0), *((d, 1) for d in pan[::-1]), ("\u202c", 0)], "", rng)


def packed(pan: str, rng: Random) -> Case:
    """Base64 of a sentence, in the middle of a message."""
    said = f"{rng.choice(_OPEN)}{pan}{rng.choice(_CLOSE)} and some more"
    coded = base64.b64encode(said.encode()).decode()
    return _units([(coded, SURVIVES)], "", rng)


def nested_json(pan: str, rng: Random) -> Case:
    """JSON in a string."""
    return _units([('{"number": "' + between_groups(pan, rng) + '"}', SURVIVES)], "", rng)


def between_groups(pan: str, rng: Random) -> str:
    """Return the groups of a number by a space, a dash or nothing."""
    return rng.choice(["", " ", "-"]).join(groups(pan))


def escaped_html(pan: str, rng: Random) -> Case:
    """HTML escaped twice."""
    return _units([(html.escape(f"&#{ord(d)};"), 1) for d in pan], "", rng)


def _told(parts: list[str], rng: Random, listener: Callable[[Random, str], str | None]) -> Case:
    talk: Talk = [("agent", "could I have the card number?")] if rng.random() < 0.5 else []
    gone = []
    for part, following in pairwise([*parts, ""]):
        if following:
            gone.append((len(talk), part))
        talk.append(("customer", part))
        said = listener(rng, part)
        if said is not None and following:
            talk.append(("agent", said))
    return Case(tuple(talk), tuple(gone))


def one_speaker(pan: str, rng: Random) -> Case:
    """A group a message."""
    return _told(groups(pan), rng, lambda _rng, _part: None)


def digit_a_message(pan: str, rng: Random) -> Case:
    """A digit a message. The last four may stay."""
    case = _told(list(pan), rng, lambda _rng, _part: None)
    return Case(case.talk, case.gone[: len(pan) - 4])


def two_speakers(pan: str, rng: Random) -> Case:
    """A group a message, and the other says something between."""
    return _told(
        groups(pan), rng, lambda rng, _part: rng.choice(["ok", "yes", "go on", "next four", "mhm", "weiter", "sí"])
    )


def echoed(pan: str, rng: Random) -> Case:
    """The agent reads each group back."""
    case = _told(groups(pan), rng, lambda _rng, part: f"{part}, ok")
    echoes = [
        (i, w.removesuffix(", ok")) for i, (who, w) in enumerate(case.talk) if who == "agent" and w.endswith(", ok")
    ]
    return Case(case.talk, (*case.gone, *(echo for echo in echoes if echo[1] != pan[-4:])))


def talk_between(pan: str, rng: Random) -> Case:
    """Other talk in the same messages and between."""
    parts = groups(pan)
    talk: Talk = [("agent", "what is your card number?")]
    gone = []
    for number, part in enumerate(parts):
        if number < len(parts) - 1:
            gone.append((len(talk), part))
        talk.append(("customer", f"{part} {rng.choice(_SMALL)}"))
        talk += [("agent", rng.choice(_SMALL))] * rng.randint(0, 2)
    return Case(tuple(talk), tuple(gone))


DISGUISES: dict[str, Callable[[str, Random], Case]] = {
    "as it stands": plain,
    "groups by any separator": spaced_groups,
    "digits by any separator": spaced_digits,
    "line breaks": line_breaks,
    "zero-width characters": invisible,
    "no-break and odd spaces": no_break,
    "full-width and other digits": other_digits,
    "look-alike letters": look_alikes,
    "glued to words": glued,
    "among other digits": among_digits,
    "words in four languages": words,
    "oh, nought, naught, nil": english_zeros,
    "forty-one eleven": _pairs("English"),
    "cuarenta y uno once": _pairs("Spanish"),
    "einundvierzig elf": _pairs("German"),
    "quarante et un onze": _pairs("French"),
    "septante, huitante, nonante": _pairs("Swiss French"),
    "double, treble, quadruple": doubled,
    "words and digits mixed": mixed,
    "escapes": escapes,
    "HTML escaped twice": escaped_html,
    "tags, comments, hidden elements": html_tags,
    "right-to-left override": turned,
    "base64": packed,
    "JSON in a string": nested_json,
    "messages of one speaker": one_speaker,
    "a digit a message": digit_a_message,
    "messages of both speakers": two_speakers,
    "echoed by the agent": echoed,
    "other talk between": talk_between,
}
