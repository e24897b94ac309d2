"""The families every error of Strongroom belongs to, and the errors of `keys`.

Each concrete error has a stable `code` and a `hint` that says what to do next. The doors map a family to an exit
status (cli) or an HTTP status (service). A message never holds a key, plaintext or a caller's number.
"""

from typing import ClassVar


class StrongroomError(Exception):
    """Base of all errors that are the world's fault; a caller's bug is a RuntimeError instead."""

    code: ClassVar[str] = "error"
    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class InvalidInputError(StrongroomError):
    """What was handed in is malformed; nothing was changed by it."""

    code = "invalid-input"


class RefusedError(StrongroomError):
    """A rule says no: a hold, a retention period, a missing approval, a role."""

    code = "refused"


class NotFoundError(StrongroomError):
    """There is no such thing here."""

    code = "not-found"


class IntegrityError(StrongroomError):
    """Bytes are not what was written: tampering or decay."""

    code = "integrity"


class UnavailableError(StrongroomError):
    """Something we need (a key, a store, a database) cannot be reached now."""

    code = "unavailable"


class CanonicalFormError(IntegrityError):
    """Bytes that are signed or hashed are not in their one canonical encoding."""

    code = "not-canonical"


class WrongPassphraseError(RefusedError):
    """The passphrase does not open this key file."""

    code = "wrong-passphrase"
    hint = "check the passphrase, and that the key file belongs to this vault"


class KeyFileError(IntegrityError):
    """A key file is malformed or its parameters are out of bounds."""

    code = "key-file"
    hint = "restore the key file from its backup"


class KeyUnwrapError(IntegrityError):
    """A wrapped key does not open in the context it is used in."""

    code = "key-unwrap"
    hint = "the key slot or the epoch was altered; run 'strongroom check' and restore the catalog from backup"


class UnknownEpochError(UnavailableError):
    """A key slot names a key epoch that the keyring does not hold."""

    code = "unknown-epoch"
    hint = "the epoch was retired or the catalog is older than its key slots; restore the catalog that names it"


class BadSignatureError(IntegrityError):
    """A signature does not verify under the public key it is claimed for."""

    code = "bad-signature"
    hint = "do not trust this document; compare the public key with the one published by the vault"


class KdfCostError(InvalidInputError):
    """A cost for the passphrase's key derivation is too weak to protect, or too high for a machine to pay."""

    code = "kdf-cost"
    hint = "leave the cost at its default, or choose one inside the bounds"


class PassphraseError(InvalidInputError):
    """A passphrase that cannot be used at all."""

    code = "passphrase"
    hint = "choose a passphrase of several words"


class KeyFileExistsError(RefusedError):
    """There is a key file at that place already; key files are never overwritten by a new key."""

    code = "key-file-exists"
    hint = "choose another place, or move the old key file to a safe one first"


class KeyFileNotFoundError(NotFoundError):
    """There is no key file at that place."""

    code = "key-file-not-found"
    hint = "check the path, or restore the key file from its backup"


class KeyFilePermissionError(RefusedError):
    """A key file can be read or written by others than its owner."""

    code = "key-file-permission"
    hint = "run 'chmod 600' on the key file, and consider its passphrase exposed to a guesser"


class KeyFileUnavailableError(UnavailableError):
    """The file system does not let us read or write a key file."""

    code = "key-file-unavailable"
    hint = "check the folder, its permissions and the free space, then run the command again"


class NoActiveEpochError(UnavailableError):
    """No key epoch is active, so nothing new can be sealed."""

    code = "no-active-epoch"
    hint = "the catalog lost its active epoch; run 'strongroom check' and restore the catalog from backup"


class KeyringError(IntegrityError):
    """The key epochs contradict each other."""

    code = "keyring"
    hint = "the catalog's epochs were altered; run 'strongroom check' and restore the catalog from backup"


class PublicKeyError(InvalidInputError):
    """A text is not a public key in the form Strongroom publishes."""

    code = "public-key"
    hint = "expected strongroom-ed25519: and 44 characters of base64, as 'strongroom user list' prints it"
