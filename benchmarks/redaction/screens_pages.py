"""Screenshots of web pages by a real browser: checkout pages written here, and pages that come with installed packages.

Needs Chromium (`chromium` on Debian). Where the digits show is found by drawing each page twice, the second time with
the card data transparent: every pixel that differs must be covered. Run `python -m benchmarks.redaction.screens_pages`.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from benchmarks.redaction.screens import NO_EAR
from benchmarks.redaction.screens_scenes import code, expiry, pan
from benchmarks.redaction.table import Row, show
from vault.screen.options import Options, Preset
from vault.screen.picture.ocr import Eye
from vault.screen.picture.redact import redact
from vault.sealed.spill import Spill

_HIDE = "<style>.secret{color:transparent!important;caret-color:transparent}</style>"
_STYLES = (
    "body{font:15px Arial;background:#fafafa;padding:30px}input{font:inherit;padding:8px;border:1px solid #bbb}",
    "body{font:13px Georgia;padding:20px}label{display:block;margin-top:12px;color:#666}input{padding:4px}",
    "body{font:16px 'DejaVu Sans';background:#16181d;color:#e6e6e6}input{font:inherit;color:#fff;background:#222}",
    "body{font:12px Verdana;background:#eef3fb;padding:10px}td{padding:4px 12px}input{font:12px monospace}",
    "body{font:18px Helvetica;padding:60px;color:#333}input{font:bold 20px monospace;padding:10px}",
)
_LABELS = (("Card number", "Expiry date", "CVV"), ("Kartennummer", "Gültig bis", "Prüfziffer"),
           ("Credit card no.", "MM/YY", "Security code"), ("Número de tarjeta", "Vencimiento", "CVC"))  # fmt: skip
_DOCS = ("/usr/share/doc", "/usr/share/perl", "/usr/share/javascript", "/usr/lib/python3", "/usr/share/help")


def checkout(rng: random.Random) -> str:
    """Return a page on which a card is being paid with."""
    number, date, digits = pan(rng), expiry(rng), code(rng)
    style, (one, two, three) = rng.choice(_STYLES), rng.choice(_LABELS)
    shape = rng.randrange(4)
    number = pan(rng, " ") if shape == 2 else number
    if shape == 0:
        body = "".join(
            f"<label>{name} <input class='{kind}' size={size} value='{value}'></label><br>"
            for name, value, size, kind in (("Name", "Anna Keller", 30, ""), (one, number, 26, "secret"),
                                            (two, date, 8, "secret"), (three, digits, 5, "secret"))
        )  # fmt: skip
    elif shape == 1:
        body = (
            f"<table><tr><td>{one}<td>{two}<td>{three}<tr><td><input class=secret size=24 value='{number}'>"
            f"<td><input class=secret size=7 value='{date}'><td><input class=secret size=5 value='{digits}'></table>"
        )
    elif shape == 2:
        parts = re.findall(r"\d+", number)
        fields = " ".join(f"<input class=secret size=5 value='{part}'>" for part in parts)
        body = f"<p>{one}</p><div>{fields}</div><p>{three} <input class=secret size=5 value='{digits}'></p>"
    else:
        body = (
            f"<p>Thank you for your order 10293847. We charged your card <b class=secret>{number}</b>, valid until "
            f"<span class=secret>{date}</span>, {three} <span class=secret>{digits}</span>.</p>"
        )
    rest = (
        "<h2>Order summary</h2><p>Wireless keyboard 49.90 EUR</p><p>Phone +44 20 7946 0958, delivery on Thursday.</p>"
    )
    return f"<meta charset=utf-8><style>{style}</style><h1>Checkout</h1><form>{body}</form>{rest}"


def injected(rng: random.Random, page: Path) -> str:
    """Return a page of some package's documentation with a card number written into its first paragraph."""
    text = page.read_text("utf-8", errors="replace")
    places = [m.end() for m in re.finditer(r"<(?:p|li|td|dd)\b[^>]*>", text)][:6]
    at = rng.choice(places)
    return f"{text[:at]}Paid with card <span class=secret>{pan(rng)}</span>. {text[at:]}"


