"""The second pass over redacted text: it tells what card numbers and security codes the first one missed.

It shares no code with the first pass (vault.screen.find) and works another way: the standard library opens the file,
what it says is made plain (NFKC, entities, percent escapes, tags), and every group of digits is held against a table
of prefixes and lengths. It knows fewer disguises and asks for more evidence, for whatever it finds stops the recording.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from itertools import accumulate, groupby, pairwise
from urllib.parse import unquote

from vault.screen.options import Check, Options
from vault.screen.outcome import Finding, FindingKind, Medium
from vault.screen.text.pages import Page, pages

RULE = "SCR-24"

# First digits and lengths of what is on the cards people carry.
_PREFIXES: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("Visa", r"4", frozenset({16, 19})),
    ("Mastercard", r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", frozenset({16})),
    ("American Express", r"3[47]", frozenset({15})),
    ("Diners Club", r"30[0-5]|3095|3[689]", frozenset({14})),
    ("Discover", r"6011|64[4-9]|65", frozenset({16, 19})),
    ("JCB", r"35(?:2[89]|[3-8])", frozenset({16})),
    ("UnionPay", r"62|81", frozenset({16, 19})),
    ("Maestro", r"50|5[6-8]|6304|67", frozenset({16, 18, 19})),
    ("Mir", r"220[0-4]", frozenset({16})),
)
_TABLE = tuple((scheme, re.compile(prefix), sizes) for scheme, prefix, sizes in _PREFIXES)
_SIZES = sorted({size for _, _, sizes in _TABLE for size in sizes})
_PRINTED = {
    *((4, 4, 4, 4), (4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 4, 4, 2), (4, 4, 4, 4, 3), (6, 13), (8, 8)),
}  # fmt: skip

_CELL_END = re.compile("[,;\t]")
_CODED = re.compile("J(?:JD|D|VGL)$")  # glued to a parcel's number of DHL

_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,2000}>")
_GAP = r"[^0-9A-Za-z\u00c0-\uffff]{1,8}"  # what stands between two groups of one number: no letters
_GROUPS = re.compile(rf"[0-9]+(?:{_GAP}[0-9]+)*")
_GROUP = re.compile("[0-9]+")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_STAMP = re.compile(r"\b(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?:[T ][0-9:.,]{4,18}Z?)?|\b[0-2]?[0-9]:[0-5][0-9]\b")
_TALK = re.compile(r"card|visa|amex|tarjeta|karte|\bcarte\b", re.IGNORECASE)
_OTHER = re.compile(
    r"parcel|track|order|colis|commande|sendung|bestell|paket|pedido|seguimiento|suivi|sim\b|iccid|imei", re.IGNORECASE
)
_AROUND = 60  # characters on both sides in which a word makes a long run suspect
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z]$")  # glued to a parcel's number: "H3752..."
_USUAL = 16  # digits of most cards; longer numbers are parcels' more often
_LONGEST = 40  # digits of a run in which every place is tried

_NAMES = (
    *("zero oh cero null", "one uno eins un", "two dos zwei zwo deux", "three tres drei trois"),
    *("four cuatro vier quatre", "five cinco funf cinq", "six seis sechs", "seven siete sieben sept"),
    *("eight ocho acht huit", "nine nueve neun neuf"),
)
_WORDS = {word: str(value) for value, names in enumerate(_NAMES) for word in names.split()}
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_SPOKEN = re.compile(rf"(?<![^\W_])(?:{_WORD})(?:[\s,.;-]{{1,4}}(?:{_WORD})){{12,18}}(?![^\W_])")
_CODE = re.compile(
    r"(?:\bcv[vc]2?\b|security code|card verification (?:code|number|value)|codigo de seguridad|prufziffer"
    r"|cryptogramme)"
    r"(?: (?:is|was|number|it is|it's|es|ist|est|lautet))?[\s:=\"',]{1,4}([0-9]{3,4})(?![0-9]|[./:-][0-9])"
)
_MONEY = re.compile(r"[$\u20ac\u00a3]|[0-9][.,][0-9]{2}(?![0-9])")
_ANSWER = 8  # letters beside the digits in a message that only gives a part
_PARTS = 8  # messages that a number is given in


def recheck(media_type: str, content: bytes, options: Options) -> tuple[Finding, ...]:
    """Return what is left in redacted `content`; empty for content that was redacted well.

    Raises:
        UnscreenableError: the content is of another media type or cannot be opened.

    """
    allowed = [one.pattern for one in options.allowed if one.check is not Check.LUHN]
    found: dict[tuple[str, int, int], Finding] = {}
    listed = list(pages(media_type, content))
    for page in listed:
        text = _plain(page.text)
        for kind, scheme, start, end in (*_cards(text, allowed), *_spoken(text), *_codes(text)):
            found.setdefault((page.place, start, end), _finding(kind, page.place, scheme, start, end))
    for place, scheme in _over_messages(listed):
        found.setdefault((place, -1, -1), _finding(FindingKind.CARD, place, scheme, 0, 0))
    return tuple(found.values())


def _finding(kind: FindingKind, place: str, scheme: str | None, start: int, end: int) -> Finding:
    where = f"{place} near {start}-{end}" if end else f"{place} and after"
    return Finding(Medium.TEXT, kind, RULE, where, scheme=scheme, cut=False)


def _plain(text: str) -> str:
    """Return what a reader sees: no markup, no escapes, no invisible characters, plain digits."""
    for opened in (unescape, unquote):
        text = opened(text) if "&" in text or "%" in text else text
    text = _TAG.sub("", text) if "<" in text else text
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKD", text)
    shown = (c for c in folded if unicodedata.category(c) not in {"Cf", "Mn", "Me"})
    return "".join(str(unicodedata.digit(c)) if unicodedata.digit(c, None) is not None else c for c in shown)


def _luhn(digits: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 - the sum of its digits
    return total % 10 == 0


def _scheme(digits: str) -> str | None:
    """Return whose number this is, or None."""
    size = len(digits)
    for scheme, prefix, sizes in _TABLE:
        if size in sizes and prefix.match(digits) and _luhn(digits) and len(set(digits)) > 1:
            return scheme
    return None


def _without_known(text: str) -> str:
    """Blank timestamps and bank accounts whose check digits hold."""
    text = _STAMP.sub(lambda m: "x" * len(m.group()), text)

    def blank(found: re.Match[str]) -> str:
        raw = found.group()
        number = re.sub("[ -]", "", raw).upper()
        for size in range(len(number), 14, -1):
            turned = number[4:size] + number[:4]
            if int("".join(str(int(c, 36)) for c in turned)) % 97 == 1:
                return "x" * len(raw)
        return raw

    return _IBAN.sub(blank, text)


def _cards(text: str, allowed: list[re.Pattern[str]]) -> Iterator[tuple[FindingKind, str | None, int, int]]:
    if not _GROUP.search(text):
        return
    text = _without_known(text)
    for run in _GROUPS.finditer(text):
        groups = list(_GROUP.finditer(text, run.start(), run.end()))
        other = _OTHER.search(text, max(0, run.start() - _AROUND), run.start())
        glued = _LETTER.search(text, max(0, run.start() - 2), run.start())
        cells = _cells(text, groups)
        for first, last, digits in _windows([g.group() for g in groups]):
            part = first > 0 or last < len(groups) - 1 or len(digits) > _USUAL or glued
            known = any(pattern.fullmatch(digits) for pattern in allowed)
            if not (part and other) and not known and not _is_in_parcel(text, groups, cells, first):
                yield FindingKind.CARD, _scheme(digits), groups[first].start(), groups[last].end()
        for group in groups:
            yield from _inside(text, group)


def _cells(text: str, groups: list[re.Match[str]]) -> list[int]:
    """Return the number of the cell that each group stands in, were this a row of a table."""
    between = (text[left.end() : right.start()] for left, right in pairwise(groups))
    return list(accumulate((bool(_CELL_END.search(gap)) for gap in between), initial=0))


def _is_in_parcel(text: str, groups: list[re.Match[str]], cells: list[int], first: int) -> bool:
    """Say whether the group `first` stands in a cell that holds a parcel's number."""
    some = [group for group, number in zip(groups, cells, strict=True) if number == cells[first]]
    whole = "".join(group.group() for group in some)
    coded = _CODED.search(text, max(0, some[0].start() - 5), some[0].start())
    return _is_parcel(whole) or (coded is not None and len(whole) > _USUAL)


