"""What a SPEC.md promises of its tests: every rule, numbered without a gap, names tests that are there."""

import re
from pathlib import Path

from vault.screen.outcome import Engine


def named_tests(spec: Path, prefix: str) -> dict[str, set[str]]:
    """Return the tests that each rule of a SPEC.md names, by the rule's id, in the order of the rules."""
    found = re.findall(rf"^\| ({prefix}-\d\d) \|.*\| ([^|]*) \|$", spec.read_text(encoding="utf-8"), re.MULTILINE)
    return {rule: set(re.findall(r"`(test_\w+)`", named)) for rule, named in found}


def assert_rules_are_tested(spec: Path, prefix: str, count: int, tests: Path) -> None:
    """Fail unless a SPEC.md has that many rules, and each names tests in the files of a folder."""
    rules = named_tests(spec, prefix)
    assert list(rules) == [f"{prefix}-{number:02}" for number in range(1, count + 1)]
    written = "".join(path.read_text(encoding="utf-8") for path in tests.glob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)", written, re.MULTILINE))
    assert there, tests
    for rule, names in rules.items():
        assert names, rule
        assert names <= there, (rule, names - there)


def assert_is_of_version(spec: Path, engine: Engine) -> None:
    """Fail unless a SPEC.md says that it is of this version of its engine."""
    assert f"`{engine.name}/{engine.version}`" in spec.read_text(encoding="utf-8")
