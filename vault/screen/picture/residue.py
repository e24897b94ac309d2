"""What the second look calls left over in a picture: rules of its own, none shared with the first pass. Pure."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from vault.screen.find.allowed import spared
from vault.screen.options import Options, Preset
from vault.screen.outcome import FindingKind
from vault.screen.picture.lines import Box, Line

_CARD: Final = re.compile(
    r"(?:4\d{12}(?:\d{3}|\d{6})?|5[1-5]\d{14}|220[0-4]\d{12}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}|(?:6011|64[4-9]\d|65\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|(?:62|81)\d{14,17}"
    r"|(?:50|5[6-8]|67)\d{11,17})"
)
_GROUPS: Final = re.compile(r"\d+(?:[ .,/_-]{1,3}\d+)*")
_OPAQUE: Final = re.compile(
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b|(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][\d:.]+)?|\d{1,2}:\d\d(?::\d\d)?"
)
_CODE: Final = re.compile(r"\bC[VW][VWC]{0,2}2?\b|security code|card verification", re.IGNORECASE)
_NAMES: Final = ("securitycode", "prufziffer", "kartenprufnummer", "codigodeseguridad", "cryptogramme")
_ALIKE: Final = 0.82  # of two names' letters in common, from which one is the other misread
_ENDS: Final = re.compile(
    r"\bexp(?:\.|iry|ires|iration|\b)|valid (?:thru|until|through)|good thru|g[uü]ltig bis|caducidad|vence\b|expire",
    re.IGNORECASE,
)
_END_NAMES: Final = ("expiry", "expirydate", "expires", "validthru", "gultigbis", "caducidad")
_END: Final = re.compile(r"(?<![\d/.-])(?:0?[1-9]|1[0-2]) ?[/.-] ?(?:20)?[2-9]\d(?![\d]|[/.-]\d)")
_THREE: Final = re.compile(r"(?<![\d.,:/-])\d{3,4}(?![\d.,:/-])")
_SPACED: Final = re.compile(r"\d \d \d(?: \d)?")
_DATE: Final = re.compile(r"\d{1,2}[/.-]\d{2,4}")
_EDGES: Final = "()[]|:;,.#'\"!?-_"
_TOUCH: Final = 2  # pixels by which the boxes of neighbours may overlap
_SURE: Final = 0.5  # how sure the recogniser must be of a number that nothing but its place tells
_ASIDE, _ABOVE, _BELOW = 30, 8, 14  # heights of a number by which it may stand from a card


class Left(NamedTuple):
    """What can be read in a result and should not: its kind, how many digits, and where."""

    kind: FindingKind
    length: int
    box: Box


def left_over(lines: Sequence[Line], options: Options, cards: Sequence[Box]) -> Iterator[Left]:
    """Yield the card numbers and codes that can be read in a picture; `cards` are what is covered in it."""
    for text, box in _joined(lines):
        for start, end, digits in numbers_in(text):
            if not spared(text, [(start, end)], options.allowed).wholly:
                yield Left(FindingKind.CARD, len(digits), box)
    for line in lines:
        named = _named_until(line.text, _CODE, _NAMES)
        if named is not None:
            yield from _announced(line, named, lines, _THREE, FindingKind.CODE)
    if options.preset is Preset.STRICT:
        yield from _near(lines, cards)
        for line in lines:
            named = _named_until(line.text, _ENDS, _END_NAMES)
            if named is not None:
                yield from _announced(line, named, lines, _END, FindingKind.EXPIRY)


def passes(digits: str) -> bool:
    """Say whether digits pass the Luhn check; written here once more, so that one mistake is not made twice."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        total += sum(divmod(2 * digit, 10)) if place % 2 else digit
    return total % 10 == 0


