"""Small screen recordings, drawn and encoded on the fly."""

import io
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vault.screen.options import Options
from vault.screen.picture.ocr import Eye
from vault.screen.picture.redact import redact
from vault.sealed.spill import Spill

VISA = "4111 1111 1111 1111"
AMEX = "3782 822463 10005"
WHITE, INK = "#ffffff", "#202020"


class NoEar:
    """Hears nothing."""

    engines = ()
    languages = frozenset({"en"})

    def listen(self, blocks, /):
        for _ in blocks:
            pass
        return ()


@cache
def eye():
    return Eye()


def page(*texts, size=(480, 160), ground=WHITE, ink=INK, height=18):
    """Draw (x, y, text) on a page."""
    image = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(image)
    for x, y, text in texts:
        draw.text((x, y), text, font=ImageFont.load_default(height), fill=ink)
    return image


def clip(pages, *, rate=5, codec="libx264", form="mp4", pix="yuv420p", times=None, sound=None, rotation=None, start=0,
         base=None, field=None):  # fmt: skip
    """Encode pages as a recording; `times` are milliseconds."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = pages[0].size
        stream.pix_fmt = pix
        if codec in {"libx264", "libx265"}:
            stream.options = {
                "preset": "ultrafast",
                "crf": "20",
                **({"x265-params": "log-level=0"} if "5" in codec else {}),
            }
        if times is not None:
            stream.codec_context.time_base = base or Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        track = container.add_stream(sound, rate=48000, layout="mono") if sound else None
        for number, image in enumerate(pages):
            frame = av.VideoFrame.from_image(image)
            if times is not None:
                frame.pts, frame.time_base = times[number] + start, Fraction(1, 1000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
        if track is not None:
            put_sound(container, track, len(pages) / rate)
    out.seek(0)
    return out


def put_sound(container, track, seconds):
    size = 960
    for number in range(int(seconds * 48000) // size):
        wave = 3000 * np.sin(2 * np.pi * 440 * (np.arange(size) + number * size) / 48000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
        frame.rate, frame.pts = 48000, number * size
        for packet in track.encode(frame):
            container.mux(packet)
    for packet in track.encode(None):
        container.mux(packet)


def run(source, folder, *, options=None, media_type="video/mp4", ear=None):
    """Return what was found and the result."""
    sink = Spill(Path(folder))
    redaction = redact(media_type, source, sink, options or Options(), eye(), ear or NoEar(), lambda _: None)
    return redaction, sink


def frames(file):
    """Return the pictures of a recording, and their times."""
    file.seek(0)
    with av.open(file) as container:
        return [(float(f.pts * f.time_base), f.to_ndarray(format="gray")) for f in container.decode(video=0)]


def shows(picture, original, x, y, width=200, height=24):
    """Say whether anything of what is written in a box of the original shows in the result."""
    x, y = max(0, x), max(0, y)
    here = original[y : y + height, x : x + width].astype(int)
    rows, columns = np.nonzero(np.abs(here - np.median(here)) > 60)
    if not len(rows):
        return False
    place = picture[y : y + height, x : x + width][rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return int(place.max()) > 80
