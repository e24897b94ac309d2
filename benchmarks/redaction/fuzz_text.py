"""Feeds mutated and random bytes to every reader of recorded text: always a verdict, and what comes out is clean."""

import time
from random import Random

from benchmarks.redaction import text_ordinary
from benchmarks.redaction.text_disguises import CARDS, DISGUISES
from benchmarks.redaction.text_encodings import ENCODINGS
from benchmarks.redaction.text_media import MEDIA
from vault.screen.errors import UnscreenableError
from vault.screen.options import Options, Preset
from vault.screen.text.recheck import recheck
from vault.screen.text.redact import redact, rescan

MOST = 4_000  # bytes of a fuzzed recording
_SPICE = (
    b"<",
    b">",
    b"&#",
    b"%",
    b"\\",
    b'"',
    b"{",
    b"[",
    b"\r\n",
    b"=\n",
    b"--b0",
    b"4111",
    b"\xe2\x80\xae",
    b"\0",
    b"cvv 123 ",
)


def sample(rng: Random) -> tuple[str, bytes]:
    """Return a media type and bytes that are, were, or never were of it."""
    medium = rng.choice(list(MEDIA.values()))
    if rng.random() < 0.1:
        return medium.media_type, rng.randbytes(rng.randint(0, 300))
    case = rng.choice([*DISGUISES.values(), *ENCODINGS.values()])(rng.choice(rng.choice(list(CARDS.values()))), rng)
    talk = [("agent", text_ordinary.message(rng)), *case.talk, ("customer", text_ordinary.message(rng))]
    return medium.media_type, mutated(medium.put(talk)[:MOST], rng)


def mutated(content: bytes, rng: Random) -> bytes:
    """Return bytes with some places changed, cut out, doubled or spiced."""
    data = bytearray(content)
    for _ in range(rng.choice((0, 1, 2, 8))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.randint(0, 20))
        data[at:end] = rng.choice([b"", bytes(data[at:end]) * 2, rng.choice(_SPICE), rng.randbytes(3)])
    return bytes(data)


def check(media_type: str, content: bytes, options: Options) -> str:
    """Screen one recording; return "passed", "refused", or "residue" where the second pass objects.

    Raises:
        AssertionError: the first pass still finds something in what it made itself.

    """
    try:
        redacted, _ = redact(media_type, content, options)
        assert rescan(media_type, redacted, options) == ()
        return "residue" if recheck(media_type, redacted, options) else "passed"
    except UnscreenableError:
        return "refused"


def run(seconds: float, seed: int) -> int:
    """Fuzz for so many seconds and return how many recordings were tried."""
    rng = Random(seed)
    tried, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        media_type, content = sample(rng)
        check(media_type, content, Options(preset=rng.choice([Preset.STRICT, Preset.BALANCED])))
        tried += 1
    return tried
