"""Codes and card numbers in parts: in arrays, over fields, echoed, behind small talk, typed with mistakes."""

import json

import pytest

from tests.screen.samples import BALANCED, CARDS, STRICT, redact, rescan

PAN = CARDS["Visa"]
PRESETS = pytest.mark.parametrize("options", [BALANCED, STRICT], ids=["balanced", "strict"])


def cut(text, options, media_type="text/plain"):
    result = redact(media_type, text.encode(), options)
    assert rescan(media_type, result.content, options) == ()
    return result.content.decode()


def cut_json(value, options):
    return json.loads(cut(json.dumps(value), options, "application/json"))


def chat(*said):
    return "\n".join(("Agent: " if at % 2 == 0 else "Caller: ") + words for at, words in enumerate(said))


def said(text):
    return [line.split(": ", 1)[1] for line in text.split("\n")]


@PRESETS
@pytest.mark.parametrize("code", [["7", "3", "7"], [7, 3, 7]])
def test_a_code_in_an_array_is_cut_by_the_name_of_its_field(code, options):
    assert cut_json({"cvc": code}, options) == {"cvc": ["*"] * 3}
    assert cut_json({"pan": PAN, "code": code}, options)["code"] == ["*"] * 3
    assert cut_json({"error": {"code": code}}, options) == {"error": {"code": code}}


@PRESETS
@pytest.mark.parametrize("name", ["verification", "cvx", "code", "securityCode"])
def test_a_field_beside_a_card_that_is_named_a_code_is_cut(name, options):
    assert cut_json({"card": {"number": PAN, name: "737"}}, options)["card"][name] == "***"


def test_a_field_named_a_code_stays_where_no_card_is():
    value = {"verification": "737", "code": "404", "text": "hello"}
    assert cut_json(value, BALANCED) == value


@PRESETS
@pytest.mark.parametrize(
    ("talk", "left"),
    [
        (
            ("And the three on the back?", "seven", "seven", "three", "three", "seven", "thanks, 737"),
            ("And the three on the back?", "*", "*", "*", "*", "*", "thanks, ***"),
        ),
        (
            ("security code", "I think it was 73", "73?", "yes and then 7", "737 then"),
            ("security code", "I think it was **", "**?", "yes and then *", "*** then"),
        ),
        (("CVV please", "seven", "thanks"), ("CVV please", "*", "thanks")),
        (("the cvc is seven", "yes", "go on", "three seven"), ("the cvc is *", "yes", "go on", "* *")),
    ],
)
def test_a_code_given_in_parts_and_read_back_is_cut(talk, left, options):
    assert tuple(said(cut(chat(*talk), options))) == left


@PRESETS
def test_a_code_behind_small_talk_is_cut(options):
    small = ["let me find my glasses", "sure", "one second", "no hurry", "it is so small", "ha", "got it", "go ahead"]
    assert said(cut(chat("and the cvc?", *small, "737", "ok"), options))[-2:] == ["***", "ok"]


@PRESETS
@pytest.mark.parametrize(
    "talk",
    [
        ("and the cvc?", "one moment", "sure", "two minutes please", "fine"),
        ("and the cvc?", "one moment", "sure", "one minute", "fine", "two minutes", "ok"),
        ("do you have the cvc?", "no", "it is fine", "good", "so", "then your order please", "737", "thanks"),
        ("le prix a trois chiffres derrière la virgule", "oui", "737"),
        ("never tell the cvc", "no", "your room", "fine", "12", "thanks"),
    ],
)
def test_counts_and_other_numbers_do_not_answer_for_a_code(talk, options):
    assert tuple(said(cut(chat(*talk), options))) == talk


