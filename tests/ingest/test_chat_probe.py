"""Written conversations are told apart by what they hold, with times only where the zone is stated."""

import io
import json
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from vault.ingest import chat
from vault.ingest.errors import ChatTooLargeError, UnrecognisedContentError
from vault.ingest.probe import Content, probe
from vault.model import Kind


def look(data: bytes | str) -> Content:
    raw = data if isinstance(data, bytes) else data.encode()
    return probe(io.BytesIO(raw), len(raw))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


MESSAGES = [
    {"ts": "2026-03-01T10:05:00+01:00", "from": "agent", "text": "hello"},
    {"ts": "2026-03-01T09:00:00Z", "from": "caller", "text": "hi"},
]
EML = b"From: Ann <ann@example.com>\r\nTo: help@example.com\r\nDate: Sun, 01 Mar 2026 11:00:00 +0100\r\n\r\nhello\r\n"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (json.dumps(MESSAGES), "application/json"),
        (json.dumps({"id": 1, "messages": MESSAGES}, indent=2), "application/json"),
        (json.dumps({"Transcript": MESSAGES}), "application/json"),
        ("\n".join(map(json.dumps, MESSAGES)), "application/x-ndjson"),
        ("\r\n\r\n".join(map(json.dumps, MESSAGES)) + "\r\n", "application/x-ndjson"),
        (json.dumps(MESSAGES[0]), "application/x-ndjson"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n", "text/vtt"),
        ("\ufeffWEBVTT - call\r\n\r\n1\r\n00:00:01.000 --> 00:00:02.000\r\nhello", "text/vtt"),
        (EML, "message/rfc822"),
        (EML.replace(b"hello", b"gr\xfc\xdfe"), "message/rfc822"),
        ("Agent: hello\nCaller: hi\n", "text/plain"),
        ("[10:02] Agent: hello\n", "text/plain"),
        ("{agent} hello", "text/plain"),
        ("[1, 2] are the tickets", "text/plain"),
        ("BMW: hello, MZ speaking, FORM 12", "text/plain"),
        ("FORM 12 please", "text/plain"),
        ("ID3 is what I drive", "text/plain"),
        ("gr\u00fc\u00dfe \u4f60\u597d\t\f\r\n", "text/plain"),
        ("\u4f60\u597d".encode("utf-16"), "text/plain"),
        (b"\xfe\xff" + "hello".encode("utf-16-be"), "text/plain"),
        (json.dumps(MESSAGES).encode("utf-16"), "application/json"),
        ("\ufeff" + json.dumps(MESSAGES), "application/json"),
        ("\u4f60" * 3000, "text/plain"),
    ],
)
def test_each_form_of_chat_is_recognised(data: bytes | str, media_type: str) -> None:
    found = look(data)
    assert (found.kind, found.media_type) == (Kind.CHAT, media_type)


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (b"", "empty file"),
        (b" \r\n\t", "empty text"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "PNG"),
        (b"MZ\x90\x00" + bytes(60), "Windows program"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"\x7fELF" + bytes(60), "Linux program"),
        (b"\xff\xd8\xff\xe0" + bytes(60), "JPEG"),
        (b"#!AMR\n" + bytes(60), "AMR"),
        (b"G" + bytes(187) + b"G" + bytes(187), "transport stream"),
        ("hello".encode("utf-32"), "UTF-32"),
        (b"hello\0world", "control characters"),
        (b"hello\x1b[2Jworld", "control characters"),
        ("hello\u0085world", "control characters"),
        ("a\0b".encode("utf-16"), "control characters"),
        (b"a" * 5000 + b"\0", "control characters"),
        (b"gr\xfc\xdfe aus K\xf6ln", "neither UTF-8"),
        (b"\xff\xfea\xd8b\x00", "neither UTF-8"),
        ("<!DOCTYPE html><p>hello", "HTML"),
        ("  <HTML><body>", "HTML"),
        ("{\\rtf1 hello}", "RTF"),
        ("WEBVTT\n\nNOTE nothing\n", "without cues"),
        ("From ann@example.com Sun Mar  1 11:00:00 2026\nFrom: ann@example.com\n\nhello", "mbox"),
        ("[]", "not a list of messages"),
        ('["a"]', "not a list of messages"),
        ('[{"n": 1}]', "without any text"),
        ('{"name": "left-pad", "version": "1"}', "holds no messages"),
        ('{"a": "b"}\n{"c": ', "damaged or cut short"),
        (json.dumps(MESSAGES)[:-5], "damaged or cut short"),
        ('[{"text": NaN}]', "damaged"),
        ("[" * 100_000, "damaged"),
        ('{"payload": "", "signatures": []}', "signed vCon"),
        ('{"ciphertext": "", "recipients": []}', "encrypted vCon"),
        ('{"vcon": "0.0.1", "dialog": {}}', "vCon whose dialog"),
        ("-----BEGIN PGP MESSAGE-----\n", "PGP"),
    ],
)
def test_what_is_no_conversation_is_refused_and_described(data: bytes | str, looks_like: str) -> None:
    with pytest.raises(UnrecognisedContentError, match=looks_like) as caught:
        look(data)
    assert "JSON Lines, WebVTT" in str(caught.value)


