"""Card numbers inside an encoding inside a text."""

import base64
import email
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
