"""A transcript of a call as WebVTT (W3C), screened twice: without the words that are silenced, then as any text is."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vault.screen.options import Options, Preset, Ruling
from vault.screen.outcome import Redaction
from vault.screen.sound.decide import Silence
from vault.screen.sound.said import PAD, Line
from vault.screen.text import redact as text

MEDIA_TYPE: Final = "text/vtt"
CUT: Final = "[redacted]"


def screened(lines: Iterable[Line], spans: Sequence[Silence], options: Options) -> tuple[bytes, Redaction]:
    """Return the transcript, and what the screening of text made of it: always the strict one.

    Raises:
        UnscreenableError: card data remains in it after redaction.

    """
    plain = webvtt(lines, spans)
    return text.redact(MEDIA_TYPE, plain, replace(options, preset=Preset.STRICT, ruling=Ruling()))


def webvtt(lines: Iterable[Line], spans: Sequence[Silence]) -> bytes:
    """Return lines as WebVTT, each with its time; a word that reaches into a span, or near it, is not told."""
    some = list(lines)
    named = len({line.channel for line in some}) > 1
    cues = ["WEBVTT\n"]
    for line in some:
        said = html.escape(_told(line, spans), quote=False)
        voice = f"<v Channel {line.channel + 1}>" if named else ""
        begin, end = line.words[0].begin, max(line.words[-1].end, line.words[0].begin + 0.001)
        cues.append(f"{_time(begin)} --> {_time(end)}\n{voice}{said}\n")
    return "\n".join(cues).encode()


def _told(line: Line, spans: Sequence[Silence]) -> str:
    told: list[str] = []
    first, last = line.words[0].begin - PAD, line.words[-1].end + PAD
    near = [span for span in spans if first < span.end and last > span.begin]
    for word in line.words:
        if any(word.begin < span.end + PAD and word.end > span.begin - PAD for span in near):
            if told[-1:] != [CUT]:
                told.append(CUT)
        else:
            told.append(" ".join(word.text.split()))
    return " ".join(told)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
