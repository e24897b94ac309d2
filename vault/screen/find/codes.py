"""Security codes and expiry dates: announced before or after, or standing beside a card number.

A security code is three or four digits, in one block or one by one. It is cut whole: no rule allows keeping it once
the payment is authorised (PCI DSS 3.3.1). Expiry dates are cut only in a talk where a card or a code was found.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vault.screen.find import dictated
from vault.screen.find.chains import Card
from vault.screen.find.digits import Block
from vault.screen.find.talk import Hit, Marks, Talk, chains_of, is_masked_tail
from vault.screen.find.words import CODE_NAME, CODE_TALK, EXPIRY_TALK, MONTH_NAME, YEAR_NAME
from vault.screen.outcome import FindingKind

CODE_SIZES = (3, 4)  # digits
CODE_AND_DATE = (7, 8)  # digits of a code and an expiry date said digit by digit
AFTER_CHARS = 80  # from the announcement to the code in one text
BEFORE_CHARS = 40  # from the code to a later announcement
FIELDS = 6  # from a card number to the month and the year beside it
MESSAGES = 4  # from the announcement or the card to the answer
SHORT_ANSWER = 40  # letters besides the digits in a message that answers
BARE_ANSWER = 14  # the same when nothing announced the code
MAX_ANSWER = 14  # digits of such a message: a code, a date and a postcode
MONTH_CHARS = 32  # from the first letter of a month to its year: "septiembre del "
MAX_CHAIN = 12  # digits of a chain cut whole because the code in it cannot be told apart

_MONTH = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|mai|okt|dez|fev|avr|jui|aou|maerz)[a-z]*"
    r"(?:[ ,]{1,2}(?:of|in|del?|the|year|ano|des|jahres))*[ ,./'-]{1,3}$"
)
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Blocks of one segment that may be a code or a date."""

    segment: int
    blocks: tuple[Block, ...]

    @property
    def digits(self) -> str:
        return "".join(b.digits for b in self.blocks)

    @property
    def start(self) -> int:
        return self.blocks[0].start

    @property
    def end(self) -> int:
        return self.blocks[-1].end


def _code_units(segment: int, chain: Sequence[Block]) -> Iterator[_Unit]:
    total = sum(len(b.digits) for b in chain)
    if total in CODE_SIZES:
        yield _Unit(segment, tuple(chain))
        return
    sized = [b for b in chain if len(b.digits) in CODE_SIZES]
    for block in sized:
        yield _Unit(segment, (block,))
    if not sized and CODE_SIZES[0] <= total <= MAX_CHAIN and all(len(b.digits) <= 2 for b in chain):  # noqa: PLR2004
        yield _Unit(segment, tuple(chain))


def _is_beside(spans: Sequence[tuple[int, int]], unit: _Unit) -> bool:
    """Say whether an announcement stands just before or just after."""
    at = bisect_right(spans, (unit.start, unit.start))  # the first that begins behind the unit's start
    before, after = spans[max(0, at - 1) : at], spans[at : at + 1]
    return any(unit.start - end <= AFTER_CHARS for _, end in before) or any(
        start - unit.end <= BEFORE_CHARS for start, _ in after
    )


class _Cards:
    """Where card numbers stand, for all streams: made once, because there may be as many streams as numbers."""

    def __init__(self, cards: Sequence[Card]) -> None:
        self.blocks = {(at.segment, at.block.start) for card in cards for at, _, _ in card.parts}
        self.ends: dict[int, list[int]] = {}  # by segment, in order
        for at in sorted((card.parts[-1][0] for card in cards), key=lambda at: at.block.end):
            self.ends.setdefault(at.segment, []).append(at.block.end)
        self.segments = sorted(self.ends)

    def is_beside(self, segment: int) -> bool:
        """Say whether a card number stands in the fields just before or after one, whatever their names."""
        at = bisect_left(self.segments, segment - FIELDS)
        return at < len(self.segments) and self.segments[at] <= segment + FIELDS


