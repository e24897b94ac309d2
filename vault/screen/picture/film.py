"""Decode the pictures of a recording strictly: every frame with its time, or an error; nothing is concealed.

The container is opened as for sound (vault.screen.sound.decode): by its first bytes, from one stream, in one thread.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vault.screen.errors import UnscreenableError, Why
from vault.screen.picture.changes import Picture
from vault.screen.picture.damage import Proof
from vault.screen.picture.lines import Box
from vault.screen.sound.decode import origin

MAX_WIDTH, MAX_HEIGHT = 4096, 2160
MAX_PIXELS: Final = MAX_WIDTH * MAX_HEIGHT  # of a picture: what two passes and an encoder can do in 1 GiB of memory
MAX_FRAMES: Final = 31 * 24 * 3600 * 60  # as long as ingest takes, at 60 a second
_STRICT: Final = {"err_detect": "crccheck+bitstream+buffer+explode"}
_SHORT: Final = Fraction(1, 4)  # seconds that may lack at the end of what the container states
_HIDES: Final = frozenset(
    {"vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9"}
)  # packets without a picture to show
_TURNS: Final = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame: its number, its time stamp in the track's time base, its seconds from the start, the frame itself."""

    index: int
    pts: int
    seconds: float
    frame: VideoFrame


def pictures_of(container: InputContainer) -> VideoStream:
    """Return the one video track; cover pictures do not count.

    Raises:
        UnscreenableError: there is none, more than one, of an unknown codec, or too large.

    """
    found = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if len(found) != 1:
        raise UnscreenableError(f"expected one video track, got {len(found)}", why=Why.UNKNOWN_MEDIA)
    stream = found[0]
    if stream.codec_context is None:
        raise UnscreenableError("the video is in an unknown codec", why=Why.UNKNOWN_MEDIA)
    check_size(stream.codec_context.width, stream.codec_context.height)
    return stream


def check_size(width: int, height: int) -> None:
    """Refuse pictures that cannot be screened in the memory that a worker has.

    Raises:
        UnscreenableError: they are too large, or have no size.

    """
    if not 0 < width * height <= MAX_PIXELS:
        raise UnscreenableError(
            f"its pictures are {width} x {height} pixels; at most {MAX_WIDTH} x {MAX_HEIGHT} fit into memory",
            why=Why.UNKNOWN_MEDIA,
            hint=f"scale the recording down to {MAX_WIDTH} x {MAX_HEIGHT} or less and take that in instead",
        )


