"""Internet mail (RFC 5322, MIME RFC 2045 to 2049): headers, text parts and attached messages are screened.

The message is read as one string of bytes (Latin-1), so every byte outside a cut stays where it was. A part is
decoded by its transfer encoding and charset, and only a part with a cut is encoded again. A part that is not text, or
whose structure is broken, makes the whole message unscreenable.
"""

import base64
import binascii
import codecs
import email.header
import email.message
import email.policy
import re
from collections.abc import Callable, Mapping, Sequence

from vault.screen.errors import UnscreenableError
from vault.screen.find.digits import Reading, scan
from vault.screen.find.schemes import windows
from vault.screen.find.talk import Cut, Segment
from vault.screen.text.document import Document, Origin, Spliced, masked, spliced
from vault.screen.text.nested import Children, TwoReadings, refuse_what_is_no_text, text_document
from vault.screen.text.textual import WholeDocument

MAX_DEPTH = 20  # parts within parts

_HEADER = re.compile(r"([!-9;-~]+)[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)(?:\r?\n|$)")
_BLANK = re.compile(r"\r?\n")
_BOUNDARY = re.compile(r"boundary[ \t]*=[ \t]*(?:\"([^\"]*)\"|([^\s;]+))", re.IGNORECASE)
_LETTERS = str.maketrans("0123456789", "abcdefghij")
# Headers machines wrote for machines: long numbers in them are ids, and only a whole one can be a card number.
_MACHINE = re.compile(
    r"(?:message-id|references|in-reply-to|received|return-path|dkim-signature|arc-.*|authentication-results|date|"
    r"thread-index|thread-topic-id|content-id|content-type|content-transfer-encoding|mime-version|resent-.*|"
    r"x-.*(?:id|signature|date|timestamp|dkim|hash).*)$",
    re.IGNORECASE,
)
_CHARSETS = re.compile(
    r"utf-[78]|utf-16(?:-[lb]e)?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-.*|gb2312|gbk|gb18030|big5.*|shift_jis.*|euc_.*|"
    r"iso2022_.*|tis-620|hz"
)


class _HeaderValue(Spliced):
    """One header's value. With encoded words (RFC 2047) it is replaced whole, else spliced."""

    def __init__(self, name: str, raw: str, newline: str) -> None:
        text = _reencoded(raw, "utf-8")
        super().__init__(text)
        self._encoded, self._newline = "=?" in raw, newline
        shown = _decoded_words(text) if self._encoded else _BOUNDARY.sub(lambda m: " " * len(m.group()), text)
        whole = _MACHINE.match(name) is not None
        self.add(Segment(shown, hint=name, whole=whole, joins=False, exempt=whole), Origin(0, len(text)))

    def where(self, index: int) -> str:  # noqa: ARG002 - a header has one segment
        return "value"

    def write(self, cuts: Mapping[int, Sequence[Cut]]) -> str:
        if not self._encoded:
            return _latin(super().write(cuts), "utf-8")
        value = email.header.Header(masked(self.segments[0].text, cuts[0]).strip(), "utf-8")
        return " " + value.encode(linesep=self._newline)


def _decoded_words(text: str) -> str:
    """Return a header's value with its encoded words decoded, adjoining ones joined."""
    try:
        parts = email.header.decode_header(re.sub(r"\r?\n", "", text))
        return "".join(p if isinstance(p, str) else p.decode(c or "utf-8") for p, c in parts)
    except (LookupError, ValueError, email.errors.HeaderParseError) as exc:
        raise UnscreenableError("expected encoded words of a known charset in a header") from exc


def _reencoded(raw: str, charset: str) -> str:
    """Read the bytes that a Latin-1 string stands for in their charset."""
    try:
        return raw.encode("latin-1").decode(charset)
    except UnicodeDecodeError as exc:
        raise UnscreenableError(f"expected {charset} text in a part of the message") from exc


def _latin(text: str, charset: str) -> str:
    return text.encode(charset).decode("latin-1")


def _charset(head: email.message.Message) -> str:
    """Return the codec of a part's charset; what calls itself ASCII is read as UTF-8, which contains it."""
    named = head.get_content_charset("us-ascii")
    try:
        codec = codecs.lookup(named).name
    except (LookupError, ValueError) as exc:  # the latter for NUL in a name
        raise UnscreenableError(f"expected a known charset, got {named[:40]}") from exc
    if not _CHARSETS.fullmatch(codec):
        raise UnscreenableError(f"expected a known charset, got {named[:40]}")
    return "utf-8" if codec == "ascii" else codec


def _packed_utf7(text: str) -> str:
    return text.encode("utf-7").decode("ascii")


