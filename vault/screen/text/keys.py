"""Key presses as the events of browsers tell them: by code, by the key's place, or by what it types."""

import re
from collections.abc import Iterable, Mapping

# What browsers call the pressed key's code; that of 0 to 9 is behind the first, of either keypad.
_CODES = frozenset({"keycode", "key_code", "which", "charcode"})
_UNICODES = frozenset({"unicode", "keyidentifier", "codepoint", "char"})
_FIRST = (48, 96)
_BACKSPACE = "8"
_PLACE = re.compile(r"(?:Digit|Numpad)([0-9])")
_DIGIT = re.compile(r"[0-9]{1,3}")
_UNICODE = re.compile(r"[Uu]\+00(3[0-9])")  # what browsers of old tell: U+0034 is 4
_ERASES = re.compile(r"Backspace|BackSpace|U\+0008")
ERASED = "\b"
_EVENT = re.compile(r"(?:on)?key[ _-]?(?:down|up|press)", re.IGNORECASE)


def pressed(name: str, value: str) -> str | None:
    """Return the digit that the field `name` of an event says was pressed, ERASED for the key that takes one back.

    None, if it tells neither.
    """
    name = name.lower()
    if name in _CODES and value == _BACKSPACE:
        return ERASED
    if name in _CODES and _DIGIT.fullmatch(value):
        return next((str(int(value) - first) for first in _FIRST if first <= int(value) <= first + 9), None)
    if name == "key" and len(value) == 1 and _DIGIT.fullmatch(value):
        return value
    if name in {"key", "code", *_UNICODES} and _ERASES.fullmatch(value):
        return ERASED
    told = _UNICODE.fullmatch(value) if name in _UNICODES else None
    if told:
        return chr(int(told.group(1), 16))
    place = _PLACE.fullmatch(value) if name in {"code", "key"} else None
    return place.group(1) if place else None


def event_of(objects: Iterable[Mapping[str, str]]) -> str | None:
    """Return what kind of event the nearest of `objects` (their fields by name) says it is; None if of no key."""
    for fields in objects:
        for value in fields.values():
            if _EVENT.fullmatch(value):
                return value.lower()
    return None
