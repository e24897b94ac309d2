"""Who issues which card numbers: issuer ranges as data, and the Luhn check.

Ranges follow the schemes' public announcements of their issuer identification numbers (ISO/IEC 7812-1). Where sources
differ the wider range stands: a number cut in vain is the smaller harm. Numbers of 13 to 19 digits only; a number
must have the length its scheme issues and pass Luhn, save where the table says that the scheme issues others too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

MIN_DIGITS = 13
MAX_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Issuer:
    """One range of issuer numbers: the first six digits lie in `low`..`high`."""

    scheme: str
    low: int
    high: int
    lengths: tuple[int, ...]
    luhn: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """A number of a known issuer; `checked` is False when it fails Luhn and its scheme allows that."""

    scheme: str
    checked: bool


_ANY = tuple(range(MIN_DIGITS, MAX_DIGITS + 1))
_LONG = (16, 17, 18, 19)

# scheme, prefixes ("a" or "a-b", any number of digits up to six), lengths, Luhn required. The first match names the
# scheme, so the narrow national ranges stand before the wide ones that contain them.
_TABLE: tuple[tuple[str, str, tuple[int, ...], bool], ...] = (
    ("Elo", "401178-401179 431274 438935 451416 457393 457631-457632 504175 506699-506778", (16,), True),
    ("Elo", "509000-509999 627780 636297 636368 650031-650033 650035-650051 650405-650439", (16,), True),
    ("Elo", "650485-650538 650541-650598 650700-650718 650720-650727 650901-650978", (16,), True),
    ("Elo", "651652-651679 655000-655019 655021-655058", (16,), True),
    ("Verve", "506099-506198 507865-507964 650002-650027", (16, 18, 19), True),
    ("Hipercard", "384100 384140 384160 606282 637095 637568 637599 637609 637612", (16, 19), True),
    ("Dankort", "4571 5019", (16,), True),
    ("Naranja", "589562", (16,), True),
    ("UzCard", "5614 8600", (16,), True),
    ("Humo", "9860", (16,), True),
    ("Belkart", "9112", (16,), True),
    ("Troy", "9792", (16,), True),
    ("Mir", "2200-2204", _LONG, True),
    ("Mastercard", "51-55 2221-2720", (16,), True),
    ("Visa", "4", (13, 16, 18, 19), True),
    ("American Express", "34 37", (15,), True),
    ("Diners Club", "300-305 3095 36 38-39", (14, 15, 16, 17, 18, 19), True),
    ("RuPay", "508 6521-6522", (16,), True),
    ("JCB", "3528-3589", _LONG, True),
    ("JCB", "1800 2131", (15,), True),
    ("UnionPay", "62 81", _LONG, False),
    ("Discover", "6011 644-649 65", _LONG, True),
    ("RuPay", "60 82", (16,), True),
    ("InterPayment", "636", _LONG, True),
    ("InstaPayment", "637-639", (16,), True),
    ("Maestro", "500-509 56-58 60 6304 6390 67", _ANY, True),
)


def _issuers() -> Iterator[Issuer]:
    for scheme, prefixes, lengths, luhn in _TABLE:
        for prefix in prefixes.split():
            low, _, high = prefix.partition("-")
            yield Issuer(scheme, int(low.ljust(6, "0")), int((high or low).ljust(6, "9")), lengths, luhn)


ISSUERS: tuple[Issuer, ...] = tuple(_issuers())


def _by_first_two() -> dict[str, tuple[Issuer, ...]]:
    table: dict[str, tuple[Issuer, ...]] = {}
    for two in range(100):
        found = tuple(i for i in ISSUERS if i.low // 10000 <= two <= i.high // 10000)
        if found:
            table[f"{two:02}"] = found
    return table


_BY_FIRST_TWO = _by_first_two()
_START = re.compile(f"(?=(?:{'|'.join(sorted(_BY_FIRST_TWO))}))")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED_VALUES = bytes.maketrans(b"0123456789", bytes(_DOUBLED))


def passes_luhn(digits: str) -> bool:
    """Say whether ASCII `digits` pass the Luhn check (ISO/IEC 7812-1 annex B)."""
    values = [ord(c) - 48 for c in digits]
    return (sum(values[-1::-2]) + sum(_DOUBLED[v] for v in values[-2::-2])) % 10 == 0


UATP = "UATP"
UATP_DIGITS = 15


def is_uatp(digits: str) -> bool:
    """Say whether digits are the number of an air travel card, UATP's or AirPlus'.

    Every tenth number of 15 digits that begins with a 1 is one, so it is in no table above: it counts only where it
    looks like a card, or somebody speaks of one.
    """
    return len(digits) == UATP_DIGITS and digits[0] == "1" and passes_luhn(digits)


# Lengths that count inside a longer run: what is on the cards people carry. Others would match by chance too often.
_INNER_LENGTHS = {"American Express": (15,), "Diners Club": (14,), "UnionPay": (16, 19)}
_INNER_USUAL = (16,)


def is_usual(scheme: str, size: int) -> bool:
    """Say whether the cards people carry of a scheme have so many digits."""
    return size in _INNER_LENGTHS.get(scheme, _INNER_USUAL)


def may_start(two: str) -> bool:
    """Say whether some card number starts with these two digits."""
    return two in _BY_FIRST_TWO


def match(digits: str) -> Match | None:
    """Return the scheme that issues `digits` as a whole number, or None."""
    size, best = len(digits), None
    if not MIN_DIGITS <= size <= MAX_DIGITS:
        return None
    first = int(digits[:6])
    for issuer in _BY_FIRST_TWO.get(digits[:2], ()):
        if issuer.low <= first <= issuer.high and size in issuer.lengths:
            if passes_luhn(digits):
                return Match(issuer.scheme, checked=True)
            if not issuer.luhn:
                best = Match(issuer.scheme, checked=False)
    return best


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Return the sums of the first k digits, with those in even places doubled, and with those in odd places."""
    values = digits.encode().translate(_VALUES)
    doubled = digits.encode().translate(_DOUBLED_VALUES)
    even, odd = bytearray(doubled), bytearray(values)
    even[1::2], odd[1::2] = values[1::2], doubled[1::2]
    return [0, *accumulate(even)], [0, *accumulate(odd)]


