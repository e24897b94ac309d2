"""One job: what passes the gate comes out sealed, what does not comes out with its reason; and how both travel."""

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.steps import CARD
from tests.pipeline.test_media import call, samples_of
from tests.pipeline.works import _Scribe
from vault.errors import SealedSegmentError, StoreUnavailableError
from vault.model import RecordingId, RenditionName
from vault.screen import gate
from vault.screen.errors import PartMissingError, UnscreenableError, Why, WorkerError
from vault.screen.gate import Route
from vault.screen.options import Options, Preset, Ruling
from vault.screen.outcome import Engine, Finding, FindingKind, Medium, Redaction
from vault.screen.work import job, wire
from vault.screen.work.job import Job, Result
from vault.screen.work.parts import Parts
from vault.screen.work.wire import Frames, Word
from vault.sealed.format import associated_data
from vault.sealed.reader import open_all
from vault.sealed.writer import SealedSummary, seal_small

RECORDING = RecordingId("01" * 16)
KEYS = {name: bytes([number]) * 32 for number, name in enumerate(RenditionName)}
CHAT = f'{{"messages": [{{"text": "my card is {CARD}, code 737"}}]}}'.encode()
TORN = CHAT[:-3]
ACCEPTED = Options(ruling=Ruling(accept=True))


class Bag:
    """An outlet that keeps what it is given."""

    def __init__(self) -> None:
        self.sealed = {name: bytearray() for name in RenditionName}
        self.seconds: list[float] = []

    def progress(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def write(self, rendition: RenditionName, data: memoryview) -> None:
        self.sealed[rendition] += data

    def opened(self, name: RenditionName) -> bytes:
        return open_all(bytes(self.sealed[name]), KEYS[name], associated_data(RECORDING, name))


def run(
    scratch: Path, content: bytes, *, media_type: str = "application/json", options: Options | None = None,
    parts: Parts | None = None, verbatim: bool = False,
) -> tuple[Result, Bag]:  # fmt: skip
    key = KEYS[RenditionName.ORIGINAL]
    sealed, summary = seal_small(content, key, associated_data(RECORDING, RenditionName.ORIGINAL))
    one = Job(
        RECORDING, media_type, summary.sealed_size, options or Options(), scratch, key=key,
        redacted_key=KEYS[RenditionName.REDACTED], transcript_key=KEYS[RenditionName.TRANSCRIPT], verbatim=verbatim,
    )  # fmt: skip
    bag = Bag()
    return job.run(one, io.BytesIO(sealed), parts or Parts(), bag), bag


def test_what_passes_comes_out_sealed_and_clean(tmp_path: Path) -> None:
    result, bag = run(tmp_path, CHAT)
    assert (result.why, result.reason, result.transcript) == (None, None, None)
    assert {f.kind for f in result.findings} == {FindingKind.CARD, FindingKind.CODE}
    clean = bag.opened(RenditionName.REDACTED)
    assert b"4111 1111" not in clean
    assert b"737" not in clean
    assert result.redacted is not None
    assert result.redacted.plain_size == len(clean)
    assert not bag.sealed[RenditionName.TRANSCRIPT]


def test_what_cannot_be_parsed_hands_nothing_out(tmp_path: Path) -> None:
    result, bag = run(tmp_path, TORN)
    assert (result.why, result.redacted) == (Why.UNDECODABLE, None)
    assert not any(bag.sealed.values())


@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "", "text/html"])
def test_media_of_no_screener_are_refused(tmp_path: Path, media_type: str) -> None:
    assert run(tmp_path, CHAT, media_type=media_type)[0].why is Why.UNKNOWN_MEDIA
    assert gate.route_of(media_type) is None


def test_what_can_be_heard_is_cut_although_two_people_let_the_language_pass(tmp_path: Path) -> None:
    foreign = replace(ACCEPTED, languages=frozenset({"tl"}))
    result, bag = run(tmp_path, call(CARD.replace(" ", "")), media_type="audio/wav", options=foreign)
    assert (result.why, {f.medium for f in result.findings}) == (None, {Medium.TONES})
    assert np.abs(samples_of(bag.opened(RenditionName.REDACTED))).max() == 0
    with_chat, bag = run(tmp_path, TORN, media_type="audio/wav", options=foreign)
    assert (with_chat.why, bag.opened(RenditionName.REDACTED)) == (None, TORN)


