"""What is demonstrably no card number: full timestamps, clock times, UUIDs, IBANs. It is looked through, not at.

Each rule asks for the whole syntax (and for an IBAN its country's length and check digits, ISO 13616); what only
resembles one is scanned like any text. None of these can begin like a card number: years are 1900 to 2099, and a UUID
whose own digits hold a card number is not spared.
"""

import re

from vault.screen.find.schemes import is_usual, windows

_DATE = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-6][0-9](?:[.,][0-9]{1,9})?)?"
_STAMP = re.compile(
    rf"(?<![0-9a-z.:/_-])(?:{_DATE}(?:[t ]{_CLOCK}(?: ?(?:z|[+-][0-9]{{2}}:?[0-9]{{2}}))?)?|{_CLOCK}(?: ?[ap]m)?)"
    r"(?![0-9a-z]|[:/_-][0-9]|[.,][0-9])"
)
# What begins a line of a chat's export: "[12/05/2024, 10:02:01] Maria", "10/11/24, 9:05 AM - Maria".
_DAY_MONTH = r"(?:0?[1-9]|[12][0-9]|3[01])"
_LINE_STAMP = re.compile(
    rf"^[^\w\n]{{0,3}}{_DAY_MONTH}([./-]){_DAY_MONTH}\1(?:(?:19|20)[0-9]{{2}}|[0-9]{{2}}),?\s(?:at )?"
    r"(?:[01]?[0-9]|2[0-3])[:.][0-5][0-9](?:[:.][0-5][0-9])?(?:\s?[ap]\.?\s?m\.?)?"
    r"(?=\]\s?[^\W\d]|\]\s?[~+]|\s-\s[^\W\d]|\s-\s[~+])",
    re.MULTILINE,
)
_COMPACT = re.compile(
    r"(?<![0-9a-z])(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])t[0-2][0-9][0-5][0-9][0-6][0-9]"
    r"(?:\.[0-9]{1,9})?z(?![0-9a-z])"
)
_UUID = re.compile(r"(?<![0-9a-z-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z-])")
_PROPER_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_UUID_GROUPS = (0, 8, 12, 16, 20)  # where they begin, without the hyphens
_DIGITS = re.compile("[0-9]+")
_HEX = re.compile(r"(?<![0-9a-z])(?=[0-9a-f]*[a-f])(?![0-9a-f]*[0-9]{14})[0-9a-f]{24,128}(?![0-9a-z])")
_LONG = re.compile(r"[0-9a-f]{24}|[0-9]t[0-9]{6}")
_HEX_LETTERS = 4  # different ones, in what is a hash and not digits with a letter between
_IBAN_START = re.compile(r"(?<![0-9a-z])[a-z]{2}[0-9]{2}(?=[ -]?[0-9a-z])")

# ISO 13616 registry: length of an IBAN by country.
_IBAN_LENGTHS = {
    **dict.fromkeys(("no",), 15),
    **dict.fromkeys(("be",), 16),
    **dict.fromkeys(("dk", "fo", "fi", "gl", "nl", "fk", "sd"), 18),
    **dict.fromkeys(("mk", "si"), 19),
    **dict.fromkeys(("at", "ba", "ee", "kz", "lt", "lu", "xk", "mn"), 20),
    **dict.fromkeys(("hr", "lv", "li", "ch"), 21),
    **dict.fromkeys(("bh", "bg", "cr", "de", "ge", "ie", "me", "rs", "gb", "va"), 22),
    **dict.fromkeys(("gi", "il", "ae", "tl", "iq", "om", "so"), 23),
    **dict.fromkeys(("ad", "cz", "md", "pk", "ro", "sa", "sk", "es", "se", "tn", "vg"), 24),
    **dict.fromkeys(("pt", "st", "ly"), 25),
    **dict.fromkeys(("is", "tr"), 26),
    **dict.fromkeys(("fr", "gr", "it", "mr", "mc", "sm", "bi", "dj"), 27),
    **dict.fromkeys(("al", "az", "cy", "do", "gt", "hu", "lb", "pl", "sv", "by", "ni"), 28),
    **dict.fromkeys(("br", "eg", "ps", "qa", "ua"), 29),
    **dict.fromkeys(("jo", "kw", "mu", "ye"), 30),
    **dict.fromkeys(("mt", "sc"), 31),
    **dict.fromkeys(("lc",), 32),
    **dict.fromkeys(("ru",), 33),
}


def _blank(found: re.Match[str]) -> str:
    return " " * (found.end() - found.start())


def _blank_uuid(found: re.Match[str]) -> str:
    """Blank a UUID whose digits hold no card number; in one of RFC 9562's form, none where a group begins."""
    uuid = found.group()
    proper = _PROPER_UUID.fullmatch(uuid) is not None
    for part in _DIGITS.finditer(uuid.replace("-", "")):
        for start, size, hit in windows(part.group()):
            begins = start == 0 or part.start() + start in _UUID_GROUPS
            if hit.checked and is_usual(hit.scheme, size) and (begins or not proper):
                return uuid
    return _blank(found)


def _blank_hash(found: re.Match[str]) -> str:
    letters = set(found.group()) - set("0123456789")
    return _blank(found) if len(letters) >= _HEX_LETTERS else found.group()


def _iban_end(text: str, start: int) -> int | None:
    """Return where the IBAN that starts here ends, or None when there is none."""
    size = _IBAN_LENGTHS.get(text[start : start + 2])
    if size is None:
        return None
    at, taken = start, ""
    while at < len(text) and len(taken) < size:
        char = text[at]
        if char.isascii() and char.isalnum():
            taken += char
        elif char not in " -" or not text[at - 1].isalnum():
            return None
        at += 1
    if len(taken) < size or text[at : at + 1].isalnum():
        return None
    numeric = "".join(str(int(c, 36)) for c in taken[4:] + taken[:4])
    return at if int(numeric) % 97 == 1 else None


def without_opaque(text: str) -> str:
    """Return folded `text`, same length, with everything that is demonstrably no card number blanked."""
    if ":" in text or "-" in text:
        text = _LINE_STAMP.sub(_blank, text)
        text = _STAMP.sub(_blank, text)
        text = _UUID.sub(_blank_uuid, text)
    if _LONG.search(text):
        text = _COMPACT.sub(_blank, text)
        text = _HEX.sub(_blank_hash, text)
    if not _IBAN_START.search(text):
        return text
    pieces, done = [], 0
    for found in _IBAN_START.finditer(text):
        end = _iban_end(text, found.start()) if found.start() >= done else None
        if end is not None:
            pieces += [text[done : found.start()], " " * (end - found.start())]
            done = end
    return "".join([*pieces, text[done:]])


_RUN = re.compile(r"[0-9]{13}")


def is_id_or_stamp(text: str) -> bool:
    """Say whether `text` as a whole is a timestamp, or a UUID without so many digits on end as a card number has."""
    folded = text.lower()
    if _STAMP.fullmatch(folded):
        return True
    return _UUID.fullmatch(folded) is not None and not _RUN.search(folded.replace("-", ""))
