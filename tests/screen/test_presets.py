"""The presets, the allow-list, and what stays although it is a long number."""

import json
import random
import re

import pytest
import stdnum.iso7064.mod_11_2
import stdnum.iso7064.mod_97_10
import stdnum.luhn
import stdnum.verhoeff
from hypothesis import given
from hypothesis import strategies as st

from tests.screen.samples import BALANCED, CARDS, DISGUISES, STRICT, chatter, redact, rescan
from vault.screen.errors import UnscreenableError, Why
from vault.screen.find.allowed import passes
from vault.screen.find.digits import Reading, scan
from vault.screen.find.glance import capacity
from vault.screen.find.tame import is_other_number
from vault.screen.options import Allowed, Check, Options, Preset
from vault.screen.outcome import FindingKind, Medium

PAN = CARDS["Visa"]
REPORT = Options(preset=Preset.REPORT_ONLY)
ACCOUNT = Allowed("account", re.compile(r"AC[0-9]{10}"), Check.MOD97)
ORDER = Allowed("order", re.compile(r"[0-9]{9}"), Check.VERHOEFF)


def strict(text, **options):
    return redact("text/plain", text.encode(), Options(**options)).content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "call 020 7946 0958",
        "order 48213977",
        "0049 151 23456789",
        "five five five one two three four",
        "4111 111",
        "192.168.10.20",
    ],
)
def test_strict_cuts_every_run_that_could_be_part_of_a_card(text):
    result = redact("text/plain", text.encode(), STRICT)
    assert [(f.kind, f.rule) for f in result.findings] == [(FindingKind.DIGITS, "SCR-22")]
    assert not re.search(r"[0-9]|five|four", result.content.decode())
    assert rescan("text/plain", result.content, STRICT) == ()
    assert redact("text/plain", text.encode(), BALANCED).content == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        "it was 123456 of them",
        "on 2024-05-06 at 10:11:12 and 2024-05-06T10:11:12.345678Z",
        "on 12/05/2024, 3.11.2023 and 12/31/24",
        "550e8400-e29b-41d4-a716-446655440000",
        "IBAN GB82 WEST 1234 5698 7654 32",
        "EUR 1,234,567.89 or $12345.67 or 99.999,00 \u20ac",
    ],
)
def test_strict_lets_dates_ids_accounts_and_amounts_be(text):
    assert strict(text) == text


def test_strict_keeps_the_structure_of_json():
    source = {
        "id": "158066143613", "messageId": 1580661436132757507, "ts": 1715000000000, "sentAt": 1715000000000,
        "score": 0.98765432, "size": 12345678, "text": "hi",
    }  # fmt: skip
    assert json.loads(redact("application/json", json.dumps(source).encode(), STRICT).content) == source
    got = json.loads(redact("application/json", b'{"phone": 4915123456789}', STRICT).content)
    assert got == {"phone": "*" * 13}


def test_strict_cuts_parts_over_messages_amid_talk_of_cards():
    talk = "Agent: your card please\nCaller: 411\nAgent: yes\nCaller: 19 2\nAgent: and\nCaller: 33"
    assert strict(talk) == "Agent: your card please\nCaller: ***\nAgent: yes\nCaller: ** *\nAgent: and\nCaller: **"
    assert strict(talk.replace("your card", "your flat")) == talk.replace("your card", "your flat")


def test_strict_keeps_the_last_four_of_a_card_and_no_longer_run():
    assert strict(f"card {PAN} ok") == "card ************1111 ok"
    assert strict("x 1234567 y", run=8) == "x 1234567 y"
    assert strict(f"x {PAN} 48213 y") == "x **************** ***** y"


def test_report_only_tells_and_cuts_nothing():
    content = f"card {CARDS['Mastercard']} cvv 987".encode()
    result = redact("text/plain", content, REPORT)
    assert result.content == content
    assert [(f.kind, f.cut, f.last4) for f in result.findings] == [
        ("card", False, False),
        ("security-code", False, False),
    ]


def test_an_allowed_number_stays_in_every_preset():
    body = "AC12345678"
    number = body + stdnum.iso7064.mod_97_10.calc_check_digits(body)
    for text in (f"account {number} ok", f"account {number[:2]}-{number[2:6]} {number[6:]} ok"):
        assert strict(text, allowed=(ACCOUNT,)) == text
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert wrong not in strict(f"account {wrong} ok", allowed=(ACCOUNT,))


def test_a_card_stays_only_under_a_checksum_that_is_not_luhn():
    as_luhn = Allowed("l", re.compile("[0-9]{16}"), Check.LUHN)
    assert strict(f"x {PAN} y", allowed=(as_luhn,)) == "x ************1111 y"
    other = next(p for p in CARDS.values() if len(p) == 16 and not stdnum.verhoeff.is_valid(p))
    assert "*" in strict(f"x {other} y", allowed=(Allowed("v", re.compile("[0-9]{16}"), Check.VERHOEFF),))
    tolerated = "1234567" + stdnum.luhn.calc_check_digit("1234567")
    assert strict(f"x {tolerated} y", allowed=(Allowed("l", re.compile("[0-9]{8}"), Check.LUHN),)) == f"x {tolerated} y"


