"""The errors of `cli`, by family (see keys.errors)."""

from keys.errors import InvalidInputError, UnavailableError


class NoPassphraseError(UnavailableError):
    """A passphrase is needed and there is nobody to ask for it."""

    code = "no-passphrase"
    hint = "set STRONGROOM_PASSPHRASE_FILE and STRONGROOM_USER_PASSPHRASE_FILE, or run from a terminal"


class ArgumentError(InvalidInputError):
    """An argument is not of its form."""

    code = "argument"
