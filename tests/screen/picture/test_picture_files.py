"""Containers, codecs, times, sizes, sound, and what is refused."""

import contextlib
import io
import random
import struct

import av
import numpy as np
import pytest

from tests.screen.picture.clips import VISA, NoEar, clip, eye, frames, page, run, shows
from vault.screen.errors import PartMissingError, UnscreenableError, Why
from vault.screen.options import Options, Preset, Ruling, Span
from vault.screen.outcome import Medium
from vault.screen.picture.ocr import Eye
from vault.screen.picture.recheck import recheck
from vault.screen.picture.redact import redact

X, Y = 100, 60


def pages(count=6, size=(480, 160)):
    return [page((20, 20, "Order desk"), *([(X, Y, VISA)] if k > 1 else []), size=size) for k in range(count)]


TIMES, ODD = [0, 90, 400, 433, 1200, 1900], (481, 161)
FORMATS = {
    "h264 in mp4": ({}, "video/mp4", "h264"),
    "h264 in mkv, late": ({"form": "matroska", "start": 700, "times": TIMES}, "video/x-matroska", "h264"),
    "h264, times vary": ({"times": TIMES}, "video/mp4", "h264"),
    "h264 4:4:4": ({"pix": "yuv444p"}, "video/mp4", "h264"),
    "h264 rgb": ({"codec": "libx264rgb", "pix": "rgb24", "form": "matroska"}, "video/x-matroska", "h264"),
    "vp8": ({"codec": "libvpx", "form": "webm"}, "video/webm", "vp8"),
    "vp9 of odd size": ({"codec": "libvpx-vp9", "form": "webm", "size": ODD}, "video/webm", "vp9"),
    "av1 in webm": ({"codec": "libsvtav1", "form": "webm"}, "video/webm", "vp9"),
    "mpeg4": ({"codec": "mpeg4"}, "video/mp4", "h264"),
    "mjpeg 4:2:2": ({"codec": "mjpeg", "pix": "yuvj422p", "form": "matroska"}, "video/x-matroska", "h264"),
    "ffv1, odd": ({"codec": "ffv1", "pix": "yuv444p", "form": "matroska", "size": ODD}, "video/x-matroska", "h264"),
}  # fmt: skip


def seconds(file):
    file.seek(0)
    with av.open(file) as container:
        return container.duration / av.time_base


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_covered_with_its_size_and_times(tmp_path, name):
    settings, media_type, codec = FORMATS[name]
    source = clip(pages(size=settings.get("size", (480, 160))), **{k: v for k, v in settings.items() if k != "size"})
    redaction, sink = run(source, tmp_path, media_type=media_type)
    before, after = frames(source), frames(sink)
    assert [t for t, _ in after] == pytest.approx([t for t, _ in before], abs=0.0015)
    assert {p.shape for _, p in after} == {p.shape for _, p in before}
    assert not any(shows(new, old, X, Y) for (_, new), (_, old) in zip(after, before, strict=True))
    assert all(shows(new, old, 20, 20, 60) for (_, new), (_, old) in zip(after, before, strict=True))
    assert seconds(sink) == pytest.approx(seconds(source), abs=0.01)
    sink.seek(0)
    with av.open(sink) as container:
        assert (redaction.media_type, container.streams.video[0].codec.canonical_name) == (media_type, codec)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_recording_is_read_upright_and_stays_turned(tmp_path, turn):
    source = clip([p.rotate(-turn, expand=True) for p in pages()], rotation=turn)
    redaction, sink = run(source, tmp_path)
    assert redaction.findings[0].box[1] < Y + 4 < Y + 16 < sum(redaction.findings[0].box[1::2])
    for file in (source, sink):
        file.seek(0)
        with av.open(file) as container:
            assert {f.rotation % 360 for f in container.decode(video=0)} == {turn}


@pytest.mark.parametrize(("codec", "form", "sound"), [("libx264", "mp4", "aac"), ("libvpx", "webm", "libopus"),
                                                      ("libx264", "matroska", "pcm_s16le")])  # fmt: skip
def test_sound_stays_beside_the_pictures(tmp_path, codec, form, sound):
    media_type = {"mp4": "video/mp4", "webm": "video/webm", "matroska": "video/x-matroska"}[form]
    source = clip(pages(), codec=codec, form=form, sound=sound)
    _, sink = run(source, tmp_path, media_type=media_type)
    lengths = []
    for file in (source, sink):
        file.seek(0)
        with av.open(file) as container:
            lengths.append(sum(f.samples for f in container.decode(audio=0)))
    assert lengths[0] == lengths[1] > 40_000


