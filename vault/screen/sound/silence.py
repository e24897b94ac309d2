"""Encoded silence: packets that take the place of those that hold a card number, so that nothing else is encoded anew.

A packet of silence must leave the decoder silent whatever came before; how long it takes to get there is `LEAD`. Where
no such packet is known, `packets_for` says so, and the track is encoded anew.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, TypeAlias

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from vault.screen.errors import UnscreenableError

Silencer: TypeAlias = Callable[[bytes, int], bytes | None]
"""Takes a packet's content and how many samples it brings; returns silence of that length, or None for no way."""

LEAD: Final = {"gsm": 2, "gsm_ms": 2, "opus": 2, "ac3": 1, "eac3": 1, "aac": 1, "vorbis": 1, "mp2": 1}
"""Packets before a cut that must be silence too: the decoder overlaps them, or rings on."""

_PCM = re.compile(r"pcm_(?:s(?:16|24|32|64)[lb]e|f(?:32|64)[lb]e|s8)")
_PCM_ZERO: Final = {"pcm_u8": 0x80, "pcm_mulaw": 0xFF, "pcm_alaw": 0xD5}
_ENCODERS: Final = {
    "aac": "aac",
    "opus": "libopus",
    "ac3": "ac3",
    "eac3": "eac3",
    "mp2": "mp2",
}
_NAMES: Final = {"mp2float": "mp2", "libopus": "opus", "mp3float": "mp3"}
_OPUS_MS: Final = {120: "2.5", 240: "5", 480: "10", 960: "20", 1920: "40", 2880: "60"}  # samples of 48,000 a second
_WARM: Final = 16  # packets after which an encoder of silence is in its steady state
_VORBIS_MODES: Final = 2  # short and long blocks, what every encoder writes

# GSM 06.10 (ETSI EN 300 961): the frame of silence that telephone switches send, as 76 parameters.
_GSM_BITS: Final = (6, 6, 5, 5, 4, 4, 3, 3, *((7, 2, 2, 6, *(3,) * 13) * 4))
_GSM_SILENCE: Final = bytes.fromhex("d820a2e15a50004924924924500049249249245000492492492450004924924924")


def codec_of(stream: AudioStream) -> str:
    """Return the name of a track's codec, whichever decoder reads it."""
    name = stream.codec_context.name
    return _NAMES.get(name, name)


def sample_zero(codec: str) -> int | None:
    """Return the byte that silence is made of in a codec of one sample after the other; None for any other codec."""
    return 0 if _PCM.fullmatch(codec) else _PCM_ZERO.get(codec)


def packets_for(stream: AudioStream) -> Silencer | None:
    """Return what makes silence for a track's packets, None where nothing does."""
    codec = codec_of(stream)
    if codec in ("adpcm_ms", "adpcm_ima_wav"):  # each block begins with the decoder's state
        return lambda packet, _samples: bytes(len(packet))
    if codec in ("gsm", "gsm_ms"):
        return lambda packet, _samples: _GSM_BY_SIZE.get(len(packet))
    if codec == "vorbis":
        return _silent_vorbis if _vorbis_modes(stream.codec_context.extradata or b"") == _VORBIS_MODES else None
    if codec in _ENCODERS:
        known: dict[int, bytes | None] = {}
        form = (stream.rate, stream.layout.name)

        def silence(packet: bytes, samples: int) -> bytes | None:
            samples = opus_samples(packet) if codec == "opus" else samples
            if samples not in known:
                known[samples] = _encoded(_ENCODERS[codec], *form, samples)
            return known[samples]

        return silence
    return None


