"""The errors of `vault`, by family (see keys.errors)."""

from keys.errors import IntegrityError, NotFoundError, RefusedError, UnavailableError


class BlobNotFoundError(NotFoundError):
    """A store holds no blob of that name."""

    code = "blob-not-found"
    hint = "run 'strongroom check' to see what else is missing, and restore the store from backup"


class BlobExistsError(RefusedError):
    """A store already holds a blob of that name; blobs are never overwritten."""

    code = "blob-exists"


class BlobLockedError(RefusedError):
    """The store refuses to delete a blob before its lock ends."""

    code = "blob-locked"
    hint = "its key is destroyed already; the deletion is tried again when the lock ends"


class StoreUnavailableError(UnavailableError):
    """A store cannot be reached, or answered with an error of its own."""

    code = "store-unavailable"
    hint = "check the endpoint, the bucket, the credentials and the free space, then run the command again"


class ChecksumError(IntegrityError):
    """A store holds other bytes than were sent."""

    code = "checksum"
    hint = "run 'strongroom check --deep'; restore the blob from another copy"


class SealedFormatError(IntegrityError):
    """A sealed blob does not open: altered, truncated, or sealed for another place."""

    code = "sealed-format"
    hint = "run 'strongroom check --deep'; restore the blob from another copy"
