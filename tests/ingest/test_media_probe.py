"""Sound and video are recognised by content, measured, and refused when cut short or posing."""

import contextlib
import io
import random
import struct
from typing import BinaryIO

import av
import pytest

from cli.samples import encode
from tests.media import RATE, SAMPLES, gsm_full_rate_wav, media, tone
from vault.ingest.errors import CorruptMediaError, UnrecognisedContentError
from vault.ingest.media import _refuse_to_open
from vault.ingest.probe import Content, probe
from vault.ingest.sniff import mpeg_frame_size
from vault.model import Kind

SELF_DELIMITING = [name for name in SAMPLES if name != "mp3-bare"]  # the others say where they end


def look(data: bytes) -> Content:
    return probe(io.BytesIO(data), len(data))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_codec_and_container_is_recognised_and_measured(name: str) -> None:
    expected = SAMPLES[name]
    found = look(media(name))
    assert (found.kind.value, found.media_type) == (expected.kind, expected.media_type)
    assert found.duration_ms is not None
    assert abs(found.duration_ms - expected.duration_ms) <= expected.tolerance_ms
    assert (found.started, found.ended) == (None, None)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_name_of_the_stream_means_nothing(name: str) -> None:
    class Named(io.BytesIO):
        name = "holiday.m3u8"

    data = media(name)
    assert probe(Named(data), len(data)) == look(data)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_stream_stays_open_and_may_be_probed_again(name: str) -> None:
    stream = io.BytesIO(media(name))
    assert probe(stream, len(media(name))) == probe(stream, len(media(name)))
    assert not stream.closed


@pytest.mark.parametrize("name", SELF_DELIMITING)
@pytest.mark.parametrize("missing", [1, 2, 20, 0.1, 0.5, 0.8])
def test_media_that_is_cut_short_is_refused(name: str, missing: float) -> None:
    data = media(name)
    cut = len(data) - (int(missing) if missing >= 1 else int(len(data) * missing))
    if data[cut + 4 : cut + 8] == b"moof" or (name == "mp3-no-xing" and _ends_with_a_frame(data[:cut])):
        cut -= 1  # between two fragments or two frames nothing tells that a third is missing
    with pytest.raises(CorruptMediaError):
        look(data[:cut])


def _ends_with_a_frame(data: bytes) -> bool:
    at = data.index(b"\xff\xe3", 10) if data[:3] == b"ID3" else 0
    while at < len(data):
        at += mpeg_frame_size(data[at : at + 4]) or len(data)
    return at == len(data)


@pytest.mark.parametrize("missing", [1, 7, 35])
def test_an_mp3_without_any_header_is_refused_when_its_last_frame_is_cut(missing: int) -> None:
    with pytest.raises(CorruptMediaError, match="last frame"):
        look(media("mp3-bare")[:-missing])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_bytes_of_media_before_garbage_are_not_media(name: str) -> None:
    garbage = random.Random(7).randbytes(6000)
    with pytest.raises((CorruptMediaError, UnrecognisedContentError)):
        look(media(name)[:16] + garbage)


def test_damage_in_the_last_flac_frame_is_found_by_its_checksum() -> None:
    data = bytearray(media("flac"))
    data[-60] ^= 0x10
    with pytest.raises(CorruptMediaError):
        look(bytes(data))


@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_are_refused(seed: int) -> None:
    with pytest.raises(UnrecognisedContentError):
        look(random.Random(seed).randbytes(5000))


