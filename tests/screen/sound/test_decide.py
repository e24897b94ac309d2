import re

import pytest

from tests.screen.sound.made import VISA
from vault.screen.options import Allowed, Check, Options, Preset, Ruling, Span
from vault.screen.outcome import FindingKind, Medium
from vault.screen.sound import decide
from vault.screen.sound.decide import Silence, bursts, silences
from vault.screen.sound.listen import Channel
from vault.screen.sound.listen import Span as Said
from vault.screen.sound.tones import Key

STRICT, BALANCED, REPORT = Options(), Options(preset=Preset.BALANCED), Options(preset=Preset.REPORT_ONLY)


def press(text, begin=10.0, every=0.2, sure=0.99):
    return [Key(symbol, begin + n * every, begin + n * every + 0.07, sure) for n, symbol in enumerate(text)]


def findings(keys=(), options=STRICT, speech=()):
    return decide.decide([Channel([Said(*s) for s in speech], list(keys), 60.0)], options)


def test_strict_cuts_every_burst_whole_with_what_is_said_between():
    (found,) = findings(press("12") + press("34", begin=12.9))
    assert (found.medium, found.kind, found.rule, found.length) == (Medium.TONES, FindingKind.DIGITS, "SND-03", 4)
    assert found.begin == pytest.approx(10 - decide.TONE_PAD)
    assert found.end == pytest.approx(13.17 + decide.TONE_PAD)


def test_strict_cuts_a_single_press_and_nothing_beside_it():
    (found,) = findings(press("1"))
    assert silences([found]) == (Silence(10 - decide.TONE_PAD, 10.07 + decide.TONE_PAD),)


def test_presses_three_seconds_apart_are_two_bursts():
    assert [b.text for b in bursts(press("1") + press("2", begin=13.08))] == ["1", "2"]
    assert [b.text for b in bursts(press("1") + press("2", begin=13.06))] == ["12"]


def test_a_keyed_card_is_called_one_and_no_digit_is_told():
    (found,) = findings(press(VISA + "#"))
    assert (found.kind, found.rule, found.scheme, found.length) == (FindingKind.CARD, "SND-02", "Visa", 16)
    assert not found.last4
    assert not re.search(r"4111|1111", repr(found))


def test_balanced_cuts_a_keyed_card_and_what_else_is_keyed_with_it():
    found = findings(press(VISA + "#") + press("1227#", begin=20) + press("123#", begin=30), BALANCED)
    assert [f.kind for f in found] == [FindingKind.CARD, FindingKind.CODE, FindingKind.CODE]
    assert len(silences(found)) == 3


def test_balanced_leaves_menu_choices_and_short_numbers():
    assert findings(press("1") + press("55501234", begin=30), BALANCED) == ()


def test_balanced_cuts_what_was_not_wholly_read():
    (long,) = findings(press("411111111111111"), BALANCED)  # one key missed: no Luhn
    assert long.rule == "SND-04"
    doubtful = press("55501")
    doubtful[2] = Key("5", doubtful[2].begin, doubtful[2].end, 0.3)
    (found,) = findings(doubtful, BALANCED)
    assert found.rule == "SND-04"


def test_speech_is_cut_as_it_was_heard_under_every_cutting_preset():
    for options in (STRICT, BALANCED):
        (found,) = findings(speech=[(3.0, 9.5, 0.8)], options=options)
        assert (found.medium, found.rule, found.begin, found.end, found.sure, found.cut) == (
            Medium.SPEECH, "SND-01", 3.0, 9.5, 0.8, True,
        )  # fmt: skip


def test_report_only_finds_the_same_and_cuts_nothing():
    keys, speech = press(VISA), [(3.0, 9.5, 0.8)]
    strict, report = findings(keys, STRICT, speech), findings(keys, REPORT, speech)
    assert [(f.kind, f.begin) for f in report] == [(f.kind, f.begin) for f in strict]
    assert not any(f.cut for f in report)
    assert silences(report) == ()


def test_numbers_on_the_allow_list_stay_and_cards_do_not():
    orders = Allowed("orders", re.compile(r"[0-9]{16}"), Check.LUHN)
    accounts = Allowed("accounts", re.compile(r"[0-9]{8}"), Check.VERHOEFF)
    for preset in (Preset.STRICT, Preset.BALANCED):
        options = Options(preset=preset, allowed=(orders, accounts))
        (card,) = findings(press(VISA), options)
        assert card.kind is FindingKind.CARD
    check = next(n for n in range(10) if decide._is_allowed(f"1234567{n}", (accounts,)))
    assert findings(press(f"1234567{check}#"), Options(allowed=(accounts,))) == ()
    assert len(findings(press(f"1234567{(check + 1) % 10}#"), Options(allowed=(accounts,)))) == 1


def test_a_person_adds_spans_and_lets_found_ones_pass():
    keys = press("1")
    ruling = Ruling(add=(Span(1.0, 2.0), Span(5.0, 6.0, (1, 2, 3, 4))), drop=(Span(9.9, 10.2),))
    added, dropped = findings(keys, Options(ruling=ruling))
    assert (added.medium, added.rule, added.begin, added.end, added.cut) == (Medium.REVIEW, "SND-05", 1.0, 2.0, True)
    assert (dropped.medium, dropped.cut) == (Medium.TONES, False)
    assert silences([added, dropped]) == (Silence(1.0, 2.0),)


def test_what_lies_only_partly_in_a_dropped_span_is_cut():
    keys = press("12")
    ruling = Ruling(drop=(Span(9.9, 10.2), Span(9.9, 10.3, (0, 0, 9, 9))))
    (found,) = findings(keys, Options(ruling=ruling))
    assert found.cut


def test_an_added_span_is_cut_though_a_dropped_one_covers_it():
    ruling = Ruling(add=(Span(1.0, 2.0),), drop=(Span(0.0, 60.0),))
    (found,) = findings(options=Options(ruling=ruling))
    assert found.cut


def test_spans_that_overlap_become_one():
    found = findings(speech=[(1.0, 3.0, 1.0), (2.0, 4.0, 1.0), (4.0, 5.0, 1.0), (6.0, 7.0, 1.0)])
    assert silences(found) == (Silence(1.0, 5.0), Silence(6.0, 7.0))


def test_what_both_channels_hear_alike_is_told_once():
    channel = Channel([Said(1.0, 2.0, 0.5)], press("1"), 60.0)
    assert len(decide.decide([channel, channel], STRICT)) == 2
