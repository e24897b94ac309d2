"""Vaults to test with: built once a session, copied for each test."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import SAMPLES, Terminal, apply_policy, make_people, policy_text

STOCK_POLICY = policy_text(
    ("everything", "all", "P3Y", "destroy"),
    ("reviewed", "{industry: broker-dealer}", "P5Y", "review"),
)


@pytest.fixture(scope="session")
def _peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("peopled") / "home"
    make_people(Terminal(home))
    return home


@pytest.fixture(scope="session")
def _filled(_peopled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("filled") / "home"
    shutil.copytree(_peopled, home)
    Terminal(home).ok("rex", "ingest", "--manifest", SAMPLES / "manifest.jsonl")
    return home


@pytest.fixture(scope="session")
def _lived(_filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("lived") / "home"
    shutil.copytree(_filled, home)
    live(Terminal(home), home.parent)
    return home


def live(sr: Terminal, scratch: Path) -> None:
    """Let a filled vault do one of everything: two policies, holds in every state, purges with and without review."""
    apply_policy(sr, scratch / "first.yaml", policy_text(("everything", "all", "P9Y", "destroy")))
    apply_policy(sr, scratch / "second.yaml", STOCK_POLICY)
    sr.ok("lena", "hold", "place", "--matter", "2026-014", "--reason", "letter of claim", "--account", "ACME-4711")
    released = sr.rows("lena", "hold", "place", "--matter", "2026-015", "--reason", "inquiry", "--label", "delivery")
    sr.ok("lena", "hold", "release", released[0]["hold"], "--reason", "settled")
    sr.ok("luis", "hold", "release", released[0]["hold"], "--approve")
    asked = sr.rows("luis", "hold", "place", "--matter", "2026-016", "--reason", "audit", "--queue", "appointments")
    sr.ok("luis", "hold", "release", asked[0]["hold"], "--reason", "over")
    plan = sr.rows("rita", "purge", "plan")[0]["plan"]
    sr.ok("rob", "purge", "approve", plan)
    sr.ok("rita", "purge", "run", plan)
    sr.ok("ada", "tick")
    late = scratch / "late.txt"
    late.write_text("Agent: Good evening.\nCaller: Am I too late?\n", encoding="utf-8")
    sr.ok("ada", "ingest", str(late))  # and one that is sealed and waits


def _copy(source: Path, tmp_path: Path) -> Terminal:
    home = tmp_path / "home"
    shutil.copytree(source, home)
    return Terminal(home)


@pytest.fixture
def people(_peopled: Path, tmp_path: Path) -> Terminal:
    """An empty vault with ada (admin, operator, recorder), lena, luis, rita, rob, otto and rex."""
    return _copy(_peopled, tmp_path)


@pytest.fixture
def filled(_filled: Path, tmp_path: Path) -> Terminal:
    """The same with the sample recordings, nothing done to them yet."""
    return _copy(_filled, tmp_path)


@pytest.fixture
def lived(_lived: Path, tmp_path: Path) -> Terminal:
    """A vault in which everything happened once: see `live`."""
    return _copy(_lived, tmp_path)


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the clock of the commands run in this process: `travel(timedelta(days=30))` from now."""

    def by(distance: timedelta) -> None:
        class Clock:
            def now(self) -> datetime:
                return datetime.now(UTC) + distance

        monkeypatch.setattr("cli.door.SystemClock", Clock)

    return by
