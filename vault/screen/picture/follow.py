"""From what single states of the screen showed to masks in time: numbers typed, moved, covered and gone."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from vault.screen.options import Options, Preset
from vault.screen.outcome import FindingKind
from vault.screen.picture import changes, patches
from vault.screen.picture.changes import Picture, Plane
from vault.screen.picture.history import History
from vault.screen.picture.lines import Box
from vault.screen.picture.masks import Mask
from vault.screen.picture.numbers import SHOWN, Run, Spot

_STATES: Final = 1000  # kept to go back in: at two readings a second more than eight minutes of typing
_HIDDEN: Final = 64  # places kept to see whether what was hidden there shows again
_JITTER: Final = 4  # pixels by which a box may be read differently
_LEAST: Final = 3  # stretches of a number that must still show under `balanced`
_RANK: Final = {FindingKind.CARD: 3, FindingKind.CODE: 2, FindingKind.EXPIRY: 1, FindingKind.DIGITS: 0}


class Frame(Protocol):
    """A frame that waited."""

    @property
    def index(self) -> int:
        """Its number."""

    @property
    def picture(self) -> Picture:
        """What it shows."""


@dataclass(slots=True)
class Number:
    """What is told of one thing found."""

    kind: FindingKind
    rule: str
    length: int | None
    scheme: str | None
    sure: float


@dataclass(slots=True, eq=False)
class _Place:
    """A part of a number that shows now, since frame `first`; `patch` is how it looked."""

    of: int
    box: Box
    digits: str
    patch: Plane
    first: int


@dataclass(slots=True)
class _State:
    """Where digits stood, in frames `first` to `last`."""

    first: int
    last: int
    runs: list[Run]


@dataclass(slots=True)
class _Step:
    """One step from a state to the next: the frames between, of which the last shows the new state."""

    old: Picture
    base: int
    frames: Sequence[Frame]
    moving: list[tuple[Frame, list[Box]]] = field(default_factory=list)

    @property
    def new(self) -> Frame:
        return self.frames[-1]


class Follower:
    """Collects masks and numbers, state by state."""

    def __init__(self, options: Options) -> None:
        self._strict = options.preset is Preset.STRICT
        self.masks: list[Mask] = []
        self.numbers: list[Number] = []
        self._places: list[_Place] = []
        self._hidden: deque[_Place] = deque(maxlen=_HIDDEN)
        self._states: deque[_State] = deque(maxlen=_STATES)
        self._history = History()

    def follow(
        self, old: Picture, base: int, frames: Sequence[Frame], found: Sequence[Spot], digits: Sequence[Run]
    ) -> None:
        """Take in the state that the last of `frames` shows; `old` is the state that frame `base` was the last of."""
        step = _Step(old, base, frames)
        step.moving = _moving(step)
        if self._states:
            self._states[-1].last = step.new.index - 1
            if self._strict:
                self._history.add(old, step.new.picture)
        before, self._places = self._places, []
        for spot in found:
            self._take(spot, before, step)
        for place in list(self._hidden):
            self._return(place, step)
        for place in before:
            self._leave(place, step)
        self._states.append(_State(base + 1, step.new.index, list(digits)))

    def cards(self) -> list[Box]:
        """Return where card numbers and expiry dates show, as far as is known."""
        kinds = (FindingKind.CARD, FindingKind.EXPIRY)
        return [place.box for place in self._places if self.numbers[place.of].kind in kinds]

    def finish(self, last: int) -> None:
        """Close what shows until the last frame."""
        for place in self._places:
            self.masks.append(Mask(place.first, last, place.box, place.of))
        self._places = []

    def _take(self, spot: Spot, before: list[_Place], step: _Step) -> None:
        of, new = self._number(spot, before), False
        for box, digits in spot.places:
            box = box.within(step.old.width, step.old.height)  # noqa: PLW2901
            if not (box.width and box.height):
                continue
            same = _same_place(before, box)
            if same is not None:
                before.remove(same)
            if same is not None and _close(same.box, box):
                whole, first = same.box.joined(box), same.first
                if same.of != of:
                    self.masks.append(Mask(same.first, step.base, same.box, same.of))
            else:
                if same is not None:  # it grew or shrank
                    self.masks.append(Mask(same.first, step.new.index, same.box, same.of))
                    self._hidden.append(same)
                whole, first, new = box, self._since(box, step), True
            patch = patches.cut_out(step.new.picture.grey, whole)
            self._places.append(_Place(of, whole, digits, patch, first))
            self._search(of, patch, whole, step)
        if new:
            self._go_back(of, spot, step.new.picture)

    def _number(self, spot: Spot, before: Sequence[_Place]) -> int:
        """Return the number of the finding that a spot is: one that shows already, or a new one."""
        for box, digits in spot.places:
            for place in before:
                moved = len(digits) >= 3 and place.digits == digits  # noqa: PLR2004 - a code
                if moved or place.box.shared(box) > 0.5:  # noqa: PLR2004
                    number = self.numbers[place.of]
                    if _RANK[spot.kind] > _RANK[number.kind]:
                        number.kind, number.rule, number.scheme = spot.kind, spot.rule, spot.scheme
                        number.length, number.sure = spot.length, spot.sure
                    return place.of
        self.numbers.append(Number(spot.kind, spot.rule, spot.length, spot.scheme, spot.sure))
        return len(self.numbers) - 1

    def _since(self, box: Box, step: _Step) -> int:
        """Return the first frame that may show what the new state shows in `box`."""
        if self._strict:
            return step.base + 1
        return next((f.index for f in step.frames if changes.differs(step.old, f.picture, box)), step.new.index)

    def _until(self, box: Box, step: _Step) -> int:
        """Return the last frame that may show what the old state showed in `box` and the new one does not."""
        if self._strict:
            return step.new.index - 1
        for frame in reversed(step.frames):
            if changes.differs(step.new.picture, frame.picture, box):
                return frame.index
        return step.base

    def _leave(self, place: _Place, step: _Step) -> None:
        """Keep a place whose number still shows in part; else close it."""
        least = 1 if self._strict else _least(place)
        if patches.remains(place.patch, step.new.picture.grey, place.box, least):
            self._places.append(place)
            return
        self.masks.append(Mask(place.first, self._until(place.box, step), place.box, place.of))
        self._search(place.of, place.patch, place.box, step)
        self._hidden.append(place)

    def _return(self, place: _Place, step: _Step) -> None:
        """Cover a place again where a part of its number comes out from under what hid it."""
        if any(
            other.box.joined(place.box).width <= 1.1 * other.box.width and _on_line(other.box, place.box)
            for other in self._places
        ):  # found there anew, all of it
            self._hidden.remove(place)
        elif patches.remains(place.patch, step.new.picture.grey, place.box, _least(place)):
            self._hidden.remove(place)
            self._places.append(replace(place, first=self._since(place.box, step)))

    def _go_back(self, of: int, spot: Spot, now: Picture) -> None:
        """Cover the states before in which a part of the number stood at its place already, back to its first digit.

        `strict`: also where the first digit shows but was not read, and where something else stood there in between.
        """
        is_there = True
        begun = _Begun(self._history, spot, now) if self._strict else None
        for state in reversed(self._states):
            hits = [(box, run) for box, _ in spot.places for run in state.runs if _on_line(run.box, box)]
            shown = "".join(run.digits for _, run in hits)
            unread = begun.back() if begun is not None else None
            if self._strict and not is_there:  # it was hidden or gone for a while: only what it begins with
                hits = [(box, run) for box, run in hits if run.digits and _begins(spot, box, run)]
            elif self._strict and not hits and unread is not None:
                hits = [(unread, Run(unread, ""))]
            elif not hits or not (self._strict or (len(shown) >= SHOWN and shown[:SHOWN] in spot.digits)):
                is_there = False
            if not self._strict and not is_there:
                return
            self.masks += [Mask(state.first, state.last, run.box.joined(box), of) for box, run in hits]

    def _search(self, of: int, patch: Plane, box: Box, step: _Step) -> None:
        """Cover a number where it shows in frames that are like neither the old state nor the new."""
        seen: list[tuple[int, list[Box]]] = []
        for frame, areas in step.moving:
            rooms = [a.grown(box.width, box.height).within(step.old.width, step.old.height) for a in areas]
            seen.append(
                (frame.index, [hit for room in rooms for hit in patches.found(patch, frame.picture.grey, room)])
            )
        for at, (index, boxes) in enumerate(seen):
            near = [b for _, some in seen[max(0, at - 1) : at + 2] for b in some]
            for hit in dict.fromkeys([*boxes, *near]):
                self.masks.append(Mask(index, index, hit.within(step.old.width, step.old.height), of))


class _Begun:
    """Looks back for the first digit of what was found by its pixels: alone it is often not read as text."""

    def __init__(self, history: History, spot: Spot, now: Picture) -> None:
        box, digits = spot.places[0]
        self._box = box.within(now.width, now.height)
        self._past = history.place(now, self._box) if self._box.width and self._box.height else None
        advance = box.width / (max(1, len(digits)) + 0.8)  # a spot's box has a margin: see Line.part
        first = Box(round(box.left + 0.4 * advance), box.top, round(advance), box.height)
        self._glyph = patches.cut_out(now.grey, first.within(now.width, now.height))

    def back(self) -> Box | None:
        """Go back by one state; return the place if the digit shows in it."""
        room = None if self._past is None else self._past.back()
        return self._box if room is not None and patches.shows(self._glyph, room) else None


def _least(place: _Place) -> int:
    """Return how many stretches of a number must show to be taken for it."""
    return min(_LEAST, max(1, len(place.digits) // 4))


def _moving(step: _Step) -> list[tuple[Frame, list[Box]]]:
    """Return the frames between two states that show what neither does, and where."""
    out = []
    for frame in step.frames[:-1]:
        tiles = changes.changed(step.old, frame.picture)
        if tiles.any():
            tiles = np.logical_and(tiles, changes.changed(step.new.picture, frame.picture))
        if tiles.any():
            out.append((frame, changes.regions(tiles, step.old.width, step.old.height)))
    return out


def _same_place(places: Sequence[_Place], box: Box) -> _Place | None:
    """Return the place that a box has or mostly takes up, the closest first."""
    near = [p for p in places if p.box.shared(box) > 0.5 and _on_line(p.box, box)]  # noqa: PLR2004 - mostly
    return min(near, key=lambda p: (not _close(p.box, box), abs(p.box.left - box.left)), default=None)


def _close(one: Box, other: Box) -> bool:
    return (
        abs(one.left - other.left) <= _JITTER
        and abs(one.top - other.top) <= _JITTER
        and abs(one.right - other.right) <= _JITTER
        and abs(one.bottom - other.bottom) <= _JITTER
    )


def _begins(spot: Spot, box: Box, run: Run) -> bool:
    """Say whether a run is the first digits of what stands in a box of the spot, at their place."""
    digits = next((digits for other, digits in spot.places if other == box), "")
    return digits.startswith(run.digits) and abs(run.box.left - box.left) <= box.height


def _on_line(run: Box, box: Box) -> bool:
    """Say whether a run of digits stands in the number's box, on its line."""
    high = min(run.bottom, box.bottom) - max(run.top, box.top)
    return run.meets(box) and high >= 0.5 * min(run.height, box.height)
