"""Numbers known to be no card numbers: own account formats and order numbers, by pattern and checksum.

A number with a checksum other than Luhn is let alone by every rule. One that carries Luhn as card numbers do is let
alone only where it is no card number: nobody can tell the two apart, so the card wins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from vault.screen.find.schemes import passes_luhn
from vault.screen.options import Allowed, Check

MAX_CHARS = 64  # of a number with its separators
AFFIX = 8  # letters of a prefix or suffix that belong to a number: "AC-", "NL"

_DIHEDRAL = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_PERMUTED = (
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
)


def passes_mod97(text: str) -> bool:
    """Say whether upper-case letters and digits end in valid check digits (ISO 7064 MOD 97-10; A is 10, Z is 35)."""
    return int("".join(str(int(c, 36)) for c in text)) % 97 == 1


def passes_mod11(text: str) -> bool:
    """Say whether digits end in a valid check character, 0 to 9 or X for ten (ISO 7064 MOD 11-2)."""
    value = 0
    for char in text[:-1]:
        value = (value + int(char)) * 2 % 11
    last = 10 if text[-1] == "X" else int(text[-1])
    return (value + last) % 11 == 1


def passes_verhoeff(digits: str) -> bool:
    """Say whether digits end in a valid check digit by Verhoeff's dihedral scheme."""
    check = 0
    for place, char in enumerate(reversed(digits)):
        check = int(_DIHEDRAL[check][int(_PERMUTED[place % 8][int(char)])])
    return check == 0


def passes(check: Check, number: str) -> bool:
    """Say whether a number of ASCII digits and letters carries the checksum; letters count in MOD 97-10 alone."""
    number = number.upper()
    digits = "".join(c for c in number if c.isdigit())
    if len(digits) < 2 or not number.isascii():  # noqa: PLR2004 - one digit and its check digit
        return False
    if check is Check.LUHN:
        return passes_luhn(digits)
    if check is Check.MOD97:
        return passes_mod97(number)
    if check is Check.VERHOEFF:
        return passes_verhoeff(digits)
    return passes_mod11(digits + "X" if number.endswith("X") else digits)


@dataclass(slots=True)
class Spared:
    """Which of some numbers are let alone: by all rules, or by all but the search for cards."""

    wholly: set[int] = field(default_factory=set)
    unless_card: set[int] = field(default_factory=set)


def _grown(text: str, place: int, step: int) -> int:
    """Return where the letters glued to a number by at most one separator end."""
    at = place
    glued = 0 <= at < len(text) and text[at].isalpha()
    at += 0 if glued else step
    letters = 0
    while 0 <= at < len(text) and text[at].isalpha() and letters <= AFFIX:
        at, letters = at + step, letters + 1
    return at if 0 < letters <= AFFIX else place


def _candidates(text: str, start: int, end: int) -> Iterator[str]:
    """Return the number without separators: bare, and with the letters before, behind and on both sides of it."""
    if end - start > MAX_CHARS:
        return
    starts = {start, _grown(text, start - 1, -1) + 1}
    ends = {end, _grown(text, end, 1)}
    for low, high in product(starts, ends):
        yield "".join(c for c in text[low:high] if c.isalnum())


def spared(text: str, places: Sequence[tuple[int, int]], allowed: Sequence[Allowed]) -> Spared:
    """Return which of the numbers at `places` (start, end) of a text are allowed, by their index."""
    out = Spared()
    for index, (start, end) in enumerate(places):
        for number in set(_candidates(text, start, end)):
            for one in allowed:
                if one.pattern.fullmatch(number) and passes(one.check, number):
                    (out.unless_card if one.check is Check.LUHN else out.wholly).add(index)
    return out
