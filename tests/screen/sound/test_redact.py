import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests import media
from tests.screen.sound import made
from tests.screen.sound.made import RATE, VISA, Told, encoded, hum, keyed, mulaw_wav, redacted, sound_of
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options, Preset, Ruling, Span
from vault.screen.outcome import FindingKind, Medium
from vault.screen.sound import mute, silence
from vault.screen.sound.decode import opened
from vault.screen.sound.redact import ENGINE, find_cuts
from vault.screen.sound.tones import Detector


def refusal(media_type, content, tmp_path, options=None, ear=None):
    with pytest.raises(UnscreenableError) as caught:
        redacted(media_type, content, options or Options(), ear or Told(), tmp_path)
    return caught.value


def keys_in(samples, rate=RATE):
    detector = Detector(rate)
    detector.feed(np.asarray(samples, np.float32))
    return "".join(k.symbol for k in detector.finish())


@pytest.mark.parametrize(
    ("container", "codec", "media_type"),
    [
        ("wav", "pcm_mulaw", "audio/wav"),
        ("wav", "adpcm_ima_wav", "audio/wav"),
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("ogg", "libopus", "audio/ogg"),
        ("ipod", "aac", "audio/mp4"),
        ("flac", "flac", "audio/flac"),
        ("webm", "libopus", "audio/webm"),
    ],
)
def test_a_keyed_card_is_cut_in_every_codec(container, codec, media_type, tmp_path):
    rate = 48000 if codec == "libopus" else RATE
    samples, times = keyed(VISA + "#", 5, rate=rate, under=hum(5, rate) * np.float32(0.3))
    content = encoded(samples, container, codec, rate)
    outcome, result = redacted(media_type, content, Options(), Told(), tmp_path)
    (found,) = outcome.findings
    assert (found.medium, found.kind, found.scheme) == (Medium.TONES, FindingKind.CARD, "Visa")
    assert found.begin == pytest.approx(times[0][0], abs=0.06)
    assert found.end == pytest.approx(times[-1][1], abs=0.06)
    after = sound_of(result)
    assert after.shape == sound_of(content).shape
    assert keys_in(after[0], rate) == ""
    assert np.abs(after[0, : round(0.7 * rate)]).max() > 0.01


def test_the_channels_of_a_stereo_call_are_heard_alone_and_cut_together(tmp_path):
    digits, _ = keyed("123456", 4)
    both = np.stack([hum(4, seed=4), digits])
    ear = Told((3.0, 3.5))
    outcome, result = redacted("audio/wav", encoded(both, "wav", "pcm_s16le"), Options(), ear, tmp_path)
    assert [f.medium for f in outcome.findings] == [Medium.TONES, Medium.SPEECH]
    assert len(ear.heard) == 2
    assert all(abs(count - 4 * 16000) < 200 for count in ear.heard)
    after = sound_of(result)
    for finding in outcome.findings:
        first, last = (round(t * RATE) for t in (finding.begin, finding.end))
        assert np.abs(after[:, first + 1 : last - 1]).max() == 0
    assert np.abs(after[0, :7000]).max() > 0.01


def test_all_tracks_of_a_file_are_heard_and_cut_together(tmp_path):
    digits, _ = keyed("123456", 4)
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        writers = [
            made.add_track(container, np.atleast_2d(samples), codec, RATE, "mono")
            for samples, codec in ((digits, "pcm_s16le"), (hum(4), "flac"))
        ]
        for write in writers:
            write()
    outcome, result = redacted("audio/x-matroska", out.getvalue(), Options(), Told(), tmp_path)
    (found,) = outcome.findings
    for track in (0, 1):
        before, after = sound_of(out.getvalue(), track), sound_of(result, track)
        assert before.shape == after.shape
        first, last = (round(t * RATE) for t in (found.begin, found.end))
        assert np.abs(after[0, first + 1 : last - 1]).max() == 0
        assert np.array_equal(before[0, : first - 1], after[0, : first - 1])


def test_after_a_gap_in_the_recording_spans_are_where_the_sound_is(tmp_path):
    samples, times = keyed("123456", 4, begin=2.5, under=hum(4))
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(encoded(samples, "matroska", "pcm_s16le"))) as source,
        av.open(out, "w", format="matroska") as target,
    ):
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux():
            if packet.size:
                late = 5000 if packet.pts * packet.time_base > 1.5 else 0  # milliseconds
                packet.pts, packet.dts, packet.stream = packet.pts + late, packet.dts + late, stream
                target.mux(packet)
    outcome, result = redacted("audio/x-matroska", out.getvalue(), Options(), Told(), tmp_path)
    (found,) = outcome.findings
    assert found.begin == pytest.approx(5 + times[0][0], abs=0.06)
    assert found.end == pytest.approx(5 + times[-1][1], abs=0.06)
    after = sound_of(result)[0]
    assert keys_in(after) == ""
    assert np.array_equal(after[: round(2.4 * RATE)], sound_of(out.getvalue())[0, : round(2.4 * RATE)])


