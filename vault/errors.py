"""The errors of `vault`, by family (see keys.errors)."""

from datetime import datetime

from keys.errors import IntegrityError, InvalidInputError, NotFoundError, RefusedError, UnavailableError


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

    def __init__(self, message: str, *, until: datetime | None = None, hint: str | None = None) -> None:
        """Take the end of the lock; None for a legal hold, which has none."""
        super().__init__(message, hint=hint)
        self.until = until


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


class CatalogUnavailableError(UnavailableError):
    """The catalog database cannot be reached, is locked for too long, or is not what we need."""

    code = "catalog-unavailable"
    hint = "check that the database runs, that its disk has room and that no other program locks it"


class AlteredRowError(IntegrityError):
    """A row of the catalog holds what this program never writes."""

    code = "altered-row"
    hint = "the catalog was altered; run 'strongroom check' and restore it from backup"


class NotAuthorisedError(RefusedError):
    """The user's roles do not give the capability."""

    code = "not-authorised"
    hint = "ask a user who has the role, or an admin: strongroom user roles NAME ROLE…"


class RolesConflictError(RefusedError):
    """Roles that watch each other must not meet in one person."""

    code = "roles-conflict"
    hint = "give one of the roles to another person"


class UserExistsError(RefusedError):
    """A user of that name exists; names are never given twice."""

    code = "user-exists"
    hint = "choose another name"


class UserNotFoundError(NotFoundError):
    """Nobody has that name."""

    code = "user-not-found"
    hint = "see 'strongroom user list', or set --user"


class UserNameError(InvalidInputError):
    """A name that a log entry or a file name cannot hold."""

    code = "user-name"


class RecordingNotFoundError(NotFoundError):
    """No recording of that id was ever taken in."""

    code = "recording-not-found"
    hint = "find its id with 'strongroom list'"


class SealedShapeError(SealedFormatError):
    """Bytes have a size or a header that no sealed blob has."""

    code = "sealed-shape"


class SealedSegmentError(SealedFormatError):
    """A segment of a sealed blob is missing or does not authenticate; the message names it."""

    code = "sealed-segment"


class SealedValueError(SealedFormatError):
    """A sealed value of the catalog does not open: altered, or sealed for another row or field."""

    code = "sealed-value"
    hint = "the row was altered; run 'strongroom check' and restore the catalog from backup"


class RecordingPurgedError(NotFoundError):
    """The recording was purged: its keys are destroyed and nothing can open it."""

    code = "recording-purged"
    hint = "see its certificate with 'strongroom certificate show ID'"


class RenditionNotFoundError(NotFoundError):
    """The recording has no such rendition (yet)."""

    code = "rendition-not-found"
    hint = "see what it has with 'strongroom show ID'; a redacted rendition comes from 'strongroom screen'"


class WrongStateError(RefusedError):
    """The recording is not in the state this stage starts from."""

    code = "wrong-state"
    hint = "see its state with 'strongroom show ID'"


class NotScreenedError(RefusedError):
    """What is not screened does not go to the archive."""

    code = "not-screened"
    hint = "run 'strongroom screen' first; what cannot be screened is never archived"


class SearchTermError(InvalidInputError):
    """A search term is not of the form its field has."""

    code = "search-term"


class StoreAnswerError(StoreUnavailableError):
    """A store answered, with an error: `answer` is its code, `status` the HTTP status."""

    code = "store-answer"

    def __init__(self, message: str, *, answer: str, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.answer = answer
        self.status = status


class EmptyFileError(InvalidInputError):
    """A file without a single byte is no recording."""

    code = "empty-file"
    hint = "fetch the file from the recorder again"


class FileChangedError(UnavailableError):
    """A file changed while it was taken in, so that what was sealed may be neither the old nor the new content."""

    code = "file-changed"
    hint = "wait until the recorder has finished the file and run the command again"


class OtherBytesError(RefusedError):
    """A source_ref came again with other bytes; the recording taken in first stays as it is."""

    code = "other-bytes"
    hint = "find out which of the two is right; give the new one a source_ref of its own if both are"


class TwinRefusedError(UnavailableError):
    """Two items of one run had the same source_ref, and the first of them was refused."""

    code = "twin-refused"
    hint = "see why the other item of the same source_ref was refused, and run the command again"


class PurgedBeforeError(RefusedError):
    """A recording of that source_ref was taken in and purged; nothing of it is left to compare with."""

    code = "purged-before"
    hint = "it stays purged; take other content in under a source_ref of its own"


class ApprovalSignatureError(IntegrityError):
    """An approval is not by the person it names over the digest it names."""

    code = "approval-signature"
    hint = "do not trust what it approves; compare the approvers' public keys with those that they published"


class SamePersonError(RefusedError):
    """What takes two people was tried by one."""

    code = "same-person"
    hint = "ask another user who has the role"


class ApprovalMissingError(RefusedError):
    """Nobody else has approved this yet."""

    code = "approval-missing"
    hint = "ask another user who has the role to approve it"


class AlreadyApprovedError(RefusedError):
    """This user signed this before."""

    code = "already-approved"


class ApprovalFormatError(IntegrityError):
    """Nobody can sign that: it is no digest, or nobody is named."""

    code = "approval-format"
    hint = "run 'strongroom check'; make the plan or the request anew"


class SpanError(InvalidInputError):
    """A span that a person names for a ruling is none, or lies outside the recording."""

    code = "span"
    hint = "write seconds from the start as in --span 12.5..17, and pixels as in --box LEFT,TOP,WIDTH,HEIGHT"


class SpansOfTextError(RefusedError):
    """Chats have no seconds, so a person cannot name a span of one."""

    code = "spans-of-text"
    hint = "for a chat there are 'strongroom screen review approve', 'retry' and 'reject'"


class ReviewNotFoundError(NotFoundError):
    """No review of that id was ever begun."""

    code = "review-not-found"
    hint = "see 'strongroom screen review list' and 'strongroom screen review show ID'"


class ReviewStateError(RefusedError):
    """The review queue is not where this step starts from: not waiting, rejected, or another was first."""

    code = "review-state"
    hint = "see 'strongroom screen review show ID'"


class ReviewAlteredError(IntegrityError):
    """A ruling is not what people signed and the log has; nothing is screened by it."""

    code = "review-altered"
    hint = "run 'strongroom check'; keep the catalog as it is for whoever investigates, then restore it from backup"


class OriginalDestroyedError(NotFoundError):
    """The policy had the original destroyed once its redacted rendition was archived; nothing can open it."""

    code = "original-destroyed"
    hint = "open what is left with 'strongroom open ID --rendition redacted'"
