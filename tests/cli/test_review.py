"""`strongroom screen review`: the queue as a person sees it, rules over it, and is refused."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.envelope import passphrase_of
from service import settings
from service.assembly import Vault
from tests.cli.terminal import CHEAP, ROOT, VAULT_PASSPHRASE, Terminal
from tests.screen.reviews import quarantine
from vault.clock import SystemClock
from vault.model import RecordingId
from vault.screen.errors import Why

REASON = ("--reason", "heard by me and my headphones")


@contextlib.contextmanager
def opened(sr: Terminal) -> Iterator[Vault]:
    """Yield the terminal's vault."""
    found = Vault(settings.load(sr.home, CHEAP), SystemClock(), lambda: passphrase_of(VAULT_PASSPHRASE))
    try:
        yield found
    finally:
        found.close()


def put_away(sr: Terminal, kind: str, why: Why = Why.RESIDUE) -> str:
    """Quarantine a recording of a kind, as screening does; return its id."""
    recording = next(r["id"] for r in sr.listed("--kind", kind) if r["state"] == "sealed")
    with opened(sr) as vault:
        quarantine(vault, RecordingId(recording), why)
    return str(recording)


def state(sr: Terminal, recording: str) -> str:
    return str(next(r["state"] for r in sr.listed() if r["id"] == recording))


@pytest.fixture
def call(filled: Terminal) -> str:
    """A call that was quarantined."""
    return put_away(filled, "call")


def test_the_queue_shows_why_and_show_what_was_found_and_ruled(filled: Terminal, call: str) -> None:
    (row,) = filled.rows("rita", "screen", "review", "list")
    assert (row["id"], row["kind"], row["why"], row["reason"]) == (call, "call", "residue", "card data is left")
    filled.ok("rita", "screen", "review", "cut", call, "--span", "0.5..0:01.25", *REASON)
    (shown,) = filled.rows("lena", "screen", "review", "show", call)
    assert (shown["state"], len(shown["findings"])) == ("sealed", 1)
    (ruled,) = shown["reviews"]
    assert (ruled["verdict"], ruled["stands"], ruled["asked_by"], ruled["reason"]) == (
        "cut",
        "in-force",
        "rita",
        REASON[1],
    )
    assert ruled["spans"] == [{"begin": 0.5, "end": 1.25, "box": None}]
    assert ruled["agreed_by"] is None
    assert REASON[1] in filled.ok("lena", "screen", "review", "show", call).text
    assert filled.rows("rita", "screen", "review", "list") == []


def test_a_reason_that_was_ruled_on_is_shown_as_one_of_the_past(filled: Terminal, call: str) -> None:
    (before,) = filled.rows("lena", "screen", "review", "show", call)
    assert before["reason"] == "card data is left"
    assert "last_reason" not in before
    filled.ok("rita", "screen", "review", "retry", call, *REASON)
    (after,) = filled.rows("lena", "screen", "review", "show", call)
    assert (after["reason"], after["last_reason"]) == (None, "card data is left")
    text = filled.ok("lena", "screen", "review", "show", call).text
    assert (
        f"not quarantined any more: it is screened again by the next pass, or at once by 'strongroom screen now {call}'"
        in text
    )


def test_a_cut_is_rounded_to_more_and_a_drop_to_less(filled: Terminal, call: str) -> None:
    filled.ok("rita", "screen", "review", "drop", call, "--span", "0.0001..0.9999", *REASON)
    filled.ok("rob", "screen", "review", "cut", call, "--span", "0.0001..0.9999", *REASON)
    drop, cut = filled.rows("lena", "screen", "review", "show", call)[0]["reviews"]
    assert (drop["spans"][0]["begin"], drop["spans"][0]["end"]) == (0.001, 0.999)
    assert (cut["spans"][0]["begin"], cut["spans"][0]["end"]) == (0.0, 1.0)


