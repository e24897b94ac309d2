"""Bring what identifies a person to one spelling, the same for storing and for searching.

A search finds a caller only if both sides normalise alike, so these functions are pure and their answers are part of
the catalog's format: changing one means indexing anew. Phone numbers follow ITU-T E.164 by way of the libphonenumber
metadata.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers

INTERNAL_PREFIX = "x:"  # marks digits that are no public number; no E.164 number begins so
_INTERNAL = re.compile(re.escape(INTERNAL_PREFIX) + "[0-9]+")
_MAX_INPUT = 128  # characters of a number as written, with a URI's parameters
_LAST = 4
_SCHEME = re.compile(r"(?:tel|sips?|callto):", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:;|,|#|\s*(?:ext|extn|extension|x)\.?\s*:?\s*\d).*", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=65_536)
def e164(number: str, default_region: str) -> str | None:
    """Return a number as "+" and digits, whatever its spelling; None if it holds no digits.

    Spaces, punctuation, full-width digits, tel: and sip: URIs, a leading 00 and trunk prefixes are understood, and an
    extension is dropped. `default_region` (ISO 3166, such as "US") completes national numbers. Digits that are no
    public number there (extensions, short codes) come back as INTERNAL_PREFIX and the digits.
    """
    if _INTERNAL.fullmatch(number):
        return number
    text = _bare(number)
    context = re.search(r";phone-context=(\+[\d.() -]+)", text)  # RFC 3966: the prefix of a local number
    text = _EXTENSION.sub("", text)
    if context and not text.startswith("+"):
        text = context.group(1) + text
    digits = _digits(text)
    if not digits:
        return None
    for region_text in _readings(digits, is_international=text.startswith("+")):
        try:
            parsed = phonenumbers.parse(region_text, default_region.upper())
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed) and len(digits) > 6:  # noqa: PLR2004 - short codes are below
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return INTERNAL_PREFIX + digits


def _readings(digits: str, *, is_international: bool) -> tuple[str, ...]:
    if is_international:
        return ("+" + digits,)
    return ("+" + digits[2:], digits) if digits.startswith("00") else (digits,)


def _bare(number: str) -> str:
    """Return a number without the dress of a URI, and without our own mark, so that normalising twice is harmless."""
    text = unicodedata.normalize("NFKC", number[:_MAX_INPUT]).strip().removeprefix(INTERNAL_PREFIX)
    return unquote(_SCHEME.sub("", text, count=1)).partition("@")[0]


def _digits(text: str) -> str:
    if text.isascii():
        return "".join(filter(str.isdecimal, text))
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())


def last4(number: str) -> str | None:
    """Return the last four digits of a number in any spelling, extension dropped; None if it has fewer."""
    digits = _digits(_EXTENSION.sub("", _bare(number)))
    return digits[-_LAST:] if len(digits) >= _LAST else None


def email(addr: str) -> str | None:
    """Return an e-mail address in NFC and lower case, without surrounding space or mailto:; None if it is blank."""
    text = unicodedata.normalize("NFC", addr).strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    return _folded(text)


def account(text: str) -> str | None:
    """Return an account number in NFC and lower case, runs of space made one; None if it is blank."""
    return _folded(" ".join(text.split()))


def _folded(text: str) -> str | None:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower()).strip() or None
