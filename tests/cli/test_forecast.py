"""`forecast` and `policy plan` as files and figures, and rules that are due for a look."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.terminal import Terminal, apply_policy, passphrase_of, policy_text

PRICES = {
    "STRONGROOM_PRICES_PRIMARY_GB_MONTH": "1000000",
    "STRONGROOM_PRICES_ARCHIVE_GB_MONTH": "0.5",
    "STRONGROOM_PRICES_CURRENCY": "EUR",
}
POLICY = policy_text(("everything", "all", "P3Y", "destroy"))


@pytest.mark.parametrize("by", ["kind", "rule", "tier"])
def test_a_forecast_loses_nothing_on_the_way(lived: Terminal, by: str) -> None:
    about, *months = lived.rows("otto", "forecast", "--months", "120", "--by", by)
    assert len(months) == about["months"] == 120
    there = sum(one["recordings"] for one in about["now"].values())
    assert there == len([row for row in lived.listed() if row["state"] != "purged"])
    for month in months:
        there += month["arriving"]["recordings"] - month["leaving"]["recordings"]
        total = sum(one["primary_bytes"] for one in month["classes"].values())
        assert total == pytest.approx(month["there"]["primary_bytes"], abs=len(month["classes"]))
    held = sum(one["recordings"] for one in about["stays"].values())
    assert held > 0
    assert months[-1]["there"]["recordings"] >= held


def test_expected_arrivals_and_prices_come_from_the_admin(lived: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kind,recordings_per_month,bytes_each\ncall,1000,1000000\n")
    about, *months = lived.rows("otto", "forecast", "--arrivals", tmp_path / "a.csv", **PRICES)
    assert about["prices"] == {"primary_gb_month": "1000000", "archive_gb_month": "0.5", "currency": "EUR"}
    last = months[-1]
    assert last["there"]["recordings"] == pytest.approx(36_000, rel=0.02)  # P3Y of a thousand a month
    assert float(last["cost"]) == pytest.approx(last["there"]["primary_bytes"] / 1000 + last["there"]["archive_bytes"]
                                                / 2e9, abs=0.01)  # fmt: skip
    text = lived.ok("otto", "forecast", "--arrivals", tmp_path / "a.csv", **PRICES).out.decode()
    assert "EUR a month" in text
    assert "What arrives is what a.csv says." in text
    (tmp_path / "a.csv").write_text("kind,recordings_per_month,bytes_each\nfax,1,1\n")
    assert lived.refused("otto", "forecast", "--arrivals", tmp_path / "a.csv", status=2)["error"] == "arrivals"


def test_without_prices_nothing_is_told_of_cost(lived: Terminal) -> None:
    about, *months = lived.rows("otto", "forecast", "--months", "2")
    assert about["prices"] is None
    assert all("cost" not in month for month in months)
    assert "a month" not in lived.ok("otto", "forecast", "--months", "2").out.decode().splitlines()[1]


def test_a_forecast_is_written_as_a_page_and_as_a_picture(lived: Terminal, tmp_path: Path) -> None:
    page, picture = tmp_path / "f.html", tmp_path / "f.png"
    lived.ok("otto", "forecast", "--html", page, "--png", picture, **PRICES)
    text = page.read_text()
    assert text.count("<svg") == 2
    assert "EUR a month" in text
    assert "http" not in text.replace("http-equiv", "")
    assert cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), cv2.IMREAD_COLOR).shape[2] == 3
    assert (page.stat().st_mode & 0o077, picture.stat().st_mode & 0o077) == (0, 0)
    assert lived("otto", "forecast", "--html", page).status == 2
    assert page.read_text() == text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('primary_gb_month = 0.023\ncurrency = "USD"', None),
        ('primary_gb_month = "0.023"\ncurrency = "USD"', None),
        ('archive_gb_month = 2\ncurrency = "USD"', None),
        ("primary_gb_month = 0.023", "prices.currency"),
        ('currency = "usd"', "prices.currency"),
        ('primary_gb_month = -1\ncurrency = "USD"', "prices.primary_gb_month"),
        ('primary_gb_month = "cheap"\ncurrency = "USD"', "prices.primary_gb_month"),
        ('primary_gb_month = true\ncurrency = "USD"', "prices.primary_gb_month"),
        ("dear = 1", "prices.dear"),
    ],
)
def test_prices_are_settings(filled: Terminal, lines: str, said: str | None) -> None:
    file = filled.home / "strongroom.toml"
    file.write_text(file.read_text().replace("[prices]", f"[prices]\n{lines}"))
    if said is None:
        assert filled.rows("otto", "forecast", "--months", "1")[0]["prices"]["currency"] == "USD"
    else:
        assert said in filled.refused("otto", "forecast", "--months", "1", status=2)["message"]


# Plans of policies


def test_a_plan_is_shown_again_as_it_was_made(lived: Terminal, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(policy_text(("everything", "all", "P1Y", "destroy")))
    page = tmp_path / "plan.html"
    made = lived.rows("ada", "policy", "plan", tmp_path / "p.yaml", "--html", page)
    plan = made[0]["plan"]
    assert (made[0]["state"], made[0]["approved_by"], made[0]["approvers"]) == ("proposed", [], ["rita", "rob"])
    assert any("rule reviewed" in sentence for sentence in made[0]["weaker"])
    assert lived.rows("otto", "policy", "plan", "--show", plan) == made
    assert made[0]["plan_digest"] in page.read_text()
    lived.ok("rob", "policy", "approve", plan)
    again = tmp_path / "again.html"
    shown = lived.rows("otto", "policy", "plan", "--show", plan, "--html", again)[0]
    assert shown["approved_by"] == ["rob (records)"]
    assert "Approved by rob (records)." in again.read_text()
    lived.ok("ada", "policy", "apply", plan, tmp_path / "p.yaml")
    assert lived.rows("otto", "policy", "plan", "--show", plan)[0]["state"] == "applied"


def test_a_plan_asks_for_either_a_file_or_a_plan_and_for_a_new_page(lived: Terminal, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(POLICY)
    assert lived("ada", "policy", "plan").status == 2
    assert lived("ada", "policy", "plan", tmp_path / "p.yaml", "--show", "0" * 32).status == 2
    assert lived("ada", "policy", "plan", tmp_path / "p.yaml", "--html", tmp_path / "p.yaml").status == 2
    lived.refused("ada", "policy", "plan", "--show", "0" * 32, status=4)


def test_who_makes_a_plan_is_none_of_those_who_may_approve_it(people: Terminal, tmp_path: Path) -> None:
    both = ("--role", "admin", "--role", "records")
    people.ok("ada", "user", "add", "mona", *both, STRONGROOM_NEW_PASSPHRASE=passphrase_of("mona"))
    (tmp_path / "p.yaml").write_text(POLICY)
    assert people.rows("ada", "policy", "plan", tmp_path / "p.yaml")[0]["approvers"] == ["mona", "rita", "rob"]
    assert people.rows("mona", "policy", "plan", tmp_path / "p.yaml")[0]["approvers"] == ["rita", "rob"]


# Rules that are due for a look


def test_rules_due_for_a_look_are_told_by_doctor_tick_and_show_and_are_no_fault(
    filled: Terminal, tmp_path: Path, travel: Callable[[timedelta], None]
) -> None:
    from datetime import UTC, datetime

    day = datetime.now(UTC).date() + timedelta(days=40)
    apply_policy(filled, tmp_path / "p.yaml", POLICY.replace("rules:", f"review: {day}\nrules:"))
    assert _told(filled) == ([], "fine", False)
    assert f"to be looked at again by {day}" in filled.ok("otto", "policy", "show").text
    travel(timedelta(days=15))
    filled.ok("ada", "tick", "--clock-is-right")
    (notice,), level, shown = _told(filled)
    assert f"the rules are due for a look by {day} (25 days)" in notice
    assert (level, shown) == ("notice", True)
    travel(timedelta(days=41))
    filled.ok("ada", "tick", "--clock-is-right")
    (notice,), level, shown = _told(filled)
    assert f"due for a look since {day} (1 days)" in notice
    assert (level, shown) == ("notice", True)
    assert "due for a look" in filled.ok("ada", "tick").text


def _told(sr: Terminal) -> tuple[list[str], str, bool]:
    """Return what a pass, `doctor` and `policy show` tell of the review date."""
    doctor = {row["what"]: row for row in map(json.loads, sr("ada", "--json", "doctor").out.decode().splitlines())}
    notices = sr.rows("ada", "tick")[0]["notices"]
    return notices, doctor["policy"]["level"], "due for a look" in sr.ok("otto", "policy", "show").text
