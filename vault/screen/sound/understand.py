"""The second look at a call, by its words: for a transcript, and to let numbers that are no cards stay, if asked to.

A recogniser of words loses whole readings, so it only ever adds cuts, but for the stretches of digits that it accounts
for under `balanced`. What it fails over stays cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import BinaryIO

from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options, Preset
from vault.screen.outcome import Engine, Finding
from vault.screen.sound.decide import Silence
from vault.screen.sound.listen import Channel, Span
from vault.screen.sound.overhear import Hears, overhear, understands
from vault.screen.sound.said import (
    EDGE,
    Line,
    around,
    clusters,
    is_understood,
    joined,
    lines,
    speaks_of_cards,
    spelled,
)
from vault.screen.sound.speech_words import LONGEST, Word


@dataclass(frozen=True, slots=True)
class Understood:
    """The channels with what is still to be cut in them, what words add to that, and all lines if a transcript is."""

    channels: Sequence[Channel]
    spelled: Sequence[Finding] = ()
    lines: Sequence[Line] | None = None
    engines: tuple[Engine, ...] = ()


def understand(
    source: BinaryIO, heard: Sequence[Channel], words: Hears | None, options: Options, *, pictures: bool
) -> Understood:
    """Look again at what was heard, if the options ask for it and the recogniser knows the language.

    Raises:
        UnscreenableError: the recogniser failed over the transcript, or something cannot be wholly decoded.

    """
    if words is None or not understands(words, options.languages):
        return Understood(heard)
    look = _Look(source, words, options, pictures=pictures)
    everything, found = None, list[Finding]()
    if options.transcript:
        everything = lines([list(look.at(channel, [Silence(0, inf)])) for channel in heard])
        found += spelled(everything, options)
    if options.preset is Preset.BALANCED:
        heard, more = look.spare(heard, everything)
        found += more
    elif everything is None:
        return Understood(heard)
    return Understood(heard, found, everything, (words.engine,))


class _Look:
    """Listens for the words in stretches of one recording."""

    def __init__(self, source: BinaryIO, words: Hears, options: Options, *, pictures: bool) -> None:
        self._source, self._words, self._options, self._pictures = source, words, options, pictures

    def at(self, channel: Channel, stretches: Sequence[Silence]) -> Iterator[Word]:
        """Yield the words in stretches of a channel."""
        return overhear(self._source, channel, stretches, self._words, self._options.languages, pictures=self._pictures)

    def spare(
        self, heard: Sequence[Channel], everything: Sequence[Line] | None
    ) -> tuple[Sequence[Channel], Sequence[Finding]]:
        """Return the channels without the stretches of digits that may stay, and what words add to be cut."""
        own: list[list[Word]] = []
        stay: list[list[tuple[Span, ...]]] = []
        for channel in heard:
            said, understood = self._accounted(channel)
            own.append(said)
            stay.append(understood)
        near = joined(around(cluster) for some in stay for cluster in some)
        if not near:
            return heard, ()
        if everything is None:
            try:
                everything = lines([list(self.at(channel, near)) for channel in heard])
            except UnscreenableError as exc:
                if exc.why is not Why.PART_MISSING:
                    raise
                return heard, ()
        close = lines(own)
        found = [*spelled(everything, self._options), *spelled(close, self._options)]
        out = []
        for channel, some in zip(heard, stay, strict=True):
            gone = {s for c in some if _is_harmless(c, (*everything, *close), found) for s in c}
            out.append(replace(channel, speech=[span for span in channel.speech if span not in gone]))
        return out, found

    def _accounted(self, channel: Channel) -> tuple[list[Word], list[tuple[Span, ...]]]:
        """Return the words in the clusters of a channel, and the clusters that they account for."""
        some = [(c, _with_edges(c)) for c in clusters(channel.speech)]
        short = [(c, place) for c, place in some if place.end - place.begin <= LONGEST]
        if not short:
            return [], []
        try:
            words = list(self.at(channel, [place for _, place in short]))
        except UnscreenableError as exc:
            if exc.why is not Why.PART_MISSING:
                raise
            return [], []
        said = [(c, [w for w in words if w.begin < place.end and w.end > place.begin]) for c, place in short]
        return words, [cluster for cluster, its in said if is_understood(cluster, its)]


def _with_edges(cluster: Sequence[Span]) -> Silence:
    return Silence(max(0.0, cluster[0].begin - EDGE), cluster[-1].end + EDGE)


def _is_harmless(cluster: Sequence[Span], some: Sequence[Line], found: Sequence[Finding]) -> bool:
    first, last = cluster[0].begin, cluster[-1].end
    is_hit = any((f.begin or 0) < last and (f.end or 0) > first for f in found)
    return not is_hit and not speaks_of_cards(some, around(cluster))