def test_a_menu_choice_costs_no_more_than_its_tone(tmp_path):
    samples, times = keyed("1", 4, under=hum(4))
    _, result = redacted("audio/wav", mulaw_wav(samples), Options(), Told(), tmp_path)
    changed = np.nonzero(sound_of(result)[0] != sound_of(mulaw_wav(samples))[0])[0] / RATE
    assert times[0][0] - 0.06 < changed[0] < times[0][0]
    assert times[0][1] < changed[-1] < times[0][1] + 0.06
    outcome, result = redacted("audio/wav", mulaw_wav(samples), Options(preset=Preset.BALANCED), Told(), tmp_path)
    assert outcome.findings == ()
    assert np.array_equal(sound_of(result), sound_of(mulaw_wav(samples)))


def test_report_only_finds_and_changes_nothing(tmp_path):
    samples, _ = keyed(VISA, 5)
    outcome, result = redacted(
        "audio/wav", mulaw_wav(samples), Options(preset=Preset.REPORT_ONLY), Told((1, 2)), tmp_path
    )
    assert {(f.medium, f.cut) for f in outcome.findings} == {(Medium.TONES, False), (Medium.SPEECH, False)}
    assert np.array_equal(sound_of(result), sound_of(mulaw_wav(samples)))


def test_what_people_ruled_is_cut_or_stays(tmp_path):
    samples, _ = keyed("12", 4, under=hum(4))
    ruling = Ruling(add=(Span(3.0, 3.4),), drop=(Span(0.5, 2.0),))
    outcome, result = redacted("audio/wav", mulaw_wav(samples), Options(ruling=ruling), Told(), tmp_path)
    assert [(f.medium, f.cut) for f in outcome.findings] == [(Medium.TONES, False), (Medium.REVIEW, True)]
    before, after = sound_of(mulaw_wav(samples))[0], sound_of(result)[0]
    assert np.array_equal(before[:24000], after[:24000])
    assert np.abs(after[24000:27200]).max() == 0


def test_a_language_that_is_not_recognised_is_refused(tmp_path):
    error = refusal("audio/wav", mulaw_wav(hum(1)), tmp_path, Options(languages=frozenset({"en", "fi"})))
    assert error.why is Why.LANGUAGE
    assert "fi" in error.reason
    assert refusal("audio/wav", mulaw_wav(hum(1)), tmp_path, Options(languages=frozenset())).why is Why.LANGUAGE
    both = Options(languages=frozenset({"en", "de"}))
    redacted("audio/wav", mulaw_wav(hum(1)), both, Told(languages=("en", "de", "es")), tmp_path)


def test_the_report_names_the_parts_and_progress_reaches_the_end(tmp_path):
    told = []
    outcome, _ = redacted(
        "audio/wav", encoded(np.stack([hum(5), hum(5)]), "wav", "pcm_s16le"), Options(), Told(), tmp_path, told.append
    )
    assert outcome.engines == (*Told.engines, ENGINE)
    assert told == sorted(told)
    assert told[0] < 1.0
    assert told[-1] == pytest.approx(5.0)


TAGS = {"title": "order 4711", "comment": f"card {VISA}", "artist": VISA, "description": VISA}


@pytest.mark.parametrize(
    ("container", "codec", "media_type"),
    [
        ("wav", "pcm_s16le", "audio/wav"),
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("ogg", "libopus", "audio/ogg"),
        ("ogg", "vorbis", "audio/ogg"),
        ("ogg", "flac", "audio/ogg"),
        ("flac", "flac", "audio/flac"),
        ("ipod", "aac", "audio/mp4"),
        ("matroska", "aac", "audio/x-matroska"),
    ],
)
@pytest.mark.parametrize("spans", [(), ((0.5, 0.8),)])
def test_titles_comments_chapters_and_stream_tags_do_not_reach_the_result(
    container, codec, media_type, spans, tmp_path
):
    rate = 48000 if codec in ("libopus", "vorbis") else RATE
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        target.metadata.update(TAGS)
        channels = 2 if codec == "vorbis" else 1
        sound = np.stack([hum(1.5, rate)] * channels)
        write = made.add_track(target, sound, codec, rate, "stereo" if channels == 2 else "mono")
        target.streams[0].metadata.update(TAGS)
        chapter = {"id": 1, "start": 0, "end": 1000, "time_base": Fraction(1, 1000), "metadata": {"title": VISA}}
        target.set_chapters([chapter])
        write()
    content = out.getvalue()
    _, result = redacted(media_type, content, Options(), Told(*spans), tmp_path)
    assert b"4711" in content or b"4111" in content
    for word in (b"4711", VISA[:8].encode()):
        assert word not in result, word
    with av.open(io.BytesIO(result)) as opened_result:
        assert not {k: v for k, v in opened_result.metadata.items() if k in TAGS}
        assert not opened_result.chapters()
        assert len(opened_result.streams) == 1


