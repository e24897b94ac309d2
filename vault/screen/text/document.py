"""What every format offers the screening, and the splicing that keeps all bytes outside the cuts."""

import codecs
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from vault.screen.errors import UnscreenableError
from vault.screen.find.talk import Cut, Segment


class Document(Protocol):
    """A parsed recording: its segments in the order of the talk."""

    @property
    def segments(self) -> Sequence[Segment]:
        """The pieces of text to be screened."""
        ...

    def where(self, index: int) -> str:
        """Name the place of segment `index`, without any of its content."""
        ...

    def write(self, cuts: Mapping[int, Sequence[Cut]]) -> str:
        """Return the document's text with the cuts made."""
        ...


class Origin(NamedTuple):
    """Where a segment's characters stand in the source text.

    `spans` is None when character i stands at `start + i`. A `number` is replaced whole, by a quoted string.
    """

    start: int
    end: int
    spans: tuple[tuple[int, int], ...] | None = None
    number: bool = False

    def span(self, cut: Cut) -> tuple[int, int]:
        """Return the source span of a cut."""
        if self.spans is None:
            return self.start + cut.start, self.start + cut.end
        return self.spans[cut.start][0], self.spans[cut.end - 1][1]


def masked(text: str, cuts: Sequence[Cut]) -> str:
    """Return `text` with the cuts made."""
    out, done = [], 0
    for cut in cuts:
        out += [text[done : cut.start], "*" * cut.stars]
        done = cut.end
    return "".join([*out, text[done:]])


_LINE_END = re.compile(r"\r\n|\r|\n")


class Spliced:
    """A document whose cuts are spliced into its source text; everything else stays as it was."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.segments: list[Segment] = []
        self.origins: list[Origin] = []
        self._line_ends: list[int] | None = None

    def add(self, segment: Segment, origin: Origin) -> None:
        """Append one segment."""
        self.segments.append(segment)
        self.origins.append(origin)

    def where(self, index: int) -> str:
        """Name the line a segment stands on, counted from 1."""
        if self._line_ends is None:
            self._line_ends = [found.start() for found in _LINE_END.finditer(self.text)]
        return f"line {bisect_left(self._line_ends, self.origins[index].start) + 1}"

    def changes(self, cuts: Mapping[int, Sequence[Cut]]) -> list[tuple[int, int, str]]:
        """Return the (start, end, replacement) of the source text that the cuts ask for."""
        out = []
        for index, some in cuts.items():
            origin = self.origins[index]
            if origin.number:
                out.append((origin.start, origin.end, f'"{masked(self.segments[index].text, some)}"'))
            else:
                out += [(*origin.span(cut), "*" * cut.stars) for cut in some]
        return sorted(out)

    def write(self, cuts: Mapping[int, Sequence[Cut]]) -> str:
        """Return the source text with the cuts made."""
        return spliced(self.text, self.changes(cuts))


def spliced(text: str, changes: Sequence[tuple[int, int, str]]) -> str:
    """Return `text` with (start, end, replacement) made, which are in order and do not overlap."""
    out, done = [], 0
    for start, end, new in changes:
        out += [text[done:start], new]
        done = end
    return "".join([*out, text[done:]])


_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(content: bytes) -> tuple[str, bytes, str]:
    """Return the text of `content`, its byte order mark and its encoding: UTF-8, or UTF-16 with a mark.

    Raises:
        UnscreenableError: the bytes are neither, or hold NUL characters.

    """
    bom, name = next(((b, n) for b, n in _BOMS if content.startswith(b)), (b"", "utf-8"))
    try:
        text = content[len(bom) :].decode(name)
    except UnicodeDecodeError as exc:
        raise UnscreenableError(
            f"expected UTF-8, or UTF-16 with a byte order mark, got other bytes at {exc.start}"
        ) from exc
    if "\0" in text:
        raise UnscreenableError("expected text, got NUL characters")
    return text, bom, name
