from pathlib import Path

from tests.screen.rules import assert_is_of_version, assert_rules_are_tested
from vault.screen.picture.redact import ENGINE

SPEC = Path(__file__).parents[3] / "vault/screen/picture/SPEC.md"


def test_every_rule_of_the_picture_spec_names_tests_that_exist():
    assert_rules_are_tested(SPEC, "PIC", 21, Path(__file__).parent)


def test_the_picture_spec_is_of_the_engine_s_version():
    assert_is_of_version(SPEC, ENGINE)
