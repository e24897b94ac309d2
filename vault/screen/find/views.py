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
        first, last = self.spans[start], self.spans[end - 1]
        return min(first[0], last[0]), max(first[1], last[1])


def view_of(text: str) -> View:
    """Return the folded view of `text` as it stands."""
    if text.isascii():
        return View(text.lower())
    folded = text.translate(_FOLD)
    if HIDDEN not in folded:
        return View(folded)
    kept = tuple((i, i + 1) for i, char in enumerate(folded) if char != HIDDEN)
    return View(folded.replace(HIDDEN, ""), kept)


_HIDDEN_STYLE = r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.0-9]*[1-9])|\shidden(?=[\s=>]))"
_UNSEEN = (
    rf"<(?P<name>[A-Za-z]{{1,10}})(?=\s)[^<>]{{0,512}}?{_HIDDEN_STYLE}[^<>]{{0,512}}>.{{0,2048}}?</(?P=name)\s{{0,8}}>"
)
_ESCAPES = (
    r"(?P<twice>(?:%25[2-7][0-9A-Fa-f])+)|(?P<percent>(?:%[0-9A-Fa-f]{2})+)|(?P<entity>&(?:amp;){0,3}(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10}[0-9]{0,2});?)"
    r"|(?P<tag></?[A-Za-z!][^<>]*>)"
    r"|(?P<unicode>(?:[\\%]u[0-9A-Fa-f]{4})+)|(?P<hex>\\x[0-9A-Fa-f]{2}|\\u\{[0-9A-Fa-f]{1,6}\})"
    r"|(?P<octal>\\0?(?:06[0-7]|07[01]|6[0-7]|7[01])(?![0-9]))|(?P<back>\\[nrtfb\"/\\])"
    r"|(?P<quoted>(?:=3[0-9]){4,})|(?P<soft>=\r?\n)"
)
_COMMENT = r"(?P<comment><!--.{0,4096}?-->)"
_ESCAPE = re.compile(f"{_COMMENT}|{_ESCAPES}", re.DOTALL)
_ESCAPE_SEEN = re.compile(f"{_COMMENT}|(?P<unseen>{_UNSEEN})|{_ESCAPES}", re.DOTALL)
_HIDES = re.compile(_HIDDEN_STYLE, re.IGNORECASE)
_MAY_ESCAPE = re.compile(
    r"%u?[0-9A-Fa-f]{2}|&[#A-Za-z]|<[/A-Za-z!]|\\[unrtfbx067\"/\\]|=\r?\n|[\u202e\u202d]|(?:=3[0-9]){4}"
)
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


_CODES = 0x110000
_TURN, _TURN_BACK = "\u202e", "\u202c"  # right-to-left override, and its end
_TURNED = re.compile(r"<bdo\b[^>]*rtl|<[a-z]+\b(?=[^>]*bidi-override)[^>]*rtl", re.IGNORECASE)
_TURN_END = re.compile(r"</(?:bdo|span|div|p|b|i|font)\b", re.IGNORECASE)


def _tag(raw: str) -> list[tuple[str, int]]:
    if _TURNED.match(raw):
        return [(_TURN, len(raw))]
    if _TURN_END.match(raw):
        return [(_TURN_BACK, 0), *_space(raw)]
    return _space(raw)


def _space(raw: str) -> list[tuple[str, int]]:
    """Return the space that a tag makes between what stands before and behind it, or nothing."""
    name = _TAG_NAME.match(raw.lower())
    return [] if name and name.group(1) in _INLINE else [(" ", len(raw))]


def _resolve(found: re.Match[str]) -> list[tuple[str, int]]:
    """Return the characters that an escape shows, each with how many characters of the source it took."""
    raw, kind = found.group(), found.lastgroup
    if kind == "percent":
        return _percent(raw)
    if kind == "unicode":
        return _unicode_escapes(raw)
    if kind == "hex":
        code = int(raw[2:].strip("{}"), 16)
        return [(chr(code) if code < _CODES else " ", len(raw))]
    if kind == "octal":
        return [(chr(int(raw[1:], 8)), len(raw))]
    if kind in {"quoted", "twice"}:
        size = len("%2534") if kind == "twice" else len("=34")
        return [(chr(int(raw[at + size - 2 : at + size], 16)), size) for at in range(0, len(raw), size)]
    if kind == "back":
        return [(" ", 2)]
    if kind == "entity":
        once = "&" + raw[1:].replace("amp;", "") if len(raw) > len("&amp;") else raw  # "&amp;#52;"
        char = html.unescape(once if once.endswith(";") else once + ";")
        return [(char, len(raw))] if len(char) == 1 else [(c, 1) for c in raw]
    return _tag(raw) if kind == "tag" else []  # a comment, a soft line break or an unseen element shows nothing


def hides(text: str) -> bool:
    """Say whether `text` may hold elements that a reader does not see."""
    return _HIDES.search(text) is not None


def _turned(chars: str) -> list[int]:
    """Return the order in which characters are seen, where overrides turn their direction."""
    order: list[int] = []
    at = 0
    while at < len(chars):
        if chars[at] != _TURN:
            order.append(at)
            at += 1
            continue
        ends = [end for sign in (_TURN_BACK, "\n") if (end := chars.find(sign, at)) >= 0]
        end = min(ends, default=len(chars))
        order += range(end - 1, at, -1)
        at = end
    return order


def unescaped_view_of(text: str, *, seen: bool = True) -> View:
    """Return the folded view of `text` with HTML tags and entities, percent and backslash escapes resolved.

    `seen` leaves out elements whose style hides them, and puts text whose direction is overridden in the order of
    reading.
    """
    chars: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for found in (_ESCAPE_SEEN if seen else _ESCAPE).finditer(text):
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
    if seen and _TURN in shown:
        order = _turned(shown)
        shown, spans = "".join(shown[i] for i in order), [spans[i] for i in order]
    folded = shown.lower() if shown.isascii() else shown.translate(_FOLD)
    if HIDDEN in folded:
        kept = tuple(span for span, char in zip(spans, folded, strict=True) if char != HIDDEN)
        return View(folded.replace(HIDDEN, ""), kept)
    return View(folded, tuple(spans))