def with_comment(headers, words):
    """Return Vorbis headers as other programs put them into Matroska, with a comment."""
    first, setup = headers[3 : 3 + headers[1]], headers[3 + headers[1] + headers[2] :]
    comment = b"\x03vorbis" + bytes(4) + (1).to_bytes(4, "little") + len(words).to_bytes(4, "little") + words + b"\x01"
    return bytes([2, len(first), len(comment)]) + first + comment + setup


@pytest.mark.parametrize("media_type", ["audio/x-matroska", "audio/webm"])
def test_vorbis_comments_do_not_travel_with_the_headers(media_type, tmp_path):
    plain, content = io.BytesIO(encoded(np.stack([hum(1, 48000)] * 2), "webm", "vorbis", 48000)), io.BytesIO()
    with av.open(plain) as source, av.open(content, "w", format=mute.FORMATS[media_type]) as target:
        track = source.streams.audio[0]
        stream = target.add_stream_from_template(track)
        stream.codec_context.extradata = with_comment(track.codec_context.extradata, b"COMMENT=" + VISA.encode())
        for packet in source.demux():
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    assert VISA.encode() in content.getvalue()
    _, result = redacted(media_type, content.getvalue(), Options(), Told(), tmp_path)
    assert VISA.encode() not in result
    assert np.array_equal(sound_of(result), sound_of(content.getvalue()))


def test_what_are_no_vorbis_headers_is_refused():
    for headers in (b"", b"\x02", b"\x02\x01\x01abc", bytes(60)):
        with pytest.raises(UnscreenableError):
            silence.without_comments(headers)


def test_a_cover_picture_does_not_reach_the_result(tmp_path):
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as target:
        write = made.add_track(target, np.atleast_2d(hum(1.5)), "libmp3lame", RATE, "mono")
        cover = target.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        write_cover = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 200, np.uint8), "rgb24")
        target.mux(cover.encode(write_cover))
        target.mux(cover.encode(None))
        write()
    assert b"PNG" in out.getvalue()
    _, result = redacted("audio/mpeg", out.getvalue(), Options(), Told(), tmp_path)
    assert b"PNG" not in result
    assert np.array_equal(sound_of(result), sound_of(out.getvalue()))


def test_what_is_not_sound_alone_is_refused(tmp_path):
    assert refusal("audio/mp4", media.media("mp4-h264-aac"), tmp_path).why is Why.UNKNOWN_MEDIA
    assert refusal("audio/wav", b"just some words of a chat, and a few more\n", tmp_path).why is Why.UNKNOWN_MEDIA
    assert refusal("audio/wav", b"\x89PNG\r\n\x1a\n" + bytes(50), tmp_path).why is Why.UNKNOWN_MEDIA
    assert refusal("video/x-nothing", mulaw_wav(hum(1)), tmp_path).why is Why.UNKNOWN_MEDIA


def test_sound_with_subtitles_is_refused(tmp_path):
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        write = made.add_track(target, np.atleast_2d(hum(1.5)), "flac", RATE, "mono")
        target.add_mux_stream("subrip")
        write()
    assert refusal("audio/x-matroska", out.getvalue(), tmp_path).why is Why.UNKNOWN_MEDIA


def test_sound_of_no_length_or_an_absurd_rate_is_refused(tmp_path):
    assert refusal("audio/wav", mulaw_wav(np.zeros(0, np.float32)), tmp_path).why is Why.UNDECODABLE
    for rate in (100, 4000, 400_000):
        assert refusal("audio/wav", mulaw_wav(hum(1), rate=rate), tmp_path).why is Why.UNDECODABLE


def test_a_rate_that_is_too_low_is_refused_with_what_to_do(tmp_path):
    reason = refusal("audio/wav", mulaw_wav(hum(1), rate=5512), tmp_path).reason
    assert "5512 samples a second, expected 8000" in reason
    assert "person has to listen" in reason


@pytest.mark.parametrize(("name", "what"), [("mp4-h264", "video"), ("mp4-h264-aac", "sound or the video")])
def test_what_cannot_be_decoded_is_named_for_what_it_is(name, what):
    with pytest.raises(UnscreenableError) as caught, opened(io.BytesIO(media.media(name))):
        raise av.InvalidDataError(1, "broken")
    assert f"the {what} cannot be wholly decoded" in caught.value.reason
    assert "take it in again" in caught.value.reason