def test_a_missing_part_is_a_reason_and_no_error(tmp_path: Path) -> None:
    class Deaf(Parts):
        def redact(self, *args: Any, **kwargs: Any) -> Redaction:
            raise PartMissingError("the ear is missing")

    class HalfDeaf(Parts):
        def recheck(self, *args: Any, **kwargs: Any) -> tuple[Finding, ...]:
            raise PartMissingError("the second ear is missing")

    class Torn(Parts):
        def redact(self, *args: Any, **kwargs: Any) -> Redaction:
            raise ImportError("no library", name="thing")

    for parts, word in ((Deaf(), "ear"), (HalfDeaf(), "second ear"), (Torn(), "thing")):
        result, bag = run(tmp_path, CHAT, parts=parts)
        assert result.why is Why.PART_MISSING
        assert word in str(result.reason)
        assert not any(bag.sealed.values())


def test_the_second_pass_objects_or_cannot_tell(tmp_path: Path) -> None:
    class Sees(Parts):
        def recheck(self, *args: Any, **kwargs: Any) -> tuple[Finding, ...]:
            return (Finding(Medium.SPEECH, FindingKind.DIGITS, "R-2"),)

    class Unsure(Parts):
        def recheck(self, *args: Any, **kwargs: Any) -> tuple[Finding, ...]:
            raise UnscreenableError("too faint", why=Why.UNSURE)

    assert run(tmp_path, CHAT, parts=Sees())[0].why is Why.RESIDUE
    assert run(tmp_path, CHAT, parts=Unsure())[0].why is Why.UNSURE
    result, bag = run(tmp_path, CHAT, parts=Sees(), options=ACCEPTED)
    assert result.why is None
    assert b"4111 1111" not in bag.opened(RenditionName.REDACTED), "what was found is cut all the same"


@pytest.mark.parametrize("content", [CHAT, TORN])
def test_what_two_people_let_pass_is_cut_where_it_can_be_and_else_copied_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    result, bag = run(tmp_path, content, options=ACCEPTED)
    assert result.why is None
    assert (bag.opened(RenditionName.REDACTED) == content) == (content == TORN)


def test_a_copy_begins_anew_after_half_a_result(tmp_path: Path) -> None:
    class Half(Parts):
        def redact(self, media_type: str, source: Any, sink: Any, *args: Any) -> Redaction:
            sink.write(b"x" * 5000)
            source.read(10)
            raise UnscreenableError("the second half is torn")

    _, bag = run(tmp_path, CHAT, parts=Half(), options=ACCEPTED)
    assert bag.opened(RenditionName.REDACTED) == CHAT


def test_what_screening_cannot_end_is_copied_without_trying_again(tmp_path: Path) -> None:
    class Never(Parts):
        def redact(self, *args: Any, **kwargs: Any) -> Redaction:
            raise AssertionError("it was tried again")

    _, bag = run(tmp_path, CHAT, parts=Never(), options=ACCEPTED, verbatim=True)
    assert bag.opened(RenditionName.REDACTED) == CHAT


def test_report_only_hands_out_only_what_has_no_findings(tmp_path: Path) -> None:
    options = Options(preset=Preset.REPORT_ONLY)
    result, bag = run(tmp_path, CHAT, options=options)
    assert result.why is Why.REPORT_ONLY
    assert len(result.findings) == 2
    assert not any(bag.sealed.values())
    clean = b'{"messages": [{"text": "hello"}]}'
    assert run(tmp_path, clean, options=options)[1].opened(RenditionName.REDACTED) == clean


def test_a_transcript_is_sealed_under_a_key_of_its_own(tmp_path: Path) -> None:
    result, bag = run(tmp_path, CHAT, parts=_Scribe())
    assert result.transcript is not None
    assert bag.opened(RenditionName.TRANSCRIPT).startswith(b"WEBVTT")


def test_a_transcript_that_still_tells_a_card_stops_the_recording(tmp_path: Path) -> None:
    class Careless(Parts):
        def redact(self, *args: Any, **kwargs: Any) -> Redaction:
            told = f"WEBVTT\n\n00:00.000 --> 00:01.000\nmy card is {CARD}\n".encode()
            return replace(super().redact(*args, **kwargs), transcript=told)

    result, bag = run(tmp_path, CHAT, parts=Careless())
    assert (result.why, result.redacted, result.transcript) == (Why.RESIDUE, None, None)
    assert not any(bag.sealed.values())


