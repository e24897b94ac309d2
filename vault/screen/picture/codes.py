"""Security codes by where they stand: short numbers by themselves in the form that a card shows in (PIC-19). Pure.

A label may be misread or missing; that a number of three or four digits stands alone near a card is seen all the same.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from vault.screen.find.digits import Reading, scan
from vault.screen.find.schemes import MAX_DIGITS, may_start
from vault.screen.find.talk import chains_of
from vault.screen.picture import names
from vault.screen.picture.lines import Box, Line, same_row

CODE: Final = (3, 4)  # digits of a security code
_SHOWN: Final = 7  # digits from which a number being typed counts as a card's
_LABEL: Final = 40  # characters of a label at most
_ROUND: Final = " \t()[]{}|:;,.#'\"!?-_<>="  # may stand around a token
_DIGITS: Final = str.maketrans("OoQDlIi|!SsBZzGbgq", "000011111558226699")
_TOKEN: Final = re.compile(r"\S+")
_JOINED: Final = re.compile(r"[+A-Za-z]{0,2}\d[\dA-Za-z]{0,5}")  # a group of a longer number: "7946", "DE89", "+44"
_MASK: Final = re.compile(r"[*\u2022\u00b7\u25cf\u2219.xX]{3,}")
_MASKED: Final = re.compile(r"(?:[*\u2022\u00b7\u25cf\u2219.xX]{4}[ -]?){2,}\d{4}")


class _Area(NamedTuple):
    """How far a code may stand from a card, in line heights: to the sides, above, below."""

    beside: float
    above: float
    below: float


WIDE: Final = _Area(40, 12, 20)  # `strict`
NEAR: Final = _Area(16, 2.5, 7)  # `balanced`
TYPED: Final = _Area(25, 6, 12)  # `balanced`, of what is typed while the card shows


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a card, or what names a part of one, shows."""

    box: Box
    is_number: bool = True


class Token(NamedTuple):
    """A number of one to four digits that belongs to no longer one; `alone` when its line holds nothing else."""

    line: int
    box: Box
    digits: str
    sure: float
    alone: bool


def tokens(lines: Sequence[Line]) -> Iterator[Token]:
    """Yield the short numbers that stand by themselves; letters that look like digits count beside one digit."""
    for index, line in enumerate(lines):
        whole = line.text.strip(_ROUND)
        spaced = re.fullmatch(r"\d(?: ?\d){2,3}", whole)
        parts = [line.text.find(whole)] if spaced else []
        found = [(at, at + len(whole)) for at in parts] or list(_parts(line.text))
        for start, end in found:
            digits = line.text[start:end].replace(" ", "").translate(_DIGITS)
            alone = line.text[start:end] == whole
            if alone or len(digits) in CODE:
                yield Token(index, line.part(start, end), digits, min(line.sure[start:end], default=0.0), alone)


def _parts(text: str) -> Iterator[tuple[int, int]]:
    words = list(_TOKEN.finditer(text))
    for at, word in enumerate(words):
        core = word.group().strip(_ROUND)
        if not _is_short(core):
            continue
        around = [w.group() for w in (*words[max(0, at - 1) : at], *words[at + 1 : at + 2])]
        if not any(_goes_on(other) for other in around):
            start = word.start() + word.group().find(core)
            yield start, start + len(core)


def _is_short(core: str) -> bool:
    return 1 <= len(core) <= max(CODE) and any(c.isdigit() for c in core) and core.translate(_DIGITS).isdecimal()


def _goes_on(other: str) -> bool:
    """Say whether a word beside a number is more of that number: a group of it, or the mask of the rest."""
    core = other.strip(_ROUND.replace(".", ""))
    return _JOINED.fullmatch(core) is not None or _MASK.fullmatch(core) is not None


def anchors(lines: Sequence[Line], numbers: Sequence[Box], *, strict: bool) -> list[Anchor]:
    """Return where cards show: the boxes of `numbers` found, and what names or may be a part of a card."""
    out = [Anchor(box) for box in numbers]
    for line in lines:
        text = line.text
        if _is_bare(text) and (names.is_card(text) or names.is_expiry(text) or (strict and _names_more(text))):
            out.append(Anchor(line.box, is_number=False))
        elif _MASKED.search(text):
            out.append(Anchor(line.box))
        elif strict:
            for chain in chains_of(scan(text, Reading.PLAIN).blocks):
                digits = "".join(b.digits for b in chain)
                if _SHOWN <= len(digits) <= MAX_DIGITS and may_start(digits[:2]):
                    out.append(Anchor(line.part(chain[0].start, chain[-1].end)))
    return out


def _is_bare(text: str) -> bool:
    return len(text) <= _LABEL and sum(c.isdigit() for c in text) <= 2  # noqa: PLR2004 - "CVV2"


def _names_more(text: str) -> bool:
    return names.mentions_card(text) or names.is_code(text, short=False)


def beside(
    lines: Sequence[Line], hints: Sequence[str], near: Sequence[Anchor], before: Sequence[Line], *, strict: bool
) -> Iterator[Token]:
    """Yield the tokens that stand where a security code does. `before` is what the screen showed in the last state."""
    for token in tokens(lines) if near else ():
        if strict:
            area = NEAR if len(token.digits) < min(CODE) else WIDE
            if any(_within(a.box, token.box, area) for a in near):
                yield token
            continue
        line = lines[token.line]
        if not token.alone or len(token.digits) not in CODE or not line.text.strip(_ROUND).isdecimal():
            continue
        if _is_part(lines, token.line) or _is_explained(hints[token.line], near):
            continue
        close = any(_within(a.box, token.box, NEAR) for a in near)
        if close or any(_within(a.box, token.box, TYPED) and _is_typed(line, a, before, lines) for a in near):
            yield token


def _within(anchor: Box, box: Box, area: _Area) -> bool:
    high = max(anchor.height, box.height)
    aside = max(anchor.left - box.right, box.left - anchor.right)
    return (
        aside <= area.beside * high
        and anchor.top - box.bottom <= area.above * high
        and box.top - anchor.bottom <= area.below * high
    )


def _is_part(lines: Sequence[Line], index: int) -> bool:
    """Say whether digits stand so close in its row that the token is a group of a longer number."""
    box = lines[index].box
    for other in lines:
        gap = max(other.box.left - box.right, box.left - other.box.right)
        if other is not lines[index] and gap < box.height and same_row(box, other.box):
            words = other.text.split()
            if words and _goes_on(words[-1] if other.box.left < box.left else words[0]):
                return True
    return False


def _is_explained(hint: str, near: Sequence[Anchor]) -> bool:
    """Say whether a label names the token as something else; a card's label does while the card is not read yet."""
    if not hint or names.is_code(hint):
        return False
    return names.is_other(hint) or (names.mentions_card(hint) and not any(a.is_number for a in near))


def _is_typed(line: Line, anchor: Anchor, before: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Say whether a line is new, or was shorter, beside a card that stood in its place already."""
    card = [one for one in lines if one.box.meets(anchor.box)]
    stood = any(one.text == old.text and one.box.shared(old.box) > 0.8 for one in card for old in before)  # noqa: PLR2004
    return stood and not any(old.text == line.text and old.box.meets(line.box) for old in before)
