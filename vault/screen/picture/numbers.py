"""Which parts of a screen's text are card data: lines in, spots to cover out. Pure; SPEC.md has the rules by id.

Card numbers are sought in rows (a number may stand in four fields beside each other) and where a row goes on in the
next; security codes and
expiry dates in single pieces of text with what labels them. The finder decides; this module knows only the screen.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vault.screen.find import finder
from vault.screen.find.allowed import spared
from vault.screen.find.digits import Block, Reading, scan
from vault.screen.find.schemes import MAX_DIGITS, MIN_DIGITS, may_start
from vault.screen.find.talk import Hit, Segment, chains_of
from vault.screen.find.views import view_of
from vault.screen.find.words import CODE_TALK, EXPIRY_TALK
from vault.screen.options import Options, Preset
from vault.screen.outcome import FindingKind
from vault.screen.picture import codes, names
from vault.screen.picture.codes import Anchor
from vault.screen.picture.lines import Box, Line, Row, around, joined_labels, labels, rows, wrapped

FLOOR = 0.6  # how sure the recogniser must be of digits for them to count as read
CERTAIN = 0.9  # of a digit; below it a number that fails its check may be a card misread
SHOWN = 7  # digits from which a number being typed counts as showing

_MISREAD = 3  # characters that the first digits of a number may be read as, without any digit among them
_GROUP = 6  # digits at most in one of the fields that a number is written in
_GAP = 2.0  # line heights between two characters from which they stand in two cells
_FIELD = re.compile(r"\bcard\b|kreditkarte|kartennummer|tarjeta|\bcarte\b|\bpan\b")
_LIKE_DIGITS = frozenset("0123456789OoQDlIi|!SsBZzGbgq")


@dataclass(frozen=True, slots=True)
class Spot:
    """Card data on one picture. `places` are the parts of it, each with its digits (kept in memory only)."""

    kind: FindingKind
    rule: str
    places: tuple[tuple[Box, str], ...]
    length: int | None
    scheme: str | None = None
    sure: float = 1.0

    @property
    def digits(self) -> str:
        """All digits, in order."""
        return "".join(digits for _, digits in self.places)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of digits in one line, of any length."""

    box: Box
    digits: str


def runs(lines: Sequence[Line]) -> list[Run]:
    """Return every run of digits in the lines, with the separators inside it; a misread one may have no digits."""
    out = []
    for line in lines:
        chains = _chains(line.text)
        out += [Run(line.part(c[0].start, c[-1].end), "".join(b.digits for b in c)) for c in chains]
        if not chains and len(line.text) <= _MISREAD:
            out.append(Run(line.box, ""))
    return out


def spots(
    lines: Sequence[Line], options: Options, before: Sequence[Line] = (), showing: Sequence[Box] = ()
) -> list[Spot]:
    """Return the card data in the text of one picture.

    `before` is the text of the last one that was read, `showing` where card data is known to have shown in it.
    """
    strict = options.preset is Preset.STRICT
    in_rows = rows(lines)
    in_rows += wrapped(in_rows, lines)
    hints = _hints(lines, strict=strict)
    segments = [
        *(Segment(row.text, joins=False) for row in in_rows),
        *(Segment(line.text, hint=_words(hint), joins=False) for line, hint in zip(lines, hints, strict=True)),
    ]
    hits = finder.find(segments, run=options.run if strict else None, allowed=options.allowed).hits
    found = [spot for hit in hits if (spot := _spot(hit, lines, in_rows, segments)) is not None]
    found += _misread(lines, in_rows, options)
    found += [s for s in _labelled(lines, hints) if strict or _may_be_card(s)]
    if strict:
        found += _unread(lines, options)
    near = [Anchor(box) for box in showing if strict] + _anchors(lines, found, strict=strict)
    found += _beside(lines, hints, near, before, strict=strict)
    return _distinct(found)


