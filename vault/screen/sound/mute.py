"""Write a track of sound with spans silenced and every other sample where it was.

Three ways, by codec, the first that there is:

1. bytes: codecs of one sample after the other (PCM, mu-law, A-law); exact to the sample, the rest bit by bit the same;
2. packets of encoded silence in place of those that the spans touch (vault.screen.sound.silence);
3. encoding anew: FLAC, ALAC and MP3 as what they were, everything else as FLAC.
"""

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final, NamedTuple

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from vault.screen.errors import UnscreenableError, Why
from vault.screen.sound.anew import Anew
from vault.screen.sound.decide import Silence
from vault.screen.sound.decode import Decoder, Placed, check_whole
from vault.screen.sound.silence import LEAD, codec_of, packets_for, sample_zero, without_comments
from vault.screen.sound.verify import Extent

FORMATS: Final = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "mp4",
    "audio/x-matroska": "matroska",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/x-matroska": "matroska",
    "video/webm": "webm",
    "video/ogg": "ogg",
}
_TAKES_FLAC: Final = {"ogg", "flac", "mp4", "mov", "matroska"}
_WIDER: Final = {"mp4": ("mov",), "mp3": ("mp2",)}  # muxers that write the same family of files and take more codecs
_KEEPS_DELAY: Final = {"mp3", "matroska"}  # containers in which MP3 says how many samples the encoder put before it
_HIDDEN: Final = Fraction(3, 10)  # seconds of a track that a container may keep from being played: priming, padding
_ROUNDING: Final = Fraction(3, 2000)  # seconds; Matroska counts in milliseconds
_RING: Final = {"libmp3lame": 1200}  # samples around a cut that the encoder would smear into it


class Carrier(NamedTuple):
    """The container to write: FFmpeg's name of it, and the media type of the result."""

    format: str
    media_type: str
    options: tuple[tuple[str, str], ...] = ()  # of its muxer


def encoder_of(
    stream: AudioStream, target: OutputContainer, spans: Sequence[Silence], *, lossless: bool = False
) -> str | None:
    """Return the encoder that a track is encoded anew with, None when its packets are kept.

    `lossless` asks for FLAC where packets of silence would be mixed with others, or sound with losses encoded again.
    """
    codec = codec_of(stream)
    if not _takes(target.format.name, stream):
        return "flac"
    if not spans or sample_zero(codec) is not None:
        return None
    if codec in ("flac", "alac"):
        return codec
    if lossless:
        return "flac"
    if packets_for(stream):
        return None
    return "libmp3lame" if codec == "mp3" and target.format.name in _KEEPS_DELAY else "flac"


def _takes(form: str, stream: AudioStream) -> bool:
    """Say whether a container can hold a track as it is."""
    with av.open(io.BytesIO(), "w", format=form) as trial:
        try:
            trial.add_stream_from_template(stream)
        except ValueError:
            return False
        return True


def carrier(media_type: str, container: InputContainer, spans: Sequence[Silence], *, lossless: bool = False) -> Carrier:
    """Return the container for the result: the source's, unless that cannot hold what a track is encoded anew with.

    Raises:
        UnscreenableError: no container is known for this media type.

    """
    form = FORMATS.get(media_type)
    if form is None:
        raise UnscreenableError("expected a media type with sound, got another", why=Why.UNKNOWN_MEDIA)
    found = list(container.streams.audio)
    wanted: dict[str, list[str | None]] = {}
    for name in (form, *_WIDER.get(form, ())):
        with av.open(io.BytesIO(), "w", format=name) as trial:
            wanted[name] = [encoder_of(s, trial, spans, lossless=lossless) for s in found]
    for name, encoders in wanted.items():
        if "flac" not in encoders:
            return Carrier(name, media_type, _options(name, container, kept=not any(encoders)))
    for name in wanted:
        if name in _TAKES_FLAC:
            return Carrier(name, media_type)
    if media_type.startswith("video/"):
        return Carrier("matroska", "video/x-matroska")
    return Carrier("flac", "audio/flac") if len(found) == 1 else Carrier("matroska", "audio/x-matroska")


def _options(form: str, container: InputContainer, *, kept: bool) -> tuple[tuple[str, str], ...]:
    if form == "wav":
        return (("rf64", "auto"),)
    if form == "mp3" and kept and not container.start_time:  # else a delay would be stated that there was not
        return (("write_xing", "0"),)
    return ()