class _Reader:
    """Finds the codes of one stream."""

    def __init__(self, talk: Talk, order: Sequence[int], cards: _Cards, marks: Marks) -> None:
        self.talk, self.marks = talk, marks
        self.order = order
        self.position = {index: at for at, index in enumerate(self.order)}
        self.cards = cards
        self.card_ends = {index: cards.ends[index] for index in self.order if index in cards.ends}

    def chains(self) -> Iterator[tuple[int, list[Block]]]:
        """Yield the chains of every segment, without the digits that belong to a card number."""
        for index in self.order:
            scanned = self.talk.scans.get(index)
            for chain in chains_of(scanned.blocks) if scanned else ():
                rest = [b for b in chain if (index, b.start) not in self.cards.blocks and not self.marks.has(index, b)]
                if rest:
                    yield index, rest

    def _before(self, segment: int, count: int) -> Sequence[int]:
        at = self.position[segment]
        return self.order[max(0, at - count) : at]

    def is_announced(self, unit: _Unit, *, alone: bool) -> bool:
        """Say whether something before, in or after the unit's segment asks for or names a security code.

        Only what stands `alone` answers what another message asks for.
        """
        talk, index = self.talk, unit.segment
        if CODE_TALK.search(talk.hint(index)) or _is_beside(talk.code_talk(index), unit):
            return True
        letters = talk.scans[index].letters
        if not alone or talk.names_other_number(index):
            return False
        if letters <= SHORT_ANSWER and any(talk.code_talk(i) for i in self._before(index, MESSAGES)):
            return True
        at = self.position[index] + 1
        return letters <= BARE_ANSWER and any(talk.code_talk(i) for i in self.order[at : at + 1])

    def is_called_a_code(self, unit: _Unit) -> bool:
        """Say whether the unit is called a code, in whatever words, and a card number is in this or a near message."""
        at = self.position[unit.segment]
        if self.names_code(unit.segment):
            return True
        near = self.order[max(0, at - MESSAGES) : at + MESSAGES + 1]
        return any(i in self.card_ends for i in near) and _is_beside(self.talk.weak_code_talk(unit.segment), unit)

    def names_code(self, index: int) -> bool:
        """Say whether a field's name calls it a code, with a card number in the fields beside it."""
        return CODE_NAME.fullmatch(self.talk.hint(index)) is not None and self.cards.is_beside(index)

    def follows_card(self, unit: _Unit, *, alone: bool) -> bool:
        """Say whether the unit stands right behind a card number, or `alone` in one of the next messages."""
        index = unit.segment
        ends = self.card_ends.get(index, [])
        at = bisect_right(ends, unit.start)
        if at and unit.start - ends[at - 1] <= AFTER_CHARS:
            between = self.talk.segments[index].text[ends[at - 1] : unit.start]
            if sum(c.isalpha() for c in between) <= 4:  # noqa: PLR2004 - "exp"
                return True
        scanned = self.talk.scans[index]
        if not alone or scanned.letters > BARE_ANSWER or scanned.size > MAX_ANSWER:
            return False
        return any(i in self.card_ends for i in self._before(index, MESSAGES))

    def is_expiry_announced(self, unit: _Unit) -> bool:
        """Say whether something before or in the unit's segment speaks of an expiry date."""
        talk, index = self.talk, unit.segment
        if EXPIRY_TALK.search(talk.hint(index)) or _is_beside(talk.expiry_talk(index), unit):
            return True
        short = talk.scans[index].letters <= SHORT_ANSWER
        return short and any(talk.expiry_talk(i) for i in self._before(index, MESSAGES))

    def cut(self, kind: FindingKind, rule: str, unit: _Unit) -> Hit:
        """Mark all digits of the unit."""
        for block in unit.blocks:
            self.marks.add(unit.segment, block, 0, len(block.digits))
        return Hit(kind, rule, len(unit.digits), places=[(unit.segment, unit.start, unit.end)])


def _is_expiry(unit: _Unit) -> bool:
    """Say whether the blocks are a month and a year: 12/27, 12 2027, 1227, "one two two seven"."""
    sizes, digits = [len(b.digits) for b in unit.blocks], unit.digits
    if len(sizes) == 2:  # noqa: PLR2004 - month, year
        month, year = unit.blocks[0].digits, unit.blocks[1].digits
        if len(month) <= 2 and 1 <= int(month) <= 12:  # noqa: PLR2004
            return len(year) == 2 or (len(year) == 4 and int(year) in _YEARS)  # noqa: PLR2004
        return False
    sized = len(digits) == 4 or (len(digits) == 6 and int(digits[2:]) in _YEARS)  # noqa: PLR2004
    return sized and 1 <= int(digits[:2]) <= 12  # noqa: PLR2004


def _expiries(segment: int, chain: Sequence[Block]) -> Iterator[_Unit]:
    for size in (2, 1, 4, 3):
        for at in range(len(chain) - size + 1):
            unit = _Unit(segment, tuple(chain[at : at + size]))
            if _is_expiry(unit):
                yield unit


def _is_year_first(pair: Sequence[Block]) -> bool:
    """Say whether two blocks are a year and a month, as in 2028-09."""
    year, month = pair[0].digits, pair[1].digits
    return len(year) == 4 and int(year) in _YEARS and len(month) == 2 and 1 <= int(month) <= 12  # noqa: PLR2004


def _is_answer(unit: _Unit, chain: Sequence[Block]) -> bool:
    """Say whether a chain holds the unit and at most an expiry date before it."""
    if len(chain) > len(unit.blocks) + 2:
        return False
    rest = tuple(b for b in chain if b not in unit.blocks)
    return not rest or _is_expiry(_Unit(unit.segment, rest))