def test_a_refusal_quotes_nothing_of_the_content() -> None:
    with pytest.raises(UnrecognisedContentError) as caught:
        look('{"card": "4111111111111111"')
    assert "4111" not in str(caught.value)


def test_json_times_span_from_the_earliest_to_the_latest() -> None:
    found = look(json.dumps(MESSAGES))
    assert (found.started, found.ended, found.duration_ms) == (at(9), at(9, 5), 300_000)


@pytest.mark.parametrize("stamp", [1772359200, 1772359200000, 1772359200.0, "1772359200.000", "2026-03-01 10:00+00:00"])
@pytest.mark.parametrize("key", ["ts", "time", "timestamp", "date", "created_at", "createdAt"])
def test_times_are_read_in_every_common_way(stamp: object, key: str) -> None:
    found = look(json.dumps([{key: stamp, "text": "a"}, {"text": "b"}]))
    assert (found.started, found.ended) == (at(10), at(10))


@pytest.mark.parametrize("stamp", ["2026-03-01T10:00:00", "yesterday", 0, -5, 1e300, True, [], "0001-01-01T00:00:00Z"])
def test_one_unreadable_time_leaves_the_whole_span_unknown(stamp: object) -> None:
    found = look(json.dumps([*MESSAGES, {"ts": stamp, "text": "later?"}]))
    assert (found.started, found.ended, found.duration_ms) == (None, None, None)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 01 Mar 2026 11:00:00 +0100", at(10)),
        ("Sun, 01 Mar 2026 11:00:00 -0000", None),
        ("soon", None),
        ("", None),
    ],
)
def test_an_email_was_sent_when_its_header_says_with_a_zone(date: str, expected: datetime | None) -> None:
    found = look(EML.replace(b"Sun, 01 Mar 2026 11:00:00 +0100", date.encode()))
    assert (found.media_type, found.started, found.ended) == ("message/rfc822", expected, expected)


ZENDESK = {
    "comments": [
        {"id": 1, "author_id": 7, "body": "hi", "html_body": "<p>hi</p>", "created_at": "2026-03-01T09:00:00Z"},
        {"id": 2, "author_id": 8, "plain_body": "hello", "public": True, "created_at": "2026-03-01T09:05:00Z"},
    ],
    "next_page": None,
    "count": 2,
}
INTERCOM = {
    "type": "conversation",
    "created_at": 1772355600,
    "source": {"type": "conversation", "body": "<p>hi</p>", "author": {"type": "user"}},
    "conversation_parts": {
        "type": "conversation_part.list",
        "conversation_parts": [{"id": "3", "body": None}, {"id": "4", "body": "hello", "created_at": 1772355900}],
    },
}


@pytest.mark.parametrize(
    ("export", "started"),
    [(ZENDESK, at(9)), (INTERCOM, at(9)), ({"ticket": {"id": 3}, **ZENDESK}, at(9)), ({"data": [INTERCOM]}, at(9, 5))],
)
def test_the_export_of_a_help_desk_is_a_chat_that_ends_with_its_last_message(export: object, started: datetime) -> None:
    found = look(json.dumps(export))
    assert (found.kind, found.media_type) == (Kind.CHAT, "application/json")
    assert (found.started, found.ended) == (started, at(9, 5))


@pytest.mark.parametrize(
    ("many", "media_type"),
    [
        (json.dumps([INTERCOM, INTERCOM]), "application/json"),
        ("\n".join(map(json.dumps, [INTERCOM, ZENDESK])), "application/x-ndjson"),
    ],
)
def test_many_conversations_end_with_the_last_message_in_any(many: str, media_type: str) -> None:
    found = look(many)
    assert (found.media_type, found.started, found.ended) == (media_type, at(9), at(9, 5))