def test_an_exception_takes_two_people_and_each_act_is_in_the_log(filled: Terminal, call: str) -> None:
    assert filled("rita", "screen", "review", "approve", call).status == 2
    asked = filled.rows("rita", "screen", "review", "approve", call, *REASON)[0]
    assert asked["stands"] == "asked"
    assert filled.refused("rita", "screen", "review", "approve", call)["error"] == "same-person"
    assert filled.refused("ada", "screen", "review", "approve", call)["error"] == "not-authorised"
    assert filled.rows("rita", "screen", "review", "list")[0]["waits_for_a_second"] == asked["review"]
    agreed = filled.rows("lena", "screen", "review", "approve", call)[0]
    assert (agreed["review"], agreed["verdict"], agreed["stands"]) == (asked["review"], "accept", "in-force")
    (kept,) = filled.rows("luis", "screen", "review", "show", call)[0]["reviews"]
    assert (kept["asked_by"], kept["agreed_by"]) == ("rita", "lena")
    assert state(filled, call) == "sealed"
    told = [(e["actor"], e["act"]) for e in filled.told() if str(e["act"]).startswith("review.")]
    assert told == [("rita", "review.asked"), ("lena", "review.ruled")]
    assert "headphones" not in str(filled.told())


def test_an_exception_may_be_named_by_its_own_id(filled: Terminal, call: str) -> None:
    asked = filled.rows("rita", "screen", "review", "drop", call, "--span", "0..1", *REASON)[0]
    assert "drop" in filled.ok("rob", "screen", "review", "approve", asked["review"]).text
    assert filled.refused("rob", "screen", "review", "approve", "0" * 32, status=4)["error"] == "review-not-found"


def test_a_second_person_who_gives_a_reason_is_told_to_agree_without_one(filled: Terminal, call: str) -> None:
    asked = filled.rows("rita", "screen", "review", "approve", call, *REASON)[0]["review"]
    error = filled.refused("lena", "screen", "review", "approve", call, *REASON)
    assert "'accept', asked for by rita" in error["message"]
    assert f"'strongroom screen review approve {asked}' without --reason" in error["hint"]
    answer = filled("lena", "screen", "review", "approve", asked, *REASON)
    assert answer.status == 2
    assert "leave --reason out" in answer.text
    filled.ok("lena", "screen", "review", "approve", call)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (Why.LANGUAGE, "with all digits that are heard, and all keys, cut"), (Why.RESIDUE, "with what can be cut"),
        (Why.UNDECODABLE, "as it is, with nothing cut"), (Why.PART_MISSING, "unless the missing part is there"),
    ],
)  # fmt: skip
def test_both_are_told_what_an_exception_lets_pass(filled: Terminal, why: Why, told: str) -> None:
    call = put_away(filled, "call", why)
    assert told in filled.ok("rita", "screen", "review", "approve", call, *REASON).text
    text = filled.ok("lena", "screen", "review", "approve", call).text
    assert told in text
    assert f"strongroom screen now {call}" in text


def test_what_is_rejected_is_listed_apart_and_taken_up_again(filled: Terminal, call: str) -> None:
    filled.ok("rita", "screen", "review", "reject", call, *REASON)
    assert filled.rows("rita", "screen", "review", "list") == []
    assert [r["id"] for r in filled.rows("rita", "screen", "review", "list", "--rejected")] == [call]
    assert filled.refused("rob", "screen", "review", "cut", call, "--span", "0..1", *REASON)["error"] == "review-state"
    filled.ok("rob", "screen", "review", "retry", call, *REASON)
    assert state(filled, call) == "sealed"


@pytest.mark.parametrize("command", ["cut", "drop"])
def test_a_chat_has_no_spans(filled: Terminal, command: str) -> None:
    chat = put_away(filled, "chat")
    error = filled.refused("rita", "screen", "review", command, chat, "--span", "0..1", *REASON)
    assert error["error"] == "spans-of-text"
    assert "approve" in error["hint"]


@pytest.mark.parametrize(
    "words",
    [
        ("--span", "1-2"), ("--span", "..2"), ("--span", "1..x"), ("--span", "2..1"), ("--span", "900..901"),
        ("--span", "1..9999"), ("--span", "0..1", "--box", "1,2,3,4"), ("--span", "0..1", "--box", "1,2,3"),
        ("--span", "0..1", "--span", "1..2", "--box", "1,2,3,4"),
    ],
)  # fmt: skip
def test_spans_and_boxes_that_cannot_be_meant_are_refused(filled: Terminal, call: str, words: tuple[str, ...]) -> None:
    assert filled.refused("rita", "screen", "review", "cut", call, *words, *REASON, status=2)["error"] == "span"
    assert state(filled, call) == "quarantined"


