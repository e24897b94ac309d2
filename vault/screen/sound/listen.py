"""Listen to every channel of every track of a recording: speech by a recogniser, key presses by the tone detector.

One pass a channel: the blocks that the recogniser pulls are the ones the detector sees on the way. Memory does not grow
with the length.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final, Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from vault.screen.errors import UnscreenableError
from vault.screen.outcome import Engine
from vault.screen.sound import tones
from vault.screen.sound.decode import Placed, decoded, opened, tracks
from vault.screen.sound.presses import Key

EAR_RATE: Final = 16_000  # samples a second that a recogniser takes
MAX_GAPS: Final = 100_000  # places where time stamps jump; more is damage, and each takes memory
_SCALE: Final = {"u1": 128.0, "i2": 2.0**15, "i4": 2.0**31}


class Heard(Protocol):
    """A span in which digits, or what may be digits, are spoken: seconds, and how sure that is, from 0 to 1."""

    @property
    def begin(self) -> float:
        """Seconds from the first sample."""
        ...

    @property
    def end(self) -> float:
        """Seconds from the first sample."""
        ...

    @property
    def sure(self) -> float:
        """From 0 to 1."""
        ...


class Hearing(Protocol):
    """Something that hears where digits are spoken."""

    def listen(self, blocks: Iterable[NDArray[np.float32]], /) -> Iterable[Heard]:
        """Yield the spans in which digits are spoken, of one channel at EAR_RATE; all blocks are taken."""
        ...


class Listener(Hearing, Protocol):
    """A recogniser of spoken digits (vault.screen.sound.speech)."""

    @property
    def engines(self) -> tuple[Engine, ...]:
        """What took part, with versions and digests."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The languages it recognises well enough (ISO 639-1)."""
        ...


class KeyDetector(Protocol):
    """A detector of key presses in one channel."""

    def feed(self, block: NDArray[np.float32], /) -> None:
        """Take the next samples."""
        ...

    def finish(self) -> list[Key]:
        """Return the keys when all samples were taken."""
        ...


Detectors = Callable[[int], KeyDetector]
"""Makes a detector for sound of so many samples a second."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span of speech in the time of the recording."""

    begin: float
    end: float
    sure: float


class Clock:
    """From the time of a channel's samples to that of the recording, which may jump where nothing was recorded."""

    def __init__(self) -> None:
        self._jumps: list[tuple[float, float]] = []  # from this second of the channel on, so many are added

    def jump(self, at: float, shift: float) -> None:
        """Note that `shift` seconds are added from second `at` of the channel on."""
        if len(self._jumps) >= MAX_GAPS:
            raise UnscreenableError("expected sound in one piece, got countless gaps")
        self._jumps.append((at, shift))

    def time(self, second: float) -> float:
        """Return the time in the recording; the end of a gap is where the sound after it begins."""
        shift = 0.0
        for at, more in reversed(self._jumps):
            if at <= second:
                shift = more
                break
        return max(0.0, second + shift)

    def second(self, time: float) -> float:
        """Return the second of the channel at a time of the recording; in a gap, where it is."""
        found = time
        for at, shift in self._jumps:
            if at + shift > time:
                return min(found, at)
            found = time - shift
        return found


@dataclass(slots=True)
class Channel:
    """What was heard in one channel; times are seconds from the start of the recording."""

    speech: list[Span] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    seconds: float = 0.0
    track: int = 0
    number: int = 0  # in its track
    clock: Clock = field(default_factory=Clock)


