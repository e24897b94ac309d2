"""Tell what content is from its first bytes alone; a name is never asked.

It knows the media containers that ingest takes, what text looks like, and the common files that are neither, so that
a refusal can say what was found. It does not read further than the head it is given and does not parse.
"""

from enum import StrEnum

from vault.ingest.errors import UnrecognisedContentError

HEAD_SIZE = 4096  # bytes of the beginning that `sniff` wants to see


class Form(StrEnum):
    """The outer form of content, found by its magic bytes."""

    WAV = "wav"
    MP3 = "mp3"
    OGG = "ogg"
    FLAC = "flac"
    MP4 = "mp4"
    MATROSKA = "matroska"
    TEXT = "text"


_MAGIC: tuple[tuple[bytes, Form], ...] = (
    (b"OggS\0", Form.OGG),
    (b"fLaC", Form.FLAC),
    (b"\x1aE\xdf\xa3", Form.MATROSKA),
    (b"ID3", Form.MP3),
)

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xca\xfe\xba\xbe", "a Java class or a macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document or an Outlook message (.msg)"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"0&\xb2u\x8ef\xcf\x11", "a Windows Media file (WMA, WMV)"),
    (b"#!AMR", "an AMR recording"),
    (b".snd", "a Sun audio file (.au)"),
    (b"caff", "a Core Audio file"),
    (b"FORM", "an AIFF or other IFF file"),
    (b"FLV\x01", "a Flash video"),
    (b"\x00\x00\x01\xba", "an MPEG program stream"),
    (b"-----BEGIN PGP MESSAGE", "a PGP-encrypted message"),
    (b"age-encryption.org/", "an age-encrypted file"),
)
_TEXT_BEFORE_BINARY = (
    b"BM",
    b"MZ",
    b"FORM",
    b"BZh",
    b"GIF8",
    b"caff",
    b"ID3",
)  # all of these may also begin a sentence

_TEXT_CONTROLS = bytes(range(0x09)) + b"\x0b" + bytes(range(0x0E, 0x20)) + b"\x7f"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_UTF32_BOMS = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")


def sniff(head: bytes) -> Form:
    """Return the form of content whose first bytes (HEAD_SIZE, or all there is) are `head`.

    Raises:
        UnrecognisedContentError: it is none that ingest takes; the message says what it looks like.

    """
    if not head:
        raise UnrecognisedContentError("an empty file")
    form = _media(head)
    if form is not None:
        return form
    for magic, name in _OTHERS:
        if head.startswith(magic) and not (magic in _TEXT_BEFORE_BINARY and _is_text(head)):
            raise UnrecognisedContentError(name)
    if head[:1] == b"G" and head[188:189] == b"G" and not _is_text(head):
        raise UnrecognisedContentError("an MPEG transport stream")
    if head.startswith(_UTF32_BOMS):
        raise UnrecognisedContentError("UTF-32 text", hint="save the text as UTF-8")
    if head.startswith(_BOMS) or _is_text(head):
        return Form.TEXT
    raise UnrecognisedContentError("binary data of no kind known here, or text with control characters")


def _media(head: bytes) -> Form | None:
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return Form.WAV
    if head[:4] == b"RIFF":
        name = {b"AVI ": "an AVI video", b"WEBP": "a WebP picture"}.get(head[8:12])
        if name is not None:
            raise UnrecognisedContentError(name)
    if head[4:8] == b"ftyp":
        if head[8:12] in {b"heic", b"heix", b"mif1", b"avif", b"msf1"}:
            raise UnrecognisedContentError("a HEIF or AVIF picture")
        return Form.MP4
    for magic, form in _MAGIC:
        if head.startswith(magic) and not (magic in _TEXT_BEFORE_BINARY and _is_text(head)):
            return form
    return Form.MP3 if _has_mpeg_frames(head) else None


def _is_text(head: bytes) -> bool:
    # Latin-1 and UTF-16 without a mark pass or fail later, when the whole is decoded.
    return len(head.translate(None, _TEXT_CONTROLS)) == len(head)


# MPEG audio (ISO/IEC 11172-3, 13818-3), layers II and III; no recorder writes layer I, and its first two bytes are the
# byte order mark of UTF-16. Tables: kbit/s by (MPEG-1?, layer), and samples a second by version bits.
_BIT_RATES = {
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_FRAMES_NEEDED = 3  # in a row: one alone is found in random bytes


def mpeg_frame_size(header: bytes) -> int | None:
    """Return the size in bytes of the MPEG audio frame that `header` (4 bytes) begins, None if it begins none."""
    word = int.from_bytes(header[:4], "big")
    version, layer = word >> 19 & 3, 4 - (word >> 17 & 3)
    rate_index, sample_index, padding = word >> 12 & 15, word >> 10 & 3, word >> 9 & 1
    is_reserved = version == 1 or layer not in {2, 3} or rate_index in {0, 15} or sample_index == 3  # noqa: PLR2004 - field values
    if word >> 21 != 0x7FF or is_reserved:  # noqa: PLR2004 - the sync word
        return None
    is_mpeg1 = version == 3  # noqa: PLR2004 - version bits 11
    bits = _BIT_RATES[is_mpeg1, layer][rate_index - 1] * 1000
    rate = _SAMPLE_RATES[version][sample_index]
    samples = 1152 if is_mpeg1 or layer == 2 else 576  # noqa: PLR2004 - layer II
    return samples // 8 * bits // rate + padding


def _has_mpeg_frames(head: bytes) -> bool:
    at = seen = 0
    while seen < _FRAMES_NEEDED and at < len(head):
        size = mpeg_frame_size(head[at : at + 4])
        if size is None:
            return False
        at += size
        seen += 1
    return seen > 0