@pytest.mark.parametrize("size", range(4, 12))
def test_the_start_of_an_id3_tag_and_nothing_behind_it_is_no_mp3(size: int) -> None:
    with pytest.raises((UnrecognisedContentError, CorruptMediaError)):
        look(b"ID3\x04\x00\x10\x00\x00\x00\x00\x00\x00"[:size])


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("seed", range(5))
def test_flipped_bytes_give_an_answer_or_one_of_our_errors(name: str, seed: int) -> None:
    data, rng = bytearray(media(name)), random.Random(seed)
    for _ in range(12):
        data[rng.randrange(min(len(data), 600))] = rng.randrange(256)
    answers: list[object] = []
    try:
        answers.append(look(bytes(data)).kind)
    except (CorruptMediaError, UnrecognisedContentError) as exc:
        answers.append(exc.code)
    assert answers[0] in {*Kind, "corrupt-media", "unrecognised-content"}


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n/etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "concat"),
        (b"file '/etc/passwd'\n", "concat"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=audio 5004 RTP/AVP 0\r\n", "SDP"),
        (b"[playlist]\nFile1=/etc/passwd\n", "PLS"),
        (b"<?xml version='1.0'?><MPD/>", "XML"),
    ],
)
def test_playlists_that_would_open_other_files_are_refused(data: bytes, looks_like: str) -> None:
    with pytest.raises(UnrecognisedContentError, match=looks_like):
        look(data)


def test_a_playlist_behind_media_magic_reaches_no_playlist_reader() -> None:
    with pytest.raises(CorruptMediaError):
        look(b"RIFF\xff\xff\xff\xffWAVE#EXTM3U\n/etc/passwd\n")


def test_a_demuxer_that_asks_for_another_file_gets_a_refusal(tmp_path) -> None:
    # Not a demuxer that we ever name: the one that follows references most eagerly stands for all.
    target = tmp_path / "target.ts"
    target.write_bytes(bytes(188))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n".encode()
    with pytest.raises(CorruptMediaError, match="reference to another file"):
        av.open(io.BytesIO(playlist), format="hls", io_open=_refuse_to_open).close()


def test_a_wav_that_was_written_to_a_pipe_is_measured_by_its_samples() -> None:
    data = bytearray(media("wav-mulaw"))
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    assert look(bytes(data)).duration_ms == 2000


def test_a_gsm_wav_lasts_20_ms_a_frame() -> None:
    assert look(gsm_full_rate_wav(blocks=3)).duration_ms == 120


def test_a_wav_without_sound_is_refused() -> None:
    with pytest.raises(CorruptMediaError):
        look(encode.wav(encode.PCM, b"", rate=RATE, block=2, bits=16))


def test_a_wav_without_format_is_refused() -> None:
    body = b"WAVEdata" + struct.pack("<I", 100) + bytes(100)
    with pytest.raises(CorruptMediaError, match="no format chunk"):
        look(b"RIFF" + struct.pack("<I", len(body)) + body)


def test_an_rf64_wav_takes_its_length_from_the_long_size() -> None:
    plain = media("wav-pcm")
    at = plain.index(b"data")
    sound = plain[at + 8 :]
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, len(plain) + 28, len(sound), len(sound) // 2, 0)
    head = b"RF64\xff\xff\xff\xffWAVE" + ds64 + plain[12:at] + b"data\xff\xff\xff\xff"
    assert look(head + sound).duration_ms == 2000
    with pytest.raises(CorruptMediaError, match="cut short"):
        look(head + sound[:-1])


def test_an_mp4_without_index_is_refused() -> None:
    data = media("m4a")
    with pytest.raises(CorruptMediaError, match="moov"):
        look(data[: data.index(b"moov") - 4])


