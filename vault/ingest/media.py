"""Look at sound and video through FFmpeg's demuxers (PyAV), as strictly as an untrusted file deserves.

The demuxer is the one our own magic names, never a guess of FFmpeg's, so a playlist cannot become a reader of other
files; everything is read from the one stream given, and a request to open anything else is refused. Nothing is decoded
but the first frame of a stream, which proves that there is media. The duration is the container's where it states one,
else what its packets add up to, in constant memory.

Creation times inside media (MP4 creation_time and such) are not believed: they are when a file was written, often by a
converter, often with an unset clock. Time comes from the manifest.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, BinaryIO, NoReturn

import av
from av.container import InputContainer
from av.stream import Disposition

from vault.ingest.errors import CorruptMediaError
from vault.ingest.sniff import Form, mpeg_frame_size
from vault.ingest.structure import states_duration
from vault.model import Kind

MAX_PIXELS = 8192 * 8192  # a picture; the memory of a decoded frame is four times that at most
_MAX_PACKETS_TO_FIRST_FRAME = 64  # a decoder may hold a few packets back
_MAX_DURATION = 31 * 24 * 3600  # seconds; more is a damaged time stamp
_SCANNED = (Form.MP3, Form.FLAC)  # bare frames: nothing but their number and the last one shows that all are there
_SLACK = Fraction(1, 10)  # seconds; less than what two frames take
_AUDIO_TYPES = {
    Form.WAV: "audio/wav",
    Form.MP3: "audio/mpeg",
    Form.OGG: "audio/ogg",
    Form.FLAC: "audio/flac",
    Form.MP4: "audio/mp4",
    Form.MATROSKA: "audio/x-matroska",
}
_VIDEO_TYPES = {Form.OGG: "video/ogg", Form.MP4: "video/mp4", Form.MATROSKA: "video/x-matroska"}


def look(form: Form, stream: BinaryIO, size: int, head: bytes) -> tuple[Kind, str, int]:
    """Return kind, media type and duration in milliseconds of the media in `stream`, `size` bytes long.

    Raises:
        CorruptMediaError: it is cut short, damaged, holds neither sound nor video, or nothing in it decodes.

    """
    states = states_duration(form, stream, size)
    stream.seek(0)
    try:
        with av.open(
            stream,
            "r",
            format=form.value,
            buffer_size=256 * 1024,
            metadata_errors="replace",
            io_open=_refuse_to_open,
        ) as container:
            return _look_inside(container, form, head, states=states)
    except (av.FFmpegError, ValueError, OverflowError) as exc:
        raise CorruptMediaError(f"expected a readable {form.value} file, got damaged or incomplete data") from exc


def _refuse_to_open(_url: str, _flags: int, _options: Mapping[str, str]) -> NoReturn:
    raise CorruptMediaError("expected media in one piece, got a reference to another file")


def _look_inside(container: InputContainer, form: Form, head: bytes, *, states: bool) -> tuple[Kind, str, int]:
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    sounds = list(container.streams.audio)
    if not videos and not sounds:
        raise CorruptMediaError(f"expected sound or video in a {form.value} file, got neither")
    _prove(container, (videos or sounds)[0])
    stated = Fraction(container.duration, av.time_base) if states and container.duration is not None else None
    if stated is None or form in _SCANNED:
        seen = _scan(container, form)
        if stated is not None and seen + _SLACK < stated:
            raise CorruptMediaError(
                f"{form.value} file is cut short: expected {float(stated):.1f} s, got {float(seen):.1f} s"
            )
    seconds = seen if stated is None else stated
    if not 0 < seconds <= _MAX_DURATION:
        raise CorruptMediaError("expected a duration of more than nothing and at most 31 days, got another")
    return *_kind(form, head, has_video=bool(videos)), max(1, round(seconds * 1000))


def _kind(form: Form, head: bytes, *, has_video: bool) -> tuple[Kind, str]:
    types = _VIDEO_TYPES if has_video else _AUDIO_TYPES
    if form not in types:
        raise CorruptMediaError(f"expected only sound in a {form.value} file, got video")
    media_type = types[form]
    if form is Form.MATROSKA and b"webm" in head[:64]:  # the document type of the EBML header
        media_type = "video/webm" if has_video else "audio/webm"
    return Kind.SCREEN if has_video else Kind.CALL, media_type


def _prove(container: InputContainer, stream: Any) -> None:
    if stream.codec_context is None:
        raise CorruptMediaError("expected a known codec, got another or damaged data")
    if stream.type == "video" and stream.width * stream.height > MAX_PIXELS:
        raise CorruptMediaError(f"expected pictures of at most {MAX_PIXELS} pixels, got more")
    stream.codec_context.thread_count = 1
    for count, packet in enumerate(container.demux(stream)):
        if stream.codec_context.decode(packet):
            return
        if count >= _MAX_PACKETS_TO_FIRST_FRAME:
            break
    raise CorruptMediaError("expected media that decodes, got none in the first packets")


def _scan(container: InputContainer, form: Form) -> Fraction:
    """Return the seconds from the first to the last instant that any packet covers."""
    container.seek(0)
    first: Fraction | None = None
    last = Fraction(0)
    final: Any = None
    for packet in container.demux():
        if packet.pts is None or packet.time_base is None:
            continue
        begin = packet.pts * packet.time_base
        first = begin if first is None else min(first, begin)
        last = max(last, begin + (packet.duration or 0) * packet.time_base)
        final = packet
    if first is None:
        raise CorruptMediaError("expected packets with time stamps, got none")
    if form in _SCANNED:
        _check_last_frame(final, form)
    return last - first


def _check_last_frame(packet: Any, form: Form) -> None:
    if form is Form.FLAC:
        context = av.CodecContext.create("flac", "r")
        context.extradata = packet.stream.codec_context.extradata
        context.options = {"err_detect": "crccheck+explode"}
        context.thread_count = 1
        context.decode(packet)  # every frame carries a CRC: what does not match raises
        return
    expected = mpeg_frame_size(bytes(packet)[:4])
    if expected is not None and packet.size < expected:
        raise CorruptMediaError(f"MP3 file is cut short: expected a last frame of {expected} bytes, got {packet.size}")
