"""Bytes that must not be printed, logged, pickled or compared in variable time.

It does not wipe memory: Python copies bytes as it pleases, and a promise that cannot be kept is worse than none.
"""

import hmac
from typing import NoReturn, SupportsIndex


class Secret:
    """A wrapper that lets its bytes out only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """Return the bytes."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return "Secret(redacted)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    # A hash would let a dictionary compare secrets in variable time.
    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied; hand the object over, or reveal it where it is sealed")