class Film:
    """Decodes the packets of a video track in order. `twice` tries them with another decoder too, where there is one.

    Raises:
        UnscreenableError: see pictures_of.

    """

    def __init__(self, container: InputContainer, *, twice: bool = False) -> None:
        self.stream = pictures_of(container)
        self._proof = Proof(self.stream, twice=twice)
        self._context: Any = self.stream.codec_context
        self._context.thread_count = 1
        if not self._context.is_open:
            self._context.options = dict(_STRICT)
        self._origin = origin(container)
        self._base = self.stream.time_base or Fraction(1, 1000)
        self._form: tuple[int, int, str] | None = None
        self._packets = self._blocks = 0
        self.frames = 0
        self.rotation = 0
        self.first: VideoFrame | None = None
        self.last: Shot | None = None

    def shots(self, packet: Any) -> Iterator[Shot]:
        """Yield the frames that a packet brings; an empty packet brings what the decoder held back.

        Raises:
            UnscreenableError: something in it is damaged, interlaced, of another size, or out of its order.

        """
        if packet.is_corrupt:
            raise UnscreenableError("a packet of the video is damaged")
        self._blocks += packet.size > 0
        if packet.size and not packet.is_discard:
            self._packets += 1
        for frame in self._decoded(packet):
            self._check(frame)
            pts = frame.pts or 0
            shot = Shot(self.frames, pts, float(pts * self._base - self._origin), frame)
            self.frames += 1
            self.last = shot
            yield shot

    def _decoded(self, packet: Any) -> list[VideoFrame]:
        try:
            if packet.size:
                self._proof.see(packet)
            return list(self._context.decode(packet if packet.size else None))
        except (av.FFmpegError, EOFError) as exc:
            raise UnscreenableError(f"the video cannot be wholly decoded ({type(exc).__name__})") from exc

    def _check(self, frame: VideoFrame) -> None:
        if frame.is_corrupt:
            raise UnscreenableError("a frame of the video is damaged")
        if frame.interlaced_frame:
            raise UnscreenableError("the video is interlaced, which no screen recorder writes", why=Why.UNKNOWN_MEDIA)
        form = frame.width, frame.height, frame.format.name
        if self._form is None:
            check_size(frame.width, frame.height)
            self.first, self._form, self.rotation = frame, form, frame.rotation % 360
            if self.rotation not in _TURNS:
                raise UnscreenableError("the video is turned by an odd angle", why=Why.UNKNOWN_MEDIA)
        elif form != self._form or frame.rotation % 360 != self.rotation:
            raise UnscreenableError("the video changes its size or format midway", why=Why.UNKNOWN_MEDIA)
        if frame.pts is None:
            raise UnscreenableError("a frame of the video has no time stamp")
        if self.last is not None and frame.pts <= self.last.pts:
            raise UnscreenableError("the video runs backwards: a frame lies before the one it follows")
        if self.frames >= MAX_FRAMES:
            raise UnscreenableError("expected a recording of at most 31 days")

    def check_whole(self, blocks: Container[int] | None = None) -> None:
        """Refuse a track of which less was decoded than its container states, or of a number of blocks not in `blocks`.

        Raises:
            UnscreenableError: see above.

        """
        if self.last is None:
            raise UnscreenableError("the video is empty: not one frame was decoded")
        if blocks is not None and self._blocks not in blocks:
            raise UnscreenableError("fewer packets of the video were read than the file has")
        if self.frames < self._packets and self._context.name not in _HIDES:
            raise UnscreenableError("fewer frames were decoded than the video has packets")
        frame, stream, base = self.last.frame, self.stream, self._base
        length = Fraction(frame.duration or 0) * base or 1 / (stream.average_rate or Fraction(25))
        end = self.last.pts * base + length
        stated = (stream.start_time or 0) * base + (stream.duration or 0) * base
        if end + max(_SHORT, length) < stated:
            raise UnscreenableError("less video was decoded than the container states")

    @property
    def end(self) -> float:
        """Seconds from the start to the end of the last frame."""
        if self.last is None:
            return 0.0
        return self.last.seconds + float((self.last.frame.duration or 0) * self._base)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the coded picture."""
        if self._form is None:
            raise UnscreenableError("the video is empty: not one frame was decoded")
        return self._form[:2]


def packets(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """Yield the packets of some tracks in the order of the file.

    Raises:
        UnscreenableError: the file cannot be read.

    """
    try:
        yield from container.demux(*streams)
    except av.FFmpegError as exc:
        raise UnscreenableError(f"the file cannot be wholly read ({type(exc).__name__})") from exc


def picture(frame: VideoFrame, rotation: int = 0) -> Picture:
    """Return the frame the way a person sees it: upright, of even width and height (the last row or column repeats)."""
    yuv: Any
    odd = frame.width % 2 or frame.height % 2
    if not odd and frame.format.name in {"yuv420p", "yuvj420p"}:
        yuv = frame.to_ndarray()
    elif not odd:
        yuv = frame.reformat(format="yuv420p").to_ndarray()
    else:
        colours: Any = np.pad(
            frame.to_ndarray(format="bgr24"), ((0, frame.height % 2), (0, frame.width % 2), (0, 0)), mode="edge"
        )
        yuv = cv2.cvtColor(colours, cv2.COLOR_BGR2YUV_I420)
    return turned(Picture(yuv), rotation)


def turned(picture: Picture, degrees: int) -> Picture:
    """Return a picture turned anticlockwise by a multiple of 90 degrees."""
    if not degrees:
        return picture
    planes = [np.rot90(p, degrees // 90) for p in picture.planes]
    wide = planes[0].shape[1]
    return Picture(np.concatenate([planes[0], *(np.ascontiguousarray(p).reshape(-1, wide) for p in planes[1:])]))


def as_coded(box: Box, rotation: int, width: int, height: int) -> Box:
    """Return where a box of the upright picture lies in the coded one, which is `width` by `height`."""
    if rotation == 90:  # noqa: PLR2004 - degrees, anticlockwise
        return Box(width - box.bottom, box.left, box.height, box.width)
    if rotation == 180:  # noqa: PLR2004
        return Box(width - box.right, height - box.bottom, box.width, box.height)
    if rotation == 270:  # noqa: PLR2004
        return Box(box.top, height - box.right, box.height, box.width)
    return box
