"""Card numbers written as other letters: base32, base85, hexadecimal, uuencode; and in words that sound like digits."""

import base64
import binascii
from collections.abc import Callable
from random import Random

from benchmarks.redaction.text_disguises import SURVIVES, Case, between_groups
from benchmarks.redaction.text_words import ENGLISH

_BEFORE = ("my card is ", "here: ", "", "token=", "see\n")
_AFTER = ("", " thanks", "\nbye", " and that is all")
_SAID = ("{}", "my card is {} thanks", "number {}, and some more words behind it")
_HEARD = {"1": "won", "2": "to too", "3": "tree", "4": "for", "8": "ate"}


def _coded(encode: Callable[[bytes, Random], str], *, lines: bool = False) -> Callable[[str, Random], Case]:
    """Return a disguise that encodes the number, or a sentence with it, in the middle of a message."""

    def disguise(pan: str, rng: Random) -> Case:
        coded = encode(rng.choice(_SAID).format(between_groups(pan, rng)).encode(), rng)
        before, after = ("see\n", "\nbye") if lines else (rng.choice(_BEFORE), rng.choice(_AFTER))
        parts = [part for part in coded.split("\n") if len(part) > SURVIVES and not part.startswith("begin ")]
        return Case((("customer", before + coded + after),), tuple((0, part) for part in parts))

    return disguise


def _base32(said: bytes, rng: Random) -> str:
    coded = (base64.b32encode(said) if rng.random() < 0.5 else base64.b32hexencode(said)).decode()
    return rng.choice([coded, coded.lower(), coded.rstrip("=")])


def _base85(said: bytes, rng: Random) -> str:
    return (base64.b85encode(said) if rng.random() < 0.5 else base64.a85encode(said)).decode()


def _hexadecimal(said: bytes, rng: Random) -> str:
    by = rng.choice(["", " ", ":", "-"])
    plain = said.hex(by) if by else said.hex()
    coded = rng.choice([plain, ", ".join(f"0x{char:02x}" for char in said)])
    return rng.choice([coded, coded.upper().replace("0X", "0x")])


def _uuencode(said: bytes, rng: Random) -> str:
    lines = (binascii.b2a_uu(said[at : at + 45], backtick=True).decode().rstrip("\n") for at in range(0, len(said), 45))
    body = "\n".join(lines)
    return rng.choice([body, f"begin 644 note.txt\n{body}\n`\nend"])


def heard(pan: str, rng: Random) -> Case:
    """Digit by digit in words, some of them as other words that sound alike: no more of them than of digits."""
    names = [ENGLISH[int(d)] for d in pan]
    places = [at for at, d in enumerate(pan) if d in _HEARD]
    for at in rng.sample(places, min(len(places), rng.randint(1, len(pan) // 2))):
        names[at] = rng.choice(_HEARD[pan[at]].split())
    text = rng.choice(["my card is ", "it is: ", ""]) + " ".join(names)
    return Case((("customer", text),), tuple((0, " ".join(names[at : at + SURVIVES])) for at in range(len(pan) - 4)))


ENCODINGS: dict[str, Callable[[str, Random], Case]] = {
    "base32": _coded(_base32),
    "base85, ascii85": _coded(_base85),
    "hexadecimal": _coded(_hexadecimal),
    "uuencode": _coded(_uuencode, lines=True),
    "words that sound like digits": heard,
}
