"""What a hold is about, in words, is for those who may know callers; looking is told."""

from tests.cli.terminal import Terminal


def test_a_hold_shows_its_words_to_legal_and_not_to_an_admin(filled: Terminal) -> None:
    place = ("hold", "place", "--matter", "2026-020", "--reason", "letter of claim", "--account", "ACME-4711")
    hold = filled.rows("lena", *place)[0]["hold"]
    shown = filled.rows("luis", "hold", "show", hold)[0]
    assert (shown["reason"], shown["scope_accounts"]) == ("letter of claim", ["ACME-4711"])
    for other in ("ada", "otto"):
        answer = filled.ok(other, "--json", "hold", "show", hold)
        assert answer.rows[0]["matter"] == "2026-020"
        assert "ACME-4711" not in answer.text
        assert "letter of claim" not in answer.text
    told = [row for row in filled.told("--recording", hold) if row["act"] == "show"]
    assert [(row["actor"], row["details"]["words"]) for row in told] == [("luis", 1), ("ada", 0), ("otto", 0)]
