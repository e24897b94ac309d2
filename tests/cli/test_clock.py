"""A clock that jumped destroys nothing until a person says that it is right."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.cli.terminal import Terminal, apply_policy, policy_text

DESTROY = policy_text(("everything", "all", "P3Y", "destroy"))


def test_a_jump_ahead_stops_every_purge_and_not_only_the_next_one(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    assert filled.rows("ada", "tick")[0]["purged"] == 0  # no policy yet; the pass notes the time
    apply_policy(filled, tmp_path / "p.yaml", DESTROY)
    travel(timedelta(days=30))
    for _ in range(3):
        answer = filled("ada", "--json", "tick")
        assert answer.status == 1
        assert answer.rows[0]["purged"] == 0
        assert "clock-jumped" in answer.rows[0]["errors"][0]
    assert "clock" in filled("ada", "doctor").text
    assert filled.rows("ada", "tick", "--clock-is-right")[0]["purged"] == 5


def test_a_clock_set_right_again_needs_no_word_from_anybody(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    filled.ok("ada", "tick")
    apply_policy(filled, tmp_path / "p.yaml", DESTROY)
    travel(timedelta(days=30))
    assert filled("ada", "tick").status == 1
    travel(timedelta(minutes=5))
    assert filled.rows("ada", "tick")[0]["purged"] == 5


def test_a_jump_ahead_stops_purges_by_hand_too(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    filled.ok("ada", "tick")
    apply_policy(filled, tmp_path / "p.yaml", DESTROY)
    travel(timedelta(days=30))
    plan = filled.rows("rita", "purge", "plan")[0]["plan"]
    before = filled.listed()
    assert filled.refused("rita", "purge", "run", plan)["error"] == "clock-jumped"
    assert filled.listed() == before
    filled.ok("ada", "tick", "--clock-is-right")


def test_a_clock_that_went_back_stops_purges(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    filled.ok("ada", "tick")
    apply_policy(filled, tmp_path / "p.yaml", DESTROY)
    travel(timedelta(hours=-2))
    answer = filled("ada", "--json", "tick")
    assert (answer.status, answer.rows[0]["purged"]) == (1, 0)
