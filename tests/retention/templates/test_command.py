"""`policy templates` and `policy adopt` from the terminal: what they print, write, refuse and tell the log."""

import os
import shutil
from pathlib import Path

import pytest

from retention.policy.reader import parse
from retention.policy.templates import find, library
from tests.cli.terminal import SAMPLES, Terminal, make_people
from vault.store import durable

PRIMARY = ("us-regf-debt-calls", "us-il-bipa")
ADVISORY = ("us-rege", "us-tcpa-limitation")


@pytest.fixture(scope="module")
def _peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("templates") / "home"
    make_people(Terminal(home))
    return home


@pytest.fixture
def people(_peopled: Path, tmp_path: Path) -> Terminal:
    """An empty vault with its people."""
    shutil.copytree(_peopled, tmp_path / "home")
    return Terminal(tmp_path / "home")


@pytest.fixture
def nowhere(tmp_path: Path) -> Terminal:
    """A folder without a vault."""
    return Terminal(tmp_path / "home")


@pytest.fixture
def schedule(tmp_path: Path) -> Path:
    path = tmp_path / "schedule.yaml"
    shutil.copy(SAMPLES / "policy.yaml", path)
    return path


def adoptions(terminal: Terminal) -> list[tuple[str, str]]:
    told = [entry for entry in terminal.told() if entry["act"] == "template.adopted"]
    assert all(entry["actor"] == "ada" and entry["subject"] is None for entry in told)
    return sorted((entry["details"]["template"], entry["details"]["certainty"]) for entry in told)


def test_all_templates_are_listed_without_a_vault(nowhere: Terminal) -> None:
    rows = nowhere.rows("ada", "policy", "templates")
    assert [row["id"] for row in rows] == [one.id for one in library()]
    (row,) = [row for row in rows if row["id"] == "us-regf-debt-records"]
    assert row == {
        "id": "us-regf-debt-records", "jurisdiction": ["US"], "industry": ["debt-collection"], "keep": "P3Y",
        "erase_by": [], "clock": "last collection-activity", "certainty": "primary", "citation": "12 CFR 1006.100(a)",
    }  # fmt: skip


def test_the_table_has_period_clock_citation_and_certainty(nowhere: Terminal) -> None:
    text = nowhere.ok("ada", "policy", "templates").out.decode()
    (line,) = [line for line in text.splitlines() if line.startswith("us-ny-insurance-policy-record ")]
    assert line.split() == [
        *("us-ny-insurance-policy-record", "US-NY", "insurance", "P6Y", "-", "latest-of(policy-ended,"),
        *("examination-report-filed)", "primary", "11", "NYCRR", "243.2(b)"),
    ]
    assert f"{len(library())} of {len(library())} templates" in text


@pytest.mark.parametrize(
    ("options", "some", "none"),
    [
        (("--jurisdiction", "fr"), {"fr-cnil-quality", "eu-gdpr-storage-limitation", "pci-331-sad"}, {"de-wphg-83"}),
        (("--industry", "medicare"), {"us-medicare-enrollment-calls", "us-coppa-retention"}, {"us-regz"}),
        (("--certainty", "memory"), {"de-wphg-83"}, {"us-regz", "us-cftc-oral"}),
        (("--jurisdiction", "US", "--industry", "debt-collection", "--certainty", "primary"), {*PRIMARY}, {"us-rege"}),
    ],
)
def test_templates_are_chosen_by_option(
    nowhere: Terminal, options: tuple[str, ...], some: set[str], none: set[str]
) -> None:
    ids = {row["id"] for row in nowhere.rows("ada", "policy", "templates", *options)}
    assert some <= ids
    assert not none & ids


@pytest.mark.parametrize("template", library(), ids=lambda template: template.id)
def test_each_is_shown_in_full(nowhere: Terminal, template: object) -> None:
    (one,) = [one for one in library() if one is template]
    text = nowhere.ok("ada", "policy", "templates", one.id).out.decode()
    for part in (one.title, one.covers, one.citation, one.note, one.text, one.certainty):
        assert part in text
    assert ("--accept-advisory" in text) == one.advisory
    (row,) = nowhere.rows("ada", "policy", "templates", one.id)
    assert (row["rule"], row["advisory"], row["note"]) == (one.text, one.advisory, one.note)
    assert row["events"] == sorted(one.rule.events)


def test_an_id_and_a_choice_together_are_refused(nowhere: Terminal) -> None:
    assert nowhere.refused("ada", "policy", "templates", "us-regz", "--industry", "x", status=2)["error"] == "argument"


