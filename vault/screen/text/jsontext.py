"""JSON and JSON lines: every string, key and number is a segment; cuts are spliced into the source text.

The standard library judges whether the text is JSON; the reader here only finds where its values stand. Strings of
one key form a stream, whatever objects they are in, so a number split over messages is found in any shape of chat.
A number that is a card number becomes a string of stars and digits: the document stays JSON.
"""

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from vault.screen.errors import UnscreenableError
from vault.screen.find.digits import may_hold_numbers
from vault.screen.find.opaque import is_id_or_stamp
from vault.screen.find.schemes import MIN_DIGITS
from vault.screen.find.talk import Segment
from vault.screen.find.words import CARD_TALK
from vault.screen.text.document import Origin, Spliced
from vault.screen.text.keys import event_of, pressed

MAX_DEPTH = 200
MAX_ARRAY = 24  # numbers in an array that may be the digits of one card; a longer one is data
MAX_EXPONENT = 40
_CODES_OF_DIGITS = re.compile("4[89]|5[0-7]")  # 48 to 57: the digits by their codes in ASCII

_TOKEN = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"|(-?[0-9][0-9.eE+-]*+)|([\[{])|([\]}])|(true|false|null)|(\n)')
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
# Keys that name who speaks, the most telling first.
_SPEAKER_KEYS = (
    *("speaker", "participant_role", "participantrole", "sender", "from", "author", "role", "participant"),
    *("participant_id", "participantid", "party", "user", "sender_id", "senderid", "user_id", "userid"),
    *("author_id", "authorid"),
    *("originator", "parties", "name"),
)
_SPEAKER_RANK = {key: rank for rank, key in enumerate(_SPEAKER_KEYS)}
_NO_SPEAKER = 99  # the rank of all other keys
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ID_KEY = re.compile(
    r"(?:^|[ _.-])(?:id|ids|uid|uuid|guid|ref|ts|time|timestamp|date|datetime|seq|sequence|index|offset|start|end|"
    r"duration|created|updated|modified|sent|received|t|at|hash|digest|etag|cursor|version|nonce|epoch|ms|sid|created_at|updated_at)$"
)
_MEASURE_KEY = re.compile(r"(?:^|[ _.-])(?:size|length|bytes|width|height|duration|millis|micros|ns|us|lat|lon|lng)$")
_CARD_KEY = re.compile(r"card|pan\b|cvv|cvc|payment|account")
_TOKEN_VALUE = re.compile(r"[!-~]{1,128}")
_DIGITS = re.compile(r"[0-9]+")
# What base64 of pictures, documents and sound begins with: PNG, JPEG, PDF, RIFF, Ogg, MP3, GIF, ZIP.
_BINARY = re.compile(r"iVBORw0KGgo|/9j/|JVBERi0|UklGR|T2dnUw|SUQz|R0lGOD|UEsDB")


@dataclass(slots=True, eq=False)
class Frame:
    """An object or array being read."""

    parent: "Frame | None"
    name: str | int  # the key or the index under which it stands in its parent
    is_object: bool
    count: int = 0
    key: str | None = None
    speaker: str | None = None
    rank: int = _NO_SPEAKER
    numbers: int = 0  # how many of its elements are
    marks: dict[str, str] = field(default_factory=dict)  # values a format asked to remember

    def path(self, last: str | int) -> list[str | int]:
        """Return the names from the root to `last` in this frame."""
        names: list[str | int] = [last]
        frame: Frame | None = self
        while frame is not None and frame.parent is not None:
            names.append(frame.name)
            frame = frame.parent
        return names[::-1]

    def nearest_key(self, name: str | int) -> str:
        """Return the key that `name` is or stands under."""
        frame: Frame | None = self
        while isinstance(name, int) and frame is not None:
            name, frame = frame.name, frame.parent
        return str(name) if not isinstance(name, int) else ""

    def is_of_card(self) -> bool:
        """Say whether the object, or one around it, has a name that speaks of cards."""
        frame: Frame | None = self
        while frame is not None:
            if isinstance(frame.name, str) and CARD_TALK.search(_CAMEL.sub(" ", frame.name).lower()):
                return True
            frame = frame.parent
        return False

    def voice(self) -> str | None:
        """Return the speaker of the nearest enclosing object that names one."""
        frame: Frame | None = self
        while frame is not None and frame.speaker is None:
            frame = frame.parent
        return frame.speaker if frame else None


def _refuse_constant(name: str) -> NoReturn:
    raise UnscreenableError(f"expected JSON numbers, got {name}")