def numbers_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where card numbers stand in a text: made of whole groups of digits, of a known beginning and length."""
    plain = _OPAQUE.sub(lambda m: "x" * len(m.group()), text)
    for run in _GROUPS.finditer(plain):
        groups = list(re.finditer(r"\d+", run.group()))
        for first in range(len(groups)):
            digits = ""
            for last in groups[first:]:
                digits += last.group()
                if len(digits) > 19:  # noqa: PLR2004 - longer than any card number
                    break
                if _CARD.fullmatch(digits) and passes(digits):
                    yield run.start() + groups[first].start(), run.start() + last.end(), digits


def _named_until(text: str, name: re.Pattern[str], names: Sequence[str]) -> int | None:
    """Return where a name of what is sought ends in a text, if it holds one, rightly or nearly read."""
    told = name.search(text)
    if told is not None:
        return told.end()
    words = re.match(r"[^\d]*", text)
    letters = re.sub(r"[^a-z]", "", text[: words.end() if words else 0].lower().replace("ü", "u").replace("ó", "o"))
    alike = any(abs(len(n) - len(letters)) <= 2 and SequenceMatcher(None, n, letters).ratio() >= _ALIKE for n in names)  # noqa: PLR2004
    return words.end() if alike and words else None


def _announced(line: Line, end: int, lines: Sequence[Line], form: re.Pattern[str], kind: FindingKind) -> Iterator[Left]:
    """Yield what has the form that is sought behind, right of and under a name of it."""
    behind = form.search(line.text, end)
    if behind is not None and behind.start() - end <= 12:  # noqa: PLR2004 - "is", "number", ": "
        yield Left(kind, len(behind.group()), line.box)
    for other in lines:
        if form.fullmatch(other.text.strip()) and _is_beside(line.box, other.box):
            yield Left(kind, len(other.text.strip()), other.box)


def _near(lines: Sequence[Line], cards: Sequence[Box]) -> Iterator[Left]:
    """Yield what may be a code by its place alone: three or four digits by themselves near a covered card."""
    for line in lines if cards else ():
        for start, end in _standing(line.text):
            if any(c != " " and s < _SURE for c, s in zip(line.text[start:end], line.sure[start:end], strict=True)):
                continue
            box = line.part(start, end)
            if any(_is_near(card, box) for card in cards) and not _goes_on(line, start, end, lines):
                yield Left(FindingKind.CODE, sum(c.isdigit() for c in line.text[start:end]), box)


def _standing(text: str) -> Iterator[tuple[int, int]]:
    """Yield where three or four digits stand in a text with no other digits beside them but a date's."""
    whole = text.strip(_EDGES + " ")
    if _SPACED.fullmatch(whole):
        start = text.find(whole)
        yield start, start + len(whole)
        return
    words = list(re.finditer(r"\S+", text))
    for at, word in enumerate(words):
        core = word.group().strip(_EDGES)
        around = [w.group() for w in words[max(0, at - 1) : at + 2] if w is not word]
        if re.fullmatch(r"\d{3,4}", core) and not any(_has_digits(other) for other in around):
            start = word.start() + word.group().find(core)
            yield start, start + len(core)


def _has_digits(word: str) -> bool:
    return any(c.isdigit() for c in word) and _DATE.fullmatch(word.strip(_EDGES)) is None


def _is_near(card: Box, box: Box) -> bool:
    aside = max(card.left - box.right, box.left - card.right)
    above, below = card.top - box.bottom, box.top - card.bottom
    return aside <= _ASIDE * box.height and above <= _ABOVE * box.height and below <= _BELOW * box.height


def _goes_on(line: Line, start: int, end: int, lines: Sequence[Line]) -> bool:
    """Say whether the digits are a group of a longer number that goes on in a line close beside theirs."""
    first, last = not line.text[:start].strip(_EDGES + " "), not line.text[end:].strip(_EDGES + " ")
    for other in lines:
        level = abs(other.box.top + other.box.height / 2 - line.box.top - line.box.height / 2) < 0.5 * line.box.height
        words = other.text.split()
        if other is line or not level or not words:
            continue
        if last and -_TOUCH <= other.box.left - line.box.right < 0.8 * line.box.height and _has_digits(words[0]):
            return True
        if first and -_TOUCH <= line.box.left - other.box.right < 0.8 * line.box.height and _has_digits(words[-1]):
            return True
    return False


def _is_beside(label: Box, value: Box) -> bool:
    """Say whether a value stands just right of a label, or just under it."""
    high = max(label.height, value.height)
    if abs(label.top + label.height / 2 - value.top - value.height / 2) < 0.5 * high:
        return 0 <= value.left - label.right < 8 * high
    return -0.4 * high <= value.top - label.bottom < 1.5 * high and abs(value.left - label.left) < 3 * high


def _joined(lines: Sequence[Line]) -> Iterator[tuple[str, Box]]:
    """Yield each line's text, and the texts of neighbours on one row as one."""
    for line in lines:
        yield line.text, line.box
        text, box = line.text, line.box
        for other in sorted(lines, key=lambda o: o.box.left):
            level = abs(other.box.top + other.box.height / 2 - box.top - box.height / 2) < 0.5 * box.height
            if level and 0 <= other.box.left - box.right < 2.5 * box.height:
                text, box = f"{text} {other.text}", box.joined(other.box)
        if box != line.box:
            yield text, box
