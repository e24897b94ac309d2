"""Text to digit blocks: digits of every script, look-alikes, number words in four languages, written or mixed.

A `Block` is one unbroken run of digits (or one spoken number) with the original's span of every digit. What joins
blocks to a card number is the finder's business.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from vault.screen.find.allowed import spared
from vault.screen.find.glance import WORD_TREE, may_give_digits
from vault.screen.find.homophones import homophones
from vault.screen.find.numerals import ALPHA, COUNT_DIGITS, Token, composed, count_letters, is_count
from vault.screen.find.opaque import without_opaque
from vault.screen.find.views import LETTER, View, has_escapes, hides, unescaped_view_of, view_of
from vault.screen.find.words import (
    COMPOUNDS,
    GLUED,
    HUNDREDS,
    NO_LOOKALIKES,
    NUMBER_WORDS,
    OF,
    ORDINALS,
    PLURALS,
    SCALES,
    TEENS,
    TENS,
    TIMES,
    UNITS,
    german_number,
)
from vault.screen.options import Allowed


class Reading(Enum):
    """The ways one text can be read; what any reading finds is cut."""

    PLAIN = "plain"
    OTHER = "other"  # "forty one" is 40 1, "next four" gives a 4, "lll" between digits is 111, "one won to" 112
    UNESCAPED = "unescaped"
    UNESCAPED_OTHER = "unescaped-other"


_UNESCAPED = frozenset({Reading.UNESCAPED, Reading.UNESCAPED_OTHER})
_OTHER = frozenset({Reading.OTHER, Reading.UNESCAPED_OTHER})


class Block(NamedTuple):
    """A run of digits; `spans` is None when digit k is the original's character `start + k`."""

    digits: str
    start: int
    end: int
    spans: tuple[tuple[int, int], ...] | None
    sep: bool  # nothing but separators stands between the block before and this one
    gap: int  # characters between the block before and this one
    word: bool  # spoken, not written
    ordinal: int  # its place among the blocks of the text

    def span(self, index: int) -> tuple[int, int]:
        """Return the original's span of digit `index`; the digits of one word share one span."""
        return (self.start + index, self.start + index + 1) if self.spans is None else self.spans[index]


class Scan(NamedTuple):
    """The blocks of one text, whether letters stand before the first and after the last, and the folded text."""

    blocks: tuple[Block, ...]
    lead: bool
    tail: bool
    letters: int  # outside the blocks
    ambiguous: bool  # the OTHER reading differs
    view: View
    size: int  # digits in the blocks
    spared: frozenset[int]  # ordinals of the blocks of allowed numbers, which only count as cards


_TOKEN = re.compile(f"[0-9a-z{LETTER}]+")
# The tokens that may give digits: those with a digit in them, of number words, or of letters that look like digits.
_DIGITS_OR_WORDS = re.compile(
    rf"(?<![0-9a-z{LETTER}])(?:[a-z{LETTER}]*[0-9][0-9a-z{LETTER}]*|(?:{WORD_TREE})+(?![0-9a-z{LETTER}])"
    rf"|[olisb]+(?![0-9a-z{LETTER}]))"
)
_TOKEN_OR_BAR = re.compile(f"[0-9a-z{LETTER}|]+")  # a bar separates, or is a one
_BAR = re.compile(r"[0-9]\||\|[0-9]")
# Digits of an escape are no digits, unless so many follow that it is none: "100%4111...".
_CODED = re.compile(
    r"%[0-9a-f]{2}(?![0-9]{10})|&(?:amp;){0,3}#x?[0-9a-f]{1,7};|(?:\\u|%u)[0-9a-f]{4}(?![0-9]{10})"
    r"|\\x[0-9a-f]{2}(?![0-9]{10})|\\u\{[0-9a-f]{1,6}\}"
)
_MAY_BE_CODED = re.compile(r"[%&\\]")
_PART = re.compile(f"[0-9]+|[a-z{LETTER}|]+")
_DIGIT = re.compile("[0-9]")
_LOOKALIKE = str.maketrans("olisb|", "011581")
_LOOKALIKE_ONLY = re.compile(r"[0-9olisb|]+")
_NAME = re.compile(r"[*_\]]{0,2}:(?=\s|$)")  # what ends the name of who speaks: "Bob: "
_LONGEST_STAMP = 80  # characters of a text that is looked at for being nothing but a time or an id
_NEAR = 40  # characters to the word before and after a number
_SHORT_GLUED = 6  # letters of the shortest two digit words written as one


def may_hold_numbers(text: str) -> bool:
    """Say, cheaply, whether a text could hold a digit or a number word; never wrongly no."""
    if not may_give_digits(text):
        return False
    if len(text) > _LONGEST_STAMP or ("-" not in text and ":" not in text):
        return True
    return has_escapes(text) or "|" in text or may_give_digits(without_opaque(view_of(text).text))


