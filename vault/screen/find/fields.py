"""Card numbers cut up over the fields of one object, and numbers as they grow while somebody types them.

{"first6": "401288", "middle": "888888", "last4": "1881"}         40128 / 401288 / ... / 4012888888881881
"""

import re
from collections.abc import Iterator, Sequence

from vault.screen.find.chains import Card
from vault.screen.find.schemes import MAX_DIGITS, aligned, is_usual
from vault.screen.find.talk import At, Hit, Marks, Talk, chains_of
from vault.screen.find.words import CARD_TALK
from vault.screen.outcome import FindingKind

PART_RULE, GROWING_RULE = "SCR-06", "SCR-04"
MAX_FIELDS = 24  # of digits in one object; one with more is data
MIN_PREFIX = 7  # digits of what is cut of a number that is there in full elsewhere
_PRINTED = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (8, 8)})
_PART_NAME = re.compile(r"\b(?:first ?[468]|last ?4|middle ?[0-9]{0,2}|bin|iin|pan)\b")


def _objects(talk: Talk) -> Iterator[list[int]]:
    """Yield, object by object, the fields that hold nothing but digits."""
    owned: dict[str, list[int]] = {}
    for index in talk.scans:
        segment = talk.segments[index]
        if segment.owner and segment.text.isdigit() and len(segment.text) < MAX_DIGITS:
            owned.setdefault(segment.owner, []).append(index)
    yield from (some for some in owned.values() if 1 < len(some) <= MAX_FIELDS)


def cards_in(talk: Talk, *, strict: bool) -> Iterator[Card]:
    """Yield the card numbers that fields of one object make together.

    Their object or their names must speak of cards, or the parts be as printed; `strict` asks for neither.
    """
    for some in _objects(talk):
        parts = [At(index, talk.scans[index].blocks[0]) for index in some if len(talk.scans[index].blocks) == 1]
        near = strict or any(
            talk.segments[at.segment].of_card or CARD_TALK.search(talk.hint(at.segment)) or _names_part(talk, at)
            for at in parts
        )
        for first, last, found in aligned([at.block.digits for at in parts]):
            window = parts[first:last]
            sizes = tuple(len(at.block.digits) for at in window)
            if len(window) < 2 or not found.checked or not is_usual(found.scheme, sum(sizes)):  # noqa: PLR2004
                continue
            if near or (sizes in _PRINTED and len(window) == len(parts)):
                yield Card(found.scheme, PART_RULE, [(at, 0, len(at.block.digits)) for at in window])


def _names_part(talk: Talk, at: At) -> bool:
    return _PART_NAME.search(talk.hint(at.segment)) is not None


def mark_growing(talks: Sequence[Talk], cards: Sequence[Card], marks: Marks) -> Iterator[Hit]:
    """Mark the numbers that are the beginning of a card number found, as a form's field tells with every key."""
    numbers = {"".join(at.block.digits[start:end] for at, start, end in card.parts) for card in cards}
    begun = {number[:size] for number in numbers for size in range(MIN_PREFIX, len(number))}
    for talk in talks if begun else ():
        for index, scanned in talk.scans.items():
            for chain in chains_of(scanned.blocks) if scanned.size >= MIN_PREFIX else ():
                digits = "".join(block.digits for block in chain)
                if digits in begun and any(marks.left(index, block) for block in chain):
                    for block in chain:
                        marks.add(index, block, 0, len(block.digits))
                    place = (index, chain[0].start, chain[-1].end)
                    yield Hit(FindingKind.CARD, GROWING_RULE, len(digits), places=[place])
