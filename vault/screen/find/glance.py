"""A glance at a text: how many digits it could give at most. Most messages need no closer look.

Never too low. Counts are by bytes and by two regular expressions, because this runs over every message.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from vault.screen.find.views import has_escapes, view_of
from vault.screen.find.words import GLUED_PARTS, HOMOPHONES, NUMBER_WORDS, OF, PLURALS, TIMES

UNKNOWN: Final = 1_000_000  # digits of a text that must be read closely
_PER_WORD, _PER_MULTIPLE = 4, 8  # digits that a number word stands for: "thousand", "eights"
_LETTERS_A_WORD = 8

_MARKS = b"%&<\\=|"  # what begins an escape, and the bar that may be a one
_OTHERS = bytes(c for c in range(256) if c not in b"0123456789" + _MARKS)


def _tree(words: Iterable[str]) -> str:
    """Return a pattern that matches any of `words`, branching letter by letter: many times faster than a list."""
    branches: dict[str, list[str]] = {}
    ends = False
    for word in words:
        if word:
            branches.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    parts = [letter + _tree(rest) for letter, rest in sorted(branches.items())]
    if not parts:
        return ""
    body = f"(?:{'|'.join(parts)})" if len(parts) > 1 or ends else parts[0]
    return f"{body}?" if ends else body


WORD_TREE: Final = _tree({*NUMBER_WORDS, *GLUED_PARTS})
_WORDS = re.compile(f"(?<![a-z])(?:{WORD_TREE})+(?![a-z])")
_DIGIT = re.compile("[0-9]")
_MULTIPLES = frozenset({*OF, *PLURALS, *TIMES})
_ALONE = GLUED_PARTS - NUMBER_WORDS  # "ein" and "und" are parts of numbers, and no numbers
# A letter that looks like a digit, and a digit, with nothing but separators between; not a word like "is".
_WORDLIKE = r"(?:is|so|si|il|ill|lo|los|sol|lol|sos|bis|lis|sis|bill|oil|boil|soil|silo|solo|boss|loss|bliss)(?![a-z])"
_LOOKALIKE = re.compile(
    rf"[0-9|][^a-z0-9]*(?!{_WORDLIKE})[olisb|]+(?![a-z])|(?<![a-z])(?!{_WORDLIKE})[olisb|]+[^a-z0-9]*[0-9|]"
)
_LONE = re.compile(rf"(?<![a-z0-9])(?!{_WORDLIKE})[olisb]+(?![a-z0-9])")
_ALIKE = re.compile(rf"(?<![a-z0-9])(?:{_tree(HOMOPHONES)})(?![a-z0-9])")
_ONE = rf"(?:{_tree(HOMOPHONES)})"
# As many words heard like digits, and no others between, as a card number has.
_ALIKE_ON_END = re.compile(rf"(?<![a-z0-9]){_ONE}(?:[^a-z0-9]{{1,8}}{_ONE}(?![a-z])){{12}}")
_SHORTEST_ON_END = 37  # characters: thirteen words of two letters, and what is between
# Some letters of every announcement of a security code (vault.screen.find.words.CODE_TALK).
_CODE_HINT = re.compile(
    r"digit|c(?:v[ -]?[nvcx]|sc|vn|id|vd|av|cv|sv|ard ?(?:ver|val|id)|od[ei]|rypto)|secur|secret|verif"
    r"|valid|on the|from the|at the|signature|pru|sicher|kartenp|hinten|seite|atras"
    r"|detras|reverso|dorso|chiffres|pictog"
)


_CODE_WORD = re.compile("back|reverse|strip|front|rear|flip")  # of an announcement that has a segment for every word
_LONGEST_WORD = 32

_EXPIRY_HINT = re.compile(
    r"exp|valid|good|mm|caduc|vencim|gultig|gueltig|ablauf|verfall|month|mes|monat|mois|year|yy|jahr|annee"
)


class _Text(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def hint(self) -> str: ...


def _most(text: str, folded: str) -> int:
    kept = folded.encode().translate(None, _OTHERS)
    if kept and not kept.isdigit():
        if has_escapes(text) or b"|" in kept:
            return UNKNOWN
        kept = kept.translate(None, _MARKS)
    most = len(kept)
    if kept and _LOOKALIKE.search(folded):
        return UNKNOWN
    words = _WORDS.findall(folded)
    for word in words:
        if word in _MULTIPLES:
            most += _PER_MULTIPLE
        elif word not in _ALONE:
            most += _PER_WORD * (1 + len(word) // _LETTERS_A_WORD)
    if words or (
        len(folded) >= _SHORTEST_ON_END and _ALIKE_ON_END.search(folded)
    ):  # beside which a look-alike is a digit too, and what is heard like one
        most += sum(map(len, _LONE.findall(folded))) + len(_ALIKE.findall(folded))
    return most


def capacity(text: str) -> int:
    """Return how many digits `text` could give at most, UNKNOWN if that takes a closer look."""
    if text.isascii():
        return _most(text, text.lower())
    if "\u202e" in text:
        return UNKNOWN
    return _most(text, view_of(text).text)


def may_give_digits(text: str) -> bool:
    """Say whether `text` could give any digit; never wrongly no."""
    return (text.isascii() and _DIGIT.search(text) is not None) or capacity(text) > 0


def may_announce_code(folded: str) -> bool:
    """Say whether a folded text could announce a card's security code; never wrongly no."""
    return _CODE_HINT.search(folded) is not None


def may_announce_digits(name: str) -> bool:
    """Say whether a field's name could announce a security code or an expiry date; never wrongly no."""
    words = name.replace("_", " ").replace("-", " ").lower()
    return may_announce_code(words) or _EXPIRY_HINT.search(words) is not None


def is_harmless(segments: Sequence[_Text], least: int) -> bool:
    """Say whether all segments together cannot give `least` digits, and none speaks of a security code."""
    most = 0
    for segment in segments:
        text = segment.text
        folded = text.lower() if text.isascii() else view_of(text).text
        most += capacity(text)
        short = len(text) <= _LONGEST_WORD and _CODE_WORD.search(folded)
        if (
            most >= least
            or short
            or may_announce_code(folded)
            or (segment.hint and may_announce_code(segment.hint.lower()))
        ):
            return False
    return True
