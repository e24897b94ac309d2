"""Numbers as they are said: "forty one" is 41, "double four" 44, "four ones" 1111, "one moment" no digit at all."""

import re
from dataclasses import dataclass

from vault.screen.find.views import LETTER
from vault.screen.find.words import BASES, COUNTED_AFTER, COUNTED_BEFORE, JOINS, TWENTIES

MAX_TIMES = 8  # "eight ones" is the longest repetition taken for digits
COUNT_DIGITS = 2  # "16 digits"
ALPHA = re.compile(f"[a-z{LETTER}]")
_NO_LETTERS = bytes(c for c in range(256) if not ord("a") <= c <= ord("z"))


def count_letters(folded: str) -> int:
    """Return how many letters a folded text has."""
    plain = folded if folded.isascii() else folded.replace(LETTER, "z")
    return len(plain.encode("ascii", "replace").translate(None, _NO_LETTERS))


@dataclass(slots=True)
class Token:
    """A number before it is composed.

    Kind D is digits, U a unit, T ten to ninety-nine, Y tens, C hundreds, H a scale, M double and its like, X "times",
    P plural, L look-alikes of digits.
    """

    kind: str
    value: int
    start: int
    end: int
    digits: str = ""
    before: str = ""  # the word before and after, to tell counts from digits
    after: str = ""


def _touching(text: str, left: Token, right: Token) -> bool:
    """Say whether only spaces, a hyphen or a joining word stand between two words of one number."""
    between = text[left.end : right.start].strip(" -")
    return right.start - left.end <= 8 and (not between or between in JOINS)  # noqa: PLR2004 - " - and - "


def _repeated(text: str, tokens: list[Token], at: int) -> tuple[str, int] | None:
    """Read "double four" and "four ones"; return the digits and how many tokens were used."""
    token = tokens[at]
    if at + 1 >= len(tokens) or not _touching(text, token, tokens[at + 1]):
        return None
    following = tokens[at + 1]
    if token.kind in "UD" and following.kind == "X" and at + 2 < len(tokens):
        return _times(text, tokens, at)
    if token.kind == "M" and following.kind == "U":
        return str(following.value) * token.value, 2
    if token.kind == "M" and following.kind == "D" and len(following.digits) == 1:
        return following.digits * token.value, 2
    count = int(token.digits) if token.kind == "D" and len(token.digits) == 1 else token.value
    if token.kind in "UTD" and following.kind == "P" and 1 < count <= MAX_TIMES:
        return str(following.value) * count, 2
    return None


def _digit(token: Token) -> str:
    """Return the one digit that a unit or a written digit stands for, or nothing."""
    if token.kind == "U":
        return str(token.value)
    return token.digits if token.kind == "D" and len(token.digits) == 1 else ""


def _times(text: str, tokens: list[Token], at: int) -> tuple[str, int] | None:
    """Read "four times one"."""
    count, what = _digit(tokens[at]), _digit(tokens[at + 2])
    if not count or not what or not _touching(text, tokens[at + 1], tokens[at + 2]):
        return None
    return (what * int(count), 3) if 1 < int(count) <= MAX_TIMES else None


def _tens_and_unit(text: str, tokens: list[Token], at: int, *, other: bool) -> tuple[int, int]:
    """Read "forty one", "quatre vingt dix sept"; return the value and how many tokens were used."""
    value, used = tokens[at].value, 1
    if value == 4 and _follows(text, tokens, at, 1, "Y"):  # noqa: PLR2004 - quatre vingt
        said = text[tokens[at + 1].start : tokens[at + 1].end]
        value, used = (80, 2) if said in TWENTIES else (value, used)
    if tokens[at].kind == "C":
        if _follows(text, tokens, at, used, "UTY"):
            rest, more = _tens_and_unit(text, tokens, at + used, other=other)
            return (value + rest, used + more) if rest < 100 else (value, used)  # noqa: PLR2004
        return value, used
    if tokens[at].kind != "Y" and used == 1:
        return _teen(text, tokens, at)
    last = tokens[at + used - 1]
    if not _follows(text, tokens, at, used, "UT") or (other and not _is_tied(text, last, tokens[at + used])):
        return value, used
    more = tokens[at + used].value
    past = value in (60, 80) and text[last.start : last.end] in BASES  # soixante dix, quatre vingt dix sept
    if past and more == 10:  # noqa: PLR2004
        teen, count = _teen(text, tokens, at + used)
        return value + teen, used + count
    if 0 < more < 10 or (past and 10 < more < 20):  # noqa: PLR2004
        return value + more, used + 1
    return value, used


