"""The second pass: quiet on what was redacted well, loud on what a fault of the first pass leaves."""

import json
import random
import re
from pathlib import Path

import pytest

from benchmarks.redaction import fuzz_text, text_ordinary
from benchmarks.redaction.text_media import MEDIA
from tests.screen.samples import BALANCED, CARDS, DISGUISES, STRICT, groups, redact, words
from vault.screen.errors import UnscreenableError, Why
from vault.screen.find import chains, codes, digits, finder, joining
from vault.screen.outcome import FindingKind
from vault.screen.text import pages
from vault.screen.text import recheck as second
from vault.screen.text.recheck import recheck

SEEN = ("groups by ' '", "groups by '-'", "digits by ' '", "full width", "words", "HTML entities", "percent", "halves")


@pytest.mark.parametrize("name", sorted(MEDIA))
def test_the_second_pass_sees_card_numbers_in_every_medium(name):
    medium = MEDIA[name]
    for disguise in SEEN:
        said = DISGUISES[disguise](CARDS["Visa 2"])
        if name == "mail, HTML" and "&" in said:
            continue
        content = medium.put([("agent", "hi"), ("customer", said)])
        assert FindingKind.CARD in {f.kind for f in recheck(medium.media_type, content, BALANCED)}, disguise


def test_the_second_pass_sees_codes_and_numbers_over_messages():
    content = "\n".join(f"A: {part}" for part in groups(CARDS["Mastercard"])).encode()
    assert recheck("text/plain", content, BALANCED)
    for said in ("cvv 123", "the security code is 4321", "CVC: 987"):
        assert {f.kind for f in recheck("text/plain", said.encode(), BALANCED)} == {FindingKind.CODE}


def test_the_second_pass_is_quiet_on_redacted_and_on_ordinary_talk():
    rng = random.Random(11)
    for options in (BALANCED, STRICT):
        for medium in MEDIA.values():
            talk = [("agent", text_ordinary.message(rng)) for _ in range(40)]
            content = redact(medium.media_type, medium.put(talk), options).content
            assert recheck(medium.media_type, content, options) == ()
    for disguise in DISGUISES.values():
        content = redact("text/plain", f"my card is {disguise(CARDS['Visa'])} ok".encode()).content
        assert recheck("text/plain", content, BALANCED) == ()


def _no_cards(*_args, **_more):
    return []


FAULTS = {
    "no digits are read": (digits, "_tokens", lambda *_a, **_k: ([], False)),
    "no window matches": (chains, "windows", lambda *_a: iter(())),
    "no cards are found": (joining, "cards_in", _no_cards),
    "every talk is harmless": (finder, "is_harmless", lambda *_a: True),
    "no codes are found": (codes, "mark", _no_cards),
    "no window is accepted": (chains, "_accepts", lambda *_a, **_k: False),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_first_pass_is_caught_by_the_second(fault, monkeypatch):
    module, name, wrong = FAULTS[fault]
    monkeypatch.setattr(module, name, wrong)
    content = f"Bob: my card is {CARDS['Visa 2']} and the cvv is 987".encode()
    assert recheck("text/plain", redact("text/plain", content).content, BALANCED)


def test_the_second_pass_shares_no_code_with_the_first():
    for module in (second, pages):
        assert "import" in (source := Path(module.__file__).read_text(encoding="utf-8"))
        assert not re.search(r"^\s*(?:from|import) vault\.screen\.(?:find|text\.(?!pages))", source, re.MULTILINE)


@pytest.mark.parametrize(
    ("media_type", "why"), [("image/png", Why.UNKNOWN_MEDIA), ("application/json", Why.UNDECODABLE)]
)
def test_what_the_second_pass_cannot_open_is_refused(media_type, why):
    with pytest.raises(UnscreenableError) as caught:
        recheck(media_type, b"{", BALANCED)
    assert caught.value.why is why


def test_fuzzed_recordings_always_get_a_verdict_and_hardly_any_residue():
    rng = random.Random(5)
    verdicts = [fuzz_text.check(*fuzz_text.sample(rng), rng.choice([BALANCED, STRICT])) for _ in range(400)]
    assert verdicts.count("passed") > 100
    assert verdicts.count("residue") <= 2


def test_nothing_of_a_number_is_told():
    content = json.dumps({CARDS["Visa"]: words(CARDS["Visa 2"])}).encode()
    found = recheck("application/json", content, BALANCED)
    assert len(found) == 2
    assert "1111" not in repr(found)


def test_the_second_pass_is_quiet_on_tables_and_not_on_a_card_in_one():
    rows = [
        "1001,9361 4077 4274 5033 8251 96,19/05/2021",
        "1002,JJD576834951863488830,11.01.",
        "1003,667 677 590,52 4011",
    ]
    assert recheck("text/plain", "\n".join(rows).encode(), BALANCED) == ()
    for cells in ("4111 1111 1111 1111,x", "4111 1111,1111 1111", "4111111111111111,x", "JJD,4111-1111-1111-1111"):
        assert recheck("text/plain", "\n".join([*rows, f"1004,{cells}"]).encode(), BALANCED), cells
