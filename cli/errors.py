"""The errors of `cli`, by family (see keys.errors)."""

from keys.errors import InvalidInputError, RefusedError, UnavailableError


class NoPassphraseError(UnavailableError):
    """A passphrase is needed and there is nobody to ask for it."""

    code = "no-passphrase"
    hint = "set STRONGROOM_PASSPHRASE_FILE and STRONGROOM_USER_PASSPHRASE_FILE, or run from a terminal"


class ArgumentError(InvalidInputError):
    """An argument is not of its form."""

    code = "argument"


class FileAccessError(UnavailableError):
    """The system does not let us read or write a file that was named."""

    code = "file-access"
    hint = "check the path, its permissions and the free space, then run the command again"


class NotYourKeyError(RefusedError):
    """The key file is not of the person who was named."""

    code = "not-your-key"
    hint = "name your own key file with --user-key, and yourself with --user"
