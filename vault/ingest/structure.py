"""Walk the outermost structure of a media container: whether it is all there, and whether it states its duration.

A demuxer plays what it gets, so a file that was cut short in transit looks merely shorter. Each walk compares the
lengths that the container states with the bytes that exist. It seeks over the content, reads headers only and needs
no memory worth naming. Content that announces no length (live recordings) is whole by definition when its last unit is.
"""

from collections.abc import Iterator
from typing import BinaryIO

from vault.ingest.errors import CorruptMediaError
from vault.ingest.sniff import Form, mpeg_frame_size

MAX_ELEMENTS = 4_000_000  # boxes, chunks or EBML elements; a hostile file may hold one every two bytes

_UNKNOWN_32 = 0xFFFFFFFF
_ID3_SIZE = 10  # bytes of the head of an ID3v2 tag
_EBML_SEGMENT, _EBML_CLUSTER = 0x18538067, 0x1F43B675  # RFC 9559
_EBML_INFO, _EBML_DURATION = 0x1549A966, 0x4489
_MAX_OGG_PAGE = 27 + 255 + 255 * 255  # bytes (RFC 3533)


def states_duration(form: Form, stream: BinaryIO, size: int) -> bool:
    """Return whether the container itself says how long it plays; `size` is the length of `stream` in bytes.

    Raises:
        CorruptMediaError: the container is cut short or its structure does not add up.

    """
    if form is Form.WAV:
        return _wav(stream, size)
    if form is Form.MP4:
        return _mp4(stream, size)
    if form is Form.MATROSKA:
        return _matroska(stream, size)
    if form is Form.OGG:
        return _ogg(stream, size)
    return _mp3(stream) if form is Form.MP3 else _flac(stream)


def _read(stream: BinaryIO, at: int, count: int) -> bytes:
    stream.seek(at)
    return stream.read(count)


def _truncated(name: str, end: int, size: int) -> CorruptMediaError:
    return CorruptMediaError(f"{name} is cut short: expected {end} bytes, got {size}")


def _wav(stream: BinaryIO, size: int) -> bool:
    at, long_size, has_format = 12, 0, False
    for _ in range(MAX_ELEMENTS):
        header = _read(stream, at, 8)
        if len(header) < 8:  # noqa: PLR2004 - id and length
            raise CorruptMediaError("WAV file is cut short: expected a data chunk, got the end of the file")
        name, length = header[:4], int.from_bytes(header[4:], "little")
        if name == b"ds64":  # RF64 (EBU Tech 3306): 64-bit lengths; the second is that of the data
            long_size = int.from_bytes(_read(stream, at + 16, 8), "little")
        has_format = has_format or name == b"fmt "
        if name == b"data":
            break
        at += 8 + length + length % 2
    else:
        raise CorruptMediaError("WAV file has more chunks than any recorder writes")
    if not has_format:
        raise CorruptMediaError("WAV file has no format chunk before its data")
    if length == _UNKNOWN_32 and long_size:
        length = long_size
    elif length == _UNKNOWN_32 or (length == 0 and size > at + 8):  # written to a pipe, never told its length
        return False
    if at + 8 + length > size:
        raise _truncated("WAV file", at + 8 + length, size)
    return True


def _boxes(stream: BinaryIO, size: int) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_ELEMENTS):
        if at == size:
            return
        header = _read(stream, at, 16)
        length, least = int.from_bytes(header[:4], "big"), 8
        if length == 1:  # a 64-bit length follows (ISO/IEC 14496-12)
            length, least = int.from_bytes(header[8:16], "big"), 16
        elif length == 0:  # up to the end of the file
            length = size - at
        if len(header) < least or at + length > size:
            raise _truncated("MP4 file", at + max(length, least), size)
        if length < least:
            raise CorruptMediaError(f"MP4 file is damaged: expected a box of at least {least} bytes, got {length}")
        yield header[4:8]
        at += length
    raise CorruptMediaError("MP4 file has more boxes than any recorder writes")


