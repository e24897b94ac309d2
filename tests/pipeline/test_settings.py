"""The settings of screening: what they mean, and what would let too much pass is refused."""

from pathlib import Path

import pytest

from service import settings
from service.errors import SettingsError
from vault.screen.options import Check, Preset


def written(home: Path, text: str) -> settings.Settings:
    (home / "strongroom.toml").write_text(text, encoding="utf-8")
    return settings.load(home, {})


def test_without_a_word_screening_is_strict(tmp_path: Path) -> None:
    setup = settings.load(tmp_path, {}).screen
    assert (setup.options.preset, setup.options.run, setup.options.languages) == (Preset.STRICT, 7, frozenset({"en"}))
    assert setup.options.allowed == ()
    assert setup.options.recogniser is None
    assert setup.options.transcript is False
    assert setup.workers >= 1
    assert (setup.attempts, setup.memory) == (3, 2**30)


def test_settings_reach_the_screener(tmp_path: Path) -> None:
    setup = written(
        tmp_path,
        '[screen]\npreset = "balanced"\nlanguages = "en, es"\nworkers = 3\nrecogniser = "models/large"\n'
        "transcript = 1\n"
        "time_limit_seconds = 20\ntime_limit_factor = 2\nmemory_mib = 512\nattempts = 5\nrun = 9\n",
    ).screen
    options = setup.options
    assert (options.preset, options.languages, options.run) == (Preset.BALANCED, frozenset({"en", "es"}), 9)
    assert (options.recogniser, options.transcript) == (tmp_path / "models/large", True)
    assert (setup.workers, setup.seconds, setup.factor, setup.memory, setup.attempts) == (3, 20, 2, 2**29, 5)


@pytest.mark.parametrize(
    "line",
    ['preset = "lenient"', 'languages = "english"', 'languages = ""', "attempts = 0", "run = 2", "transcript = 2",
     "memory_mib = 1", 'workers = "many"', "colour = 1"],
)  # fmt: skip
def test_a_setting_out_of_bounds_is_refused_by_name(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=f"screen.{line.split(maxsplit=1)[0]}"):
        written(tmp_path, f"[screen]\n{line}\n")


def entry(pattern: str, check: str = "mod97", name: str = "ours") -> str:
    return f'[[screen.allow]]\nname = "{name}"\npattern = \'{pattern}\'\ncheck = "{check}"\n'


def test_known_numbers_are_a_list_with_patterns_and_checksums(tmp_path: Path) -> None:
    text = "[screen]\nrun = 8\n" + entry("DE[0-9]{20}") + entry("4711[0-9]{12}", "verhoeff", "orders")
    first, second = written(tmp_path, text).screen.options.allowed
    assert (first.name, first.check, second.name, second.check) == ("ours", Check.MOD97, "orders", Check.VERHOEFF)
    assert first.pattern.fullmatch("DE" + "1" * 20)
    assert not first.pattern.fullmatch("DE" + "1" * 21)
    assert not first.pattern.fullmatch("DE" + "\N{ARABIC-INDIC DIGIT ONE}" * 20)
    assert written(tmp_path, text).screen.options.run == 8


def test_alternatives_are_matched_whole(tmp_path: Path) -> None:
    (one,) = written(tmp_path, entry("11[0-9]{6}|22[0-9]{6}")).screen.options.allowed
    assert one.pattern.fullmatch("22123456")
    assert not one.pattern.fullmatch("2212345678")


@pytest.mark.parametrize(
    "pattern",
    [".*", ".+", "", r"\d*", r"\d+", "[0-9]{5}", "A[0-9]{5}", ".{6,}", "[A-Z]+[0-9]*", "([0-9]{10})?", "(", "[0-9",
     "[0-9]{16}", "[0-9]{13,19}", r"4\d{15}", r"\d{6,}", "x" * 300],
)  # fmt: skip
def test_a_pattern_that_lets_too_much_pass_is_refused_and_its_place_named(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"screen\.allow\[2\]\.pattern"):
        written(tmp_path, entry("DE[0-9]{20}") + entry(pattern))


def test_with_luhn_a_card_is_a_card_so_any_number_may_be_named(tmp_path: Path) -> None:
    (one,) = written(tmp_path, entry("[0-9]{16}", "luhn")).screen.options.allowed
    assert one.check is Check.LUHN


@pytest.mark.parametrize(
    "text",
    [entry("DE[0-9]{20}", "crc"), entry("DE[0-9]{20}", name=""), "[screen]\nallow = 3\n",
     '[[screen.allow]]\nname = "x"\n', entry("DE[0-9]{20}") + "colour = 1\n",
     '[[screen.allow]]\nname = "x"\npattern = 5\ncheck = "luhn"\n'],
)  # fmt: skip
def test_a_malformed_entry_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"screen\.allow"):
        written(tmp_path, text)