class _Tap:
    """Turns the decoded frames of one channel into the blocks that a recogniser takes, past the tone detector."""

    def __init__(self, clock: Clock, channel: int, detectors: Detectors | None) -> None:
        self._clock, self._channel, self._detectors = clock, channel, detectors
        self.samples = 0
        self.rate = EAR_RATE
        self.keys: list[Key] = []

    def blocks(self, frames: Iterable[Placed], on_seconds: Callable[[float], None]) -> Iterator[NDArray[np.float32]]:
        """Yield the channel at EAR_RATE, about a second at a time."""
        detector: KeyDetector | None = None
        resampler = AudioResampler("flt", "mono", EAR_RATE)
        for samples in self._seconds(frames):
            heard = _resampled(resampler, samples, self.rate)
            native = self.rate <= EAR_RATE
            if self._detectors is not None:
                detector = detector or self._detectors(self.rate if native else EAR_RATE)
                detector.feed(samples if native else heard)
            on_seconds(self._clock.time(self.samples / self.rate))
            if len(heard):
                yield heard
        rest = _resampled(resampler, None, self.rate) if self.samples else np.zeros(0, np.float32)
        if detector is not None and self.rate > EAR_RATE:
            detector.feed(rest)
        if len(rest):
            yield rest
        self.keys = detector.finish() if detector is not None else []

    def _seconds(self, frames: Iterable[Placed]) -> Iterator[NDArray[np.float32]]:
        waiting: list[NDArray[np.float32]] = []
        count = expected = 0
        for begin, frame in frames:
            self.rate = frame.sample_rate
            if begin != expected:
                self._clock.jump(self.samples / self.rate, (begin - self.samples) / self.rate)
            expected = begin + frame.samples
            self.samples += frame.samples
            waiting.append(channel_of(frame, self._channel))
            count += frame.samples
            if count >= self.rate:
                yield np.concatenate(waiting)
                waiting, count = [], 0
        if waiting:
            yield np.concatenate(waiting)


def channel_of(frame: AudioFrame, channel: int) -> NDArray[np.float32]:
    """Return one channel of a frame, between -1 and 1."""
    samples = frame.to_ndarray()
    one = samples[channel] if frame.format.is_planar else samples[0, channel :: len(frame.layout.channels)]
    scale = _SCALE.get(one.dtype.str[1:])
    if scale is None:
        return np.asarray(np.nan_to_num(one, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1, 1), np.float32)
    return np.asarray((one.astype(np.float32) - (scale if scale == _SCALE["u1"] else 0)) / scale, np.float32)


def _resampled(resampler: AudioResampler, samples: NDArray[np.float32] | None, rate: int) -> NDArray[np.float32]:
    frame = None
    if samples is not None:
        frame = AudioFrame.from_ndarray(samples[None, :], "flt", "mono")
        frame.sample_rate = rate
    parts = [np.asarray(f.to_ndarray()[0], np.float32) for f in resampler.resample(frame)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def listen(
    source: BinaryIO,
    ear: Hearing,
    *,
    pictures: bool,
    on_seconds: Callable[[float], None],
    detectors: Detectors = tones.Detector,
) -> list[Channel]:
    """Listen to all channels of the media in a seekable stream; none when it has no track of sound.

    `on_seconds` is told how far the whole is, in seconds of the recording.

    Raises:
        UnscreenableError: something cannot be wholly decoded; see vault.screen.sound.decode.

    """
    with opened(source) as container:
        places = [(n, c) for n, s in enumerate(tracks(container, pictures=pictures)) for c in range(s.channels)]
    heard: list[Channel] = []
    for track, number in places:

        def told(seconds: float) -> None:
            before = sum(channel.seconds for channel in heard)
            on_seconds((before + seconds) / len(places))

        found = Channel(track=track, number=number)
        with _tapped(source, found, detectors, pictures=pictures) as (tap, frames):
            blocks = tap.blocks(frames, told)
            time = found.clock.time
            found.speech = [Span(time(s.begin), time(s.end), s.sure) for s in ear.listen(blocks)]
            for _ in blocks:  # a recogniser that stops early must not hide the rest from the detector
                raise UnscreenableError("the recogniser did not listen to the end")
        found.keys = [k.moved(time(k.begin), time(k.end)) for k in tap.keys]
        found.seconds = found.clock.time(tap.samples / tap.rate)
        heard.append(found)
    return heard


@contextmanager
def _tapped(
    source: BinaryIO, channel: Channel, detectors: Detectors | None, *, pictures: bool
) -> Iterator[tuple[_Tap, Iterator[Placed]]]:
    with opened(source) as container:
        stream = tracks(container, pictures=pictures)[channel.track]
        yield _Tap(channel.clock, channel.number, detectors), decoded(container, stream)


def listen_again(source: BinaryIO, channel: Channel, *, pictures: bool) -> Iterator[NDArray[np.float32]]:
    """Yield one channel that was listened to once more, at EAR_RATE and in blocks of about a second.

    Raises:
        UnscreenableError: as for `listen`.

    """
    again = replace(channel, clock=Clock())
    with _tapped(source, again, None, pictures=pictures) as (tap, frames):
        yield from tap.blocks(frames, lambda _: None)
