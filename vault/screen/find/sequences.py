"""The ways to read a talk as one sequence of digit blocks: everybody's, each speaker's, without counts and echoes.

A card number given over several messages is interrupted: "one moment", "the next four please", the agent reading
back, the caller correcting. Each way leaves out one kind of interruption; what any way yields is cut.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from vault.screen.find.schemes import MAX_DIGITS
from vault.screen.find.talk import At, Talk
from vault.screen.find.words import CORRECTION

NOISE_DIGITS = 2  # a number this short, alone amid talk, may be a count
NOISE_LETTERS = 6  # letters that make a message talk


_ITEM = re.compile(r"\s*[0-9]{1,2}[.):]\s")  # the number of a list's item


def _is_noise(talk: Talk, at: At, following: At | None) -> bool:
    """Say whether a block is a small number alone amid talk: a count, "one moment", not a part of a card number."""
    if len(at.block.digits) > NOISE_DIGITS or at.block.sep:
        return False
    joined = following is not None and following.segment == at.segment and following.block.sep
    if joined:
        return at.block.ordinal == 0 and _ITEM.match(talk.segments[at.segment].text) is not None
    return talk.scans[at.segment].letters > NOISE_LETTERS


def _without_noise(talk: Talk, blocks: Sequence[At]) -> list[At]:
    return [at for at, following in zip_longest(blocks, blocks[1:]) if not _is_noise(talk, at, following)]


def _without_echoes(talk: Talk, blocks: Sequence[At]) -> list[At]:
    """Drop the segments that only repeat the digits given last, as an agent reads them back."""
    out: list[At] = []
    given, at = "", 0
    while at < len(blocks):
        end = at
        while end < len(blocks) and blocks[end].segment == blocks[at].segment:
            end += 1
        digits = "".join(b.block.digits for b in blocks[at:end])
        same_speaker = out and talk.segments[out[-1].segment].speaker == talk.segments[blocks[at].segment].speaker
        if not (given.endswith(digits) and digits) or (same_speaker and talk.segments[out[-1].segment].speaker):
            out += blocks[at:end]
            given = (given + digits)[-MAX_DIGITS:]
        at = end
    return out


_ERASES = re.compile(r"(?:^|[\s:\]])[<\[({]?(?:\x08|bksp|bkspc|backspace)[>\])}]?\s*$", re.IGNORECASE)


def _without_erased(talk: Talk, order: Sequence[int], blocks: Sequence[At]) -> list[At]:
    """Drop the digits that a key pressed later took back, one a key."""
    erasing = [index for index in order if index not in talk.scans or not talk.scans[index].blocks]
    erasing = [index for index in erasing if _ERASES.search(talk.segments[index].text)]
    if not erasing:
        return list(blocks)
    places = {index: at for at, index in enumerate(order)}
    events = [(places[at.segment], 1, at) for at in blocks] + [(places[index], 0, None) for index in erasing]
    out: list[At] = []
    for _, _, at in sorted(events, key=lambda event: event[:2]):
        if at is not None:
            out.append(at)
        elif out and len(out[-1].block.digits) == 1:
            out.pop()
    return out


def _without_corrected(talk: Talk, blocks: Sequence[At]) -> list[At]:
    """Drop a block that the next words take back ("1112, no sorry, 1111")."""
    if not any(map(talk.may_correct, {at.segment for at in blocks})):
        return list(blocks)
    out: list[At] = []
    for at in blocks:
        if out:
            left = out[-1]
            text, before = talk.folded(at.segment), talk.folded(left.segment)
            same = left.segment == at.segment
            between = text[left.block.end : at.block.start] if same else text[: at.block.start]
            between = between if same else before[left.block.end :][:80] + " " + between
            if CORRECTION.search(between[-160:]):
                out.pop()
        out.append(at)
    return out


def sequences(talk: Talk, order: Sequence[int]) -> Iterator[list[At]]:
    """Yield the ways to read a stream's blocks as one sequence: everybody's, each speaker's, cleared of noise."""
    everybody = talk.at(order)
    clear = _without_noise(talk, everybody)
    erased = _without_erased(talk, order, everybody)
    orders = [(everybody, clear)] if len(erased) == len(everybody) else [(everybody, clear), (erased, erased)]
    speakers = dict.fromkeys(talk.segments[i].speaker for i in order)
    if len(speakers) > 1:
        by: dict[str | None, tuple[list[At], list[At]]] = {speaker: ([], []) for speaker in speakers}
        for which, some in enumerate((everybody, clear)):
            for at in some:
                by[talk.segments[at.segment].speaker][which].append(at)
        orders += by.values()
    seen: set[tuple[tuple[int, int], ...]] = set()
    for blocks, calm in orders:
        for way in (blocks, calm, _without_echoes(talk, calm), _without_corrected(talk, calm)):
            places = tuple((at.segment, at.block.ordinal) for at in way)
            if len(way) > 1 and places not in seen:
                seen.add(places)
                yield way
