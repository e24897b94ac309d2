"""Write the sample recordings and their manifest: `python -m cli.samples.make`.

Everything is synthesised here and belongs to nobody: the telephone numbers are from the ranges kept for fiction
(555-01xx, Ofcom 020 7946 0xxx, Berlin 030 23125 xxx), the addresses end in example.com, the cards are the schemes' test
numbers. Text and WAV come out the same everywhere; compressed sound and video depend on the version of FFmpeg.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.samples import chats, encode, screen, sound

HOME = Path(__file__).parent
RATE = 8000


def keyed_card_call() -> bytes:
    """Return a mu-law WAV call in which the caller keys in a card number and its code."""
    return _mulaw_wav(
        [
            *sound.voice(16, pitch=120, rate=RATE, seed=1),
            *sound.keys("4111111111111111", rate=RATE),
            *sound.silence(0.5, rate=RATE),
            *sound.keys("123", rate=RATE),
            *sound.voice(12, pitch=210, rate=RATE, seed=2),
        ]
    )


def _mulaw_wav(samples: list[int]) -> bytes:
    data = encode.mulaw_bytes(samples)
    return encode.wav(encode.MULAW, data, rate=RATE, block=1, bits=8, samples=len(samples))


def _compressed_call(container: str, codec: str, *, seed: int, syllables: int) -> bytes:
    samples = [
        *sound.voice(syllables, pitch=130, rate=RATE, seed=seed),
        *sound.voice(syllables, pitch=200, rate=RATE, seed=seed + 1),
    ]
    return encode.encode_audio(samples, container=container, codec=codec, rate=RATE, bit_rate=16_000)


def _vcon() -> bytes:
    call = _mulaw_wav(list(sound.voice(16, pitch=150, rate=RATE, seed=4)))
    return chats.vcon(base64.urlsafe_b64encode(call).decode().rstrip("="))


def _screen() -> bytes:
    return encode.encode_video(
        screen.picture,
        frames=screen.FRAMES,
        size=screen.SIZE,
        container="mp4",
        codec="libx264",
        fps=screen.FPS,
        options={"crf": "28", "preset": "slow", "tune": "stillimage"},
    )


FILES: dict[str, Callable[[], bytes]] = {
    "collections-2018.wav": keyed_card_call,
    "broker-2019.mp3": lambda: _compressed_call("mp3", "libmp3lame", seed=2, syllables=20),
    "health-2026.ogg": lambda: _compressed_call("ogg", "libopus", seed=3, syllables=24),
    "retail-2017.json": chats.clean,
    "retail-2026.json": chats.split_over_messages,
    "collections-2019.jsonl": chats.unicode_digits,
    "insurance-2020.txt": chats.spelled_out,
    "insurance-2026.eml": chats.mail,
    "broker-2026.vtt": chats.captions,
    "retail-2026.vcon": _vcon,
    "screen-2026.mp4": _screen,
}


def _caller(number: str | None, email: str | None, name: str) -> dict[str, str]:
    stated = {"number": number, "email": email, "name": name}
    return {field: value for field, value in stated.items() if value}


# One line a recording: path, started, ended, direction, agent, queue, caller, account, industry, jurisdiction, labels,
# consent, interaction. Those of 2017 to 2020 are due under a policy of three to seven years; ACME-4711 is to be held.
_ROWS: tuple[tuple[Any, ...], ...] = (
    (
        *("collections-2018.wav", "2018-03-06T10:15:00-05:00", "2018-03-06T10:15:11-05:00", "outbound", "d.okafor"),
        *("collections", _caller("+1 212 555 0117", None, "Alex Example"), "LOAN-20-0117", "debt-collection", "US"),
        *(["payment"], "announced", "case-0117"),
    ),
    (
        *("broker-2019.mp3", "2019-11-21T15:40:00+00:00", "2019-11-21T15:40:10+00:00", "inbound", "a.moreno"),
        *("orders", _caller("+44 20 7946 0144", "kim@example.com", "Kim Example"), "BRK-88-0144", "broker-dealer"),
        *("GB", ["order"], "announced", "order-0144"),
    ),
    (
        *(
            "health-2026.ogg",
            "2026-01-19T08:05:00-06:00",
            "2026-01-19T08:05:12-06:00",
            "inbound",
            "j.ito",
            "appointments",
        ),
        *(
            _caller("(312) 555-0186", None, "Lee Example"),
            "PAT-0186",
            "health",
            "US",
            ["appointment"],
            "explicit",
            None,
        ),
    ),
    (
        *("retail-2017.json", "2017-05-04T16:20:00+01:00", "2017-05-04T16:20:10+01:00", "inbound", "m.haas", "web"),
        *(
            _caller(None, "pat@example.com", "Pat Example"),
            "SHOP-1003",
            "retail",
            "GB",
            ["delivery"],
            "announced",
            None,
        ),
    ),
    (
        *("retail-2026.json", "2026-02-03T09:15:00-05:00", "2026-02-03T09:15:40-05:00", "inbound", "d.okafor", "web"),
        *(_caller("+1 212 555 0133", "morgan@example.com", chats.CANARY), chats.CANARY, "retail", "US"),
        *(["payment", "invoice"], "announced", "order-0133"),
    ),
    (
        *("collections-2019.jsonl", "2019-09-12T14:00:00+02:00", "2019-09-12T14:02:00+02:00", "inbound", "m.haas"),
        *("collections", _caller("+49 30 23125 017", "uli@example.com", "Uli Example"), "ACME-4711"),
        *("debt-collection", "DE", ["payment", "dispute"], "explicit", "case-4711"),
    ),
    (
        *(
            "insurance-2020.txt",
            "2020-06-30T11:00:00-04:00",
            "2020-06-30T11:06:00-04:00",
            "inbound",
            "j.ito",
            "premiums",
        ),
        *(
            _caller("+1 617 555 0161", None, "Robin Example"),
            "POL-20-0042",
            "insurance",
            "US",
            ["payment"],
            "announced",
        ),
        None,
    ),
    (
        *("insurance-2026.eml", "2026-03-16T08:31:07+00:00", "2026-03-16T08:31:07+00:00", "inbound", "j.ito", "mail"),
        *(
            _caller(None, "robin@example.com", "Robin Example"),
            "POL-20-0042",
            "insurance",
            "US",
            ["payment"],
            "unknown",
        ),
        None,
    ),
    (
        *("broker-2026.vtt", "2026-04-02T14:30:00+01:00", "2026-04-02T14:30:10+01:00", "inbound", "a.moreno", "orders"),
        *(_caller("020 7946 0188", None, "Noor Example"), "BRK-88-0188", "broker-dealer", "GB", ["order", "captions"]),
        *("announced", "order-0188"),
    ),
    (
        *("retail-2026.vcon", "2026-04-20T13:00:00Z", "2026-04-20T13:02:00Z", "inbound", "a.moreno", "phone"),
        *(
            _caller("+44 20 7946 0123", None, "Sam Example"),
            "SHOP-1010",
            "retail",
            "GB",
            ["payment"],
            "announced",
            None,
        ),
    ),
    (
        *("screen-2026.mp4", "2026-05-11T10:00:00-04:00", "2026-05-11T10:00:05-04:00", "inbound", "a.moreno", "phone"),
        *(_caller("+1 212 555 0142", "jordan@example.com", "Jordan Example"), "ACME-4711", "debt-collection", "US"),
        *(["payment", "dispute"], "announced", "case-4711"),
    ),
)
_FIELDS = (
    *("path", "started", "ended", "direction", "agent", "queue", "callers", "account", "industry", "jurisdiction"),
    *("labels", "consent", "interaction"),
)


def manifest() -> bytes:
    """Return the manifest, one JSON object a line."""
    lines = []
    for number, values in enumerate(_ROWS, 1):
        row = dict(zip(_FIELDS, values, strict=True))
        row |= {"path": f"recordings/{row['path']}", "callers": [row["callers"]]}
        row |= {"source": "demo", "source_ref": f"demo-{number:04}"}
        lines.append(json.dumps({field: value for field, value in row.items() if value is not None}) + "\n")
    return "".join(lines).encode()


def main() -> None:
    """Write all files below the folder of this module."""
    recordings = HOME / "recordings"
    recordings.mkdir(exist_ok=True)
    for name, make in FILES.items():
        (recordings / name).write_bytes(make())
    (HOME / "manifest.jsonl").write_bytes(manifest())


if __name__ == "__main__":
    main()
