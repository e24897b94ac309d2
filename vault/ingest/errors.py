"""The errors of reading what is taken in (see keys.errors for the families).

A message says what the content looks like or which field is wrong; it never quotes the content.
"""

from keys.errors import InvalidInputError, NotFoundError, UnavailableError

ACCEPTED = (
    "WAV, MP3, Ogg, FLAC, M4A, MP4, WebM or MKV media, "
    "or a chat as JSON, JSON Lines, WebVTT, e-mail (.eml), vCon or plain text"
)


class UnrecognisedContentError(InvalidInputError):
    """Content is none of the kinds that the vault takes in."""

    code = "unrecognised-content"
    hint = "convert the file to a kind that is taken in, or leave it out"

    def __init__(self, looks_like: str, *, hint: str | None = None) -> None:
        super().__init__(f"expected {ACCEPTED}, got {looks_like}", hint=hint)


class CorruptMediaError(InvalidInputError):
    """Content starts like sound or video, but is cut short or does not decode."""

    code = "corrupt-media"
    hint = "fetch the file from the recorder again; if the recorder's own copy is damaged, repair or re-encode it first"


class ChatTooLargeError(InvalidInputError):
    """A chat is larger than can be read and screened as one piece."""

    code = "chat-too-large"
    hint = "split the chat, for example by day, and take in the parts under one interaction"


class ManifestError(InvalidInputError):
    """A manifest as a whole cannot be read: wrong encoding, no header, no known format."""

    code = "manifest"
    hint = "save the manifest as JSON Lines or comma-separated CSV with a header, in UTF-8"


class PathOutsideError(InvalidInputError):
    """A path leads out of the folder it belongs to."""

    code = "path-outside"
    hint = "give the path relative to the folder, without '..', and keep symbolic links inside the folder"


class NotAFileError(InvalidInputError):
    """A path names a folder, a device, a pipe or a socket instead of a regular file."""

    code = "not-a-file"
    hint = "name a regular file"


class FileMissingError(NotFoundError):
    """A path names nothing."""

    code = "file-missing"
    hint = "check the path; it is taken relative to the folder of the manifest"


class FileUnreadableError(UnavailableError):
    """The operating system refuses to open or read a file or folder."""

    code = "file-unreadable"
    hint = "check the permissions of the file and of the folders above it"


class SegmentError(InvalidInputError):
    """A segment that a manifest names ends after the recording does."""

    code = "segment-beyond-end"
    hint = "give begin and end in milliseconds from the start of this very file, and take the row in again"
