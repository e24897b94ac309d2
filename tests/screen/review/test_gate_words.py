"""What the gate says of what the second pass still found: enough to cut it, and no digit."""

import pytest

from vault.screen.errors import Why
from vault.screen.gate import let_pass, objection
from vault.screen.options import Options
from vault.screen.outcome import Finding, FindingKind, Medium, Redaction

PASSED = Redaction((), (), "video/mp4")


def reason(*residue: Finding) -> str:
    found = objection(PASSED, residue, Options())
    assert found is not None
    assert found[0] is Why.RESIDUE
    return found[1]


def test_what_is_left_in_sound_and_pictures_is_told_with_its_place_as_a_span_takes_it() -> None:
    speech = Finding(Medium.SPEECH, FindingKind.DIGITS, "SND-17", begin=3.00049, end=4.20001, cut=False)
    shown = Finding(Medium.PICTURE, FindingKind.CARD, "PIC-13", begin=1.0, end=1.0, box=(10, 20, 30, 40), cut=False)
    assert reason(speech, shown).endswith(
        "still found 2: picture card at 1..1.001 in 10,20,30,40, speech digits at 3..4.201"
    )


def test_what_is_left_in_text_is_told_without_its_place() -> None:
    left = Finding(Medium.TEXT, FindingKind.CARD, "SCR-24", "messages[3].note", cut=False)
    assert reason(left, left).endswith("still found 2: text card")


def test_many_places_are_counted() -> None:
    left = [Finding(Medium.SPEECH, FindingKind.DIGITS, "SND-17", begin=float(k), end=k + 0.5) for k in range(25)]
    assert reason(*left).endswith("at 19..19.5 and 5 more")


@pytest.mark.parametrize("why", [Why.UNDECODABLE, Why.UNKNOWN_MEDIA, Why.DIED, Why.TOO_LONG, Why.UNSURE])
def test_an_exception_for_what_was_not_searched_says_so(why: Why) -> None:
    assert "nobody searched it" in let_pass(why)


def test_an_exception_for_what_was_searched_does_not() -> None:
    assert not any("searched" in let_pass(why) for why in (Why.REPORT_ONLY, Why.RESIDUE, Why.LANGUAGE))
