"""Numbers in exports of chats, in transcripts word by word, among filler words, on tracks and as codes of keys."""

import json

import pytest

from tests.screen.samples import BALANCED, CARDS, STRICT, redact, rescan
from vault.screen.find.digits import Reading, scan
from vault.screen.outcome import Medium

PAN = CARDS["Visa"]
PRESETS = pytest.mark.parametrize("options", [BALANCED, STRICT], ids=["balanced", "strict"])


def cut(text, options, media_type="text/plain"):
    result = redact(media_type, text.encode(), options)
    assert rescan(media_type, result.content, options) == ()
    return result.content.decode()


@PRESETS
@pytest.mark.parametrize(
    "stamp",
    [
        "[12/05/2024, 10:02:0{}] {}",
        "10/11/24, 9:0{} AM - {}",
        "12.05.24, 09:0{} - {}",
        "[5/12/24, 9:05:0{}\u202fPM] {}",
    ],
)
def test_the_stamp_of_a_chat_export_is_no_wall_and_stays(stamp, options):
    said = ["Agent Bob: Sure, please send the card", *(f"Maria: {PAN[at : at + 4]}" for at in range(0, 16, 4))]
    want = [said[0], *["Maria: ****"] * 3, "Maria: 1111"]
    text = "\n".join(stamp.format(at, line) for at, line in enumerate(said))
    assert cut(text, options) == "\n".join(stamp.format(at, line) for at, line in enumerate(want))


def test_what_only_looks_like_the_stamp_of_a_chat_export_is_read():
    assert cut("30/05/69, 3:09 02 59 04 my card", STRICT).count("*") > 6
    assert "4111" not in cut("[12/05/2024, 10:02:01] 4111 1111 1111 1111", BALANCED)


@PRESETS
@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("the cvv is seven three seven", "the cvv is * * *"),
        ("the security code is seven three seven thanks", "the security code is * * * thanks"),
        ("three digits on the back please seven three seven", "three digits on the back please * * *"),
        ("three on the back 737", "three on the back ***"),
        ("4111 1111 1111 1111 7 3 7", "**** **** **** 1111 * * *"),
        ("we meet at seven or three with seven more", "we meet at seven or three with seven more"),
    ],
)
def test_a_code_in_a_transcript_word_by_word_is_cut(said, left, options):
    document = json.dumps({"words": [{"word": word} for word in said.split()]})
    got = json.loads(cut(document, options, "application/json"))
    assert " ".join(one["word"] for one in got["words"]) == left


@PRESETS
@pytest.mark.parametrize("before", ["", "credit card ", "card please "])
@pytest.mark.parametrize(
    "text",
    [
        "4111 uh 11 uh 11 uh 11 uh 11 uh 11 uh 11",
        "41 uh 11 uh 11 uh 11 uh 11 uh 11 uh 11 uh 11",
        "37 82 er 82 er 24 er 63 er 10 er 00 er 5",
        "411 uh 111 uh 111 uh 111 uh 111 uh 1",
        " and ".join(PAN),
    ],
)
def test_a_number_among_filler_words_in_one_message_is_cut(text, before, options):
    assert sum(c.isdigit() for c in cut(before + text, options)) == 4


def test_strict_cuts_a_run_among_filler_words_and_not_one_amid_talk():
    assert cut("41 uh 11 uh 11 uh 11 uh 12", STRICT) == "** uh ** uh ** uh ** uh **"
    apart = "41 of the red ones, 11 of the blue ones, 11 of the green ones, 11 of the others"
    assert cut(apart, STRICT) == apart
    assert cut("41 uh 11 uh 11 uh 11 uh 12", BALANCED) == "41 uh 11 uh 11 uh 11 uh 12"


@PRESETS
@pytest.mark.parametrize(
    ("track", "ends"),
    [(f";{PAN}=30031010000000737?", (";", "?")), (f"%B{PAN}^DOE/JOHN^30031010000000737?", ("%", "?"))],
)
def test_a_track_is_cut_up_to_its_end_sentinel(track, ends, options):
    said = cut(f"swiped {track} ok", options)
    assert said.replace("*", "").replace("B", "") == f"swiped {ends[0]}{ends[1]} ok"


def test_an_equation_that_begins_with_no_card_number_stays():
    text = ";4111111111111112=30031010000000737?"
    assert cut(text, BALANCED) == text
    assert cut(f"{text} and 5555 5555 5555 4444", BALANCED) == f"{text} and **** **** **** 4444"


@pytest.mark.parametrize("text", ["cv code: seven hundred thirty seven", "my 3 digit thing is 737"])
def test_a_security_code_by_a_loose_name_is_cut(text):
    assert cut(text, STRICT).endswith(" ***")


@PRESETS
@pytest.mark.parametrize("dates", [{"exp_month": 3, "exp_year": 2030}, {"expMonth": "03", "expYear": "30"}])
def test_fields_of_an_expiry_date_go_with_a_card(dates, options):
    got = json.loads(cut(json.dumps({"card": {"pan": PAN, **dates}}), options, "application/json"))
    assert got["card"] == {"pan": "*" * 12 + "1111", **{name: "*" * len(str(dates[name])) for name in dates}}
    alone = json.dumps({"licence": dates})
    assert cut(alone, options, "application/json") == alone