_TABLES = (
    *(("U", UNITS), ("T", TEENS), ("Y", TENS), ("T", COMPOUNDS), ("M", TIMES), ("P", PLURALS), ("C", HUNDREDS)),
    ("H", SCALES),
)


def _word_token(word: str, start: int, end: int) -> Token | None:
    for kind, table in _TABLES:
        if word in table:
            return Token(kind, table[word], start, end)
    if word in OF:
        return Token("X", 0, start, end)
    value = german_number(word)
    return Token("T", value, start, end) if value is not None else None


def _glued(word: str, start: int) -> list[Token]:
    """Split "fouroneone" into its words, or return nothing when anything else is in it."""
    tokens, at = [], 0
    while at < len(word):
        found = GLUED.match(word, at)
        token = found and _word_token(found.group(), start + found.start(), start + found.end())
        if not found or not token:
            return []
        tokens.append(token)
        at = found.end()
    return tokens


def _long_word(word: str, start: int) -> list[Token]:
    token = _word_token(word, start, start + len(word))  # a German number in one word
    return [token] if token else _glued(word, start)


def _mixed(word: str, start: int) -> list[Token]:
    """Read a token of letters and digits: "4O12", "4one1", "card4111", but not "21st"."""
    if _LOOKALIKE_ONLY.fullmatch(word):
        return [Token("D", 0, start, start + len(word), word.translate(_LOOKALIKE))]
    parts = list(_PART.finditer(word))
    if len(parts) == 2 and parts[1].group() in ORDINALS:  # noqa: PLR2004 - a number and its ending
        return []
    tokens: list[Token] = []
    for part in parts:
        at, piece = start + part.start(), part.group()
        if piece[0].isdigit():
            tokens.append(Token("D", 0, at, at + len(piece), piece))
        elif piece in NUMBER_WORDS:
            token = _word_token(piece, at, at + len(piece))
            tokens += [token] if token else []
        else:
            tokens += _glued(piece, at)
    return tokens


def _beside_digits(text: str, tokens: list[Token]) -> set[int]:
    """Return which look-alike tokens touch digits, or look-alikes that do, with nothing but separators between."""
    kept: set[int] = set()
    for order, step in ((range(len(tokens)), -1), (range(len(tokens) - 1, -1, -1), 1)):
        for at in order:
            near = at + step
            if tokens[at].kind != "L" or not 0 <= near < len(tokens):
                continue
            left, right = sorted((at, near))
            touching = not ALPHA.search(text, tokens[left].end, tokens[right].start)
            if touching and (tokens[near].kind != "L" or near in kept):
                kept.add(at)
    return kept


def _words_beside(text: str, start: int, end: int, pattern: re.Pattern[str]) -> tuple[str, str]:
    """Return the words before and after the word at `start`..`end`, which tell counts from digits."""
    before = pattern.findall(text, max(0, start - _NEAR), start)
    after = pattern.search(text, end, end + _NEAR)
    return before[-1] if before else "", after.group() if after else ""


def _is_name(text: str, found: re.Match[str]) -> bool:
    """Say whether letters are the name that begins a line: "Bob: 4111"."""
    if not _NAME.match(text, found.end()):
        return False
    line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    return len(line) < _LONGEST_STAMP and not any(char.isalnum() or char == "|" for char in line)


def _candidates(text: str, *, other: bool) -> list[Token]:
    """Return the numbers of a folded text in order, and what could be digits beside some."""
    out: list[Token] = []
    pattern = _TOKEN_OR_BAR if other else _TOKEN
    for found in (pattern if other and "|" in text else _DIGITS_OR_WORDS).finditer(text):
        word, start = found.group(), found.start()
        if word.isdigit():
            new = [Token("D", 0, start, found.end(), word)]
        elif word in NUMBER_WORDS:
            token = _word_token(word, start, found.end())
            new = [token] if token else []
        elif _DIGIT.search(word):
            new = _mixed(word, start)
        elif _LOOKALIKE_ONLY.fullmatch(word) and word not in NO_LOOKALIKES and not _is_name(text, found):
            new = [Token("L", 0, start, found.end(), word.translate(_LOOKALIKE))]
        else:
            new = _long_word(word, start) if len(word) >= _SHORT_GLUED else []
        for token in new:
            if token.kind == "U" or (token.kind == "D" and len(token.digits) <= COUNT_DIGITS):
                token.before, token.after = _words_beside(text, start, found.end(), pattern)
        out += new
    return out


