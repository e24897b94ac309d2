"""The tracks of a card's magnetic stripe (ISO/IEC 7813): all of it goes, with the number it begins with.

No rule allows keeping track data once the payment is authorised (PCI DSS 3.3.1), not even the number's last four.
"""

import re
from collections.abc import Iterable, Iterator

from vault.screen.find.chains import Card
from vault.screen.find.talk import Hit, Marks, Talk
from vault.screen.outcome import FindingKind

RULE = "SCR-28"
_NUMBER = r"[0-9](?:[ -]?[0-9]){12,18}"
_TRACK = re.compile(rf"(?<=[Bb]){_NUMBER}\^[^?^\r\n]{{2,32}}\^[^?\r\n]{{4,120}}|{_NUMBER}[=D][0-9=]{{4,40}}")


def mark(talk: Talk, cards: Iterable[Card], marks: Marks) -> Iterator[Hit]:
    """Mark every track whose card number was found, up to its end sentinel, and yield what to tell."""
    starts: dict[int, set[int]] = {}
    for card in cards:
        for at, first, _ in card.parts:
            starts.setdefault(at.segment, set()).add(at.block.span(first)[0])
    for index, places in starts.items():
        for found in _TRACK.finditer(talk.segments[index].text):
            low, high = found.span()
            if any(low <= place < high for place in places):
                marks.cover(index, low, high)
                digits = sum(char.isdigit() for char in found.group())
                yield Hit(FindingKind.CODE, RULE, digits, places=[(index, low, high)])
