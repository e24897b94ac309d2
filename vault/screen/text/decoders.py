"""The ways bytes are written as letters: base64, base32, base85, hexadecimal and uuencode.

None of them is signed, so where a run of them begins and what it is are guesses. A decoder gives every reading that
makes sense: whoever reads on finds out whether one of them says anything.
"""

import binascii
import re
import struct
from collections.abc import Callable, Iterator
from html import unescape
from itertools import product

Decoder = Callable[[str], Iterator[bytes]]

MIN_RUN = 16  # characters: what twelve bytes become in base64

_URL_SAFE = str.maketrans("-_", "+/")
_BASE64_GROUP = 4  # characters that are three bytes
_BASE32_GROUP, _BASE32_BITS = 8, 5  # characters that are five bytes
_BASE85_GROUP = 5  # characters that are four bytes
_MOST = 2**32 - 1  # that five characters of base85 may say

_HEX_NOISE = re.compile(r"0x|\\x|[^0-9a-f]", re.IGNORECASE)
# RFC 4648 has two alphabets; "0-9A-V" is what int() reads.
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_LETTERS_32 = {
    True: frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    False: frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUV"),
}

_FIRST_DIGITS = slice(10, 19)
"""Where in an alphabet the first of five characters stands when the four bytes are separators or digits."""
_ALPHABETS_85 = (
    "".join(map(chr, range(33, 118))),  # Adobe's ascii85
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",  # RFC 1924, Git
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",  # ZeroMQ's Z85
)
_FILL = bytes([84])  # what a last group is filled up with: the highest value
_MAY_COUNT = re.compile(rb"[ -9]{8,}")  # at least two whole groups of digits and separators
_BEFORE = 60  # bytes before the end of digits that are read with them
_UU_BYTES = 45  # that a line of uuencode has at most
_UU = str.maketrans(
    {
        chr(32 + value): char
        for value, char in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    }
    | {"`": "A"}
)


def _pieces(run: str) -> Iterator[str]:
    """Yield a run joined, and line by line, for words around it would spoil the whole."""
    pieces = run.split()
    yield from dict.fromkeys(["".join(pieces), *pieces])


def base64_of(run: str) -> Iterator[bytes]:
    """Yield what a run of base64, of either alphabet, says from each of its first characters."""
    for piece, start in product(_pieces(run), range(_BASE64_GROUP)):
        body = piece.rstrip("=").translate(_URL_SAFE)[start:]
        body = body[:-1] if len(body) % _BASE64_GROUP == 1 else body
        try:
            yield binascii.a2b_base64(body + "=" * (-len(body) % _BASE64_GROUP))
        except (binascii.Error, ValueError):
            continue


def base32_of(run: str) -> Iterator[bytes]:
    """Yield what a run of base32, of either alphabet of RFC 4648, says from each of its first characters."""
    for piece in _pieces(run.upper()):
        body = piece.rstrip("=")
        letters = set(body)
        for plain, start in product((True, False), range(_BASE32_GROUP)):
            if letters <= _LETTERS_32[plain] and start < len(body):
                digits = body[start:].translate(_BASE32) if plain else body[start:]
                size, rest = divmod(len(digits) * _BASE32_BITS, 8)
                yield (int(digits, 2**_BASE32_BITS) >> rest).to_bytes(size, "big")


def hex_of(run: str) -> Iterator[bytes]:
    """Yield what pairs of hexadecimal digits, with or without signs between, say from the first and the second."""
    digits = _HEX_NOISE.sub("", run)
    for start in range(2):
        body = digits[start:]
        yield bytes.fromhex(body[: len(body) // 2 * 2])


def _telling(alphabet: str) -> re.Pattern[str]:
    """Return a pattern of the beginnings of two groups that may say digits: a card number has two on end."""
    first = f"[{re.escape(alphabet[_FIRST_DIGITS])}]"
    return re.compile(first + r"\S{4}" + first)


_BASE85 = [
    (_telling(some), re.compile(f"[^{re.escape(some)}]"), bytes.maketrans(some.encode(), bytes(range(len(some)))))
    for some in _ALPHABETS_85
]


def base85_of(run: str) -> Iterator[bytes]:
    """Yield what a run of base85, of any of three alphabets, says from each of its first characters.

    Only readings that may hold a card number are given: nearly every text without a space is base85 of something.
    """
    bodies = dict.fromkeys(text for piece in _pieces(run) for text in (piece, unescape(piece)))
    for text, (telling, foreign, alphabet) in product(bodies, _BASE85):
        for piece in foreign.split(text):
            if telling.search(piece):
                yield from _readings_85(piece.encode().translate(alphabet))


def _readings_85(coded: bytes) -> Iterator[bytes]:
    """Yield what values say from each of the first; and up to where digits end, for what follows may be no base85."""
    for start in range(_BASE85_GROUP):
        data = _groups_of(coded[start:])
        runs = list(_MAY_COUNT.finditer(data))
        if runs:
            yield data
        for run, size in product(runs, range(2, _BASE85_GROUP)):
            group = run.end() // 4  # where the last digits are, in a group of `size` characters
            said = data[max(0, 4 * group - _BEFORE) : 4 * group]
            at = start + _BASE85_GROUP * group
            yield said + _groups_of(coded[at : at + size])


def _groups_of(coded: bytes) -> bytes:
    """Return the bytes that groups of five values stand for; of a shorter last group, one byte less than it has."""
    short = -len(coded) % _BASE85_GROUP
    coded += _FILL * short
    numbers = [
        min(_MOST, (((a * 85 + b) * 85 + c) * 85 + d) * 85 + e)
        for a, b, c, d, e in zip(*(coded[at::_BASE85_GROUP] for at in range(_BASE85_GROUP)), strict=True)
    ]
    data = struct.pack(f">{len(numbers)}I", *numbers)
    return data[: len(data) - short]


def uuencode_of(run: str) -> Iterator[bytes]:
    """Yield what lines of uuencode say: each begins with a character that tells its length."""
    said = []
    for line in run.splitlines():
        size, body = ord(line[0]) - 32, line[1:]
        most = -(-size // 3) * _BASE64_GROUP
        if 0 < size <= _UU_BYTES and len(body) <= most + 1:
            said.append(binascii.a2b_base64(body[:most].ljust(most, "`").translate(_UU))[:size])
    yield b"".join(said)


RUNS: tuple[tuple[re.Pattern[str], Decoder], ...] = (
    (re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\s{1,4}[A-Za-z0-9+/_-]{4,})*={0,2}"), base64_of),
    (re.compile(r"[A-Za-z0-9]{21,}(?:\s{1,4}[A-Za-z0-9]{4,})*={0,6}"), base32_of),
    (re.compile(r"(?:0x|\\x)?[0-9A-Fa-f]{2}(?:[\s:,;.\\-]{0,3}(?:0?x)?[0-9A-Fa-f]{2}){12,}"), hex_of),
    (re.compile(r"[!-~]{17,}(?:\r?\n[!-~]{17,})*(?:\r?\n[!-~]+)?"), base85_of),
    (re.compile(r"(?<![!-~])[!-M][ -`]{17,61}(?=\r?$)(?:\r?\n[!-M`][ -`]{0,61}(?=\r?$))*", re.MULTILINE), uuencode_of),
)
"""What may be bytes written as letters, long enough for thirteen of them, and how it is read."""
