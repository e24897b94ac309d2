"""From what was heard to what is cut: pure rules, by preset; SPEC.md has them by id.

Key presses go to the same core as text (vault.screen.find), which says whether they are a card number, a security code
or an expiry date. What was spoken is a finding as it is: where digits sound is known, which ones they are is not.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from vault.screen.find.allowed import spared
from vault.screen.find.finder import find
from vault.screen.find.talk import Segment
from vault.screen.options import Allowed, Options, Preset
from vault.screen.options import Span as Ruled
from vault.screen.outcome import Finding, FindingKind, Medium
from vault.screen.sound import presses
from vault.screen.sound.listen import Channel
from vault.screen.sound.presses import Key

SPEECH_RULE: Final = "SND-01"
CARD_KEYS_RULE: Final = "SND-02"
ALL_KEYS_RULE: Final = "SND-03"
UNSURE_KEYS_RULE: Final = "SND-04"
REVIEW_RULE: Final = "SND-05"

TONE_PAD: Final = 0.03  # seconds around a tone; speech may hide its edges from the detector
LONG: Final = 12  # digits from which on an entry may be a card of which a key was missed or misread
UNSURE: Final = 0.5  # below, a key may be another
_ENTRY = re.compile(r"[0-9]+")


class Silence(NamedTuple):
    """A span to silence: seconds from the start of the recording."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Burst:
    """Keys pressed one after the other; what is said between them belongs to them."""

    keys: tuple[Key, ...]

    @property
    def span(self) -> Silence:
        """The span from before the first tone to after the last, and where others of the entry may hide."""
        first, last = self.keys[0], self.keys[-1]
        return Silence(max(0.0, first.begin - first.before - TONE_PAD), last.end + last.after + TONE_PAD)

    @property
    def text(self) -> str:
        """The symbols of the keys."""
        return "".join(key.symbol for key in self.keys)

    @property
    def sure(self) -> float:
        """How sure the surest key is: that keys were pressed here, not which."""
        return max(key.sure for key in self.keys)


def bursts(pressed: Sequence[Key]) -> list[Burst]:
    """Join keys that are less than NEAR seconds apart."""
    return [Burst(tuple(group)) for group in presses.bursts(pressed)]


def decide(heard: Iterable[Channel], options: Options, spelled: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """Return the findings of all channels, in order of time; each begins and ends where the cut does.

    `spelled` is what a recogniser of words found beside (vault.screen.sound.said).
    """
    found = list(spelled)
    for channel in heard:
        found += _spoken(channel)
        found += _keyed(bursts(channel.keys), options)
    found += [
        Finding(Medium.REVIEW, FindingKind.DIGITS, REVIEW_RULE, begin=span.begin, end=span.end)
        for span in options.ruling.add
        if span.box is None
    ]
    unique = sorted(set(found), key=lambda f: (f.begin or 0, f.end or 0, f.medium, f.kind))
    if options.preset is Preset.REPORT_ONLY:
        return tuple(replace(finding, cut=False) for finding in unique)
    return tuple(replace(f, cut=f.medium is Medium.REVIEW or not _dropped(f, options.ruling.drop)) for f in unique)


def _dropped(finding: Finding, drop: Sequence[Ruled]) -> bool:
    begin, end = finding.begin or 0.0, finding.end or 0.0
    return any(span.box is None and span.begin <= begin and end <= span.end for span in drop)


def _spoken(channel: Channel) -> list[Finding]:
    return [
        Finding(Medium.SPEECH, FindingKind.DIGITS, SPEECH_RULE, sure=span.sure, begin=span.begin, end=span.end)
        for span in channel.speech
    ]


def _keyed(some: Sequence[Burst], options: Options) -> list[Finding]:
    entries = [(n, found.group()) for n, burst in enumerate(some) for found in _ENTRY.finditer(burst.text)]
    segments = [Segment(digits, "keys", typed=True) for _, digits in entries]
    kinds: dict[int, tuple[FindingKind, str | None]] = {}
    for hit in find(segments, keep=0, allowed=options.allowed).hits:
        for segment in hit.spans():
            burst = entries[segment][0]
            if kinds.get(burst, (None, None))[0] is not FindingKind.CARD:
                kinds[burst] = (hit.kind, hit.scheme)
    out = []
    for n, pressed in enumerate(some):
        digits = [text for at, text in entries if at == n]
        rule = _rule(pressed, digits, options, is_found=n in kinds)
        if rule:
            kind, scheme = kinds.get(n, (FindingKind.DIGITS, None))
            span, length = pressed.span, sum(map(len, digits))
            out.append(
                Finding(
                    Medium.TONES, kind, rule, length=length, scheme=scheme, sure=pressed.sure, begin=span.begin,
                    end=span.end,
                )
            )  # fmt: skip
    return out


def _rule(burst: Burst, digits: Sequence[str], options: Options, *, is_found: bool) -> str | None:
    """Return the rule by which a burst is cut, None if it stays."""
    if is_found:
        return CARD_KEYS_RULE
    if digits and all(_is_allowed(text, options.allowed) for text in digits):
        return None
    if options.preset is not Preset.BALANCED:
        return ALL_KEYS_RULE
    doubtful = len(burst.keys) > 1 and any(key.sure < UNSURE for key in burst.keys)
    return UNSURE_KEYS_RULE if doubtful or max(map(len, digits), default=0) >= LONG else None


def _is_allowed(digits: str, allowed: Sequence[Allowed]) -> bool:
    known = spared(digits, [(0, len(digits))], allowed)
    return bool(known.wholly or known.unless_card)


def silences(findings: Iterable[Finding]) -> tuple[Silence, ...]:
    """Return what is to be silenced, in order and without overlaps."""
    merged: list[Silence] = []
    for begin, end in sorted((f.begin, f.end) for f in findings if f.cut and f.begin is not None and f.end is not None):
        if merged and begin <= merged[-1].end:
            merged[-1] = Silence(merged[-1].begin, max(end, merged[-1].end))
        else:
            merged.append(Silence(begin, end))
    return tuple(merged)
