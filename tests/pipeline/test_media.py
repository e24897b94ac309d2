"""Calls and screen recordings, from ingest to the archive: what is keyed is silenced, what is shown is covered."""

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from sqlalchemy import select

from cli.samples import encode, sound
from service.assembly import Vault
from tests import vaults
from tests.cli.terminal import SAMPLES
from tests.pipeline import steps
from tests.pipeline.conftest import Place
from tests.pipeline.test_workers import screen
from tests.screen.sound.made import mulaw_wav
from tests.screen.sound.test_speech import sound_of as clip
from vault import playback
from vault.catalog.schema import screenings
from vault.log import journal
from vault.log.entry import Act
from vault.model import Metadata, RenditionName, State
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options, Preset
from vault.screen.work import vcon_sound
from vault.screen.work.parts import Parts
from vault.sealed.spill import Spill

RATE = 8000
CARD = "4111111111111111"


@pytest.fixture
def vault(make_place: Callable[[str, str], Place]) -> Iterator[tuple[Place, Vault]]:
    place = make_place("sqlite", "folder")
    with place.opened() as opened:
        yield place, opened


def wav(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> bytes:
    return encode.wav(encode.PCM, samples.astype("<i2").tobytes(), rate=RATE, block=2, bits=16)


def call(digits: str) -> bytes:
    """Return a call: silence, digits keyed, silence."""
    quiet = np.zeros(2 * RATE, np.int16)
    return wav(np.concatenate([quiet, np.asarray(sound.keys(digits, rate=RATE), np.int16), quiet]))


def take(place: Place, vault: Vault, name: str, content: bytes, **facts: object) -> str:
    path = place.home.parent / name
    metadata = Metadata(source="test", source_ref=name, **facts)  # type: ignore[arg-type]
    (receipt,) = vaults.ingest(vault, [vaults.item(path, metadata, content)])
    return str(receipt.recording)


def samples_of(content: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    with av.open(io.BytesIO(content)) as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])


