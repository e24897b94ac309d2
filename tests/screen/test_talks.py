"""Numbers given over several messages, codes and dates, and what must stay."""

import json

import pytest

from tests.screen.samples import CARDS, words
from vault.screen.find.digits import Reading, scan
from vault.screen.find.finder import find
from vault.screen.find.schemes import match, passes_luhn
from vault.screen.find.talk import Segment
from vault.screen.text.document import masked


def cut(*texts, speakers=None, hints=None):
    speakers = speakers or [None] * len(texts)
    segments = [
        Segment(text, "talk", speaker, hint)
        for text, speaker, hint in zip(texts, speakers, hints or [""] * len(texts), strict=True)
    ]
    found = find(segments)
    return [masked(text, found.cuts.get(i, [])) for i, text in enumerate(texts)], found.hits


def kinds(hits):
    return sorted({hit.kind for hit in hits})


PAN = CARDS["Visa"]
CA = ["C", "A"] * 12
SPLITS = {
    "four messages": (["4111", "1111", "1111", "1111"], None),
    "one caller, an agent who listens": (["4111", "ok", "1111", "go on", "1111", "yes", "1111", "thanks"], CA),
    "the agent counts": (
        ["4111", "next 4 please", "1111", "that's 8 digits, next four", "1111", "last four", "1111"],
        CA,
    ),
    "the agent echoes": (["4242", "4242", "4242", "4242", "4242", "4242", "4242", "4242"], CA),
    "the agent echoes another card": (["5555", "5555 ok", "5555", "5555 yes", "5555", "5555", "4444", "4444"], CA),
    "echoes without names": (["2223", "2223 ok", "0031", "0031 ok", "2200", "2200 ok", "3222", "3222 thanks"], None),
    "both give parts": (["it starts 4111 1111", "and ends 1111 1111 ?", "yes"], CA),
    "talk between": (
        ["4111 hold on the dog", "no problem", "sorry about that 1111", "ok", "1111 and then", "", "1111"],
        CA,
    ),
    "one moment": (["my card is 4111", "ok", "one moment please", "sure", "1111", "ok", "1111 1111"], CA),
    "words": (["four one one one", "ok", "one one one one", "ok", "1111", "ok", "double one double one"], CA),
    "digit by digit": (list("4111111111111111"), None),
    "in one message": (["first 4111 then 1111 then 1111 and finally 1111"], None),
    "counts amid repeated parts": (["it is 4242", "4242 then wait 2 people here", "4242 and", "4242"], None),
    "broken lines": (["4111 11", "11 1111", "1111"], None),
    "corrected": (["the card is 4111 1111", "ok", "1112 no sorry 1111", "ok", "1111"], CA),
    "amex": (["3782", "ok", "822463", "ok", "10005"], CA),
    "odd parts near talk of a card": (
        ["what is your card number", "41111", "ok", "11111 1", "yes", "11111"],
        ["A", "C"] * 3,
    ),
    "a list": (["1. 4111", "2. 1111", "3. 1111", "4. 1111"], None),
}


@pytest.mark.parametrize("name", SPLITS)
def test_a_number_split_over_a_talk_is_cut(name):
    texts, speakers = SPLITS[name]
    shown, hits = cut(*texts, speakers=speakers and speakers[: len(texts)])
    assert "card" in kinds(hits)
    assert sum(text.count("*") for text in shown) >= 11


def test_the_last_part_of_a_split_number_stays():
    shown, _ = cut("4242", "ok", "4242", "ok", "4242", "ok", "4242 bye", speakers=CA[:7])
    assert shown == ["****", "ok", "****", "ok", "****", "ok", "4242 bye"]


