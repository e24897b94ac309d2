"""Published test numbers of the schemes, and the ways people hide or spell a number."""

import html
import random
import re
import unicodedata
import urllib.parse
from typing import NamedTuple

from vault.screen.options import Options, Preset
from vault.screen.outcome import Finding
from vault.screen.text import redact as text

BALANCED = Options(preset=Preset.BALANCED)
STRICT = Options()


class Redacted(NamedTuple):
    content: bytes
    findings: tuple[Finding, ...]


def redact(media_type, content, options=BALANCED):
    """Redact under the preset balanced, where nothing else is asked for."""
    redacted, redaction = text.redact(media_type, content, options)
    assert redaction.media_type == media_type
    assert redaction.engines == (text.ENGINE,)
    return Redacted(redacted, redaction.findings)


def rescan(media_type, content, options=BALANCED):
    return text.rescan(media_type, content, options)


CARDS = {
    "Visa": "4111111111111111",
    "Visa 2": "4242424242424242",
    "Visa 13": "4222222222222",
    "Mastercard": "5555555555554444",
    "Mastercard 2-series": "2223003122003222",
    "American Express": "378282246310005",
    "Discover": "6011111111111117",
    "Diners Club": "30569309025904",
    "JCB": "3530111333300000",
    "UnionPay": "6200000000000005",
    "UnionPay 19": "6205500000000000004",
    "Maestro": "6759649826438453",
    "Mir": "2200000000000053",
}
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def groups(pan, sizes=None):
    sizes = sizes or ((4, 6, 5) if len(pan) == 15 else (4, 6, 4) if len(pan) == 14 else (4, 4, 4, 4, 3))
    out, at = [], 0
    for size in sizes:
        out.append(pan[at : at + size])
        at += size
    return [g for g in [*out, pan[at:]] if g]


def words(pan):
    return " ".join(UNITS[int(d)] for d in pan)


def named(pan, names):
    return " ".join(names.split()[int(d)] for d in pan)


def pairs(pan):
    """Say a number two digits at a time: forty-one eleven."""
    out = []
    for at in range(0, len(pan), 2):
        two = pan[at : at + 2]
        if len(two) == 1 or two[0] == "0":
            out.append(words(two))
        elif two[0] == "1":
            out.append(_TEENS[int(two[1])])
        else:
            out.append(_TENS[int(two[0]) - 2] + ("" if two[1] == "0" else "-" + UNITS[int(two[1])]))
    return " ".join(out)


def doubled(pan):
    """Say repeated digits as double and triple."""
    said = []
    for run in re.finditer(r"(\d)\1{0,2}", pan):
        name = UNITS[int(run.group(1))]
        said.append({1: "", 2: "double ", 3: "triple "}[len(run.group())] + name)
    return ", ".join(said)


def mapped(zero):
    return lambda pan: "".join(chr(ord(zero) + int(d)) for d in pan)