def _is_parcel(digits: str) -> bool:
    """Say whether digits are a number of USPS, or a pallet's, by prefix, length and GS1's check digit."""
    if not (len(digits) in (20, 22) and re.match("9[1-5]|00", digits)):
        return False
    return sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(reversed(digits))) % 10 == 0


def _windows(groups: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the whole groups that together are a card number and look like one: first, last, digits."""
    for first in range(len(groups)):
        digits = ""
        for last in range(first, len(groups)):
            digits += groups[last]
            if len(digits) > _SIZES[-1]:
                break
            sizes = tuple(len(g) for g in groups[first : last + 1])
            shaped = first == last or sizes in _PRINTED or set(sizes) == {1}
            if shaped and _scheme(digits):
                yield first, last, digits


def _inside(text: str, group: re.Match[str]) -> Iterator[tuple[FindingKind, str | None, int, int]]:
    """Look inside a run that is longer than a card number, where somebody speaks of a card."""
    run = group.group()
    if not _SIZES[0] < len(run) <= _LONGEST:
        return
    before = max(0, group.start() - _AROUND)
    if not _TALK.search(text, before, group.end() + _AROUND) or _OTHER.search(text, before, group.start()):
        return
    for size in (15, 16):
        for start in range(len(run) - size + 1):
            scheme = _scheme(run[start : start + size])
            if scheme and size < len(run):
                yield FindingKind.CARD, scheme, group.start() + start, group.start() + start + size


def _spoken(text: str) -> Iterator[tuple[FindingKind, str | None, int, int]]:
    lower = text.lower()
    for run in _SPOKEN.finditer(lower):
        scheme = _scheme("".join(_WORDS[word] for word in re.split(r"[\s,.;-]+", run.group())))
        if scheme:
            yield FindingKind.CARD, scheme, run.start(), run.end()


def _codes(text: str) -> Iterator[tuple[FindingKind, str | None, int, int]]:
    for found in _CODE.finditer(text.lower()):
        yield FindingKind.CODE, None, found.start(1), found.end(1)


def _over_messages(listed: list[Page]) -> Iterator[tuple[str, str]]:
    """Yield the place and scheme of numbers given in messages that say nothing else, one after another."""
    for _, stream in groupby(sorted(listed, key=lambda p: p.stream), key=lambda p: p.stream):
        parts: list[tuple[str, str]] = []
        for page in stream:
            text = _plain(page.text)
            digits = "".join(_GROUP.findall(text))
            letters = sum(c.isalpha() for c in text)
            if digits and letters <= _ANSWER and not _MONEY.search(text) and len(_GROUP.findall(text)) <= _PARTS:
                parts.append((page.place, digits))
                continue
            yield from _joined(parts)
            parts = []
        yield from _joined(parts)


def _joined(parts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for first in range(len(parts)):
        digits = ""
        for last in range(first, min(len(parts), first + _SIZES[-1])):
            digits += parts[last][1]
            sizes = tuple(len(d) for _, d in parts[first : last + 1])
            if last > first and (sizes in _PRINTED or set(sizes) == {1}) and (scheme := _scheme(digits)):
                yield parts[first][0], scheme
