"""Whether a result is the recording with masks in it: every frame at its time, of its size, and solid where painted."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final

from vault.screen.picture.film import Film, as_coded, packets
from vault.screen.picture.lines import Box
from vault.screen.picture.masks import Mask, Painter
from vault.screen.picture.write import FILL
from vault.screen.sound.decode import opened

_ROUNDING: Final = 0.0015  # seconds; Matroska counts in milliseconds
_END: Final = 0.1  # seconds by which the end of the last frame may differ: a container may not say how long it lasts
_RING: Final = 4  # pixels at an edge of a mask into which a codec carries what lies outside
_LEVELS: Final = 48  # of brightness by which a codec may miss what was painted


def flaws(result: BinaryIO, times: Sequence[float], end: float, masks: Iterable[Mask], size: tuple[int, int]) -> str:
    """Return what is wrong with a result, nothing if it has a frame at each of `times` and is solid in the masks.

    Raises:
        UnscreenableError: it cannot be wholly decoded.

    """
    with opened(result) as container:
        film, painter = Film(container), None
        for packet in packets(container, film.stream):
            for shot in film.shots(packet):
                if shot.index >= len(times) or abs(shot.seconds - times[shot.index]) > _ROUNDING:
                    return "a frame is not at its time"
                if film.size != size:
                    return "it has another size"
                if painter is None:
                    painter = Painter((replace(m, box=as_coded(m.box, film.rotation, *size)) for m in masks), *size)
                boxes = list(painter.boxes(shot.index))
                if boxes and not _is_solid(shot.frame.to_ndarray(format="gray"), boxes):
                    return "what was to be covered shows"
        film.check_whole()
        if film.frames != len(times):
            return "it has not as many frames"
        return "" if abs(film.end - end) <= _END + 2 * _frame(times) else "it is not as long"


def _frame(times: Sequence[float]) -> float:
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0


def _is_solid(grey: Any, boxes: Iterable[Box]) -> bool:
    for left, top, width, height in boxes:
        inner = grey[top + _RING : top + height - _RING, left + _RING : left + width - _RING]
        if inner.size and inner.max() > FILL[0] + _LEVELS:
            return False
    return True
