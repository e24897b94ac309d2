import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.screen.options import Ruling, Span
from vault.screen.picture.film import as_coded
from vault.screen.picture.lines import Box, Line, labels, rows, spelled, wrapped
from vault.screen.picture.masks import MARGIN, Mask, Painter, dropped, merged, painted

boxes = st.builds(Box, st.integers(0, 600), st.integers(0, 300), st.integers(1, 80), st.integers(1, 40))
masks = st.builds(Mask, st.integers(0, 30), st.integers(0, 30), st.sampled_from([Box(0, 0, 4, 4), Box(8, 0, 4, 4)]),
                  st.integers(0, 1))  # fmt: skip


def line(x, y, text, *, height=16, advance=8):
    box = Box(x, y, max(1, advance * len(text)), height)
    return Line(box, text, tuple(x + advance * (k + 0.5) for k in range(len(text))), (1.0,) * len(text))


@given(boxes, boxes)
def test_the_box_around_two_holds_both(one, other):
    both = one.joined(other)
    assert both.joined(one) == both == both.joined(other)


@given(boxes, boxes)
def test_boxes_that_share_area_meet(one, other):
    assert one.meets(other) == (one.shared(other) > 0)


@given(boxes)
def test_what_is_painted_holds_the_box_and_its_margin_and_has_even_edges(box):
    solid = painted(box)
    assert solid.joined(box.grown(MARGIN, MARGIN)) == solid
    assert not (solid.left % 2)
    assert not (solid.top % 2)
    assert not (solid.width % 2)
    assert not (solid.height % 2)


@given(boxes, st.sampled_from([0, 90, 180, 270]))
def test_a_box_of_a_turned_picture_lies_in_the_coded_one_with_its_size(box, rotation):
    upright = (400, 700) if rotation in {90, 270} else (700, 400)
    box = box.within(*upright)
    coded = as_coded(box, rotation, 700, 400)
    assert coded.within(700, 400) == coded
    assert sorted(coded[2:]) == sorted(box[2:])


def test_a_corner_of_a_turned_picture_is_found_in_the_coded_one():
    corner = Box(0, 0, 10, 20)  # top left, as a person sees it
    assert as_coded(corner, 90, 700, 400) == Box(680, 0, 20, 10)
    assert as_coded(corner, 180, 700, 400) == Box(690, 380, 10, 20)
    assert as_coded(corner, 270, 700, 400) == Box(0, 390, 20, 10)


@given(st.lists(masks))
def test_merged_masks_cover_the_same_frames(some):
    def covered(every):
        return {(m.of, m.box, f) for m in every for f in range(m.first, m.last + 1)}

    assert covered(merged(some)) == covered(some)


@given(st.lists(masks))
def test_the_painter_has_each_mask_in_just_its_frames(some):
    painter = Painter(some, 100, 100)
    for frame in range(32):
        expected = sorted(painted(m.box).within(100, 100) for m in some if m.first <= frame <= m.last)
        assert sorted(painter.boxes(frame)) == expected


def test_a_mask_is_dropped_only_when_it_lies_wholly_in_what_people_let_pass():
    ruling = Ruling(drop=(Span(1.0, 3.0, (0, 0, 100, 100)),))
    mask = Mask(0, 9, Box(10, 10, 20, 20))
    assert dropped(mask, 1.5, 2.5, ruling)
    assert not dropped(mask, 0.5, 2.5, ruling)
    assert not dropped(Mask(0, 9, Box(90, 10, 20, 20)), 1.5, 2.5, ruling)


def test_a_part_of_a_line_covers_its_characters_and_not_the_words_before():
    text = line(100, 10, "Card number 4111111111111111")
    part = text.part(12, 28)
    assert part.left <= 100 + 12 * 8
    assert part.right >= 100 + 28 * 8
    assert part.left > 100 + 10 * 8


@pytest.mark.parametrize("label", ["CW2", "CWV", "cvw", "CWV2"])
def test_labels_with_two_v_are_recognised_however_they_are_read(label):
    assert spelled(line(10, 10, label)).text.upper().startswith("CVV")


def test_two_v_read_as_a_w_are_spelled_out_in_place():
    read = spelled(line(10, 10, "CW 12"))
    assert read.text == "CVV 12"
    assert len(read.centres) == len(read.sure) == 6
    assert read.centres[-1] == line(10, 10, "CW 12").centres[-1]


def test_fields_beside_each_other_are_one_row_and_far_ones_are_two():
    near = rows([line(10, 10, "4111"), line(70, 11, "1111"), line(400, 10, "Total")])
    assert [row.text for row in near] == ["4111 1111", "Total"]


def test_a_row_that_ends_in_digits_goes_on_in_the_row_below():
    lines = [line(10, 10, "card 4111 1111"), line(10, 30, "1111 1111 ok")]
    assert [row.text for row in wrapped(rows(lines), lines)] == ["4111 1111 1111 1111"]


def test_a_label_is_found_to_the_left_above_and_below():
    for x, y in ((10, 100), (100, 78), (100, 122)):
        assert labels([line(x, y, "CVV"), line(100, 100, "123")], 1) == "CVV"


def test_a_text_with_a_value_of_its_own_labels_nothing_below_it():
    assert labels([line(100, 78, "CVV 123 4"), line(100, 100, "250")], 1) == ""


def test_a_label_far_away_labels_nothing():
    assert labels([line(100, 10, "CVV"), line(100, 100, "123")], 1) == ""
