import numpy as np
import pytest

from tests.screen.picture.clips import VISA, clip, page
from tests.screen.samples import CARDS, groups
from vault.screen.picture import changes, motion, patches
from vault.screen.picture.changes import Picture
from vault.screen.picture.lines import Box
from vault.screen.picture.masks import Mask
from vault.screen.picture.residue import numbers_in, passes
from vault.screen.picture.verify import flaws

SIZE = (480, 160)
TIMES = [0.0, 0.2, 0.4, 0.6]
BLACK = Box(40, 40, 200, 60)


def painted(black=True):
    image = page((20, 10, "Order desk"))
    if black:
        image.paste("black", (36, 36, 244, 104))
    return clip([image] * 4)


def test_a_result_that_is_as_it_should_be_has_no_flaws():
    assert flaws(painted(), TIMES, 0.8, [Mask(0, 3, BLACK)], SIZE) == ""


@pytest.mark.parametrize(
    ("result", "times", "end", "size", "flaw"),
    [
        (False, TIMES, 0.8, SIZE, "shows"),
        (True, [0.0, 0.2, 0.45, 0.6], 0.8, SIZE, "at its time"),
        (True, TIMES[:3], 0.6, SIZE, "at its time"),
        (True, [*TIMES, 0.8], 1.0, SIZE, "as many frames"),
        (True, TIMES, 2.0, SIZE, "as long"),
        (True, TIMES, 0.8, (480, 162), "size"),
    ],
)
def test_every_flaw_of_a_result_is_told(result, times, end, size, flaw):
    assert flaw in flaws(painted(result), times, end, [Mask(0, 3, BLACK)], size)


@pytest.mark.parametrize("pan", CARDS.values())
@pytest.mark.parametrize("separator", ["", " ", "-"])
def test_the_gate_reads_every_scheme_s_numbers_by_itself(pan, separator):
    text = f"at 10:22 on 2026-11-21, {separator.join(groups(pan))} was used"
    assert [digits for _, _, digits in numbers_in(text)] == [pan]


def test_the_gate_does_not_take_other_numbers_for_cards():
    others = ("4111 1111 1111 1112", "DE89 3704 0044 0532 0130 00", "2026-11-21 10:22:33", "+44 20 7946 0958")
    assert [list(numbers_in(text)) for text in others] == [[]] * 4
    assert passes("4111111111111111")


def drawn(*texts):
    image = page(*texts)
    grey = np.asarray(image.convert("L"))
    return Picture(np.concatenate([grey, np.full((SIZE[1] // 2, SIZE[0]), 128, np.uint8)]))


def words(y):
    return [(20, y + 24 * k, text) for k, text in enumerate(("Dear customer", "thank you for", "your letter of"))]


def test_text_that_only_moved_is_not_taken_for_gone():
    before, after = drawn(*words(60)), drawn(*words(40))
    tiles = changes.changed(before, after)
    assert tiles.any()
    assert not changes.is_textlike(before, motion.unmoved(before, after, tiles))


def test_text_that_is_gone_is_not_taken_for_moved():
    before, after = drawn(*words(60), (240, 100, VISA)), drawn(*words(60))
    tiles = changes.changed(before, after)
    assert changes.is_textlike(before, motion.unmoved(before, after, tiles))


def test_text_that_differs_in_colour_alone_is_a_change():
    one, other = drawn(), drawn()
    other.planes[1][30:38, 30:60] = 160
    assert changes.changed(one, other).any()
    assert not changes.changed(one, drawn()).any()


def test_a_small_change_is_shown_to_the_recogniser_with_what_is_around_it():
    room = changes.with_context(Box(200, 60, 16, 16), *SIZE)
    assert room.width >= 300
    assert room.height >= 120
    assert room.joined(Box(200, 60, 16, 16)) == room


@pytest.mark.parametrize("edge", [(20, 60, 240, 70), (20, 72, 240, 90), (20, 60, 110, 90), (115, 60, 260, 90)])
def test_a_patch_is_found_moved_and_half_hidden(edge):
    patch = patches.cut_out(drawn((20, 100, VISA)).grey, Box(20, 100, 180, 24))
    grey = drawn((20, 60, VISA)).grey.copy()
    left, top, right, bottom = edge
    grey[top:bottom, left:right] = 225
    assert Box(20, 60, 180, 24) in list(patches.found(patch, grey, Box(0, 0, *SIZE)))


def test_a_patch_is_not_found_where_other_text_stands():
    patch = patches.cut_out(drawn((20, 100, VISA)).grey, Box(20, 100, 180, 24))
    assert list(patches.found(patch, drawn(*words(40)).grey, Box(0, 0, *SIZE))) == []
