"""Numbers of telephones, parcels, ids and the like stay in balanced; air travel cards are told from them."""

import csv
import io

import pytest

from benchmarks.redaction.text_disguises import CARDS
from tests.screen.samples import BALANCED, redact
from vault.screen.find.finder import find
from vault.screen.find.schemes import is_uatp, match, passes_luhn, windows
from vault.screen.find.talk import Segment
from vault.screen.text.recheck import recheck

UATP, AIRPLUS = "135410014004955", "122000000000003"  # published test numbers


def schemes(*texts, **more):
    return [hit.scheme for hit in find([Segment(text, "talk", **more) for text in texts]).hits if hit.kind == "card"]


def ending(start, digits):
    """Return the first number from `start` on that is a card number by issuer, length and Luhn."""
    rest = digits - len(start)
    return next(n for tail in range(10**rest) if passes_luhn(n := f"{start}{tail:0{rest}}") and match(n))


@pytest.mark.parametrize("number", [UATP, AIRPLUS])
def test_an_air_travel_card_is_cut_where_it_looks_like_a_card_or_somebody_speaks_of_one(number):
    assert is_uatp(number)
    four, five = f"{number[:4]} {number[4:9]} {number[9:]}", f"{number[:4]} {number[4:10]} {number[10:]}"
    for text in (f"my card is {number}", f"card {number} 12/27", four, five, four.replace(" ", "-")):
        assert schemes(text) == ["UATP"], text
    for text in (number, f"order {number}", f"card, order {number}", f"9{number}", f"7 {number} 8"):
        assert schemes(text) == [], text
    assert schemes("your card number please", number) == ["UATP"]
    assert match(number) is None  # every tenth number that begins with a 1 is one


def test_a_telephone_number_of_a_range_not_given_out_stays():
    phone = ending("4915412345", 13)
    grouped = f"+{phone[:2]} {phone[2:5]} {phone[5:]}"
    assert schemes(f"call me on {grouped}") == []
    assert schemes(f"business card: {grouped}") == []
    assert schemes(f"card {grouped[1:]}") == ["Visa"]


def test_a_telephone_number_and_the_digits_of_the_next_message_are_no_card():
    number = ending("447700900123", 16)
    first, last = number[:12], number[12:]
    said = f"+{first[:2]} {first[2:6]} {first[6:]}"
    assert schemes("my card?", said, last) == []
    assert schemes("my card?", said[1:], last) == ["Visa"]


def test_thirteen_digits_inside_an_id_or_a_parcel_s_number_stay():
    visa = "4222222222222"
    for text in (f"1Z60B{visa}", f"the id is a6f{visa}bcde09875a6b7c8d"):
        assert schemes(f"parcel {text}") == [], text
        assert schemes(f"my card, {text}") == [], text
    assert schemes(f"card {visa}") == ["Visa"]


def test_a_parcel_s_number_behind_one_letter_stays_for_both_passes_and_a_card_behind_a_word_does_not():
    amex = CARDS["American Express"][0]
    for text in (f"tracking H{amex}", f"Die Sendung H{amex} kam"):
        assert schemes(text) == []
        assert recheck("text/plain", text.encode(), BALANCED) == ()
    for text in (f"tracking{amex}", f"H{amex}", f"my card H{amex}", f"tracking {amex}"):
        assert schemes(text) == ["American Express"], text


def test_two_lines_of_telephone_numbers_beside_talk_of_cards_are_no_long_card():
    number = ending("671248337673", 18)
    groups = " ".join(number[i : i + 3] for i in range(0, 9, 3)), " ".join(number[i : i + 3] for i in range(9, 18, 3))
    assert schemes("business card:", *groups) == []
    assert schemes("my card number is", *groups) == ["Maestro"]


def test_an_amount_and_a_count_are_no_halves_of_a_card_for_the_second_pass():
    visa = CARDS["Visa"][0]
    bare = f"{visa[:8]}\n{visa[8:]}\n".encode()
    priced = f"${visa[:4]}.{visa[4:6]} x {visa[6:8]}\n{visa[8:]}\n".encode()
    assert recheck("text/plain", bare, BALANCED) != ()
    assert recheck("text/plain", priced, BALANCED) == ()


def test_an_expiry_date_goes_with_a_card_that_only_another_reading_of_another_field_finds():
    card = "4111 1111 1111 llll"
    talk = [Segment(card, "text"), Segment("12/27", "until", hint="expiry")]
    assert sorted(hit.kind for hit in find(talk).hits) == ["card", "expiry"]


def test_windows_from_given_places_are_those_of_all_places():
    for schemes_ in (("Visa", "Mastercard"), ("UnionPay", "Discover"), ("American Express", "JCB")):
        number = "".join(CARDS[scheme][0] for scheme in schemes_)
        every = list(windows(number))
        assert every
        assert list(windows(number, range(len(number)))) == every
        some = range(0, len(number), 4)
        assert list(windows(number, some)) == [found for found in every if found[0] in some]