def _mp4(stream: BinaryIO, size: int) -> bool:
    names = set()
    for name in _boxes(stream, size):
        names.add(name)
        if len(names) > 64:  # noqa: PLR2004 - a real file has a dozen
            raise CorruptMediaError("MP4 file is damaged: its box names are garbage")
    if b"moov" not in names:
        raise CorruptMediaError("MP4 file is cut short: expected a 'moov' box, got none")
    return b"moof" not in names  # a fragmented file states the duration of its first part, or none


def _vint(data: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """Return value and width of an EBML variable-size integer (RFC 8794); a size of -1 is unknown."""
    width = 9 - data[0].bit_length() if data and data[0] else 0
    if not width or len(data) < width:
        raise CorruptMediaError("Matroska file is damaged or cut short: expected an element, got garbage")
    value = int.from_bytes(data[:width], "big")
    if not keep_marker:
        value &= (1 << 7 * width) - 1
        if value == (1 << 7 * width) - 1:
            value = -1
    return value, width


def _matroska(stream: BinaryIO, size: int) -> bool:
    at, states = 0, False
    for _ in range(MAX_ELEMENTS):
        if at == size:
            return states
        header = _read(stream, at, 12)
        name, name_width = _vint(header, keep_marker=True)
        length, length_width = _vint(header[name_width:], keep_marker=False)
        start = at + name_width + length_width
        states = states or name == _EBML_DURATION
        if length < 0 and name not in {_EBML_SEGMENT, _EBML_CLUSTER}:
            raise CorruptMediaError("Matroska file is damaged: expected an element with a size, got one without")
        if start + length > size:
            raise _truncated("Matroska file", start + length, size)
        is_entered = name in {_EBML_SEGMENT, _EBML_INFO} or length < 0
        at = start if is_entered else start + length
    raise CorruptMediaError("Matroska file has more elements than any recorder writes")


def _ogg(stream: BinaryIO, size: int) -> bool:
    first = _read(stream, 0, 27)
    base = max(0, size - _MAX_OGG_PAGE)
    tail = _read(stream, base, _MAX_OGG_PAGE)
    at = tail.rfind(b"OggS")
    while at >= 0:
        segments = tail[at + 27 : at + 27 + tail[at + 26]] if len(tail) > at + 26 else b""
        end = at + 27 + len(segments) + sum(segments)
        if end == len(tail) and segments:
            break
        if end > len(tail) or not segments:
            raise _truncated("Ogg file", base + end, size)
        at = tail.rfind(b"OggS", 0, at)  # that one was chance bytes inside a page
    else:
        raise CorruptMediaError("Ogg file is damaged or cut short: expected it to end with a page")
    return first[14:18] == tail[at + 14 : at + 18]  # one logical stream: its last page says where it ends


def _mp3(stream: BinaryIO) -> bool:
    """Return whether the first frame is a Xing or Info header, which counts the frames."""
    tag = _read(stream, 0, _ID3_SIZE)
    at = 0
    if tag[:3] == b"ID3" and len(tag) == _ID3_SIZE:  # a length of four 7-bit bytes, and a footer if the flag says so
        at = 10 + sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(tag[6:10])) + (10 if tag[5] & 0x10 else 0)
    frame = _read(stream, at, 64)
    place = max(frame.find(b"Xing"), frame.find(b"Info"))
    if mpeg_frame_size(frame[:4]) is None or place < 0:
        return False
    return len(frame) > place + 7 and bool(frame[place + 7] & 1)  # the flag that a frame count follows


def _flac(stream: BinaryIO) -> bool:
    info = _read(stream, 8, 18)  # STREAMINFO (RFC 9639 section 8.2): the low 36 bits of bytes 10 to 17
    return int.from_bytes(info[10:18], "big") & (1 << 36) - 1 > 0
