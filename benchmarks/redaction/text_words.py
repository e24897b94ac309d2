"""Numbers as people say them, in English, Spanish, German and French, for the corpus of redacted text."""

from random import Random


def _list(words: str) -> list[str]:
    return words.split()


ENGLISH = _list("zero one two three four five six seven eight nine")
SPANISH = _list("cero uno dos tres cuatro cinco seis siete ocho nueve")
GERMAN = _list("null eins zwei drei vier fünf sechs sieben acht neun")
FRENCH = _list("zéro un deux trois quatre cinq six sept huit neuf")

_EN_TEENS = _list("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_EN_TENS = _list("twenty thirty forty fifty sixty seventy eighty ninety")
_ES_TEENS = _list("diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve")
_ES_TENS = _list("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_DE_TEENS = _list("zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn")
_DE_TENS = _list("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_FR_TEENS = _list("dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf")
_FR_TENS = _list("vingt trente quarante cinquante soixante")


def english(value: int) -> str:
    """Say 10 to 99."""
    if value < 20:
        return _EN_TEENS[value - 10]
    tens, unit = divmod(value, 10)
    return _EN_TENS[tens - 2] + (f"-{ENGLISH[unit]}" if unit else "")


def spanish(value: int) -> str:
    """Say 10 to 99."""
    if value < 20:
        return _ES_TEENS[value - 10]
    tens, unit = divmod(value, 10)
    if tens == 2 and unit:
        return f"veinti{SPANISH[unit]}"
    return _ES_TENS[tens - 2] + (f" y {SPANISH[unit]}" if unit else "")


def german(value: int) -> str:
    """Say 10 to 99."""
    if value < 20:
        return _DE_TEENS[value - 10]
    tens, unit = divmod(value, 10)
    return (f"{GERMAN[unit].removesuffix('s') if unit == 1 else GERMAN[unit]}und" if unit else "") + _DE_TENS[tens - 2]


def french(value: int) -> str:
    """Say 10 to 99 as in France."""
    if value < 20:
        return _FR_TEENS[value - 10]
    tens, unit = divmod(value, 10)
    if tens in (7, 9):
        unit += 10
    if tens >= 8:
        return "quatre-vingt" + (f"-{french(unit) if unit >= 10 else FRENCH[unit]}" if unit else "s")
    joint = " et " if unit in (1, 11) else "-"
    return _FR_TENS[min(tens, 6) - 2] + (f"{joint}{french(unit) if unit >= 10 else FRENCH[unit]}" if unit else "")


def swiss(value: int) -> str:
    """Say 10 to 99 as in Switzerland."""
    tens, unit = divmod(value, 10)
    if tens < 7:
        return french(value)
    name = {7: "septante", 8: "huitante", 9: "nonante"}[tens]
    return name + ({0: "", 1: " et un"}.get(unit, f"-{FRENCH[unit]}"))


SPEAKERS = {
    "English": (ENGLISH, english),
    "Spanish": (SPANISH, spanish),
    "German": (GERMAN, german),
    "French": (FRENCH, french),
    "Swiss French": (FRENCH, swiss),
}


def in_pairs(pan: str, language: str) -> list[tuple[str, int]]:
    """Say a number two digits at a time; return the words and how many digits each stands for."""
    units, tens = SPEAKERS[language]
    out: list[tuple[str, int]] = []
    for at in range(0, len(pan), 2):
        two = pan[at : at + 2]
        if len(two) == 1:
            out.append((units[int(two)], 1))
        elif two[0] == "0":
            out += [(units[0], 1), (units[int(two[1])], 1)]
        else:
            out.append((tens(int(two)), 2))
    return out


def repeated(pan: str, rng: Random) -> list[tuple[str, int]]:
    """Say runs of equal digits as "double", "triple", "treble", "quadruple" or "four ones"."""
    out: list[tuple[str, int]] = []
    at = 0
    while at < len(pan):
        size = 1
        while size < 4 and at + size < len(pan) and pan[at + size] == pan[at]:
            size += 1
        name = ENGLISH[int(pan[at])]
        plural = name + ("es" if name in ("six", "zero") else "s")
        ways = {
            1: [name],
            2: [f"double {name}", f"two {plural}"],
            3: [f"triple {name}", f"treble {name}", f"three {plural}"],
            4: [f"quadruple {name}", f"four {plural}", f"double {name} double {name}", f"four times {name}"],
        }
        out.append((rng.choice(ways[size]), size))
        at += size
    return out
