"""Text inside text: what base64 and its like hide, and mails whose header did not make them mails.

Where an encoding begins and ends in free text is a guess. So what is cut, when any guess says a card number or a
security code, is the whole run of its characters, and the line breaks in it (SCR-21).
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from vault.screen.errors import UnscreenableError
from vault.screen.find.finder import find, streams_of
from vault.screen.find.talk import Cut, Hit, Segment
from vault.screen.outcome import FindingKind
from vault.screen.text.decoders import MIN_RUN, RUNS

RULE = "SCR-21"
MAX_LAYERS = 3  # base64 of base64 of base64

_TRANSFER = re.compile(
    r"^[ \t>]*content-transfer-encoding[ \t]*:[ \t]*(?:base64|quoted-printable)\b", re.IGNORECASE | re.MULTILINE
)
# What reads as text for as long as a card number takes.
_TEXT = re.compile("[^\0-\x08\x0e-\x1f\x7f-\x9f\N{REPLACEMENT CHARACTER}]{13,}")


def refuse_transfer_encoding(text: str) -> None:
    """Refuse free text that holds the header of an encoded mail part.

    Raises:
        UnscreenableError: it does; what follows is not the text it looks like.

    """
    if _TRANSFER.search(text):
        raise UnscreenableError("a text holds an e-mail with encoded parts that is not recognised as an e-mail")


def hidden_in(segments: Sequence[Segment]) -> tuple[list[Hit], dict[int, list[Cut]]]:
    """Return the runs of letters that say card numbers or codes, over the segments that join, and what to cut."""
    hits: list[Hit] = []
    cuts: dict[int, list[Cut]] = {}
    for order in streams_of(segments):
        joined = "\n".join(segments[i].text for i in order)
        starts = [0, *accumulate(len(segments[i].text) + 1 for i in order)]
        for first, end in _telling(joined):
            hit = Hit(FindingKind.CARD, RULE, 0)
            for at in range(bisect_right(starts, first) - 1, bisect_right(starts, end - 1)):
                index = order[at]
                low, high = max(0, first - starts[at]), min(len(segments[index].text), end - starts[at])
                if low < high:
                    cuts.setdefault(index, []).append(Cut(low, high, high - low))
                    hit.places.append((index, low, high))
            hits.append(hit)
    return hits, cuts


def _telling(text: str) -> list[tuple[int, int]]:
    """Return the runs of a text that say card numbers or codes in any encoding, overlapping ones as one."""
    if len(text) < MIN_RUN:
        return []
    found = [
        run.span()
        for pattern, decode in RUNS
        for run in pattern.finditer(text)
        if any(_tells(said, MAX_LAYERS) for data in decode(run.group()) for said in _texts(data))
    ]
    merged: list[tuple[int, int]] = []
    for first, end in sorted(found):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((first, end))
    return merged


def _tells(said: str, layers: int) -> bool:
    if find([Segment(said)]).hits:
        return True
    if layers == 1:
        return False
    return any(
        _tells(deeper, layers - 1)
        for pattern, decode in RUNS
        for run in pattern.finditer(said)
        for data in decode(run.group())
        for deeper in _texts(data)
    )


def _texts(data: bytes) -> list[str]:
    """Return the stretches of bytes that are text; without NUL, UTF-16 of Latin text is readable too."""
    return _TEXT.findall(data.replace(b"\0", b"").decode("utf-8", "replace"))
