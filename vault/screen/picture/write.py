"""The second pass: paint the masks and encode anew, frame by frame, with the times they had.

Every picture is encoded again from what was decoded; no packet, cover picture, title, chapter or data track of the
source reaches the result. Sound is written by vault.screen.sound.mute.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, BinaryIO, Final

import numpy as np
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from vault.screen.errors import UnscreenableError
from vault.screen.picture.film import Film, Shot, as_coded, packets
from vault.screen.picture.lines import Box
from vault.screen.picture.masks import Mask, Painter
from vault.screen.sound.decide import Silence
from vault.screen.sound.mute import Carrier, MutedTrack, carrier, output
from vault.screen.sound.verify import Extent

FILL: Final = (16, 128, 128)  # black
_KEY: Final = 300  # frames from one key frame to the next
_H264: Final = {"preset": "veryfast", "crf": "21", "x264-params": "bframes=0:rc-lookahead=10:sync-lookahead=0"}
_VPX: Final = {"deadline": "realtime", "cpu-used": "6", "crf": "24", "lag-in-frames": "0", "auto-alt-ref": "0"}
_PLANAR: Final = {"yuv420p": (2, 2), "yuvj420p": (2, 2), "yuv422p": (2, 1), "yuvj422p": (2, 1), "yuv444p": (1, 1)}
_COLOUR_444: Final = ("rgb", "bgr", "gbr", "argb", "abgr", "pal8", "yuv444", "yuva444", "yuvj444")


def target_of(
    media_type: str, container: InputContainer, spans: Sequence[Silence], *, lossless: bool = False
) -> Carrier:
    """Return the container of the result: the source's where it can hold the tracks; Ogg becomes Matroska.

    Raises:
        UnscreenableError: no container is known for this media type.

    """
    if media_type == "video/ogg":
        return Carrier("matroska", "video/x-matroska")
    return carrier(media_type, container, spans, lossless=lossless)


def write(
    container: InputContainer,
    sink: BinaryIO,
    target: Carrier,
    first: VideoFrame,
    masks: Iterable[Mask],
    spans: Sequence[Silence],
    on_shot: Callable[[Shot], None],
    *,
    lossless: bool = False,
) -> list[Extent]:
    """Write the recording in `container`, which begins with frame `first`, masks painted and spans silenced.

    Return where each track of its sound begins and ends.

    Raises:
        UnscreenableError: it cannot be wholly decoded.
        av.FFmpegError: it cannot be encoded.

    """
    film = Film(container)
    with output(sink, target) as out:
        pictures = _Pictures(film.stream, out)
        pictures.open(first)  # before any sound is muxed
        sounds = {s.index: MutedTrack(s, out, spans, lossless=lossless) for s in container.streams.audio}
        size, rotation = (first.width, first.height), first.rotation % 360
        painter = Painter((replace(m, box=as_coded(m.box, rotation, *size)) for m in masks), *size)
        for packet in packets(container, film.stream, *container.streams.audio):
            if packet.stream.index in sounds:
                sounds[packet.stream.index].put(packet)
                continue
            for shot in film.shots(packet):
                pictures.put(shot, list(painter.boxes(shot.index)))
                on_shot(shot)
        film.check_whole()
        pictures.finish(film)
        for sound in sounds.values():
            sound.finish()
    return [sound.extent for sound in sounds.values()]


class _Pictures:
    """The video track of the result."""

    def __init__(self, source: VideoStream, out: OutputContainer) -> None:
        self._source, self._out = source, out
        self._codec = _encoder(source, out.format.name)
        rate = source.average_rate or source.guessed_rate or Fraction(25)
        self._stream: Any = out.add_stream(self._codec, rate=rate)
        self._held: Any = None  # a packet that waits for the next one's time, which says how long it lasts
        self._form = "yuv420p"

    def open(self, frame: VideoFrame) -> None:
        """Set the encoder up like the first frame."""
        source: Any = self._source.codec_context
        context = self._stream.codec_context
        self._form = _form_of(frame, self._codec)
        context.width, context.height, context.pix_fmt = frame.width, frame.height, self._form
        context.time_base = self._source.time_base
        self._stream.time_base = self._source.time_base
        context.gop_size, context.max_b_frames, context.thread_count = _KEY, 0, 1
        if frame.format.name.startswith(("yuv", "nv")):  # of others the colours are worked out anew
            for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
                setattr(context, name, getattr(source, name))
        if source.sample_aspect_ratio:
            context.sample_aspect_ratio = source.sample_aspect_ratio
        context.options = dict(_H264 if self._codec == "libx264" else _VPX)
        if frame.rotation:
            self._stream.set_display_rotation(frame.rotation)

    def put(self, shot: Shot, boxes: Sequence[Box]) -> None:
        """Encode one frame with boxes painted."""
        frame = shot.frame
        if frame.format.name != self._form:
            frame = frame.reformat(format=self._form)
        if boxes:
            frame.make_writable()
            paint(frame, boxes)
        frame.pts, frame.time_base = shot.pts, self._source.time_base
        frame.pict_type = PictureType.NONE
        self._mux(self._stream.encode(frame))

    def finish(self, film: Film) -> None:
        """Write what the encoder holds back; the last frame lasts as long as it did."""
        self._mux(self._stream.encode(None))
        if self._held is not None and film.last is not None:
            self._release(film.last.frame.duration or self._held.duration or 0)

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            if self._held is not None:
                self._release(packet.pts - self._held.pts)
            self._held = packet

    def _release(self, duration: int) -> None:
        packet, self._held = self._held, None
        packet.duration = duration
        self._out.mux(packet)


def paint(frame: VideoFrame, boxes: Iterable[Box]) -> None:
    """Fill boxes with black in a planar YUV frame that is writable."""
    across, down = _PLANAR[frame.format.name]
    for number, (plane, fill) in enumerate(zip(frame.planes, FILL, strict=True)):
        pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        x, y = (across, down) if number else (1, 1)
        for box in boxes:
            pixels[box.top // y : -(-box.bottom // y), box.left // x : -(-box.right // x)] = fill


def _encoder(source: VideoStream, form: str) -> str:
    codec = source.codec_context.codec.canonical_name
    if codec == "vp8" and form in {"webm", "matroska"}:
        return "libvpx"
    if codec == "vp9" or form == "webm":
        return "libvpx-vp9"
    return "libx264"


def _form_of(frame: VideoFrame, codec: str) -> str:
    """Return the pixel format to encode in: the source's where it has 8 bits, else the nearest that has."""
    name = frame.format.name
    if codec == "libvpx":
        return "yuv420p"
    if codec == "libx264" and (frame.width % 2 or frame.height % 2):
        return "yuv444p"  # the other formats want even sizes
    if name in _PLANAR and not (codec == "libvpx-vp9" and name.startswith("yuvj")):
        return name
    if name.startswith(_COLOUR_444):
        return "yuv444p"
    if name.startswith(("yuv422", "yuva422", "yuyv422", "uyvy422", "nv16")):
        return "yuv422p"
    if name.startswith(("yuv", "nv", "p010", "gray", "mono")):
        return "yuv420p"
    raise UnscreenableError("the video has pixels of an unknown format")