def test_spoken_digits_are_silenced_in_the_sound(tmp_path):
    class Heard:
        begin, end, sure = 0.4, 0.8, 1.0

    class Ear(NoEar):
        def listen(self, blocks, /):
            return [Heard() for _ in [list(blocks)]]

    ear = Ear()
    ear.listen = lambda blocks, /: [Heard() for last in [list(blocks)] if last]
    redaction, sink = run(
        clip(pages(), form="matroska", sound="pcm_s16le"), tmp_path, media_type="video/x-matroska", ear=ear
    )
    assert {f.medium for f in redaction.findings} == {Medium.PICTURE, Medium.SPEECH}
    sink.seek(0)
    with av.open(sink) as container:
        loud = {round(f.time, 2): int(abs(f.to_ndarray()).max()) for f in container.decode(audio=0)}
    assert max(v for t, v in loud.items() if 0.45 < t < 0.75) == 0
    assert min(v for t, v in loud.items() if t < 0.2) > 1000


def test_titles_and_cover_pictures_do_not_reach_the_result(tmp_path):
    source = io.BytesIO()
    with av.open(clip(pages(), form="matroska")) as old, av.open(source, "w", format="matroska") as new:
        new.metadata["title"] = "card 4111111111111111"
        stream = new.add_stream_from_template(old.streams.video[0])
        new.add_attachment("card.txt", "text/plain", b"4111111111111111")
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    source.seek(0)
    _, sink = run(source, tmp_path, media_type="video/x-matroska")
    sink.seek(0)
    assert b"4111111111111111" in source.getvalue()
    assert b"4111111111111111" not in sink.read()


def test_subtitles_are_refused(tmp_path):
    source = io.BytesIO()
    with av.open(clip(pages(), form="matroska")) as old, av.open(source, "w", format="matroska") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        with av.open(io.BytesIO(b"1\n00:00:00,000 --> 00:00:01,000\n4111 1111 1111 1111\n"), format="srt") as words:
            text = new.add_stream_from_template(words.streams.subtitles[0])
            for packet in words.demux():
                if packet.size:
                    packet.stream = text
                    new.mux(packet)
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    source.seek(0)
    with pytest.raises(UnscreenableError) as refused:
        run(source, tmp_path, media_type="video/x-matroska")
    assert refused.value.why is Why.UNKNOWN_MEDIA


