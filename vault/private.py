"""What identifies a person, sealed in the catalog row under a data key of its own."""

from dataclasses import dataclass

from keys import canonical
from vault.errors import SealedFormatError
from vault.model import Caller

PURPOSE = "metadata"


@dataclass(frozen=True, slots=True)
class PrivateMetadata:
    """Callers, account, the source's own reference, the digest of the plaintext."""

    callers: tuple[Caller, ...]
    account: str | None
    source_ref: str
    plain_sha256: str

    def encode(self) -> bytes:
        """Return the canonical bytes that are sealed."""
        return canonical.encode(
            {
                "account": self.account,
                "callers": [{"email": c.email, "name": c.name, "number": c.number} for c in self.callers],
                "plain_sha256": self.plain_sha256,
                "source_ref": self.source_ref,
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
