"""What a decoder of video would conceal: bytes that were zeroed, a stream that is read past its end.

VP8, VP9, AV1 and JPEG carry no checksum, so that most damaged bytes decode to other pictures. What can be told of it
without decoding is told here; clusters that are skipped are found in `vault.screen.sound.matroska`.
"""

from typing import Any, Final

import av
from av.video.stream import VideoStream

from vault.screen.errors import UnscreenableError

_BITS: Final = 8  # of a colour; libvpx may be built for no more
_ZEROS: Final = {"vp8": 64, "vp9": 32, "av1": 32, "mjpeg": 64}
"""Zero bytes in a row from which a packet was overwritten; encoders were seen to write 54, 6, 9 and 13 at most."""


class Proof:
    """Looks at the packets of a track for damage. `twice` decodes VP9 with libvpx too, which tells more of it."""

    def __init__(self, stream: VideoStream, *, twice: bool) -> None:
        context = stream.codec_context
        codec = context.codec.canonical_name
        self._zeros = bytes(_ZEROS[codec]) if codec in _ZEROS else b""
        self._other: Any = None
        if twice and codec == "vp9" and context.format is not None and context.format.components[0].bits == _BITS:
            self._other = av.CodecContext.create("libvpx-vp9", "r")
            self._other.extradata = context.extradata
            self._other.thread_count = 1

    def see(self, packet: Any) -> None:
        """Look at a packet that holds something.

        Raises:
            UnscreenableError: it was overwritten.
            av.FFmpegError: the other decoder cannot decode it.

        """
        if self._zeros and self._zeros in bytes(packet):
            raise UnscreenableError("bytes of the video were overwritten with zeros")
        if self._other is not None:
            for _ in self._other.decode(packet):
                pass