@PRESETS
@pytest.mark.parametrize("month", [3, "03"])
@pytest.mark.parametrize("year", [2030, "30"])
def test_fields_named_month_and_year_go_with_a_card_beside_them(month, year, options):
    fields = {"number": PAN, "holder": "Ann Example", "month": month, "year": year}
    got = json.loads(cut(json.dumps({"card": fields}), options, "application/json"))
    assert [got["card"][name] for name in ("month", "year")] == ["*" * len(str(month)), "*" * len(str(year))]
    nested = {"card": int(PAN), "expiry": {"mm": month, "yy": year}}
    assert not any(
        c.isdigit() for c in json.dumps(json.loads(cut(json.dumps(nested), options, "application/json"))["expiry"])
    )
    other = [{"text": PAN}, *({"text": "hello", "name": "Ann"} for _ in range(9)), {"month": 3, "year": 2030}]
    assert json.loads(cut(json.dumps(other), options, "application/json"))[-1] == other[-1]
    wrong = {"number": PAN, "month": 13, "year": 1999}
    assert json.loads(cut(json.dumps(wrong), options, "application/json"))["month"] == 13


@PRESETS
@pytest.mark.parametrize("first", [48, 96])
def test_codes_of_keys_are_read_as_key_presses(first, options):
    kinds = ("keydown", "keyup")
    events = [{"type": kind, "keyCode": first + int(c)} for c in PAN + "737" for kind in kinds]
    result = redact("application/json", json.dumps(events).encode(), options)
    downs = [event["keyCode"] for event in json.loads(result.content)][::2]
    assert downs == ["*"] * 12 + [first + 1] * 4 + ["*"] * 3
    assert Medium.TONES in {finding.medium for finding in result.findings}
    few = json.dumps([{"type": "keydown", "keyCode": code} for code in (13, 52, 65, 50)])
    assert cut(few, options, "application/json") == few


KEY_EVENTS = {
    "codes as strings": lambda digit, kind: {"type": kind, "keyCode": str(48 + digit)},
    "places": lambda digit, kind: {"type": kind, "code": f"Digit{digit}"},
    "places of the keypad": lambda digit, kind: {"event": kind, "code": f"Numpad{digit}"},
    "what is typed": lambda digit, kind: {"eventType": kind.upper(), "key": str(digit)},
    "what is typed, and where": lambda digit, kind: {"type": kind, "key": str(digit), "code": f"Digit{digit}"},
    "in an object of their own": lambda digit, kind: {"name": f"on{kind}", "data": {"code": f"Digit{digit}"}},
}


@PRESETS
@pytest.mark.parametrize("event", KEY_EVENTS.values(), ids=KEY_EVENTS)
def test_keys_by_code_place_or_digit_are_read_as_key_presses(event, options):
    events = [event(int(c), kind) for c in PAN + "737" for kind in ("keydown", "keyup")]
    result = redact("application/json", json.dumps(events).encode(), options)
    got = json.loads(result.content)
    assert got[24:32] == events[24:32]
    left = {value for one in (*got[:24], *got[32:]) for value in one.get("data", one).values()}
    assert left <= {"*", "keydown", "keyup", "KEYDOWN", "KEYUP"}
    assert Medium.TONES in {finding.medium for finding in result.findings}
    few = json.dumps([event(digit, "keydown") for digit in (4, 1, 7)])
    assert cut(few, options, "application/json") == few


def test_digits_under_the_name_of_a_key_that_is_of_no_event_join_the_other_values():
    document = [{"key": "4111"}, {"key": "1111"}, *({"key": "1"} for _ in range(8))]
    assert "4111" not in cut(json.dumps(document), BALANCED, "application/json")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("for one won one one one one one one won one one one one won one", "* * * * * * * * * * * * one one won one"),
        (
            "four too for to, for too four two, for two four to, four two four too",
            "* * * *, * * * *, * * * *, four two four too",
        ),
        (
            "tree seven ate to ate to to four six three one zero zero zero five",
            "* * * * * * * * * * * zero zero zero five",
        ),
    ],
)
@pytest.mark.parametrize("before", ["", "my card is ", "it is for you: "])
def test_a_number_said_in_words_that_are_heard_like_digits_is_cut(said, left, before):
    assert cut(before + said, BALANCED) == before + left


@pytest.mark.parametrize(
    "text",
    [
        "for to too ate won tree for to too ate won tree for to too",
        "the card is for one of the two, to be ate for free, too",
        "from one to two for three, too, and I won one for two",
        "I went to one of two, four to five, six to seven, eight for nine",
        "the cvv is for the card, to pay for one or two",
    ],
)
def test_words_heard_like_digits_stay_where_no_digits_are_said_around_them(text):
    assert cut(text, BALANCED) == text


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("four one won one", "4111"),
        ("one two three for", "1234"),
        ("one two three fore, one", "12341"),
        ("one two three", "123"),
        ("one won two", "12"),
        ("for one to two", "12"),
        ("for to one two three ate tree", "123"),
        ("one two for me three four", "1234"),
    ],
)
def test_words_heard_like_digits_count_in_runs_of_four_with_three_digits_beyond_doubt(text, digits):
    assert "".join(block.digits for block in scan(text, Reading.OTHER).blocks) == digits
