"""A seekable reader over ranged GETs.

It streams from one response at a time and holds no data of its own. A response covers a window ahead of the position:
small after a seek, so that a jump wastes little, and twice as large each time the reading goes on, so that a whole
recording takes few requests.
"""

import io
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError

from vault.errors import StoreUnavailableError

FIRST_WINDOW: Final = 2 * 1024 * 1024  # bytes: two segments of a sealed blob
LAST_WINDOW: Final = 64 * 1024 * 1024  # bytes
ATTEMPTS: Final = 3  # requests for one position when the connection breaks in the middle of a body


class RangeReader(io.RawIOBase):
    """Reads an object of a known size; `get(first, last)` returns the response for these bytes, last included."""

    def __init__(self, get: Callable[[int, int], dict[str, Any]], size: int) -> None:
        self._get = get
        self._size = size
        self._position = 0
        self._body: Any = None
        self._left = 0  # bytes the open response has still to give
        self._window = FIRST_WINDOW

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position; nothing is requested before the next read."""
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if target < 0:
            raise ValueError(f"expected a position of 0 or more, got {target}")
        if target != self._position:
            self._drop()
            self._window = FIRST_WINDOW
            self._position = target
        return target

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the present response reaches; 0 at the end.

        Raises:
            StoreUnavailableError: the store fails, or does not give the bytes it says it has.

        """
        view = memoryview(buffer).cast("B")
        if not view or self._position >= self._size:
            return 0
        for _ in range(ATTEMPTS):
            if not self._left:
                self._request()
            count = self._read_some(view[: self._left])
            if count:
                self._position += count
                self._left -= count
                return count
            self._drop()
        raise StoreUnavailableError(
            f"expected byte {self._position} of {self._size} of a blob, got no more after {ATTEMPTS} requests"
        )

    def close(self) -> None:
        """Give the connection back."""
        if not self.closed:
            self._drop()
        super().close()

    def _read_some(self, view: memoryview) -> int:
        try:
            return int(self._body.readinto(view))
        except (BotoCoreError, OSError):
            return 0  # the connection broke; the next request starts where this one ended, and attempts are counted

    def _request(self) -> None:
        self._drop()
        last = min(self._position + self._window, self._size) - 1
        answer = self._get(self._position, last)
        self._body = answer["Body"]
        # A server that does not know ranges answers with the whole object, from its beginning.
        wanted = f"bytes {self._position}-{last}/{self._size}"
        if answer.get("ContentRange") != wanted:
            self._drop()
            raise StoreUnavailableError(f"expected the range '{wanted}', got '{answer.get('ContentRange', 'all')}'")
        self._left = last + 1 - self._position
        self._window = min(self._window * 2, LAST_WINDOW)

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
        self._body = None
        self._left = 0
