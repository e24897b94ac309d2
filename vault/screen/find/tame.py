"""Digits that tell what they are by how they are written: dates, amounts of money, and numbers with a known structure.

Unlike what vault.screen.find.opaque looks through, these could be dressed up to hide a card number: they count as
digits near talk of cards, and wherever they are grouped as cards are.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from vault.screen.find.digits import Block
from vault.screen.find.schemes import passes_luhn

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12][0-9]|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:(?:19|20)[0-9]{2}|[0-9]{2})"
_ALONE, _END = r"(?<![0-9])(?<![0-9][./,-])", r"(?![./,-]?[0-9])"
_DATE = rf"(?:{_DAY}([./-]){_MONTH}\1|{_MONTH}([./-]){_DAY}\2){_YEAR}"
_MONEY = r"(?:[$\u20ac\u00a3\u00a5]|\b(?:eur|usd|gbp|chf|euros?|dollars?|pounds?))"
_SUM = r"(?:[0-9]{1,3}(?:[.,' ][0-9]{3}){1,3}(?:[.,][0-9]{2})?|[0-9]{1,9}[.,][0-9]{2})"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# An IPv4 address; one with two numbers of three digits, as parts of a card have none.
_ADDRESS = rf"(?=[0-9.]{{0,8}}[0-9]{{3}}[0-9.]{{0,8}}\.[0-9]{{3}}){_OCTET}(?:\.{_OCTET}){{3}}"
_ADDRESSES = re.compile(f"{_ALONE}{_ADDRESS}{_END}")
_TAME = re.compile(rf"{_ALONE}{_DATE}{_END}|{_MONEY} ?{_SUM}{_END}|{_ALONE}{_SUM}(?= ?(?:{_MONEY}))", re.IGNORECASE)
_TAME_BLOCKS = 6  # the most blocks in one date or amount
_HINT = re.compile(r"[0-9][./,-][0-9]")


def tame_spans(text: str, *, addresses: bool = True) -> list[tuple[int, int]]:
    """Return where a text holds dates of day, month and year, amounts of money with their currency, IP addresses."""
    if not _HINT.search(text):
        return []
    found = [*_TAME.finditer(text), *(_ADDRESSES.finditer(text) if addresses else ())]
    return [one.span() for one in found]


def tame_blocks(text: str, blocks: Sequence[Block], *, addresses: bool = True) -> frozenset[int]:
    """Return the ordinals of the blocks in dates and amounts of money, and in IP addresses if they are asked for."""
    spans = tame_spans(text, addresses=addresses) if blocks else []
    out: set[int] = set()
    for low, high in spans:
        first = bisect_left(blocks, low, key=lambda b: b.start)
        out.update(b.ordinal for b in blocks[first : first + _TAME_BLOCKS] if low <= b.start and b.end <= high)
    return frozenset(out)


def passes_gs1(digits: str) -> bool:
    """Say whether digits end in GS1's check digit (GTIN, SSCC, and the parcel numbers of several posts)."""
    values = [ord(c) - 48 for c in reversed(digits)]
    return (sum(values[::2]) + 3 * sum(values[1::2])) % 10 == 0


_GTIN, _IMEI, _SSCC = 13, 15, 20
_ICCID, _PARCEL = (19, 20), (20, 22)
_IMEI_ISSUERS = ("01", "35", "86", "99")  # the reporting bodies that still issue, GSMA TS.06


def is_other_number(digits: str) -> bool:
    """Say whether an unbroken run is by prefix, length and check digit a number of another kind.

    A GTIN (EAN-13), an SSCC-18 behind 00, a parcel number of USPS, an IMEI, an ICCID (ITU-T E.118).
    """
    size = len(digits)
    if size == _IMEI:
        return digits.startswith(_IMEI_ISSUERS) and passes_luhn(digits)
    if size in _ICCID and digits.startswith("89"):
        return passes_luhn(digits)
    parcel = size in _PARCEL and "91" <= digits[:2] <= "95"
    pallet = size == _SSCC and digits.startswith("00")
    return (size == _GTIN or parcel or pallet) and passes_gs1(digits)


OTHER_NUMBER = re.compile(
    r"(?:\bimei|\btrack(?:ing)?|\bparcel|\bshipment|\border|\bticket|\bserial|\bref(?:erence)?|\binvoice|\biccid|\bsim|\bjjd|\bjvgl"
    r"|\bean|\bisbn|\bgtin|\barti(?:cle|kel)|\brechnung\w*|\bsendung\w*|\bbestell\w*|\bpaket\w*|\bpedido|\bseguimiento|\bfactura|\bcommande|\bcolis|\bsuivi|\bfacture)"
    r"[^0-9]{0,16}$|\b1z[a-z0-9]{0,8}$"
)
"""What names, right before it, a number of another kind."""
REACH_BACK = 40  # characters before a number in which its name stands
