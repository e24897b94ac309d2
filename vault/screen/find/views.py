"""What a text shows a reader: folded letters, every script's digits, invisible characters gone, escapes resolved.

A `View` keeps for each of its characters the span of the original text it stands for, so that whatever is found in
the view can be cut out of the original.
"""

import html
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

LETTER = "\N{CYRILLIC SMALL LETTER ZHE}"  # stands for any letter that looks like no Latin one
MARK = "\N{CURRENCY SIGN}"  # stands for any sign that is neither letter, digit nor space
HIDDEN = "\N{ZERO WIDTH SPACE}"  # stands for whatever is not seen; removed from the view

# Letters of other scripts that are drawn as Latin ones (a selection of Unicode's confusables, UTS #39).
_HOMOGLYPHS = dict(
    zip(
        "аеорсухіјѕһԁԛԝвнкмтзьβεικνορτυχαɡɩıσ",
        "aeopcyxijshdqwbhkmt3bbeikvoptuxagiio",
        strict=True,
    )
)
_VARIANT_DIGITS = range(0xE0030, 0xE003A)  # invisible tag digits


def _fold_char(char: str) -> str:
    category = unicodedata.category(char)
    number = unicodedata.numeric(char, -1.0)
    if number in range(10):
        return str(int(number))
    if ord(char) in _VARIANT_DIGITS:
        return str(ord(char) - _VARIANT_DIGITS.start)
    if category in {"Cf", "Mn", "Me", "Cn", "Co", "Cs"} or char in "\u3164\uffa0\u115f\u1160\u2800":
        return HIDDEN
    if category[0] == "Z" or category == "Cc":
        return " "
    base = (unicodedata.normalize("NFKD", char)[:1].casefold() or char)[:1]
    base = _HOMOGLYPHS.get(base, base)
    if base.isascii() and (base.isalnum() or base == "|"):
        return base
    if category == "Pd" or char == "\u2212":
        return "-"
    if category[0] == "L":
        return LETTER
    return base if base.isascii() and base.isprintable() else MARK


class _Fold(dict[int, str]):
    """Filled as characters are met; `str.translate` asks for each once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_char(chr(code))
        return folded


_FOLD: Any = _Fold()


@dataclass(frozen=True, slots=True)
class View:
    """Folded text; `spans` is None when character i stands for character i of the original."""

    text: str
    spans: tuple[tuple[int, int], ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original's span that characters start..end of the view stand for."""
        if self.spans is None:
            return start, end
        return self.spans[start][0], self.spans[end - 1][1]


def view_of(text: str) -> View:
    """Return the folded view of `text` as it stands."""
    if text.isascii():
        return View(text.lower())
    folded = text.translate(_FOLD)
    if HIDDEN not in folded:
        return View(folded)
    kept = tuple((i, i + 1) for i, char in enumerate(folded) if char != HIDDEN)
    return View(folded.replace(HIDDEN, ""), kept)


_ESCAPE = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)|(?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10}[0-9]{0,2});?)"
    r"|(?P<comment><!--.{0,4096}?-->)|(?P<tag></?[A-Za-z!][^<>]*>)"
    r"|(?P<unicode>(?:\\u[0-9A-Fa-f]{4})+)|(?P<back>\\[nrtfb\"/\\])|(?P<soft>=\r?\n)",
    re.DOTALL,
)
_MAY_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}|&[#A-Za-z]|<[/A-Za-z!]|\\[unrtfb\"/\\]|=\r?\n")
# Tags that change how a text looks and not where it stands: digits on both sides touch.
_INLINE = {
    *("b", "i", "u", "em", "strong", "span", "font", "a", "small", "big", "sub", "sup", "wbr", "s", "strike", "mark"),
    *("code", "tt", "kbd", "samp", "var", "del", "ins", "abbr", "bdi", "bdo", "q", "c", "v", "lang", "ruby"),
}
_TAG_NAME = re.compile(r"</?([a-z!]*)")


def has_escapes(text: str) -> bool:
    """Say whether `text` holds anything that `unescaped_view_of` would resolve."""
    return _MAY_ESCAPE.search(text) is not None


_UTF8_LEADS = (0xC0, 0xE0, 0xF0)  # from each on, a character takes one byte more
_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)


def _percent(raw: str) -> list[tuple[str, int]]:
    """Decode a run of percent escapes into characters and how many source characters each took."""
    data, out, at = bytes.fromhex(raw.replace("%", "")), [], 0
    while at < len(data):
        size = bisect_right(_UTF8_LEADS, data[at]) + 1
        char = data[at : at + size].decode("utf-8", "replace")[:1]
        size = 1 if char == "\N{REPLACEMENT CHARACTER}" else size
        out.append((char, 3 * min(size, len(data) - at)))
        at += size
    return out


def _unicode_escapes(raw: str) -> list[tuple[str, int]]:
    units = [int(raw[i + 2 : i + 6], 16) for i in range(0, len(raw), 6)]
    out: list[tuple[str, int]] = []
    for unit in units:
        high = ord(out[-1][0]) if out else 0
        if unit in _LOW and high in _HIGH:
            out[-1] = (chr(0x10000 + ((high - _HIGH.start) << 10) + unit - _LOW.start), 12)
        else:
            out.append((chr(unit), 6))
    return out


def _resolve(found: re.Match[str]) -> list[tuple[str, int]]:
    raw = found.group()
    if found.lastgroup == "percent":
        return _percent(raw)
    if found.lastgroup == "unicode":
        return _unicode_escapes(raw)
    if found.lastgroup == "back":
        return [(" ", 2)]
    if found.lastgroup == "entity":
        char = html.unescape(raw if raw.endswith(";") else raw + ";")
        return [(char, len(raw))] if len(char) == 1 else [(c, 1) for c in raw]
    if found.lastgroup == "tag":
        name = _TAG_NAME.match(raw.lower())
        return [] if name and name.group(1) in _INLINE else [(" ", len(raw))]
    return []  # a comment or a soft line break shows nothing


def unescaped_view_of(text: str) -> View:
    """Return the folded view of `text` with HTML tags and entities, percent and backslash escapes resolved."""
    chars: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for found in _ESCAPE.finditer(text):
        start = found.start()
        chars.append(text[done:start])
        spans.extend((i, i + 1) for i in range(done, start))
        for char, size in _resolve(found):
            chars.append(char)
            spans.append((start, start + size))
            start += size
        done = found.end()
    chars.append(text[done:])
    spans.extend((i, i + 1) for i in range(done, len(text)))
    shown = "".join(chars)
    folded = shown.lower() if shown.isascii() else shown.translate(_FOLD)
    if HIDDEN in folded:
        kept = tuple(span for span, char in zip(spans, folded, strict=True) if char != HIDDEN)
        return View(folded.replace(HIDDEN, ""), kept)
    return View(folded, tuple(spans))
