"""Have a recogniser of words listen to stretches of a recording, piece by piece, in constant memory."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import BinaryIO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vault.screen.outcome import Engine
from vault.screen.sound.decide import Silence
from vault.screen.sound.listen import EAR_RATE, Channel, listen_again
from vault.screen.sound.speech_words import LONGEST, Word

QUIET: Final = 10 ** (-60 / 20)  # of full scale; a recogniser makes words up where nobody speaks
_SEARCH: Final = 10  # seconds at the end of a piece in which the best place to cut it is looked for
_PAUSE: Final = EAR_RATE // 5  # samples of which the quietest are that place
_MOST: Final = int(LONGEST) * EAR_RATE

Samples = NDArray[np.float32]


class Hears(Protocol):
    """A recogniser of words (vault.screen.sound.speech_words)."""

    @property
    def engine(self) -> Engine:
        """What it is, with version and digest."""
        ...

    @property
    def multilingual(self) -> bool:
        """Whether it knows more than English."""
        ...

    def hear(self, sound: Samples, *, language: str | None) -> list[Word]:
        """Return the words in mono sound at EAR_RATE of at most LONGEST seconds. Raises UnscreenableError."""
        ...


def understands(words: Hears, languages: Iterable[str]) -> bool:
    """Say whether a recogniser knows the languages of a recording."""
    return words.multilingual or set(languages) == {"en"}


def overhear(
    source: BinaryIO,
    channel: Channel,
    stretches: Sequence[Silence],
    words: Hears,
    languages: Iterable[str],
    *,
    pictures: bool,
) -> Iterator[Word]:
    """Yield the words said in stretches of one channel; all times are seconds of the recording.

    The stretches are in order and do not overlap. Of one longer than LONGEST the pieces end where it is quiet.

    Raises:
        UnscreenableError: the recogniser failed, or something cannot be wholly decoded.

    """
    clock = channel.clock
    only = set(languages)
    language = only.pop() if len(only) == 1 else None
    places = [Silence(clock.second(s.begin), clock.second(s.end)) for s in stretches]
    for begin, sound in pieces(listen_again(source, channel, pictures=pictures), places):
        if np.abs(sound).max(initial=0) < QUIET:
            continue
        for word in words.hear(sound, language=language):
            if word.text:
                yield replace(word, begin=clock.time(begin + word.begin), end=clock.time(begin + word.end))


def pieces(blocks: Iterable[Samples], stretches: Sequence[Silence]) -> Iterator[tuple[float, Samples]]:
    """Yield what lies in the stretches, and the second at which it begins, in pieces of at most LONGEST seconds."""
    waiting = deque((round(s.begin * EAR_RATE), s.end * EAR_RATE) for s in stretches)
    held, start = np.zeros(0, np.float32), 0  # samples that may still be needed, and the place of the first
    for block in chain(blocks, (None,)):
        held = held if block is None else np.concatenate([held, block])
        while waiting:
            begin, end = waiting[0]
            held, start = _without(held, start, begin)
            stop = min(end, start + _MOST)
            if block is not None and (start < begin or start + len(held) < stop):
                break  # there is more to come
            part = held[: int(stop) - start]
            if stop < end and len(part) == _MOST:
                part = part[: _cut(part)]
            if len(part):
                yield start / EAR_RATE, part
            if not len(part) or start + len(part) >= end - 1:
                waiting.popleft()
            else:
                waiting[0] = (start + len(part), end)
        if not waiting:
            held, start = np.zeros(0, np.float32), start + len(held)


def _without(held: Samples, start: int, begin: int) -> tuple[Samples, int]:
    """Let go of what lies before `begin`."""
    gone = max(0, min(len(held), begin - start))
    return held[gone:], start + gone


def _cut(sound: Samples) -> int:
    """Return where to cut a piece: in the middle of its quietest pause, near its end."""
    first = len(sound) - _SEARCH * EAR_RATE
    energy = np.concatenate([[0.0], np.cumsum(sound[first:].astype(np.float64) ** 2)])
    return first + int(np.argmin(energy[_PAUSE:] - energy[:-_PAUSE])) + _PAUSE // 2