def _encoded(encoder: str, rate: int, layout: str, samples: int) -> bytes | None:
    """Return one packet of `samples` of silence from the named encoder, None if it makes no such packets."""
    context: Any = av.CodecContext.create(encoder, "w")
    formats = context.codec.audio_formats
    context.sample_rate, context.layout, context.format = rate, layout, formats[0]
    context.time_base = Fraction(1, rate)
    if encoder == "libopus":
        if samples not in _OPUS_MS:
            return None
        context.options = {"frame_duration": _OPUS_MS[samples]}
    try:
        context.open()
        if context.frame_size not in (samples, 0):
            return None
        packet = b""
        for index in range(_WARM):
            frame = AudioFrame(formats[0].name, layout, samples)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), index * samples
            for made in context.encode(frame):
                packet = bytes(made)
    except (av.FFmpegError, ValueError):  # an encoder that does not know this rate or these channels
        return None
    return packet or None


def opus_samples(packet: bytes) -> int:
    """Return the samples that an Opus packet brings at 48,000 a second (RFC 6716, section 3.1), 0 if it is none."""
    if not packet or (packet[0] & 3 == 3 and len(packet) == 1):  # noqa: PLR2004 - the code of a frame count
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:  # noqa: PLR2004 - SILK
        frame = (480, 960, 1920, 2880)[config % 4]
    elif config < 16:  # noqa: PLR2004 - hybrid
        frame = (480, 960)[config % 2]
    else:
        frame = (120, 240, 480, 960)[config % 4]
    return frame * (1, 2, 2, packet[1] & 63 if code == 3 else 0)[code]  # noqa: PLR2004


def _vorbis_modes(headers: bytes) -> int:
    """Return how many modes a Vorbis setup header declares (Vorbis I, 4.2.4); its last bits are the modes."""
    bits = int.from_bytes(headers, "little").bit_length() - 1  # without the framing bit, which is the last one set
    data = int.from_bytes(headers, "little")
    count = 0
    while bits >= 41 and not data >> (bits - 40) & (1 << 32) - 1:  # noqa: PLR2004 - a mode: 1, 16 and 16 zeros, 8 bits
        bits -= 41
        count += 1
    return count if count and (data >> (bits - 6) & 0x3F) + 1 == count else 0


def _silent_vorbis(packet: bytes, _samples: int) -> bytes | None:
    """Keep the type, the mode and the shape of the windows; every floor after them is absent, so all is zero."""
    if not packet or packet[0] & 1:  # a header
        return None
    long = packet[0] >> 1 & 1  # the mode's number; the second mode is the long block's
    return bytes([packet[0] & (0x0F if long else 0x03), 0, 0])


def _gsm_parameters(frame: bytes) -> list[int]:
    bits, out, at = int.from_bytes(frame, "big"), [], len(frame) * 8 - 4  # after the four bits of magic
    for width in _GSM_BITS:
        at -= width
        out.append(bits >> at & (1 << width) - 1)
    return out


def _gsm_wav49(frames: int = 2) -> bytes:
    """Return Microsoft's packing: two frames in 65 bytes, the low bit first."""
    value, at = 0, 0
    for _ in range(frames):
        for parameter, width in zip(_gsm_parameters(_GSM_SILENCE), _GSM_BITS, strict=True):
            value |= parameter << at
            at += width
    return value.to_bytes(65, "little")


_GSM_BY_SIZE: Final = {33: _GSM_SILENCE, 65: _gsm_wav49()}


def without_comments(headers: bytes) -> bytes:
    """Return Vorbis headers (Xiph lacing) with an empty comment header: titles and comments are screened by nobody.

    Raises:
        UnscreenableError: they are no three headers.

    """
    sizes, at = [], 1
    for _ in range(2):
        size = 0
        while at < len(headers) and headers[at] == 0xFF:  # noqa: PLR2004 - lacing
            size, at = size + 255, at + 1
        size, at = size + (headers[at] if at < len(headers) else 0), at + 1
        sizes.append(size)
    first, setup = headers[at : at + sizes[0]], headers[at + sum(sizes) :]
    if headers[:1] != b"\x02" or first[:7] != b"\x01vorbis" or setup[:7] != b"\x05vorbis" or len(first) != 30:  # noqa: PLR2004
        raise UnscreenableError("expected three Vorbis headers, got other data")
    comment = b"\x03vorbis" + bytes(8) + b"\x01"
    return bytes([2, len(first), len(comment)]) + first + comment + setup
