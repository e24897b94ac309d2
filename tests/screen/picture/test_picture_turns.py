"""Text on its side or its head: tagged recordings, screens that were turned without a tag, and ones turned midway."""

import numpy as np
import pytest

from tests.screen.picture.clips import VISA, clip, eye, frames, page, run, shows
from vault.screen.options import Options, Preset
from vault.screen.picture.recheck import recheck
from vault.screen.picture.turn import best_turn, is_odd

X, Y = 100, 60
TYPED = ["", *(VISA[:k] for k in range(1, len(VISA) + 1)), VISA, VISA]
FORM = ((20, 100, "CVV"), (100, 100, "737"), (20, 130, "Expiry"), (100, 130, "12/29"))
TURNS = [0, 90, 180, 270]


def turned(pages, turn, *, tagged):
    """Encode pages turned clockwise by the angle that the tag undoes; or the other way round, and untagged."""
    stored = [p.rotate(-turn if tagged else turn, expand=True) for p in pages]
    return clip(stored, rotation=turn if tagged else None, rate=3)


def upright(picture, turn, *, tagged):
    return np.rot90(picture, turn // 90 if tagged else -(turn // 90))


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("beside", [(), ((20, 20, "Order desk"),)])
def test_strict_covers_a_turned_number_from_its_first_digit_typed(tmp_path, turn, tagged, beside):
    source = turned([page((X, Y, text), *beside) for text in TYPED], turn, tagged=tagged)
    redaction, sink = run(source, tmp_path)
    pairs = zip(frames(sink), frames(source), strict=True)
    result = [(upright(new, turn, tagged=tagged), upright(old, turn, tagged=tagged)) for (_, new), (_, old) in pairs]
    assert sum(shows(old, old, X, Y) for _, old in result) == len(TYPED) - 1
    assert not any(shows(*shot, X, Y) for shot in result)
    assert recheck(sink, Options(), eye(), redaction.findings, lambda _: None) == ()


@pytest.mark.parametrize("turn", TURNS)
def test_the_form_of_a_card_is_covered_however_it_is_turned(tmp_path, turn):
    source = turned([page((20, Y, "Card"), (X, Y, VISA), *FORM)] * 4, turn, tagged=False)
    _, sink = run(source, tmp_path, options=Options(preset=Preset.BALANCED))
    for (_, new), (_, old) in zip(frames(sink), frames(source), strict=True):
        shot = upright(new, turn, tagged=False), upright(old, turn, tagged=False)
        assert not any(shows(*shot, X, y) for y in (Y, 100, 130))
        assert all(shows(*shot, 20, y, 50) for y in (Y, 100, 130))


@pytest.mark.parametrize("turn", TURNS[1:])
def test_a_screen_that_is_turned_midway_is_covered_before_and_after(tmp_path, turn):
    upright_one = page((20, 20, "Customer record of today"), size=(320, 320))
    shown = page((20, 20, "Customer record of today"), (X, Y, VISA), size=(320, 320))
    other = page((20, 20, "Customer record of May"), size=(320, 320))  # read just before the turn
    source = clip([upright_one] * 7 + [other] + [shown.rotate(turn)] * 12 + [shown] * 8, rate=10)
    _, sink = run(source, tmp_path)
    for k, ((_, new), (_, old)) in enumerate(zip(frames(sink), frames(source), strict=True)):
        back = -(turn // 90) if 8 <= k < 20 else 0
        assert not shows(np.rot90(new, back), np.rot90(old, back), X, Y), k


@pytest.mark.parametrize("turn", TURNS[1:])
def test_the_second_look_reads_what_is_turned(turn):
    source = turned([page((20, 20, "Order desk"), (X, Y, VISA))] * 3, turn, tagged=False)
    (left,) = recheck(source, Options(), eye(), (), lambda _: None)
    assert (left.kind, left.length) == ("card", 16)
    tall = turn != 180
    assert (left.box[3] > left.box[2]) == tall


def test_a_usual_page_is_not_asked_about_and_not_turned():
    image = np.asarray(page((20, 20, "Order desk"), (X, Y, VISA), *FORM))
    lines = [eye().read(image, box) for box in eye().detect(image)]
    assert not is_odd(lines)
    assert best_turn(eye(), image) == 0


def test_what_was_shown_before_a_screen_was_turned_stays(tmp_path):
    blank = page((20, 20, "Customer record of today"), (40, 230, "Nothing yet"), size=(320, 320))
    shown = page((20, 20, "Customer record of today"), (X, Y, VISA), size=(320, 320))
    source = clip([blank] * 8 + [shown.rotate(180)] * 8, rate=6)
    _, sink = run(source, tmp_path)
    pairs = list(zip(frames(sink), frames(source), strict=True))
    assert all(shows(new, old, 40, 230, 100) for (_, new), (_, old) in pairs[:8])
