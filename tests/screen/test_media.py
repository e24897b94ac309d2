"""Each format: what is cut, what stays, what is refused."""

import base64
import binascii
import email
import email.policy
import json
from pathlib import Path

import pytest

from tests.screen.samples import CARDS, redact, rescan
from vault.screen.errors import UnscreenableError
from vault.screen.text.redact import MEDIA_TYPES

PAN = CARDS["Visa"]
GONE = "************1111"
DEFECTS = Path(__file__).parent / "defects"
TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".txt": "text/plain",
    ".eml": "message/rfc822",
    ".vtt": "text/vtt",
    ".vcon": "application/vcon+json",
}


def out(media_type, content):
    result = redact(media_type, content if isinstance(content, bytes) else content.encode())
    assert rescan(media_type, result.content) == ()
    return result.content.decode()


@pytest.mark.parametrize("path", sorted(DEFECTS.glob("*.*")), ids=lambda p: p.name)
def test_every_defect_found_so_far_stays_mended(path):
    """A file named cut-… holds a card or a code, stays-… none, refused-… what must not be passed."""
    content, media_type = path.read_bytes(), TYPES[path.suffix]
    if path.name.startswith("refused-"):
        with pytest.raises(UnscreenableError):
            redact(media_type, content)
        return
    result = redact(media_type, content)
    assert (result.content == content) == path.name.startswith("stays-")
    assert bool(result.findings) == path.name.startswith("cut-")
    assert rescan(media_type, result.content) == ()


def test_the_defects_are_there():
    assert {path.suffix for path in DEFECTS.glob("*.*")} == set(TYPES)


# --- JSON


def test_json_keeps_its_spelling_outside_the_cut():
    source = '{ "b":1.50, "a" : [1e3,\r\n  {"text":"caf\\u00e9 %s \\/"}],"b":-0.0,\t"z":null }'
    assert out("application/json", source % PAN) == source % GONE


def test_json_numbers_that_are_cards_become_strings():
    got = json.loads(
        out("application/json", f'{{"n": {PAN}, "f": {PAN}.0, "e": 4.111111111111111E15, "t": 1715000000000}}')
    )
    assert got == {"n": GONE, "f": GONE, "e": GONE, "t": 1715000000000}


def test_json_arrays_of_digits_join():
    got = json.loads(
        out("application/json", json.dumps({"keys": [int(d) for d in PAN], "payments": [4111, 1111, 1111, 1111] * 9}))
    )
    assert got == {"keys": ["*"] * 12 + [1, 1, 1, 1], "payments": [4111, 1111, 1111, 1111] * 9}


def test_json_keys_are_screened():
    result = redact("application/json", json.dumps({PAN: "x"}).encode())
    assert json.loads(result.content) == {GONE: "x"}
    assert "1111" not in result.findings[0].where


def test_json_code_fields_are_cut_as_text_and_as_number():
    got = json.loads(out("application/json", '{"card": {"cvv": 123, "securityCode": "987", "status": 200}}'))
    assert got == {"card": {"cvv": "***", "securityCode": "***", "status": 200}}


def test_json_ids_and_times_stay_and_cards_in_their_place_do_not():
    source = {
        "id": "1580661436132757507",
        "ts": 1580661436132757507,
        "created_at": "2024-05-06T10:11:12Z",
        "text": "hi",
    }
    assert json.loads(out("application/json", json.dumps(source))) == source
    assert json.loads(out("application/json", json.dumps({"id": PAN, "seq": int(PAN)}))) == {"id": GONE, "seq": GONE}


def test_json_splits_join_by_key_and_speaker_in_any_shape():
    chat = {
        "meta": {"duration": 4512},
        "messages": [
            {"sender": {"role": "customer"}, "body": {"text": "4111 1111"}, "n": 1},
            {"sender": {"role": "agent"}, "body": {"text": "1111 was it?"}, "n": 2},
            {"sender": {"role": "customer"}, "body": {"text": "1111 1111"}, "n": 3},
        ],
    }
    got = json.loads(out("application/json", json.dumps(chat)))
    assert [m["body"]["text"] for m in got["messages"]][::2] == ["**** ****", "**** 1111"]
    assert got["meta"] == chat["meta"]


