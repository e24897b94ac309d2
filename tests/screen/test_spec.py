import re
from pathlib import Path

from vault.screen.text.redact import ENGINE

SPEC = (Path(__file__).parents[2] / "vault/screen/SPEC.md").read_text(encoding="utf-8")


def test_every_rule_of_the_spec_names_tests_that_exist():
    rules = re.findall(r"^\| (SCR-\d\d) \|.*\| ([^|]*) \|$", SPEC, re.MULTILINE)
    written = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", written, re.MULTILINE))
    assert [rule for rule, _ in rules] == [f"SCR-{n:02}" for n in range(1, 29)]
    for rule, named in rules:
        names = set(re.findall(r"`(test_\w+)`", named))
        assert names, rule
        assert names <= tests, rule


def test_the_spec_is_of_the_engine_s_version():
    assert f"`{ENGINE.name}/{ENGINE.version}`" in SPEC
