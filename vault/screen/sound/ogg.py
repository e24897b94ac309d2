"""Walk the pages of an Ogg file (RFC 3533): nothing may lack between them, and none may be damaged.

FFmpeg's demuxer looks for the next good page and says nothing of what it passed over, so the walk is ours: a page must
begin where the one before ended, carry the right checksum, and be the next of its logical stream. It streams: a page at
a time, in constant memory but for a few bytes for each logical stream.
"""

import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from vault.screen.errors import UnscreenableError

MAX_STREAMS: Final = 64  # logical streams; a recording has a handful
MAX_PAGES: Final = 2**26  # 31 days of pages of 40 ms each

_HEADER: Final = 27
_SUM: Final = slice(22, 26)  # where the checksum stands; it counts as zeros
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_FULL: Final = 255  # the lacing value after which a packet goes on
_MIRRORED: Final = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


@dataclass(slots=True)
class _Logical:
    sequence: int  # of the last page
    is_open: bool = False  # its last packet goes on in the next page
    is_ended: bool = False


def checksum(page: bytes) -> int:
    """Return the CRC-32 of RFC 3533: polynomial 0x04c11db7, high bit first, from 0, nothing inverted at the end.

    That is zlib's over mirrored bytes, mirrored itself and with both inversions undone.
    """
    found = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(found.to_bytes(4, "little").translate(_MIRRORED), "big")


def walk(source: BinaryIO) -> None:
    """Read an Ogg file from its start to its end.

    Raises:
        UnscreenableError: bytes between pages, a wrong checksum, a page that lacks, a stream without end.

    """
    source.seek(0)
    streams: dict[bytes, _Logical] = {}
    for _ in range(MAX_PAGES):
        header = source.read(_HEADER)
        if not header:
            break
        _page(header, source, streams)
    else:
        raise UnscreenableError("the Ogg file has more pages than any recorder writes")
    if not streams or not all(stream.is_ended for stream in streams.values()):
        raise UnscreenableError("the Ogg file ends before its last page")


def _page(header: bytes, source: BinaryIO, streams: dict[bytes, _Logical]) -> None:
    is_header = len(header) == _HEADER and header.startswith(b"OggS\0")
    lacing = source.read(header[26]) if is_header else b""
    body = source.read(sum(lacing))
    if not is_header or len(lacing) != header[26] or len(body) != sum(lacing):
        raise UnscreenableError("the Ogg file is damaged: expected a whole page where the one before ended")
    if checksum(b"".join((header[:22], bytes(4), header[26:], lacing, body))) != int.from_bytes(header[_SUM], "little"):
        raise UnscreenableError("the Ogg file is damaged: the checksum of a page is wrong")
    flags, serial, sequence = header[5], header[14:18], int.from_bytes(header[18:22], "little")
    stream = streams.get(serial)
    if flags & _FIRST and (stream is None or stream.is_ended):
        stream = streams[serial] = _Logical(sequence - 1)
    if stream is None or stream.is_ended or sequence != (stream.sequence + 1) % 2**32 or len(streams) > MAX_STREAMS:
        raise UnscreenableError("the Ogg file is damaged: a page lacks, or is not where it belongs")
    if lacing and bool(flags & _CONTINUED) != stream.is_open:
        raise UnscreenableError("the Ogg file is damaged: a packet goes on that did not begin, or does not go on")
    stream.sequence, stream.is_ended = sequence, bool(flags & _LAST)
    stream.is_open = lacing[-1] == _FULL if lacing else stream.is_open
    if stream.is_ended and stream.is_open:
        raise UnscreenableError("the Ogg file ends within a packet")
