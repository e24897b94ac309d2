"""Documents inside documents: a mail's parts, a vCon's encoded bodies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vault.screen.errors import UnscreenableError
from vault.screen.find.talk import Cut, Segment
from vault.screen.text.document import Document
from vault.screen.text.jsontext import JsonDocument
from vault.screen.text.textual import PlainDocument, VttDocument, WholeDocument


@dataclass(frozen=True, slots=True)
class Child:
    """A document found inside another one, at `start`..`end` of its source."""

    document: Document
    start: int
    end: int
    pack: Callable[[str], str]  # the child's text as it stands in the source
    place: str
    first: int  # its first segment among all segments


def text_document(media_type: str, text: str) -> Document:
    """Parse text of a text-like media type.

    Raises:
        UnscreenableError: the type is none that can be screened, or the text is not of it.

    """
    if media_type == "text/vtt":
        return VttDocument(text)
    if media_type == "application/x-ndjson":
        return JsonDocument(text, lines=True)
    if media_type == "application/json" or media_type.endswith("+json"):
        return JsonDocument(text)
    if media_type in {"text/html", "text/xml", "application/xml", "application/xhtml+xml", "text/enriched"}:
        return WholeDocument(text)
    if media_type.startswith("text/"):
        return PlainDocument(text)
    raise UnscreenableError(f"expected text, got a part of type {media_type[:80]}")


class Children:
    """The children of one document; their segments follow one another."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.segments: list[Segment] = []
        self._owner: list[int] = []

    def add(self, document: Document, start: int, end: int, pack: Callable[[str], str], place: str) -> None:
        """Append a child; its streams are its own."""
        number = len(self.children)
        self.children.append(Child(document, start, end, pack, place, len(self.segments)))
        self.segments += [s._replace(stream=f"{number}.{s.stream}") for s in document.segments]
        self._owner += [number] * len(document.segments)

    def where(self, index: int) -> str:
        """Name the place of the children's segment `index`."""
        child = self.children[self._owner[index]]
        return f"{child.place} {child.document.where(index - child.first)}"

    def changes(self, cuts: Mapping[int, Sequence[Cut]]) -> list[tuple[int, int, str]]:
        """Return the (start, end, replacement) of the source that the cuts ask for."""
        by_child: dict[int, dict[int, Sequence[Cut]]] = {}
        for index, some in cuts.items():
            number = self._owner[index]
            by_child.setdefault(number, {})[index - self.children[number].first] = some
        out = []
        for number, own in sorted(by_child.items()):
            child = self.children[number]
            out.append((child.start, child.end, child.pack(child.document.write(own))))
        return sorted(out)
