"""The allow-list of the settings: numbers of one's own that are no card numbers, each by a pattern and a checksum.

    [[screen.allow]]
    name = "our account numbers"
    pattern = "DE[0-9]{20}"
    check = "mod97"

A pattern that is too wide would let card numbers pass, so every entry is looked at before it counts.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from service.errors import SettingsError
from vault.screen.options import Allowed, Check

LEAST: Final = 6
"""Digits that a pattern must ask for: a shorter number is part of too many others."""

_FIELDS: Final = frozenset({"name", "pattern", "check"})
_NAME: Final = re.compile(r"[^\x00-\x1f]{1,64}")
_LONGEST: Final = 256  # characters of a pattern
_WORDS: Final = 40  # letters in the longest word that is tried
_PROBES: Final = 20


def allowed_of(document: Mapping[str, Any]) -> tuple[Allowed, ...]:
    """Return the allow-list of a settings file.

    Raises:
        SettingsError: an entry is malformed, or would let too much pass; the message names it.

    """
    section = document.get("screen")
    entries = section.get("allow", []) if isinstance(section, dict) else []
    if not isinstance(entries, list):
        raise SettingsError("screen.allow: expected tables [[screen.allow]]")
    return tuple(_entry(f"screen.allow[{number}]", entry) for number, entry in enumerate(entries, 1))


def _entry(where: str, entry: object) -> Allowed:
    if not isinstance(entry, dict) or entry.keys() != _FIELDS or not all(isinstance(v, str) for v in entry.values()):
        raise SettingsError(f"{where}: expected the texts name, pattern and check")
    if _NAME.fullmatch(entry["name"]) is None:
        raise SettingsError(f"{where}.name: expected 1 to 64 characters")
    try:
        check = Check(entry["check"])
    except ValueError as exc:
        raise SettingsError(f"{where}.check: expected one of {', '.join(Check)}") from exc
    return Allowed(entry["name"], _pattern(f"{where}.pattern", entry["pattern"], check), check)


def _pattern(where: str, text: str, check: Check) -> re.Pattern[str]:
    """Return the pattern, compiled; it is matched against whole numbers only."""
    if len(text) > _LONGEST:
        raise SettingsError(f"{where}: expected at most {_LONGEST} characters")
    try:
        pattern = re.compile(f"(?:{text})", re.ASCII)
    except (re.error, OverflowError, RecursionError) as exc:
        raise SettingsError(f"{where}: expected a regular expression: {exc}") from exc
    if any(pattern.fullmatch(probe) for probe in _short()):
        raise SettingsError(f"{where}: expected a pattern that asks for at least {LEAST} digits, got one that does not")
    if check is not Check.LUHN and any(all(map(pattern.fullmatch, probes)) for probes in _cards()):
        raise SettingsError(f"{where}: expected a pattern of numbers of your own, got one that card numbers match too")
    return pattern


def _short() -> Iterator[str]:
    """Yield numbers of too few digits: all of them, bare and after letters, and words without any."""
    yield ""
    for count in range(1, LEAST):
        for number in range(10**count):
            yield f"{number:0{count}}"
    for letters in range(1, _WORDS):
        for letter in "AZ":
            yield letter * letters
            yield f"{letter * letters}{'7' * (LEAST - 1)}"


def _cards() -> Iterator[list[str]]:
    """Yield, for each length and first digit of card numbers, numbers of many kinds."""
    digits = "".join(str(byte % 10) for byte in hashlib.shake_256(b"probes").digest(_PROBES * 19))
    for length, first in product(range(13, 20), "23456"):
        yield [f"{first}{digits[i * 19 : i * 19 + length - 1]}" for i in range(_PROBES)]