def _hints(lines: Sequence[Line], *, strict: bool) -> list[str]:
    """Return what labels each line that holds digits; a label read with mistakes is followed by what it means."""
    whole = joined_labels(lines)
    near_card = strict or any(names.is_card(line.text) or names.is_expiry(line.text) for line in whole)
    out = []
    for line in lines:
        hint = labels([*whole, line], len(whole)) if any(c.isdigit() for c in line.text) else ""
        own = re.sub(r"\d.*", "", line.text)
        if hint or own:
            is_code = any(names.is_code(part, short=near_card) for part in (hint, own))
            is_date = any(names.is_expiry(part) for part in (hint, own))
            hint += " ; cvv" * is_code + " ; expiry" * is_date
        out.append(hint)
    return out


def _anchors(lines: Sequence[Line], found: Sequence[Spot], *, strict: bool) -> list[Anchor]:
    """Return where cards show, by what was found and by labels."""
    cards = [s for s in found if s.kind in (FindingKind.CARD, FindingKind.EXPIRY) or _may_be_card(s)]
    sure = [s for s in cards if strict or s.rule != "PIC-04"]
    return codes.anchors(lines, [box for spot in sure for box, _ in spot.places], strict=strict)


def _beside(
    lines: Sequence[Line], hints: Sequence[str], near: Sequence[Anchor], before: Sequence[Line], *, strict: bool
) -> Iterator[Spot]:
    """Yield what stands where a security code does, whatever its label says (codes.py)."""
    for token in codes.beside(lines, hints, near, before, strict=strict):
        kind = FindingKind.CODE if len(token.digits) in codes.CODE else FindingKind.DIGITS
        yield Spot(kind, "PIC-19", ((token.box, token.digits),), len(token.digits), sure=token.sure)


def _words(hint: str) -> str:
    """Return a label's letters: digits in it are other fields' contents."""
    return re.sub(r"\d", " ", _folded(hint))


def _folded(text: str) -> str:
    return view_of(text).text


def _box_of(lines: Sequence[Line], row: Row, start: int, end: int) -> list[tuple[int, Box]]:
    """Return the boxes of characters `start` to `end` of a row, one a line that it is made of."""
    spans: dict[int, tuple[int, int]] = {}
    for origin in row.origins[start:end]:
        if origin is not None:
            low, high = spans.get(origin.line, (origin.character, origin.character + 1))
            spans[origin.line] = min(low, origin.character), max(high, origin.character + 1)
    return [(line, lines[line].part(*span)) for line, span in spans.items()]


def _digits_of(text: str) -> str:
    return "".join(block.digits for block in scan(text, Reading.OTHER).blocks)


def _places(hit: Hit, lines: Sequence[Line], in_rows: Sequence[Row]) -> list[tuple[Box, str]]:
    places = []
    for segment, (start, end) in hit.spans().items():
        if segment >= len(in_rows):
            line = lines[segment - len(in_rows)]
            places.append((line.part(start, end), _digits_of(line.text[start:end])))
            continue
        row = in_rows[segment]
        text = row.text[start:end]
        boxes = _box_of(lines, row, start, end)
        if len(boxes) == 1:
            places.append((boxes[0][1], _digits_of(text)))
        else:
            for number, box in boxes:
                own = "".join(
                    c
                    for c, origin in zip(text, row.origins[start:end], strict=True)
                    if origin is not None and origin.line == number
                )
                places.append((box, _digits_of(own)))
    return places


_RULES = {FindingKind.CARD: "PIC-01", FindingKind.DIGITS: "PIC-04"}


def _spot(hit: Hit, lines: Sequence[Line], in_rows: Sequence[Row], segments: Sequence[Segment]) -> Spot | None:
    """Return what a hit of the finder covers; None for a code or date that nothing in its row announced."""
    kind = FindingKind(hit.kind)
    at = hit.places[0][0]
    if kind in (FindingKind.CODE, FindingKind.EXPIRY) and at < len(in_rows):
        talk = CODE_TALK if kind is FindingKind.CODE else EXPIRY_TALK
        if not talk.search(_folded(segments[at].text)) and hit.rule != "beside-card":
            return None
    return Spot(kind, _RULES.get(kind, "PIC-02"), tuple(_places(hit, lines, in_rows)), hit.length, hit.scheme)


def _chains(text: str) -> list[list[Block]]:
    return chains_of(scan(text, Reading.PLAIN).blocks)