def test_the_cover_picture_of_a_song_does_not_make_it_a_screen_recording() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as target:
        sound = target.add_stream("flac", rate=RATE)
        sound.codec_context.layout = "mono"
        cover = target.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame("s16", "mono", RATE)
        frame.planes[0].update(encode.pcm_bytes(tone()[:RATE]).ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts = RATE, 0
        picture = av.VideoFrame(16, 16, "rgb24")
        packets = [*sound.encode(frame), *sound.encode(None)]
        target.mux([*cover.encode(picture), *cover.encode(None)])
        target.mux(packets)
    found = look(out.getvalue())
    assert (found.kind, found.media_type, found.duration_ms) == (Kind.CALL, "audio/flac", 1000)


class Sparse(io.RawIOBase):
    """A file of any length that repeats a block after its head, without holding it."""

    def __init__(self, head: bytes, block: bytes, size: int) -> None:
        self.head, self.block, self.size, self.at, self.most = head, block, size, 0, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + {0: 0, 1: self.at, 2: self.size}[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        size = max(0, min(size if size >= 0 else self.size, self.size - self.at))
        self.most = max(self.most, size)
        out = self.head[self.at : self.at + size]
        at = self.at + len(out) - len(self.head)
        while len(out) < size:
            out += self.block[at % len(self.block) :][: size - len(out)]
            at = self.at + len(out) - len(self.head)
        self.at += len(out)
        return out


def as_stream(sparse: Sparse) -> BinaryIO:
    return sparse  # type: ignore[return-value]


def test_a_recording_of_three_gigabytes_is_read_in_small_pieces() -> None:
    length = 3 * 2**30  # four days of mu-law
    head = bytearray(media("wav-mulaw")[:58])
    at = head.index(b"data")
    head = head[: at + 8]
    head[at + 4 : at + 8] = struct.pack("<I", length)
    sparse = Sparse(bytes(head), b"\x7f" * 65536, len(head) + length)
    found = probe(as_stream(sparse), sparse.size)
    assert found.duration_ms == length * 1000 // RATE
    assert sparse.most <= 1024 * 1024


def test_what_the_system_says_while_reading_is_not_called_damage() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 4096:
                raise PermissionError(5, "the disk is gone")
            return super().read(size)

    data = media("ogg-opus")
    with pytest.raises(PermissionError):
        probe(Failing(data), len(data))


def test_nothing_is_said_on_standard_error(capfd) -> None:
    with pytest.raises(CorruptMediaError):
        look(media("mp4-h264")[:40] + random.Random(1).randbytes(2000))
    broken = bytearray(media("webm-vp8"))
    broken[-400:-300] = bytes(100)
    with contextlib.suppress(CorruptMediaError):
        look(bytes(broken))
    assert capfd.readouterr() == ("", "")


def test_an_mp3_that_counts_its_frames_is_refused_when_whole_frames_are_missing() -> None:
    data = media("mp3-no-id3")
    at = ends = 0
    while ends < 20:
        at += mpeg_frame_size(data[at : at + 4]) or 0
        ends += 1
    with pytest.raises(CorruptMediaError, match=r"cut short: expected 2\.0 s"):
        look(data[:at])


def test_one_frame_header_in_garbage_is_no_mp3() -> None:
    with pytest.raises(UnrecognisedContentError):
        look(b"\xff\xfb\x90\x00" + random.Random(3).randbytes(4000))


@pytest.mark.parametrize("name", ["mp4-h264", "m4a"])
def test_an_intact_index_over_garbage_is_refused(name: str) -> None:
    data = media(name)
    at = data.index(b"mdat")
    end = at - 4 + int.from_bytes(data[at - 4 : at], "big")
    garbage = random.Random(5).randbytes(end - at - 4)
    with pytest.raises(CorruptMediaError):
        look(data[: at + 4] + garbage + data[end:])


def test_a_fragmented_mp4_whose_index_covers_its_first_part_is_measured_whole() -> None:
    data = encode.encode_video(
        lambda index: bytes([20 + 20 * index]) * (160 * 96),
        frames=10,
        size=(160, 96),
        container="mp4",
        codec="libx264",
        options={"g": "2", "bf": "0"},
        container_options={"movflags": "frag_keyframe"},
    )
    at = data.index(b"mfra") - 4
    assert look(data[:at]).duration_ms == 2000


@pytest.mark.parametrize("name", SAMPLES)
def test_the_demuxer_is_always_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = []
    opened = av.open

    def spy(*args: object, **options: object) -> object:
        named.append(options.get("format"))
        return opened(*args, **options)

    monkeypatch.setattr(av, "open", spy)
    look(media(name))
    assert named == [
        {"m4a": "mp4", "webm": "matroska", "mkv": "matroska"}.get(first := name.split("-", maxsplit=1)[0], first)
    ]
