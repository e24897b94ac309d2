"""What may go before its recording is found: once a day, after a new policy, and as soon as it is archived."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from retention.destroy import early
from service.assembly import Vault
from tests import vaults
from tests.retention.test_originals import DESTROY, alter, ids, with_original
from tests.retention.test_originals import fill as fill_three
from vault.catalog.schema import vault_info
from vault.model import Metadata

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEEP = vaults.policy("everything P9Y destroy")
LATER = DESTROY.replace("original: destroy", "original: P10D")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of three archived chats."""
    home = tmp_path_factory.mktemp("look") / "home"
    vaults.make(home, vaults.StandingClock())
    with vaults.opened(home, vaults.StandingClock()) as vault:
        fill_three(vault)
    return home


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Iterator[Vault]:
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as opened:
        yield opened


def advance(vault: Vault, by: timedelta) -> None:
    vault.clock.advance(by)  # type: ignore[attr-defined]


def run(vault: Vault, stop: int = -1) -> list[str]:
    """Return what was destroyed; looks at `stop` batches at most, if that is given."""
    left = [stop]

    def stopped() -> bool:
        left[0] -= 1
        return left[0] == -1

    return [d.recording for d in early.run_due(vault.catalog, vault.clock, vault.stores, stopped) if d.done]


def take_in(vault: Vault, name: str) -> str:
    content = json.dumps({"messages": [{"text": f"hello from {name}"}]}).encode()
    facts = Metadata(ended=vault.clock.now() - DAY, source="t", source_ref=name)
    (receipt,) = vaults.ingest(vault, [vaults.item(vault.settings.home.parent / f"{name}.json", facts, content)])
    return str(receipt.recording)


def noted(vault: Vault) -> str | None:
    with vault.catalog.read() as connection:
        return connection.scalar(select(vault_info.c.value).where(vault_info.c.name == "early-look"))


def test_what_is_archived_between_two_whole_looks_goes_in_the_pass_that_archives_it(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    assert len(run(vault)) == 3
    advance(vault, HOUR)
    new = take_in(vault, "four")
    report = vaults.tick(vault)
    assert (report.archived, report.originals) == (1, 1)
    assert new not in with_original(vault)
    assert vaults.tick(vault).originals == 0


def test_what_time_alone_lets_go_goes_with_the_next_whole_look(vault: Vault) -> None:
    vaults.apply_policy(vault, LATER)
    assert run(vault) == []
    advance(vault, 20 * DAY)
    assert sorted(run(vault)) == ids(vault)


def test_between_two_whole_looks_what_became_due_waits(vault: Vault) -> None:
    vaults.apply_policy(vault, LATER)
    advance(vault, 9 * DAY)
    counts = []
    for _ in range(12):
        counts.append(len(run(vault)))
        advance(vault, 6 * HOUR)
    assert sorted(counts) == [0] * 11 + [3]
    assert counts.index(3) in {4, 8}  # with a whole look, which comes every fourth time


def test_a_new_policy_is_looked_through_at_once(vault: Vault) -> None:
    for text, count in ((LATER, 0), (KEEP, 0), (DESTROY, 3)):
        vaults.apply_policy(vault, text)
        assert len(run(vault)) == count


def test_a_look_that_was_cut_off_goes_on_where_it_was(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "BATCH", 1)
    vaults.apply_policy(vault, DESTROY)
    one, two, three = ids(vault)
    assert run(vault, stop=1) == [one]
    assert str(noted(vault)).endswith(one)
    assert run(vault, stop=1) == [two]
    assert run(vault) == [three]
    assert str(noted(vault)).endswith(" -")


def test_what_was_being_destroyed_when_it_was_cut_off_is_looked_at_again(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    looking = early.run_due(vault.catalog, vault.clock, vault.stores)
    next(looking)
    looking.close()  # type: ignore[attr-defined]
    assert noted(vault) is None
    assert with_original(vault) == set()
    assert run(vault) == []


@pytest.mark.parametrize("hint", ["", "nonsense", "1 2 3", "1 9999 99999999999999999 -", "1 9999 x -", "7 9999 0 -"])
def test_a_hint_that_is_wrong_begins_anew(vault: Vault, hint: str) -> None:
    vaults.apply_policy(vault, LATER)
    assert run(vault) == []
    advance(vault, 20 * DAY)
    alter(vault, update(vault_info).where(vault_info.c.name == "early-look").values(value=hint))
    assert len(run(vault)) == 3


def test_a_policy_that_lets_nothing_go_early_is_not_looked_through(vault: Vault) -> None:
    vaults.apply_policy(vault, KEEP)
    assert run(vault) == []
    assert noted(vault) is None


def test_more_newly_archived_than_a_batch_are_all_found(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "_FRESH", 1)
    vaults.apply_policy(vault, DESTROY)
    assert len(run(vault)) == 3
    for name in ("four", "five", "six"):
        take_in(vault, name)
    assert vaults.tick(vault).originals == 3


def test_a_pass_with_nothing_new_reads_no_recording_and_writes_nothing(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    assert len(run(vault)) == 3
    statements: list[str] = []

    def listen(*args: Any) -> None:
        statements.append(args[2])

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        assert run(vault) == []
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert any("FROM vault_info" in one for one in statements)
    assert not [one for one in statements if "FROM recordings" in one or not one.startswith(("BEGIN", "SELECT"))]
