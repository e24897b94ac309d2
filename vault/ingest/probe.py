"""Say what a piece of content is: its kind, its media type, and its times as far as it states them.

Only the content is asked, never a name. See vault.ingest.media for sound and video, vault.ingest.chat for text.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from vault.ingest import chat, media
from vault.ingest.sniff import HEAD_SIZE, Form, sniff
from vault.model import Kind


@dataclass(frozen=True, slots=True)
class Content:
    """What content is. Times are UTC and None unless the content states them with a time zone."""

    kind: Kind
    media_type: str
    duration_ms: int | None = None
    started: datetime | None = None
    ended: datetime | None = None


def probe(stream: BinaryIO, size: int) -> Content:
    """Return what the `size` bytes of a seekable `stream` are; its position afterwards is anywhere.

    Raises:
        UnrecognisedContentError: it is none of the kinds that ingest takes.
        CorruptMediaError: it is sound or video, but cut short or damaged.
        ChatTooLargeError: it is a chat above chat.MAX_CHAT_SIZE bytes.

    """
    stream.seek(0)
    head = stream.read(HEAD_SIZE)
    form = sniff(head)
    if form is not Form.TEXT:
        kind, media_type, duration_ms = media.look(form, stream, size, head)
        return Content(kind, media_type, duration_ms)
    kind, media_type, started, ended = chat.look(stream, size, head)
    duration = None if started is None or ended is None else round((ended - started).total_seconds() * 1000)
    return Content(kind, media_type, duration, started, ended)
