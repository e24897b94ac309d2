"""What an installation has to screen with, and what `doctor` says when a part is missing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service import doctor
from tests.pipeline.conftest import Place
from tests.pipeline.test_media import call, take
from tests.pipeline.test_workers import ROOT
from vault.model import Kind
from vault.screen.options import Options, Preset
from vault.screen.sound import ear_whisper
from vault.screen.work import parts


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ear_whisper, "PACKAGE", "no_such_package")


def test_every_part_is_there_with_version_and_digest() -> None:
    found = list(parts.inventory())
    assert [part.name for part in found] == ["ear", "second ear", "eye"]
    for part in found:
        assert part.missing is None, part
        assert all(engine.version for engine in part.engines)
        assert any(engine.digest for engine in part.engines)


def test_the_recogniser_of_words_is_listed_where_it_is_used_and_from_where() -> None:
    folder = ear_whisper.model_folder()
    used = (Options(transcript=True), Options(preset=Preset.BALANCED, recogniser=folder))
    for options in used:
        *_, words = parts.inventory(options)
        assert (words.name, words.missing, words.folder) == ("words", None, options.recogniser)
        assert words.engines[0].version
        assert len(str(words.engines[0].digest)) == 64
    assert "words" not in [part.name for part in parts.inventory(Options(recogniser=folder))]


def test_a_folder_without_a_recogniser_is_a_missing_part(tmp_path: Path) -> None:
    *_, words = parts.inventory(Options(transcript=True, recogniser=tmp_path))
    assert words.folder == tmp_path
    assert "tokenizer.json" in str(words.missing)


def test_doctor_lists_the_recogniser_of_words_and_its_folder(make_place: Callable[[str, str], Place]) -> None:
    place = make_place("sqlite", "folder")
    folder = ear_whisper.model_folder()
    place.environment |= {"STRONGROOM_SCREEN_RECOGNISER": str(folder), "STRONGROOM_SCREEN_TRANSCRIPT": "1"}
    with place.opened() as vault:
        told = {d.what: d for d in doctor.examine(vault)}
    assert told["part words"].found.startswith("whisper, faster-whisper ")
    assert told["part words"].found.endswith(f" in {folder}")


@pytest.mark.usefixtures("deaf")
def test_doctor_says_which_part_is_missing_and_what_waits_for_it(make_place: Callable[[str, str], Place]) -> None:
    place = make_place("sqlite", "folder")
    with place.opened() as vault:
        told = {d.what: d for d in doctor.examine(vault)}
        assert told["part ear"].found.startswith("MISSING: ")
        assert told["part ear"].advice
        assert "call" not in told["part ear"].advice
        take(place, vault, "a.wav", call("1"))
        told = {d.what: d for d in doctor.examine(vault)}
        assert "call recordings are taken in" in told["part ear"].advice
        assert told["part eye"].advice == ""


def test_a_part_that_cannot_be_imported_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vault.screen.picture.ocr", None)
    (eye,) = (part for part in parts.inventory() if part.name == "eye")
    assert eye.missing is not None
    assert eye.kinds == {Kind.SCREEN}


def test_a_worker_knows_no_catalog_and_no_network() -> None:
    code = (
        "import sys, vault.screen.work.worker, vault.screen.work.job; "
        "print(*{m.partition('.')[0] for m in sys.modules} & {'sqlalchemy', 'boto3', 'botocore', 'click', 'rich'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
