"""What identifies a person or quotes a recording, sealed in the catalog under data keys of its own.

Reaches a keyring: only what may read recordings imports it.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from keys import canonical
from keys.keyring import Keyring, slot_context
from vault.errors import SealedFormatError
from vault.model import Caller, RecordingId
from vault.sealed.format import new_data_key, open_value, seal_value, value_associated_data

PURPOSE = "metadata"

Document: TypeAlias = dict[str, canonical.Json]


@dataclass(frozen=True, slots=True)
class PrivateMetadata:
    """Callers, account, the source's own reference, the digest of the plaintext, the contract and the case."""

    callers: tuple[Caller, ...]
    account: str | None
    source_ref: str
    plain_sha256: str
    contract: str | None = None
    case: str | None = None

    def encode(self) -> bytes:
        """Return the canonical bytes that are sealed."""
        # only where there are any: metadata that was sealed before there were contracts and cases has neither
        belongs = {"contract": self.contract, "case": self.case}
        return canonical.encode(
            {
                "account": self.account,
                "callers": [{"email": c.email, "name": c.name, "number": c.number} for c in self.callers],
                "plain_sha256": self.plain_sha256,
                "source_ref": self.source_ref,
                **{name: value for name, value in belongs.items() if value is not None},
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> "PrivateMetadata":
        """Return what `encode` wrote.

        Raises:
            SealedFormatError: authenticated bytes of another shape: written by another version.

        """
        try:
            value: dict[str, object] = canonical.decode(data)  # type: ignore[assignment]
            callers = tuple(Caller(**c) for c in value.pop("callers"))  # type: ignore[attr-defined]
            return cls(callers=callers, **value)  # type: ignore[arg-type]
        except (TypeError, KeyError, AttributeError) as exc:
            raise SealedFormatError("expected sealed metadata of this version") from exc


def slot_row(keyring: Keyring, subject: str, purpose: str, data_key: bytes) -> dict[str, Any]:
    """Return the key slot row that holds a data key, wrapped by the active epoch."""
    wrapped = keyring.wrap(data_key, slot_context(subject, purpose))
    return {"subject": subject, "purpose": purpose, "epoch": wrapped.epoch, "wrapped": wrapped.blob}


def seal_document(keyring: Keyring, subject: str, purpose: str, document: Document) -> tuple[bytes, dict[str, Any]]:
    """Return a small document of a recording or a hold, sealed, and the key slot row that opens it."""
    key = new_data_key()
    aad = value_associated_data(RecordingId(subject), purpose)
    return seal_value(canonical.encode(document), key, aad), slot_row(keyring, subject, purpose, key)


def open_document(sealed: bytes, key: bytes, subject: str, purpose: str) -> Document:
    """Return what `seal_document` sealed.

    Raises:
        SealedFormatError: the row was altered, or sealed for another place.

    """
    value = canonical.decode(open_value(sealed, key, value_associated_data(RecordingId(subject), purpose)))
    if not isinstance(value, dict):
        raise SealedFormatError("expected a sealed document")
    return value