def test_json_within_json_is_read():
    inner = json.dumps({"pan": "4111\n1111 1111 1111"})
    assert "4111" not in out("application/json", json.dumps({"raw": inner}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_and_encodings_are_kept(encoding):
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    content = f'{mark}["é {PAN}"]'.encode(encoding)
    assert redact("application/json", content).content == f'{mark}["é {GONE}"]'.encode(encoding)


def test_json_lines_keep_lines_endings_and_order():
    source = f'{{"text": "4111 1111"}}\r\n\r\n{{"text": "1111 1111", "b": 2, "a": 1}}\r\n{{"text": "{PAN}"}}'
    got = out("application/x-ndjson", source)
    assert got.split("\r\n")[1:3] == ["", '{"text": "**** 1111", "b": 2, "a": 1}']
    result = redact("application/x-ndjson", source.encode())
    assert result.findings[0].where.startswith("/0/text")


@pytest.mark.parametrize("key", ["comments", "conversation_parts"])
def test_a_number_over_the_comments_of_a_help_desk_s_export_is_cut(key):
    parts = ["<p>my card&nbsp;is 4111</p>", "<p>1111</p>", "<p>11<b>11</b></p>", "<p>1111</p>"]
    comments = [{"id": at, "author_id": 7, "body": part, "html_body": part} for at, part in enumerate(parts)]
    comments.insert(2, {"id": 9, "author_id": 8, "body": "<p>go on</p>", "html_body": "<p>go on</p>"})
    got = json.loads(out("application/json", json.dumps({"id": 1, key: {key: comments}})))[key][key]
    for name in ("body", "html_body"):
        assert [one[name] for one in got] == [
            *("<p>my card&nbsp;is ****</p>", "<p>****</p>", "<p>go on</p>", "<p>**<b>**</b></p>", "<p>1111</p>")
        ]


# --- text


def test_text_keeps_line_endings_and_all_other_lines():
    source = f"a\r\nb\rc\n\n  {PAN}\t\u2028x\n"
    assert out("text/plain", source) == source.replace(PAN, GONE)


def test_text_joins_per_speaker_behind_names_and_times():
    source = "[2024-05-06 10:11:12] Bob: 4111\n10:12 Ann: 2222 right?\n10:13 Bob: 1111 1111 1111\n"
    got = out("text/plain", source).split("\n")
    assert got[0] == "[2024-05-06 10:11:12] Bob: ****"
    assert got[2] == "10:13 Bob: **** **** 1111"


def test_vtt_cues_join_and_timings_and_ids_stay():
    source = (
        "WEBVTT - call\n\nNOTE made by x\n\n4111\n00:00:01.000 --> 00:00:02.000 align:start\n<v Bob>4111 1111</v>\n\n"
        "4112\n00:00:03.000 --> 00:00:04.000\n<v Ann>ok\n\n00:00:05.000 --> 00:00:06.000\n"
        "<v Bob>11 <00:00:05.500>11 1111\n"
    )
    got = out("text/vtt", source)
    assert got == source.replace("4111 1111<", "**** ****<").replace(
        "11 <00:00:05.500>11 1111", "** <00:00:05.500>** 1111"
    )


# --- mail


def mail(*parts, subject="hello", kind="mixed"):
    body = "".join(f"--b0\r\n{part}\r\n" for part in parts)
    head = f"From: a@b.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
    return f"{head}Content-Type: multipart/{kind}; boundary=b0\r\n\r\n{body}--b0--\r\n"


def read(text):
    return email.message_from_string(text, policy=email.policy.default)


def test_mail_parts_are_decoded_cut_and_encoded_again():
    coded = base64.encodebytes(f"Grüße, {PAN}\n".encode("latin-1")).decode().replace("\n", "\r\n")
    source = mail(
        f"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}",
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "<p>4111<b>1111</b>11=\r\n11=3111=201</p>",
        "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n"
        "name,no\r\nx,4111-1111-1111-1111\r\n",
    )
    got = read(out("message/rfc822", source))
    parts = [p.get_content() for p in got.iter_parts()]
    assert parts[0].strip() == f"Grüße, {GONE}"
    assert parts[1].strip() == "<p>****<b>****</b>****111 1</p>"
    assert "****-****-****-1111" in parts[2]
    assert [p.get_content_type() for p in got.iter_parts()] == ["text/plain", "text/html", "text/csv"]


def test_mail_without_findings_and_around_cuts_keeps_its_bytes():
    clean = mail("Content-Type: text/plain\r\n\r\nhi =20 \r\n", "\r\nno headers")
    assert out("message/rfc822", clean) == clean
    cut = mail("Content-Type: text/plain\r\n\r\nhi =20 \r\n", f"\r\nit is {PAN}")
    assert out("message/rfc822", cut) == cut.replace(PAN, GONE)


def test_mail_headers_are_screened_also_when_encoded():
    word = base64.b64encode(f"Karte für {PAN}".encode()).decode()
    got = read(out("message/rfc822", mail("\r\nhi", subject=f"=?utf-8?B?{word}?=")))
    assert got["subject"] == f"Karte für {GONE}"
    folded = out("message/rfc822", mail("\r\nhi", subject="pay 4111 1111\r\n 1111 1111 now"))
    assert "Subject: pay **** ****\r\n **** 1111 now\r\n" in folded


def test_mail_text_around_the_parts_is_screened():
    source = mail("\r\nhi").replace("\r\n\r\n--b0", f"\r\n\r\nbefore {PAN}\r\n--b0", 1) + f"after {PAN}\r\n"
    assert out("message/rfc822", source) == source.replace(PAN, GONE)


def test_mail_ids_stay():
    head = "Message-ID: <20240506101112.15806614361327575070@x.example>\r\nX-Request-Id: 1580661436132757507\r\n"
    source = head + mail("\r\nhi")
    assert out("message/rfc822", source) == source


def test_attached_messages_are_read():
    inner = mail(f"Content-Type: text/plain\r\n\r\n{PAN}", subject=PAN).replace("b0", "b1")
    got = out("message/rfc822", mail(f"Content-Type: message/rfc822\r\n\r\n{inner}"))
    assert PAN not in got
    assert got.count(GONE) == 2


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=",
        "Content-Type: application/octet-stream\r\n\r\nabc",
        "Content-Type: text/plain; charset=nonsense\r\n\r\nabc",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nabc!",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nabc",
        "Content-Type: multipart/mixed\r\n\r\nabc",
        "Content-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\n\r\nabc",
        "not a header\r\n\r\nabc",
    ],
)
def test_mail_that_cannot_be_wholly_screened_is_refused(part):
    with pytest.raises(UnscreenableError):
        redact("message/rfc822", mail(part).encode())


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("image/png", r"part 2 is a picture \(image/png\), and only text can be screened inside a message: take"),
        ("audio/wav", "part 2 is sound"),
        ("application/pdf", "part 2 is no text"),
    ],
)
def test_an_attachment_that_is_no_text_is_told_with_what_to_do(kind, told):
    picture = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()
    part = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}"
    with pytest.raises(UnscreenableError, match=told):
        redact("message/rfc822", mail("\r\nhello", part).encode())
    broken = f"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}"
    with pytest.raises(UnscreenableError, match="part 1 says that it is utf-8 text and holds other bytes"):
        redact("message/rfc822", mail(broken).encode())


