"""What programs write behind the frames of an MP3 file: not decoded, in no result, and never a reason to drop sound."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.screen.sound.made import Told, encoded, hum, redacted, sound_of
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options
from vault.screen.sound.mpeg import PADDING, Until, end_of_frames

MP3 = encoded(hum(1.5, 16000), "mp3", "libmp3lame", 16000)
MP2 = encoded(hum(1.5, 16000), "mp2", "mp2", 16000)
BARE = encoded(hum(1.5, 16000), "mp3", "libmp3lame", 16000, write_xing="0", id3v2_version="0")
SOUND = {MP3: sound_of(MP3), BARE: sound_of(BARE), MP2: sound_of(MP2)}
ID3_V1 = b"TAG" + b"4111".ljust(125, b"\0")
ID3_V2 = b"ID3\x03\0\0\0\0\0\x0a" + b"\xff\xfb" * 5


def ape(*, head):
    items = (9).to_bytes(4, "little") + bytes(4) + b"Title\0some song" + BARE[:50]
    part = (
        b"APETAGEX" + (2000).to_bytes(4, "little") + (len(items) + 32).to_bytes(4, "little") + (1).to_bytes(4, "little")
    )
    flag = 1 << 31 if head else 0
    first = part + (flag | 1 << 29).to_bytes(4, "little") + bytes(8)
    return (first if head else b"") + items + part + flag.to_bytes(4, "little") + bytes(8)


TRAILERS = {
    "ID3v1": ID3_V1,
    "ID3v2": ID3_V2,
    "APE": ape(head=True),
    "APE without its head": ape(head=False),
    "APE and ID3v1": ape(head=True) + ID3_V1,
    "Lyrics3": b"LYRICSBEGININD0000200000021LYRICS200" + ID3_V1,
    "zeros": bytes(PADDING),
    "text": b"\r\n--boundary--\r\n",
    "noise": np.random.default_rng(2).bytes(500),
}


@pytest.mark.parametrize("name", TRAILERS)
@pytest.mark.parametrize("content", [MP3, BARE, MP2])
def test_a_trailer_changes_nothing_of_the_sound_and_does_not_reach_the_result(name, content, tmp_path):
    _, result = redacted("audio/mpeg", content + TRAILERS[name], Options(), Told(), tmp_path)
    assert np.array_equal(sound_of(result), SOUND[content])
    assert TRAILERS[name] not in result


def ends(content):
    return end_of_frames(io.BytesIO(content), len(content))


def test_a_file_without_a_trailer_ends_where_its_frames_do():
    assert [ends(content) for content in SOUND] == [len(content) for content in SOUND]


@pytest.mark.parametrize("left", [1, 2, 3, 4, 50, 143])
def test_half_a_frame_at_the_end_is_no_trailer(left, tmp_path):
    """A file that was cut short ends so; it is refused, whatever stands behind the half."""
    frame = BARE[:144]
    for more in (b"", ID3_V1, ape(head=True) + ID3_V1):
        for before in (b"", b"\0", b"\xff"):
            content = BARE + before + frame[:left] + more
            assert ends(content) == len(content)
    with pytest.raises(UnscreenableError) as caught:
        redacted("audio/mpeg", BARE + frame[:left], Options(), Told(), tmp_path)
    assert caught.value.why is Why.UNDECODABLE


def test_frames_behind_other_bytes_are_no_trailer():
    for between in (bytes(50), b"card and so on", ID3_V1):
        content = BARE + between + BARE
        assert ends(content) == len(content)


OTHER = encoded(hum(0.5, 44100), "mp3", "libmp3lame", 44100, write_xing="0", id3v2_version="0")


def test_sound_of_another_form_behind_the_frames_is_no_trailer(tmp_path):
    """It would be lost; FFmpeg sees it, and it is refused."""
    for between in (b"", b"\0", b"some words"):
        content = BARE + between + OTHER
        assert ends(content) == len(content)
        with pytest.raises(UnscreenableError):
            redacted("audio/mpeg", content, Options(), Told(), tmp_path)


def test_more_than_a_trailer_is_none():
    content = BARE + bytes(PADDING + 1)
    assert ends(content) == len(content)
    assert ends(BARE + bytes(PADDING)) == len(BARE)


def test_tags_that_lie_about_their_size_are_no_tags_and_do_no_harm():
    for tag in (ape(head=True), ape(head=False)):
        at = tag.rindex(b"APETAGEX")
        for size in (0, 31, 33, 2**31, 2**32 - 1):
            content = BARE + tag[: at + 12] + size.to_bytes(4, "little") + tag[at + 16 :]
            assert ends(content) in (len(content), len(BARE))
    far = b"".join(n.to_bytes(4, "little") for n in (2000, len(BARE) + 500, 1, 0))
    assert ends(BARE + b"APETAGEX" + far + bytes(8)) == len(BARE)
    assert ends(BARE + b"ID3\x03\0\0\x7f\x7f\x7f\x7f") == len(BARE)


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_what_is_not_a_media_file_has_no_trailer(content):
    assert 0 <= ends(content) <= len(content)
    assert ends(b"\0" + content) == len(content) + 1


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(-5, 40), st.sampled_from([0, 1, 2]), st.integers(-1, 12))))
def test_the_view_up_to_a_place_is_a_file_of_that_length(end, steps):
    whole = bytes(range(40))
    view, plain = Until(io.BytesIO(whole), end), io.BytesIO(whole[:end])
    for offset, whence, size in steps:
        base = (0, plain.tell(), end)[whence]
        if base + offset >= 0:
            assert view.seek(offset, whence) == plain.seek(offset, whence)
        assert view.read(size) == plain.read(size)
        assert view.tell() == plain.tell()