def _is_tied(text: str, left: Token, right: Token) -> bool:
    """Say whether a hyphen or a joining word makes two words one number beyond doubt."""
    return bool(text[left.end : right.start].strip(" "))


def _teen(text: str, tokens: list[Token], at: int) -> tuple[int, int]:
    """Read French "dix sept", and any other number of one word."""
    value = tokens[at].value
    if value == 10 and text[tokens[at].start : tokens[at].end] == "dix" and _follows(text, tokens, at, 1, "U"):  # noqa: PLR2004
        unit = tokens[at + 1].value
        return (value + unit, 2) if unit in (7, 8, 9) else (value, 1)
    return value, 1


def _follows(text: str, tokens: list[Token], at: int, used: int, kinds: str) -> bool:
    """Say whether a token of one of `kinds` touches the ones used so far."""
    following = at + used
    return (
        following < len(tokens)
        and tokens[following].kind in kinds
        and _touching(text, tokens[following - 1], tokens[following])
    )


def composed(text: str, tokens: list[Token], at: int, *, other: bool, below: int = 4) -> tuple[str, int]:
    """Read one number from token `at`; return its digits ("" for none) and how many tokens were used.

    `other` leaves tens and units apart unless they are tied: "forty one" is then 40 and 1, "forty-one" is 41. Only
    scales of less than `below` zeros are read: a hundred may follow a thousand, nothing else, so the depth is bounded.
    """
    token = tokens[at]
    repeated = _repeated(text, tokens, at)
    if repeated:
        return repeated
    if token.kind == "D":
        return token.digits, 1
    alone = token.kind == "H" and token.value < below and _follows(text, tokens, at, 1, "UTYC")
    if token.kind in "MPX" or (token.kind == "H" and not alone):
        return "", 1
    if alone:  # "cent onze", "mil ciento once"
        value, used = 1, 0
    else:
        value, used = _tens_and_unit(text, tokens, at, other=other)
    digits = str(value)
    if (used == 0 or _follows(text, tokens, at, used, "H")) and tokens[at + used].value < below:
        zeros, used = tokens[at + used].value, used + 1
        rest, more = _rest(text, tokens, at + used, zeros, other=other) if used else ("", 0)
        fits = bool(rest) and len(rest) <= zeros
        digits += rest.rjust(zeros, "0") if fits else "0" * zeros
        used += more if fits else 0
    return digits, used


def _rest(text: str, tokens: list[Token], at: int, zeros: int, *, other: bool) -> tuple[str, int]:
    """Read what follows a hundred or a thousand: "forty one hundred eleven", "one hundred oh five"."""
    if not _follows(text, tokens, at - 1, 1, "UTYC"):
        return "", 0
    if tokens[at].kind == "U" and tokens[at].value == 0:
        if other or not _follows(text, tokens, at, 1, "U"):
            return "", 0
        return f"0{tokens[at + 1].value}", 2
    return composed(text, tokens, at, other=other, below=zeros)


def is_count(text: str, tokens: list[Token], at: int) -> bool:
    """Say whether a small number counts something ("next four please", "one moment") rather than being digits."""
    token = tokens[at]
    if token.kind not in "UD" or len(token.digits) > COUNT_DIGITS:
        return False
    if token.after in COUNTED_AFTER:
        return True
    if token.before not in COUNTED_BEFORE:
        return False
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None or ALPHA.search(text, token.end, following.start):
        return True
    return following.kind == "D" and len(following.digits) > 2  # noqa: PLR2004 - "next 4: 1111"
