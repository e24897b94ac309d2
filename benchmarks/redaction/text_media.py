"""The media of recorded text: puts talks into them, and takes them out again with the standard library."""

import base64
import email
import email.policy
import html
import json
import re
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import NamedTuple

Said = tuple[str, str]
"""Who, what."""


class Medium(NamedTuple):
    """A medium: its media type, how a talk is put in, and how the messages, or all of them as one text, come out."""

    media_type: str
    put: Callable[[Sequence[Said]], bytes]
    take: Callable[[bytes], list[str]]


def _json(talk: Sequence[Said]) -> bytes:
    rows = [
        {"id": 1000 + i, "from": who, "sent_at": 1_715_000_000_000 + 1000 * i, "text": what}
        for i, (who, what) in enumerate(talk)
    ]
    return json.dumps({"messages": rows}).encode()


def _ndjson(talk: Sequence[Said]) -> bytes:
    return "\n".join(json.dumps({"role": who, "text": what}) for who, what in talk).encode()


def _plain(talk: Sequence[Said]) -> bytes:
    return "\n".join(f"{who}: {what}" for who, what in talk).encode()


def _vtt(talk: Sequence[Said]) -> bytes:
    cues = [f"00:00:{i % 60:02}.000 --> 00:00:{i % 60:02}.900\n<v {who}>{what}" for i, (who, what) in enumerate(talk)]
    return ("WEBVTT\n\n" + "\n\n".join(cues) + "\n").encode()


def _mail(kind: str, coding: str) -> Callable[[Sequence[Said]], bytes]:
    def put(talk: Sequence[Said]) -> bytes:
        mail = EmailMessage(policy=email.policy.default.clone(max_line_length=76))
        mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "about the order"
        text = "\n".join(f"{who}: {what}" for who, what in talk)
        if kind == "html":
            text = "<html><body>" + "".join(f"<p>{who}: {what}</p>" for who, what in talk) + "</body></html>"
        mail.set_content(text, subtype=kind, cte=coding)
        return mail.as_bytes()

    return put


def _vcon(talk: Sequence[Said]) -> bytes:
    dialog = [
        {"type": "text", "parties": [0], "mediatype": "text/plain", "encoding": "base64url",
         "body": base64.urlsafe_b64encode(_plain(talk)).decode().rstrip("=")}
    ]  # fmt: skip
    return json.dumps(
        {"vcon": "0.4.0", "uuid": "u", "created_at": "2026-01-02T03:04:05Z", "parties": [{}], "dialog": dialog}
    ).encode()


def _from_json(content: bytes) -> list[str]:
    return [row["text"] for row in json.loads(content)["messages"]]


def _from_mail(content: bytes) -> list[str]:
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    body = parsed.get_payload(decode=True)
    return [body.decode() if isinstance(body, bytes) else ""]


def _from_vcon(content: bytes) -> list[str]:
    body = json.loads(content)["dialog"][0]["body"]
    return [base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()]


MEDIA = {
    "JSON chat": Medium("application/json", _json, _from_json),
    "JSON lines": Medium(
        "application/x-ndjson", _ndjson, lambda content: [json.loads(line)["text"] for line in content.split(b"\n")]
    ),
    "plain text": Medium("text/plain", _plain, lambda content: [content.decode()]),
    "captions": Medium("text/vtt", _vtt, lambda content: [content.decode()]),
    "mail": Medium("message/rfc822", _mail("plain", "8bit"), _from_mail),
    "mail, quoted-printable": Medium("message/rfc822", _mail("plain", "quoted-printable"), _from_mail),
    "mail, base64": Medium("message/rfc822", _mail("plain", "base64"), _from_mail),
    "mail, HTML": Medium("message/rfc822", _mail("html", "quoted-printable"), _from_mail),
    "vCon": Medium("application/vcon+json", _vcon, _from_vcon),
}
_TAG = re.compile("<[^>]*>")


def shown(text: str) -> str:
    """Return the text of an HTML page, roughly."""
    return html.unescape(_TAG.sub("", text))
