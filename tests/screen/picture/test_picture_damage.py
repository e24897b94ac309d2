"""Damage that a decoder would conceal, and what is refused with which words."""

import io
import random
from fractions import Fraction

import av
import pytest

from tests.screen.picture.clips import VISA, clip, eye, page, run
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options, Preset
from vault.screen.picture.film import Film, packets
from vault.screen.picture.recheck import recheck
from vault.screen.sound.decode import opened
from vault.screen.sound.matroska import blocks

KINDS = {
    "vp8": ({"codec": "libvpx", "form": "webm"}, "video/webm"),
    "vp9": ({"codec": "libvpx-vp9", "form": "webm"}, "video/webm"),
    "av1": ({"codec": "libsvtav1", "form": "webm"}, "video/webm"),
    "mjpeg": ({"codec": "mjpeg", "pix": "yuvj420p", "form": "matroska"}, "video/x-matroska"),
    "h264": ({"codec": "libx264", "form": "matroska"}, "video/x-matroska"),
    "h264 in mp4": ({"codec": "libx264", "form": "mp4"}, "video/mp4"),
}


def busy(count=12):
    """Draw pages that differ enough for their packets to be larger than the damage."""
    rng = random.Random(count)
    words = [[f"{rng.randrange(10**6)} Order {rng.randrange(10**6)}" for _ in range(8)] for _ in range(count)]
    return [page(*((10 + 240 * (i % 2), 10 + 36 * (i // 2), w) for i, w in enumerate(some))) for some in words]


@pytest.fixture(scope="module")
def whole():
    return {name: clip(busy(), **settings).getvalue() for name, (settings, _) in KINDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_a_recording_with_zeroed_bytes_is_refused_as_video(tmp_path, whole, name):
    data, size = whole[name], 1500
    for seed in range(4):
        at = random.Random(seed).randrange(data.find(b"\x1f\x43\xb6\x75") + 40 if "mp4" not in name else 60,
                                           len(data) * 3 // 4 - size)  # fmt: skip
        broken = io.BytesIO(data[:at] + bytes(size) + data[at + size :])
        with pytest.raises(UnscreenableError) as refused:
            run(broken, tmp_path, media_type=KINDS[name][1])
        assert "sound" not in str(refused.value)


def test_a_lost_piece_of_the_file_is_not_skipped(tmp_path, whole):
    data = whole["vp8"]
    with av.open(io.BytesIO(data)) as container:
        third = [p.pos for p in container.demux(video=0) if p.size][3]
    broken = data[:third] + bytes(8) + data[third + 8 :]  # the head of a block: the demuxer looks for another cluster
    with av.open(io.BytesIO(broken)) as container:
        assert sum(p.size > 0 for p in container.demux(video=0)) < 12
    with pytest.raises(UnscreenableError, match="cluster"):
        run(io.BytesIO(broken), tmp_path, media_type="video/webm")


@pytest.mark.parametrize("options", [{}, {"live": "1"}, {"cluster_time_limit": "300"}, {"write_crc32": "0"}])
@pytest.mark.parametrize("sound", [None, "libopus"])
def test_the_walk_counts_the_blocks_of_every_track(options, sound):
    out = io.BytesIO()
    with av.open(out, "w", format="webm", options=options) as container:
        stream = container.add_stream("libvpx", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        track = container.add_stream(sound, rate=48000, layout="mono") if sound else None
        for number in range(9):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if track is not None:
            silence = av.AudioFrame(format="s16", layout="mono", samples=960)
            silence.rate, silence.pts = 48000, 0
            container.mux(track.encode(silence))
            container.mux(track.encode(None))
    assert 9 in blocks(out)
    assert 8 not in blocks(out)


def test_other_files_have_any_number_of_blocks():
    assert 10**6 in blocks(clip(busy(1)))


def test_pictures_too_large_for_the_memory_are_refused_before_they_are_decoded(tmp_path):
    source = clip([page((20, 20, VISA), size=(7680, 4320))], codec="mjpeg", pix="yuvj420p", form="matroska")
    with pytest.raises(UnscreenableError, match=r"7680 x 4320 pixels; at most 4096 x 2160") as refused:
        run(source, tmp_path, media_type="video/x-matroska")
    assert refused.value.why is Why.UNKNOWN_MEDIA
    assert "scale the recording down" in refused.value.hint


@pytest.mark.parametrize("rows", [("Expiry 12/29",), ("Expiry", "12/29"), ("Valid thru 03 / 2031",), ("Expirv 12/29",)])
def test_the_second_look_finds_an_expiry_date_beside_its_name(rows):
    source = clip([page((20, 20, "Order desk"), *((20, 60 + 30 * k, row) for k, row in enumerate(rows)))] * 2)
    assert [f.kind for f in recheck(source, Options(), eye(), (), lambda _: None)] == ["expiry"]
    assert recheck(source, Options(preset=Preset.BALANCED), eye(), (), lambda _: None) == ()


@pytest.mark.parametrize("text", ["Expires 12/29/2027", "Order 12/29", "Expiry 31/2029", "Updated 12/29 expiry"])
def test_the_second_look_leaves_other_dates(text):
    assert recheck(clip([page((20, 60, text))] * 2), Options(), eye(), (), lambda _: None) == ()


def test_an_element_that_may_not_stand_in_a_cluster_is_damage():
    def element(name, content):
        return name + bytes([0x80 | len(content)]) + content

    head = element(b"\x1a\x45\xdf\xa3", b"")
    block = element(b"\xa3", b"\x81\0\0\x80data")
    whole = head + element(b"\x18\x53\x80\x67", element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\0") + 3 * block))
    assert 3 in blocks(io.BytesIO(whole))
    odd = element(b"\xd7", b"\x81\0\0\x80data")  # a track's number, which is no part of a cluster
    for piece in (odd, block[:-1], b""):
        broken = head + element(
            b"\x18\x53\x80\x67", element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\0") + piece + block)
        )
        if piece:
            with pytest.raises(UnscreenableError, match="cluster"):
                blocks(io.BytesIO(broken))
        else:
            assert 3 not in blocks(io.BytesIO(broken))


def test_a_block_that_the_demuxer_drops_is_missed(tmp_path, whole):
    data = bytearray(whole["vp8"])
    with av.open(io.BytesIO(bytes(data))) as container:
        block = [p.pos for p in container.demux(video=0) if p.size][4]
    at = data.index(b"\xa3", block - 12, block + 12)
    flags = at + 1 + (9 - data[at + 1].bit_length()) + 3  # after the name, the length, the track and the time
    data[flags] |= 0x04  # as if it held several packets of one size
    with av.open(io.BytesIO(bytes(data))) as container:
        assert sum(p.size > 0 for p in container.demux(video=0)) != 12
    with pytest.raises(UnscreenableError):
        run(io.BytesIO(bytes(data)), tmp_path, media_type="video/webm")


def test_a_second_decoder_notices_more_damage_of_vp9(whole):
    def is_refused(data, *, twice):
        try:
            with opened(io.BytesIO(data)) as container:
                film = Film(container, twice=twice)
                for packet in packets(container, film.stream):
                    list(film.shots(packet))
        except UnscreenableError:
            return True
        return False

    data = whole["vp9"]
    once, more = set(), set()
    for seed in range(40):
        broken = bytearray(data)
        broken[random.Random(seed).randrange(len(data) // 3, len(data) * 2 // 3)] ^= 1 << seed % 8
        once |= {seed} if is_refused(bytes(broken), twice=False) else set()
        more |= {seed} if is_refused(bytes(broken), twice=True) else set()
    assert once < more
