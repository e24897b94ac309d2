"""Rules over words: what they spell out, what may stay, and where a long stretch of sound is cut into pieces."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.screen.sound.made import VISA
from vault.screen.options import Allowed, Check, Options, Preset
from vault.screen.outcome import FindingKind, Medium
from vault.screen.sound import captions
from vault.screen.sound.decide import Silence
from vault.screen.sound.listen import Clock, Span
from vault.screen.sound.overhear import EAR_RATE, pieces, understands
from vault.screen.sound.said import around, clusters, is_understood, joined, lines, speaks_of_cards, spelled
from vault.screen.sound.speech_words import Word

BALANCED = Options(preset=Preset.BALANCED)


def words(text, begin=0.0, each=0.5):
    return [Word(w, begin + n * each, begin + (n + 1) * each, 0.9) for n, w in enumerate(text.split())]


def spans(*times):
    return [Span(begin, end, 0.9) for begin, end in times]


def test_a_card_that_words_spell_out_is_a_finding_with_its_time():
    said = words(f"my card is {' '.join(VISA[n : n + 4] for n in range(0, 16, 4))} thank you")
    for options in (Options(), BALANCED):
        (found,) = spelled(lines([said]), options)
        assert (found.medium, found.kind, found.rule) == (Medium.SPEECH, FindingKind.CARD, "SND-20")
        assert (found.length, found.scheme) == (16, "Visa")
        assert found.begin == pytest.approx(1.5 - 0.3)
        assert found.end == pytest.approx(3.5 + 0.3)


def test_a_code_that_is_announced_is_found_over_both_channels():
    asked = words("and the security code on the back please")
    given_ = words("it is nine oh seven", begin=4.2)
    found = spelled(lines([asked, given_]), BALANCED)
    assert [(f.kind, round(f.begin, 1), round(f.end, 1)) for f in found] == [(FindingKind.CODE, 4.9, 7.0)]


def test_a_run_of_digits_is_found_under_strict_alone_and_not_when_it_is_allowed():
    some = lines([words("the number is 5 5 5 0 1 8 6 3 today")])
    assert len(spelled(some, Options())) == 1
    assert spelled(some, BALANCED) == []
    mod97 = Allowed("order", re.compile("[0-9]{8}"), Check.LUHN)
    known = lines([words("order 12345674")])
    assert len(spelled(known, Options())) == 1
    assert spelled(known, Options(allowed=(mod97,))) == []


def test_words_become_lines_at_pauses_and_when_they_are_long():
    some = lines([words("one two") + words("three", begin=3.0), words("four", begin=1.1)])
    assert [(line.channel, line.text) for line in some] == [(0, "one two"), (1, "four"), (0, "three")]
    many = lines([words("word " * 100)])
    assert all(len(line.text) <= 80 for line in many)
    assert sum(len(line.words) for line in many) == 100


def test_stretches_of_digits_eight_seconds_apart_are_two_clusters():
    assert clusters(spans((0, 1), (8.9, 10), (18, 19))) == [tuple(spans((0, 1), (8.9, 10))), tuple(spans((18, 19)))]
    assert clusters([]) == []


@pytest.mark.parametrize(
    ("text", "seconds", "expected"),
    [
        ("call me on 555 0186", 3.2, True),
        ("five five five oh one eight six", 3.2, True),
        ("55501863421", 5.0, True),
        ("555018634217", 5.0, False),  # twelve
        ("555 01", 5.0, False),  # there was time for eleven
        ("for you to be", 2.0, False),
        ("", 0.8, False),
    ],
)
def test_digits_are_understood_when_words_account_for_their_time_and_are_no_more_than_eleven(text, seconds, expected):
    assert is_understood(spans((10, 10 + seconds)), words(text)) is expected


@pytest.mark.parametrize(
    "text",
    ["your card", "Visa", "the expiry date", "CVV", "a payment", "Security", "MasterCard,", "what code", "tarjeta"],
)
@pytest.mark.parametrize(("begin", "expected"), [(6.5, False), (9.0, True), (26.9, True), (28.1, False)])
def test_words_for_cards_count_from_twelve_seconds_before_to_six_after(text, begin, expected):
    cluster = spans((20, 21), (22, 22.0))
    assert around(cluster) == Silence(8.0, 28.0)
    assert speaks_of_cards(lines([words(text, begin=begin, each=0.4)]), around(cluster)) is expected


def test_other_talk_speaks_of_no_cards():
    assert not speaks_of_cards(lines([words("my telephone is five five five")]), Silence(0, 60))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=8))
def test_joined_spans_cover_the_same_and_are_apart(places):
    some = [Silence(begin, begin + size) for begin, size in places]
    out = joined(some)
    assert {t for s in some for t in range(s.begin, s.end)} == {t for s in out for t in range(s.begin, s.end)}
    assert all(a.end < b.begin for a, b in pairwise(out))


def test_a_transcript_has_times_speakers_and_no_word_that_is_cut():
    some = lines([words("my number is 907 thank you"), words("I <see> & hear", begin=4.0)])
    told = captions.webvtt(some, [Silence(1.6, 1.9)]).decode()
    assert told == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n<v Channel 1>my number [redacted] you\n\n"
        "00:00:04.000 --> 00:00:06.000\n<v Channel 2>I &lt;see&gt; &amp; hear\n"
    )
    assert captions.webvtt([], []) == b"WEBVTT\n"
    late = captions.webvtt(lines([words("late", begin=36_061.5)]), [])
    assert b"10:01:01.500 --> 10:01:02.000\nlate" in late


def test_what_is_left_in_a_transcript_is_screened_as_strictly_as_any_text():
    some = lines([words(f"so {VISA} and 5550186342")])
    for preset in Preset:
        told, outcome = captions.screened(some, [], Options(preset=preset))
        assert VISA[:12].encode() not in told
        assert b"5550186" not in told
        assert outcome.findings


def test_a_recogniser_of_english_understands_nothing_else():
    class English:
        multilingual = False

    class Many:
        multilingual = True

    assert understands(English(), {"en"})
    assert not understands(English(), {"en", "de"})
    assert understands(Many(), {"en", "de"})


def test_a_time_of_the_recording_is_a_second_of_the_channel_and_back():
    clock = Clock()
    clock.jump(1.0, 5.0)
    clock.jump(2.0, 6.5)
    for second in (0.0, 0.5, 1.0, 1.5, 2.0, 9.0):
        assert clock.second(clock.time(second)) == second
    assert clock.second(3.0) == 1.0
    assert clock.second(7.9) == 2.0
    assert clock.second(float("inf")) == float("inf")


def in_blocks(sound, rng):
    cuts = np.sort(rng.integers(0, len(sound) + 1, 12))
    return np.split(sound, cuts)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 100),
    st.lists(st.tuples(st.floats(0.1, 30), st.floats(0.1, 70)), max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_pieces_hold_all_of_every_stretch_once_whatever_the_blocks(seconds, gaps, seed):
    sound = np.arange(round(seconds * EAR_RATE), dtype=np.float32)
    stretches, at = [], 0.0
    for gap, size in gaps:
        stretches.append(Silence(at + gap, at + gap + size))
        at += gap + size
    got = list(pieces(in_blocks(sound, np.random.default_rng(seed)), stretches))
    assert all(len(part) <= 30 * EAR_RATE for _, part in got)
    assert all(round(begin * EAR_RATE) == part[0] for begin, part in got)
    wanted = np.concatenate([sound[:0], *(sound[round(s.begin * EAR_RATE) : int(s.end * EAR_RATE)] for s in stretches)])
    found = np.concatenate([sound[:0], *(part for _, part in got)])
    assert abs(len(found) - len(wanted)) <= 2 * len(stretches)
    assert set(found.tolist()) <= set(range(len(sound)))
    assert np.all(np.diff(found) > 0)


def test_pieces_end_where_it_is_quiet():
    loud = np.random.default_rng(1).standard_normal(70 * EAR_RATE).astype(np.float32)
    for pause in (26.0, 52.0):
        loud[round(pause * EAR_RATE) : round((pause + 0.3) * EAR_RATE)] = 0
    got = list(pieces(np.split(loud, 70), [Silence(0, float("inf"))]))
    assert [begin for begin, _ in got[1:]] == [pytest.approx(26.15, abs=0.1), pytest.approx(52.15, abs=0.1)]
    assert sum(len(part) for _, part in got) == len(loud)


def test_pieces_are_taken_as_they_come():
    taken = 0

    def blocks():
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield np.ones(EAR_RATE, np.float32)

    next(pieces(blocks(), [Silence(0, float("inf"))]))
    assert taken <= 31
