"""What passes between a medium and the finder: segments in, cuts and hits out; and the talk as the finder sees it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from vault.screen.find.digits import Block, Reading, Scan, scan
from vault.screen.find.glance import may_announce_code
from vault.screen.find.tame import tame_blocks
from vault.screen.find.views import view_of
from vault.screen.find.words import (
    CARD_TALK,
    CODE_TALK,
    EXPIRY_TALK,
    LONGER_CODE,
    MAY_CORRECT,
    NUMBER_TALK,
    OTHER_CODE_TALK,
    OTHER_TALK,
    WEAK_CODE_TALK,
)
from vault.screen.options import Allowed
from vault.screen.outcome import FindingKind

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MASK_CHARS = 60
_MASK = re.compile(r"(?:\*[^\w*]{0,3}){9,}$")

KEPT = 4  # digits of a card number that may stay readable (PCI DSS 3.4.1 allows the last four)


class Segment(NamedTuple):
    """One piece of text: a message, a line, a field's value."""

    text: str
    stream: str = ""  # digits are joined over the segments of one stream
    speaker: str | None = None
    hint: str = ""  # the name of the field, read for the word "card" and its like
    whole: bool = False  # an id or a number: only the whole value counts, not a window inside it
    joins: bool = True  # False: never joined with other segments
    typed: bool = False  # key presses: with a card among them, all are cut
    exempt: bool = False  # an id, a time, a size: a run that is no card stays even when runs are cut
    owner: str = ""  # the object whose field it is: digits of its other fields may be the rest of a number
    of_card: bool = False  # the object's name, or that of one around it, speaks of cards
    cells: str = ""  # in a row of a table, the sign between its cells


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters `start`..`end` of a segment's text become `stars` asterisks."""

    start: int
    end: int
    stars: int


@dataclass(slots=True)
class Hit:
    """One thing found. `places` are (segment, start, end) of its parts, in characters of the segment's text."""

    kind: FindingKind
    rule: str  # its id in SPEC.md
    length: int  # digits
    scheme: str | None = None
    kept: int = 0  # digits left readable
    places: list[tuple[int, int, int]] = field(default_factory=list)

    def spans(self) -> dict[int, tuple[int, int]]:
        """Return the first and the end character of the hit in each segment."""
        spans: dict[int, tuple[int, int]] = {}
        for segment, start, end in self.places:
            low, high = spans.get(segment, (start, end))
            spans[segment] = (min(low, start), max(high, end))
        return spans


class At(NamedTuple):
    """A block and the segment it stands in."""

    segment: int
    block: Block


class Talk:
    """The segments under one reading: their scans, and where cards and codes are talked of."""

    def __init__(
        self,
        segments: Sequence[Segment],
        reading: Reading,
        only: Iterable[int],
        allowed: Sequence[Allowed] = (),
        known: Mapping[str, Scan] | None = None,
    ) -> None:
        """Scan the segments `only`; `known` are texts whose scan this reading does not change."""
        self.segments, self.reading = segments, reading
        known = dict(known or {})  # chats repeat themselves: roles, dates, "one moment"
        self.scans: dict[int, Scan] = {}
        for index in only:
            text = segments[index].text
            if text not in known:
                known[text] = scan(text, reading, allowed)
            self.scans[index] = known[text]
        self._folded: dict[int, str] = {}
        self._card_talk: dict[int, bool] = {}
        self._number_talk: dict[int, bool] = {}
        self._other_talk: dict[int, bool] = {}
        self._card_names: dict[str, bool] = {}
        self._hints: dict[str, str] = {"": ""}
        self._tame: dict[int, frozenset[int]] = {}
        self._corrects: dict[int, bool] = {}
        self._code_talk: dict[int, tuple[tuple[int, int], ...]] = {}
        self._weak_talk: dict[int, tuple[tuple[int, int], ...]] = {}
        self._expiry_talk: dict[int, tuple[tuple[int, int], ...]] = {}

    def folded(self, index: int) -> str:
        """Return the folded text of a segment; as long as the text unless that holds invisible characters."""
        if index not in self._folded:
            self._folded[index] = view_of(self.segments[index].text).text
        return self._folded[index]

    def hint(self, index: int) -> str:
        """Return the name of a segment's field as words: "securityCode" is "security code"."""
        name = self.segments[index].hint
        if name not in self._hints:
            self._hints[name] = _CAMEL.sub(" ", name.replace("_", " ").replace("-", " ")).lower()
        return self._hints[name]

    def is_card_talk(self, index: int) -> bool:
        """Say whether a segment, or its field's name, speaks of cards or payment."""
        if index not in self._card_talk:
            name = self.hint(index)
            if name not in self._card_names:
                self._card_names[name] = CARD_TALK.search(name) is not None
            self._card_talk[index] = self._card_names[name] or CARD_TALK.search(self.folded(index)) is not None
        return self._card_talk[index]

    def is_number_talk(self, index: int) -> bool:
        """Say whether a segment, or its field's name, speaks of a card's number: asks for it, or gives it."""
        if index not in self._number_talk:
            told = self.is_card_talk(index) and (
                NUMBER_TALK.search(self.folded(index)) or NUMBER_TALK.search(self.hint(index))
            )
            self._number_talk[index] = bool(told)
        return self._number_talk[index]

    def names_other_number(self, index: int) -> bool:
        """Say whether a segment names orders, parcels, amounts and the like, whose digits are no parts of a card's."""
        if index not in self._other_talk:
            self._other_talk[index] = OTHER_TALK.search(self.folded(index)) is not None
        return self._other_talk[index]

    def code_talk(self, index: int) -> tuple[tuple[int, int], ...]:
        """Return where a segment speaks of a card's security code."""
        if index not in self._code_talk:
            text = self.folded(index)
            some = CODE_TALK.finditer(text) if may_announce_code(text) else ()
            told = [m for m in some if not LONGER_CODE.match(text, m.end())]
            self._code_talk[index] = tuple(m.span() for m in told)
        return self._code_talk[index]

    def tame(self, index: int) -> frozenset[int]:
        """Return the ordinals of the blocks of a segment that are in dates and amounts of money."""
        if index not in self._tame:
            self._tame[index] = tame_blocks(self.segments[index].text, self.scans[index].blocks)
        return self._tame[index]

    def may_correct(self, index: int) -> bool:
        """Say whether a segment could say that digits just given were wrong; never wrongly no."""
        if index not in self._corrects:
            self._corrects[index] = MAY_CORRECT.search(self.folded(index)) is not None
        return self._corrects[index]

    def announces_code(self, index: int) -> bool:
        """Say whether a segment, or its field's name, announces a security code."""
        return bool(self.code_talk(index)) or CODE_TALK.search(self.hint(index)) is not None

    def weak_code_talk(self, index: int) -> tuple[tuple[int, int], ...]:
        """Return where a segment says what means a security code only near a card number."""
        if index not in self._weak_talk:
            text = OTHER_CODE_TALK.sub(lambda m: " " * len(m.group()), self.folded(index))
            self._weak_talk[index] = tuple(m.span() for m in WEAK_CODE_TALK.finditer(text))
        return self._weak_talk[index]

    def expiry_talk(self, index: int) -> tuple[tuple[int, int], ...]:
        """Return where a segment speaks of an expiry date."""
        if index not in self._expiry_talk:
            self._expiry_talk[index] = tuple(m.span() for m in EXPIRY_TALK.finditer(self.folded(index)))
        return self._expiry_talk[index]

    def at(self, order: Iterable[int]) -> list[At]:
        """Return the blocks of the given segments, in order."""
        return [At(i, block) for i in order if i in self.scans for block in self.scans[i].blocks]


