"""Terminal screens: each glyph in a cell of its own, with a cursor or brackets round what is typed."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.screen.picture.clips import VISA, clip, eye, frames, run
from vault.screen.options import Options
from vault.screen.picture.changes import Picture
from vault.screen.picture.history import History
from vault.screen.picture.lines import Box
from vault.screen.picture.watch import Watch

NUMBER, CODE = VISA.replace(" ", ""), "737"
X, ACCT, SEC, CELL, SIZE = 160, 60, 100, 8, 14
GREEN = (40, 204, 40)


def put(draw, x, y, text):
    font = ImageFont.load_default(SIZE)
    for place, glyph in enumerate(text):
        draw.text((x + place * CELL, y), glyph, font=font, fill=GREEN)


def terminal(card, code, style):
    """Draw the form with what was typed so far; the cursor is in the last field that holds something."""
    image = Image.new("RGB", (480, 160))
    draw = ImageDraw.Draw(image)
    for y, text in ((20, "CUSTOMER PAYMENT"), (ACCT, "ACCT"), (SEC, "SEC")):
        put(draw, 20, y, text)
    for y, typed, here in ((ACCT, card, not code), (SEC, code, bool(code))):
        put(draw, X, y, typed)
        end = X + CELL * len(typed)
        if style == "brackets":
            put(draw, X - CELL, y, "[")
            put(draw, end, y, "]")
        elif style == "line" and here:
            put(draw, end, y, "_")
        elif style == "block" and here:
            draw.rectangle((end, y + 2, end + CELL - 1, y + SIZE + 2), fill=GREEN)
        elif style == "lines":
            put(draw, end, y, "_" * (16 - len(typed)))
    return image


def typing(slow):
    """Return what stands in the two fields frame by frame; the first two digits and the code stay `slow` frames."""
    card = [(NUMBER[:k], "") for k in range(1, 17) for _ in range(slow if k <= 2 else 1)]
    return [("", "")] * 4 + card + [(NUMBER, CODE[:k]) for k in (1, 2, 3) for _ in range(slow)] + [(NUMBER, CODE)] * 4


def leaks(result, source, texts):
    """Return the frames in which ink of a digit shows."""
    out = []
    for index, ((_, new), (_, old), (card, code)) in enumerate(zip(result, source, texts, strict=True)):
        for y, typed in ((ACCT, card), (SEC, code)):
            place = np.s_[y + 2 : y + SIZE + 2, X : X + len(typed) * CELL - 1]
            if typed and (new[place][old[place] > 80] > 60).any():
                out.append((index, len(typed), y == SEC))
    return out


@pytest.mark.parametrize("slow", [1, 3])
@pytest.mark.parametrize("style", ["line", "block", "brackets", "lines", "none"])
def test_strict_covers_a_number_and_a_code_on_a_terminal_from_their_first_digit(tmp_path, style, slow):
    texts = typing(slow)
    source = clip([terminal(*one, style) for one in texts], rate=4)
    _, sink = run(source, tmp_path)
    assert leaks(frames(source), frames(source), texts)  # they can be seen in the source
    assert leaks(frames(sink), frames(source), texts) == []


def test_an_empty_field_on_a_terminal_stays(tmp_path):
    texts = [("", "")] * 12 + [(NUMBER, "")] * 4
    source = clip([terminal(*one, "line") for one in texts], rate=4)
    _, sink = run(source, tmp_path)
    cursor = np.s_[ACCT : ACCT + SIZE + 6, X : X + CELL]
    assert all(new[cursor].max() > 80 for _, new in frames(sink)[:8])


def shown(image):
    rgb = np.asarray(image.convert("YCbCr"))
    grey = rgb[..., 0]
    chroma = np.full((grey.shape[0] // 2, grey.shape[1]), 128, np.uint8)
    return Picture(np.ascontiguousarray(np.concatenate([grey, chroma])))


def test_a_digit_typed_at_the_end_of_a_line_is_not_taken_for_the_line_before():
    watch = Watch(eye(), Options())
    for index, code in enumerate(("", "7", "73", "737")):
        watch.see(index, float(index), shown(terminal(NUMBER, code, "none")))
    assert CODE in [line.text for line in watch.lines]


def test_a_place_is_given_back_as_it_was_in_each_state_before():
    pages = [terminal(NUMBER[:k], "", "line") for k in (0, 1, 2, 9)]
    pictures = [shown(page) for page in pages]
    history = History()
    for old, new in pairwise(pictures):
        history.add(old, new)
    box = Box(X - 3, ACCT - 5, 70, 31)
    past = history.place(pictures[-1], box)
    for old in reversed(pictures[:-1]):
        assert (past.back() == old.grey[box.top : box.bottom, box.left : box.right]).all()
    assert past.back() is None


def test_what_is_older_than_the_bound_is_forgotten():
    black, white = (Picture(np.full((1620, 1920), level, np.uint8)) for level in (0, 255))
    history = History()
    for index in range(60):
        history.add(*((black, white) if index % 2 else (white, black)))
    past = history.place(black, Box(1900, 1060, 20, 20))
    known = 0
    while past.back() is not None:
        known += 1
    assert 10 < known < 20
