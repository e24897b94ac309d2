"""What the words of a call say about its numbers: which to cut, and which stretches of digits may stay; pure rules.

Words are a second detector: what they spell out is cut beside what the listener heard. And under `balanced` they may
speak for a stretch of digits, when they account for all of it and nothing near speaks of cards. SPEC.md has the rules.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from vault.screen.find.digits import Reading, scan
from vault.screen.find.finder import find
from vault.screen.find.talk import Segment
from vault.screen.find.views import view_of
from vault.screen.find.words import CARD_TALK, CODE_TALK, EXPIRY_TALK
from vault.screen.options import Options, Preset
from vault.screen.outcome import Finding, Medium
from vault.screen.sound.decide import Silence
from vault.screen.sound.listen import Span
from vault.screen.sound.speech_words import Word

WORDS_RULE: Final = "SND-20"

PAD: Final = 0.3  # seconds that a recogniser's times of words may be off
GAP: Final = 8.0  # seconds between stretches of digits that are looked at together
BEFORE: Final = 12.0  # seconds before digits in which nobody may speak of cards
AFTER: Final = 6.0  # and after
EDGE: Final = 0.4  # seconds around digits that the recogniser is given
MOST: Final = 11  # digits that are let stay; more may be a card's
DIGIT: Final = 0.45  # seconds that a spoken digit takes
SHARE: Final = 0.8  # of the digits that such a time has room for, that must have been understood

_PAUSE: Final = 1.0  # seconds after which a new line begins
_LINE: Final = 80  # characters
_HALF_HEARD: Final = re.compile(r"master|secur|\bcodes?\b")


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one channel that belong together."""

    channel: int
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(word.text for word in self.words)

    def between(self, first: int, last: int) -> Silence:
        """Return when the words that have characters first..last of the text were said."""
        at, said = 0, list[Word]()
        for word in self.words:
            if at < last and at + len(word.text) > first:
                said.append(word)
            at += len(word.text) + 1
        return Silence(max(0.0, said[0].begin - PAD), said[-1].end + PAD)


def lines(heard: Iterable[Sequence[Word]]) -> list[Line]:
    """Return the words of all channels as lines, in order of time."""
    out: list[Line] = []
    for channel, words in enumerate(heard):
        line: list[Word] = []
        for word in words:
            size = sum(len(other.text) + 1 for other in line)
            if line and (word.begin - line[-1].end > _PAUSE or size + len(word.text) > _LINE):
                out.append(Line(channel, tuple(line)))
                line = []
            line.append(word)
        out += [Line(channel, tuple(line))] if line else []
    return sorted(out, key=lambda line: line.words[0].begin)


def spelled(some: Sequence[Line], options: Options) -> list[Finding]:
    """Return what the words spell out and the rules for text would cut."""
    run = None if options.preset is Preset.BALANCED else options.run
    segments = [Segment(line.text, "said", str(line.channel)) for line in some]
    out: list[Finding] = []
    for hit in find(segments, keep=0, run=run, allowed=options.allowed).hits:
        for index, (first, last) in hit.spans().items():
            span = some[index].between(first, last)
            out.append(
                Finding(
                    Medium.SPEECH, hit.kind, WORDS_RULE, length=hit.length, scheme=hit.scheme, begin=span.begin,
                    end=span.end,
                )
            )  # fmt: skip
    return out


def clusters(speech: Iterable[Span]) -> list[tuple[Span, ...]]:
    """Join stretches of digits that are less than GAP apart."""
    out: list[list[Span]] = []
    for span in speech:
        if out and span.begin - out[-1][-1].end < GAP:
            out[-1].append(span)
        else:
            out.append([span])
    return [tuple(spans) for spans in out]


def is_understood(cluster: Sequence[Span], words: Iterable[Word]) -> bool:
    """Say whether `words`, heard in a cluster, account for its digits, and these are too few for a card number."""
    text = " ".join(word.text for word in words)
    count = sum(len(block.digits) for block in scan(text, Reading.PLAIN).blocks)
    room = sum(span.end - span.begin for span in cluster) / DIGIT
    return SHARE * room <= count <= MOST


def around(cluster: Sequence[Span]) -> Silence:
    """Return the time around a cluster in which nobody may speak of cards."""
    return Silence(max(0.0, cluster[0].begin - BEFORE), cluster[-1].end + AFTER)


def speaks_of_cards(some: Iterable[Line], span: Silence) -> bool:
    """Say whether lines that reach into a span have a word for cards, their codes or dates."""
    return any(
        pattern.search(view_of(line.text).text)
        for line in some
        if line.words[0].begin < span.end and line.words[-1].end > span.begin
        for pattern in (CARD_TALK, CODE_TALK, EXPIRY_TALK, _HALF_HEARD)
    )


def joined(spans: Iterable[Silence]) -> list[Silence]:
    """Return spans in order and without overlaps."""
    out: list[Silence] = []
    for span in sorted(spans):
        if out and span.begin <= out[-1].end:
            out[-1] = Silence(out[-1].begin, max(span.end, out[-1].end))
        else:
            out.append(span)
    return out
