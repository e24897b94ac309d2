"""Root keys: what wraps the key epochs. Whoever holds the root key can open the vault (keys/SPEC.md section 2).

A root key is reached through the port `RootKey`; every implementation passes tests/keys/test_root_contract.py. The
key itself never leaves an implementation.
"""

import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys import envelope
from keys.envelope import DEFAULT_COST, KdfCost
from keys.errors import KeyFileError, KeyUnwrapError
from keys.secret import Secret

PURPOSE = "root"
KEY_LEN = 32  # bytes
NONCE_LEN = 12  # bytes
_WRAP_PREFIX = b"strongroom/root-wrap/v1\n"


class RootKey(Protocol):
    """What can wrap a secret so that only the same root key, in the same context, unwraps it."""

    @property
    def id(self) -> str:
        """The name of this very key; says nothing of its bytes, and two keys never share one."""
        ...

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Return `secret` sealed and bound to `context`.

        Raises:
            UnavailableError: the key cannot be reached now.

        """
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return what was wrapped in this context.

        Raises:
            KeyUnwrapError: altered, wrapped in another context or by another root key.
            UnavailableError: the key cannot be reached now.

        """
        ...


def _derive(secret: Secret, label: bytes, length: int) -> bytes:
    # One key for each use: the identity that is shown to all shares nothing with the key that wraps.
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=label).derive(secret.reveal())


def _identity(secret: Secret) -> bytes:
    return _derive(secret, b"strongroom/root/id/v1", 16)


class PassphraseRootKey:
    """A root key of 32 random bytes in a passphrase-protected key file. Safe to share between threads."""

    def __init__(self, secret: Secret) -> None:
        if len(secret) != KEY_LEN:
            raise KeyFileError(f"expected a root key of {KEY_LEN} bytes, got {len(secret)}")
        self._cipher = AESGCM(_derive(secret, b"strongroom/root/wrap/v1", 32))
        self._id = _identity(secret)

    @classmethod
    def create(cls, passphrase: Secret, cost: KdfCost = DEFAULT_COST, secret: Secret | None = None) -> bytes:
        """Return the key file of a new root key, or of a `secret` that was recovered from its shares.

        Raises:
            PassphraseError: the passphrase is empty.
            KeyFileError: `secret` is not a root key.

        """
        secret = Secret(os.urandom(KEY_LEN)) if secret is None else secret
        if len(secret) != KEY_LEN:
            raise KeyFileError(f"expected a root key of {KEY_LEN} bytes, got {len(secret)}")
        return envelope.create(secret, passphrase, PURPOSE, cost, public=_identity(secret))

    @classmethod
    def open(cls, data: bytes, passphrase: Secret) -> "PassphraseRootKey":
        """Return the root key of a key file.

        Raises:
            KeyFileError: malformed, or not a root key.
            WrongPassphraseError: the passphrase does not open it.

        """
        root = cls(envelope.open_(data, passphrase, PURPOSE))
        if envelope.parse(data).public != root._id:
            raise KeyFileError("expected the identity that belongs to the root key, got another")
        return root

    @property
    def id(self) -> str:
        """The name of this key, as its key file shows it."""
        return f"passphrase:{self._id.hex()}"

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Return `secret` sealed and bound to `context`: nonce, ciphertext, tag."""
        # A root key wraps a few epochs a year, so random nonces never come near their limit of 2^32.
        nonce = os.urandom(NONCE_LEN)
        return nonce + self._cipher.encrypt(nonce, secret, _WRAP_PREFIX + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return what was wrapped in this context.

        Raises:
            KeyUnwrapError: altered, wrapped in another context or by another root key.

        """
        try:
            return self._cipher.decrypt(wrapped[:NONCE_LEN], wrapped[NONCE_LEN:], _WRAP_PREFIX + context)
        except (InvalidTag, ValueError) as exc:
            raise KeyUnwrapError(
                f"root key {self.id} does not unwrap this",
                hint="check that this is the root key of this vault; if it is, restore the catalog from backup",
            ) from exc
