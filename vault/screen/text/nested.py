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


_MARKUP = frozenset({"text/html", "text/xml", "application/xml", "application/xhtml+xml", "text/enriched"})
_TEXTS = _MARKUP | {"application/json", "application/x-ndjson"}
_PICTURES = {"image": "a picture", "audio": "sound", "video": "a film"}


def refuse_what_is_no_text(media_type: str, place: str) -> None:
    """Refuse a part that does not even call itself text.

    Raises:
        UnscreenableError: it is of another type; the reason says what can be done.

    """
    if media_type.startswith("text/") or media_type.endswith("+json") or media_type in _TEXTS:
        return
    what = _PICTURES.get(media_type.partition("/")[0], "no text")
    raise UnscreenableError(
        f"{place} is {what} ({media_type[:80]}), and only text can be screened inside a message: take the message in "
        "without it, or let two people look at it and approve it"
    )


def text_document(media_type: str, text: str) -> Document:
    """Parse text of a text-like media type.

    Raises:
        UnscreenableError: the type is none that can be screened, or the text is not of it.

    """
    refuse_what_is_no_text(media_type, "a part")
    if media_type == "text/vtt":
        return VttDocument(text)
    if media_type == "application/x-ndjson":
        return JsonDocument(text, lines=True)
    if media_type == "application/json" or media_type.endswith("+json"):
        return JsonDocument(text)
    return WholeDocument(text) if media_type in _MARKUP else PlainDocument(text)


class TwoReadings:
    """A text that may be read in two ways: what either finds is cut, one way at a time."""

    def __init__(self, first: Document, pack: Callable[[str], str], second: Document) -> None:
        """`pack` makes of the first reading's text what stands in the source; the second reading is that itself."""
        self._first, self._pack, self._second = first, pack, second
        other = [s._replace(stream=f"other {s.stream}") for s in second.segments]
        self.segments = [*first.segments, *other]

    def where(self, index: int) -> str:
        """Name the place of a segment."""
        size = len(self._first.segments)
        return self._first.where(index) if index < size else self._second.where(index - size)

    def write(self, cuts: Mapping[int, Sequence[Cut]]) -> str:
        """Return the text as it stands in the source, with the cuts of the first reading made, or else the second's."""
        size = len(self._first.segments)
        own = {index: some for index, some in cuts.items() if index < size}
        if own:
            return self._pack(self._first.write(own))
        return self._second.write({index - size: some for index, some in cuts.items()})


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