@PRESETS
def test_a_card_that_is_told_before_its_code_keeps_its_last_four(options):
    talk = chat(
        "your card and the cvc please", PAN[:4], "yes", PAN[4:8], "yes", PAN[8:12], "yes", PAN[12:], "yes", "737"
    )
    want = ("your card and the cvc please", "****", "yes", "****", "yes", "****", "yes", "****", "yes", "***")
    assert tuple(said(cut(talk, options)))[::9] == want[::9]
    small = ["thanks", "sure", "let me find my glasses", "no hurry", "it is so small"]
    groups = [PAN[at : at + 4] for at in range(0, 16, 4)]
    assert said(cut(chat("your card and the cvc please", *groups, *small, "737"), options))[-1] == "***"
    assert "1111" in cut(chat("and the cvc?", "sure", "first my card", PAN), options)


@PRESETS
@pytest.mark.parametrize(
    "asked",
    [
        "three digit code",
        "CCV?",
        "the csv number?",
        "Card ID?",
        "the number next to the signature?",
        "what does it say on the back, three digits?",
        "die drei Ziffern auf der Rückseite?",
        "die drei Ziffern auf der Rueckseite?",
        "los tres números de atrás?",
        "los tres numeros de atras?",
        "los tres dígitos del reverso?",
        "les trois chiffres derrière ?",
        "les trois chiffres derriere ?",
        "le pictogramme ?",
    ],
)
def test_a_code_is_cut_however_it_is_asked_for(asked, options):
    assert said(cut(chat(asked, "737"), options)) == [asked, "***"]
    assert said(cut(chat(asked, "seven three seven"), options)) == [asked, "* * *"]


@PRESETS
@pytest.mark.parametrize("code", ["siebenhundertsiebenunddreißig", "siebenhundertsiebenunddreissig"])
def test_a_code_in_one_german_word_is_cut(code, options):
    assert said(cut(chat("Kartenprüfnummer?", code), options))[1] == "***"


@PRESETS
@pytest.mark.parametrize(
    "card",
    [
        {"first6": PAN[:6], "middle": PAN[6:12], "last4": PAN[12:]},
        {"a": PAN[:6], "b": PAN[6:12], "c": PAN[12:]},
        {"bin": PAN[:8], "rest": PAN[8:]},
        {"brand": "visa", "first6": PAN[:6], "middle": PAN[6:12], "last4": PAN[12:], "month": "09"},
    ],
)
def test_a_card_over_the_fields_of_one_object_is_cut(card, options):
    got = cut_json({"card": card}, options)["card"]
    assert "".join(value for value in got.values() if value != "visa").count("*") >= 12


def test_digits_of_an_object_that_speaks_of_no_card_stay():
    value = {"a": PAN[:6], "b": PAN[6:12], "c": PAN[12:]}
    assert cut_json(value, BALANCED) == value
    assert cut_json({"card": {"zip": "62704", "phone": "2125550117"}}, BALANCED)["card"]["zip"] == "62704"


@PRESETS
def test_codes_of_characters_in_an_array_are_read(options):
    got = cut_json({"bytes": [ord(c) for c in PAN]}, options)["bytes"]
    assert got == ["*"] * 12 + [ord(c) for c in PAN[12:]]
    other = [52, 48, 49, 50, 56, 51, 54]
    assert cut_json({"bytes": other}, BALANCED)["bytes"] == other


@PRESETS
def test_keys_told_by_unicode_are_read(options):
    lines = [{"type": "keydown", "unicode": f"U+{ord(c):04X}"} for c in PAN]
    got = cut("\n".join(map(json.dumps, lines)), options, "application/x-ndjson")
    assert got.count('"*"') >= 12


@PRESETS
@pytest.mark.parametrize("name", ["key", "code", "keyCode"])
def test_a_key_taken_back_is_no_digit_of_the_number(name, options):
    keys = [*PAN[:6], "9", "Backspace", *PAN[6:]]
    places = {"Backspace": "Backspace"} | {digit: f"Digit{digit}" for digit in "0123456789"}
    codes = {"Backspace": 8} | {digit: ord(digit) for digit in "0123456789"}
    told = {"key": str, "code": places.get, "keyCode": codes.get}
    lines = [{"type": "keydown", name: told[name](key)} for key in keys]
    got = cut("\n".join(map(json.dumps, lines)), options, "application/x-ndjson")
    assert got.count("*") >= 12