CODES = {
    "cvv before": ["the cvv is 123"],
    "cvc after": ["123 is the cvc"],
    "asked for": ["what is the security code?", "sure", "it's 987"],
    "three digits on the back": ["the three digits on the back please", "it is 4 5 6"],
    "words": ["and the CVV2 number", "one two three"],
    "four digits": ["security code please", "1234"],
    "named afterwards": ["123", "that's the cvv"],
    "behind the card": ["4111 1111 1111 1111 12/27 123"],
    "next message after the card": ["4111 1111 1111 1111", "ok", "123"],
    "Spanish": ["el código de seguridad", "789"],
    "German": ["Prüfziffer?", "789"],
    "French": ["le cryptogramme", "789"],
    "full width": ["cvv \uff11\uff12\uff13"],
    "hidden in the word": ["c\u200bv\u200bv 123"],
    "with the agent between": ["cvv?", "where is it", "on the back", "321"],
}


@pytest.mark.parametrize("name", CODES)
def test_a_security_code_is_cut_whole(name):
    shown, hits = cut(*CODES[name])
    assert "security-code" in kinds(hits)
    code = shown[0] if name == "named afterwards" else shown[-1]
    assert not any(c.isdigit() for c in code.replace("1111", "").replace("CVV2", ""))
    assert not any(word in code for word in ("one", "two", "three"))


@pytest.mark.parametrize(
    "texts",
    [
        ["4111111111111111 exp 12/27"],
        ["4111111111111111", "expires 12/2027"],
        ["4111111111111111", "and the expiry date?", "1227"],
        ["4111111111111111", "valid thru 01 29"],
        ["4111111111111111", "it expires December 2027"],
        ["4111111111111111", "expiry?", "one two two seven"],
        ["4111111111111111", "ok", "thanks", "let me see", "and so", "yes", "and the expiry date?", "it is 12 27"],
    ],
)
def test_an_expiry_date_near_a_card_is_cut(texts):
    shown, _ = cut(*texts)
    last = shown[-1].replace("1111", "")
    assert "*" in last
    assert not any(c.isdigit() for c in last)


def test_field_names_announce_codes():
    shown, hits = cut("123", "4111111111111111", hints=["securityCode", "cardNumber"])
    assert shown == ["***", "************1111"]
    assert kinds(hits) == ["card", "security-code"]


