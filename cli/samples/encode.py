"""Encode synthesised sound and pictures into small media files, in memory.

Only PyAV and the standard library. Sound is a list of 16-bit mono samples; a picture is an 8-bit grey plane.
"""

import io
import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import av
from av.audio.resampler import AudioResampler

PCM, ADPCM_MS, ALAW, MULAW, GSM610 = 0x0001, 0x0002, 0x0006, 0x0007, 0x0031  # WAVE format tags (RFC 2361)


def pcm_bytes(samples: Sequence[int]) -> bytes:
    """Return 16-bit samples as little-endian bytes."""
    return struct.pack(f"<{len(samples)}h", *samples)


def wav(tag: int, data: bytes, *, rate: int, block: int, bits: int, extra: bytes = b"", samples: int = 0) -> bytes:
    """Return a mono WAV file (RIFF, WAVEFORMATEX) around encoded `data`.

    `block` is bytes a block, `samples` the length for the fact chunk that compressed formats carry (0: none).
    """
    rate_bytes = len(data) * rate // samples if samples else rate * block
    fmt = struct.pack("<HHIIHHH", tag, 1, rate, rate_bytes, block, bits, len(extra)) + extra
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    if samples:
        chunks += b"fact" + struct.pack("<II", 4, samples)
    chunks += b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def mulaw_bytes(samples: Iterable[int]) -> bytes:
    """Return ITU-T G.711 mu-law bytes of 16-bit samples."""
    return bytes(_mulaw(sample) for sample in samples)


def _mulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132  # bias and clip of G.711
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 0x0F) & 0xFF


def encode_audio(
    samples: Sequence[int],
    *,
    container: str,
    codec: str,
    rate: int = 8000,
    bit_rate: int | None = None,
    layout: str = "mono",
    options: dict[str, str] | None = None,
) -> bytes:
    """Return mono `samples` encoded by `codec` inside `container` (FFmpeg's names)."""
    out = io.BytesIO()
    with av.open(out, "w", format=container, options={"fflags": "+bitexact", **(options or {})}) as media:
        stream = _audio_stream(media, codec, rate, bit_rate, layout)
        _mux_audio(media, stream, samples, rate)
    return out.getvalue()


def _audio_stream(
    media: av.container.OutputContainer, codec: str, rate: int, bit_rate: int | None = None, layout: str = "mono"
) -> av.AudioStream:
    encoder = av.Codec(codec, "w")
    rates = encoder.audio_rates or [rate]
    stream = media.add_stream(codec, rate=rate if rate in rates else min(rates))
    if not isinstance(stream, av.AudioStream):
        raise TypeError(f"expected the name of a sound codec, got {codec}")
    stream.codec_context.layout = layout
    stream.codec_context.options = {"strict": "experimental"}  # FFmpeg's own Vorbis encoder asks for it
    if encoder.audio_formats:
        stream.codec_context.format = encoder.audio_formats[0]
    if bit_rate:
        stream.codec_context.bit_rate = bit_rate
    stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
    return stream


def _mux_audio(media: av.container.OutputContainer, stream: av.AudioStream, samples: Sequence[int], rate: int) -> None:
    context = stream.codec_context
    if not context.is_open:
        context.open()
    resampler = AudioResampler(context.format, context.layout, context.sample_rate, context.frame_size or 1024)
    frame = av.AudioFrame("s16", "mono", len(samples))
    frame.planes[0].update(pcm_bytes(samples).ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = 0
    for ready in [*resampler.resample(frame), *resampler.resample(None)]:
        media.mux(stream.encode(ready))
    media.mux(stream.encode(None))


def encode_video(
    draw: Callable[[int], bytes],
    *,
    frames: int,
    size: tuple[int, int],
    container: str,
    codec: str,
    fps: int = 5,
    options: dict[str, str] | None = None,
    sound: tuple[str, int, Sequence[int]] | None = None,
    container_options: dict[str, str] | None = None,
) -> bytes:
    """Return `frames` pictures, each the grey plane that `draw(index)` gives, as a video.

    `sound` is (codec, samples a second, samples) for a sound track of its own.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=container, options={"fflags": "+bitexact", **(container_options or {})}) as media:
        stream = media.add_stream(codec, rate=fps, options=options or {})
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"expected the name of a video codec, got {codec}")
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
        stream.codec_context.thread_count = 1
        track = _audio_stream(media, sound[0], sound[1]) if sound else None
        for index in range(frames):
            picture = _grey_frame(draw(index), size)
            picture.pts = index
            picture.time_base = Fraction(1, fps)
            media.mux(stream.encode(picture))
        media.mux(stream.encode(None))
        if sound and track:
            _mux_audio(media, track, sound[2], sound[1])
    return out.getvalue()


def _grey_frame(plane: bytes, size: tuple[int, int]) -> av.VideoFrame:
    width, height = size
    frame = av.VideoFrame(width, height, "yuv420p")
    stride = frame.planes[0].line_size
    rows = (plane[top : top + width].ljust(stride, b"\0") for top in range(0, width * height, width))
    frame.planes[0].update(b"".join(rows))
    for chroma in frame.planes[1:]:
        chroma.update(b"\x80" * chroma.buffer_size)
    return frame


def samples_of(values: Iterable[float]) -> Sequence[int]:
    """Return sound between -1 and 1 as 16-bit samples."""
    return array("h", (round(max(-1.0, min(1.0, value)) * 32000) for value in values))
