"""Text inside text: what base64 hides, and mails whose header did not make them mails.

Where base64 begins and ends in free text is a guess. So what is cut, when any guess says a card number or a security
code, is the whole run of its characters, and the line breaks in it (SCR-21).
"""

import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from vault.screen.errors import UnscreenableError
from vault.screen.find.finder import find, streams_of
from vault.screen.find.talk import Cut, Hit, Segment
from vault.screen.outcome import FindingKind

RULE = "SCR-21"
MIN_RUN = 16  # characters: what twelve bytes become
MAX_LAYERS = 3  # base64 of base64 of base64

_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\s{1,4}[A-Za-z0-9+/_-]{4,})*={0,2}")
_TRANSFER = re.compile(
    r"^[ \t>]*content-transfer-encoding[ \t]*:[ \t]*(?:base64|quoted-printable)\b", re.IGNORECASE | re.MULTILINE
)
_SPACE = re.compile(r"\s+")
_URL_SAFE = str.maketrans("-_", "+/")
_GROUP = 4  # characters of base64 that are three bytes
_TELLING = 0.75  # the least share of printable characters of what is text


def refuse_transfer_encoding(text: str) -> None:
    """Refuse free text that holds the header of an encoded mail part.

    Raises:
        UnscreenableError: it does; what follows is not the text it looks like.

    """
    if _TRANSFER.search(text):
        raise UnscreenableError("a text holds an e-mail with encoded parts that is not recognised as an e-mail")


def hidden_in(segments: Sequence[Segment]) -> tuple[list[Hit], dict[int, list[Cut]]]:
    """Return the runs of base64 that say card numbers or codes, over the segments that join, and what to cut."""
    hits: list[Hit] = []
    cuts: dict[int, list[Cut]] = {}
    for order in streams_of(segments):
        joined = "\n".join(segments[i].text for i in order)
        starts = [0, *accumulate(len(segments[i].text) + 1 for i in order)]
        for run in _RUN.finditer(joined):
            if not any(_tells(said, MAX_LAYERS) for said in _readings(run.group())):
                continue
            hit = Hit(FindingKind.CARD, RULE, 0)
            for at in range(bisect_right(starts, run.start()) - 1, bisect_right(starts, run.end() - 1)):
                index = order[at]
                low, high = max(0, run.start() - starts[at]), min(len(segments[index].text), run.end() - starts[at])
                if low < high:
                    cuts.setdefault(index, []).append(Cut(low, high, high - low))
                    hit.places.append((index, low, high))
            hits.append(hit)
    return hits, cuts


def _tells(said: str, layers: int) -> bool:
    if find([Segment(said)]).hits:
        return True
    if layers == 1:
        return False
    return any(_tells(deeper, layers - 1) for run in _RUN.finditer(said) for deeper in _readings(run.group()))


def _readings(run: str) -> Iterator[str]:
    """Yield what a run says: joined and line by line, for words around it would spoil the whole; from each start."""
    pieces = run.split()
    for candidate in dict.fromkeys(["".join(pieces), *pieces]):
        body = candidate.rstrip("=").translate(_URL_SAFE)
        for start in range(_GROUP):
            said = _decode(body[start:])
            if said is not None:
                yield said


def _decode(body: str) -> str | None:
    """Return the text that base64 says, or None where it says none: not signed, so whatever makes sense counts."""
    body = body[:-1] if len(body) % _GROUP == 1 else body
    if len(body) < MIN_RUN - _GROUP:
        return None
    try:
        data = binascii.a2b_base64(body + "=" * (-len(body) % _GROUP))
    except (binascii.Error, ValueError):
        return None
    text = data.replace(b"\0", b"").decode("utf-8", "replace")  # without NUL, UTF-16 of Latin text is readable too
    plain = sum(c.isprintable() or c.isspace() for c in text) - text.count("\N{REPLACEMENT CHARACTER}")
    return text if plain >= _TELLING * len(text) else None
