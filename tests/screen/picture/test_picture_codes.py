"""Security codes that no label tells: by where they stand, and by labels that were read with mistakes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.screen.picture.clips import VISA, clip, eye, frames, page, run, shows
from tests.screen.picture.test_picture_geometry import line
from vault.screen.options import Options, Preset
from vault.screen.outcome import Finding, FindingKind, Medium
from vault.screen.picture import names
from vault.screen.picture.lines import Box, joined_labels
from vault.screen.picture.numbers import spots
from vault.screen.picture.recheck import recheck
from vault.screen.picture.residue import left_over

BALANCED = Options(preset=Preset.BALANCED)
STRICT = Options()
CARD = line(100, 100, VISA)


def codes(lines, options=STRICT, before=()):
    return [s.digits for s in spots(lines, options, before) if s.kind is FindingKind.CODE]


@pytest.mark.parametrize("options", [STRICT, BALANCED])
@pytest.mark.parametrize(("x", "y"), [(300, 100), (100, 150), (420, 150), (100, 70)])
@pytest.mark.parametrize("code", ["737", "7373", "7 3 7", "[737]"])
def test_a_short_number_alone_near_a_card_is_a_code_without_a_label(options, x, y, code):
    digits = "".join(c for c in code if c.isdigit())
    if options is BALANCED and " " in code:
        return
    assert codes([CARD, line(x, y, code)], options) == [digits]


@pytest.mark.parametrize("text", ["Gode 737", "12/29 737", "737 OK", "7Z7", "nr: 737", "CVG2 737"])
def test_strict_covers_a_short_number_in_a_line_with_other_words(text):
    assert len(codes([CARD, line(100, 150, text)])) == 1


@given(st.integers(-11, 19), st.integers(0, 600))
def test_strict_covers_a_code_anywhere_in_the_form_of_the_card(rows, x):
    if abs(rows) < 2:
        return
    lines = [line(300, 300, VISA), line(x, 300 + 16 * rows, "737")]
    assert codes(lines) == ["737"]


@pytest.mark.parametrize("digits", ["7", "73"])
def test_strict_covers_the_first_digits_of_a_code_while_the_card_shows(digits):
    found = spots([CARD, line(100, 150, digits)], STRICT)
    assert digits in [s.digits for s in found]
    assert digits not in [s.digits for s in spots([CARD, line(100, 150, digits)], BALANCED)]


@pytest.mark.parametrize("text", ["125.00", "1,250.00", "10:22", "12.11.2026", "46 0958 12", "Ref 7946 0958"])
def test_amounts_times_and_groups_of_longer_numbers_are_no_codes(text):
    assert codes([CARD, line(100, 150, text)]) == []
    assert list(left_over([line(100, 150, text)], STRICT, [CARD.box])) == []


def test_a_short_number_far_from_a_card_is_no_code():
    assert codes([CARD, line(100, 600, "737")]) == []
    assert codes([line(100, 150, "737")]) == []


@pytest.mark.parametrize("label", ["Amount", "Order", "Menge", "PLZ"])
def test_balanced_leaves_a_number_that_another_label_explains(label):
    assert codes([CARD, line(100, 150, label), line(180, 150, "250")], BALANCED) == []
    assert codes([CARD, line(100, 150, label), line(180, 150, "250")], STRICT) == ["250"]


def test_balanced_covers_what_is_typed_further_off_while_the_card_shows():
    far = line(100, 260, "737")
    assert codes([CARD, far], BALANCED, before=[CARD, far]) == []
    assert codes([CARD, far], BALANCED, before=[CARD]) == ["737"]
    assert codes([CARD, far], BALANCED, before=[CARD, line(100, 260, "73")]) == ["737"]
    moved = line(100, 90, VISA)
    assert codes([CARD, far], BALANCED, before=[moved]) == []


def test_balanced_leaves_a_short_number_beside_more_digits_of_its_row():
    assert codes([CARD, line(100, 150, "030 23125"), line(180, 150, "123")], BALANCED) == []


@pytest.mark.parametrize("label", ["Card number", "Kredltkarte", "Explry date", "Gultig bls"])
def test_a_label_of_a_card_is_enough_to_cover_a_code_beside_it(label):
    assert codes([line(100, 100, label), line(100, 150, "737")], STRICT) == ["737"]


def test_strict_covers_a_code_where_a_card_showed_a_moment_ago():
    lines = [line(100, 150, "737")]
    assert [s.kind for s in spots(lines, STRICT, (), [CARD.box])] == [FindingKind.CODE]
    assert spots(lines, BALANCED, (), [CARD.box]) == []


@pytest.mark.parametrize(
    "label",
    ["CWV", "CVG", "GVC", "CIO", "Secunty code", "Securty cde", "Securitycode", "Prufzilfer", "Codlgo de seguridad",
     "Crypt0gramme", "Kartenprutnummer"],
)  # fmt: skip
def test_a_code_s_label_is_recognised_though_letters_of_it_are_wrong(label):
    assert names.is_code(label)
    assert codes([line(100, 400, label), line(300, 400, "737")], STRICT) == ["737"]


@pytest.mark.parametrize(
    "label", ["Explry", "Exptry date", "Valid thnu", "Ablaufdalum", "Caducidod", "Date d'expirotion"]
)
def test_an_expiry_label_is_recognised_though_letters_of_it_are_wrong(label):
    assert names.is_expiry(label)
    kinds = [s.kind for s in spots([CARD, line(100, 400, label), line(300, 400, "12/29")], BALANCED)]
    assert kinds == [FindingKind.CARD, FindingKind.EXPIRY]


@pytest.mark.parametrize(
    "label", ["Amount", "ID", "CSV", "Post code", "Queue", "Phone", "Security guard", "Agent", "City"]
)
def test_other_labels_are_no_code_s(label):
    assert not names.is_code(label)
    assert not names.is_expiry(label)


def test_a_label_read_in_two_pieces_is_one():
    pieces = [line(100, 400, "Security"), line(170, 401, "code"), line(300, 400, "737")]
    assert [one.text for one in joined_labels(pieces)] == ["Security code", "737"]
    assert codes(pieces, BALANCED) == ["737"]


def test_a_misread_number_is_not_made_of_neighbouring_cells():
    unsure = line(10, 10, "4111 111 111")._replace(sure=(0.5,) * 12)
    assert spots([unsure, line(130, 10, "1112")], BALANCED) == []
    wide = line(10, 10, "4111 1111 1111 1112")._replace(sure=(0.5,) * 19)
    assert len(spots([wide], BALANCED)) == 1
    apart = wide._replace(centres=(*wide.centres[:8], *(c + 80 for c in wide.centres[8:])))
    assert spots([apart], BALANCED) == []


def test_a_misread_number_in_fields_of_its_own_is_covered():
    fields = [line(10 + 60 * k, 10, part)._replace(sure=(0.5,) * 4) for k, part in enumerate(("4111", *["1112"] * 3))]
    assert [len(s.places) for s in spots(fields, BALANCED)] == [4]


def form(code="737"):
    return page((20, 20, "Customer"), (100, 20, VISA), (100, 80, code))


def screened(tmp_path, options):
    pages = [page((20, 20, "Customer"))] * 3 + [form("")] * 6 + [form("7"), form("73")] + [form()] * 8
    source = clip(pages, rate=10)
    redaction, sink = run(source, tmp_path, options=options)
    shown = [shows(new, old, 100, 80, 60) for (_, new), (_, old) in zip(frames(sink), frames(source), strict=True)]
    return redaction, sink, shown


def test_a_code_without_a_label_is_covered_while_it_is_typed_and_the_gate_passes_the_result(tmp_path):
    for options in (STRICT, BALANCED):
        redaction, sink, shown = screened(tmp_path, options)
        assert not any(shown[11:] if options is BALANCED else shown)
        assert recheck(sink, options, eye(), redaction.findings, lambda _: None) == ()


def test_the_gate_objects_when_the_first_pass_leaves_a_code_without_a_label(tmp_path, monkeypatch):
    monkeypatch.setattr("vault.screen.picture.numbers._beside", lambda *_, **__: ())
    redaction, sink, shown = screened(tmp_path, STRICT)
    assert all(shown[11:])
    left = recheck(sink, STRICT, eye(), redaction.findings, lambda _: None)
    assert {(f.kind, f.length) for f in left} == {(FindingKind.CODE, 3)}
    assert recheck(sink, BALANCED, eye(), redaction.findings, lambda _: None) == ()


@pytest.mark.parametrize("text", ["737", "7373", "Gode 737", "7 3 7", "12/29 737", "737."])
@pytest.mark.parametrize(("x", "y"), [(300, 100), (100, 180), (420, 150), (100, 60)])
def test_the_gate_takes_a_short_number_near_a_covered_card_for_a_code(text, x, y):
    lines = [line(x, y, text)]
    assert [left.kind for left in left_over(lines, STRICT, [CARD.box])] == [FindingKind.CODE]
    assert list(left_over(lines, STRICT, [])) == []
    assert list(left_over([line(x, 500, text)], STRICT, [CARD.box])) == []


@given(st.integers(0, 600), st.integers(0, 600), st.sampled_from(["737", "7373", "Gode 737", "1 2 3", "12/29 123"]))
def test_what_the_gate_calls_a_code_near_a_card_the_first_pass_covers(x, y, text):
    card, other = line(300, 300, VISA), line(x, y, text)
    if other.box.meets(card.box.grown(20, 2)):
        return
    left = list(left_over([other], STRICT, [card.box]))
    covered = [box for spot in spots([card, other], STRICT) for box, _ in spot.places]
    assert all(any(box.shared(one.box) > 0.9 for box in covered) for one in left)


def test_the_gate_reads_a_code_s_label_with_wrong_letters():
    lines = [line(100, 400, "Secunty code"), line(220, 400, "737")]
    assert [left.kind for left in left_over(lines, BALANCED, [])] == [FindingKind.CODE]


def test_the_gate_looks_for_codes_only_while_a_card_is_covered(tmp_path):
    source = clip([page((100, 80, "737"))] * 6, rate=5)
    at = [Finding(Medium.PICTURE, FindingKind.CARD, "PIC-01", begin=b, end=e, box=(100, 20, 180, 20), cut=True)
          for b, e in ((0.0, 1.2), (9.0, 9.5))]  # fmt: skip
    assert len(recheck(source, STRICT, eye(), at[:1], lambda _: None)) == 1
    assert recheck(source, STRICT, eye(), at[1:], lambda _: None) == ()


def test_pixels_that_are_the_same_to_the_bit_are_read_once_and_elsewhere_alike(monkeypatch):
    image = np.asarray(page((20, 20, "737 and 12")))[:, :, ::-1].copy()
    moved = np.roll(image, (40, 32), (0, 1))
    one, asked = eye().read(image, Box(16, 16, 110, 28)), []
    monkeypatch.setattr(eye(), "_run", lambda *_: asked.append(1))
    again = eye().read(moved, Box(48, 56, 110, 28))
    assert (again.text, again.sure, asked) == (one.text, one.sure, [])
    assert again.centres == tuple(c + 32 for c in one.centres)
