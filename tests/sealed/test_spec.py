"""The spec says what the code does: each rule is exercised, each number and the example are true."""

import json
import re
from pathlib import Path

from tests.vectors.sealed import make
from vault.errors import SealedSegmentError, SealedShapeError, SealedValueError
from vault.sealed import format as sealed_format

HERE = Path(__file__).parent
SPEC = Path(sealed_format.__file__).with_name("SPEC.md").read_text()
RULE = re.compile(r"SEAL-\d\d")


def _defined():
    return re.findall(r"^- \*\*(SEAL-\d\d)\*\* ", SPEC, re.MULTILINE)


def _in_tests():
    in_vectors = {rule for vector in make.vectors().values() for rule in vector["rules"]}
    in_docstrings = {
        rule
        for path in HERE.glob("test_*.py")
        for docstring in re.findall(r'"""(.*?)"""', path.read_text(), re.DOTALL)
        for rule in RULE.findall(docstring)
    }
    return in_vectors | in_docstrings


def test_the_rules_are_numbered_without_a_gap_and_once_each():
    assert sorted(_defined()) == [f"SEAL-{number:02}" for number in range(1, len(_defined()) + 1)]


def test_every_rule_is_named_by_a_vector_or_a_test_and_no_other_is():
    assert _in_tests() == set(_defined())


def test_the_code_and_the_spec_name_only_rules_that_exist():
    code = "".join(path.read_text() for path in Path(sealed_format.__file__).parent.glob("*.py"))
    assert set(RULE.findall(code + SPEC)) == set(_defined())


def test_every_rule_says_must():
    for paragraph in re.split(r"\n(?=- \*\*SEAL|\n)", SPEC):
        if paragraph.startswith("- **SEAL"):
            assert "MUST" in paragraph


def test_the_example_is_the_vector_it_names():
    vector = json.loads((Path(make.__file__).parent / "ok-one-byte.json").read_text())
    example = SPEC.split("```")[1]
    assert "".join(line.split()[0] for line in example.strip().splitlines()) == vector["sealed"]


def test_the_numbers_in_the_layout_are_those_of_the_code():
    for number in (sealed_format.FIRST_PLAIN, sealed_format.OTHER_PLAIN, sealed_format.SEGMENT_SIZE):
        assert f"{number:,}" in SPEC
    assert (sealed_format.MAX_SEGMENTS, sealed_format.HEADER_SIZE) == (2**32 - 1, 40)


def test_the_error_codes_are_those_of_the_classes():
    codes = re.findall(r"\| `(sealed-[a-z]+)` \|", SPEC)
    assert codes == [error.code for error in (SealedShapeError, SealedSegmentError, SealedValueError)]


def test_every_edit_of_a_vector_is_explained():
    used = {edit["do"] for vector in make.vectors().values() for edit in vector["edits"]}
    assert used == set(re.findall(r"`([a-z]+-[a-z-]+|append)`", SPEC.split("| edit | does |")[1].split("##")[0]))