def test_numbers_of_json_that_stand_alone_are_read_when_their_name_tells_a_code():
    for name, kind in (("cvv", "security-code"), ("cardSecurityCode", "security-code")):
        hits = find([Segment("123", hint=name, whole=True, joins=False)]).hits
        assert [hit.kind for hit in hits] == [kind], name
    assert find([Segment("123", hint="count", whole=True, joins=False)]).hits == ()
    assert find([Segment("12345678", hint="count", whole=True, joins=False)], run=7).hits != ()
    assert find([Segment(CARDS["Visa"][0], hint="count", whole=True, joins=False)]).hits != ()


ROWS = [
    ("1000", "2427438", "01 36 29 92 52", "\u00a33.00", "LX702029015GB", "12/09/2026"),
    ("1001", "SO-951332", "020 7946 0277", "$898.99", "JJD324828917732959318", "02/06/2028"),
    ("1002", "45200843", "(534) 555-8058", "28,00 \u20ac", "9400 9423 0879 8593 6295 86", "5/6/29"),
    ("1003", "5717356", "042/8652386", "EUR 4,030.45", "9361 3046 4189 0023 1629 98", "19/09/2026"),
    ("1004", "4028019", "020 7946 0461", "$15.00", "CP314293320GB", "4.5.2023"),
]
HEADERS = [
    None,
    ("id", "order", "phone", "price", "tracking", "date"),
    ("id", "order", "phone", "payment", "by", "date"),
]


def table(rows, sign):
    out = io.StringIO()
    csv.writer(out, delimiter=sign, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("header", HEADERS[:2])
def test_the_cells_of_a_table_are_not_read_as_one_number(header, sign):
    text = table([header, *ROWS] if header else ROWS, sign)
    assert redact("text/plain", text.encode()).content.decode() == text


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(
    ("cells", "left"),
    [
        (("4111111111111111", "12/29", "737", "x"), ("************1111", "**/**", "***", "x")),
        (("4111 1111 1111 1111", "x", "y", "z"), ("**** **** **** 1111", "x", "y", "z")),
        (("4111", "1111", "1111", "1111"), ("****", "****", "****", "1111")),
        (("4111 1111", "1111 1111", "y", "z"), ("**** ****", "**** 1111", "y", "z")),
        (("41111111", "11111111", "y", "z"), ("********", "****1111", "y", "z")),
        (("3782", "822463", "10005", "z"), ("****", "******", "*0005", "z")),
        (("ref 4111-1111-1111-1111", "", "", ""), ("ref ****-****-****-1111", "", "", "")),
    ],
)
def test_a_card_in_a_table_is_cut_in_one_cell_and_over_whole_cells(cells, left, header, sign):
    rows = [*([header] if header else ()), ROWS[0], ROWS[1], ("Ann", *cells, "ok"), ROWS[2]]
    want = [*rows[:-2], ("Ann", *left, "ok"), rows[-1]]
    assert redact("text/plain", table(rows, sign).encode()).content.decode() == table(want, sign)


@pytest.mark.parametrize(
    "talk",
    [
        ["the door code is 4864", "Hola, mi pedido no ha llegado", "192.168.118.182"],
        ["62670282", "contract 3849691595"],
        ["Your gift card has 13,95 \u20ac left", "A40502", "192.168.47.233"],
        ["Rechnung SO-3991364608, \u00a31256.50"],
        ["Which card did you use?", "see 1640782340281 and 00930e44-1057-4446-9262-667501a695a1"],
        ["Did you get my payment?", "tracking 1ZG572905517311436"],
    ],
)
def test_what_was_cut_in_vain_in_ordinary_talks_stays(talk):
    assert find([Segment(text, "talk", speaker) for text, speaker in zip(talk, "abab", strict=False)]).cuts == {}


def test_a_card_in_the_places_of_such_numbers_does_not():
    for talk in (
        ["41111111", "my card goes on 11111111"],
        ["Rechnung 4111 1111 1111 1111, \u00a31256.50"],
        ["see 41111111-1111-1111-a111-667501a695a1"],
        ["tracking 1Z4111111111111111"],
        ["411.111.111.111.111.1"],
    ):
        assert find([Segment(text, "talk", "a") for text in talk]).cuts, talk


def test_a_verification_code_of_six_digits_is_no_expiry_date():
    talk = ["my card is 4111 1111 1111 1111, valid until 12/2029", "Sorry, your verification code is 088810"]
    found = find([Segment(text, "talk", "a") for text in talk])
    assert sorted(found.cuts) == [0]
    assert 1 in find([Segment(text, "talk", "a") for text in [talk[0], "valid until 122029"]]).cuts
