"""Opens recorded text for the second pass, with the standard library alone: pages of text, and what streams they are.

Nothing of the first pass' readers is used here, so that a fault in one of them shows.
"""

import base64
import binascii
import email
import email.policy
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any, NamedTuple

from vault.screen.errors import UnscreenableError, Why

# The times of a caption, and the number in the line before them.
_TIMING = re.compile(r"^(?:[ \t]*[0-9]{1,6}[ \t]*\r?\n)?[ \t]*[0-9:.,]+[ \t]+-->.*$", re.MULTILINE)
_NAME = re.compile(r"^[^\n:]{0,60}?[^\W\d][^\n:]{0,40}:\s", re.MULTILINE)
_BODIES = ("dialog", "analysis", "attachments")


class Page(NamedTuple):
    """One text: a message, a field, a part of a mail. Pages of one stream follow one another in the talk."""

    place: str
    text: str
    stream: str


def pages(media_type: str, content: bytes) -> Iterator[Page]:
    """Yield the pages of a recording.

    Raises:
        UnscreenableError: it is of another media type (unknown-media), or cannot be opened (undecodable).

    """
    try:
        if media_type == "message/rfc822":
            message = email.message_from_bytes(content, policy=email.policy.default)
            yield from _mail(message, "message")
        elif media_type in {"application/json", "application/vcon+json"}:
            yield from _json(json.loads(_text(content), parse_int=str, parse_float=str), media_type)
        elif media_type == "application/x-ndjson":
            lines = [
                json.loads(line, parse_int=str, parse_float=str) for line in _text(content).split("\n") if line.strip()
            ]
            yield from _json(lines, media_type)
        elif media_type in {"text/plain", "text/vtt"}:
            yield from _lines(_text(content))
        else:
            raise UnscreenableError("no second pass for such content", why=Why.UNKNOWN_MEDIA)
    except (ValueError, LookupError, RecursionError, KeyError, AttributeError) as exc:
        raise UnscreenableError(f"the second pass could not open it ({type(exc).__name__})") from None


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _lines(text: str) -> Iterator[Page]:
    """Yield the whole text, and its lines without the names before them."""
    text = _TIMING.sub("", text)
    yield Page("text", text, "")
    said = _NAME.sub("", text)
    for number, line in enumerate(said.splitlines(), 1):
        if line.strip():
            yield Page(f"line {number}", line, "line")


def _json(value: Any, media_type: str) -> Iterator[Page]:
    yield from _walk(value, "", "")
    if media_type == "application/vcon+json":
        for holder in _BODIES:
            for index, item in enumerate(value.get(holder) or ()):
                yield from _body(item, f"/{holder}/{index}")


def _walk(value: Any, place: str, key: str) -> Iterator[Page]:
    """Yield every string, key and number, by JSON pointer; digits in keys are not told."""
    stack: list[tuple[Any, str, str]] = [(value, place, key)]
    while stack:
        value, place, key = stack.pop()
        if isinstance(value, dict):
            stack.extend((v, f"{place}/{re.sub('[0-9]', '#', k)}", k) for k, v in reversed(value.items()))
            yield from (Page(f"{place} key", k, "keys") for k in value if any(c.isdigit() for c in k))
        elif isinstance(value, list):
            stack.extend((v, f"{place}/{i}", key) for i, v in reversed(list(enumerate(value))))
            if value and all(isinstance(v, str) and v.isdigit() for v in value):
                yield Page(place, " ".join(value), key)
        elif isinstance(value, str):
            yield Page(place, value, key)


def _body(item: dict[str, Any], place: str) -> Iterator[Page]:
    body, coding = item.get("body"), item.get("encoding", "none")
    if isinstance(body, str) and coding == "base64url":
        try:
            said = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        except (binascii.Error, ValueError) as exc:
            raise UnscreenableError("the second pass expected base64url text in a body") from exc
        yield from _lines(said)
    elif isinstance(body, str):
        yield from _lines(body)
    for event in ("keydown", "keyup"):
        pressed = [str(e.get("button", "")) for e in item.get("party_history") or () if e.get("event") == event]
        yield Page(f"{place}/party_history", "".join(pressed), f"keys {event}")


def _mail(message: EmailMessage, place: str) -> Iterator[Page]:
    for number, part in enumerate(message.walk()):
        where = f"{place}/part {number}"
        for name, value in part.items():
            if name.lower() in {"subject", "from", "to", "cc", "comments", "keywords", "reply-to"}:
                yield Page(f"{where} header", str(value), "header")
        if part.is_multipart() or part.get_content_maintype() not in {"text", "application"}:
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            charset = part.get_content_charset("utf-8")
            yield from _lines(payload.decode("utf-8" if charset == "us-ascii" else charset, "replace"))
