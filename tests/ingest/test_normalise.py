"""Whoever writes a number, address or account in another spelling finds the same caller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.ingest.normalise import INTERNAL_PREFIX, account, e164, email, last4

US = "+12125550142"


@pytest.mark.parametrize(
    "spelling",
    [
        "+12125550142",
        "+1 212 555 0142",
        "(212) 555-0142",
        "212.555.0142",
        "212/555/0142",
        "1-212-555-0142",
        "001 212 555 0142",
        "011 1 212 555 0142",
        " 212\u00a0555\u20110142 ",
        "\uff0b\uff11\uff12\uff11\uff12\uff15\uff15\uff15\uff10\uff11\uff14\uff12",
        "tel:+1-212-555-0142",
        "TEL:+1-212-555-0142;ext=23",
        "tel:0142;phone-context=+1-212-555",
        "sip:+12125550142@gw.example.com;user=phone",
        "sip:%2B12125550142@gw.example.com",
        "+1 212 555 0142 ext. 23",
        "212-555-0142x23",
        "212 555 0142 extension 5",
        "212 555 0142#12",
        "212 555 0142,,5",
        "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0664\u0662",
    ],
)
def test_common_spellings_of_a_number_are_one(spelling: str) -> None:
    assert (e164(spelling, "US"), last4(spelling)) == (US, "0142")


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 (0)20 7946 0123", "US", "+442079460123"),
        ("0044 20 7946 0123", "DE", "+442079460123"),
        ("030 23125 017", "de", "+493023125017"),
        ("4711", "US", INTERNAL_PREFIX + "4711"),
        ("112", "DE", INTERNAL_PREFIX + "112"),
        ("911", "US", INTERNAL_PREFIX + "911"),
        ("9" * 40, "US", INTERNAL_PREFIX + "9" * 40),
        ("anonymous", "US", None),
        ("", "US", None),
        ("+", "US", None),
        ("\u00b2\u2460", "US", INTERNAL_PREFIX + "21"),
    ],
)
def test_numbers_are_completed_by_their_region_and_short_ones_are_marked(
    number: str, region: str, expected: str | None
) -> None:
    assert e164(number, region) == expected


def test_the_last_digits_are_those_of_the_stored_form_too() -> None:
    for spelling in ("+1 212 555 0142 x9", "4711", "0049 30 23125 017"):
        stored = e164(spelling, "US")
        assert stored is not None
        assert last4(stored) == last4(spelling)


def test_the_last_digits_need_four() -> None:
    assert (last4("123"), last4("1234"), last4("")) == (None, "1234", None)


@given(
    st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True),
    st.lists(st.sampled_from(["", " ", "-", ".", "/", "\u00a0"]), min_size=3, max_size=3),
    st.sampled_from(["", "1", "+1", "001", "tel:+1", "sip:+1"]),
    st.sampled_from(["", " x9", ";ext=99", " ext 7"]),
)
def test_any_spelling_of_any_number_normalises_alike(digits: str, gaps: list[str], prefix: str, suffix: str) -> None:
    spelling = f"{prefix}{gaps[0]}{digits[:3]}{gaps[1]}{digits[3:6]}{gaps[2]}{digits[6:]}{suffix}"
    assert e164(spelling, "US") == e164(digits, "US")
    assert last4(spelling) == digits[-4:]


@given(
    st.text(max_size=60) | st.text("+0123456789 ()x:;ext", max_size=24), st.sampled_from(["US", "GB", "DE", "ZZ", ""])
)
def test_normalising_is_total_and_stable(text: str, region: str) -> None:
    first = e164(text, region)
    assert first is None or e164(first, region) == first
    for function in (email, account):
        once = function(text)
        assert once is None or function(once) == once


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        (" Kim@Example.COM ", "kim@example.com"),
        ("mailto:kim@example.com", "kim@example.com"),
        ("andre\u0301@example.com", "andr\u00e9@example.com"),
        ("  ", None),
    ],
)
def test_addresses_are_lower_case_and_composed(spelling: str, expected: str | None) -> None:
    assert email(spelling) == expected


def test_accounts_do_not_depend_on_case_or_space() -> None:
    assert account(" Acme-4711 ") == account("ACME-4711") == "acme-4711"
    assert account("AC  ME\t1") == "ac me 1"
    assert account(" ") is None
