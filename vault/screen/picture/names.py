"""What labels of a payment form are called, also where the recogniser misread some letters of them. Pure."""

import re
from functools import lru_cache
from typing import Final

from vault.screen.find.views import view_of
from vault.screen.find.words import CODE_TALK, EXPIRY_TALK, NUMBER_TALK, OTHER_TALK

_SHORT: Final = ("cvv", "cvc", "cvv2", "cvc2", "cid", "csc")
_LIKE_SHORT: Final = range(2, 6)  # letters
_NOT_SHORT: Final = re.compile(  # words of a letter more, less or other
    r"a(?:c|v)?id|bid|c(?:ad|c|d|ia|iv|m|od|s|si|sr|sv|vs)|did|hid|id|kid|lid|mid|pvc|rid|sc|sid|vc"
)
_CODE: Final = (
    "securitycode", "cardverification", "verificationvalue", "verificationcode", "prufziffer", "pruefziffer",
    "kartenprufnummer", "kartenpruefnummer", "sicherheitscode", "codigodeseguridad", "cryptogramme", "codedesecurite",
)  # fmt: skip
_EXPIRY: Final = (
    "expiry", "expires", "expirydate", "expiration", "validthru", "validuntil", "goodthru", "gultigbis", "gueltigbis",
    "ablaufdatum", "verfallsdatum", "caducidad", "vencimiento", "validahasta", "expirealafin", "finvalidite",
)  # fmt: skip
_CARD: Final = (
    "cardnumber", "creditcard", "kartennummer", "kreditkarte", "numerodetarjeta", "numerodecarte", "cartebancaire",
)  # fmt: skip
_LONG: Final = 9  # letters from which two may be wrong; one in shorter ones
_CARD_WORD: Final = re.compile(r"\bcard\b|tarjeta|\bcarte\b|\bpan\b")
_OTHER: Final = re.compile(
    OTHER_TALK.pattern + r"|amount|\btotal|sum\b|balance|betrag|summe|saldo|menge|anzahl|q(?:uanti)?ty|importe|cantidad"
    r"|montant|quantite|solde|\bplz\b|\bcode postal|\bhouse\b|hausnummer|extension|\bext\b|\bdurchwahl|\bage\b|\byear"
    r"|\bjahr|\bref\b|\bpage|\bseite|\bpoints?\b|reference|customer (?:no|number)|employee|agent|\bqueue"
)


@lru_cache(maxsize=4096)
def is_code(text: str, *, short: bool = True) -> bool:
    """Say whether a label names a security code; `short` also takes abbreviations of which one letter is wrong."""
    folded = view_of(text).text
    if CODE_TALK.search(folded) or _comes_close(folded, _CODE):
        return True
    words = {w for w in re.findall(r"[a-z]+2?", folded) if not _NOT_SHORT.fullmatch(w) and len(w) in _LIKE_SHORT}
    return short and any(_off(name, word, whole=True) <= 1 for name in _SHORT for word in words)


@lru_cache(maxsize=4096)
def is_expiry(text: str) -> bool:
    """Say whether a label names an expiry date."""
    folded = view_of(text).text
    near = any(_off(word, letters, whole=True) <= 2 for word in ("expiry", "expires")  # noqa: PLR2004
               for letters in re.findall(r"\be\w{4,7}", folded))  # fmt: skip
    return near or EXPIRY_TALK.search(folded) is not None or _comes_close(folded, _EXPIRY)


@lru_cache(maxsize=4096)
def is_card(text: str) -> bool:
    """Say whether a label names a card's number."""
    folded = view_of(text).text
    return NUMBER_TALK.search(folded) is not None or _comes_close(folded, _CARD)


def mentions_card(text: str) -> bool:
    """Say whether a text holds a word for a card."""
    return _CARD_WORD.search(view_of(text).text) is not None or is_card(text)


def is_other(text: str) -> bool:
    """Say whether a label names a number that is none of a card's."""
    return _OTHER.search(view_of(text).text) is not None


def _comes_close(folded: str, words: tuple[str, ...]) -> bool:
    letters = re.sub(r"[^a-z]", "", folded)
    return any(_off(word, letters) <= (2 if len(word) >= _LONG else 1) for word in words)


def _off(word: str, text: str, *, whole: bool = False) -> int:
    """Return by how many letters `word` differs from the stretch of `text` closest to it, or from the whole."""
    row = list(range(len(word) + 1))
    least = row[-1]
    for at, letter in enumerate(text, 1):
        above, row[0] = row[0], at if whole else 0
        for k, mine in enumerate(word, 1):
            above, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, above + (mine != letter))
        least = min(least, row[-1])
    return row[-1] if whole else least
