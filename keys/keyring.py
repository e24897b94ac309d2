"""Key epochs and the keyring that wraps data keys with them; the blind-index key (keys/SPEC.md sections 3 and 4).

Knows no database: epochs come in as records and wrapped keys go out as bytes. It does not decide when to rotate.
"""

import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.errors import KeyringError, KeyUnwrapError, NoActiveEpochError, UnknownEpochError
from keys.root import RootKey

KEY_LEN = 32  # bytes, of a KEK, a data key and the index key
NONCE_LEN = 12  # bytes
TOKEN_LEN = 16  # bytes
WRAPPED_LEN = NONCE_LEN + KEY_LEN + 16  # bytes: nonce, ciphertext, tag

_INDEX_CONTEXT = b"strongroom/index-key/v1"
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,63}")


class EpochState(StrEnum):
    """Where a key epoch stands in its life."""

    ACTIVE = "active"  # wraps and unwraps
    OLD = "old"  # only unwraps; its slots are moved away by rewrap
    RETIRED = "retired"  # its KEK is destroyed


@dataclass(frozen=True, slots=True)
class Epoch:
    """A key epoch as the catalog keeps it: its KEK wrapped by the root key, empty once retired."""

    id: int
    wrapped: bytes
    state: EpochState


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as a key slot keeps it: which epoch wrapped it, and nonce, ciphertext and tag."""

    epoch: int
    blob: bytes


def slot_context(subject: str, purpose: str) -> bytes:
    """Return what a key slot is bound to: whose it is, and what for (KEYW-02).

    The patterns leave no newline in either part, so two different slots never share a context.
    """
    if _SUBJECT.fullmatch(subject) is None or _PURPOSE.fullmatch(purpose) is None:
        raise RuntimeError("expected a subject and a purpose of the forms that keys/SPEC.md gives")
    return b"strongroom/slot/v1\n" + subject.encode() + b"\n" + purpose.encode()


def _epoch_context(epoch: int) -> bytes:
    return b"strongroom/epoch/v1\n%d" % epoch


def new_epoch(root: RootKey, id_: int) -> Epoch:
    """Return a new active epoch with a fresh KEK, wrapped by the root key and bound to its number.

    Raises:
        UnavailableError: the root key cannot be reached now.

    """
    if id_ < 1:
        raise RuntimeError("expected an epoch number from 1")
    return Epoch(id=id_, wrapped=root.wrap(os.urandom(KEY_LEN), _epoch_context(id_)), state=EpochState.ACTIVE)


class Keyring:
    """The epochs of a vault, ready to wrap and unwrap data keys. Safe to share between threads.

    A KEK is unwrapped by the root at its first use and kept as a ready cipher, so a slow root (KMS, HSM) is asked once
    an epoch. Nonces are random: an epoch must be rotated before 2^32 wraps (NIST SP 800-38D section 8.3), which at a
    thousand keys a second is seven weeks without a pause; keys/SPEC.md KEYW-05.
    """

    def __init__(self, root: RootKey, epochs: Iterable[Epoch]) -> None:
        self._root = root
        self._epochs: dict[int, Epoch] = {}
        self._ciphers: dict[int, AESGCM] = {}
        self._lock = Lock()
        for epoch in epochs:
            if epoch.id in self._epochs:
                raise KeyringError(f"expected each epoch once, got epoch {epoch.id} twice")
            self._epochs[epoch.id] = epoch
        active = [epoch.id for epoch in self._epochs.values() if epoch.state is EpochState.ACTIVE]
        if len(active) > 1:
            raise KeyringError(f"expected one active epoch, got {len(active)}")
        self._active = active[0] if active else None

    @property
    def active(self) -> int:
        """The epoch that new keys are wrapped with.

        Raises:
            NoActiveEpochError: there is none.

        """
        if self._active is None:
            raise NoActiveEpochError("expected an active key epoch, got none")
        return self._active

    def _cipher(self, epoch_id: int) -> AESGCM:
        cipher = self._ciphers.get(epoch_id)
        if cipher is not None:
            return cipher
        with self._lock:
            cipher = self._ciphers.get(epoch_id)
            if cipher is None:
                cipher = self._ciphers[epoch_id] = self._unwrap_epoch(epoch_id)
            return cipher

    def _unwrap_epoch(self, epoch_id: int) -> AESGCM:
        epoch = self._epochs.get(epoch_id)
        if epoch is None:
            raise UnknownEpochError(f"expected a known key epoch, got {epoch_id}")
        if epoch.state is EpochState.RETIRED:
            raise UnknownEpochError(f"key epoch {epoch_id} is retired and its key destroyed")
        kek = self._root.unwrap(epoch.wrapped, _epoch_context(epoch_id))
        if len(kek) != KEY_LEN:
            raise KeyUnwrapError(f"expected a key of {KEY_LEN} bytes in epoch {epoch_id}, got {len(kek)}")
        return AESGCM(kek)

    def wrap(self, data_key: bytes, context: bytes) -> WrappedKey:
        """Return a data key wrapped by the active epoch and bound to `context` (see slot_context).

        Raises:
            NoActiveEpochError: there is no active epoch.
            KeyUnwrapError: the epoch's own key does not open under this root key.
            UnavailableError: the root key cannot be reached now.

        """
        if len(data_key) != KEY_LEN:
            raise RuntimeError(f"expected a data key of {KEY_LEN} bytes")
        epoch_id = self.active
        nonce = os.urandom(NONCE_LEN)
        return WrappedKey(epoch_id, nonce + self._cipher(epoch_id).encrypt(nonce, data_key, context))

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """Return the data key that was wrapped in this context.

        Raises:
            UnknownEpochError: the epoch is not in this keyring, or is retired.
            KeyUnwrapError: altered, or wrapped in another context, epoch or vault.
            UnavailableError: the root key cannot be reached now.

        """
        if len(wrapped.blob) != WRAPPED_LEN:
            raise KeyUnwrapError(f"expected a wrapped key of {WRAPPED_LEN} bytes, got {len(wrapped.blob)}")
        try:
            return self._cipher(wrapped.epoch).decrypt(wrapped.blob[:NONCE_LEN], wrapped.blob[NONCE_LEN:], context)
        except InvalidTag as exc:
            raise KeyUnwrapError(f"a key slot does not open with epoch {wrapped.epoch} in its context") from exc


def new_index_key(root: RootKey) -> bytes:
    """Return a fresh blind-index key, wrapped by the root key.

    Raises:
        UnavailableError: the root key cannot be reached now.

    """
    return root.wrap(os.urandom(KEY_LEN), _INDEX_CONTEXT)


class IndexKey:
    """Makes blind-index tokens, by which sealed caller metadata is found again. Safe to share between threads.

    Tokens of equal values are equal: that is their use, and what they tell to one who reads the catalog.

    Raises:
        KeyUnwrapError: `wrapped` does not open under this root key.
        UnavailableError: the root key cannot be reached now.

    """

    def __init__(self, root: RootKey, wrapped: bytes) -> None:
        self._key = root.unwrap(wrapped, _INDEX_CONTEXT)
        if len(self._key) != KEY_LEN:
            raise KeyUnwrapError(f"expected an index key of {KEY_LEN} bytes, got {len(self._key)}")

    def token(self, field: str, normalised: str) -> bytes:
        """Return the 16-byte token of a normalised value in a field: HMAC-SHA256(key, field || 0x00 || value)[:16].

        128 bits are enough: a token proves nothing, it only finds rows, so all that could go wrong is that two values
        share one, and among four thousand million values in a field the chance of a single such pair is 2^-65. A hit
        is confirmed by the sealed value anyway.
        """
        if _PURPOSE.fullmatch(field) is None:
            raise RuntimeError("expected a field name of the form that keys/SPEC.md gives")
        return hmac.digest(self._key, field.encode() + b"\x00" + normalised.encode(), "sha256")[:TOKEN_LEN]
