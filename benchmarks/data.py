"""Deterministic input: the same bytes in every run, so that two runs compare."""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

_WORDS = re.findall(
    r"\w+",
    "hello thanks for waiting could you please tell me which order this is about my parcel has not arrived yet and the "
    "tracking page says it left the depot on monday I will look into it now one moment the invoice shows two items "
    "that is right we can send a new one or refund the amount to your account which would you prefer a refund is fine "
    "it takes three to five working days is there anything else no that was all have a good day goodbye",
)
_CARDS = ("4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011111111111117", "4242 4242 4242 4242")
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def block(size: int) -> bytes:
    """Return bytes that no compression helps with."""
    return random.Random(size).randbytes(size)


def write_file(path: Path, size: int) -> None:
    """Write a file of `size` bytes in pieces."""
    piece = block(1 << 20)
    with path.open("wb") as file:
        for start in range(0, size, len(piece)):
            file.write(piece[: size - start])


def chat(number: int, *, cards: int = 0, numbers: float = 0.2) -> bytes:
    """Return one chat of 8 to 12 KiB as JSON: the first `cards` messages name a published test card number.

    `numbers` is the share of messages that name a reference of up to four digits.
    """
    rng = random.Random(number)
    wanted = rng.randrange(8 << 10, 12 << 10)
    messages: list[dict[str, str]] = []
    size = 0
    at = _START + timedelta(seconds=number)
    while size < wanted:
        at += timedelta(seconds=rng.randrange(3, 40))
        text = " ".join(rng.choices(_WORDS, k=rng.randrange(4, 40)))
        if rng.random() < numbers:
            text += f" ref {rng.randrange(10_000)}"
        if len(messages) < cards:
            text += f" my card is {rng.choice(_CARDS)}"
        messages.append({"ts": at.isoformat(), "from": rng.choice(("agent", "customer")), "text": text})
        size += len(text) + 80
    return json.dumps({"messages": messages}).encode()


def row(number: int, path: str, ended: datetime) -> dict[str, object]:
    """Return a manifest row with everything that a contact centre knows of a chat."""
    rng = random.Random(-number)
    return {
        "path": path,
        "started": (ended - timedelta(minutes=9)).isoformat(),
        "ended": ended.isoformat(),
        "direction": "inbound",
        "agent": f"agent.{rng.randrange(300)}",
        "seat": f"S-{rng.randrange(300)}",
        "queue": rng.choice(("billing", "web", "orders", "returns")),
        "callers": [
            {
                "number": f"+1 212 555 {rng.randrange(10_000):04d}",
                "email": f"caller{rng.randrange(100_000)}@example.com",
                "name": f"Caller {rng.randrange(100_000)}",
            }
        ],
        "account": f"ACME-{rng.randrange(100_000)}",
        "industry": "retail",
        "jurisdiction": "US",
        "labels": ["payment", "web"],
        "consent": "announced",
        "interaction": f"case-{number}",
        "source": "bench",
        "source_ref": f"chat-{number}",
    }


def write_chats(folder: Path, count: int, ended: list[datetime] | None = None) -> Path:
    """Write chats and their manifest; return the manifest. Chat n ended at `ended[n % len(ended)]`."""
    ends = ended or [_START]
    (folder / "chats").mkdir(parents=True)
    manifest = folder / "manifest.jsonl"
    with manifest.open("w", encoding="utf-8") as file:
        for number in range(count):
            path = f"chats/{number:06d}.json"
            (folder / path).write_bytes(chat(number))
            file.write(json.dumps(row(number, path, ends[number % len(ends)])) + "\n")
    return manifest


def write_wav(path: Path, size: int) -> None:
    """Write a sparse WAV file of silence: PCM, 8 kHz, 16 bits; RF64 (EBU Tech 3306) where 32 bits are too few."""
    data = size - 80
    form = b"\x01\x00\x01\x00" + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little") + b"\x02\x00\x10\x00"
    is_long = size >= 1 << 32
    stated = 0xFFFFFFFF if is_long else data
    sizes = (size - 8).to_bytes(8, "little") + data.to_bytes(8, "little") + (data // 2).to_bytes(8, "little")
    head = (b"RF64" if is_long else b"RIFF") + (0xFFFFFFFF if is_long else size - 8).to_bytes(4, "little") + b"WAVE"
    # the place of the 64-bit sizes is kept by a JUNK chunk where 32 bits are enough
    head += (b"ds64" if is_long else b"JUNK") + (28).to_bytes(4, "little") + sizes + bytes(4)
    head += b"fmt " + (16).to_bytes(4, "little") + form + b"data" + stated.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