def aligned(parts: Sequence[str]) -> Iterator[tuple[int, int, Match]]:
    """Yield (first, end, match) of every card number that is whole parts on end."""
    digits = "".join(parts)
    starts = list(accumulate(map(len, parts), initial=0))
    index = {start: at for at, start in enumerate(starts)}
    for start, size, found in windows(digits, starts):
        last = index.get(start + size)
        if last is not None:
            yield index[start], last, found


def windows(digits: str, starts: Iterable[int] | None = None) -> Iterator[tuple[int, int, Match]]:
    """Yield (start, length, match) of every card number inside a run of `digits`; linear in its length.

    With `starts`, in order, only of those that start there.
    """
    if len(digits) < MIN_DIGITS:
        return
    at = starts if starts is not None else [found.start() for found in _START.finditer(digits)]
    tried = [start for start in at if digits[start : start + 2] in _BY_FIRST_TWO and start <= len(digits) - MIN_DIGITS]
    if not tried:
        return
    sums = _luhn_sums(digits)
    for start in tried:
        first = int(digits[start : start + 6])
        seen: set[int] = set()
        for issuer in _BY_FIRST_TWO[digits[start : start + 2]]:
            if not issuer.low <= first <= issuer.high:
                continue
            for size in issuer.lengths:
                end = start + size
                if end > len(digits) or size in seen:
                    continue
                total = sums[end % 2]
                checked = (total[end] - total[start]) % 10 == 0
                if checked or not issuer.luhn:
                    seen.add(size)
                    yield start, size, Match(issuer.scheme, checked)