def _codes(reader: _Reader) -> Iterator[Hit]:
    for index, chain in list(reader.chains()):
        dates = {b.start for pair in pairwise(chain) if _is_expiry(_Unit(index, pair)) for b in pair}
        tame = reader.talk.tame(index)
        for unit in _code_units(index, chain):
            in_date = unit.start in dates and len(unit.blocks) == 1 < len(chain)
            masked = is_masked_tail(reader.talk, index, unit.start, len(unit.digits))
            if in_date or masked or any(b.ordinal in tame for b in unit.blocks):
                continue
            alone = _is_answer(unit, chain)
            named = reader.is_announced(unit, alone=alone) or reader.is_called_a_code(unit)
            dated = len(unit.digits) in CODE_AND_DATE and reader.follows_card(unit, alone=False)
            if named or dated or (len(unit.digits) in CODE_SIZES and reader.follows_card(unit, alone=alone)):
                yield reader.cut(FindingKind.CODE, "SCR-08", unit)


def _spelt(reader: _Reader) -> Iterator[Hit]:
    """Cut the codes whose digits stand in the elements of an array, by the name of its field."""
    runs: list[list[tuple[int, list[Block]]]] = []
    for index, chain in list(reader.chains()):
        segments = reader.talk.segments
        bare = sum(len(b.digits) for b in chain) == len(segments[index].text.strip()) <= 2  # noqa: PLR2004
        named = CODE_TALK.search(reader.talk.hint(index)) or reader.names_code(index)
        if not bare or not named:
            continue
        last = runs[-1][-1][0] if runs else None
        if last is not None and last == index - 1 and segments[last].hint == segments[index].hint:
            runs[-1].append((index, chain))
        else:
            runs.append([(index, chain)])
    for run in runs:
        units = [_Unit(index, tuple(chain)) for index, chain in run]
        if CODE_SIZES[0] <= sum(len(unit.digits) for unit in units) <= MAX_CHAIN:
            hits = [reader.cut(FindingKind.CODE, "SCR-08", unit) for unit in units]
            yield Hit(FindingKind.CODE, "SCR-08", sum(h.length for h in hits), places=[h.places[0] for h in hits])


def _is_date_field(reader: _Reader, index: int, chain: Sequence[Block]) -> bool:
    """Say whether a field named as the month or the year of an expiry date holds one.

    Beside a card number the names need not say of what.
    """
    name = reader.talk.hint(index)
    if len(chain) != 1:
        return False
    month, year = MONTH_NAME.fullmatch(name) is not None, YEAR_NAME.fullmatch(name) is not None
    if EXPIRY_TALK.search(name):
        month, year = "month" in name, "year" in name
    elif not (month or year) or not reader.cards.is_beside(index):
        return False
    digits = chain[0].digits
    if month and len(digits) <= 2 and 1 <= int(digits) <= 12:  # noqa: PLR2004
        return True
    return year and (len(digits) == 2 or (len(digits) == 4 and int(digits) in _YEARS))  # noqa: PLR2004


def _dates(reader: _Reader) -> Iterator[Hit]:
    for index, chain in list(reader.chains()):
        for unit in _expiries(index, chain):
            free = not any(reader.marks.has(index, b) for b in unit.blocks)
            if free and (
                reader.is_expiry_announced(unit) or (len(unit.blocks) > 1 and reader.follows_card(unit, alone=True))
            ):
                yield reader.cut(FindingKind.EXPIRY, "SCR-09", unit)
        if len(chain) == 2 and _is_year_first(chain) and EXPIRY_TALK.search(reader.talk.hint(index)):  # noqa: PLR2004
            yield reader.cut(FindingKind.EXPIRY, "SCR-09", _Unit(index, tuple(chain)))
            continue
        if _is_date_field(reader, index, chain):
            yield reader.cut(FindingKind.EXPIRY, "SCR-09", _Unit(index, tuple(chain)))
            continue
        for block in chain:
            unit = _Unit(index, (block,))
            named = _MONTH.search(reader.talk.folded(index)[max(0, block.start - MONTH_CHARS) : block.start])
            if named and len(block.digits) in (2, 4) and reader.is_expiry_announced(unit):
                yield reader.cut(FindingKind.EXPIRY, "SCR-09", unit)


def _keys(talk: Talk, reader: _Reader) -> Iterator[Hit]:
    """Cut every key typed in a stream of key presses that holds a card number: code and date follow it unannounced."""
    if not talk.segments[reader.order[0]].typed or not reader.card_ends:
        return
    cut = [reader.cut(FindingKind.CODE, "SCR-14", _Unit(index, tuple(chain))) for index, chain in list(reader.chains())]
    if cut:
        yield Hit(FindingKind.CODE, "SCR-14", sum(h.length for h in cut), places=[p for h in cut for p in h.places])


def mark(talk: Talk, streams: Sequence[Sequence[int]], cards: Sequence[Card], marks: Marks) -> list[Hit]:
    """Mark the security codes of all streams, then the expiry dates, and return what to tell."""
    if not cards and not any(talk.announces_code(i) for order in streams for i in order):
        return []
    where = _Cards(cards)
    readers = [_Reader(talk, order, where, marks) for order in streams if any(i in talk.scans for i in order)]
    hits: list[Hit] = []
    for reader in readers:
        hits += _codes(reader)
        hits += _spelt(reader)
        hits += dictated.mark(talk, reader.order, where.blocks, marks)
        hits += _keys(talk, reader)
    if cards or hits:
        for reader in readers:
            hits += _dates(reader)
    return hits
