"""What a screening comes to, for every medium alike: findings that say where and why, never the digits themselves.

A redactor takes the content of a recording and options, and returns a `Redaction` or raises UnscreenableError. What it
may not do: touch a file, a key, the catalog or the clock; let pass what it could not wholly screen.
"""

from dataclasses import dataclass
from enum import StrEnum


class Medium(StrEnum):
    """In what a number was given away."""

    TEXT = "text"
    SPEECH = "speech"
    TONES = "tones"
    PICTURE = "picture"
    REVIEW = "review"  # what a person added


class FindingKind(StrEnum):
    """What was found."""

    CARD = "card"
    CODE = "security-code"
    EXPIRY = "expiry"
    DIGITS = "digits"  # a run that could be part of a card number, cut by the strict preset


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, and cut unless `cut` says otherwise.

    Of sound and pictures, `begin` and `end` are seconds from the start of the recording, and `box` is left, top, width
    and height in pixels. Of text, `where` has the places.
    """

    medium: Medium
    kind: FindingKind
    rule: str  # the rule's id in a SPEC.md
    where: str = ""
    length: int | None = None  # digits, where they were told one from another
    scheme: str | None = None
    last4: bool = False  # whether this cut left the last four digits; another may have taken them
    sure: float = 1.0  # 0 to 1
    begin: float | None = None
    end: float | None = None
    box: tuple[int, int, int, int] | None = None
    cut: bool = True  # False under the preset report-only, and for what a person let pass


@dataclass(frozen=True, slots=True)
class Engine:
    """A part that took part: rules, detectors, models. `digest` is the SHA-256 of the model's file, in hex."""

    name: str
    version: str
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """The result of screening one recording; the content itself was written to the sink or returned beside it."""

    findings: tuple[Finding, ...]
    engines: tuple[Engine, ...]
    media_type: str  # of the result; another than the source's where that cannot be written
    transcript: bytes | None = None  # WebVTT, redacted, when a recogniser made one


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a screening is: seconds of the recording done, of how many."""

    done: float
    total: float