def _tokens(text: str, *, other: bool) -> tuple[list[Token], bool]:
    """Return the numbers of a folded text in order, and whether something beside them may be digits."""
    out = _candidates(text, other=other)
    alike = homophones(text, out)
    if other and alike:
        out = sorted([*out, *alike], key=lambda token: token.start)
    if all(token.kind != "L" for token in out):
        return out, bool(alike) or ("|" in text and _BAR.search(text) is not None)
    kept = _beside_digits(text, out)
    for at in kept if other else ():
        out[at].kind = "D"
    return [token for token in out if token.kind != "L"], bool(alike or kept) or _BAR.search(text) is not None


def _spans(view: View, tokens: list[Token], digits: str) -> tuple[int, int, tuple[tuple[int, int], ...] | None]:
    first, last = tokens[0], tokens[-1]
    start, end = view.span(first.start, last.end)
    if len(tokens) > 1 or first.kind != "D":
        return start, end, ((start, end),) * len(digits)
    if view.spans is None:
        return start, end, None
    return start, end, view.spans[first.start : first.end]


def _written(view: View, text: str, token: Token, last: int, ordinal: int) -> Block:
    """Return the block of a run of written digits; `last` is where the block before it ends."""
    start, gap = token.start, token.start - last
    sep = ordinal > 0 and not (text[last].isalpha() if gap == 1 else ALPHA.search(text, last, start))
    if view.spans is None:
        return Block(token.digits, start, token.end, None, sep, gap, False, ordinal)  # noqa: FBT003
    low, high = view.span(start, token.end)
    return Block(token.digits, low, high, view.spans[start : token.end], sep, gap, False, ordinal)  # noqa: FBT003


def _blocks(view: View, text: str, tokens: list[Token], *, other: bool) -> tuple[list[Block], bool]:
    blocks: list[Block] = []
    ambiguous, at, last = False, 0, 0
    while at < len(tokens):
        if len(tokens[at].digits) > COUNT_DIGITS:
            blocks.append(_written(view, text, tokens[at], last, len(blocks)))
            last, at = tokens[at].end, at + 1
            continue
        digits, used = composed(text, tokens, at, other=other)
        counted = is_count(text, tokens, at)
        ambiguous = ambiguous or counted or (used > 1 and tokens[at].kind in "UYTCH")
        if digits and (other or not counted):
            first, final = tokens[at], tokens[at + used - 1]
            start, end, spans = _spans(view, tokens[at : at + used], digits)
            sep = bool(blocks) and not ALPHA.search(text, last, first.start)
            blocks.append(
                Block(
                    digits,
                    start,
                    end,
                    spans,
                    sep,
                    first.start - last,
                    word=spans is not None and (used > 1 or first.kind != "D"),
                    ordinal=len(blocks),
                )
            )
            last = final.end
        at += used
    return blocks, ambiguous


def _without_allowed(
    text: str, blocks: list[Block], allowed: Sequence[Allowed]
) -> tuple[tuple[Block, ...], frozenset[int]]:
    """Drop the chains that are allowed numbers; return the rest and the ordinals that only count as cards."""
    chains: list[list[Block]] = []
    for block in blocks:
        if block.sep and chains:
            chains[-1].append(block)
        else:
            chains.append([block])
    found = spared(text, [(chain[0].start, chain[-1].end) for chain in chains], allowed)
    kept: list[Block] = []
    tolerated: set[int] = set()
    for index, chain in enumerate(chains):
        if index in found.wholly:
            continue
        if index in found.unless_card:
            tolerated.update(range(len(kept), len(kept) + len(chain)))
        kept += [block._replace(ordinal=len(kept) + i) for i, block in enumerate(chain)]
    return tuple(kept), frozenset(tolerated)


def scan(text: str, reading: Reading, allowed: Sequence[Allowed] = ()) -> Scan:
    """Return the digit blocks of `text` under one reading, without allowed numbers; linear in its length."""
    other = reading in _OTHER
    view = unescaped_view_of(text, seen=not other) if reading in _UNESCAPED else view_of(text)
    clear = without_opaque(view.text)
    if reading not in _UNESCAPED and _MAY_BE_CODED.search(clear):
        clear = _CODED.sub(lambda m: " " * len(m.group()), clear)
    tokens, lookalikes = _tokens(clear, other=other)
    found, ambiguous = _blocks(view, clear, tokens, other=other)
    blocks, tolerated = _without_allowed(text, found, allowed) if allowed and found else (tuple(found), frozenset())
    letters = count_letters(clear) - sum(len(t.digits) or t.end - t.start for t in tokens if t.kind != "D")
    first = tokens[0].start if tokens else len(clear)
    final = tokens[-1].end if tokens else 0
    lead, tail = ALPHA.search(clear, 0, first), ALPHA.search(clear, final)
    ambiguous = ambiguous or lookalikes or (reading is Reading.UNESCAPED and hides(text))
    size = sum(len(block.digits) for block in blocks)
    return Scan(blocks, bool(lead), bool(tail), max(0, letters), ambiguous, view, size, tolerated)
