"""Taking recordings in: what is bad is named with its reason, the rest goes in."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import SAMPLES, Terminal

CHAT = "Agent: Hello, this is Dana.\nCustomer: Hello, it is me, number {}.\n"


def write_chats(folder: Path, count: int) -> list[str]:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:04}.txt").write_text(CHAT.format(number))
    return [f"{number:04}.txt" for number in range(count)]


def write_manifest(path: Path, rows: list[dict[str, Any] | str]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def taken_in(sr: Terminal, *args: str | Path, status: int = 0) -> tuple[list[dict[str, Any]], dict[str, int]]:
    answer = sr("rex", "--json", "ingest", *args)
    assert answer.status == status, answer.text
    return answer.rows[:-1], answer.rows[-1]["summary"]


def test_a_folder_goes_in_once(people: Terminal, tmp_path: Path) -> None:
    names = write_chats(tmp_path / "calls", 3)
    (tmp_path / "calls" / ".hidden").write_text("no")
    (tmp_path / "calls" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "calls" / "deep" / "er" / "x.txt").write_text(CHAT.format("x"))
    receipts, summary = taken_in(people, tmp_path / "calls")
    assert summary == {"taken": 4, "duplicate": 0, "refused": 0}
    assert [r["name"] for r in receipts] == [*names, "deep/er/x.txt"]
    again, summary = taken_in(people, tmp_path / "calls")
    assert summary == {"taken": 0, "duplicate": 4, "refused": 0}
    assert [r["recording"] for r in again] == [r["recording"] for r in receipts]
    assert len(people.listed()) == 4


def test_single_files_go_in_by_their_content_and_not_by_their_name(people: Terminal, tmp_path: Path) -> None:
    disguised = tmp_path / "call.txt"
    disguised.write_bytes((SAMPLES / "recordings" / "collections-2018.wav").read_bytes())
    receipts, _ = taken_in(people, disguised, SAMPLES / "recordings" / "retail-2026.json")
    assert [(r["kind"], r["media_type"]) for r in receipts] == [("call", "audio/wav"), ("chat", "application/json")]
    assert receipts[0]["duration_ms"] > 1000


def test_what_is_no_recording_is_refused_and_the_rest_goes_in(people: Terminal, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    write_chats(calls, 2)
    (calls / "empty.txt").write_bytes(b"")
    (calls / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (calls / "cut.wav").write_bytes((SAMPLES / "recordings" / "collections-2018.wav").read_bytes()[:-500])
    (calls / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(calls / "pipe.txt")
    receipts, summary = taken_in(people, calls, tmp_path / "nowhere.txt", status=1)
    assert summary == {"taken": 2, "duplicate": 0, "refused": 6}
    assert {r["name"].rpartition("/")[2]: r["error"] for r in receipts if r["outcome"] == "refused"} == {
        "empty.txt": "empty-file",
        "photo.txt": "unrecognised-content",
        "cut.wav": "corrupt-media",
        "link.txt": "not-a-file",
        "pipe.txt": "not-a-file",
        "nowhere.txt": "file-missing",
    }
    assert all(r["message"] and r["hint"] for r in receipts if r["outcome"] == "refused")
    assert people.faults(status=0) == []


def test_the_same_reference_with_other_bytes_is_refused_and_changes_nothing(people: Terminal, tmp_path: Path) -> None:
    write_chats(tmp_path, 2)
    first = {"path": "0000.txt", "source": "pbx", "source_ref": "a1"}
    receipts, _ = taken_in(people, "--manifest", write_manifest(tmp_path / "1.jsonl", [first]))
    second = first | {"path": "0001.txt"}
    later, summary = taken_in(people, "--manifest", write_manifest(tmp_path / "2.jsonl", [second, first]), status=1)
    assert summary == {"taken": 0, "duplicate": 1, "refused": 1}
    assert (later[0]["error"], later[0]["recording"]) == ("other-bytes", receipts[0]["recording"])
    both = [{**first, "source_ref": "b", "path": name} for name in ("0000.txt", "0001.txt")]
    _, summary = taken_in(people, "--manifest", write_manifest(tmp_path / "3.jsonl", list(both)), status=1)
    assert summary == {"taken": 1, "duplicate": 0, "refused": 1}
    assert people.faults(status=0) == []


BAD_ROWS: list[tuple[dict[str, Any] | str, str | None]] = [
    ({"path": "0001.txt", "ended": "2026-02-30T10:00:00Z"}, "ended"),
    ({"path": "0001.txt", "started": "2026-01-02T10:00:00Z", "ended": "2026-01-01T10:00:00Z"}, "ended"),
    ({"path": "0001.txt", "started": "2026-01-02T10:00:00"}, "started"),
    ({"path": "0001.txt", "ended": "2999-01-01T00:00:00Z"}, "ended"),
    ({"path": "../0001.txt"}, "path"),
    ({"path": "/etc/hostname"}, "path"),
    ({"path": "out.txt"}, "path"),
    ({"path": "absent.txt"}, "path"),
    ({"agent": "x"}, "path"),
    ({"path": "0001.txt", "colour": "red"}, "colour"),
    ({"path": "0001.txt", "direction": "sideways"}, "direction"),
    ({"path": "0001.txt", "callers": [{"number": 5}]}, "callers[0].number"),
    ({"path": "0001.txt", "source": "pbx"}, "source_ref"),
    ({"path": "0001.txt", "jurisdiction": "Europe"}, "jurisdiction"),
    ("{not json", None),
    ('{"path": "0001.txt", "path": "0001.txt"}', "path"),
]


def test_a_bad_row_is_named_by_row_and_field_and_the_rest_goes_in(people: Terminal, tmp_path: Path) -> None:
    write_chats(tmp_path, 3)
    (tmp_path / "out.txt").symlink_to("/etc/hostname")
    rows: list[dict[str, Any] | str] = [{"path": "0000.txt"}, *(row for row, _ in BAD_ROWS), {"path": "0002.txt"}]
    manifest = write_manifest(tmp_path / "list.jsonl", rows)
    receipts, summary = taken_in(people, "--manifest", manifest, status=1)
    assert summary == {"taken": 2, "duplicate": 0, "refused": len(BAD_ROWS)}
    refused = [r for r in receipts if r["outcome"] == "refused"]
    assert [r["place"] for r in refused] == [f"list.jsonl row {n}" for n in range(2, 2 + len(BAD_ROWS))]
    assert [r["name"] or None for r in refused] == [field for _, field in BAD_ROWS]
    assert all(r["error"] and r["message"] for r in refused)
    told = people("rex", "ingest", "--manifest", manifest)
    assert told.status == 1
    assert b"list.jsonl row 2: ended [time]" in told.err


def test_a_csv_manifest_names_rows_and_columns_alike(people: Terminal, tmp_path: Path) -> None:
    write_chats(tmp_path, 3)
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "path,ended,agent,labels,caller_number,caller_email\n"
        "0000.txt,2026-01-02T10:00:00Z,d.okafor,a;b,+1 212 555 0147;+1 212 555 0148,x@example.com;y@example.com\n"
        "0001.txt,2026-13-02T10:00:00Z,,,,\n"
        '0001.txt,,"open,,,\n'
        "0001.txt,,,,1;2,x@example.com\n"
        "0002.txt,,,,,\n"
    )
    receipts, summary = taken_in(people, "--manifest", manifest, status=1)
    assert summary == {"taken": 2, "duplicate": 0, "refused": 3}
    refused = [(r["place"], r["name"], r["error"]) for r in receipts if r["outcome"] == "refused"]
    assert refused == [
        ("list.csv row 3", "ended", "time"),
        ("list.csv row 4", "", "csv"),
        ("list.csv row 5", "caller_email", "uneven-callers"),
    ]
    found = people.listed("--email", "Y@Example.com")
    assert [(r["agent"], r["labels"]) for r in found] == [("d.okafor", ["a", "b"])]


@pytest.mark.parametrize("content", [b"\xff\xfep\0a\0", b"nonsense,of,columns\n", b"path,path\n", b""])
def test_a_manifest_that_is_none_is_refused_as_a_whole(people: Terminal, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    answer = people("rex", "--json", "ingest", "--manifest", tmp_path / "list.csv")
    assert (answer.status, answer.error["error"]) == (2, "manifest")


def test_a_manifest_of_three_hundred_rows_is_taken_in_whole_and_in_order(people: Terminal, tmp_path: Path) -> None:
    names = write_chats(tmp_path, 300)
    rows: list[dict[str, Any] | str] = [
        {"path": name, "source": "pbx", "source_ref": name, "ended": "2026-01-02T10:00:00Z"} for name in names
    ]
    rows[150] = {"path": "absent.txt"}
    receipts, summary = taken_in(people, "--manifest", write_manifest(tmp_path / "m.jsonl", rows), status=1)
    assert summary == {"taken": 299, "duplicate": 0, "refused": 1}
    assert [r["name"] for r in receipts if r["outcome"] == "taken"] == [n for n in names if n != "0150.txt"]
    assert len({r["recording"] for r in receipts if r["recording"]}) == 299
    assert people.faults(status=0) == []


def test_a_file_that_cannot_be_read_is_refused(people: Terminal, tmp_path: Path) -> None:
    write_chats(tmp_path / "calls", 1)
    (tmp_path / "calls" / "loop.txt").symlink_to("loop.txt")
    rows: list[dict[str, Any] | str] = [{"path": "calls/loop.txt"}, {"path": "calls"}, {"path": "calls/0000.txt"}]
    receipts, summary = taken_in(people, "--manifest", write_manifest(tmp_path / "m.jsonl", rows), status=1)
    assert summary == {"taken": 1, "duplicate": 0, "refused": 2}
    assert [r["error"] for r in receipts if r["error"]] == ["not-a-file", "not-a-file"]


def test_ingest_asks_for_something_to_take_in(people: Terminal, tmp_path: Path) -> None:
    assert people.refused("rex", "ingest", status=2)["error"] == "argument"
    assert people("rex", "ingest", "--manifest", tmp_path / "absent").status == 2
