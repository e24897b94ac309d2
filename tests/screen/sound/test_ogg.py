"""The pages of an Ogg file: whole, in order and undamaged, or the file is refused."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import media
from tests.screen.sound.made import encoded, hum
from vault.screen.errors import UnscreenableError, Why
from vault.screen.sound import ogg

OPUS = encoded(hum(6, 48000), "ogg", "libopus", 48000, page_duration="200000")


def page(body, *, flags=0, serial=7, sequence=0, lacing=None):
    sizes = lacing if lacing is not None else bytes([255] * (len(body) // 255) + [len(body) % 255])
    head = b"OggS\0" + bytes([flags]) + bytes(8) + serial.to_bytes(4, "little") + sequence.to_bytes(4, "little")
    rest = bytes([len(sizes)]) + sizes + body
    return head + slow_checksum(head + bytes(4) + rest).to_bytes(4, "little") + rest


def slow_checksum(data):
    """Return RFC 3533's checksum bit by bit, as the text has it."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc >> 31 else 0)
            crc &= 0xFFFFFFFF
    return crc


def pages_of(content):
    places = [n for n in range(len(content)) if content[n : n + 5] == b"OggS\0"]
    return [content[a:b] for a, b in zip(places, [*places[1:], len(content)], strict=True)]


def refused(content):
    with pytest.raises(UnscreenableError) as caught:
        ogg.walk(io.BytesIO(content))
    assert caught.value.why is Why.UNDECODABLE
    return caught.value.reason


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_rfc(data):
    assert ogg.checksum(data) == slow_checksum(data)


@pytest.mark.parametrize("name", ["ogg-opus", "ogg-vorbis", "ogg-flac"])
def test_what_ffmpeg_writes_is_whole(name):
    ogg.walk(io.BytesIO(media.media(name)))


def test_logical_streams_lie_side_by_side_and_behind_each_other():
    side = [page(b"a", flags=2), page(b"b", flags=2, serial=9), page(b"c", flags=4, serial=9, sequence=1)]
    side += [page(b"d", flags=4, sequence=1)]
    ogg.walk(io.BytesIO(b"".join(side)))
    ogg.walk(io.BytesIO(page(b"a", flags=6) + page(b"b", flags=6)))
    ogg.walk(io.BytesIO(page(b"a", flags=2, sequence=2**32 - 1) + page(b"b", flags=4)))
    long = [page(b"", flags=2), page(b"x" * 255, sequence=1, lacing=b"\xff"), page(b"", sequence=2, lacing=b"")]
    ogg.walk(io.BytesIO(b"".join(long) + page(b"y", flags=5, sequence=3)))


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [page(b"a")],
        [page(b"a", flags=2)],
        [page(b"a", flags=2), page(b"b", flags=4, sequence=2)],
        [page(b"a", flags=2), page(b"b", flags=4, sequence=0)],
        [page(b"a", flags=2), page(b"b", flags=4, serial=8, sequence=1)],
        [page(b"a", flags=2), page(b"b", flags=5, sequence=1)],
        [page(b"a" * 255, flags=2, lacing=b"\xff"), page(b"b", flags=4, sequence=1)],
        [page(b"a" * 255, flags=6, lacing=b"\xff")],
        [page(b"a", flags=6), page(b"b", sequence=1)],
        [page(b"a", flags=6), b"\0"],
        [b"\0", page(b"a", flags=6)],
        [page(b"a", flags=6)[:-1]],
        [page(b"a", flags=6)[:27]],
        [page(b"a", flags=6)[:20]],
        [
            *(page(b"a", flags=2, serial=n) for n in range(65)),
            *(page(b"a", flags=4, serial=n, sequence=1) for n in range(65)),
        ],
    ],
)
def test_pages_that_do_not_follow_each_other_are_refused(parts):
    refused(b"".join(parts))


def test_a_page_that_is_not_there_or_there_twice_or_out_of_place_is_refused():
    pages = pages_of(OPUS)
    assert len(pages) > 10
    for n in range(len(pages)):
        refused(b"".join(pages[:n] + pages[n + 1 :]))
        refused(b"".join(pages[: n + 1] + pages[n:]))
    refused(b"".join([*pages[:5], pages[6], pages[5], *pages[7:]]))


@settings(max_examples=60)
@given(st.data())
def test_no_damage_of_any_kind_is_passed_over(data):
    at = data.draw(st.integers(0, len(OPUS) - 1))
    gone = data.draw(st.integers(0, 500))
    new = data.draw(st.binary(max_size=500))
    content = OPUS[:at] + new + OPUS[at + gone :]
    if content != OPUS:
        refused(content)
