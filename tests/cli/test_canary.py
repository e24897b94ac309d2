"""What must be nowhere on the disk, and in nothing that a job prints: looked for in raw bytes, in many spellings."""

import base64
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.cli.conftest import live
from tests.cli.terminal import SAMPLES, Answer, Terminal, apply_policy, files_below, policy_text

CARDS = (
    "4111111111111111", "5555555555554444", "378282246310005", "2223003122003222", "6011111111111117",
    "3530111333300000", "4242424242424242",
)  # fmt: skip
PHRASES = (
    b"type the card in pieces", b"Where is my parcel", b"Vielen Dank", b"front?", b"charge my card", b"read me the",
    b"letter of claim", b"ftypiso", b"WEBVTT", b"OggS",
)  # fmt: skip


def _callers() -> Iterator[str]:
    for line in (SAMPLES / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        yield row["account"]
        yield row["source_ref"]
        for caller in row["callers"]:
            yield from (caller[key] for key in ("email", "name") if key in caller)
            yield from numbers(caller.get("number", ""))


def numbers(number: str) -> Iterator[str]:
    """Yield the spellings of a caller's number."""
    digits = "".join(c for c in number if c.isdigit())
    if digits:
        yield from (number, digits, digits[-10:], f"{digits[-10:-7]}-{digits[-7:-4]}-{digits[-4:]}")
        yield from (f"+{digits}", f"1{digits}", f"{digits[-7:-4]}-{digits[-4:]}", f"{digits[-7:-4]} {digits[-4:]}")


def _card_spellings() -> Iterator[str]:
    for card in CARDS:
        fours = [card[at : at + 4] for at in range(0, len(card), 4)]
        yield from (card, " ".join(fours), "-".join(fours), card[:12])
        yield card.translate({ord("0") + n: 0xFF10 + n for n in range(10)})


def needles(words: Iterator[str]) -> dict[bytes, str]:
    """Return the bytes to look for, each with the word it stands for: as text, as UTF-16, as base64 and as hex."""
    found: dict[bytes, str] = {}
    for word in words:
        plain = word.encode()
        forms = [plain, word.encode("utf-16-le"), word.encode("utf-16-be"), plain.hex().encode()]
        # base64 depends on where in the text the word stands: what is the same in each of three places
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + plain)
            forms.append(coded[(8 * before + 5) // 6 : len(coded) - 4])
        found.update({form: word for form in forms if len(form) >= 7})
    return found


EVERYTHING = needles(iter([*_callers(), *_card_spellings(), *(p.decode() for p in PHRASES)]))


def found_in(data: bytes, wanted: dict[bytes, str]) -> list[str]:
    lower = data.lower()
    return sorted({word for form, word in wanted.items() if form in data or form.lower() in lower})


def assert_nowhere(*folders: Path) -> None:
    for path in files_below(*folders):
        assert found_in(path.read_bytes(), EVERYTHING) == [], path
        assert found_in(path.name.encode(), EVERYTHING) == [], path


def test_these_tests_would_find_what_they_look_for() -> None:
    originals = b"".join(path.read_bytes() for path in files_below(SAMPLES / "recordings"))
    assert {"CANARY-PLUM-7731", "robin@example.com", "Where is my parcel"} <= set(found_in(originals, EVERYTHING))
    manifest = (SAMPLES / "manifest.jsonl").read_bytes()
    assert set(_callers()) & set(found_in(manifest, EVERYTHING)) >= {"(312) 555-0186", "LOAN-20-0117", "Alex Example"}
    text = b"..." + "CANARY-PLUM-7731".encode("utf-16-le") + base64.b64encode(b"xx CANARY-PLUM-7731 xx")
    assert found_in(text, EVERYTHING) == ["CANARY-PLUM-7731"]
    for before in range(3):
        assert found_in(base64.b64encode(b"x" * before + b"and uli@example.com,"), EVERYTHING) != []


@pytest.mark.parametrize("reader", [False, True])
def test_no_plaintext_is_on_the_disk_at_any_stage(people: Terminal, tmp_path: Path, reader: bool) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    home = people.home
    env = {"TMPDIR": str(temporary)}
    with _reader(home) if reader else nullcontext():
        answers = [people.process("rex", "ingest", "--manifest", SAMPLES / "manifest.jsonl", env=env)]
        assert_nowhere(home, temporary)
        answers.append(people.process("ada", "ingest", "--json", SAMPLES / "recordings", env=env))
        people.ok("lena", "hold", "place", "--matter", "1", "--reason", "letter of claim", "--account", "ACME-4711")
        people.ok("lena", "hold", "place", "--matter", "2", "--reason", "x", "--caller", "+1 212 555 0133")
        people.ok("ada", "list", "--caller", "+1 212 555 0133", "--email", "uli@example.com")
        assert_nowhere(home, temporary)
        answers.append(people.process("ada", "tick", env=env))
        assert_nowhere(home, temporary)
        answers.append(people.process("ada", "check", "--deep", env=env))
        opened = people.process("lena", "open", people.id_of(kind="screen", agent="a.moreno"), env=env)
        assert opened.status == 0
        side_files = {path.name for path in home.glob("catalog.db-*")}
        assert (side_files == {"catalog.db-wal", "catalog.db-shm"}) is reader
        assert_nowhere(home, temporary)
    assert [answer.status for answer in answers] == [0, 0, 0, 0], [a.text for a in answers]
    for answer in answers:
        assert found_in(answer.out + answer.err, _printed()) == []


@contextmanager
def _reader(home: Path) -> Iterator[None]:
    """Read the catalog for the whole block, so that SQLite's side files stay and can be looked at.

    In a process of its own: reading the files here would drop the locks of a connection in this one.
    """
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN'); "
        "c.execute('SELECT count(*) FROM recordings').fetchone(); print('reading', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(home / "catalog.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        try:
            yield
        finally:
            process.communicate()


def test_no_plaintext_is_on_the_disk_while_workers_screen_and_after_they_are_killed(
    filled: Terminal, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    media = {row["id"] for row in filled.listed() if row["kind"] != "chat"}
    for _ in range(2):
        with filled.start("rita", "screen", env={"TMPDIR": str(temporary)}) as process:
            while not any((filled.home / "run" / f"screen-{one}.lock").exists() for one in media):
                assert process.poll() is None, process.communicate()
            assert_nowhere(filled.home, temporary)
            process.kill()
        assert_nowhere(filled.home, temporary)
    answer = filled.process("ada", "tick", env={"TMPDIR": str(temporary)})
    assert answer.status == 0, answer.text
    assert_nowhere(filled.home, temporary)
    assert found_in(answer.out + answer.err, _printed()) == []
    assert "sealed" not in {row["state"] for row in filled.listed()}
    assert list(temporary.iterdir()) == []
    assert filled.faults(status=0) == []


def _printed() -> dict[bytes, str]:
    return needles(iter([*_card_spellings(), *(word for word in _callers() if "demo-" not in word)]))


def test_what_was_purged_leaves_nothing_that_opens_it_in_the_files(filled: Terminal, tmp_path: Path) -> None:
    with closing(sqlite3.connect(filled.home / "catalog.db")) as connection:
        due = "(SELECT id FROM recordings WHERE ended_at < strftime('%s', '2021-01-01') * 1000000)"
        wrapped = [row[0] for row in connection.execute(f"SELECT wrapped FROM key_slots WHERE subject IN {due}")]
        kept = f"SELECT token FROM tokens WHERE recording NOT IN {due}"
        query = f"SELECT token FROM tokens WHERE recording IN {due} AND token NOT IN ({kept})"
        tokens = [row[0] for row in connection.execute(query)]
        sealed = [row[0] for row in connection.execute(f"SELECT sealed_metadata FROM recordings WHERE id IN {due}")]
    assert len(wrapped) == 10
    apply_policy(filled, tmp_path / "p.yaml", policy_text(("everything", "all", "P3Y", "destroy")))
    assert filled.rows("ada", "tick")[0]["purged"] == 5
    data = b"".join(path.read_bytes() for path in files_below(filled.home))
    for secret in (*wrapped, *tokens, *sealed):
        assert secret not in data
        assert secret[-16:] not in data


def test_refusals_print_no_caller_and_no_card(people: Terminal, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "recordings", tmp_path / "recordings")
    rows = [json.loads(line) for line in (SAMPLES / "manifest.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        field = ("ended", "direction", "labels", "colour")[number % 4]
        row[field] = row["callers"][0].get("number", CARDS[number % len(CARDS)])
        row["callers"][0]["fax"] = "+1 212 555 0117"
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    answers: list[Answer] = [
        people("rex", *json_, "ingest", "--manifest", tmp_path / "m.jsonl") for json_ in ((), ("--json",))
    ]
    for answer in answers:
        assert answer.status == 1
        assert found_in(answer.out + answer.err, _printed()) == []
    for term in ("+1 212 555 0117 0117 0117 0117 0117", "4111 1111 1111 1111 4111"):
        answer = people("ada", "list", "--last4", term)
        assert found_in(answer.out + answer.err, _printed()) == []
    assert_nowhere(people.home)


def test_a_whole_life_leaves_no_trace_in_the_log(lived: Terminal) -> None:
    text = lived.ok("otto", "--json", "log", "show", "--last", "1000").out
    assert found_in(text, _printed()) == []
    assert live.__doc__