def check_json(text: str) -> Any:
    """Return the value of a JSON text, numbers as strings; NaN and Infinity are refused.

    Raises:
        UnscreenableError: not JSON, or nested too deeply.

    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except RecursionError as exc:
        raise UnscreenableError(f"expected JSON nested at most {MAX_DEPTH} deep") from exc
    except ValueError as exc:
        raise UnscreenableError("expected valid JSON") from exc


def _unescape(raw: str, start: int) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the value of a JSON string with escapes and the source span of each of its characters."""
    chars: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for found in _ESCAPE.finditer(raw):
        chars.append(raw[done : found.start()])
        spans.extend((start + i, start + i + 1) for i in range(done, found.start()))
        chars.append(json.loads(f'"{found.group()}"'))
        spans.append((start + found.start(), start + found.end()))
        done = found.end()
    chars.append(raw[done:])
    spans.extend((start + i, start + i + 1) for i in range(done, len(raw)))
    return "".join(chars), tuple(spans)


def _integer(number: str) -> str:
    """Return the digits a JSON number stands for, written out where it uses a point or an exponent."""
    if _DIGITS.fullmatch(number):
        return number
    exponent = re.split("[eE]", number)[1:]
    if len(number) > MAX_EXPONENT or (exponent and abs(int(exponent[0])) > MAX_EXPONENT):
        return number
    value = Decimal(number)
    return format(value.to_integral_value(), "f") if value == value.to_integral_value() else number