def test_a_keyed_card_is_silenced_and_the_call_archived(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    one = take(place, opened, "call.wav", call(CARD))
    report = steps.tick(place, opened)
    assert (report.screened, report.quarantined, report.archived, report.errors) == (1, 0, 1, [])
    before, after = (
        samples_of(vaults.content(opened, one, name)) for name in (RenditionName.ORIGINAL, RenditionName.REDACTED)
    )
    assert np.abs(before).max() > 1000
    assert np.abs(after).max() == 0
    assert len(before) == len(after)
    assert vaults.check(opened) == []
    with opened.catalog.read() as connection:
        told = journal.screen_entries(connection, [one])[one]  # type: ignore[list-item]
        kept = playback.report_of(connection, opened.keyring, one)  # type: ignore[arg-type]
    assert told.act is Act.SCREEN
    assert told.details["kind"] == "call"
    assert int(told.details["tones_cut_ms"]) > 16 * 160 / 2
    assert told.details["media_type"] == "audio/wav"
    assert kept is not None
    assert CARD not in str(kept)
    assert {engine["name"] for engine in kept["engines"]} >= {"strongroom-sound"}  # type: ignore[index, union-attr]


def test_a_language_that_nothing_here_knows_is_quarantined(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    unknown = take(place, opened, "a.wav", call(""), labels=frozenset({"language:tl"}))
    known = take(place, opened, "b.wav", call("1"), labels=frozenset({"language:en"}))
    done, _ = screen(opened, options=Options(languages=frozenset({"xx"})))
    assert (done[unknown].state, done[unknown].why) == (State.QUARANTINED, Why.LANGUAGE)
    assert done[known].state is State.SCREENED


def test_report_only_leaves_a_call_and_its_card_in_quarantine(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    one = take(place, opened, "call.wav", call(CARD))
    done, _ = screen(opened, options=Options(preset=Preset.REPORT_ONLY))
    assert (done[one].why, done[one].cuts) == (Why.REPORT_ONLY, 0)
    assert done[one].findings


def test_a_screen_recording_goes_to_the_archive_with_its_times(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    original = (SAMPLES / "recordings" / "screen-2026.mp4").read_bytes()
    one = take(place, opened, "screen.mp4", original)
    report = steps.tick(place, opened)
    with opened.catalog.read() as connection:
        row = connection.execute(select(screenings).where(screenings.c.recording == one)).one()
    assert (report.screened, report.archived, row.why) == (1, 1, None)
    assert row.cuts > 0
    assert times(original) == times(vaults.content(opened, one, RenditionName.REDACTED))
    assert vaults.check(opened) == []


def times(content: bytes) -> list[float]:
    with av.open(io.BytesIO(content)) as container:
        return [round(float(frame.time or 0), 3) for frame in container.decode(video=0)]


def test_the_sound_of_a_screen_recording_is_understood_as_that_of_a_call(tmp_path: Path) -> None:
    film = spoken_film(clip("talk-en"), 16_000)
    options = Options(transcript=True)
    with Spill(tmp_path) as sink:
        told = Parts().redact("video/x-matroska", io.BytesIO(film), sink, options, lambda _: None)
        assert b"I can do for you" in (told.transcript or b"")
        sink.seek(0)
        assert Parts().recheck(told, io.BytesIO(film), sink, options) == ()  # type: ignore[arg-type]
    assert "whisper, faster-whisper" in {engine.name for engine in told.engines}


def spoken_film(samples: "np.ndarray[tuple[int], np.dtype[np.float32]]", rate: int) -> bytes:
    """Return a recorded screen: a grey page for as long as the sound lasts."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        video = container.add_stream("libx264", rate=2)
        video.width, video.height, video.pix_fmt = 320, 160, "yuv420p"
        track = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        for _ in range(len(samples) * 2 // rate):
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.full((160, 320, 3), 200, np.uint8), "rgb24")))
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = rate
        container.mux(track.encode(frame))
        for stream in (video, track):
            container.mux(stream.encode(None))
    return out.getvalue()


def test_torn_media_are_quarantined(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    whole = bytearray((SAMPLES / "recordings" / "screen-2026.mp4").read_bytes())
    middle = whole.index(b"mdat") + (len(whole) - whole.index(b"mdat")) // 2
    whole[middle : middle + 600] = bytes(600)
    one = take(place, opened, "torn.mp4", bytes(whole))
    done, errors = screen(opened)
    assert errors == {}
    assert (done[one].state, done[one].why) == (State.QUARANTINED, Why.UNDECODABLE)
    assert vaults.check(opened) == []


# vCons that enclose sound


def vcon(*sounds: bytes, text: str = "hello") -> bytes:
    dialogs = [
        {
            "type": "recording", "start": "2026-04-20T13:00:00Z", "parties": [0], "mediatype": "audio/x-wav",
            "encoding": "base64url", "body": base64.urlsafe_b64encode(sound).decode().rstrip("="),
        }
        for sound in sounds
    ]  # fmt: skip
    said = {"type": "text", "start": "2026-04-20T13:02:00Z", "parties": [0], "mediatype": "text/plain",
            "encoding": "none", "body": text}  # fmt: skip
    head = {"vcon": "0.4.0", "uuid": "019d1000-0000-8000-8000-000000000010", "created_at": "2026-04-20T13:05:00Z"}
    return json.dumps({**head, "parties": [{"name": "A"}], "dialog": [*dialogs, said]}).encode()


def test_a_vcon_is_screened_in_its_text_and_in_its_sounds(vault: tuple[Place, Vault]) -> None:
    place, opened = vault
    hum = wav(np.asarray(8000 * np.sin(np.arange(4 * RATE) * 2 * np.pi * 200 / RATE), np.int16))
    content = vcon(call(CARD), hum, text=f"my card is {steps.CARD}")
    one = take(place, opened, "a.vcon", content)
    done, errors = screen(opened)
    assert errors == {}
    assert (done[one].state, done[one].reason) == (State.SCREENED, None)
    before, after = json.loads(content), json.loads(vaults.content(opened, one, RenditionName.REDACTED))
    assert steps.CARD not in after["dialog"][2]["body"]
    first, second = (base64.urlsafe_b64decode(after["dialog"][n]["body"] + "==") for n in (0, 1))
    assert np.abs(samples_of(first)).max() == 0
    assert len(samples_of(first)) == len(samples_of(call(CARD)))
    assert np.array_equal(samples_of(second), samples_of(hum))
    assert {f.where for f in done[one].findings if f.begin is not None} == {"/dialog/0/body"}
    for value in (before, after):
        for dialog in value["dialog"]:
            del dialog["body"], dialog["mediatype"]
    assert before == after
    assert vaults.check(opened) == []


def test_a_vcon_of_one_sound_has_the_transcript_of_it(tmp_path: Path) -> None:
    spoken = mulaw_wav(clip("talk-en"), 16_000)
    for sounds, count in (([spoken], 1), ([spoken, call("1")], 0)):
        with Spill(tmp_path) as sink:
            told = Parts().redact(
                vcon_sound.MEDIA_TYPE, io.BytesIO(vcon(*sounds)), sink, Options(transcript=True), lambda _: None
            )
        assert (told.transcript or b"").count(b"WEBVTT") == count
        assert (b"I can do for you" in (told.transcript or b"")) == bool(count)


@pytest.mark.parametrize(
    "change",
    [
        ('"encoding": "base64url", "body": "', '"encoding": "base64url", "body": "!!'),
        ('"body": "UklG', '"body": "\\u0055klG'),
        ('"body": "UklG', '"body": "AAAAAAAA'),
    ],
)
def test_a_sound_that_cannot_be_taken_out_of_a_vcon_refuses_the_whole(change: tuple[str, str]) -> None:
    content = vcon(call("1")).decode().replace(*change).encode()
    with pytest.raises(UnscreenableError):
        vcon_sound.parted(content)


def test_a_vcon_without_its_sounds_is_otherwise_byte_for_byte_the_same() -> None:
    content = vcon(call("1"), call("2"))
    plain, sounds = vcon_sound.parted(content)
    assert [(s.dialog, s.media_type, s.content) for s in sounds] == [
        (0, "audio/wav", call("1")), (1, "audio/wav", call("2")),
    ]  # fmt: skip
    assert plain == re.sub(rb'"body": "UklG[^"]*"', b'"body": ""', content)
    assert vcon_sound.parted(plain) == (plain, [])
    for odd in (b"", b"[]", b'{"dialog": 3}', b'{"dialog": [3]}', b"\xff"):
        assert vcon_sound.parted(odd) == (odd, [])
