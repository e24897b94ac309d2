"""Card numbers inside an encoding inside a text."""

import base64
import binascii
import email
import html
import json
import re

import pytest

from tests.screen.samples import redact
from vault.screen.errors import UnscreenableError

SAID = b"my card is 4242 4242 4242 4242, cvv 123, thank you very much indeed and goodbye for now"


ENCODERS = [
    base64.b64encode,
    base64.encodebytes,
    base64.urlsafe_b64encode,
    lambda said: base64.b64encode(base64.b64encode(said)),
    lambda said: base64.b64encode(said.decode().encode("utf-16-le")),
    lambda said: base64.b64encode(said).rstrip(b"="),
    lambda said: base64.b64encode(b"\xff\x00\x01 and " + said),
]
PLACES = ["{}", "see this:\n{}\nbye", "look {} here", "x={};", "ab{}"]


def uuencode(said):
    return b"".join(binascii.b2a_uu(said[at : at + 45]) for at in range(0, len(said), 45))


def z85(said):
    ours = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    git = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    return base64.b85encode(said).translate(bytes.maketrans(git, ours))


OTHER_ENCODERS = {
    "base32": base64.b32encode,
    "base32 in small letters": lambda said: base64.b32encode(said).lower().rstrip(b"="),
    "base32hex": base64.b32hexencode,
    "base85": base64.b85encode,
    "ascii85": base64.a85encode,
    "ascii85 between signs": lambda said: base64.a85encode(said, adobe=True, wrapcol=40),
    "ascii85 in HTML": lambda said: html.escape(base64.a85encode(said).decode()).encode(),
    "Z85": z85,
    "hexadecimal": binascii.hexlify,
    "hexadecimal in capitals": lambda said: said.hex().upper().encode(),
    "hexadecimal by spaces": lambda said: said.hex(" ").encode(),
    "hexadecimal by colons": lambda said: said.hex(":").encode(),
    "hexadecimal of UTF-16": lambda said: said.decode().encode("utf-16-be").hex().encode(),
    "hexadecimal as in C": lambda said: b", ".join(b"0x%02x" % char for char in said),
    "hexadecimal of base64": lambda said: base64.b64encode(said).hex().encode(),
    "base64 of base32": lambda said: base64.b64encode(base64.b32encode(said)),
}


@pytest.mark.parametrize("encode", OTHER_ENCODERS.values(), ids=OTHER_ENCODERS)
@pytest.mark.parametrize("around", [*PLACES, '{{"token":"{}"}}', "<p>{}</p></body>", "?q={}&next=1"])
@pytest.mark.parametrize(
    "said", [SAID, b"4242424242424242", b"5555-5555-5555-4444", b"378282246310005", b"3530 1113 3330 0000"]
)
def test_a_card_in_another_encoding_is_cut_whole(encode, around, said):
    coded = encode(said).decode()
    got = redact("text/plain", around.format(coded).encode())
    assert {f.rule for f in got.findings} == {"SCR-21"}
    left = got.content.decode()
    assert not any(coded[at : at + 12] in left for at in range(len(coded) - 12))
    assert len(left) == len(around.format(coded))


@pytest.mark.parametrize("header", ["", "begin 644 card.txt\n"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("spaces", [False, True])
def test_a_card_in_uuencode_is_cut(header, ending, spaces):
    coded = uuencode(SAID).decode()
    coded = coded if spaces else coded.replace(" ", "`")
    text = f"see:\n{header}{coded}`\nend\nbye".replace("\n", ending)
    left = redact("text/plain", text.encode()).content.decode()
    assert (left[:4], left[-3:], len(left)) == ("see:", "bye", len(text))
    assert not any(line in left for line in coded.splitlines())


def test_a_card_in_uuencode_over_messages_is_cut():
    lines = uuencode(SAID).decode().splitlines()
    content = json.dumps([{"text": "here"}, *({"text": line} for line in lines), {"text": "bye"}]).encode()
    got = [one["text"] for one in json.loads(redact("application/json", content).content)]
    assert got == ["here", *("*" * len(line) for line in lines), "bye"]


@pytest.mark.parametrize("encode", [*OTHER_ENCODERS.values(), uuencode], ids=[*OTHER_ENCODERS, "uuencode"])
def test_other_encodings_of_words_and_of_numbers_that_are_no_cards_say_none(encode):
    for said in (b"nothing of interest in here, only words", b"order 4242424242424241 of 2024-05-06"):
        findings = redact("text/plain", b"look\n" + encode(said) + b"\nbye").findings
        assert "SCR-21" not in {finding.rule for finding in findings}


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("around", PLACES)
def test_base64_that_says_a_card_is_cut_whole(encode, around):
    text = around.format(encode(SAID).decode())
    result = redact("text/plain", text.encode())
    assert {f.rule for f in result.findings} == {"SCR-21"}
    assert "*" * 20 in result.content.decode().replace("\n", "")
    assert not re.search("[A-Za-z0-9+/_-]{16}", result.content.decode())
    assert len(result.content) == len(text)


def test_base64_in_a_json_message_is_cut_and_a_card_beside_it_keeps_its_last_four():
    source = [{"text": base64.b64encode(SAID).decode()}, {"text": "and 5555555555554444"}]
    got = json.loads(redact("application/json", json.dumps(source).encode()).content)
    assert set(got[0]["text"]) == {"*"}
    assert got[1]["text"] == "and ************4444"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_mail_that_is_not_recognised_as_one_is_refused_when_it_is_encoded(encoding):
    mail = f"X_Foo: a\nSubject: b\nContent-Transfer-Encoding: {encoding}\n\n=34=32=34=32"
    with pytest.raises(UnscreenableError, match="not recognised"):
        redact("text/plain", mail.encode())


@pytest.mark.parametrize(
    "text",
    [
        b"the token is 3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA and that is all",
        b"id 0123456789abcdef0123456789abcdef and more",
        base64.b64encode(b"nothing of interest in here, only words and words and words"),
    ],
)
def test_encoded_text_without_a_card_stays(text):
    assert redact("text/plain", text).content == text


def test_a_boundary_of_digits_that_pass_for_a_card_is_renamed():
    boundary = "===============4242424242424242428=="
    mail = (
        f'From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{boundary}"\n\n'
        f"--{boundary}\nContent-Type: text/plain\n\nmy card is 5555 5555 5555 4444\n"
        f"--{boundary}\nContent-Type: text/plain\n\nbye\n--{boundary}--\n"
    )
    redaction = redact("message/rfc822", mail.encode())
    parsed = email.message_from_bytes(redaction.content)
    assert [part.get_payload().strip() for part in parsed.walk() if not part.is_multipart()] == [
        "my card is **** **** **** 4444",
        "bye",
    ]
    assert b"4242" not in redaction.content
    assert not any(finding.kind != "card" for finding in redaction.findings)
