"""What is covered when: numbers typed, moved, scrolled, covered in part, shown for a moment, and gone."""

import pytest

from tests.screen.picture.clips import AMEX, VISA, clip, frames, page, run, shows
from vault.screen.options import Options, Preset
from vault.screen.outcome import FindingKind

BALANCED = Options(preset=Preset.BALANCED)
X, Y = 130, 70
LABEL = (20, Y, "Note")


def screened(tmp_path, pages, options=None, rate=10):
    source = clip(pages, rate=rate)
    redaction, sink = run(source, tmp_path, options=options)
    return redaction, [(new, old) for (_, new), (_, old) in zip(frames(sink), frames(source), strict=True)]


def typing(text, *, first=3, hold=4):
    return [
        page((20, 20, "Customer record"), LABEL, (X, Y, text[: max(0, k - first)]))
        for k in range(len(text) + first + hold)
    ]


@pytest.mark.parametrize("number", [VISA, AMEX])
def test_strict_covers_a_number_from_its_first_digit_typed(tmp_path, number):
    _, result = screened(tmp_path, typing(number))
    assert sum(old[Y : Y + 22, X : X + 240].min() < 128 for _, old in result) > len(number)
    assert not any(shows(new, old, X, Y) for new, old in result)


def test_balanced_covers_a_number_from_its_seventh_digit_typed(tmp_path):
    pages = typing(VISA)
    _, result = screened(tmp_path, pages, BALANCED)
    seventh = 3 + len("4111 111")
    assert not any(shows(new, old, X, Y) for new, old in result[seventh:])
    assert any(shows(new, old, X, Y) for new, old in result[:seventh])


def test_what_stands_beside_the_number_stays(tmp_path):
    pages = [page((20, 20, "Customer record"), LABEL, (X, Y, VISA))] * 5
    _, result = screened(tmp_path, pages, BALANCED)
    assert all(shows(new, old, 20, Y, 50) and shows(new, old, 20, 20, 140) for new, old in result)


def test_a_moved_number_is_covered_all_along(tmp_path):
    places = [(20 + 14 * min(max(k - 4, 0), 14), 20 + 6 * min(max(k - 4, 0), 14)) for k in range(24)]
    _, result = screened(tmp_path, [page((x, y, VISA)) for x, y in places], BALANCED)
    assert not any(shows(*shot, x, y) for shot, (x, y) in zip(result, places, strict=True))


def test_a_scrolled_number_is_covered_from_edge_to_edge(tmp_path):
    def scrolled(top):
        lines = ((20, top + 40 * k, VISA if k == 0 else f"Line {k} of a letter") for k in range(-4, 6))
        image = page(*lines)
        image.paste("#e0e0e8", (0, 0, 480, 31))  # what scrolls goes under it
        return image

    tops = [172 - 9 * k for k in range(20)]
    _, result = screened(tmp_path, [scrolled(top) for top in tops], BALANCED)
    parts = [
        (*shot, 20, max(31, top), 200, min(24, top - 7))
        for shot, top in zip(result, tops, strict=True)
        if 20 < top < 150
    ]
    assert sum(shows(old, old, *box) for _, old, *box in parts) > 12
    assert not any(shows(*part) for part in parts)


@pytest.mark.parametrize("lasting", [1, 2])
def test_a_number_shown_for_a_moment_is_covered(tmp_path, lasting):
    before, blank = page((20, 20, "Customer")), page((20, 20, "Customer record"))
    number = page((20, 20, "Customer record"), (X, Y, VISA))
    _, result = screened(tmp_path, [before] * 6 + [blank] + [number] * lasting + [blank] * 6, BALANCED)
    assert not any(shows(*shot, X, Y) for shot in result[7 : 7 + lasting])


def test_a_number_covered_in_part_stays_covered(tmp_path):
    def over(k):
        image = page((X, Y, VISA))
        image.paste("#dde", (X + 190 - 8 * k, 40, X + 400, 130))
        return image

    pages = [over(k) for k in range(16)]
    _, result = screened(tmp_path, pages)
    assert not any(shows(*shot, X, Y, 186 - 8 * k) for k, shot in enumerate(result))


def test_a_place_is_shown_again_when_the_number_is_gone(tmp_path):
    pages = [page((X, Y, VISA))] * 8 + [page((X, Y, "Thank you, goodbye"))] * 10
    _, result = screened(tmp_path, pages, BALANCED)
    assert all(shows(*shot, X, Y) for shot in result[9:])