def test_an_altered_original_is_an_error_and_no_reason(tmp_path: Path) -> None:
    key = KEYS[RenditionName.ORIGINAL]
    sealed, summary = seal_small(CHAT, key, associated_data(RECORDING, RenditionName.ORIGINAL))
    one = Job(RECORDING, "application/json", summary.sealed_size, Options(), tmp_path, key, key, key)
    with pytest.raises(SealedSegmentError):
        job.run(one, io.BytesIO(sealed[:-1] + bytes([sealed[-1] ^ 1])), Parts(), Bag())


def test_a_job_does_not_show_its_keys() -> None:
    one = Job(RECORDING, "text/plain", 1, Options(), Path("/"), b"secret" * 5, b"secret" * 5, b"secret" * 5)
    assert "secret" not in repr(one)


def test_routes() -> None:
    assert gate.route_of("text/vtt") is Route.TEXT
    assert gate.route_of("audio/ogg") is Route.SOUND
    assert gate.route_of("video/mp4") is Route.PICTURE


# How results travel

_text = st.text(max_size=20)
_seconds = st.none() | st.floats(0, 1e6)
_findings = st.builds(
    Finding, st.sampled_from(Medium), st.sampled_from(FindingKind), _text, _text, st.none() | st.integers(0, 99),
    st.none() | _text, st.booleans(), st.floats(0, 1), _seconds, _seconds,
    st.none() | st.tuples(*[st.integers(0, 9999)] * 4), st.booleans(),
)  # fmt: skip
_digest = st.binary(min_size=32, max_size=32)
_summaries = st.none() | st.builds(SealedSummary, st.integers(0, 2**40), _digest, st.integers(0, 2**40), _digest)
_results = st.builds(
    Result, st.lists(_findings, max_size=4).map(tuple),
    st.lists(st.builds(Engine, _text, _text, st.none() | _text), max_size=3).map(tuple), _text,
    st.none() | st.sampled_from(Why), st.none() | _text, _summaries, _summaries,
)  # fmt: skip


@given(_results)
def test_a_result_arrives_as_it_was_sent(result: Result) -> None:
    assert wire.decode_result(wire.encode_result(result)) == result


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["findings", "engines", "media_type", "why", "reason", "redacted", "transcript"]), inner),
).map(lambda value: __import__("json").dumps(value).encode()))  # fmt: skip
def test_what_is_no_result_is_refused(body: bytes) -> None:
    with pytest.raises(WorkerError):
        wire.decode_result(body)


@pytest.mark.parametrize(
    "broken",
    [{"why": "because"}, {"findings": [{}]}, {"findings": 3}, {"media_type": 4}, {"redacted": {}}, {"engines": [[]]},
     {"reason": ["x"]}, {"transcript": {"plain_size": 1, "plain_sha256": "xx", "sealed_size": 1, "sealed_sha256": ""}}],
)  # fmt: skip
def test_a_result_with_one_strange_field_is_refused(broken: dict[str, Any]) -> None:
    import json

    value = json.loads(wire.encode_result(Result()))
    with pytest.raises(WorkerError):
        wire.decode_result(json.dumps(value | broken).encode())


@given(st.lists(st.tuples(st.sampled_from(Word), st.binary(max_size=50)), max_size=6), st.integers(1, 20))
def test_frames_are_the_same_however_they_arrive(sent: list[tuple[Word, bytes]], size: int) -> None:
    stream = b"".join(wire._HEAD.pack(word, len(body)) + body for word, body in sent)
    frames, got = Frames(), []
    for start in range(0, len(stream), size):
        got += frames.feed(stream[start : start + size])
    assert got == sent


@pytest.mark.parametrize("head", [b"\xff\0\0\0\x01", b"\x04\xff\xff\xff\xff", b"\0\0\0\0\0"])
def test_what_is_no_frame_is_refused(head: bytes) -> None:
    with pytest.raises(WorkerError):
        list(Frames().feed(head))


def test_errors_travel_by_their_code() -> None:
    found = wire.decode_error(wire.encode_error(StoreUnavailableError("the disk is full")))
    assert (type(found), str(found)) == (StoreUnavailableError, "the disk is full")
    assert isinstance(wire.decode_error(b'["made-up", "x"]'), WorkerError)
    for body in (b"", b"3", b"[1, 2]", b'["x"]', b'{"a": 1}'):
        with pytest.raises(WorkerError):
            wire.decode_error(body)


def test_seconds_travel() -> None:
    assert wire.seconds_of(wire.pack_seconds(math.pi)) == math.pi
    with pytest.raises(WorkerError):
        wire.seconds_of(b"\0")
    for odd in (math.nan, math.inf, -1.0):
        with pytest.raises(WorkerError):
            wire.seconds_of(wire.pack_seconds(odd))