@pytest.mark.parametrize("name", [n for n, s in media.SAMPLES.items() if s.kind == "call" and "mp3" not in n])
def test_a_file_cut_short_is_refused(name, tmp_path):
    content = media.media(name)
    for part in (0.3, 0.9):
        error = refusal(media.SAMPLES[name].media_type, content[: int(len(content) * part)], tmp_path)
        assert error.why is Why.UNDECODABLE


@pytest.mark.parametrize(
    ("name", "media_type"), [("flac", "audio/flac"), ("ogg-flac", "audio/ogg"), ("m4a", "audio/mp4")]
)
def test_damage_in_the_middle_is_refused(name, media_type, tmp_path):
    content = bytearray(media.media(name))
    place = len(content) // 2
    content[place : place + 40] = bytes(b ^ 0xA5 for b in content[place : place + 40])
    assert refusal(media_type, bytes(content), tmp_path).why is Why.UNDECODABLE


def test_sound_that_a_container_keeps_from_being_played_is_refused(tmp_path):
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(encoded(hum(2, 48000), "ogg", "libopus", 48000))) as source,
        av.open(out, "w", format="matroska") as target,
    ):
        packets = [packet for packet in source.demux() if packet.size]
        trimmed = packets[-1].get_sidedata("skip_samples")  # most of the last packet is padding
        assert trimmed
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in packets:
            packet.set_sidedata(trimmed)
            packet.stream = stream
            target.mux(packet)
    assert "hides sound" in refusal("audio/x-matroska", out.getvalue(), tmp_path).reason


def test_a_recogniser_that_stops_early_is_noticed(tmp_path):
    class Lazy(Told):
        def listen(self, blocks):
            next(iter(blocks))
            return []

    assert "to the end" in refusal("audio/wav", mulaw_wav(hum(10)), tmp_path, ear=Lazy()).reason


def test_the_sound_of_a_recorded_screen_is_found_and_silenced_beside_its_pictures():
    content = media.media("mp4-h264-aac")
    cuts = find_cuts(io.BytesIO(content), Options(), Told((0.5, 1.0)), lambda _: None)
    assert (cuts.tracks, len(cuts.findings)) == (1, 1)
    out = io.BytesIO()
    with opened(io.BytesIO(content)) as source:
        chosen = mute.carrier("video/mp4", source, cuts.spans)
        assert chosen.media_type == "video/mp4"
        with mute.output(out, chosen) as target:
            picture = target.add_stream_from_template(source.streams.video[0])
            sound = mute.MutedTrack(source.streams.audio[0], target, cuts.spans)
            for packet in source.demux():
                if packet.stream.type == "audio":
                    sound.put(packet)
                elif packet.size:
                    packet.stream = picture
                    target.mux(packet)
            sound.finish()
    before, after = sound_of(content), sound_of(out.getvalue())
    assert before.shape == after.shape
    assert np.abs(after[:, 8000:16000]).max() < 1e-3
    assert np.abs(after[:, 20000:]).max() > 0.1
    assert find_cuts(io.BytesIO(media.media("mp4-h264")), Options(), Told(), lambda _: None).tracks == 0


_LONG = """
import io, resource, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
from tests.screen.sound.made import Told, redacted
from vault.screen.options import Options
from vault.screen.sound.redact import redact
from vault.sealed.spill import Spill

class Silence(io.RawIOBase):
    "A WAV file of mu-law silence, made as it is read."
    def __init__(self, seconds):
        super().__init__()
        data = seconds * 8000
        fmt = b"".join(v.to_bytes(n, "little") for v, n in ((7, 2), (1, 2), (8000, 4), (8000, 4), (1, 2), (8, 2)))
        self.head = b"RIFF" + (data + 36).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little") + fmt
        self.head += b"data" + data.to_bytes(4, "little")
        self.size, self.at = len(self.head) + data, 0
    def readable(self): return True
    def seekable(self): return True
    def seek(self, at, whence=0):
        self.at = at + (0, self.at, self.size)[whence]
        return self.at
    def tell(self): return self.at
    def readinto(self, buffer):
        count = max(0, min(len(buffer), self.size - self.at))
        part = self.head[self.at : self.at + count]
        buffer[:count] = part + b"\\xff" * (count - len(part))
        self.at += count
        return count

def screen(seconds):
    with Spill(Path(sys.argv[2]), memory=2**21) as sink:
        outcome = redact("audio/wav", Silence(seconds), sink, Options(), Told((1.0, 2.0)), lambda _: None)
        assert len(outcome.findings) == 1 and len(sink) > seconds * 8000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

first = screen(60)
print(screen(1200) - first)  # 75 MB more, were all samples held as the listener takes them
"""


def test_a_long_call_takes_no_more_memory_than_a_short_one(tmp_path):
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", _LONG, root, str(tmp_path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 20_000  # KiB