Digit: TypeAlias = tuple[int, Block, int]
"""One digit of a card: the segment, the block in it, and which of the block's digits."""


class Marks:
    """Which digits are to be cut, by segment and span of the original text."""

    def __init__(self) -> None:
        self._spans: dict[int, dict[tuple[int, int], int]] = {}
        self._claims: dict[tuple[int, tuple[int, int]], tuple[Digit, ...]] = {}

    def claim(self, digits: tuple[Digit, ...]) -> None:
        """Note the digits of a card; where another card shares some and ends elsewhere, mark all digits of both.

        Only one of the two can be the card: what the other keeps readable may be a security code behind it. Of a
        place the latest claim is enough, because an earlier one was marked whole when it was taken over.
        """
        mine = tuple((segment, block.span(index)) for segment, block, index in digits)
        rivals = [other for place in mine if (other := self._claims.get(place)) is not None]
        for place in mine:
            self._claims[place] = digits
        rivals = [r for r in rivals if tuple((s, b.span(i)) for s, b, i in r[-KEPT:]) != mine[-KEPT:]]
        for rival in {id(r): r for r in rivals}.values():
            for segment, block, index in (*rival, *digits):
                self.add(segment, block, index, index + 1)

    def add(self, segment: int, block: Block, start: int, end: int) -> None:
        """Mark digits start..end of `block`; a word is cut whole when any of its digits is."""
        spans = self._spans.setdefault(segment, {})
        if block.spans is not None and block.word:
            spans[block.span(0)] = len(block.digits)
            return
        for index in range(start, end):
            spans[block.span(index)] = 1

    def cover(self, segment: int, start: int, end: int) -> None:
        """Mark all characters from `start` to `end`, digits or not."""
        self._spans.setdefault(segment, {})[start, end] = end - start

    def has(self, segment: int, block: Block) -> bool:
        """Say whether any digit of `block` is marked."""
        spans = self._spans.get(segment)
        return spans is not None and any(block.span(i) in spans for i in range(len(block.digits)))

    def left(self, segment: int, block: Block) -> int:
        """Return how many digits of `block` are not marked."""
        spans = self._spans.get(segment, {})
        return sum(block.span(i) not in spans for i in range(len(block.digits)))

    def cuts(self) -> dict[int, list[Cut]]:
        """Return what to cut, by segment, in order and without overlaps."""
        out: dict[int, list[Cut]] = {}
        for segment, spans in self._spans.items():
            merged: list[Cut] = []
            for (start, end), stars in sorted(spans.items()):
                last = merged[-1] if merged else None
                if last and start < last.end:
                    merged[-1] = Cut(last.start, max(end, last.end), max(last.stars, stars))
                elif last and start == last.end:
                    merged[-1] = Cut(last.start, end, last.stars + stars)
                else:
                    merged.append(Cut(start, end, stars))
            out[segment] = merged
        return out


def chains_of(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks of one segment as chains: nothing but separators within, letters between."""
    chains: list[list[Block]] = []
    for block in blocks:
        if block.sep and chains:
            chains[-1].append(block)
        else:
            chains.append([block])
    return chains


def is_masked_tail(talk: Talk, segment: int, start: int, digits: int) -> bool:
    """Say whether so many digits at `start` are the last four left of a card number that was cut before."""
    before = talk.segments[segment].text[max(0, start - _MASK_CHARS) : start]
    return digits == KEPT and _MASK.search(before) is not None
