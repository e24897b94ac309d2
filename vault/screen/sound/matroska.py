"""The elements of Matroska and WebM (RFC 8794, RFC 9559), as far as they show damage.

FFmpeg looks for the next cluster where it meets garbage, and says nothing of what it skipped. A file whose elements do
not follow each other whole is refused here before anything is decoded.
"""

from collections import Counter
from collections.abc import Container
from typing import BinaryIO, Final

from vault.screen.errors import UnscreenableError

_EBML: Final = b"\x1a\x45\xdf\xa3"
_MAX: Final = 40_000_000  # elements: 31 days of 14 frames a second
_HEAD: Final = 16  # bytes of an element's name and length, and of a block's track number
_SEGMENT, _CLUSTER, _GROUP, _BLOCK, _SIMPLE = 0x18538067, 0x1F43B675, 0xA0, 0xA1, 0xA3  # RFC 9559
_TOP: Final = frozenset({0x1A45DFA3, _SEGMENT, 0xEC, 0xBF})
_IN_SEGMENT: Final = frozenset(
    {0x114D9B74, 0x1549A966, 0x1654AE6B, _CLUSTER, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, 0xEC, 0xBF}
)
_IN_CLUSTER: Final = frozenset({0xE7, 0x5854, 0xA7, 0xAB, _SIMPLE, _GROUP, 0xAF, 0xEC, 0xBF})
_IN_GROUP: Final = frozenset({_BLOCK, 0xA2, 0x75A1, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A2, 0x8E, 0xEC, 0xBF})


def blocks(source: BinaryIO) -> Container[int]:
    """Return the numbers of blocks that the tracks of a Matroska file have; of other files any number.

    Raises:
        UnscreenableError: an element is none that may stand in its place, or does not end where it should.

    """
    source.seek(0)
    if source.read(len(_EBML)) != _EBML:
        return range(_MAX)
    size, found = source.seek(0, 2), Counter[int]()  # blocks, by the number of their track
    at, ends = 0, [(size, _TOP)]  # the elements that are entered, from outermost to innermost
    for _ in range(_MAX):
        while len(ends) > 1 and at == ends[-1][0]:
            ends.pop()
        if at == size:
            return set(found.values())
        source.seek(at)
        head = source.read(_HEAD)
        name, wide = _number(head, marked=True)
        length, more = _number(head[wide:], marked=False)
        while len(ends) > 1 and ends[-1][0] == size and name not in ends[-1][1]:
            ends.pop()  # one of unknown length ends before what cannot stand in it
        start = at + wide + more
        end = size if length < 0 and name in {_SEGMENT, _CLUSTER} else start + length
        if name not in ends[-1][1] or length < 0 > end or not start <= end <= ends[-1][0]:
            raise UnscreenableError("a cluster of the file is damaged")
        inside = {_SEGMENT: _IN_SEGMENT, _CLUSTER: _IN_CLUSTER, _GROUP: _IN_GROUP}.get(name)
        if inside is not None:
            ends.append((end, inside))
        elif name in {_BLOCK, _SIMPLE}:
            found[_number(head[wide + more :], marked=False)[0]] += 1
        at = start if inside is not None else end
    raise UnscreenableError("the file has more elements than any recorder writes")


def _number(data: bytes, *, marked: bool) -> tuple[int, int]:
    """Return value and width of a variable-size integer of EBML (RFC 8794); -1 for a length that is not known."""
    width = 9 - data[0].bit_length() if data and data[0] else 0
    if not width or len(data) < width:
        raise UnscreenableError("a cluster of the file is damaged")
    value = int.from_bytes(data[:width], "big")
    if marked:
        return value, width
    value &= (1 << 7 * width) - 1
    return (-1 if value == (1 << 7 * width) - 1 else value), width
