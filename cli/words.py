"""What a person says of a hold or a demand, sealed at the door under a slot of its own."""

import hashlib
import secrets
from typing import Any

from sqlalchemy import Connection

from cli.door import Door
from keys import canonical
from retention.hold.holds import SealedWords
from vault import playback
from vault.private import Document, open_document, seal_document


def seal(door: Door, subject: str, purpose: str, words: dict[str, Any]) -> SealedWords:
    """Return words sealed for a subject."""
    # the salt keeps anyone from guessing short words by the digest in the log
    salted = {**words, "salt": secrets.token_hex(16)}
    sealed, slot = seal_document(door.vault.keyring, subject, purpose, salted)
    return SealedWords(sealed, slot, hashlib.sha256(canonical.encode(salted)).hexdigest())


def opened(door: Door, connection: Connection, subject: str, purpose: str, sealed: bytes) -> Document:
    """Return the words that `seal` sealed.

    Raises:
        IntegrityError: the row or its key slot was altered.

    """
    return open_document(sealed, playback.data_key(connection, door.vault.keyring, subject, purpose), subject, purpose)


def shown(words: Document) -> dict[str, Any]:
    """Return the reason and the scope in words, as one flat object."""
    scope = words.get("scope")
    named = {f"scope_{name}": value for name, value in scope.items()} if isinstance(scope, dict) else {}
    return {"because": words.get("because"), **named}
