import random

import pytest

from tests.screen.samples import CARDS
from vault.screen.find.schemes import ISSUERS, match, passes_luhn, windows


@pytest.mark.parametrize(("name", "pan"), CARDS.items())
def test_every_scheme_s_test_number_is_matched(name, pan):
    found = match(pan)
    assert found is not None
    assert found.checked
    assert name.startswith(found.scheme)


@pytest.mark.parametrize(
    ("pan", "scheme"),
    [("2221000000000009", "Mastercard"), ("2720990000000007", "Mastercard"), ("36227206271667", "Diners Club")],
)
def test_the_ends_of_the_ranges_belong_to_them(pan, scheme):
    assert match(pan).scheme == scheme


@pytest.mark.parametrize(
    "digits",
    [
        "2220990000000002",
        "2721000000000004",
        "1234567812345670",
        "4111111111111112",
        "411111111111",
        "41111111111111112222",
    ],
)
def test_numbers_outside_the_ranges_or_failing_luhn_match_nothing(digits):
    assert match(digits) is None


def test_a_unionpay_number_failing_luhn_is_matched_but_unchecked():
    found = match("6200000000000001")
    assert (found.scheme, found.checked) == ("UnionPay", False)


def test_luhn_catches_every_changed_digit():
    pan = CARDS["Visa"]
    for at in range(len(pan)):
        for digit in "0123456789":
            changed = pan[:at] + digit + pan[at + 1 :]
            assert passes_luhn(changed) == (changed == pan)


def test_windows_agree_with_matching_every_substring():
    rng = random.Random(7)
    for _ in range(40):
        run = "".join(rng.choice("0123456789") for _ in range(60))
        expected = {
            (start, size): match(run[start : start + size])
            for start in range(60)
            for size in range(13, 20)
            if start + size <= 60 and match(run[start : start + size])
        }
        got = {}
        for start, size, found in windows(run):
            got[start, size] = found if (start, size) not in got or found.checked else got[start, size]
        assert {k: v.checked for k, v in got.items()} == {k: v.checked for k, v in expected.items()}


def test_the_table_is_well_formed():
    for issuer in ISSUERS:
        assert 100000 <= issuer.low <= issuer.high <= 999999
        assert all(13 <= size <= 19 for size in issuer.lengths)
