"""Strict reading of a decoded canonical document: every field is named, typed and bounded, and there are no others.

Each format hands in the error class its faults are raised as, so that a reader of a log line knows which document was
bad. Messages name the field and what was expected, and never quote the value.
"""

import re
from collections.abc import Collection
from typing import TypeVar

from keys import canonical
from keys.canonical import Json
from keys.errors import CanonicalFormError, StrongroomError

_Word = TypeVar("_Word", bound=str)


class Fields:
    """One JSON object whose fields are taken one by one."""

    def __init__(self, value: Json, names: Collection[str], error: type[StrongroomError], where: str) -> None:
        if not isinstance(value, dict):
            raise error(f"{where}: expected an object, got {type(value).__name__}")
        if value.keys() != set(names):
            raise error(f"{where}: expected exactly the fields {', '.join(sorted(names))}")
        self._value: dict[str, Json] = value
        self._error = error
        self._where = where

    def _fault(self, name: str, expected: str) -> StrongroomError:
        return self._error(f"{self._where}: field {name}: expected {expected}")

    def raw(self, name: str) -> Json:
        """Return a field as it is."""
        return self._value[name]

    def constant(self, name: str, expected: str | int) -> None:
        """Check that a field has the one allowed value."""
        value = self._value[name]
        if type(value) is not type(expected) or value != expected:
            raise self._fault(name, repr(expected))

    def integer(self, name: str, low: int, high: int) -> int:
        """Return an integer in low..high; booleans are not integers."""
        value = self._value[name]
        if type(value) is not int or not low <= value <= high:
            raise self._fault(name, f"an integer from {low} to {high}")
        return value

    def text(self, name: str, pattern: re.Pattern[str]) -> str:
        """Return a string that matches the whole of `pattern`."""
        value = self._value[name]
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise self._fault(name, f"a string of the form {pattern.pattern}")
        return value

    def text_or_null(self, name: str, pattern: re.Pattern[str]) -> str | None:
        """Return a string that matches the whole of `pattern`, or None."""
        return None if self._value[name] is None else self.text(name, pattern)

    def word(self, name: str, words: Collection[_Word]) -> _Word:
        """Return the member of a closed list that a field names."""
        value = self._value[name]
        for word in words:
            if isinstance(value, str) and value == word:
                return word
        raise self._fault(name, f"one of {', '.join(words)}")

    def base64(self, name: str, low: int, high: int) -> bytes:
        """Return low..high bytes from canonical base64."""
        value = self._value[name]
        expected = f"base64 of {low} to {high} bytes"
        if not isinstance(value, str):
            raise self._fault(name, expected)
        try:
            data = canonical.unbase64(value)
        except CanonicalFormError as exc:
            raise self._fault(name, expected) from exc
        if not low <= len(data) <= high:
            raise self._fault(name, expected)
        return data

    def items(self, name: str, high: int) -> list[Json]:
        """Return a list of at most `high` items."""
        value = self._value[name]
        if not isinstance(value, list) or len(value) > high:
            raise self._fault(name, f"a list of at most {high} items")
        return value
