import json
import random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.screen.samples import BALANCED, CARDS, DISGUISES, STRICT, chatter, digits_of, redact, rescan, words
from vault.screen.errors import UnscreenableError

ONLY_STRICT = ("Visa 13", "among digits")  # thirteen digits inside seventeen are not looked for otherwise
VTT = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\n<v Caller>"
MAIL = "From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n"
HOLDERS = {
    "application/json": lambda text: json.dumps([{"from": "a", "text": "hi"}, {"from": "c", "text": text}]),
    "application/x-ndjson": lambda text: json.dumps({"text": "hi"}) + "\n" + json.dumps({"from": "c", "text": text}),
    "text/plain": lambda text: f"Agent: hi\r\nCaller: {text}",
    "text/vtt": lambda text: VTT + text,
    "message/rfc822": lambda text: MAIL + text,
    "application/vcon+json": lambda text: json.dumps(
        {"vcon": "0.4.0", "dialog": [{"type": "text", "mediatype": "text/plain", "encoding": "none", "body": text}]}
    ),
}
# The text that a holder holds, once redacted; each fails when anything around the text has changed.
HELD = {
    "application/json": lambda out: json.loads(out)[1]["text"],
    "application/x-ndjson": lambda out: json.loads(out.split("\n")[1])["text"],
    "text/plain": lambda out: out.split("Agent: hi\r\nCaller: ")[1],
    "text/vtt": lambda out: out.split(VTT)[1],
    "message/rfc822": lambda out: out.split(MAIL)[1],
    "application/vcon+json": lambda out: json.loads(out)["dialog"][0]["body"],
}


def fits(media_type, text):
    """A cue of WebVTT cannot hold an arrow."""
    return media_type != "text/vtt" or "-->" not in text


def leak(pan, media_type, redacted):
    """Return whether more than the last four digits of `pan` can still be read one after another."""
    shown = digits_of(HELD[media_type](redacted.decode()))
    return any(pan[at : at + 5] in shown for at in range(len(pan) - 4))


@pytest.mark.parametrize("media_type", HOLDERS)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_every_disguise_of_every_scheme_is_cut_in_every_medium(media_type, disguise):
    for name, pan in CARDS.items():
        hidden = DISGUISES[disguise](pan)
        if not fits(media_type, hidden):
            continue
        content = HOLDERS[media_type](hidden).encode()
        result = redact(media_type, content, STRICT if (name, disguise) == ONLY_STRICT else BALANCED)
        assert [f for f in result.findings if f.kind in {"card", "digits"}], (name, hidden)
        assert not leak(pan, media_type, result.content), (name, hidden, result.content)
        assert rescan(media_type, result.content) == ()


@pytest.mark.parametrize("pan", CARDS.values(), ids=CARDS)
def test_the_last_four_digits_stay_and_no_other(pan):
    result = redact("text/plain", f"it is {pan} ok".encode())
    assert result.content == f"it is {'*' * (len(pan) - 4)}{pan[-4:]} ok".encode()
    assert [(f.kind, f.length, f.last4) for f in result.findings] == [("card", len(pan), True)]


def test_a_spoken_number_becomes_one_star_a_digit():
    result = redact("text/plain", words("4242424242424242").encode())
    assert result.content.decode() == "* " * 12 + "four two four two"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(CARDS)),
    st.sampled_from(sorted(DISGUISES)),
    st.sampled_from(sorted(HOLDERS)),
    st.integers(0, 2**32),
)
def test_a_card_in_any_disguise_amid_any_talk_does_not_survive(name, disguise, media_type, seed):
    rng = random.Random(seed)
    pan = CARDS[name]
    assume((name, disguise) != ONLY_STRICT)
    text = f"{chatter(rng)} {DISGUISES[disguise](pan)} {chatter(rng)}"
    assume(fits(media_type, text))
    result = redact(media_type, HOLDERS[media_type](text).encode())
    assert not leak(pan, media_type, result.content)
    assert rescan(media_type, result.content) == ()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(HOLDERS)), st.integers(0, 2**32))
def test_talk_without_numbers_comes_out_byte_for_byte(media_type, seed):
    rng = random.Random(seed)
    content = HOLDERS[media_type](" ".join(chatter(rng) for _ in range(5))).encode()
    assert redact(media_type, content).content == content


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-99999, 99999) | st.text(max_size=12),
        lambda c: st.lists(c, max_size=4) | st.dictionaries(st.text(max_size=6), c, max_size=4),
    )
)
def test_any_small_json_is_either_untouched_or_cut_only_in_its_values(value):
    content = json.dumps(value).encode()
    result = redact("application/json", content)
    assert result.findings or result.content == content
    json.loads(result.content)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(sorted(HOLDERS)))
def test_any_bytes_are_screened_or_refused_in_our_own_words(content, media_type):
    try:
        result = redact(media_type, content)
    except UnscreenableError:
        return
    assert rescan(media_type, result.content) == ()
