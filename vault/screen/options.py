"""How strictly to screen: the preset, the numbers known to be no cards, the parts to use, and what a person ruled."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Preset(StrEnum):
    """What to do in doubt."""

    STRICT = "strict"  # rather cut a telephone number than miss a card
    BALANCED = "balanced"  # cut what is a card number or a code by the rules
    REPORT_ONLY = "report-only"  # cut nothing; what has findings is quarantined


class Check(StrEnum):
    """The checksum that a known number must carry to be let alone."""

    LUHN = "luhn"
    MOD97 = "mod97"  # ISO 7064 MOD 97-10
    MOD11 = "mod11"  # ISO 7064 MOD 11-2
    VERHOEFF = "verhoeff"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Numbers that are no card numbers: own account formats, order numbers. Both must hold: pattern and checksum."""

    name: str
    pattern: re.Pattern[str]  # of the digits and letters, without separators, whole
    check: Check


@dataclass(frozen=True, slots=True)
class Span:
    """A place in sound or pictures that a person ruled on: seconds, and pixels (left, top, width, height) or None."""

    begin: float
    end: float
    box: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What people decided in a review. Letting anything pass takes two of them."""

    add: tuple[Span, ...] = ()  # cut these as well
    drop: tuple[Span, ...] = ()  # do not cut what lies wholly in these
    accept: bool = False  # archive although the gate objects


@dataclass(frozen=True, slots=True)
class Options:
    """Everything a redactor needs to know beside the content."""

    preset: Preset = Preset.STRICT
    run: int = 7  # digits from which a run is cut under `strict`
    allowed: tuple[Allowed, ...] = ()
    languages: frozenset[str] = frozenset({"en"})  # ISO 639-1, spoken in the recording
    recogniser: Path | None = None  # a Whisper model in CTranslate2's format, for transcripts and for `balanced`
    transcript: bool = False
    ruling: Ruling = field(default_factory=Ruling)


OnProgress = Callable[[float], None]
"""Is told the seconds of the recording that are done."""
