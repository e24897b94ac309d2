"""Damage in the middle of a call, in every container: refused, or what is left is what was listened to, to the sample.

Which of the two a codec does depends on its checksums: without any, other bytes are other sound, and are heard as that.
"""

import io
import random
from functools import cache

import av
import numpy as np
import pytest

from tests.screen.sound.made import encoded, hum, redacted, sound_of
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options

LENGTH = 1.5

# name: (container, codec, rate, channels, media type), and whether bytes overwritten with zeros are always noticed
CASES = {
    "wav": ("wav", "pcm_s16le", 8000, 1, "audio/wav", False),
    "wav MP3": ("wav", "libmp3lame", 16000, 1, "audio/wav", False),
    "mp3": ("mp3", "libmp3lame", 8000, 1, "audio/mpeg", False),
    "mp2": ("mp2", "mp2", 16000, 1, "audio/mpeg", False),
    "ogg Opus": ("ogg", "libopus", 48000, 1, "audio/ogg", True),
    "ogg Vorbis": ("ogg", "vorbis", 44100, 2, "audio/ogg", True),
    "ogg FLAC": ("ogg", "flac", 8000, 1, "audio/ogg", True),
    "flac": ("flac", "flac", 16000, 1, "audio/flac", True),
    "m4a AAC": ("ipod", "aac", 8000, 1, "audio/mp4", False),
    "m4a ALAC": ("ipod", "alac", 16000, 1, "audio/mp4", False),
    "mp4 Opus": ("mp4", "libopus", 48000, 1, "audio/mp4", False),
    "3gp AMR": ("3gp", "libopencore_amrnb", 8000, 1, "audio/mp4", False),
    "mkv AAC": ("matroska", "aac", 16000, 1, "audio/x-matroska", False),
    "mkv MP3": ("matroska", "libmp3lame", 16000, 1, "audio/x-matroska", False),
    "webm Opus": ("webm", "libopus", 48000, 1, "audio/webm", False),
}


class Deaf:
    """Hears no digits in anything, however loud the damage is."""

    engines, languages = (), frozenset({"en"})

    def listen(self, blocks):
        for _ in blocks:
            pass
        return []


@cache
def made(name):
    container, codec, rate, channels = CASES[name][:4]
    return encoded(np.stack([hum(LENGTH, rate, seed=n) for n in range(channels)]), container, codec, rate)


def packets(content):
    with av.open(io.BytesIO(content)) as container:
        return {bytes(packet) for packet in container.demux(audio=0) if packet.size}


def verdict(name, content, tmp_path):
    """Say whether damaged content is refused; if not, see that the result is what was listened to and no more."""
    try:
        _, result = redacted(CASES[name][4], content, Options(), Deaf(), tmp_path)
    except UnscreenableError as exc:
        return "refused" if exc.why is Why.UNDECODABLE else exc.reason
    assert np.array_equal(sound_of(content), sound_of(result), equal_nan=True)
    assert packets(result) <= packets(content)
    return "heard"


def places(content, name):
    rng = random.Random(name)
    first = max(len(content) // 3, 8500 if name == "flac" else 0)  # after its padding
    return [rng.randrange(first, len(content) - len(content) // 3) for _ in range(3)]


@pytest.mark.parametrize("name", CASES)
def test_bytes_that_were_overwritten_are_refused_or_heard_as_what_they_became(name, tmp_path):
    content = made(name)
    size = min(400, len(content) // 6)
    found = {verdict(name, content[:at] + bytes(size) + content[at + size :], tmp_path) for at in places(content, name)}
    assert found == {"refused"} or not CASES[name][5]


@pytest.mark.parametrize("name", CASES)
def test_bytes_that_were_taken_out_are_refused(name, tmp_path):
    content = made(name)
    size = min(301, len(content) // 6)
    for at in places(content, name):
        assert verdict(name, content[:at] + content[at + size :], tmp_path) == "refused"


@pytest.mark.parametrize("name", CASES)
def test_bytes_that_were_put_between_are_refused_or_in_no_packet_of_the_result(name, tmp_path):
    content = made(name)
    for at in places(content, name):
        for more in (random.Random(at).randbytes(300), bytes(300)):
            found = verdict(name, content[:at] + more + content[at:], tmp_path)
            assert found == "refused" or name == "wav"


@pytest.mark.parametrize(
    ("codec", "rate", "channels"), [("libopus", 48000, 1), ("vorbis", 44100, 2), ("flac", 8000, 1)]
)
def test_an_ogg_page_that_lacks_or_is_damaged_is_refused(codec, rate, channels, tmp_path):
    """FFmpeg skips such a page without a word; where the gap is short not even the times tell."""
    content = encoded(np.stack([hum(3, rate)] * channels), "ogg", codec, rate, page_duration="80000")
    pages = [n for n in range(len(content)) if content[n : n + 5] == b"OggS\0"]
    assert len(pages) > 8
    for n in (4, 6, -3):
        first, last = pages[n], pages[n + 1]
        for new in (b"", bytes(last - first), content[first : first + 30] + bytes(last - first - 30)):
            with pytest.raises(UnscreenableError) as caught:
                redacted("audio/ogg", content[:first] + new + content[last:], Options(), Deaf(), tmp_path)
            assert caught.value.why is Why.UNDECODABLE
            assert "Ogg" in caught.value.reason


def test_a_flac_frame_that_lacks_is_refused(tmp_path):
    content = encoded(hum(3, 16000), "flac", "flac", 16000)
    with av.open(io.BytesIO(content)) as container:
        frames = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert len(frames) > 5
    for frame in (frames[2], frames[-1]):
        assert content.count(frame) == 1
        assert verdict("flac", content.replace(frame, b""), tmp_path) == "refused"


def test_a_flac_frame_that_lacks_in_a_file_that_was_never_told_its_length_is_refused(tmp_path):
    content = bytearray(encoded(hum(3, 16000), "flac", "flac", 16000))
    content[21:26] = bytes([content[21] & 0xF0, 0, 0, 0, 0])  # as when it was written to a pipe
    with av.open(io.BytesIO(content)) as container:
        frames = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert verdict("flac", bytes(content), tmp_path) == "heard"
    for frame in frames[1:4]:
        assert verdict("flac", bytes(content).replace(frame, b""), tmp_path) == "refused"


def test_bytes_between_the_frames_of_mp3_are_refused(tmp_path):
    content = encoded(hum(2, 16000), "mp3", "libmp3lame", 16000)
    with av.open(io.BytesIO(content)) as container:
        frames = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    at = content.index(frames[20])
    for junk in (bytes(50), b"card 4111111111111111 and so on", frames[19][: len(frames[19]) // 2]):
        assert verdict("mp3", content[:at] + junk + content[at:], tmp_path) == "refused"


@pytest.mark.parametrize("name", ["mkv AAC", "webm Opus"])
def test_a_cluster_that_a_decoder_would_skip_without_a_word_is_refused(name, tmp_path):
    container, codec, rate, channels = CASES[name][:4]
    whole = encoded(np.stack([hum(14, rate)] * channels), container, codec, rate)
    _, at, _ = (n for n in range(len(whole)) if whole[n : n + 4] == b"\x1f\x43\xb6\x75")  # clusters (RFC 9559)
    for length in (4, 12):
        broken = whole[:at] + bytes(length) + whole[at + length :]
        assert verdict(name, broken, tmp_path) == "refused"