STAYS = [
    "1715000000000",
    "sent at 1715003412345 and 1715003412999",
    "2024-05-06T10:11:12.345678Z",
    "2024-05-06 10:11:12 +02:00",
    "20240506T101112Z",
    "at 10:45, 11:20, 12:35 and 14:05",
    "550e8400-e29b-41d4-a716-446655440000",
    "order 4111111111111112",
    "order number 1234567812345678",
    "invoice 5555-5555-5555-4445",
    "IBAN GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000",
    "FR14 2004 1010 0505 0001 3M02 606",
    "call +49 151 23456789 or +1 (212) 555-1234",
    "+4915123456789",
    "020 7946 0958",
    "on 12/05/2024 for 45.99",
    "tracking 1Z999AA10123456784",
    "serial 000000000000000000",
    "one moment please, one of the two is on its way, no one knows",
    "that is 250 pounds, 3 items, 20 % off",
    "192.168.100.200 and 10.0.0.1",
    "isbn 978-3-16-148410-0",
    "room 123, floor 4, seat 5",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "the digits of pi 3.14159",
    "zero one two",
    "my code is 123456",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_is_no_card_number_stays(text):
    shown, hits = cut(text)
    assert shown == [text]
    assert hits == ()


def test_a_whole_ordinary_talk_stays():
    texts = [
        "Hi, I ordered 2 pairs on 12/05, order 48213.",
        "Thanks, one moment. Is that order 48213 for 45.99?",
        "Yes, and another on 2024-05-06 for 120.50, order 48977.",
        "Could I have your phone number?",
        "+1 212 555 1234, extension 4512",
        "And the postcode? It was 10118 in 2019.",
        "Still 10118. Flat 4, 350 5th Avenue.",
        "Great, it leaves at 10:30 and arrives by 16:45.",
    ]
    shown, hits = cut(*texts, speakers=CA[:8])
    assert shown == texts
    assert hits == ()


def test_a_timestamp_between_the_parts_does_not_hide_a_number():
    shown, _ = cut("4111 1111 2024-05-06T10:11:12Z 1111 1111")
    assert shown == ["**** **** 2024-05-06T10:11:12Z **** 1111"]


def test_a_card_number_dressed_as_an_id_is_cut():
    for text in ("41111111-1111-1111-1000-000000000000", "4111-11-11T11:11:11.11", "GB00 4111 1111 1111 1111"):
        _, hits = cut(text)
        assert "card" in kinds(hits), text


def test_an_iban_stays_only_with_its_check_digits():
    account = "41" + PAN
    check = 98 - int(account + "131400") % 97
    assert cut(f"IBAN DE{check:02}{account}")[1] == ()
    assert kinds(cut(f"IBAN DE{check - 1:02}{account}")[1]) == ["card"]


def test_a_count_is_no_digit_and_a_digit_is_no_count():
    said = "that was 12 digits, the next four please, one moment, next four one"
    assert [block.digits for block in scan(said, Reading.PLAIN).blocks] == ["4", "1"]


def test_a_later_round_cuts_the_whole_chain():
    found = find([Segment(f"77 {PAN} 88, 99", "talk")], keep=0)
    assert masked(f"77 {PAN} 88, 99", found.cuts[0]) == "** " + "*" * 16 + " **, **"


def test_an_unchecked_unionpay_number_is_cut_only_in_talk_of_cards():
    shown, _ = cut("my card is 6200 0000 0000 0001")
    assert shown == ["my card is **** **** **** 0001"]
    shown, hits = cut("parcel 6200000000000001")
    assert hits == ()


def test_a_phone_number_stays_and_a_card_behind_a_plus_does_not():
    phone = next(n for tail in range(100) if passes_luhn(n := f"49151234567{tail:02}"))
    assert match(phone) is not None
    assert cut(f"+{phone}")[1] == ()
    assert kinds(cut(phone)[1]) == ["card"]
    assert kinds(cut("+4222222222222")[1]) == ["card"]


def test_two_numbers_glued_together_are_cut_whole_because_nobody_can_tell_where_one_ends():
    assert cut(f"x {PAN}{PAN} y")[0] == ["x ******************************** y"]


def test_overlapping_numbers_leave_only_the_last_four_digits():
    longer = next(n for tail in range(1000) if passes_luhn(n := f"4222222222222{tail:03}"))
    shown, hits = cut(f"x {longer} y")
    assert shown == ["x ************" + longer[-4:] + " y"]
    assert len(hits) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1" * 20000,
        "4" * 20000,
        "4111111111111111" * 1000,
        "one " * 5000,
        "4 1 1 1 " * 3000,
        "%34" * 5000,
        "o" * 20000,
        "<" * 20000,
        "<!--" * 5000,
        "cvv 123 " * 3000,
        "twenty hundred thousand " * 2000,
        "onetwo" * 4000,
        "4111 then " * 2000,
        "gb00 " * 4000,
        "\\u0034" * 4000,
        "4\u200b" * 8000,
        "+" * 20000,
        "card 4111 1111 1111 1111 12/27 123 " * 400,
    ],
    ids=lambda text: text[:12].strip(),
)
def test_hostile_repetition_is_read_to_the_end(text):
    found = find([Segment(text, "talk")])
    again = find([Segment(masked(text, found.cuts.get(0, [])), "talk")], keep=0)
    assert not [hit for hit in again.hits if hit.kind == "card" and hit.rule in {"SCR-04", "SCR-05"}]


def test_the_hits_do_not_carry_digits_of_the_number():
    _, hits = cut("card 4242 4242 4242 4242 cvv 987", words("5555555555554444"))
    told = json.dumps([[h.kind, h.scheme] for h in hits])
    assert not any(c.isdigit() for c in told)