def test_two_video_tracks_are_refused(tmp_path):
    source = io.BytesIO()
    with av.open(source, "w", format="matroska") as new:
        streams = [new.add_stream("ffv1", rate=5) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for stream in streams:
            for packet in (*stream.encode(av.VideoFrame(64, 64, "yuv420p")), *stream.encode(None)):
                new.mux(packet)
    source.seek(0)
    with pytest.raises(UnscreenableError, match="one video track"):
        run(source, tmp_path, media_type="video/x-matroska")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_recording_cut_short_is_refused(tmp_path, share):
    whole = clip(pages(12), form="matroska").getvalue()
    with pytest.raises(UnscreenableError) as refused:
        run(io.BytesIO(whole[: int(len(whole) * share)]), tmp_path, media_type="video/x-matroska")
    assert refused.value.why is Why.UNDECODABLE


def test_a_recording_shorter_than_it_states_is_refused(tmp_path):
    data = bytearray(clip(pages(), form="matroska").getvalue())
    at = data.index(b"\x44\x89\x88") + 3  # the Duration of the Segment's Info
    data[at : at + 8] = struct.pack(">d", 2 * struct.unpack(">d", data[at : at + 8])[0])
    with pytest.raises(UnscreenableError, match="less video was decoded"):
        run(io.BytesIO(bytes(data)), tmp_path, media_type="video/x-matroska")


def test_a_packet_without_a_picture_is_refused(tmp_path):
    source = io.BytesIO()
    with av.open(clip(pages(), codec="mpeg4")) as old, av.open(source, "w", format="matroska") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(p for p in old.demux(video=0) if p.size):
            put = packet if number != 3 else av.Packet(b"\0\0\1\xb6\x55\x7f")  # a picture that is not coded
            put.pts, put.dts, put.time_base, put.stream = packet.pts, packet.dts, packet.time_base, stream
            new.mux(put)
    source.seek(0)
    with pytest.raises(UnscreenableError, match="fewer frames were decoded"):
        run(source, tmp_path, media_type="video/x-matroska")


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_recording_gets_a_verdict(tmp_path, seed):
    rng = random.Random(seed)
    form, media_type = rng.choice([("mp4", "video/mp4"), ("matroska", "video/x-matroska")])
    data = bytearray(clip(pages(4, (320, 96)), form=form).getvalue())
    for _ in range(rng.choice((1, 5, 40))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    try:
        redaction, _ = run(io.BytesIO(bytes(data)), tmp_path, media_type=media_type)
    except UnscreenableError:
        return
    assert redaction.engines


def test_report_only_covers_nothing_and_says_what_it_found(tmp_path):
    source = clip(pages())
    redaction, sink = run(source, tmp_path, options=Options(preset=Preset.REPORT_ONLY))
    assert redaction.findings
    assert not any(f.cut for f in redaction.findings)
    (_, new), (_, old) = frames(sink)[-1], frames(source)[-1]
    assert shows(new, old, X, Y)


def test_a_person_may_add_a_span(tmp_path):
    ruling = Ruling(add=(Span(0.4, 0.8, (10, 10, 120, 40)),))
    source = clip(pages())
    redaction, sink = run(source, tmp_path, options=Options(ruling=ruling))
    shown = [shows(new, old, 20, 20, 90) for (_, new), (_, old) in zip(frames(sink), frames(source), strict=True)]
    assert shown == [True, True, False, False, True, True]
    assert Medium.REVIEW in {f.medium for f in redaction.findings}


def test_a_person_may_let_a_number_pass(tmp_path):
    ruling = Ruling(drop=(Span(0.0, 9.0, (0, 0, 480, 160)),))
    source = clip(pages())
    redaction, sink = run(source, tmp_path, options=Options(ruling=ruling))
    assert [f.cut for f in redaction.findings] == [False]
    (_, new), (_, old) = frames(sink)[-1], frames(source)[-1]
    assert shows(new, old, X, Y)


def test_the_models_are_named_with_their_digests(tmp_path):
    redaction, _ = run(clip(pages(2)), tmp_path)
    assert {e.digest for e in eye().engines} <= {e.digest for e in redaction.engines}
    assert all(len(e.digest) == 64 for e in eye().engines)


def test_a_missing_or_different_model_is_a_missing_part(tmp_path):
    with pytest.raises(PartMissingError, match="cannot be read"):
        Eye(tmp_path)
    for name in ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"):
        (tmp_path / name).write_bytes(b"another")
    with pytest.raises(PartMissingError, match="got another"):
        Eye(tmp_path)


def test_the_second_look_finds_what_was_left(tmp_path):
    source = clip(pages(12))
    left = recheck(source, Options(), eye(), (), lambda _: None)
    assert [(f.kind, f.length) for f in left] == [("card", 16)]


def test_the_second_look_finds_a_moment_that_was_left(tmp_path):
    moment = (
        [page((20, 20, "Order desk"))] * 6
        + [page((20, 20, "Order desk"), (20, Y, "CVV 737"))]
        + [page((20, 20, "Order desk"))] * 6
    )
    left = recheck(clip(moment), Options(), eye(), (), lambda _: None)
    assert [(f.kind, f.length) for f in left] == [("security-code", 3)]


def test_the_second_look_passes_what_was_covered(tmp_path):
    redaction, sink = run(clip(pages(12)), tmp_path)
    assert recheck(sink, Options(), eye(), redaction.findings, lambda _: None) == ()


def test_a_result_in_which_a_mask_was_not_painted_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("vault.screen.picture.write.paint", lambda frame, boxes: None)
    with pytest.raises(UnscreenableError, match="what was to be covered shows") as refused:
        run(clip(pages()), tmp_path)
    assert refused.value.why is Why.RESIDUE


def test_what_one_recording_shows_is_forgotten_before_the_next():
    pages_read = Eye()
    pages_read.detect(np.asarray(page((20, 60, VISA))))
    assert pages_read._bands._answers
    with contextlib.suppress(UnscreenableError):
        redact("video/mp4", io.BytesIO(b"no recording"), None, Options(), pages_read, NoEar(), lambda _: None)
    assert not pages_read._bands._answers
    assert not pages_read._lines._answers
