from pathlib import Path

from tests.screen.rules import assert_is_of_version, assert_rules_are_tested, named_tests
from vault.screen.sound import decide, said
from vault.screen.sound.redact import ENGINE

SPEC = Path(__file__).parents[3] / "vault/screen/sound/SPEC.md"


def test_every_rule_of_the_sound_spec_names_tests_that_exist():
    assert_rules_are_tested(SPEC, "SND", 30, Path(__file__).parent)


def test_the_sound_spec_is_of_the_engine_s_version_and_has_every_rule_that_findings_name():
    assert_is_of_version(SPEC, ENGINE)
    rules = named_tests(SPEC, "SND")
    for name in ("SPEECH_RULE", "CARD_KEYS_RULE", "ALL_KEYS_RULE", "UNSURE_KEYS_RULE", "REVIEW_RULE"):
        assert getattr(decide, name) in rules
    assert said.WORDS_RULE in rules
