"""Encode a track of sound anew, with spans of it as zeros, and with zeros where nothing was recorded."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from vault.screen.sound.decode import Decoder, Placed, origin

_DEEP: Final = {"s32", "s32p", "flt", "fltp", "dbl", "dblp"}
_EXACT: Final = ("flac", "alac", "wavpack", "tta", "truehd", "mlp", "pcm_")


class Anew:
    """Everything is decoded and encoded again; spans and gaps become zeros."""

    def __init__(self, stream: AudioStream, target: OutputContainer, encoder: str) -> None:
        self._target = target
        self._origin = round(origin(stream.container) * stream.rate)
        self._next: int | None = None
        self._out: Any = target.add_stream(encoder, rate=stream.rate, layout=stream.layout.name)
        context: Any = self._out.codec_context
        names = [f.name for f in context.codec.audio_formats]
        source: Any = stream.codec_context
        deep = source.format.name in _DEEP and source.name.startswith(_EXACT)
        wanted = ("s32", "s32p") if deep else (source.format.name, "s16", "s16p")
        context.format = next((n for n in wanted if n in names), names[0])
        context.time_base = Fraction(1, stream.rate)
        if encoder == "libmp3lame" and source.bit_rate:
            context.bit_rate = source.bit_rate
        context.open()
        self._resampler = AudioResampler(context.format, context.layout, stream.rate, context.frame_size or 4096)

    def put(self, _packet: Any, placed: Sequence[Placed], decoder: Decoder, cuts: Any) -> None:
        """Encode the frames that a packet brought; `cuts` yields what of them is to be silenced."""
        for begin, frame in placed:
            if self._next is None:
                self._next = begin + self._origin
            for gap in _zeros(frame, begin + self._origin - self._next):
                self._encode(gap, decoder.rate)
            spans = list(cuts(begin, begin + frame.samples))
            self._encode(_silenced(frame, begin, spans) if spans else frame, decoder.rate)

    def _encode(self, frame: AudioFrame, rate: int) -> None:
        frame.pts, frame.time_base = self._next, Fraction(1, rate)
        self._next = (self._next or 0) + frame.samples
        for ready in self._resampler.resample(frame):
            self._target.mux(self._out.encode(ready))

    def finish(self) -> None:
        """Encode what is held back."""
        for ready in self._resampler.resample(None):
            self._target.mux(self._out.encode(ready))
        self._target.mux(self._out.encode(None))


def _silenced(frame: AudioFrame, begin: int, spans: Sequence[tuple[int, int]]) -> AudioFrame:
    samples = frame.to_ndarray().copy()
    width = samples.shape[1] // frame.samples  # channels, where they lie side by side
    zero = 0x80 if samples.dtype == np.uint8 else 0
    for first, last in spans:
        samples[:, (first - begin) * width : (last - begin) * width] = zero
    new = AudioFrame.from_ndarray(samples, frame.format.name, frame.layout.name)
    new.sample_rate = frame.sample_rate
    return new


def _zeros(like: AudioFrame, count: int) -> Iterator[AudioFrame]:
    """Yield `count` samples of silence in the form of a frame, a second at a time."""
    samples = like.to_ndarray()
    width = samples.shape[1] // like.samples
    while count > 0:
        size = min(count, like.sample_rate)
        quiet = np.full((samples.shape[0], size * width), 0x80 if samples.dtype == np.uint8 else 0, samples.dtype)
        frame = AudioFrame.from_ndarray(quiet, like.format.name, like.layout.name)
        frame.sample_rate = like.sample_rate
        yield frame
        count -= size