@pytest.mark.parametrize("coding", ["7bit", "base64", "quoted-printable"])
def test_mail_in_utf_7_is_read_both_ways(coding):
    def put(raw):
        body = {"base64": base64.encodebytes(raw), "quoted-printable": binascii.b2a_qp(raw)}.get(coding, raw)
        head = f"Content-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: {coding}\r\n\r\n"
        return mail(head + body.decode())

    def get(content):
        (part,) = read(content).iter_parts()
        return part.get_payload(decode=True).decode("utf-7").strip()

    assert get(out("message/rfc822", put(f"caf\u00e9 {PAN}".encode("utf-7")))) == f"caf\u00e9 {GONE}"
    hidden = "".join(f"+{base64.b64encode(c.encode('utf-16-be')).decode().rstrip('=')}-" for c in PAN)
    assert get(out("message/rfc822", put(f"it is {hidden} ok".encode()))) == f"it is {GONE} ok"
    with pytest.raises(UnscreenableError):  # a number only for who does not decode it: cut, it is no UTF-7
        redact("message/rfc822", put(f"it is +{PAN} ok".encode()).encode())
    with_code = get(out("message/rfc822", put(b"card cvv +ADEAMgAz- and +AOk-")))
    assert with_code == "card cvv *** and \u00e9"
    clean = put("gr\u00fc\u00dfe".encode("utf-7"))
    assert out("message/rfc822", clean) == clean


# --- vCon


def vcon(**more):
    return {
        "vcon": "0.4.0",
        "uuid": "u",
        "created_at": "2024-05-06T10:11:12Z",
        "parties": [{}, {}],
        "dialog": [],
        **more,
    }


def text_dialog(body, encoding="none", mediatype="text/plain"):
    return {"type": "text", "parties": [0], "mediatype": mediatype, "encoding": encoding, "body": body}