def test_codes_and_dates_beside_a_number_are_covered_with_it(tmp_path):
    fields = [
        (20, 20, "Card"),
        (100, 20, VISA),
        (20, 70, "CVV"),
        (100, 70, "737"),
        (20, 115, "Expiry"),
        (100, 115, "11/29"),
    ]
    redaction, result = screened(tmp_path, [page(*fields)] * 6, BALANCED)
    assert {f.kind for f in redaction.findings} == {FindingKind.CARD, FindingKind.CODE, FindingKind.EXPIRY}
    assert not any(shows(*shot, 100, y) for shot in result for y in (20, 70, 115))


def test_light_text_on_dark_ground_is_covered(tmp_path):
    _, result = screened(tmp_path, [page((X, Y, VISA), ground="#101418", ink="#80e080")] * 6, BALANCED)
    assert not any(shows(*shot, X, Y) for shot in result)


def test_a_clip_without_card_data_has_no_findings_and_keeps_its_text(tmp_path):
    redaction, result = screened(
        tmp_path, [page((20, 20, "Order 10293847"), (20, 70, "Phone 020 7946 0958"))] * 6, BALANCED
    )
    assert redaction.findings == ()
    assert all(shows(*shot, 20, y) for shot in result for y in (20, 70))


def test_a_number_is_one_finding_from_its_first_to_its_last_frame(tmp_path):
    pages = [page((X, Y, "Hello"))] * 5 + [page((X, Y, VISA))] * 10 + [page((X, Y, "Goodbye"))] * 5
    redaction, _ = screened(tmp_path, pages, BALANCED)
    (finding,) = redaction.findings
    assert (finding.begin, finding.end) == pytest.approx((0.5, 1.5), abs=0.11)
    assert (finding.kind, finding.length, finding.scheme) == (FindingKind.CARD, 16, "Visa")
    left, top, width, height = finding.box
    assert left <= X + 4
    assert left + width >= X + 165
    assert top <= Y + 4
    assert top + height >= Y + 16


def test_a_number_that_fades_in_slowly_beside_a_ticking_clock_is_covered(tmp_path):
    def fading(k):
        image = page((X, Y, VISA), ink=(255 - 2 * k,) * 3)
        image.paste(page((0, 0, f"10:0{k // 5 % 10}"), size=(80, 24)), (20, 20))
        return image

    _, result = screened(tmp_path, [fading(k) for k in range(75)], BALANCED)
    assert not any(shows(*shot, X, Y) for shot in result[60:])


def test_strict_covers_the_first_digits_though_another_window_hid_them_meanwhile(tmp_path):
    def shown(count):
        return page((20, 20, "Notes"), (X, Y, VISA[:count]))

    other = page((20, 20, "Other window, nothing here"), (20, 120, "Hello"))
    pages = [shown(0)] * 3 + [shown(k) for k in range(1, 7)] + [other] * 6 + [shown(k) for k in range(7, 20)]
    _, result = screened(tmp_path, pages, rate=3)
    assert not any(shows(*shot, X, Y, 240) for shot in result)
    assert shows(*result[11], 20, 20, 200)


@pytest.mark.parametrize("top", [480, 530])
def test_a_number_higher_than_two_bands_have_in_common_is_covered(tmp_path, top):
    redaction, result = screened(tmp_path, [page((20, top, VISA), size=(1280, 720), height=120)] * 2, BALANCED)
    assert {f.kind for f in redaction.findings} == {FindingKind.CARD}
    assert not any(shows(*shot, 20, top, 1240, 140) for shot in result)


@pytest.mark.parametrize("options", [None, BALANCED])
def test_a_number_that_comes_out_from_under_a_window_in_part_is_covered(tmp_path, options):
    def passing(k):
        image = page((X, Y, VISA))
        image.paste("#dde", (X + 210 - 24 * k, 40, X + 430 - 24 * k, 130))  # it ends with half of the number uncovered
        return image

    _, result = screened(tmp_path, [page((X, Y, VISA))] * 6 + [passing(k) for k in range(15)], options, rate=5)
    assert not shows(result[15][1], result[15][1], X, Y, 160)
    assert sum(shows(old, old, X + 108, Y, 72) for _, old in result[-5:]) >= 3
    assert not any(shows(*shot, X + 430 - 24 * k, Y, 24 * k - 240) for k, shot in enumerate(result[6:]) if k > 11)