def test_a_misspelt_id_is_answered_with_the_near_ones(nowhere: Terminal) -> None:
    error = nowhere.refused("ada", "policy", "templates", "us-regf-calls", status=4)
    assert error["error"] == "template-not-found"
    assert "us-regf-debt-calls" in error["message"]


def test_adopting_adds_to_the_file(nowhere: Terminal, schedule: Path) -> None:
    before = schedule.read_text(encoding="utf-8")
    (row,) = nowhere.rows("ada", "policy", "adopt", *PRIMARY, "--file", schedule)
    assert row == {"file": str(schedule), "adopted": [*PRIMARY], "advisory": []}
    after = schedule.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert parse(after).rules == (*parse(before).rules, *(one.rule for one in find(PRIMARY)))
    assert list(schedule.parent.glob("schedule.yaml?*")) == []


def test_a_file_that_is_not_there_is_made(nowhere: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    nowhere.ok("ada", "policy", "adopt", "us-regz", "--file", path)
    assert [rule.name for rule in parse(path.read_text(encoding="utf-8")).rules] == ["us-regz"]
    nowhere.ok("ada", "policy", "validate", path)


def test_line_ends_and_links_are_kept(nowhere: Terminal, schedule: Path) -> None:
    schedule.write_bytes(schedule.read_bytes().replace(b"\n", b"\r\n"))
    link = schedule.with_name("link.yaml")
    link.symlink_to(schedule)
    nowhere.ok("ada", "policy", "adopt", *PRIMARY, "--file", link)
    assert link.is_symlink()
    assert b"us-il-bipa\r\n" in schedule.read_bytes()
    assert schedule.read_bytes().count(b"\n") == schedule.read_bytes().count(b"\r\n")


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("us-regz", "us-rege"), "advisory-template", 3),
        (("us-regz", "us-regzz"), "template-not-found", 4),
        (("us-regz", "--accept-advisory"), "rule-exists", 3),
    ],
)
def test_what_is_refused_leaves_the_file_alone(
    nowhere: Terminal, schedule: Path, arguments: tuple[str, ...], code: str, status: int
) -> None:
    if code == "rule-exists":
        nowhere.ok("ada", "policy", "adopt", "us-regz", "--file", schedule)
    before = schedule.read_bytes()
    error = nowhere.refused("ada", "policy", "adopt", *arguments, "--file", schedule, status=status)
    assert error["error"] == code
    assert schedule.read_bytes() == before


def test_a_file_of_other_bytes_is_refused(nowhere: Terminal, schedule: Path) -> None:
    schedule.write_bytes(b"policy: \xff\n")
    assert nowhere.refused("ada", "policy", "adopt", "us-regz", "--file", schedule, status=2)["error"] == "argument"


def test_advisory_templates_leave_a_note_in_the_log_each(people: Terminal, schedule: Path) -> None:
    people.ok("ada", "policy", "adopt", *PRIMARY, *ADVISORY, "--accept-advisory", "--file", schedule)
    assert adoptions(people) == [("us-rege", "secondary"), ("us-tcpa-limitation", "memory")]
    people.ok("otto", "log", "verify")


def test_what_was_read_in_primary_text_asks_nobody_who_they_are(people: Terminal, schedule: Path) -> None:
    people.ok("ada", "policy", "adopt", *PRIMARY, "--file", schedule, STRONGROOM_USER_PASSPHRASE="not hers")
    assert adoptions(people) == []


@pytest.mark.parametrize("user", ["rex", "otto"])  # a recorder; and an auditor, who may read policies
def test_who_may_not_change_policies_cannot_adopt_what_is_advisory(people: Terminal, schedule: Path, user: str) -> None:
    before = schedule.read_bytes()
    people.refused(user, "policy", "adopt", *ADVISORY, "--accept-advisory", "--file", schedule)
    assert schedule.read_bytes() == before
    assert adoptions(people) == []


def test_the_note_is_in_the_log_before_the_file_has_the_rules(
    people: Terminal, schedule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schedule.read_bytes()

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(durable, "replace_atomically", full)
    error = people.refused("ada", "policy", "adopt", "us-rege", "--accept-advisory", "--file", schedule, status=6)
    assert error["error"] == "file-access"
    assert schedule.read_bytes() == before
    assert adoptions(people) == [("us-rege", "secondary")]


def test_a_file_with_every_template_can_be_planned(people: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    people.ok("ada", "policy", "adopt", *(one.id for one in library()), "--accept-advisory", "--file", path)
    people.ok("ada", "policy", "validate", path)
    people.ok("ada", "policy", "plan", path)
    assert len(adoptions(people)) == len([one for one in library() if one.advisory])
