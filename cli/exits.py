"""One table: family of errors to exit status (DESIGN section 10)."""

from keys.errors import (
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    StrongroomError,
    UnavailableError,
)

DONE = 0
OTHER = 1
USAGE = 2
REFUSED = 3
NOT_FOUND = 4
INTEGRITY = 5
UNAVAILABLE = 6

_STATUS: tuple[tuple[type[StrongroomError], int], ...] = (
    (InvalidInputError, USAGE),
    (RefusedError, REFUSED),
    (NotFoundError, NOT_FOUND),
    (IntegrityError, INTEGRITY),
    (UnavailableError, UNAVAILABLE),
)


def status_of(error: StrongroomError) -> int:
    """Return the exit status of an error."""
    return next((status for family, status in _STATUS if isinstance(error, family)), OTHER)
