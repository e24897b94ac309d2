"""Events from the terminal: recorded once, corrected, withdrawn, fed from CSV; they move the clocks they concern."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cli.terminal import Terminal, apply_policy

POLICY = """\
policy: strongroom/policy/v1
title: By event
rules:
  - {name: by-contract, match: all, keep: P1Y, clock: event contract-ended, then: destroy}
"""
ACCOUNT = ("--account", "ACME-4711")


def record(sr: Terminal, at: str, *args: str, name: str = "contract-ended", user: str = "rita") -> dict[str, str]:
    return dict(sr.rows(user, "event", "record", name, *(args or ACCOUNT), "--at", at)[0])


def history(sr: Terminal, *args: str) -> list[dict[str, str]]:
    return sr.rows("rita", "event", "list", *args)


def kept_until(sr: Terminal, recording: str) -> str | None:
    value: str | None = sr.rows("ada", "explain", recording)[0]["keep_until"]
    return value


def test_an_event_moves_the_clock_of_its_account_and_of_no_other(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    mine = filled.listed("--account", "acme-4711")[0]["id"]
    other = next(row["id"] for row in filled.listed() if row["id"] != mine)
    assert kept_until(filled, mine) is None
    assert record(filled, "2026-01-15")["outcome"] == "recorded"
    assert str(kept_until(filled, mine)).startswith("2027-01-17T00:00")
    assert kept_until(filled, other) is None
    assert filled.faults(status=0) == []


def test_the_same_event_again_is_already_there_in_any_spelling_of_its_account(filled: Terminal) -> None:
    first = record(filled, "2026-01-15")
    again = record(filled, "2026-01-15T01:00:00+01:00", "--account", " acme-4711 ")
    assert (again["outcome"], again["event"]) == ("already there", first["event"])
    assert len(history(filled)) == 1


def test_a_correction_takes_the_place_of_an_event_that_stays_in_the_history(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    mine = filled.listed(*ACCOUNT)[0]["id"]
    first = record(filled, "2026-01-15")["event"]
    second = filled.rows("rita", "event", "correct", first, "--at", "2025-06-01", "--because", "wrong-date")[0]["event"]
    assert str(kept_until(filled, mine)).startswith("2026-06-03")
    rows = {row["id"]: (row["standing"], row["replaced_by"]) for row in history(filled, *ACCOUNT)}
    assert rows == {first: ("corrected", second), second: ("in force", None)}
    error = filled.refused("rita", "event", "correct", first, "--at", "2025-07-01", "--because", "x")
    assert error["error"] == "event-state"
    assert (
        filled.refused("rita", "event", "correct", second, "--at", "2025-06-01", "--because", "x")["error"]
        == "event-state"
    )
    shown = filled.rows("otto", "event", "show", second)[0]
    assert (shown["corrects"], shown["standing"]) == (first, "in force")
    told = [e for e in filled.told("--recording", second) if e["act"] == "event.corrected"]
    assert told[0]["details"]["because"] == "wrong-date"
    assert filled.faults(status=0) == []


def test_a_withdrawn_event_has_not_happened_and_a_feed_does_not_bring_it_back(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    mine = filled.listed(*ACCOUNT)[0]["id"]
    first = record(filled, "2026-01-15")["event"]
    gone = filled.rows("rita", "event", "withdraw", first, "--because", "wrong-account")[0]["event"]
    assert kept_until(filled, mine) is None
    assert [row["standing"] for row in history(filled)] == ["withdrawal", "withdrawn"]
    assert record(filled, "2026-01-15")["outcome"] == "corrected since"
    assert kept_until(filled, mine) is None
    assert filled.refused("rita", "event", "withdraw", gone, "--because", "x")["error"] == "event-state"
    assert (
        filled.rows("rita", "event", "record", "contract-ended", *ACCOUNT, "--at", "2026-01-15", "--again")[0][
            "outcome"
        ]
        == "recorded"
    )
    assert kept_until(filled, mine) is not None
    assert filled.faults(status=0) == []


def test_an_event_of_an_interaction_or_a_recording_is_corrected_too(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    row = next(r for r in filled.listed() if filled.rows("ada", "show", r["id"])[0]["interaction"])
    interaction = filled.rows("ada", "show", row["id"])[0]["interaction"]
    for about in (("--recording", row["id"]), ("--interaction", interaction)):
        event = record(filled, "2026-01-15", *about)["event"]
        assert str(kept_until(filled, row["id"])).startswith("2027-01-17"), about
        assert filled.rows("rita", "event", "show", event)[0]["called"] == about[1]
        filled.ok("rita", "event", "correct", event, "--at", "2025-01-15", "--because", "typo")
        assert str(kept_until(filled, row["id"])).startswith("2026-01-17"), about
        assert [r["standing"] for r in history(filled, *about)] == ["in force", "corrected"]
        new = history(filled, *about)[0]["id"]
        filled.ok("rita", "event", "withdraw", new, "--because", "none")
        assert kept_until(filled, row["id"]) is None
    assert filled.faults(status=0) == []


def test_what_is_no_event_is_refused_and_quotes_nobody(filled: Terminal) -> None:
    late = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}Z"
    for args, error in (
        (("contract-ended", *ACCOUNT, "--at", late), "event"),
        (("contract-ended", *ACCOUNT, "--at", "1899-12-31"), "event"),
        (("Contract Ended", *ACCOUNT, "--at", "2026-01-01"), "event"),
        (("2125550142", *ACCOUNT, "--at", "2026-01-01"), "event"),
        (("contract-ended", "--at", "2026-01-01"), "argument"),
        (("contract-ended", *ACCOUNT), "argument"),
        (("contract-ended", *ACCOUNT, "--case", "C-1", "--at", "2026-01-01"), "argument"),
        (("contract-ended", "--account", "  ", "--at", "2026-01-01"), "argument"),
        (("contract-ended", "--account", "x" * 300, "--at", "2026-01-01"), "argument"),
        (("contract-ended", "--recording", "4711", "--at", "2026-01-01"), "argument"),
        (("--from", __file__, "--at", "2026-01-01"), "argument"),
    ):
        answer = filled.refused("rita", "event", "record", *args, status=2)
        assert answer["error"] == error, args
        assert "ACME" not in str(answer)
    unknown = ("contract-ended", "--recording", "0" * 32, "--at", "2026-01-01")
    assert filled.refused("rita", "event", "record", *unknown, status=4)["error"] == "recording-not-found"
    for because in ("", "Mr Jordan called", "4711 2222 3333", "x" * 65):
        event = record(filled, "2026-01-15")["event"]
        correct = ("event", "correct", event, "--at", "2026-01-14", "--because", because)
        assert filled.refused("rita", *correct, status=2)["error"] == "event"
    assert filled.refused("rita", "event", "show", "0" * 32, status=4)["error"] == "event-not-found"
    assert len(history(filled)) == 1


def test_a_file_of_events_is_taken_in_row_by_row_and_once(filled: Terminal, tmp_path: Path) -> None:
    mine = filled.listed(*ACCOUNT)[0]["id"]
    file = tmp_path / "crm.csv"
    rows = [
        "Name, at ,account,case,recording",
        "contract-ended,2026-01-15,ACME-4711,,",
        "contract-ended,2026-01-15,acme-4711 ,,",
        "customer-contact,2026-03-01T10:00:00+01:00,,C-9,",
        f"customer-contact,2026-03-02 10:00Z,,,{mine}",
        "contract-ended,soon,ACME-9999,,",
        "contract-ended,2026-02-30,ACME-9999,,",
        "contract-ended,9999-12-31,ACME-9999,,",
        "Contract,2026-01-15,ACME-9999,,",
        "contract-ended,2026-01-15,,,",
        "contract-ended,2026-01-15,ACME-9999,C-1,",
        f"customer-contact,2026-03-02,,,{'0' * 32}",
        "customer-contact,2026-03-02,,,abc",
        "contract-ended,2026-01-15",
        'contract-ended,2026-01-15,"ACME,,',
        f"contract-ended,2026-01-15,{'x' * 257},,",
    ]
    file.write_bytes(
        "\n".join(rows).encode() + b"\ncontract-ended,2026-01-15,\xff\xfe,,\ncontract-ended,2026-01-16,Z-1,,\n"
    )
    answer = filled("ada", "--json", "event", "record", "--from", file)
    assert answer.status == 1, answer.text
    *refused, summary = answer.rows
    assert summary["summary"] == {"recorded": 4, "already there": 1, "corrected since": 0, "refused": 12}
    assert {(row["row"], row["field"]) for row in refused} == {
        (6, "at"), (7, "at"), (8, "at"), (9, "name"), (10, None), (11, "case"), (12, "recording"), (13, "recording"),
        (14, None), (15, None), (16, "account"), (17, None),
    }  # fmt: skip
    assert "ACME" not in answer.text
    again = filled("ada", "--json", "event", "record", "--from", file).rows[-1]["summary"]
    assert again == {"recorded": 0, "already there": 5, "corrected since": 0, "refused": 12}
    plain = filled("ada", "event", "record", "--from", file)
    assert "refused    crm.csv row 6 [time]: field at: " in plain.text
    assert {row["recorded_by"] for row in history(filled)} == {"ada"}
    assert filled.faults(status=0) == []


def test_a_file_without_a_header_records_nothing(filled: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    for text in (
        "",
        "contract-ended,2026-01-15,ACME-4711\n",
        "name,at\n",
        "name,at,account,account\n",
        "name,at,account,x\n",
    ):
        file.write_text(text)
        assert filled.refused("rita", "event", "record", "--from", file, status=2)["error"] == "manifest"
    assert history(filled) == []


def test_more_rows_than_one_transaction_takes_are_recorded_in_order(filled: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    lines = [f"customer-contact,2026-01-01T{n // 60:02}:{n % 60:02}Z,ACME-4711" for n in range(1203)]
    file.write_text("\n".join(["name,at,account", *lines]) + "\n")
    assert filled.rows("ada", "event", "record", "--from", file)[-1]["summary"]["recorded"] == 1203
    assert len(history(filled, *ACCOUNT, "--limit", "5000")) == 1203
    assert filled.faults(status=0) == []


def test_no_account_stands_in_the_log_or_in_the_catalog(filled: Terminal) -> None:
    event = record(filled, "2026-01-15", "--account", "CANARY-77193-XQ")["event"]
    filled.ok("rita", "event", "correct", event, "--at", "2026-01-16", "--because", "typo")
    for path in filled.home.rglob("*"):
        if path.is_file():
            assert b"CANARY-77193-XQ" not in path.read_bytes().upper(), path
    told = filled.told("--recording", event)[0]
    assert told["details"].keys() == {"name", "subject", "event_sha256"}
    assert told["details"]["name"] == "contract-ended"


def test_a_contract_and_a_case_of_a_manifest_are_found_held_and_fed(filled: Terminal, tmp_path: Path) -> None:
    apply_policy(filled, tmp_path / "p.yaml", POLICY)
    (tmp_path / "a.txt").write_text("Agent: Good evening.\nCaller: It is about my contract.\n", encoding="utf-8")
    (tmp_path / "m.csv").write_text("path,contract,case,segments\na.txt,K-778,C-9,advice@0-1000;chat@500-900\n")
    filled.ok("ada", "ingest", "--manifest", tmp_path / "m.csv")
    (row,) = filled.listed("--contract", " k-778")
    assert filled.listed("--case", "c-9") == [row]
    assert filled.listed("--contract", "C-9") == filled.listed("--case", "K-778") == []
    record(filled, "2026-01-15", "--contract", "K-778")
    assert str(kept_until(filled, row["id"])).startswith("2027-01-17")
    hold = filled.rows("lena", "hold", "place", "--matter", "7", "--reason", "x", "--case", "C-9")[0]
    assert hold["recordings"] == 1
    assert filled.rows("luis", "hold", "show", hold["hold"])[0]["scope_cases"] == ["C-9"]
    assert filled.faults(status=0) == []