def coded(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_vcon_bodies_of_every_encoding_are_cut():
    source = vcon(
        subject=f"about {PAN}",
        dialog=[
            text_dialog(f"a {PAN}"),
            text_dialog(coded(f"b {PAN}"), "base64url"),
            text_dialog(json.dumps({"c": PAN}), "json", "application/json"),
        ],
        analysis=[{"type": "summary", "vendor": "x", "dialog": 0, "encoding": "json", "body": {"d": PAN}}],
        attachments=[text_dialog(f"e {PAN}")],
    )
    got = json.loads(out("application/vcon+json", json.dumps(source)))
    assert got["subject"] == f"about {GONE}"
    assert got["dialog"][0]["body"] == f"a {GONE}"
    assert got["dialog"][1]["body"] == coded(f"b {GONE}")
    assert json.loads(got["dialog"][2]["body"]) == {"c": GONE}
    assert got["analysis"][0]["body"] == {"d": GONE}
    assert got["attachments"][0]["body"] == f"e {GONE}"
    assert got["created_at"] == source["created_at"]


def test_vcon_key_presses_are_read_in_sequence_and_all_cut_with_a_card():
    events = [
        {"party": 0, "time": "2024-05-06T10:11:12Z", "event": event, "button": key}
        for key in f"{PAN}#1227#123#"
        for event in ("keydown", "keyup")
    ]
    source = vcon(dialog=[{**text_dialog("hi"), "party_history": events}])
    got = json.loads(out("application/vcon+json", json.dumps(source)))
    left = [e["button"] for e in got["dialog"][0]["party_history"] if e["event"] == "keydown"]
    assert "".join(left) == "*" * 12 + "1111#****#***#"


def test_vcon_key_presses_without_a_card_stay():
    events = [{"party": 0, "event": "keydown", "button": key} for key in "1#2#48213#"]
    source = json.dumps(vcon(dialog=[{**text_dialog("hi"), "party_history": events}]))
    assert out("application/vcon+json", source) == source


@pytest.mark.parametrize(
    "value",
    [
        vcon(dialog=[{"type": "recording", "mediatype": "audio/x-wav", "encoding": "base64url", "body": "UklGRg"}]),
        vcon(dialog=[text_dialog(base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode(), "base64url")]),
        vcon(dialog=[text_dialog("x", "gzip")]),
        vcon(dialog=[text_dialog("{", "json")]),
        vcon(dialog=[{"type": "text", "encoding": "base64url", "body": coded("no media type")}]),
        vcon(critical=["something"]),
        vcon(dialog={}),
        {"payload": "x", "signatures": []},
        {"ciphertext": "x", "recipients": []},
        [],
        vcon(attachments=[{"mediatype": "application/pdf", "encoding": "base64url", "body": "JVBERi0"}]),
    ],
)
def test_vcons_that_cannot_be_wholly_screened_are_refused(value):
    with pytest.raises(UnscreenableError):
        redact("application/vcon+json", json.dumps(value).encode())


# --- all


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/json", b"{"),
        ("application/json", b""),
        ("application/json", b"[NaN]"),
        ("application/json", b'["\xff"]'),
        ("application/json", b"[" * 100_000),
        ("application/json", b"[" * 500 + b"]" * 500),
        ("application/json", b'["data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA"]'),
        ("application/json", b'["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"]'),
        ("application/x-ndjson", b'{"a": 1}\nnot json\n'),
        ("text/plain", b"\xff\xfe\x00"),
        ("text/plain", b"caf\xe9"),
        ("text/plain", b"a\x00b"),
        ("text/vtt", b"no header"),
        ("text/vtt", b"WEBVTT\n\n00:00 --> never\nhi"),
        ("audio/x-wav", b"RIFF"),
        ("application/pdf", b"%PDF"),
        ("", b""),
    ],
)
def test_what_cannot_be_wholly_screened_is_refused(media_type, content):
    with pytest.raises(UnscreenableError) as caught:
        redact(media_type, content)
    assert caught.value.code == "unscreenable"
    assert caught.value.reason
    assert caught.value.hint


def test_the_report_says_where_and_what_and_holds_no_digits_of_the_number():
    content = json.dumps([{"text": "hi"}, {"text": "card 4242 4242 4242 4242 cvv 987"}]).encode()
    result = redact("application/json", content)
    card, code = result.findings
    assert (card.kind, card.where, card.length, card.scheme, card.last4) == ("card", "/1/text 5-24", 16, "Visa", True)
    assert (code.kind, code.where, code.length, code.scheme, code.last4) == (
        "security-code",
        "/1/text 29-32",
        3,
        None,
        False,
    )
    assert "4242" not in repr(result.findings)
    assert "987" not in repr(result.findings)


@pytest.mark.parametrize("media_type", sorted(MEDIA_TYPES))
def test_errors_never_hold_the_content(media_type):
    with pytest.raises(UnscreenableError) as caught:
        redact(media_type, f"{{ {PAN} \udcff".encode("utf-8", "surrogateescape"))
    assert "1111" not in str(caught.value)


def test_rescan_finds_what_was_not_redacted():
    assert [f.kind for f in rescan("text/plain", PAN.encode())] == ["card"]


def test_random_digits_end_clean():
    import random

    rng = random.Random(3)
    content = "".join(rng.choice("0123456789") for _ in range(20_000)).encode()
    result = redact("text/plain", content)
    assert rescan("text/plain", result.content) == ()
    assert len(result.content) == len(content)


def test_a_charset_with_nul_in_its_name_is_refused():
    with pytest.raises(UnscreenableError):
        redact("message/rfc822", b'From: a@b.example\nContent-Type: text/plain; charset="utf-8\0"\n\nhi')
