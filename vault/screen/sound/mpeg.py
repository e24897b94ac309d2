"""Find where the frames of an MP3 or MP2 file end, so that what programs write behind them disturbs no decoder.

Tags (ID3, APE, Lyrics3) and up to 64 KiB of other bytes may follow, if none of these could be the head of another such
frame, and no two of any kind follow each other: what was cut short ends in half a frame, and is refused as before.
Nothing behind the frames is decoded or in any result.
"""

import io
import re
from typing import BinaryIO, Final

from vault.ingest.sniff import mpeg_frame_size

PADDING: Final = 2**16  # bytes behind the frames that may be no tag
_FORM: Final = 0xFFFE0C00  # of a frame's head: sync word, version, layer, rate; usually the same in all of a file
_SYNC: Final = re.compile(rb"(?=(\xff(?:[\xe0-\xff].?|\Z)))", re.DOTALL)  # also one within another
_HEAD: Final = 4
_BLOCK: Final = 2**20
_ID3, _ID3_SIZE = b"ID3", 10
_ID3_V1, _ID3_V1_SIZE = b"TAG", 128
_APE, _APE_SIZE = b"APETAGEX", 32
_APE_HAS_HEAD: Final = 1 << 31  # flag
_LYRICS_END: Final = b"LYRICS200"
_TAGS: Final = 2**24  # bytes of tags behind the frames


def end_of_frames(source: BinaryIO, size: int) -> int:
    """Return where the last frame of a file of `size` bytes ends; `size` where anything but a trailer comes after."""
    end = size
    while (tag := _tag_behind(source, end)) and size - end + tag <= _TAGS:
        end -= tag
    source.seek(0)
    at, form = _id3(source.read(_ID3_SIZE)), None
    block, base = b"", 0
    while True:
        if at + _HEAD > base + len(block):
            source.seek(at)
            block, base = source.read(_BLOCK), at
        head = block[at - base : at - base + _HEAD]
        frame, now = mpeg_frame_size(head), int.from_bytes(head, "big") & _FORM
        if frame is None or at + frame > end:
            break
        at, form = at + frame, now
    if form is None or end - at > _TAGS:
        return size
    source.seek(at)
    return at if _is_trailer(source.read(end - at), form) else size


def _id3(tag: bytes) -> int:
    """Return the size of an ID3v2 tag (four 7-bit bytes, a footer if the flag says so); 0 where there is none."""
    if not tag.startswith(_ID3) or len(tag) < _ID3_SIZE:
        return 0
    size = sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(tag[6:_ID3_SIZE]))
    return _ID3_SIZE * (2 if tag[5] & 0x10 else 1) + size


def _tag_behind(source: BinaryIO, end: int) -> int:
    """Return the size of the tag that ends at a place, 0 if none does."""
    source.seek(max(0, end - _ID3_V1_SIZE))
    last = source.read(min(end, _ID3_V1_SIZE))
    foot, size = last[-_APE_SIZE:], 0
    if len(last) == _ID3_V1_SIZE and last.startswith(_ID3_V1):
        size = _ID3_V1_SIZE
    elif foot.startswith(_APE):  # its size counts the foot and not the head
        head = _APE_SIZE if int.from_bytes(foot[20:24], "little") & _APE_HAS_HEAD else 0
        size = max(_APE_SIZE, int.from_bytes(foot[12:16], "little")) + head
    elif last.endswith(_LYRICS_END) and last[-15:-9].isdigit():  # six digits before, that count what is before them
        size = int(last[-15:-9]) + 15
    return size if size <= end else 0


def _is_trailer(rest: bytes, form: int) -> bool:
    while (size := _id3(rest[:_ID3_SIZE])) and size <= len(rest):
        rest = rest[size:]
    if len(rest) > PADDING:
        return False
    return not any(_begins(found[1], form) or _goes_on(rest, found.start()) for found in _SYNC.finditer(rest))


def _begins(some: bytes, form: int) -> bool:
    """Say whether up to three bytes are, or could go on to be, the head of such a frame."""
    unknown = 32 - 8 * len(some)
    return int.from_bytes(some, "big") & _FORM >> unknown == form >> unknown


def _goes_on(rest: bytes, at: int) -> bool:
    """Say whether two frames of any kind follow each other there: sound, and no chance."""
    size = mpeg_frame_size(rest[at : at + _HEAD])
    return size is not None and mpeg_frame_size(rest[at + size : at + size + _HEAD]) is not None


class Until(io.RawIOBase):
    """The bytes of a file up to a place, for reading and seeking."""

    def __init__(self, source: BinaryIO, end: int) -> None:
        super().__init__()
        self._source, self._end, self._at = source, end, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position and return it."""
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence] + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        left = max(0, self._end - self._at)
        self._source.seek(self._at)
        found = self._source.read(left if size < 0 else min(size, left))
        self._at += len(found)
        return found
