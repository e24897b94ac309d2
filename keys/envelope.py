"""Key files: a secret sealed under a passphrase, format strongroom/key-file/v1 (keys/SPEC.md section 1).

Pure: takes bytes, returns bytes; keys.files reads and writes them. The whole header is associated data of the seal, so
a changed cost, purpose or public part does not open. What cannot be told apart, by design, is a wrong passphrase from
an altered file.
"""

import os
import re
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from keys import canonical
from keys.canonical import Json
from keys.errors import CanonicalFormError, KdfCostError, KeyFileError, PassphraseError, WrongPassphraseError
from keys.fields import Fields
from keys.secret import Secret

FORMAT = "strongroom/key-file/v1"
MAX_FILE_LEN = 8192  # bytes; a real one has about 400
MAX_SECRET_LEN = 1024  # bytes
MAX_PUBLIC_LEN = 256  # bytes
SALT_LEN = 16  # bytes, RFC 9106 section 3.1
NONCE_LEN = 12  # bytes
TAG_LEN = 16  # bytes

_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,31}")
_FIELDS = ("format", "purpose", "kdf", "public", "sealed")
_KDF_FIELDS = ("name", "memory_kib", "passes", "lanes", "salt")


@dataclass(frozen=True, slots=True)
class KdfCost:
    """What one guess of the passphrase costs (Argon2id, RFC 9106).

    The default is the second recommended option of RFC 9106 section 4. The floor is OWASP's minimum; below it a file
    is refused, because a weak one may be forged to make a stolen passphrase cheap to find. The ceiling keeps a forged
    file from exhausting the machine that opens it.

    Raises:
        KdfCostError: outside floor and ceiling.

    """

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("memory_kib", self.memory_kib, 19456, 1024 * 1024),
            ("passes", self.passes, 2, 10),
            ("lanes", self.lanes, 1, 16),
        ):
            if type(value) is not int or not low <= value <= high:
                raise KdfCostError(f"{name}: expected an integer from {low} to {high}")


