"""Walk the pages of an Ogg file (RFC 3533): nothing may lack between them, and none may be damaged.

FFmpeg's demuxer looks for the next good page and says nothing of what it passed over, so the walk is ours: a page must
begin where the one before ended, carry the right checksum, and be the next of its logical stream. It streams: a page at
a time, in constant memory but for a few bytes for each logical stream.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

from vault.screen.errors import UnscreenableError

MAX_STREAMS: Final = 64  # logical streams side by side; a recording has a handful
MAX_PAGES: Final = 2**26  # 31 days of pages of 40 ms each

_HEADER: Final = 27
_GRANULE, _SERIAL, _SEQUENCE = slice(6, 14), slice(14, 18), slice(18, 22)
_SUM: Final = slice(22, 26)  # where the checksum stands; it counts as zeros
CONTINUED, FIRST, LAST = 1, 2, 4  # flags of a page
FULL: Final = 255  # the lacing value after which a packet goes on
_MIRRORED: Final = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


@dataclass(slots=True)
class _Logical:
    sequence: int  # of the last page
    is_open: bool = False  # its last packet goes on in the next page


class Page(NamedTuple):
    """A page: its flags, the time at its end in samples, and what it holds."""

    flags: int
    granule: int
    serial: bytes
    sequence: int
    lacing: bytes
    body: bytes

    def packed(self) -> bytes:
        """Return its bytes, with a checksum."""
        before = b"".join(
            (
                b"OggS\0",
                bytes([self.flags]),
                self.granule.to_bytes(8, "little"),
                self.serial,
                self.sequence.to_bytes(4, "little"),
            )
        )
        after = bytes([len(self.lacing)]) + self.lacing + self.body
        return before + checksum(before + bytes(4) + after).to_bytes(4, "little") + after


def checksum(page: bytes) -> int:
    """Return the CRC-32 of RFC 3533: polynomial 0x04c11db7, high bit first, from 0, nothing inverted at the end.

    That is zlib's over mirrored bytes, mirrored itself and with both inversions undone.
    """
    found = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(found.to_bytes(4, "little").translate(_MIRRORED), "big")


def walk(source: BinaryIO) -> int:
    """Read an Ogg file from its start to its end and return of how many links it is a chain; of a usual file, 1.

    Raises:
        UnscreenableError: bytes between pages, a wrong checksum, a page that lacks, a stream without end.

    """
    streams: dict[bytes, _Logical] = {}
    links = 0
    for page in pages(source):
        links += not streams
        _follow(page, streams)
    if streams or not links:
        raise UnscreenableError("the Ogg file ends before its last page: it is cut short")
    return links


def pages(source: BinaryIO) -> Iterator[Page]:
    """Yield the pages of a file, each with the right checksum, without a byte between.

    Raises:
        UnscreenableError: see above; or there are more than MAX_PAGES.

    """
    source.seek(0)
    for _ in range(MAX_PAGES):
        header = source.read(_HEADER)
        if not header:
            return
        is_header = len(header) == _HEADER and header.startswith(b"OggS\0")
        lacing = source.read(header[26]) if is_header else b""
        body = source.read(sum(lacing))
        if not is_header or len(lacing) != header[26] or len(body) != sum(lacing):
            raise UnscreenableError("the Ogg file is damaged: expected a whole page where the one before ended")
        found = checksum(b"".join((header[:22], bytes(4), header[26:], lacing, body)))
        if found != int.from_bytes(header[_SUM], "little"):
            raise UnscreenableError("the Ogg file is damaged: the checksum of a page is wrong")
        granule, sequence = (int.from_bytes(header[part], "little") for part in (_GRANULE, _SEQUENCE))
        yield Page(header[5], granule, header[_SERIAL], sequence, lacing, body)
    raise UnscreenableError("the Ogg file has more pages than any recorder writes")


def _follow(page: Page, streams: dict[bytes, _Logical]) -> None:
    """Hold a page against the one before it of its stream; `streams` are those that go on."""
    stream = streams.get(page.serial)
    if page.flags & FIRST and stream is None:
        stream = streams[page.serial] = _Logical(page.sequence - 1)
    if stream is None or page.sequence != (stream.sequence + 1) % 2**32 or len(streams) > MAX_STREAMS:
        raise UnscreenableError("the Ogg file is damaged: a page lacks, or is not where it belongs")
    if page.lacing and bool(page.flags & CONTINUED) != stream.is_open:
        raise UnscreenableError("the Ogg file is damaged: a packet goes on that did not begin, or does not go on")
    stream.sequence = page.sequence
    stream.is_open = page.lacing[-1] == FULL if page.lacing else stream.is_open
    if page.flags & LAST:
        if stream.is_open:
            raise UnscreenableError("the Ogg file ends within a packet")
        del streams[page.serial]
