"""Plain text and WebVTT: a segment per line; the name before a colon, or the voice tag, is the speaker."""

import re
from collections.abc import Sequence
from itertools import groupby

from vault.screen.errors import UnscreenableError
from vault.screen.find.schemes import MIN_DIGITS
from vault.screen.find.talk import Segment
from vault.screen.text.document import Origin, Spliced

_LINE = re.compile(r"[^\r\n]+")
# The name before a colon, behind a time in brackets or not: "[10:11:12] Anna: ", "10:11 - Anna (agent): ", "Anna> ".
_SPEAKER = re.compile(
    r"[\s\u200e]{0,8}(?:[\[(]?[0-9][0-9:., \u202f\xa0/TtZzAPMapm+-]{3,32}[\])]?[ \t]*[-\u2013]?[ \t]*)?"
    r"[<*\[]{0,2}([^\W\d][^:>\r\n\t]{0,40}?)[*\]]{0,2}(?:>|:)(?=\s|$)"
)


_QUOTED = re.compile('"[^"]*"')
_CELL_ENDS = "\t;,"
_MIN_ROWS, _MIN_CELLS = 3, 3


def _cell_ends(lines: Sequence[str]) -> list[str]:
    """Return what ends the cells of each line: of a table are lines on end with as many of one sign, outside quotes."""
    bare = [_QUOTED.sub("", line) for line in lines]
    out = [""] * len(lines)
    for sign in reversed(_CELL_ENDS):  # the rarer in talk wins
        at = 0
        for cells, rows in groupby(line.count(sign) + 1 for line in bare):
            size = len(list(rows))
            if cells >= _MIN_CELLS and size >= _MIN_ROWS:
                out[at : at + size] = [sign] * size
            at += size
    return out


# What numbers and times a caption of SubRip (SRT): structure, as in WebVTT, and not read.
_CUE_TIMES = re.compile(
    r"[ \t]*(?:[0-9]{1,3}:[0-5][0-9]:[0-5][0-9][,.][0-9]{3}(?:[ \t]*-->[ \t]*(?=[0-9])|[ \t]*$)){2}"
)
_CUE_NUMBER = re.compile(r"[ \t]*[0-9]{1,6}[ \t]*")


def _is_structure(lines: Sequence[str], at: int) -> bool:
    """Say whether a line is the times of a caption, or its number with the times in the next line."""
    if _CUE_TIMES.fullmatch(lines[at]):
        return True
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return _CUE_NUMBER.fullmatch(lines[at]) is not None and _CUE_TIMES.fullmatch(following) is not None


class PlainDocument(Spliced):
    """text/plain, and tables of it (CSV)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        speaker: str | None = None
        lines = list(_LINE.finditer(text))
        shown = [line.group() for line in lines]
        for at, (line, sign) in enumerate(zip(lines, _cell_ends(shown), strict=True)):
            if _is_structure(shown, at):
                continue
            named = _SPEAKER.match(line.group())
            speaker = named.group(1) if named else speaker
            self.add(Segment(line.group(), "line", speaker, cells=sign), Origin(line.start(), line.end()))


class WholeDocument(Spliced):
    """Text in one segment, for markup whose tags run over line ends (HTML)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.add(Segment(text, "text"), Origin(0, len(text)))


_STAMP = r"(?:[0-9]{2,}:)?[0-5][0-9]:[0-5][0-9]\.[0-9]{3}"
_TIMING = re.compile(rf"[ \t]*{_STAMP}[ \t]+-->[ \t]+{_STAMP}(?=[ \t]|$)")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")


class VttDocument(Spliced):
    """text/vtt (W3C WebVTT): timings stay as they are, everything else is screened."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if not re.match(r"WEBVTT(?:[ \t\r\n]|$)", text):
            raise UnscreenableError("expected a WebVTT file beginning with WEBVTT")
        lines = list(re.finditer(r"([^\r\n]*)(\r\n|\r|\n|$)", text))
        speaker: str | None = None
        in_cue = False
        for at, line in enumerate(lines):
            shown, start = line.group(1), line.start()
            if not shown:
                in_cue = False
                continue
            if "-->" in shown:
                timing = _TIMING.match(shown)
                if not timing:
                    raise UnscreenableError(f"expected a WebVTT cue timing on line {at + 1}")
                in_cue, rest = True, timing.end()
                self._add(shown[rest:], start + rest, joins=False, speaker=None)
            elif in_cue:
                voice = _VOICE.match(shown)
                if voice:
                    speaker = voice.group(1)
                    self._add(speaker, start + voice.start(1), joins=False, speaker=None)
                said = voice.end() if voice else 0
                ending = "</v>" if shown.endswith("</v>") else ""
                self._add(shown[said : len(shown) - len(ending)], start + said, joins=True, speaker=speaker)
            else:  # the header, a note or a style; or the id of a cue, which joins nothing
                following = lines[at + 1].group(1) if at + 1 < len(lines) else ""
                self._add(shown, start, joins="-->" not in following, speaker=None)

    def _add(self, text: str, start: int, *, joins: bool, speaker: str | None) -> None:
        if text and (joins or len(text) >= MIN_DIGITS):
            self.add(Segment(text, "cue", speaker, joins=joins), Origin(start, start + len(text)))