DEFAULT_COST = KdfCost()
FLOOR_COST = KdfCost(memory_kib=19456, passes=2, lanes=1)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file says without its passphrase. Nothing in it is authenticated until it opens."""

    purpose: str
    cost: KdfCost
    salt: bytes
    public: bytes | None
    sealed: bytes

    def header(self) -> dict[str, Json]:
        """Return every field but the sealed one: the associated data."""
        return {
            "format": FORMAT,
            "purpose": self.purpose,
            "kdf": {
                "name": "argon2id",
                "memory_kib": self.cost.memory_kib,
                "passes": self.cost.passes,
                "lanes": self.cost.lanes,
                "salt": canonical.base64_of(self.salt),
            },
            "public": None if self.public is None else canonical.base64_of(self.public),
        }

    def encode(self) -> bytes:
        """Return the bytes of the file: canonical JSON and a newline."""
        return canonical.encode({**self.header(), "sealed": canonical.base64_of(self.sealed)}) + b"\n"


def passphrase_of(text: str) -> Secret:
    """Return what a person typed as a passphrase: Unicode NFC (as RFC 8265 does), then UTF-8.

    So the same words open the file whichever keyboard composed the accents.

    Raises:
        PassphraseError: empty, or not well-formed Unicode.

    """
    try:
        value = unicodedata.normalize("NFC", text).encode()
    except UnicodeEncodeError as exc:
        raise PassphraseError("expected a passphrase of well-formed Unicode") from exc
    if not value.strip():
        raise PassphraseError("expected a passphrase, got an empty one")
    return Secret(value)


def parse(data: bytes) -> KeyFile:
    """Return what a key file says, unauthenticated and without its passphrase.

    Raises:
        KeyFileError: not a key file of this format, or its cost is out of bounds (KEYF-01 to KEYF-05).

    """
    if len(data) > MAX_FILE_LEN:
        raise KeyFileError(f"expected a key file of at most {MAX_FILE_LEN} bytes")
    if not data.endswith(b"\n"):
        raise KeyFileError("expected a key file that ends in a newline")
    try:
        document = canonical.decode(data[:-1])
    except CanonicalFormError as exc:
        raise KeyFileError("expected a key file of canonical JSON") from exc
    fields = Fields(document, _FIELDS, KeyFileError, "key file")
    fields.constant("format", FORMAT)
    kdf = Fields(fields.raw("kdf"), _KDF_FIELDS, KeyFileError, "key file, kdf")
    kdf.constant("name", "argon2id")
    no_bound = canonical.MAX_INTEGER  # the cost itself knows its bounds
    try:
        cost = KdfCost(*(kdf.integer(name, 0, no_bound) for name in ("memory_kib", "passes", "lanes")))
    except KdfCostError as exc:
        raise KeyFileError(f"key file, kdf: {exc}") from exc
    return KeyFile(
        purpose=fields.text("purpose", _PURPOSE),
        cost=cost,
        salt=kdf.base64("salt", SALT_LEN, SALT_LEN),
        public=None if fields.raw("public") is None else fields.base64("public", 1, MAX_PUBLIC_LEN),
        sealed=fields.base64("sealed", NONCE_LEN + TAG_LEN + 1, NONCE_LEN + TAG_LEN + MAX_SECRET_LEN),
    )


def _cipher(passphrase: Secret, salt: bytes, cost: KdfCost) -> AESGCM:
    kdf = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
    return AESGCM(kdf.derive(passphrase.reveal()))


def create(
    secret: Secret, passphrase: Secret, purpose: str, cost: KdfCost = DEFAULT_COST, public: bytes | None = None
) -> bytes:
    """Return a new key file that holds `secret`, with `public` beside it in the clear.

    Raises:
        PassphraseError: the passphrase is empty.

    """
    if _PURPOSE.fullmatch(purpose) is None:
        raise RuntimeError(f"expected a purpose of the form {_PURPOSE.pattern}")
    if not 0 < len(secret) <= MAX_SECRET_LEN or (public is not None and not 0 < len(public) <= MAX_PUBLIC_LEN):
        raise RuntimeError("expected a secret and a public part inside their bounds")
    if len(passphrase) == 0:
        raise PassphraseError("expected a passphrase, got an empty one")
    # The key is fresh with every salt, so the random nonce is a second guard, not the only one.
    salt, nonce = os.urandom(SALT_LEN), os.urandom(NONCE_LEN)
    draft = KeyFile(purpose=purpose, cost=cost, salt=salt, public=public, sealed=b"")
    associated = canonical.encode(draft.header())
    sealed = nonce + _cipher(passphrase, salt, cost).encrypt(nonce, secret.reveal(), associated)
    return KeyFile(purpose=purpose, cost=cost, salt=salt, public=public, sealed=sealed).encode()


def open_(data: bytes, passphrase: Secret, purpose: str) -> Secret:
    """Return the secret of a key file.

    Takes as long and as much memory as the file's cost says, which parse() has bounded.

    Raises:
        KeyFileError: malformed, or made for another purpose.
        WrongPassphraseError: it does not open; the passphrase is wrong or the file was altered.

    """
    file = parse(data)
    if file.purpose != purpose:
        raise KeyFileError(f"expected a key file for {purpose}, got one for {file.purpose}")
    cipher = _cipher(passphrase, file.salt, file.cost)
    nonce, ciphertext = file.sealed[:NONCE_LEN], file.sealed[NONCE_LEN:]
    try:
        return Secret(cipher.decrypt(nonce, ciphertext, canonical.encode(file.header())))
    except InvalidTag as exc:
        raise WrongPassphraseError("the key file does not open: wrong passphrase, or the file was altered") from exc


def change_passphrase(data: bytes, old: Secret, new: Secret, purpose: str, cost: KdfCost = DEFAULT_COST) -> bytes:
    """Return a key file with the same secret and public part under another passphrase.

    The old file still opens with the old passphrase: whoever copied it keeps what they have.

    Raises:
        KeyFileError: malformed, or made for another purpose.
        WrongPassphraseError: `old` does not open it.
        PassphraseError: `new` is empty.

    """
    secret = open_(data, old, purpose)
    return create(secret, new, purpose, cost, parse(data).public)
