import re
from pathlib import Path

from vault.screen.sound import decide, said
from vault.screen.sound.redact import ENGINE

SPEC = (Path(__file__).parents[3] / "vault/screen/sound/SPEC.md").read_text(encoding="utf-8")


def test_every_rule_of_the_sound_spec_names_tests_that_exist():
    rules = re.findall(r"^\| (SND-\d\d) \|.*\| ([^|]*) \|$", SPEC, re.MULTILINE)
    written = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", written, re.MULTILINE))
    assert [rule for rule, _ in rules] == [f"SND-{n:02}" for n in range(1, 26)]
    for rule, named in rules:
        names = set(re.findall(r"`(test_\w+)`", named))
        assert names, rule
        assert names <= tests, names - tests


def test_the_sound_spec_is_of_the_engine_s_version_and_has_every_rule_that_findings_name():
    assert f"`{ENGINE.name}/{ENGINE.version}`" in SPEC
    for name in ("SPEECH_RULE", "CARD_KEYS_RULE", "ALL_KEYS_RULE", "UNSURE_KEYS_RULE", "REVIEW_RULE"):
        assert f"| {getattr(decide, name)} |" in SPEC
    assert f"| {said.WORDS_RULE} |" in SPEC