class MutedTrack:
    """One track of sound on its way from a container to another, silenced in `spans`.

    Make one for each track before anything is muxed into `target`; hand it all packets of the track in order, the empty
    one at the end too; then call `finish`.
    """

    def __init__(
        self, stream: AudioStream, target: OutputContainer, spans: Sequence[Silence], *, lossless: bool = False
    ) -> None:
        self._stream, self._target = stream, target
        self._decoder = Decoder(stream)
        self._spans = sorted(spans)
        encoder = encoder_of(stream, target, spans, lossless=lossless)
        self._ring = _RING.get(encoder or "", 0)
        self._writer = Anew(stream, target, encoder) if encoder else _Kept(stream, target)

    def put(self, packet: Any) -> None:
        """Write one packet.

        Raises:
            UnscreenableError: it cannot be decoded in its place, or silenced, or the container hides sound.
            av.FFmpegError: it is damaged.

        """
        placed = list(self._decoder.frames(packet))
        self._writer.put(packet, placed, self._decoder, self._cuts)

    def finish(self) -> None:
        """Write what is held back, and refuse a track that ended before its time.

        Raises:
            UnscreenableError: less was decoded than the container states.

        """
        check_whole(self._decoder, self._stream)
        self._writer.finish()

    @property
    def extent(self) -> Extent:
        """Where the track begins and ends in the source, as far as it was put in."""
        decoder = self._decoder
        return Extent(decoder.first or 0, decoder.time or 0, decoder.rate, decoder.samples)

    def _cuts(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of samples begin..end to be silenced."""
        rate = self._decoder.rate
        for span in self._spans:
            first, last = floor(span.begin * rate) - self._ring, ceil(span.end * rate) + self._ring
            if first < end and last > begin:
                yield max(first, begin), min(last, end)


class _Kept:
    """Packets are kept, but for those that bring what is to be silenced."""

    def __init__(self, stream: AudioStream, target: OutputContainer) -> None:
        self._codec = codec_of(stream)
        self._zero = sample_zero(self._codec)
        self._silencer = packets_for(stream)
        self._lead = LEAD.get(self._codec, 0)
        self._hidden = Fraction(0)
        self._out: Any = target.add_stream_from_template(stream)
        if self._codec == "vorbis":
            self._out.codec_context.extradata = without_comments(stream.codec_context.extradata or b"")
        self._target = target

    def put(self, packet: Any, placed: Sequence[Placed], decoder: Decoder, cuts: Any) -> None:
        if not packet.size or decoder.scrap:
            return
        samples = sum(p.frame.samples for p in placed)
        self._count_hidden(packet, samples, decoder.rate)
        begin = placed[0].begin if placed else decoder.time or 0
        whole = round(packet.duration * packet.time_base * decoder.rate) if packet.duration else samples
        if self._zero is not None:
            self._mux(packet, self._overwritten(bytes(packet), begin, samples, cuts))
        elif next(cuts(begin, begin + max(samples, 1) + self._lead * max(whole, samples)), None):
            self._mux(packet, self._silence(packet, samples, whole))
        else:
            self._mux(packet, None)

    def _silence(self, packet: Any, samples: int, whole: int) -> bytes:
        make = self._silencer
        usual = self._decoder_size(samples, whole)
        made = make(bytes(packet), usual) if make else None
        if made is None:
            raise UnscreenableError(f"no silence is known for this {self._codec} sound")
        return made

    def _decoder_size(self, samples: int, whole: int) -> int:
        """Return the samples of a packet, also of the first and the last, of which only a part is played."""
        size = self._out.codec_context.frame_size
        return size or max(samples, whole)

    def _overwritten(self, data: bytes, begin: int, samples: int, cuts: Any) -> bytes | None:
        block, rest = divmod(len(data), samples) if samples else (0, 1)
        if rest:
            raise UnscreenableError("a packet of the sound holds no whole number of samples")
        changed = bytearray(data)
        for first, last in cuts(begin, begin + samples):
            low, high = (first - begin) * block, (last - begin) * block
            changed[low:high] = bytes([self._zero or 0]) * (high - low)
        return bytes(changed) if changed != data else None

    def _count_hidden(self, packet: Any, samples: int, rate: int) -> None:
        """Refuse sound that is in the file and that no player plays: it was not listened to."""
        missing = (packet.duration or 0) * packet.time_base - Fraction(samples, rate)
        if missing > _ROUNDING:
            self._hidden += missing
        if self._hidden > _HIDDEN:
            raise UnscreenableError("the container hides sound from being played, so it was not listened to")

    def _mux(self, packet: Any, data: bytes | None) -> None:
        if data is not None:
            new = Packet(data)
            new.pts, new.dts, new.duration, new.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
            new.is_keyframe = packet.is_keyframe
            if packet.has_sidedata("skip_samples"):
                new.set_sidedata(packet.get_sidedata("skip_samples"))
            packet = new
        packet.stream = self._out
        self._target.mux(packet)

    def finish(self) -> None:
        """Nothing is held back."""


def write(
    source: InputContainer, target: OutputContainer, spans: Sequence[Silence], *, lossless: bool = False
) -> list[Extent]:
    """Write all tracks of sound of `source` into `target`, silenced in `spans`, and nothing else: no tags, no pictures.

    Return where each track of the source begins and ends.

    Raises:
        UnscreenableError, av.FFmpegError: see MutedTrack.

    """
    found = list(source.streams.audio)
    muted = {s.index: MutedTrack(s, target, spans, lossless=lossless) for s in found}
    for packet in source.demux(found):
        muted[packet.stream_index if packet.size else packet.stream.index].put(packet)
    for track in muted.values():
        track.finish()
    return [track.extent for track in muted.values()]


def output(sink: Any, chosen: Carrier) -> OutputContainer:
    """Open a container for writing that says nothing of its own: no program's name, no date."""
    sink.seek(0)
    sink.truncate(0)
    return av.open(sink, "w", format=chosen.format, options={"fflags": "+bitexact", **dict(chosen.options)})
