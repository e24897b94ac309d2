"""Decode what was written and hold it against what it was written from: as long, and silent where it must be."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import BinaryIO, Final

import numpy as np
from av.audio.frame import AudioFrame

from vault.screen.sound.decide import Silence
from vault.screen.sound.decode import decoded, opened
from vault.screen.sound.listen import channel_of

FLOOR: Final = 10 ** (-50 / 20)  # of full scale: A-law's smallest step is at -72 dB, a lossy codec rings at its edges
_SETTLE: Final = 0.06  # seconds at both ends of a span in which a decoder may ring from what is beside it
_RING: Final = 10 ** (-26 / 20)  # of full scale, there
_SLACK: Final = 1e-3  # seconds; Matroska counts in milliseconds


@dataclass(frozen=True, slots=True)
class Extent:
    """Where one track begins and ends, in samples from the start of the recording, and how many it has."""

    begin: int
    end: int
    rate: int
    samples: int


def extents(source: BinaryIO, spans: Sequence[Silence] = ()) -> tuple[list[Extent], bool]:
    """Decode all tracks; return their extents and whether they are silent in `spans`, which are in order.

    Raises:
        UnscreenableError: it cannot be wholly decoded.

    """
    found, silent = [], True
    with opened(source) as container:
        count = len(container.streams.audio)
    for index in range(count):
        waiting = list(reversed(spans))
        first, samples, end, rate = 0, 0, 0, 1
        with opened(source) as container:
            for begin, frame in decoded(container, container.streams.audio[index]):
                rate, first = frame.sample_rate, first if samples else begin
                samples, end = samples + frame.samples, begin + frame.samples
                while waiting and waiting[-1].end * rate <= begin:
                    waiting.pop()
                for span in reversed(waiting):
                    if span.begin * rate >= end:
                        break
                    silent = silent and _is_silent(begin, frame, span)
        found.append(Extent(first, end, rate, samples))
    return found, silent


def _is_silent(begin: int, frame: AudioFrame, span: Silence) -> bool:
    rate = frame.sample_rate
    for low, high, bound in (
        (span.begin, span.end, _RING),
        (span.begin + _SETTLE, span.end - _SETTLE, FLOOR),
    ):
        first, last = max(0, ceil(low * rate) - begin), min(frame.samples, int(high * rate) - begin)
        if first < last:
            loud = (np.abs(channel_of(frame, n)[first:last]).max() for n in range(len(frame.layout.channels)))
            if max(loud) > bound:
                return False
    return True


def flaws(before: Sequence[Extent], result: BinaryIO, spans: Sequence[Silence]) -> str:
    """Return what is wrong with a result, nothing if it is as long as its source was and silent in `spans`.

    Raises:
        UnscreenableError: it cannot be wholly decoded.

    """
    after, silent = extents(result, spans)
    if [(e.rate, e.samples) for e in before] != [(e.rate, e.samples) for e in after]:
        return "it is not as long, to the sample"
    for old, new in zip(before, after, strict=True):
        if max(abs(old.begin - new.begin), abs(old.end - new.end)) > _SLACK * old.rate:
            return "the sound is not where it was"
    return "" if silent else "a span is not silent"
