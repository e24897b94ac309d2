"""Numbers of telephones, parcels, ids and the like stay in balanced; air travel cards are told from them."""

import pytest

from benchmarks.redaction.text_disguises import CARDS
from tests.screen.samples import BALANCED
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