def test_one_unreadable_time_inside_an_export_leaves_the_whole_span_unknown() -> None:
    part = {"body": "later?", "created_at": "yesterday"}
    found = look(json.dumps({**ZENDESK, "more": {"parts": [part]}}))
    assert (found.started, found.ended) == (None, None)


@pytest.mark.parametrize(
    "value", [{"comments": []}, {"comments": [{"body": " "}]}, {"items": [{"n": 1}]}, {"tags": ["a"]}, {"body": 1}]
)
def test_an_object_without_a_list_of_texts_holds_no_messages(value: object) -> None:
    with pytest.raises(UnrecognisedContentError, match="holds no messages"):
        look(json.dumps(value))


def dialog(**fields: object) -> dict[str, object]:
    return {"type": "recording", "start": "2026-03-01T10:00:00Z", "duration": 60, **fields}


@pytest.mark.parametrize(
    ("dialogs", "kind"),
    [
        ([dialog(mediatype="audio/x-wav")], Kind.CALL),
        ([dialog(mimetype="audio/x-wav")], Kind.CALL),
        ([dialog()], Kind.CALL),
        ([dialog(mediatype="audio/ogg"), dialog(mediatype="video/x-mp4")], Kind.SCREEN),
        ([dialog(type="text", mediatype="text/plain")], Kind.CHAT),
        ([dialog(type="text"), dialog(mediatype="audio/x-wav")], Kind.CALL),
        ([{}], Kind.CHAT),
        ([], Kind.CHAT),
    ],
)
def test_a_vcon_is_of_the_kind_of_its_dialogs(dialogs: list[object], kind: Kind) -> None:
    found = look(json.dumps({"vcon": "0.4.0", "uuid": "u", "parties": [], "dialog": dialogs}))
    assert (found.kind, found.media_type) == (kind, "application/vcon+json")


def test_a_vcon_of_a_later_version_needs_no_version_field() -> None:
    assert look(json.dumps({"uuid": "u", "created_at": "x", "parties": []})).media_type == "application/vcon+json"


@pytest.mark.parametrize(
    ("dialogs", "started", "ended"),
    [
        ([dialog(), dialog(start="2026-03-01T10:30:00Z", duration=120.0)], at(10), at(10, 32)),
        ([dialog(type="text", duration=None)], at(10), at(10)),
        ([dialog(duration=None)], at(10), None),
        ([dialog(), {}], at(10), at(10, 1)),
        ([dialog(), dialog(start="2026-03-01T12:00:00")], None, None),
        ([dialog(duration="long")], at(10), None),
        ([dialog(duration=-1)], at(10), None),
    ],
)
def test_a_vcon_spans_its_dialogs_if_all_state_their_times(
    dialogs: list[object], started: datetime | None, ended: datetime | None
) -> None:
    found = look(json.dumps({"vcon": "0.4.0", "uuid": "u", "dialog": dialogs}))
    assert (found.started, found.ended) == (started, ended)


def test_a_chat_above_the_limit_is_refused_unread() -> None:
    class Counting(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.total += len(data)
            return data

    stream = Counting(b'[{"text":"' + b"a" * 100_000)
    with pytest.raises(ChatTooLargeError, match="expected a chat of at most 67108864 bytes, got 4294967296"):
        probe(stream, 4 * 2**30)
    assert stream.total == 4096


def test_a_chat_of_too_many_values_is_refused_before_it_is_parsed(monkeypatch) -> None:
    monkeypatch.setattr(chat, "MAX_JSON_VALUES", 10)
    with pytest.raises(ChatTooLargeError, match="JSON values"):
        look(json.dumps(MESSAGES * 5))


def test_a_multipart_mail_is_a_mail_on_every_version_of_python():
    # Python 3.11.2 finds a multipart header without its body at fault
    message = EmailMessage()
    message["From"] = "a@example.com"
    message["Message-ID"] = "<1@example.com>"
    message["Date"] = "Mon, 02 Feb 2026 10:00:00 +0000"
    message.set_content("hello", cte="base64")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="c.png")
    data = message.as_bytes()
    found = probe(io.BytesIO(data), len(data))
    assert (found.media_type, found.started) == ("message/rfc822", datetime(2026, 2, 2, 10, tzinfo=UTC))
