"""How people say digits, singly, in pairs and in hundreds, in English, Spanish, French and German."""

from random import Random
from typing import Final

ONES: Final = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis "
    "veintisiete veintiocho veintinueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
}
TENS: Final = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
_HUNDREDS: Final = {
    "es": "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
}
_TWICE: Final = {
    "en": ("double", "triple"),
    "es": ("doble", "triple"),
    "fr": ("double", "triple"),
    "de": ("doppel", "dreimal"),
}
LANGUAGES: Final = ("en", "es", "fr", "de")


def digit(language: str, value: int, rng: Random) -> str:
    """Return one digit as a word; English has "oh" and German "zwo" beside the plain words."""
    if language == "en" and value == 0:
        return rng.choice(("zero", "zero", "oh", "oh", "nought"))
    if language == "de" and value == 2:
        return rng.choice(("zwei", "zwo"))
    return ONES[language].split()[value]


def below_hundred(language: str, value: int) -> str:
    """Return a number from 0 to 99 in words."""
    ones = ONES[language].split()
    if value < len(ones):
        return ones[value]
    tens, rest = divmod(value, 10)
    ten = TENS[language].split()[tens - 2]
    if language == "fr" and tens in (7, 9):
        return f"{ten} {'et ' if value == 71 else ''}{ones[10 + rest]}"
    if not rest:
        return ten
    if language == "de":
        return f"{'ein' if rest == 1 else ones[rest]}und{ten}"
    joint = {"en": "-", "es": " y ", "fr": " et " if rest == 1 and tens < 8 else "-"}[language]
    return f"{ten}{joint}{ones[rest]}"


def hundreds(language: str, value: int) -> str:
    """Return a number from 100 to 999 in words."""
    count, rest = divmod(value, 100)
    ones = ONES[language].split()
    if language == "es":
        head = "cien" if value == 100 else _HUNDREDS["es"].split()[count - 1]
    elif language == "de":
        head = f"{'ein' if count == 1 else ones[count]}hundert"
    elif language == "fr":
        head = "cent" if count == 1 else f"{ones[count]} cent"
    else:
        head = f"{ones[count]} hundred"
    return f"{head} {below_hundred(language, rest)}" if rest else head


def singly(language: str, digits: str, rng: Random, *, joint: str = " ") -> str:
    """Return digits said one after the other."""
    return joint.join(digit(language, int(char), rng) for char in digits)


def doubled(language: str, digits: str, rng: Random) -> str:
    """Return digits with repeated ones said as "double" or "triple"."""
    words, at = [], 0
    while at < len(digits):
        run = 1
        while run < 3 and digits[at : at + run + 1] == digits[at] * (run + 1):
            run += 1
        word = digit(language, int(digits[at]), rng)
        words.append(word if run == 1 else f"{_TWICE[language][run - 2]} {word}")
        at += run
    return " ".join(words)


def in_pairs(language: str, digits: str, rng: Random) -> str:
    """Return digits said as numbers of two, "forty-one eleven"; a pair that begins with 0 is said singly."""
    words = []
    for at in range(0, len(digits), 2):
        pair = digits[at : at + 2]
        plain = len(pair) < 2 or pair[0] == "0"
        words.append(singly(language, pair, rng) if plain else below_hundred(language, int(pair)))
    return ", ".join(words)


def in_threes(language: str, digits: str, rng: Random) -> str:
    """Return digits said as a number of three and the rest in a pair or singly."""
    head, rest = digits[:3], digits[3:]
    said = singly(language, head, rng) if head[0] == "0" or len(head) < 3 else hundreds(language, int(head))
    return f"{said}, {in_pairs(language, rest, rng)}" if rest else said