def documents(rng: random.Random, count: int) -> list[Path]:
    """Return some pages of documentation that are on this machine."""
    found = sorted(p for folder in _DOCS for p in Path(folder).rglob("*.html") if 6_000 < p.stat().st_size < 200_000)
    usable = [p for p in found if len(re.findall(r"<(?:p|li|td|dd)\b", p.read_text("utf-8", errors="replace"))) > 3]
    return rng.sample(usable, min(count, len(usable)))


def shot(html: str, scale: float, folder: Path) -> Image.Image:
    """Return the page as a browser draws it."""
    page, out = folder / "page.html", folder / "page.png"
    page.write_text(html, "utf-8")
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    subprocess.run(  # noqa: S603
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,720",
         f"--force-device-scale-factor={scale}", f"--user-data-dir={folder / 'profile'}", f"--screenshot={out}",
         page.as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with Image.open(out) as image:
        return image.convert("RGB").crop((0, 0, image.width // 2 * 2, image.height // 2 * 2))


def film(image: Image.Image) -> io.BytesIO:
    """Return three frames of a still picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=5)
        stream.width, stream.height = image.size
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "23"}
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode(None))
    out.seek(0)
    return out


def _pages(seed: int, own: int, foreign: int) -> Iterator[tuple[str, str, float]]:
    rng = random.Random(seed)
    for _ in range(own):
        yield "checkout pages", checkout(rng), rng.choice((1, 1, 1.25, 1.5))
    for page in documents(rng, foreign):
        yield "pages of documentation", injected(rng, page), rng.choice((1, 1, 1.25))


def run(*, seed: int, own: int = 16, foreign: int = 12) -> list[Row]:
    """Return the share of pages on which all card data is covered, and of the rest's pixels that is covered too."""
    eye, told = Eye(), dict[tuple[str, Preset], list[tuple[bool, float]]]()
    with tempfile.TemporaryDirectory() as name:
        for kind, html, scale in _pages(seed, own, foreign):
            seen, hidden = shot(html, scale, Path(name)), shot(html + _HIDE, scale, Path(name))
            ink = np.abs(np.asarray(seen, np.int16) - np.asarray(hidden, np.int16)).max(axis=2) > 40
            if not ink.any():
                continue
            for preset in (Preset.STRICT, Preset.BALANCED):
                sink = Spill(Path(name))
                redact("video/mp4", film(seen), sink, Options(preset=preset), eye, NO_EAR, lambda _: None)
                sink.seek(0)
                with av.open(sink) as container:
                    result = [f.to_ndarray(format="gray") for f in container.decode(video=0)][-1]
                before = np.asarray(seen.convert("L"), np.int16)
                painted = (result < 40) & (np.abs(before - result) > 60)
                shows = ink & (result > 80)
                whole = int(shows.sum()) < 0.01 * int(ink.sum())
                told.setdefault((kind, preset), []).append((whole, float((painted & ~ink).mean())))
                if not whole:
                    Image.fromarray(result).save(Path(tempfile.gettempdir()) / f"missed-{preset}-{len(told)}.png")
    rows = []
    for (kind, preset), all_ in told.items():
        rows.append(Row("screen", f"{kind}, {preset}", "pages with all card data covered",
                        100 * sum(w for w, _ in all_) / len(all_), "%", ">= 100", len(all_)))  # fmt: skip
        rows.append(Row("screen", f"{kind}, {preset}", "of the picture painted beside the digits",
                        100 * sum(s for _, s in all_) / len(all_), "%", "", len(all_)))  # fmt: skip
    return rows


if __name__ == "__main__":
    print(show(run(seed=20_261_122)))