def _from_base64(body: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s+", "", body), validate=True)  # noqa: TID251 - MIME base64 has line breaks
    except (binascii.Error, ValueError) as exc:
        raise UnscreenableError("expected valid base64 in a part of the message") from exc


def _to_base64(data: bytes, newline: str) -> str:
    coded = base64.b64encode(data).decode("ascii")
    return newline.join(coded[i : i + 76] for i in range(0, len(coded), 76))


def _holds_card(boundary: str) -> bool:
    runs = scan(boundary, Reading.PLAIN).blocks
    return any(found.checked for run in runs for _, _, found in windows(run.digits))


def with_plain_boundaries(source: str) -> str:
    """Return a mail whose multipart boundaries hold no card number.

    Mail programs make boundaries of random digits, and every third long enough number passes for a card. Such a
    boundary gets letters for its digits, wherever it stands; nothing else changes.
    """
    for quoted, bare in set(_BOUNDARY.findall(source)):
        boundary = quoted or bare
        if _holds_card(boundary):
            source = source.replace(boundary, boundary.translate(_LETTERS))
    return source


class MailDocument:
    """message/rfc822."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._newline = "\r\n" if "\r\n" in source else "\n"
        self._parts = Children()
        self._entity(0, len(source), "message", 0)
        self.segments = self._parts.segments

    def where(self, index: int) -> str:
        """Name the part and the place in it."""
        return self._parts.where(index)

    def write(self, cuts: Mapping[int, Sequence[Cut]]) -> str:
        """Return the message with the cuts made."""
        return spliced(self._source, self._parts.changes(cuts))

    def _entity(self, start: int, end: int, place: str, depth: int) -> None:
        """Read the headers and the body between `start` and `end`."""
        if depth > MAX_DEPTH:
            raise UnscreenableError(f"expected parts nested at most {MAX_DEPTH} deep")
        source, at = self._source, start
        if depth == 0 and source.startswith("From "):  # an mbox separator
            at = source.find("\n") + 1
        while at < end and not _BLANK.match(source, at):
            found = _HEADER.match(source, at, end)
            if not found:
                raise UnscreenableError("expected a header line or a blank line")
            value = _HeaderValue(found.group(1), found.group(2), self._newline)
            name = re.sub(r"[0-9]", "#", found.group(1))[:40]
            self._parts.add(value, found.start(2), found.end(2), str, f"{place} header {name}")
            at = found.end()
        blank = _BLANK.match(source, at)
        head = email.message_from_string(source[start:at], policy=email.policy.compat32)
        self._body(head, blank.end() if blank and at < end else end, end, place, depth)

    def _body(self, head: email.message.Message, start: int, end: int, place: str, depth: int) -> None:
        kind = head.get_content_type()
        coding = str(head.get("content-transfer-encoding", "7bit")).partition(";")[0].strip().lower()
        if kind.startswith(("multipart/", "message/")) and coding not in ("7bit", "8bit", "binary", ""):
            raise UnscreenableError(f"expected no transfer encoding on {kind[:80]}")
        if kind.startswith("multipart/"):
            self._multipart(head, start, end, place, depth)
        elif kind == "message/rfc822":
            self._entity(start, end, f"{place}/message", depth + 1)
        elif kind in ("message/delivery-status", "text/rfc822-headers", "message/disposition-notification"):
            self._text("text/plain", head, coding, start, end, place)
        else:
            self._text(kind, head, coding, start, end, place)

    def _multipart(self, head: email.message.Message, start: int, end: int, place: str, depth: int) -> None:
        boundary = head.get_boundary("")
        if not boundary:
            raise UnscreenableError("expected a boundary for a multipart body")
        if _holds_card(boundary):
            raise UnscreenableError("a multipart boundary holds a card number")
        line = re.compile(rf"^--{re.escape(boundary)}(--)?[ \t]*(?:\r?\n|\r?\Z|\Z)", re.MULTILINE)
        at, number, closed = start, 0, False
        for found in line.finditer(self._source, start, end):
            self._between(at, found.start(), place, number, depth)
            at, number, closed = found.end(), number + 1, found.group(1) is not None
            if closed:
                break
        if not closed:
            raise UnscreenableError("expected a closing multipart boundary")
        self._between(at, end, place, 0, depth)

    def _between(self, start: int, end: int, place: str, number: int, depth: int) -> None:
        """Read what stands between two boundaries: part `number`, or text around the parts when that is 0."""
        if number:
            self._entity(start, end, f"{place}/part {number}", depth + 1)
        elif self._source[start:end].strip():
            text = WholeDocument(_reencoded(self._source[start:end], "utf-8"))
            self._parts.add(text, start, end, lambda new: _latin(new, "utf-8"), f"{place} around parts")

    def _text(self, kind: str, head: email.message.Message, coding: str, start: int, end: int, place: str) -> None:
        refuse_what_is_no_text(kind, place)
        charset = _charset(head)
        data, pack = self._transfer(coding, self._source[start:end])
        if not data.strip():
            return
        try:
            document: Document = text_document(kind, data.decode(charset))
            if charset == "utf-7":  # a reader that does not know it sees the bytes as they are
                document = TwoReadings(document, _packed_utf7, text_document(kind, data.decode("ascii")))
                charset = "ascii"
        except UnicodeDecodeError as exc:
            raise UnscreenableError(
                f"{place} says that it is {charset} text and holds other bytes: have its sender mend it, or let two "
                "people look at it and approve it"
            ) from exc
        self._parts.add(document, start, end, lambda new: pack(new.encode(charset)), f"{place} body")

    def _transfer(self, coding: str, raw: str) -> tuple[bytes, Callable[[bytes], str]]:
        """Return what a part's bytes are behind its transfer encoding, and what encodes them again."""
        ending = raw[len(raw.rstrip("\r\n")) :]
        if coding in ("7bit", "8bit", "binary", ""):
            return raw.encode("latin-1"), lambda new: new.decode("latin-1")
        if coding == "base64":
            return _from_base64(raw), lambda new: _to_base64(new, self._newline) + ending
        if coding == "quoted-printable":
            return binascii.a2b_qp(raw.encode("latin-1")), lambda new: binascii.b2a_qp(new).decode("ascii")
        raise UnscreenableError(f"expected a known transfer encoding, got {coding[:40]}")