@PRESETS
def test_a_key_taken_back_in_a_log_of_keys_is_no_digit_of_the_number(options):
    keys = [*PAN[:6], "9", "<BKSP>", *PAN[6:]]
    assert cut("\n".join(f"User: [key] {key}" for key in keys), options).count("*") >= 12


@PRESETS
@pytest.mark.parametrize(
    "number",
    [
        "for oh won too, ate ate ate ate, ate ate ate ate, won ate ate won",
        "foru zero one two eigth eight eight eigth eight eight eight eight one eight eight one",
    ],
)
def test_a_number_of_words_heard_like_digits_or_misspelt_is_cut(number, options):
    assert cut(number, options).count("*") == 16


@pytest.mark.parametrize("text", ["to won for", "for two to eigth, too late for tea", "i ate too for won"])
def test_words_heard_like_digits_or_misspelt_stay_in_talk(text):
    assert cut(text, STRICT) == text


@PRESETS
def test_the_beginnings_of_a_card_that_is_typed_are_cut(options):
    grown = [PAN[:size] for size in range(4, 17)]
    got = cut("\n".join(json.dumps({"text": f"value: {one}"}) for one in grown), options, "application/x-ndjson")
    left = [json.loads(line)["text"].removeprefix("value: ") for line in got.split("\n")]
    assert left == [*grown[:3], *("*" * size for size in range(7, 16)), "*" * 12 + "1111"]
    assert cut("4111111 of them", BALANCED) == "4111111 of them"


@PRESETS
def test_a_url_escaped_twice_is_read(options):
    coded = "".join(f"%25{ord(c):02X}" for c in PAN)
    assert cut(f"https://shop.example/pay?pan={coded}", options).count("*") >= 12


@PRESETS
@pytest.mark.parametrize(
    ("date", "left"),
    [
        ("caduca en septiembre del veintiocho", "caduca en septiembre del **"),
        ("expires September of twenty eight", "expires September of **"),
        ("expires 09/28", "expires **/**"),
    ],
)
def test_an_expiry_date_in_words_goes_with_a_card(date, left, options):
    assert cut(f"card {PAN}, {date}", options) == f"card {'*' * 12}1111, {left}"
    assert cut(f"the licence {date}", BALANCED) == f"the licence {date}"


@PRESETS
@pytest.mark.parametrize("said_behind", ["7 3 7 09 28", "7 3 7 0 9 2 8", "09 28 7 3 7"])
def test_a_code_and_a_date_digit_by_digit_behind_a_card_are_cut(said_behind, options):
    left = cut(f"4111 1111 1111 1111 {said_behind}", options)
    assert sum(c.isdigit() for c in left) in (0, 4)
    assert left.count("*") >= 12 + 7


@PRESETS
def test_a_year_and_a_month_in_a_field_go_with_a_card(options):
    assert cut_json({"number": PAN, "validTo": "2028-09"}, options)["validTo"] == "****-**"
    assert cut_json({"number": PAN, "createdIn": "2028-09"}, options)["createdIn"] == "2028-09"


@PRESETS
def test_a_name_of_letters_that_look_like_digits_stays(options):
    talk = "\n".join(f"02/01/2026, 10:0{at} - Bob: {PAN[at * 4 : at * 4 + 4]}" for at in range(4))
    assert cut(talk, options).count("Bob: ") == 4
    assert cut(talk, options).count("*") >= 12


SRT = (
    "3\n00:00:01,000 --> 00:00:03,000\nmy card is {}\n\n4\n00:00:03,000 --> 00:00:05,000\n{}\n\n"
    "5\n00:00:07,000 --> 00:00:08,000\n{}\n"
)


@PRESETS
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_numbers_and_times_of_srt_captions_stay(end, options):
    source = SRT.replace("\n", end)
    assert cut(source.format("4111", "1111 1111", "1111"), options) == source.format("****", "**** ****", "1111")
    assert cut(source.format("new", "the cvc is seven", "three seven"), options) == source.format(
        "new", "the cvc is *", "* *"
    )
