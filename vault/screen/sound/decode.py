"""Decode recorded sound strictly: every sample in its place, or an error; nothing is guessed and nothing is skipped.

The demuxer is the one that the first bytes name (vault.ingest.sniff), it reads nothing but the one stream it is given,
and the outer structure is walked before (vault.ingest.structure). What FFmpeg would conceal (packets marked as corrupt,
frames of another rate, time stamps that run backwards, an end before the stated one) is refused here, because what was
not decoded was not screened.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from vault.ingest.errors import CorruptMediaError, UnrecognisedContentError
from vault.ingest.sniff import HEAD_SIZE, Form, mpeg_frame_size, sniff
from vault.ingest.structure import states_duration
from vault.screen.errors import UnscreenableError, Why
from vault.screen.sound import chain, matroska, mpeg, ogg

RATES: Final = range(8000, 192_001)  # samples a second: below, neither speech nor tones can be told
MAX_CHANNELS: Final = 8
MAX_TRACKS: Final = 16
MAX_SECONDS: Final = 31 * 24 * 3600  # as at ingest; more is a damaged time stamp
DRIFT: Final = Fraction(1, 10)  # seconds that a time stamp may differ from the samples before it; live muxers jitter
SHORT: Final = Fraction(1, 4)  # seconds that may lack at the end of what the container states: codecs pad

# Bytes that match no checksum are an error, not a click. Sound without checksums has none to match.
_STRICT: Final = {"err_detect": "crccheck+bitstream+buffer+explode"}
_LENIENT: Final = {"mp3", "mp3float", "mp2", "mp2float"}  # a first frame whose bit reservoir was cut away is usual


_LEAST: Final = 32  # bytes; less than the header of any container
_BLOCK: Final = 2**14  # bytes of a packet where any number would do; FFmpeg's own choice is 30 packets a second

_BLOCKS: Final = {"gsm", "gsm_ms"}  # codecs of blocks of one size; some programs count the padding byte as data


@contextmanager
def opened(source: BinaryIO) -> Iterator[InputContainer]:
    """Open the media in a seekable stream; any error of FFmpeg inside the block becomes UnscreenableError.

    Raises:
        UnscreenableError: it is no media, cut short, damaged, or refers to another file.

    """
    what = "file"
    try:
        source.seek(0)
        head = source.read(HEAD_SIZE)
        if len(head) < _LEAST:
            raise UnscreenableError("expected a recording, got too few bytes for any")
        form = sniff(head)
        if form is Form.TEXT:
            raise UnscreenableError("expected sound or video, got text", why=Why.UNKNOWN_MEDIA)
        states_duration(form, source, size := source.seek(0, 2))
        with av.open(
            _view(form, source, size),
            "r",
            format=form.value,
            options={"max_size": str(_BLOCK)} if form is Form.WAV and _is_plain(head) else {},
            buffer_size=256 * 1024,
            metadata_errors="replace",
            io_open=_refuse_to_open,
        ) as container:
            what = _content(container)
            yield container
    except UnrecognisedContentError as exc:
        raise UnscreenableError("expected sound or video, got other content", why=Why.UNKNOWN_MEDIA) from exc
    except CorruptMediaError as exc:
        raise UnscreenableError("the file is cut short or its structure is damaged") from exc
    except (av.FFmpegError, ValueError, OverflowError, EOFError) as exc:
        again = "take it in again from where it was recorded"
        raise UnscreenableError(f"the {what} cannot be wholly decoded ({type(exc).__name__}): {again}") from exc


def _content(container: InputContainer) -> str:
    """Return what a container holds, for a message."""
    names = [name for name, some in (("sound", container.streams.audio), ("video", container.streams.video)) if some]
    return " or the ".join(names) or "file"


def _view(form: Form, source: BinaryIO, size: int) -> Any:
    """Return what FFmpeg is to read: the file, but for a chained Ogg file and for what lies behind the frames of MP3.

    Raises:
        UnscreenableError: the pages of an Ogg file or the elements of a Matroska file are not whole, or it is a chain
            that cannot be joined.

    """
    if form is Form.OGG and (links := ogg.walk(source)) > 1:
        return chain.Joined(source, links)
    if form is Form.MP3 and (end := mpeg.end_of_frames(source, size)) < size:
        return mpeg.Until(source, end)
    if form is Form.MATROSKA:
        matroska.blocks(source)
    source.seek(0)
    return source


def _is_plain(head: bytes) -> bool:
    """Say whether a WAV file begins by telling that each sample is by itself: PCM, floats, A-law or mu-law."""
    return head[12:16] == b"fmt " and int.from_bytes(head[20:22], "little") in {1, 3, 6, 7}


def _refuse_to_open(_url: str, _flags: int, _options: Mapping[str, str]) -> NoReturn:
    raise UnscreenableError("expected media in one piece, got a reference to another file")


def tracks(container: InputContainer, *, pictures: bool) -> list[AudioStream]:
    """Return the sound tracks, none of which is absurd.

    With `pictures` a video track beside them is somebody else's to screen; else it is refused. Cover pictures and data
    tracks are not: they never reach the result.

    Raises:
        UnscreenableError: subtitles, which nobody screens; video where none is expected; absurd tracks.

    """
    if container.streams.subtitles:
        raise UnscreenableError("it has a track of subtitles, which are not screened", why=Why.UNKNOWN_MEDIA)
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if videos and not pictures:
        raise UnscreenableError("expected only sound, got video beside it", why=Why.UNKNOWN_MEDIA)
    found = list(container.streams.audio)
    if len(found) > MAX_TRACKS:
        raise UnscreenableError(f"expected at most {MAX_TRACKS} tracks of sound, got more")
    for stream in found:
        context = stream.codec_context
        if context is None:
            raise UnscreenableError("it has a track of sound in an unknown codec")
        if stream.rate not in RATES:
            raise UnscreenableError(
                f"it has {stream.rate} samples a second, expected {RATES.start} to {RATES.stop - 1}: spoken digits are "
                "not recognised well enough in it, and making more of them does not help. Have the recorder write a "
                "usual rate; to this one a person has to listen"
            )
        if not 1 <= stream.channels <= MAX_CHANNELS:
            raise UnscreenableError(f"it has {stream.channels} channels of sound, expected at most {MAX_CHANNELS}")
    return found


def origin(container: Any) -> Fraction:
    """Return the time stamp, in seconds, at which a recording begins: what players show as 0:00."""
    return max(Fraction(0), Fraction(container.start_time or 0, av.time_base))


class Placed(NamedTuple):
    """A decoded frame; `begin` counts samples from the start of the recording."""

    begin: int
    frame: AudioFrame


class Decoder:
    """Decodes the packets of one track in order and tells where each frame belongs.

    `time` is in samples from the start of the recording up to which everything is decoded.
    """

    def __init__(self, stream: AudioStream) -> None:
        self._context = stream.codec_context
        self._context.thread_count = 1
        if self._context.name not in _LENIENT and not self._context.is_open:
            self._context.options = dict(_STRICT)
        self._origin = origin(stream.container)
        self._is_gapless = stream.container.format.name == Form.FLAC  # whose frames count their samples
        self._form: tuple[int, str, str] | None = None
        self._start = self._drift = 0  # in samples
        self.rate = stream.rate
        self.time: int | None = None
        self.first: int | None = None  # where the first frame lies
        self.samples = 0
        self.scrap = False  # the last packet is less than a block: padding, which decodes to nothing
        self._block = 0
        self.damaged = False  # the last packet was; of a WAV file that was never told its length, it is merely short

    def frames(self, packet: Any) -> Iterator[Placed]:
        """Yield the frames that a packet of the track brings; an empty packet brings what the decoder held back.

        Raises:
            UnscreenableError: the packet is damaged, changes the form of the sound, or lies before what came before.
            av.FFmpegError: it cannot be decoded.

        """
        if (self.damaged or self.scrap) and packet.size:
            raise UnscreenableError("a packet of the sound is damaged")
        self.damaged = self.damaged or packet.is_corrupt
        if self._context.name in _LENIENT and packet.size and mpeg_frame_size(bytes(packet)[:4]) != packet.size:
            raise UnscreenableError(
                "there are bytes between the frames of the sound, or a frame is damaged or cut short: take it in again "
                "from where it was recorded"
            )
        if self._context.name in _BLOCKS and packet.size:
            self._block = self._block or packet.size
            if packet.size < self._block:
                self.scrap = True
                return
        for frame in self._context.decode(packet if packet.size else None):
            yield Placed(self._place(frame), frame)

    def _place(self, frame: AudioFrame) -> int:
        form = (frame.sample_rate, frame.format.name, frame.layout.name)
        if self._form is None:
            self._form, self.rate = form, frame.sample_rate
            self._start, self._drift = round(self._origin * self.rate), round(DRIFT * self.rate)
            if frame.sample_rate not in RATES:
                raise UnscreenableError("expected a usual number of samples a second, got another")
        elif form != self._form:
            raise UnscreenableError("the sound changes its rate, format or channels midway")
        if frame.is_corrupt:
            raise UnscreenableError("a frame of the sound is damaged")
        begin = self.time or 0
        if frame.pts is not None and frame.time_base is not None:
            base = frame.time_base
            stamp = (2 * frame.pts * base.numerator * self.rate + base.denominator) // (
                2 * base.denominator
            ) - self._start
            if self._is_gapless and stamp != begin:
                raise UnscreenableError("a frame of the sound lacks")
            if self.time is None or stamp - begin > self._drift:
                begin = max(0, stamp)  # what an encoder put before the start is played first, if it is played
            elif begin - stamp > self._drift:
                raise UnscreenableError("the sound runs backwards: a frame lies before the one it follows")
        self.first = begin if self.first is None else self.first
        self.time = begin + frame.samples
        self.samples += frame.samples
        if self.time > MAX_SECONDS * self.rate:
            raise UnscreenableError("expected a recording of at most 31 days")
        return begin


def decoded(container: InputContainer, stream: AudioStream) -> Iterator[Placed]:
    """Yield all frames of one track, and refuse the track when its end lacks.

    Raises:
        UnscreenableError: see Decoder.frames; or nothing was decoded, or less than the container states.
        av.FFmpegError: it cannot be decoded.

    """
    decoder = Decoder(stream)
    for packet in container.demux(stream):
        yield from decoder.frames(packet)
    check_whole(decoder, stream)


def check_whole(decoder: Decoder, stream: AudioStream) -> None:
    """Refuse a track of which less was decoded than its container states.

    Raises:
        UnscreenableError: see above.

    """
    if not decoder.samples or decoder.time is None:
        raise UnscreenableError("the sound is empty: not one sample was decoded")
    if decoder.damaged and stream.container.format.name != Form.WAV:
        raise UnscreenableError("the last packet of the sound is damaged")
    if stream.duration is not None and stream.time_base is not None and stream.container.format.name != Form.MP3:
        stated = stream.duration * stream.time_base  # of MP3 it is an estimate from the bit rate
        if stream.container.format.name == Form.FLAC and decoder.samples != stated * decoder.rate:
            raise UnscreenableError("the file has not as many samples as it states")
        if (
            Fraction(decoder.samples, decoder.rate) + SHORT < stated
            and Fraction(decoder.time, decoder.rate) + SHORT < stated
        ):
            raise UnscreenableError("less sound was decoded than the container states")
