"""Redaction of recorded text: bytes in, bytes without card numbers and security codes out, with a report.

Pure: no file, no key, no clock. Whatever cannot be wholly parsed is refused, never passed (promise P4).
"""

from collections.abc import Callable

from vault.screen.errors import UnscreenableError, Why
from vault.screen.find.finder import find
from vault.screen.find.talk import KEPT, Hit
from vault.screen.options import Options, Preset
from vault.screen.outcome import Engine, Finding, Medium, Redaction
from vault.screen.text import encoded
from vault.screen.text.document import Document, decode
from vault.screen.text.jsontext import JsonDocument
from vault.screen.text.mail import MailDocument, with_plain_boundaries
from vault.screen.text.textual import PlainDocument, VttDocument
from vault.screen.text.vcon import VconDocument

ENGINE = Engine("strongroom-digits", "4")  # raise the version when a rule of SPEC.md changes
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


def _parse(media_type: str, content: bytes) -> tuple[Document, Callable[[str], bytes]]:
    if media_type == MAIL:
        return MailDocument(content.decode("latin-1")), lambda text: text.encode("latin-1")
    parse = _TEXTS.get(media_type)
    if parse is None:
        raise UnscreenableError(
            f"expected one of {', '.join(sorted(MEDIA_TYPES))}, got another media type", why=Why.UNKNOWN_MEDIA
        )
    text, bom, encoding = decode(content)
    encoded.refuse_transfer_encoding(text)
    return parse(text), lambda new: bom + new.encode(encoding)


def _finding(document: Document, hit: Hit, *, cut: bool) -> Finding:
    where = ", ".join(f"{document.where(i)} {low}-{high}" for i, (low, high) in hit.spans().items())
    typed = any(document.segments[i].typed for i, _, _ in hit.places)
    return Finding(
        Medium.TONES if typed else Medium.TEXT, hit.kind, hit.rule, where,
        length=hit.length or None, scheme=hit.scheme, last4=cut and hit.kept > 0, cut=cut,
    )  # fmt: skip


def _round(media_type: str, content: bytes, options: Options, number: int) -> tuple[bytes, tuple[Finding, ...]]:
    """Screen once; where base64 hides something, that alone goes, because what stands around it may change by it."""
    document, encode = _parse(media_type, content)
    keep = KEPT if number == 0 else 0
    cut = options.preset is not Preset.REPORT_ONLY
    hits, cuts = encoded.hidden_in(document.segments)
    if not cuts or not cut:
        found = find(
            document.segments,
            keep=keep,
            wide=number >= WIDE_FROM,
            run=options.run if options.preset is Preset.STRICT else None,
            allowed=options.allowed,
        )
        hits, cuts = [*hits, *found.hits], found.cuts
    findings = tuple(_finding(document, hit, cut=cut) for hit in hits)
    return encode(document.write(cuts)) if cuts and cut else content, findings


def redact(media_type: str, content: bytes, options: Options) -> tuple[bytes, Redaction]:
    """Return `content` with card numbers (all but their last four digits), security codes and expiry dates cut.

    The result has been parsed and screened again and holds nothing more to cut. Under the preset report-only the
    content comes back as it was, with findings that say so.

    Raises:
        UnscreenableError: the content is of another media type (unknown-media), cannot be wholly parsed
            (undecodable), or still holds findings after MAX_ROUNDS (residue).

    """
    source = content
    if media_type == MAIL:
        content = with_plain_boundaries(content.decode("latin-1")).encode("latin-1")
    findings: list[Finding] = []
    number = 0
    for _ in range(MAX_ROUNDS):
        content, more = _round(media_type, content, options, number)
        findings += more
        number += not any(finding.rule == encoded.RULE for finding in more)
        if options.preset is Preset.REPORT_ONLY:
            return source, Redaction(tuple(findings), (ENGINE,), media_type)
        if not more:
            return content, Redaction(tuple(findings), (ENGINE,), media_type)
    raise UnscreenableError("card numbers remain after redaction", why=Why.RESIDUE)


def rescan(media_type: str, content: bytes, options: Options) -> tuple[Finding, ...]:
    """Return what a screening of `content` finds; empty for everything that `redact` returned and cut.

    Raises:
        UnscreenableError: the content cannot be wholly parsed.

    """
    return _round(media_type, content, options, 0)[1]