def test_a_span_beyond_the_end_is_refused_with_the_length(filled: Terminal, call: str) -> None:
    (shown,) = filled.rows("lena", "screen", "review", "show", call)
    length = shown["duration_ms"] / 1000
    for verdict in ("cut", "drop"):
        error = filled.refused("rita", "screen", "review", verdict, call, "--span", "1..9999", *REASON, status=2)
        assert f"the {length:g} seconds of the recording" in error["message"]
    filled.ok("rita", "screen", "review", "cut", call, "--span", f"0..{length + 0.9}", *REASON)


def test_a_reason_is_asked_for(filled: Terminal, call: str) -> None:
    for verdict in ("retry", "reject"):
        assert filled("rita", "screen", "review", verdict, call).status == 2
        assert filled("rita", "screen", "review", verdict, call, "--reason", " ").status == 2


@pytest.mark.parametrize("user", ["ada", "otto", "rex"])
def test_the_queue_is_closed_to_who_may_not_review(filled: Terminal, call: str, user: str) -> None:
    for words in (("list",), ("show", call), ("retry", call, *REASON)):
        assert filled.refused(user, "screen", "review", *words)["error"] == "not-authorised"


def test_a_vault_with_rulings_is_whole(filled: Terminal, call: str) -> None:
    filled.ok("rita", "screen", "review", "cut", call, "--span", "0..1", *REASON)
    chat = put_away(filled, "chat")
    filled.ok("rita", "screen", "review", "approve", chat, *REASON)
    filled.ok("rob", "screen", "review", "approve", chat)
    assert filled.faults(status=0) == []


@pytest.fixture
def damaged(filled: Terminal, tmp_path: Path) -> str:
    """A mail that no screener can decode, screened."""
    mail = b"From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain\n"
    (tmp_path / "one.eml").write_bytes(mail + b"Content-Transfer-Encoding: x-strange\n\nhello\n")
    taken = filled.rows("ada", "ingest", tmp_path / "one.eml")[0]["recording"]
    filled("rita", "screen", "now", taken)
    assert state(filled, taken) == "quarantined"
    return str(taken)


def test_what_was_not_searched_is_said_to_be_so_to_both(filled: Terminal, damaged: str) -> None:
    shown = filled.ok("lena", "screen", "review", "show", damaged).text
    assert "it was not searched" in shown
    assert "approving it archives it unsearched" in shown
    assert "nothing" not in shown.partition("it was not searched")[0]
    assert filled.rows("lena", "screen", "review", "show", damaged)[0]["searched"] is False
    told = "nobody searched it to its end"
    assert told in filled.ok("rita", "screen", "review", "approve", damaged, *REASON).text
    agreed = filled.ok("lena", "screen", "review", "approve", damaged).text
    assert "you agree to this: accept, although the reason is undecodable: it is archived as it is" in agreed
    assert told in agreed


def test_what_cannot_be_decoded_has_a_next_step(filled: Terminal, damaged: str) -> None:
    steps = filled.rows("lena", "screen", "review", "show", damaged)[0]["next"]
    assert "take it in again" in steps[0]
    assert [step.split()[3] for step in steps[1:]] == ["approve", "reject"]
    assert all(damaged in step for step in steps[1:])
    text = filled.ok("lena", "screen", "review", "show", damaged).text
    assert all(f"next: {step}" in text for step in steps)


def test_what_was_cut_and_what_is_left_are_shown_apart(filled: Terminal, call: str) -> None:
    text = filled.ok("lena", "screen", "review", "show", call).text
    assert "cut:" in text
    assert "what the second pass found in what was left: card data is left" in text
    steps = filled.rows("lena", "screen", "review", "show", call)[0]["next"]
    assert [step.split()[3] for step in steps] == ["cut", "drop", "approve", "reject"]
    filled.ok("rita", "screen", "review", "retry", call, *REASON)
    assert filled.rows("lena", "screen", "review", "show", call)[0]["next"] == []


def test_a_chat_with_something_left_is_offered_no_spans(filled: Terminal) -> None:
    chat = put_away(filled, "chat")
    steps = filled.rows("lena", "screen", "review", "show", chat)[0]["next"]
    assert [step.split()[3] for step in steps] == ["approve", "reject"]


def test_the_command_runs_as_a_module_too() -> None:
    answer = subprocess.run([sys.executable, "-m", "cli.main", "--help"], cwd=ROOT, capture_output=True, check=True)
    assert b"Usage:" in answer.stdout
