"""How much of what was said is covered by the stretches that were found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.redaction.speech_calls import Call, Part
from benchmarks.redaction.speech_channel import RATE, Sound, resampled
from vault.screen.sound.speech import Spoken

Stretch = tuple[float, float]


def blocks(sound: Sound, seconds: float = 4.0) -> Iterable[NDArray[np.float32]]:
    """Yield the sound as an Ear takes it: at 16 kHz, in blocks."""
    doubled = resampled(sound, RATE, 2 * RATE)
    step = int(seconds * 2 * RATE)
    for at in range(0, len(doubled), step):
        yield doubled[at : at + step]


def covered(begin: float, end: float, found: Sequence[Spoken]) -> float:
    """Return how many seconds between `begin` and `end` are in `found`."""
    return sum(max(0.0, min(end, s.end) - max(begin, s.begin)) for s in found)


def heard_of(call: Call, found: Sequence[Spoken]) -> bool:
    """Say whether anything of a call's card number is in `found`."""
    return any(covered(part.begin, part.end, found) > 0 for part in call.parts if part.kind == "card")


@dataclass(slots=True)
class Tally:
    """Sums over calls."""

    said: float = 0.0  # seconds of card digits
    cut: float = 0.0
    calls: int = 0
    leaking: int = 0  # calls in which more than four digits in a row stay audible
    kinds: dict[str, list[float]] = field(default_factory=dict)  # kind -> share covered of each part
    talk: float = 0.0  # seconds of talk, 0.5 s and more from any number
    talk_cut: float = 0.0

    def add(self, call: Call, found: Sequence[Spoken]) -> None:
        """Count a call."""
        self.calls += 1
        run = longest = 0
        for part in call.parts:
            if part.digits:
                share = covered(part.begin, part.end, found) / (part.end - part.begin)
                self.kinds.setdefault(part.kind, []).append(share)
            if part.kind == "card":
                self.said += part.end - part.begin
                self.cut += covered(part.begin, part.end, found)
                for begin, end in part.each():
                    run = run + 1 if covered(begin, end, found) < 0.5 * (end - begin) else 0
                    longest = max(longest, run)
        self.leaking += longest > 4
        for begin, end in far_from_numbers(call.parts):
            self.talk += end - begin
            self.talk_cut += covered(begin, end, found)

    def add_plain(self, sound: Sound, found: Sequence[Spoken]) -> None:
        """Count sound without any digits."""
        self.talk += len(sound) / RATE
        self.talk_cut += covered(0, len(sound) / RATE, found)

    @property
    def recall(self) -> float:
        """Return the share of card-digit time that is covered."""
        return self.cut / self.said if self.said else 1.0

    @property
    def false_cut(self) -> float:
        """Return the share of talk that is covered."""
        return self.talk_cut / self.talk if self.talk else 0.0

    def caught(self, kind: str, share: float = 0.8) -> float:
        """Return the share of the parts of `kind` that are covered for the most part."""
        shares = self.kinds.get(kind, [])
        return sum(s >= share for s in shares) / len(shares) if shares else 1.0


def far_from_numbers(parts: Sequence[Part], distance: float = 0.5) -> list[Stretch]:
    """Return where somebody talks and no number is said within `distance` seconds."""
    found = []
    for part in parts:
        if part.kind != "talk":
            continue
        begin, end = part.begin, part.end
        for other in parts:
            if other.kind != "talk":
                if other.end <= part.begin:
                    begin = max(begin, other.end + distance)
                else:
                    end = min(end, other.begin - distance) if other.begin >= part.end else end
        if end > begin:
            found.append((begin, end))
    return found
