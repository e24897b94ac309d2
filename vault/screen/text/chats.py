"""Redaction of recorded text: bytes in, bytes without card numbers and security codes out, with a report.

Pure: no file, no key, no clock. Whatever cannot be wholly parsed is refused, never passed (promise P4).
"""

from collections.abc import Callable
from dataclasses import dataclass

from vault.screen.errors import UnscreenableError
from vault.screen.find.finder import find
from vault.screen.find.talk import KEPT, Hit, Segment
from vault.screen.text import encoded
from vault.screen.text.document import Document, decode
from vault.screen.text.jsontext import JsonDocument
from vault.screen.text.mail import MailDocument, with_plain_boundaries
from vault.screen.text.textual import PlainDocument, VttDocument
from vault.screen.text.vcon import VconDocument

ENGINE = "strongroom-digits/1"  # raise when a rule of SPEC.md changes
MAX_ROUNDS = 12  # a cut can bring digits together that were apart; each round cuts what the last one left
WIDE_FROM = 2  # the round from which on all digits of a message go with what is found in it

_TEXTS: dict[str, Callable[[str], Document]] = {
    "application/json": JsonDocument,
    "application/x-ndjson": lambda text: JsonDocument(text, lines=True),
    "text/plain": PlainDocument,
    "text/vtt": VttDocument,
    "application/vcon+json": VconDocument,
}
MAIL = "message/rfc822"
VCON = "application/vcon+json"
MEDIA_TYPES = frozenset({*_TEXTS, MAIL})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was cut; says where and what, never the digits."""

    kind: str  # "card", "security-code" or "expiry"
    where: str  # places, with the first and end character of the text there
    length: int  # digits
    scheme: str | None
    last4: bool  # whether this cut left the last four digits; another may have taken them
    rule: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """The redacted content; `content` is the very input when nothing was found."""

    content: bytes
    findings: tuple[Finding, ...]
    engine: str


def _parse(media_type: str, content: bytes) -> tuple[Document, Callable[[str], bytes]]:
    if media_type == MAIL:
        return MailDocument(content.decode("latin-1")), lambda text: text.encode("latin-1")
    parse = _TEXTS.get(media_type)
    if parse is None:
        raise UnscreenableError(f"expected one of {', '.join(sorted(MEDIA_TYPES))}, got another media type")
    text, bom, encoding = decode(content)
    encoded.refuse_transfer_encoding(text)
    if media_type != VCON:
        _refuse_hidden(text)
    return parse(text), lambda new: bom + new.encode(encoding)


def _refuse_hidden(text: str) -> None:
    for said in encoded.decoded_texts(text):
        if find([Segment(said)]).hits:
            raise UnscreenableError("a text holds encoded text in which a card number or code was found")


def _finding(document: Document, hit: Hit, *, keep: int) -> Finding:
    where = ", ".join(f"{document.where(i)} {low}-{high}" for i, (low, high) in hit.spans().items())
    return Finding(hit.kind, where, hit.length, hit.scheme, hit.kind == "card" and keep > 0, hit.rule)


def _round(media_type: str, content: bytes, number: int) -> tuple[bytes, tuple[Finding, ...]]:
    document, encode = _parse(media_type, content)
    if media_type in {MAIL, VCON}:  # which decode their own parts
        for segment in document.segments:
            _refuse_hidden(segment.text)
    keep = KEPT if number == 0 else 0
    found = find(document.segments, keep=keep, wide=number >= WIDE_FROM)
    findings = tuple(_finding(document, hit, keep=keep) for hit in found.hits)
    if not found.cuts:
        return content, findings
    return encode(document.write(found.cuts)), findings


def redact(media_type: str, content: bytes) -> Redaction:
    """Return `content` with card numbers (all but their last four digits), security codes and expiry dates cut.

    The result has been parsed and screened again and holds nothing more to cut.

    Raises:
        UnscreenableError: the content cannot be wholly parsed, or still holds findings after MAX_ROUNDS.

    """
    if media_type == MAIL:
        content = with_plain_boundaries(content.decode("latin-1")).encode("latin-1")
    findings: list[Finding] = []
    for count in range(MAX_ROUNDS):
        content, more = _round(media_type, content, count)
        if not more:
            return Redaction(content, tuple(findings), ENGINE)
        findings += more
    raise UnscreenableError("card numbers remain after redaction")


def rescan(media_type: str, content: bytes) -> tuple[Finding, ...]:
    """Return what a screening of `content` finds; empty for everything that `redact` returned.

    Raises:
        UnscreenableError: the content cannot be wholly parsed.

    """
    return _round(media_type, content, 0)[1]