@given(st.from_regex("[0-9]{4,24}", fullmatch=True))
def test_checksums_agree_with_the_standard_library_of_numbers(number):
    assert passes(Check.LUHN, number) == stdnum.luhn.is_valid(number)
    assert passes(Check.VERHOEFF, number) == stdnum.verhoeff.is_valid(number)
    assert passes(Check.MOD11, number) == stdnum.iso7064.mod_11_2.is_valid(number)
    assert passes(Check.MOD97, "AC" + number) == stdnum.iso7064.mod_97_10.is_valid("AC" + number)


def test_a_check_character_x_counts_as_ten():
    number = next(n for n in map(str, range(1000, 2000)) if stdnum.iso7064.mod_11_2.calc_check_digit(n) == "X") + "X"
    assert passes(Check.MOD11, number)


@pytest.mark.parametrize(
    "text",
    [
        "tracking 9400100000000000000007",
        "IMEI 490154203237518 and 35-209900-176148-1",
        "order 114-1234567-1234567 has shipped",
        "EAN 4006381333931",
        "the door code is 1234, come back at 3:45 to room 678",
        "your verification code is 482913",
        "payment of $84.45 for order 6244995964 on 12/05/2024",
        "I paid with my card ending in 5835 on 16.05.",
        "ref 9f86d081884c7d659a2feaa0c55ad015",
    ],
)
def test_numbers_of_other_kinds_stay_in_balanced(text):
    assert redact("text/plain", text.encode()).content == text.encode()


def test_numbers_of_other_kinds_are_told_by_prefix_length_and_check_digit():
    assert is_other_number("4006381333931")
    assert not is_other_number("4006381333932")
    assert is_other_number("352099001761481")
    assert not is_other_number("352099001761482")
    assert not is_other_number(PAN)


def test_a_door_code_beside_a_card_stays_and_a_code_does_not():
    got = redact("text/plain", f"card {PAN}, the door code is 1234".encode()).content.decode()
    assert got == "card ************1111, the door code is 1234"
    assert redact("text/plain", f"card {PAN}, the code is 1234".encode()).content.decode()[-4:] == "****"


@pytest.mark.parametrize(
    ("media_type", "content", "why"),
    [
        ("image/png", b"x", Why.UNKNOWN_MEDIA),
        ("application/json", b"{", Why.UNDECODABLE),
        ("text/plain", b"\xff", Why.UNDECODABLE),
    ],
)
def test_a_refusal_says_why(media_type, content, why):
    with pytest.raises(UnscreenableError) as caught:
        redact(media_type, content)
    assert caught.value.why is why


def test_key_presses_are_told_as_tones_and_may_be_numbers():
    events = [{"event": "keydown", "button": int(key)} for key in PAN]
    source = {
        "vcon": "0.4.0",
        "dialog": [{"type": "text", "mediatype": "text/plain", "body": "hi", "party_history": events}],
    }
    result = redact("application/vcon+json", json.dumps(source).encode())
    assert {f.medium for f in result.findings} == {Medium.TONES}
    got = [e["button"] for e in json.loads(result.content)["dialog"][0]["party_history"]]
    assert got == ["*"] * 12 + [1, 1, 1, 1]


SAID = {
    "escapes": "".join(f"\\x{ord(d):02x}" for d in PAN),
    "braced escapes": "".join(f"\\u{{{ord(d):x}}}" for d in PAN),
    "octal escapes": "".join(f"\\{ord(d):03o}" for d in PAN),
    "quoted-printable": "".join(f"={ord(d):02X}" for d in PAN),
    "twice escaped": "".join(f"&amp;#{ord(d)};" for d in PAN),
    "override": "\u202e6555665566500004\u202c",
    "bdo": "<bdo dir=rtl>6555665566500004</bdo>",
    "hidden": "4000<span style='display:none'>99</span>0566<i hidden>12</i> 5566 5556",
    "hundreds": "forty one hundred eleven, eleven hundred eleven, eleven hundred eleven, eleven hundred eleven",
    "oh five": "sixty-two oh five, fifty hundred, oh oh oh oh oh oh oh oh oh oh four",
    "French": "quarante et un onze onze onze onze onze onze onze",
    "Swiss": "soixante-sept cinquante-neuf soixante-quatre nonante-huit vingt-six quarante-trois huitante-quatre "
    "cinquante-trois",
    "German": "viertausendeinhundertelf elfhundertelf elfhundertelf elfhundertelf",
    "Spanish": "cuatro mil ciento once mil ciento once mil ciento once mil ciento once",
    "times": "four, three times one, four times one, 4 times 1, four times one",
}


@pytest.mark.parametrize("name", SAID)
def test_a_number_hidden_in_escapes_or_said_in_hundreds_is_cut(name):
    assert "card" in {f.kind for f in redact("text/plain", SAID[name].encode()).findings}


@given(st.sampled_from(sorted(DISGUISES)), st.sampled_from(sorted(CARDS)), st.integers(0, 2**32))
def test_the_glance_never_counts_too_few_digits(disguise, name, seed):
    text = f"{chatter(random.Random(seed))} {DISGUISES[disguise](CARDS[name])} four ones, 4lll o"
    for reading in Reading:
        assert sum(len(b.digits) for b in scan(text, reading).blocks) <= capacity(text)
