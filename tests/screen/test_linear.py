"""The work of a screening grows with the length of the talk, not with its square; counted in lines of code run."""

import json
import sys
from itertools import cycle, islice, product
from string import ascii_lowercase

import pytest

from tests.screen.samples import BALANCED, STRICT
from vault.screen.text.redact import redact

TALK = ("the", "cvv", "is", "seven", "three", "seven", "my", "card", "code", "on", "the", "back", "is", "one", "two")
NAMES = ["".join(letters) for letters in product(ascii_lowercase, repeat=2)]


def words(count):
    return [{"from": who, "word": word} for who, word in islice(zip(cycle("aab"), cycle(TALK), strict=False), count)]


def numbers(count):
    return [{"pan": 4111111111111111, "cvv": 123} for _ in range(count)]


def fields(count):
    return {f"{name} field": "card 4111111111111111 cvv 123" for name in NAMES[:count]}


def speakers(count):
    return [{"from": name, "text": "card 4111 1111 cvv 123"} for name in NAMES[:count]]


def lines(value, options):
    """Count the lines of code that a redaction runs through, each turn of a loop anew."""
    content = json.dumps(value).encode()
    run = 0

    def count(_frame, event, _argument):
        nonlocal run
        run += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        redact("application/json", content, options)
    finally:
        sys.settrace(before)
    return run


@pytest.mark.parametrize("options", [BALANCED, STRICT], ids=["balanced", "strict"])
@pytest.mark.parametrize("make", [words, numbers, fields, speakers])
def test_the_work_grows_with_the_length_of_the_talk(make, options):
    lines(make(20), options)  # tables that are made once
    short, long_ = lines(make(100), options), lines(make(600), options)
    assert long_ < 6.6 * short
