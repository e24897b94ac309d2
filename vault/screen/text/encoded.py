"""Text inside text: what base64 hides, and mails whose header did not make them mails.

Such content is not cut but refused: where an encoding begins and ends in free text is a guess, and a wrong guess would
let a card number through (SCR-21).
"""

import binascii
import re

from vault.screen.errors import UnscreenableError

MIN_RUN = 20  # characters: what thirteen digits become, and a few more

_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\s{1,4}[A-Za-z0-9+/_-]{4,})*={0,2}")
_TRANSFER = re.compile(
    r"^[ \t>]*content-transfer-encoding[ \t]*:[ \t]*(?:base64|quoted-printable)\b", re.IGNORECASE | re.MULTILINE
)
_SPACE = re.compile(r"\s+")
_URL_SAFE = str.maketrans("-_", "+/")


def refuse_transfer_encoding(text: str) -> None:
    """Refuse free text that holds the header of an encoded mail part.

    Raises:
        UnscreenableError: it does; what follows is not the text it looks like.

    """
    if _TRANSFER.search(text):
        raise UnscreenableError("a text holds an e-mail with encoded parts that is not recognised as an e-mail")


def decoded_texts(text: str) -> list[str]:
    """Return what the base64 in a text says, where it says text."""
    found = []
    for run in _RUN.finditer(text):
        # a line of base64 also counts by itself: words around a block would spoil the whole
        for candidate in {_SPACE.sub("", run.group()), *run.group().split()}:
            said = _decode(candidate) if len(candidate) >= MIN_RUN else None
            if said is not None:
                found.append(said)
    return found


def _decode(packed: str) -> str | None:
    body = packed.rstrip("=").translate(_URL_SAFE)
    try:
        # not signed or hashed: whatever reading makes sense is of interest
        text = binascii.a2b_base64(body + "=" * (-len(body) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return text if all(c.isprintable() or c.isspace() for c in text) else None