class JsonDocument(Spliced):
    """application/json, any shape; with `lines`, application/x-ndjson."""

    def __init__(self, text: str, *, lines: bool = False) -> None:
        super().__init__(text)
        self.lines = lines
        if lines:
            for line in text.split("\n"):
                if line.strip(" \t\r"):
                    check_json(line)
        else:
            check_json(text)
        self.places: list[tuple[Frame, str | int]] = []
        self.keys: set[int] = set()  # segments that are keys, not values
        self._ranks: dict[str, int] = {}
        self._tame_keys: set[str] = set()
        self._key_kinds: dict[str, tuple[str, bool, bool]] = {}
        self._read()
        self._finish()

    def where(self, index: int) -> str:
        """Name a value by its JSON pointer (RFC 6901); digits in keys are masked, for a key may be a card number."""
        names = [n if isinstance(n, int) else _DIGITS.sub("#", n) for n in self.path(index)]
        return "".join("/" + str(n).replace("~", "~0").replace("/", "~1") for n in names)

    def path(self, index: int) -> list[str | int]:
        """Return the keys and indices that lead to segment `index`; a JSON line's first is its number from 0."""
        frame, name = self.places[index]
        return frame.path(name)[0 if self.lines else 1 :]

    def _read(self) -> None:
        frame = Frame(None, "", is_object=False)
        depth, line = 0, 0
        for found in _TOKEN.finditer(self.text):
            kind = found.lastindex
            if kind == 1 and frame.is_object and frame.key is None:
                frame.key = self._key(found, frame)
                continue
            if kind == 4:  # noqa: PLR2004 - a closing bracket
                frame, depth = frame.parent or frame, depth - 1
                continue
            if kind == 6:  # noqa: PLR2004 - a line's end
                line += 1
                frame.count = line if self.lines and depth == 0 else frame.count
                continue
            name: str | int = frame.key if frame.is_object and frame.key is not None else frame.count
            if kind == 1:
                self._value(frame, name, self._string(found, frame, name))
            elif kind == 2:  # noqa: PLR2004 - a number
                self._number(found, frame, name)
                self._value(frame, name, found.group())
            frame.count += 0 if self.lines and depth == 0 else 1
            frame.key = None
            if kind == 3:  # noqa: PLR2004 - an opening bracket
                depth += 1
                if depth > MAX_DEPTH:
                    raise UnscreenableError(f"expected JSON nested at most {MAX_DEPTH} deep")
                frame = Frame(frame, name, is_object=found.group() == "{")

    def _value(self, frame: Frame, name: str | int, value: str) -> None:
        """Remember who speaks in an object, and what a format wants to know of it."""
        if isinstance(name, int):
            owner, key = frame.parent, frame.name
        else:
            owner, key = frame, name
            frame.marks.setdefault(name, value)
        for target, word in ((owner, key), (frame.parent, frame.name)):
            rank = self._rank(word) if isinstance(word, str) else _NO_SPEAKER
            if target is not None and rank < target.rank:
                target.speaker, target.rank = value, rank

    def _rank(self, key: str) -> int:
        """Return how telling a key is of who speaks."""
        rank = self._ranks.get(key)
        if rank is None:
            rank = self._ranks[key] = _SPEAKER_RANK.get(key.lower(), _NO_SPEAKER)
        return rank

    def _key(self, found: re.Match[str], frame: Frame) -> str:
        """Return a key; one that could hold a number is a segment of its own."""
        raw = found.group(1)
        value, spans = _unescape(raw, found.start(1)) if "\\" in raw else (raw, None)
        if value not in self._tame_keys:
            if not may_hold_numbers(value):
                self._tame_keys.add(value)
            else:
                self.keys.add(len(self.segments))
                self.places.append((frame, value))
                self.add(Segment(value, joins=False), Origin(found.start(1), found.end(1), spans))
        return value

    def _kind_of(self, key: str) -> tuple[str, bool, bool]:
        """Return a key's stream, whether it names an id or a time, and whether its numbers are ids or measures."""
        if key not in self._key_kinds:
            hint = _CAMEL.sub("_", key).lower()
            tame = not _CARD_KEY.search(hint)
            is_id, is_measure = tame and bool(_ID_KEY.search(hint)), tame and bool(_MEASURE_KEY.search(hint))
            self._key_kinds[key] = (_DIGITS.sub("#", key), is_id, is_id or is_measure)
        return self._key_kinds[key]

    def _string(self, found: re.Match[str], frame: Frame, name: str | int) -> str:
        raw, start = found.group(1), found.start(1)
        value, spans = _unescape(raw, start) if "\\" in raw else (raw, None)
        if len(value) > 32 and (_BINARY.match(value) or (value.startswith("data:") and ";base64," in value[:128])):  # noqa: PLR2004
            raise UnscreenableError("a value holds an encoded picture, document or sound")
        key = name if isinstance(name, str) else frame.nearest_key(name)
        stream, is_id, _ = self._kind_of(key)
        digit = pressed(key, value)
        if digit is not None and frame.is_object:
            self.places.append((frame, name))
            self.add(
                Segment(digit, stream, hint=key, typed=True), Origin(start, found.end(1), ((start, found.end(1)),))
            )
            return value
        if is_id and _TOKEN_VALUE.fullmatch(value):
            if len(value) < MIN_DIGITS or is_id_or_stamp(value):
                return value
            segment = Segment(value, hint=key, whole=True, joins=False, exempt=True)
        else:
            segment = Segment(value, stream, hint=key)
        self.places.append((frame, name))
        self.add(segment, Origin(start, found.end(1), spans))
        return value

    def _number(self, found: re.Match[str], frame: Frame, name: str | int) -> None:
        key = name if isinstance(name, str) else frame.nearest_key(name)
        if not frame.is_object:
            frame.numbers += 1
        self.places.append((frame, name))
        digit = pressed(key, found.group())
        if digit is not None and frame.is_object:
            segment = Segment(digit, hint=key, typed=True)
            self.add(segment, Origin(found.start(), found.end(), number=True))
            return
        exempt = self._kind_of(key)[2]
        segment = Segment(_integer(found.group()), hint=key, whole=True, joins=False, exempt=exempt)
        self.add(segment, Origin(found.start(), found.end(), number=True))

    def _finish(self) -> None:
        """Give every segment its speaker, and let short arrays of numbers join."""
        self._read_codes()
        for index, (frame, _) in enumerate(self.places):
            segment = self.segments[index]
            short = not frame.is_object and frame.parent is not None and 1 < frame.numbers <= MAX_ARRAY
            if self.origins[index].number and short:
                self.segments[index] = segment._replace(stream=f"array {id(frame)}", whole=False, joins=True)
            elif segment.typed:
                self._key_press(index, frame)
            elif segment.joins:
                voice = frame.voice()
                if frame.is_object and segment.text.isdigit():
                    segment = segment._replace(owner=f"object {id(frame)}", of_card=frame.is_of_card())
                self.segments[index] = segment if voice is None else segment._replace(speaker=voice)

    def _read_codes(self) -> None:
        """Read arrays of the codes of digits, as many as a card number has, as digits."""
        arrays: dict[Frame, list[int]] = {}
        for index, (frame, _) in enumerate(self.places):
            if self.origins[index].number and not frame.is_object and MIN_DIGITS <= frame.numbers <= MAX_ARRAY:
                arrays.setdefault(frame, []).append(index)
        for some in arrays.values():
            if all(_CODES_OF_DIGITS.fullmatch(self.segments[index].text) for index in some):
                for index in some:
                    self.segments[index] = self.segments[index]._replace(text=chr(int(self.segments[index].text)))

    def _key_press(self, index: int, frame: Frame) -> None:
        """Let key presses join; downs and ups are two streams, or every key would count twice."""
        segment, parent = self.segments[index], frame.parent
        event = event_of([frame.marks, parent.marks if parent else {}])
        if event is None and segment.hint.lower() == "key":  # a digit under such a name may be anything
            self.segments[index] = segment._replace(typed=False, speaker=frame.voice())
            return
        event = event or frame.marks.get("type", frame.marks.get("event", ""))
        self.segments[index] = segment._replace(stream=f"keys {segment.hint} {event}")
