"""Break screen recordings and see that each gets a verdict: redacted, or refused; no crash and no hang.

Run `python -m benchmarks.redaction.fuzz_picture [COUNT] [SEED]`.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import av

from benchmarks.redaction.screens import NO_EAR
from benchmarks.redaction.screens_draw import Canvas
from vault.screen.errors import UnscreenableError
from vault.screen.options import Options
from vault.screen.picture.ocr import Eye
from vault.screen.picture.redact import redact
from vault.sealed.spill import Spill

KINDS = (
    ("libx264", "mp4", "video/mp4"), ("libx264", "matroska", "video/x-matroska"), ("libvpx", "webm", "video/webm"),
    ("libvpx-vp9", "webm", "video/webm"), ("mpeg4", "mp4", "video/mp4"), ("mjpeg", "matroska", "video/x-matroska"),
    ("ffv1", "matroska", "video/x-matroska"), ("libx265", "mp4", "video/mp4"), ("libsvtav1", "webm", "video/webm"),
)  # fmt: skip
LIMIT = 60.0  # seconds that one small file may take


def sample(codec: str, form: str) -> bytes:
    """Return a recording of two seconds."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=8)
        stream.width, stream.height = 320, 96
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = {"x265-params": "log-level=0"} if codec == "libx265" else {}
        for number in range(16):
            canvas = Canvas(320, 96)
            canvas.text(10, 10, "Customer record", size=14)
            canvas.text(10, 50, "4111 1111 1111 1111"[: number * 2], of="pan:1", size=16)
            container.mux(stream.encode(av.VideoFrame.from_image(canvas.image)))
        container.mux(stream.encode(None))
    return out.getvalue()


def broken(content: bytes, rng: random.Random) -> bytes:
    """Return the content with some damage."""
    data = bytearray(content)
    way = rng.randrange(6)
    if way == 0:
        return bytes(data[: rng.randrange(1, len(data))])
    if way == 1:
        at, size = rng.randrange(len(data)), rng.randrange(1, 200)
        return bytes(data[:at] + data[at + size :])
    if way == 2:
        at, size = rng.randrange(len(data)), rng.randrange(1, 200)
        return bytes(data[:at] + rng.randbytes(size) + data[at:])
    if way == 3:
        at, size = rng.randrange(len(data)), rng.randrange(1, 64)
        data[at : at + size] = bytes(size)
        return bytes(data)
    area = range(min(600, len(data))) if way == 4 else range(len(data))
    for _ in range(rng.choice((1, 1, 3, 20))):
        data[rng.choice(area)] ^= 1 << rng.randrange(8)
    return bytes(data)


def main() -> int:
    """Run COUNT broken files; return how many had no verdict."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    av.logging.set_level(av.logging.PANIC)
    eye, told, bad = Eye(), Counter[str](), 0
    whole = [(sample(codec, form), media) for codec, form, media in KINDS]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            rng = random.Random(f"{seed} {number}")
            content, media = rng.choice(whole)
            data, begin = broken(content, rng), time.monotonic()
            try:
                redact(media, io.BytesIO(data), Spill(Path(folder)), Options(), eye, NO_EAR, lambda _: None)
                told["redacted"] += 1
            except UnscreenableError as exc:
                told[f"refused: {exc.why}"] += 1
            except Exception:  # noqa: BLE001 - what this looks for
                bad += 1
                told["NO VERDICT"] += 1
                print(f"seed {seed} number {number}")
                traceback.print_exc()
            if time.monotonic() - begin > LIMIT:
                bad += 1
                print(f"seed {seed} number {number}: {time.monotonic() - begin:.0f} s")
    print(dict(told))
    return bad


if __name__ == "__main__":
    sys.exit(main() > 0)
