"""Extensions and erasure requests from the terminal: recorded, answered with the legal ground, taken back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.cli.terminal import Terminal, apply_policy

ACCOUNT = ("--account", "ACME-4711")
EXTEND = ("extension", "record", "--authority", "BaFin", "--because", "letter of 3 May to Mr Doe")
POLICY = """\
policy: strongroom/policy/v1
title: Demands
rules:
  - {name: statute, match: {industry: debt-collection}, keep: P3Y, then: destroy, basis: 12 CFR 1006.100}
  - {name: habit, match: {industry: insurance}, keep: P30Y, then: destroy}
  - {name: ask-first, match: {industry: broker-dealer}, keep: P5Y, then: review, basis: 17 CFR 240.17a-4}
  - {name: shop, match: {industry: retail}, keep: P1M, then: keep}
"""


def ready(sr: Terminal, tmp_path: Path) -> Terminal:
    apply_policy(sr, tmp_path / "p.yaml", POLICY)
    return sr


def explained(sr: Terminal, recording: str) -> dict[str, Any]:
    return sr.rows("ada", "explain", recording)[0]


def asked(sr: Terminal, *args: str, status: int = 0) -> dict[str, Any]:
    answer = sr("lena", "--json", "erasure", "request", *args, "--because", "her mail of 3 May")
    assert answer.status == status, answer.text
    return answer.rows[0]


def test_an_extension_keeps_what_matches_now_and_later_until_two_people_end_it(
    filled: Terminal, tmp_path: Path
) -> None:
    ready(filled, tmp_path)
    old = filled.id_of(jurisdiction="DE")
    before = explained(filled, old)["keep_until"]
    made = filled.rows("lena", *EXTEND, "--keep", "P30Y", *ACCOUNT)[0]
    assert made["recordings"] >= 1
    assert explained(filled, old)["keep_until"].startswith("2049-09-14")
    assert "BaFin" in str(explained(filled, old)["reasons"])
    ask = ("extension", "withdraw", made["extension"])
    assert filled.refused("luis", *ask, "--approve")["error"] == "demand-state"
    filled.ok("lena", *ask, "--because", "lifted")
    assert filled.rows("otto", "extension", "show", made["extension"])[0]["state"] == "withdrawal-asked"
    assert filled.refused("rita", *ask, "--because", "lifted")["error"] == "demand-state"
    assert filled.refused("lena", *ask, "--approve")["error"] == "same-person"
    assert explained(filled, old)["keep_until"] != before
    filled.ok("rita", *ask, "--approve")
    assert explained(filled, old)["keep_until"] == before
    assert filled.refused("luis", *ask, "--approve")["error"] == "demand-state"
    assert filled.rows("otto", "extension", "list")[0]["state"] == "withdrawn"


def test_an_extension_counts_from_any_clock_of_a_policy(filled: Terminal, tmp_path: Path) -> None:
    ready(filled, tmp_path)
    old = filled.id_of(jurisdiction="DE")
    clock = "{latest-of: [ended, event case-closed]}"
    filled.ok("lena", *EXTEND, "--keep", "P1Y", "--clock", clock, *ACCOUNT)
    assert explained(filled, old)["keep_until"] is None
    filled.ok("rita", "event", "record", "case-closed", *ACCOUNT, "--at", "2026-05-01")
    assert explained(filled, old)["keep_until"].startswith("2027-05-03")
    assert filled.rows("otto", "extension", "list")[0]["clock"] == '{"latest-of":["ended","event case-closed"]}'
    assert filled.faults(status=0) == []


def test_what_is_no_extension_is_refused(filled: Terminal) -> None:
    for args, error in (
        (("--authority", "Jo_Doe!", "--keep", "P1Y", *ACCOUNT), "authority"),
        (("--authority", "4711", "--keep", "P1Y", *ACCOUNT), "authority"),
        (("--authority", "x" * 65, "--keep", "P1Y", *ACCOUNT), "authority"),
        (("--authority", "FCA", "--keep", "seven years", *ACCOUNT), "period"),
        (("--authority", "FCA", "--keep", "P1Y", "--clock", "sometime", *ACCOUNT), "policy-syntax"),
        (("--authority", "FCA", "--keep", "P1Y"), "demand-scope"),
        (("--authority", "FCA", "--keep", "P1Y", "--state", "sealed", "--agent", "a"), "demand-scope"),
    ):
        refused = filled.refused("lena", "extension", "record", "--because", "x", *args, status=2)
        assert refused["error"] == error, args
    empty = ("extension", "record", "--authority", "FCA", "--keep", "P1Y", "--because", " ", *ACCOUNT)
    assert filled.refused("lena", *empty, status=2)["error"] == "demand-scope"
    assert filled.refused("lena", "extension", "show", "0" * 32, status=4)["error"] == "demand-not-found"
    assert filled.rows("otto", "extension", "list") == []


def test_words_are_for_those_who_may_know_callers_and_stand_nowhere_in_clear(filled: Terminal) -> None:
    demand = filled.rows("lena", *EXTEND, "--keep", "P30Y", "--account", "CANARY-PLUM-7731")[0]["extension"]
    request = asked(filled, "--account", "CANARY-PLUM-7731", status=3)["request"]
    for noun, its, because in (
        ("extension", demand, "letter of 3 May to Mr Doe"),
        ("erasure", request, "her mail of 3 May"),
    ):
        shown = filled.rows("rita", noun, "show", its)[0]
        assert (shown["because"], shown["scope_accounts"]) == (because, ["CANARY-PLUM-7731"])
        assert because not in filled.ok("otto", "--json", noun, "show", its).text
    for path in filled.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(secret in data for secret in (b"CANARY-PLUM", b"Mr Doe", b"her mail")), path


def test_a_request_is_answered_with_every_ground_that_keeps(filled: Terminal, tmp_path: Path) -> None:
    ready(filled, tmp_path)
    filled.ok("luis", "hold", "place", "--matter", "2026-014", "--reason", "claim", "--industry", "health")
    filled.ok("lena", *EXTEND, "--keep", "P40Y", "--industry", "broker-dealer")
    made = asked(filled, "--since", "2000-01-01")
    assert made["recordings"] == made["free"] + made["to_review"] + made["kept"] == len(filled.listed())
    found = {(g["ground"], g["what"].split(" ")[0], g["citation"], g["until"] is None) for g in made["grounds"]}
    assert found >= {
        ("legal obligation (GDPR Art. 17(3)(b))", "rule", "12 CFR 1006.100", False),
        ("legal obligation (GDPR Art. 17(3)(b))", "rule", "17 CFR 240.17a-4", False),
        ("retention rule without a citation", "rule", None, False),
        ("an authority's extension (GDPR Art. 17(3)(b))", "extension", None, False),
        ("legal claims (GDPR Art. 17(3)(e))", "hold", None, True),
        ("no policy covers it", "no", None, True),
    }
    assert made["free"] >= 2, made  # what 'then: keep' would keep for ever is free by the request
    row = next(row for row in filled.rows("otto", "erasure", "list"))
    assert (row["id"], row["state"], row["purged"]) == (made["request"], "waiting", 0)
    assert filled.faults(status=0) == []


def test_a_request_that_nothing_can_be_done_for_yet_is_refused_and_fires_by_itself(
    filled: Terminal, tmp_path: Path, travel: Any
) -> None:
    shop = POLICY.replace("keep: P1M, then: keep", "keep: P1Y, then: keep, basis: AO 147")
    apply_policy(filled, tmp_path / "p.yaml", shop)
    late = tmp_path / "late.txt"
    late.write_text("Agent: Good evening.\nCaller: Please erase me.\n", encoding="utf-8")
    (tmp_path / "m.csv").write_text("path,industry,account\nlate.txt,retail,NEW-1\n")
    filled.ok("ada", "ingest", "--manifest", tmp_path / "m.csv")
    recording = filled.listed("--account", "NEW-1")[0]["id"]
    made = asked(filled, recording, status=3)
    assert (made["free"], made["kept"], made["refused_for_now"]) == (0, 1, True)
    assert made["grounds"][0]["what"] == "rule shop"
    plain = filled("lena", "erasure", "show", made["request"])
    assert "refused for now" in plain.text
    assert "AO 147" in plain.text
    filled.ok("ada", "tick")
    assert filled.rows("ada", "show", recording)[0]["state"] != "purged"
    travel(timedelta(days=370))
    filled.ok("ada", "tick", "--clock-is-right")
    assert filled.rows("ada", "show", recording)[0]["state"] == "purged"
    assert filled.rows("otto", "erasure", "list")[0]["state"] == "done"
    assert "1 are erased" in filled.ok("lena", "erasure", "show", made["request"]).text


def test_a_request_covers_what_is_there_and_nothing_that_comes_later(filled: Terminal, tmp_path: Path) -> None:
    ready(filled, tmp_path)
    assert asked(filled, "--account", "NEW-1")["recordings"] == 0
    late = tmp_path / "late.txt"
    late.write_text("Agent: Good evening.\nCaller: It is me again.\n", encoding="utf-8")
    (tmp_path / "m.csv").write_text("path,industry,account\nlate.txt,retail,NEW-1\n")
    filled.ok("ada", "ingest", "--manifest", tmp_path / "m.csv")
    assert filled.rows("otto", "erasure", "list")[0]["recordings"] == 0
    reasons = explained(filled, filled.listed("--account", "NEW-1")[0]["id"])["reasons"]
    assert "erasure" not in {reason["code"] for reason in reasons}


def test_a_request_that_is_taken_back_is_as_if_it_had_never_been(filled: Terminal, tmp_path: Path) -> None:
    ready(filled, tmp_path)
    recording = next(row["id"] for row in filled.listed("--industry", "retail"))
    before = explained(filled, recording)["keep_until"]
    request = asked(filled, recording)["request"]
    assert explained(filled, recording)["keep_until"] != before
    filled.ok("rita", "erasure", "withdraw", request, "--because", "taken-back")
    assert explained(filled, recording)["keep_until"] == before
    again = ("erasure", "withdraw", request, "--because", "taken-back")
    assert filled.refused("rita", *again)["error"] == "demand-state"
    assert (
        filled.refused("rita", "erasure", "withdraw", "0" * 32, "--because", "x", status=4)["error"]
        == "demand-not-found"
    )
    assert filled.refused("rita", "erasure", "request", "--because", "x", status=2)["error"] == "demand-scope"
    assert filled.rows("otto", "erasure", "list")[0]["state"] == "withdrawn"
    assert filled.faults(status=0) == []


def test_who_may_feed_correct_extend_and_erase(people: Terminal) -> None:
    event = ("event", "record", "e", "--account", "A", "--at", "2026-01-01")
    nobody = "0" * 32
    for args, allowed in (
        (event, {"ada", "rita", "rob"}),
        (("event", "list"), {"ada", "lena", "luis", "rita", "rob", "otto"}),
        (("event", "show", nobody), {"ada", "lena", "luis", "rita", "rob", "otto"}),
        (("event", "correct", nobody, "--at", "2026-01-01", "--because", "x"), {"rita", "rob"}),
        (("event", "withdraw", nobody, "--because", "x"), {"rita", "rob"}),
        ((*EXTEND, "--keep", "P1Y", *ACCOUNT), {"lena", "luis", "rita", "rob"}),
        (("extension", "withdraw", nobody, "--approve"), {"lena", "luis", "rita", "rob"}),
        (("extension", "list"), {"ada", "lena", "luis", "rita", "rob", "otto"}),
        (("erasure", "request", "--because", "x", *ACCOUNT), {"lena", "luis", "rita", "rob"}),
        (("erasure", "withdraw", nobody, "--because", "x"), {"lena", "luis", "rita", "rob"}),
        (("erasure", "list"), {"ada", "lena", "luis", "rita", "rob", "otto"}),
    ):
        for user in ("ada", "lena", "luis", "rita", "rob", "otto", "rex"):
            refused = b'"not-authorised"' in people(user, "--json", *args).err
            assert refused is (user not in allowed), (user, args)
