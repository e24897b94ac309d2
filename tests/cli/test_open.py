"""Opening a rendition: to a file or a pipe, and never without a word in the log."""

import os
import resource
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import SAMPLES, Terminal


def opens_of(sr: Terminal, recording: str) -> list[str]:
    return [e["actor"] for e in sr.told("--recording", recording) if e["act"] == "open"]


def test_an_original_comes_out_as_it_went_in_to_a_file_and_to_a_pipe(filled: Terminal, tmp_path: Path) -> None:
    whole = (SAMPLES / "recordings" / "screen-2026.mp4").read_bytes()
    recording = filled.id_of(kind="screen")
    filled.ok("lena", "open", recording, "-o", tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert (tmp_path / "out.mp4").stat().st_mode & 0o077 == 0
    piped = filled.process("luis", "open", recording)
    assert (piped.status, piped.out, piped.err) == (0, whole, b"")
    assert opens_of(filled, recording) == ["lena", "luis"]


def test_a_dash_is_standard_output_and_no_file_of_that_name(
    filled: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    piped = filled.process("lena", "open", filled.id_of(kind="screen"), "-o", "-")
    assert piped.out == (SAMPLES / "recordings" / "screen-2026.mp4").read_bytes()
    assert not (tmp_path / "-").exists()


def test_nothing_is_overwritten_and_nothing_is_told_of_what_did_not_happen(filled: Terminal, tmp_path: Path) -> None:
    recording = filled.id_of(kind="screen")
    taken = tmp_path / "taken"
    taken.write_bytes(b"mine")
    assert filled("lena", "open", recording, "-o", taken).status == 2
    assert taken.read_bytes() == b"mine"
    assert opens_of(filled, recording) == []
    absent = filled("lena", "--json", "open", recording, "-o", tmp_path / "no" / "such" / "folder")
    assert (absent.status, absent.error["error"]) == (6, "file-access")


def test_a_redacted_rendition_holds_no_card_number(lived: Terminal) -> None:
    recording = lived.id_of(queue="web", jurisdiction="US")
    original = lived.ok("lena", "open", recording).out
    redacted = lived.ok("lena", "open", recording, "--rendition", "redacted").out
    assert original.count(b"4242") == 4
    assert redacted.count(b"4242") == 1, "only the last four digits may stay"
    assert b"737" not in redacted
    assert b"CANARY-PLUM" in redacted


def test_what_is_not_there_cannot_be_opened(lived: Terminal) -> None:
    purged = lived.id_of(state="purged", industry="broker-dealer")
    assert lived.refused("lena", "open", purged, status=4)["error"] == "recording-purged"
    screen = lived.id_of(kind="screen")
    error = lived.refused("lena", "open", screen, "--rendition", "transcript", status=4)
    assert error["error"] == "rendition-not-found"
    assert lived.refused("lena", "open", "0" * 32, status=4)["error"] == "recording-not-found"


def test_an_altered_blob_gives_no_byte_and_leaves_no_file(lived: Terminal, tmp_path: Path) -> None:
    recording = lived.id_of(kind="screen")
    with closing(sqlite3.connect(lived.home / "catalog.db")) as connection:
        blob = connection.execute(
            "SELECT blob FROM renditions WHERE recording = ? AND name = 'original'", [recording]
        ).fetchone()[0]
    path = next(lived.home.glob(f"store/**/{blob}"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    answer = lived("lena", "open", recording)
    assert (answer.status, answer.out) == (5, b"")
    assert lived("lena", "open", recording, "-o", tmp_path / "out").status == 5
    assert not (tmp_path / "out").exists()


def test_it_is_logged_even_if_the_reader_goes_away_at_once(filled: Terminal) -> None:
    recording = filled.id_of(kind="screen")
    reader, writer = os.pipe()
    os.close(reader)
    with filled.start("lena", "open", recording, stdout=writer) as process:
        os.close(writer)
        _, err = process.communicate(timeout=60)
    assert process.returncode in {1, -signal.SIGPIPE}
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    assert opens_of(filled, recording) == ["lena"]


@pytest.mark.parametrize("command", [("list",), ("log", "show"), ("--json", "check")])
def test_a_reader_that_goes_away_is_no_crash(filled: Terminal, command: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with filled.start("ada", *command, stdout=writer) as process:
        os.close(writer)
        _, err = process.communicate(timeout=60)
    assert process.returncode in {1, -signal.SIGPIPE}
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


def test_nothing_comes_out_when_the_log_cannot_be_written(filled: Terminal, tmp_path: Path) -> None:
    recording = filled.id_of(kind="screen")

    def fill_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    for output in ((), ("-o", tmp_path / "out")):
        answer = filled.process("lena", "--json", "open", recording, *output, preexec_fn=fill_disk)
        assert (answer.status, answer.out) == (6, b""), answer.text
        assert answer.error["error"] == "catalog-unavailable"
    assert not (tmp_path / "out").exists()
    assert opens_of(filled, recording) == []


def test_a_catalog_that_is_no_database_any_more_is_no_crash(filled: Terminal) -> None:
    for path in filled.home.glob("catalog.db*"):
        path.write_bytes(b"x" * 8192)
    for command in (("list",), ("check", "--deep"), ("tick",), ("open", "0" * 32)):
        assert filled.refused("ada", *command, status=6)["error"] == "catalog-unavailable"