def _least(lines: Sequence[Line], row: Row, start: int, end: int) -> float:
    """Return how sure the recogniser was of the least sure digit."""
    return min(
        (
            lines[origin.line].sure[origin.character]
            for origin in row.origins[start:end]
            if origin is not None and row.text[start:end]
        ),
        default=1.0,
    )


def _is_one_cell(lines: Sequence[Line], row: Row, start: int, end: int) -> bool:
    """Say whether characters of a row stand in one line without a wide gap, or in fields of a group of digits each."""
    at = [origin for origin in row.origins[start:end] if origin is not None]
    used = {origin.line for origin in at}
    if len(used) > 1:
        texts = [lines[index].text.strip() for index in used]
        return all(len(t) <= _GROUP and t.isdecimal() for t in texts)
    line = lines[at[0].line]
    centres = [line.centres[origin.character] for origin in at]
    return all(b - a < _GAP * line.box.height for a, b in pairwise(centres))


def _misread(lines: Sequence[Line], in_rows: Sequence[Row], options: Options) -> Iterator[Spot]:
    """Yield what looks like a card number whose check fails while a digit of it is uncertain."""
    for row in in_rows:
        for chain in _chains(row.text):
            digits, start, end = "".join(b.digits for b in chain), chain[0].start, chain[-1].end
            if not (MIN_DIGITS <= len(digits) <= MAX_DIGITS and may_start(digits[:2])):
                continue
            if not _is_one_cell(lines, row, start, end):
                continue
            sure = _least(lines, row, start, end)
            if sure < CERTAIN and not spared(row.text, [(start, end)], options.allowed).wholly:
                places = tuple((box, digits) for _, box in _box_of(lines, row, start, end))
                yield Spot(FindingKind.CARD, "PIC-03", places, len(digits), sure=sure)


def _unread(lines: Sequence[Line], options: Options) -> Iterator[Spot]:
    """Yield lines in which digits are seen but could not be read well."""
    for line in lines:
        unsure = sum(c in _LIKE_DIGITS for c in line.text)
        if unsure >= options.run and sum(line.sure) / max(1, len(line.sure)) < FLOOR:
            yield Spot(FindingKind.DIGITS, "PIC-06", ((line.box, ""),), None, sure=min(line.sure))


def _may_be_card(spot: Spot) -> bool:
    """Say whether what a field labelled as a card's holds is seven or more digits that a card number begins with."""
    return spot.kind is FindingKind.DIGITS and len(spot.digits) >= SHOWN and may_start(spot.digits[:2])


_LABELS = ((CODE_TALK, FindingKind.CODE), (EXPIRY_TALK, FindingKind.EXPIRY), (_FIELD, FindingKind.DIGITS))


def _labelled(lines: Sequence[Line], hints: Sequence[str]) -> Iterator[Spot]:
    """Yield every digit of a field that is labelled as a card's, from the first one typed."""
    for line, hint in zip(lines, hints, strict=True):
        for text, own in ((_folded(line.text), True), (_folded(hint), False)):
            for talk, kind in _LABELS:
                told = talk.search(text)
                for chain in _chains(line.text) if told is not None else ():
                    if told is not None and (not own or chain[-1].end > told.end()):
                        digits = "".join(b.digits for b in chain)
                        box = line.part(chain[0].start, chain[-1].end)
                        yield Spot(kind, "PIC-05", ((box, digits),), len(digits))


_RANK = {FindingKind.CARD: 0, FindingKind.CODE: 1, FindingKind.EXPIRY: 2, FindingKind.DIGITS: 3}


def _distinct(found: Iterable[Spot]) -> list[Spot]:
    """Drop what another spot covers already: cards first, plain digits last."""
    kept: list[Spot] = []
    for spot in sorted(found, key=lambda s: (_RANK[s.kind], -(s.length or 0))):
        mine = [box for box, _ in spot.places]
        if not mine:
            continue
        covered = [box for other in kept for box, _ in other.places]
        if not all(any(_holds(big, box) for big in covered) for box in mine):
            kept.append(spot)
    return kept


def _holds(big: Box, small: Box) -> bool:
    return big.joined(small) == big or around((big.grown(2, 2), small)) == big.grown(2, 2)