SEPARATORS = [
    *(
        "",
        " ",
        "  ",
        "-",
        " - ",
        ".",
        "/",
        "_",
        ",",
        ", ",
        "\t",
        "\\",
        "|",
        "*",
        "·",
        "\u2013",
        "\u2014",
        "~",
        "+",
        "#",
        ";",
    ),
    *("\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\u00ad", "\u200d", "\ufeff", "\u2060", "\u200f"),
    *(") (", "] [", "><", "'", '"', "=", " / ", "...", " _ "),
]
DISGUISES = {
    **{f"groups by {sep!r}": (lambda pan, s=sep: s.join(groups(pan))) for sep in SEPARATORS},
    **{f"digits by {sep!r}": (lambda pan, s=sep: s.join(pan)) for sep in SEPARATORS if sep != "|"},
    "halves": lambda pan: f"{pan[:8]} {pan[8:]}",
    "odd groups": lambda pan: f"{pan[:5]} {pan[5:7]}-{pan[7:]}",
    "in brackets": lambda pan: "".join(f"({g})" for g in groups(pan)),
    "glued to letters": lambda pan: f"card{pan}thanks",
    "digits glued by letters": "x".join,
    "groups glued by letters": lambda pan: "x".join(groups(pan)),
    "among digits": lambda pan: f"77{pan}77",
    "grouped among digits": lambda pan: " ".join(groups("7777" + pan, (4,) * 5)),
    "full width": mapped("\uff10"),
    "Arabic-Indic": mapped("\u0660"),
    "extended Arabic-Indic": mapped("\u06f0"),
    "Devanagari": mapped("\u0966"),
    "Bengali": mapped("\u09e6"),
    "mathematical bold": mapped("\U0001d7ce"),
    "mathematical mono": mapped("\U0001d7f6"),
    "segmented": mapped("\U0001fbf0"),
    "superscript": lambda pan: "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(d)] for d in pan),
    "circled": lambda pan: "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(d)] for d in pan),
    "circled black": lambda pan: "".join("⓿❶❷❸❹❺❻❼❽❾"[int(d)] for d in pan),
    "keycaps": lambda pan: "".join(f"{d}\ufe0f\u20e3" for d in pan),
    "Chinese": lambda pan: "".join("〇一二三四五六七八九"[int(d)] for d in pan),
    "letters for digits": lambda pan: pan.replace("0", "O").replace("1", "l").replace("5", "S").replace("8", "B"),
    "lone look-alike groups": lambda pan: " ".join(g.replace("0", "o").replace("1", "I") for g in groups(pan)),
    "words": words,
    "words by commas": lambda pan: words(pan).replace(" ", ", "),
    "words by dashes": lambda pan: words(pan).replace(" ", "-"),
    "words glued": lambda pan: words(pan).replace(" ", ""),
    "words in capitals": lambda pan: words(pan).upper(),
    "words with oh": lambda pan: words(pan).replace("zero", "oh"),
    "words with nought": lambda pan: words(pan).replace("zero", "nought"),
    "words with Cyrillic letters": lambda pan: words(pan).replace("o", "\u043e").replace("e", "\u0435"),
    "words with soft hyphens": lambda pan: words(pan).replace("n", "n\u00ad"),
    "pairs": pairs,
    "double and triple": doubled,
    "double before digits": lambda pan: re.sub(r"(\d)\1", r" double \1 ", pan),
    "words and digits": lambda pan: " ".join(UNITS[int(d)] if i % 3 else d for i, d in enumerate(pan)),
    "Spanish": lambda pan: named(pan, "cero uno dos tres cuatro cinco seis siete ocho nueve"),
    "German": lambda pan: named(pan, "null eins zwei drei vier fünf sechs sieben acht neun"),
    "French": lambda pan: named(pan, "zéro un deux trois quatre cinq six sept huit neuf"),
    "HTML bold": lambda pan: f"{pan[:4]}<b>{pan[4:8]}</b>{pan[8:]}",
    "HTML inside words": lambda pan: re.sub("[eo]", r"<b>\g<0></b>", words(pan)),
    "HTML cells": lambda pan: "".join(f"<td class='x'>{g}</td>" for g in groups(pan)),
    "HTML entities": lambda pan: "".join(f"&#{ord(d)};" for d in pan),
    "HTML hex entities": lambda pan: "".join(f"&#x{ord(d):x};" for d in pan),
    "HTML named spaces": lambda pan: "&nbsp;".join(groups(pan)),
    "HTML comment": lambda pan: f"{pan[:6]}<!-- 12 -->{pan[6:]}",
    "percent": lambda pan: "".join(f"%{ord(d):02x}" for d in pan),
    "percent spaces": lambda pan: "https://pay.example/?n=" + "%20".join(groups(pan)),
    "backslash u": lambda pan: "".join(f"\\u{ord(d):04x}" for d in pan),
    "nested JSON": lambda pan: '{"number": "' + pan + '"}',
}

_WORDS = """hello please could you help me with the thing that came on monday it is too small and also blue thank you
very much let me see we sent a letter from paris of course sir never mind bye weather nice shoes colour street"""


def chatter(rng: random.Random) -> str:
    return " ".join(rng.choice(_WORDS.split()) for _ in range(rng.randint(2, 12)))


_SPOKEN = {w: str(i) for i, w in enumerate(UNITS)} | {"oh": "0", "nought": "0"}


def digits_of(text: str) -> str:
    """Reduce a text to its digits in the simplest way: every script's digits and the ten English words."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m.group(1), 16)), re.sub(r"<!--.*?-->", "", text))
    text = re.sub(r"</?b>", "", text)
    text = html.unescape(urllib.parse.unquote(text))
    shown = re.sub("|".join(_SPOKEN), lambda m: _SPOKEN[m.group()], text.lower())
    return "".join(str(unicodedata.digit(c)) for c in shown if unicodedata.digit(c, None) is not None)
