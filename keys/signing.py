"""Ed25519 identity keys: the vault's, and each user's own (keys/SPEC.md section 5; RFC 8032).

Every signature is made in a domain, so that what was signed as one kind of document is never taken for another. The
one exception are C2SP notes, whose format leaves no room for a domain; sign_raw refuses what could be mistaken.
"""

import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys import canonical, envelope
from keys.envelope import DEFAULT_COST, KdfCost
from keys.errors import BadSignatureError, CanonicalFormError, KeyFileError, PublicKeyError
from keys.secret import Secret

PREFIX = "strongroom-ed25519:"
KEY_LEN = 32  # bytes, of a seed and of a public key
SIGNATURE_LEN = 64  # bytes

_DOMAIN = re.compile(r"[a-z][a-z0-9-]{0,63}")
_IN_A_DOMAIN = re.compile(rb"strongroom/[a-z][a-z0-9-]{0,63}/v1\n")

# The field and the curve constant of edwards25519 (RFC 8032 section 5.1).
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _is_weak(raw: bytes) -> bool:
    """Tell a key that no honest key generation makes: y not below the field's prime, or a point of small order.

    Under a key of small order one signature fits many messages, so its owner could deny having signed, and anybody
    could sign in their name. Points of order 1, 2 and 4 have y in {1, -1, 0}; doubling one of order 8 gives y = 0,
    which with the curve's equation is d*y^4 + 2*y^2 = 1.
    """
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    return y >= _P or y in (0, 1, _P - 1) or (_D * pow(y, 4, _P) + 2 * y * y - 1) % _P == 0


def _in_domain(domain: str, message: bytes) -> bytes:
    if _DOMAIN.fullmatch(domain) is None:
        raise RuntimeError(f"expected a domain of the form {_DOMAIN.pattern}")
    return b"strongroom/" + domain.encode() + b"/v1\n" + message


class PublicKey:
    """A public key that signatures are checked with; compares by its bytes.

    Raises:
        PublicKeyError: not 32 bytes, or a key no honest key generation makes (SIGN-05).

    """

    __slots__ = ("_key", "_raw")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_LEN:
            raise PublicKeyError(f"expected a public key of {KEY_LEN} bytes, got {len(raw)}")
        if _is_weak(raw):
            raise PublicKeyError("expected a public key of full order, got one that many signatures would fit")
        self._raw = bytes(raw)
        self._key = Ed25519PublicKey.from_public_bytes(self._raw)

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Return the public key of its text form `strongroom-ed25519:BASE64`.

        Raises:
            PublicKeyError: another form.

        """
        if not text.startswith(PREFIX):
            raise PublicKeyError(f"expected a public key that starts with {PREFIX}")
        try:
            return cls(canonical.unbase64(text.removeprefix(PREFIX)))
        except CanonicalFormError as exc:
            raise PublicKeyError("expected a public key in canonical base64") from exc

    @property
    def raw(self) -> bytes:
        """The 32 bytes of RFC 8032."""
        return self._raw

    def __str__(self) -> str:
        return PREFIX + canonical.base64_of(self._raw)

    def __repr__(self) -> str:
        return f"PublicKey({self})"

    def __eq__(self, other: object) -> bool:
        return self._raw == other._raw if isinstance(other, PublicKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._raw)

    def fingerprint(self) -> str:
        """Return SHA-256 of the 32 bytes in hex, for people to compare over another channel."""
        return hashlib.sha256(self._raw).hexdigest()

    def verify(self, domain: str, message: bytes, signature: bytes) -> None:
        """Check a signature that was made in a domain.

        Raises:
            BadSignatureError: it is not this key's signature of this message in this domain.

        """
        self.verify_raw(_in_domain(domain, message), signature)

    def verify_raw(self, message: bytes, signature: bytes) -> None:
        """Check a signature over the bare message, as C2SP notes have it.

        Raises:
            BadSignatureError: it is not this key's signature of this message.

        """
        try:
            self._key.verify(signature, message)
        except InvalidSignature as exc:
            raise BadSignatureError(f"the signature is not by the key {self} over this document") from exc


class SigningKey:
    """A private key that signs. Safe to share between threads."""

    __slots__ = ("_key", "_public")

    def __init__(self, seed: Secret) -> None:
        if len(seed) != KEY_LEN:
            raise KeyFileError(f"expected a signing key of {KEY_LEN} bytes, got {len(seed)}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self._public = PublicKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "SigningKey":
        """Return a new random key."""
        return cls(Secret(Ed25519PrivateKey.generate().private_bytes_raw()))

    @classmethod
    def open(cls, data: bytes, passphrase: Secret, purpose: str) -> "SigningKey":
        """Return the signing key of a key file.

        Raises:
            KeyFileError: malformed, or made for another purpose.
            WrongPassphraseError: the passphrase does not open it.

        """
        key = cls(envelope.open_(data, passphrase, purpose))
        if envelope.parse(data).public != key.public.raw:
            raise KeyFileError("expected the public key that belongs to the signing key, got another")
        return key

    def seal(self, passphrase: Secret, purpose: str, cost: KdfCost = DEFAULT_COST) -> bytes:
        """Return a key file that holds this key, with its public key in the clear.

        Raises:
            PassphraseError: the passphrase is empty.

        """
        return envelope.create(self.seed(), passphrase, purpose, cost, public=self._public.raw)

    def seed(self) -> Secret:
        """Return the 32 secret bytes, to be wrapped by a root key."""
        return Secret(self._key.private_bytes_raw())

    @property
    def public(self) -> PublicKey:
        """The public key that goes with it."""
        return self._public

    def sign(self, domain: str, message: bytes) -> bytes:
        """Return the 64-byte signature of "strongroom/", the domain, "/v1", a newline and the message."""
        return self._key.sign(_in_domain(domain, message))

    def sign_raw(self, message: bytes) -> bytes:
        """Return the signature of the bare message; only for C2SP notes.

        A message that reads as one in a domain is a caller's bug and refused, so that no note can be made to pass for
        an approval or a certificate.
        """
        if _IN_A_DOMAIN.match(message) is not None:
            raise RuntimeError("expected a note, got a message that belongs to a domain")
        return self._key.sign(message)
