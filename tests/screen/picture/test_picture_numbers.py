import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.screen.picture.test_picture_geometry import line
from tests.screen.samples import CARDS, groups
from vault.screen.options import Allowed, Check, Options, Preset
from vault.screen.outcome import FindingKind
from vault.screen.picture.lines import Box
from vault.screen.picture.numbers import runs, spots

BALANCED = Options(preset=Preset.BALANCED)
STRICT = Options()


def kinds(lines, options=BALANCED):
    return [spot.kind for spot in spots(lines, options)]


@pytest.mark.parametrize("separator", ["", " ", "-", "."])
@pytest.mark.parametrize("pan", [CARDS["Visa"], CARDS["American Express"], CARDS["Maestro"]])
def test_a_card_number_in_a_line_is_a_spot_that_spans_its_digits(pan, separator):
    text = f"note {separator.join(groups(pan))} ok"
    (spot,) = spots([line(50, 20, text)], BALANCED)
    (box, digits), length = spot.places[0], len(text)
    assert (spot.kind, digits, spot.length) == (FindingKind.CARD, pan, len(pan))
    assert box.left <= 50 + 5 * 8
    assert box.right >= 50 + (length - 3) * 8


def test_a_number_in_four_fields_is_one_spot_of_four_places():
    fields = [line(50 + 60 * k, 20, part) for k, part in enumerate(groups(CARDS["Visa"]))]
    (spot,) = spots(fields, BALANCED)
    assert len(spot.places) == 4


def test_a_number_that_goes_on_in_the_next_line_is_found():
    lines = [line(10, 10, "card 4111 1111"), line(10, 30, "1111 1111 thanks")]
    (spot,) = spots(lines, BALANCED)
    assert spot.kind is FindingKind.CARD
    assert len(spot.places) == 2


@pytest.mark.parametrize(("x", "y"), [(10, 100), (100, 78), (100, 122)])
@pytest.mark.parametrize("label", ["CVV", "CVC2", "Security code", "Prüfziffer"])
def test_a_code_beside_its_label_is_found(label, x, y):
    assert kinds([line(x, y, label), line(100 + (40 if x == 10 else 0), 100, "123")]) == [FindingKind.CODE]


def test_a_date_is_an_expiry_date_where_a_card_shows():
    lines = [line(10, 10, "4111 1111 1111 1111"), line(10, 60, "Expiry"), line(80, 60, "12/29")]
    assert kinds(lines) == [FindingKind.CARD, FindingKind.EXPIRY]


@pytest.mark.parametrize(
    "text",
    ["Phone +44 20 7946 0958", "Order 10293847", "IBAN DE89 3704 0044 0532 0130 00", "2026-11-21 10:22:33",
     "Tracking 1Z 999 AA1 01 2345 6784", "Total 1,250.00"],
)  # fmt: skip
def test_ordinary_numbers_stay_under_balanced(text):
    assert kinds([line(10, 10, text)]) == []


def test_short_numbers_under_a_code_in_the_next_row_stay_under_balanced():
    lines = [line(10, 10, "CVV"), line(60, 10, "123"), line(10, 60, "Amount"), line(90, 60, "250")]
    assert [spot.digits for spot in spots(lines, BALANCED)] == ["123"]


def test_long_runs_are_covered_under_strict():
    assert kinds([line(10, 10, "Phone 020 7946 0958")], STRICT) == [FindingKind.DIGITS]


@given(st.integers(1, 6))
def test_strict_covers_a_labelled_field_from_its_first_digit(count):
    lines = [line(10, 10, "Card number"), line(140, 10, CARDS["Visa"][:count])]
    assert [spot.digits for spot in spots(lines, STRICT)] == [CARDS["Visa"][:count]]


def test_a_misread_card_number_is_covered_when_a_digit_is_uncertain():
    sure = line(10, 10, "4111 1111 1111 1112")
    assert kinds([sure]) == []
    unsure = sure._replace(sure=(*sure.sure[:-1], 0.5))
    assert kinds([unsure]) == [FindingKind.CARD]


def test_strict_covers_a_line_of_what_looks_like_digits_but_cannot_be_read():
    blurred = line(10, 10, "4l1lOOlSB")._replace(sure=(0.3,) * 9)
    assert len(kinds([blurred], STRICT)) == 1


def test_an_allowed_number_stays_under_strict():
    own = Allowed("account", re.compile(r"\d{10}"), Check.MOD97)
    number = next(f"{n:010d}" for n in range(1_000_000_000, 1_000_000_200) if n % 97 == 1)
    assert kinds([line(10, 10, f"Account {number}")], Options(allowed=(own,))) == []


def test_no_two_spots_cover_the_same_place():
    found = spots([line(10, 10, "Card 4111 1111 1111 1111")], STRICT)
    assert len(found) == 1
    assert found[0].places[0][0].within(2000, 100) != Box(0, 0, 0, 0)


def test_seven_digits_in_a_field_labelled_as_a_card_s_are_covered_under_balanced_too():
    assert kinds([line(10, 10, "Card number"), line(140, 10, "4111 11")]) == []
    assert kinds([line(10, 10, "Card number"), line(140, 10, "4111 111")]) == [FindingKind.DIGITS]
    assert kinds([line(10, 10, "Card reference"), line(160, 10, "1029384756")]) == []


def test_a_short_line_without_digits_counts_as_digits_misread():
    (short, digits) = runs([line(10, 10, "l+"), line(10, 60, "4111"), line(10, 90, "Note")])
    assert (short.digits, digits.digits) == ("", "4111")
