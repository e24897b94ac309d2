"""Killed while a vault is made: nothing half made is taken for a vault, and init says what to do (promise P6)."""

import itertools
from pathlib import Path

import pytest

from service.errors import UnfinishedVaultError, VaultExistsError
from tests import vaults
from tests.crash import founding, templates
from tests.crash.children import Child


def test_init_killed_at_any_step_leaves_no_vault_or_a_whole_one(tmp_path: Path) -> None:
    found: list[str] = []
    survived = None
    for first in itertools.count(1, templates.LANES):
        homes = {step: tmp_path / f"home-{step}" for step in range(first, first + templates.LANES)}
        killed = {step: Child(founding.run_init, home, step) for step, home in homes.items()}
        ended = [child.wait() for child in killed.values()]
        looks = {step: Child(founding.look_after_init, home) for step, home in homes.items()}
        for step, look in looks.items():
            with templates.told(f"killed at step {step} of init"):
                word = look.wait().told[0]
                kind, _, advice = word.partition(": ")
                found.append(kind)
                assert (kind == "unfinished") == (f"delete {homes[step]} and run 'strongroom init' again" in advice)
        survived = next((end.told[0] for end in ended if not end.killed), None)
        if survived is not None:
            break
    assert survived is not None
    order = ["nothing", "unfinished", "whole"]
    assert found == sorted(found, key=order.index)
    assert set(found) == set(order)
    assert survived.steps >= 30
    assert {"durable.write half", "commit after", "file os.link", "durable.publish before"} <= set(survived.moments)


def test_init_does_not_call_a_folder_of_other_things_unfinished(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("to be kept", encoding="utf-8")
    with pytest.raises(VaultExistsError):
        vaults.make(tmp_path, vaults.StandingClock())
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "to be kept"


def test_init_does_not_call_a_vault_without_its_settings_file_unfinished(tmp_path: Path) -> None:
    home = tmp_path / "home"
    vaults.make(home, vaults.StandingClock())
    (home / "strongroom.toml").rename(tmp_path / "mislaid")
    with pytest.raises(VaultExistsError):
        vaults.make(home, vaults.StandingClock())


def test_init_refuses_the_catalog_database_of_another_vault(tmp_path: Path, fresh_postgres_url: str) -> None:
    environment = {"STRONGROOM_CATALOG_URL": fresh_postgres_url}
    vaults.make(tmp_path / "one", vaults.StandingClock(), environment)
    with pytest.raises(VaultExistsError, match="database"):
        vaults.make(tmp_path / "two", vaults.StandingClock(), environment)
    with pytest.raises(UnfinishedVaultError):
        vaults.make(tmp_path / "two", vaults.StandingClock())
    with vaults.opened(tmp_path / "one", vaults.StandingClock(), environment) as vault:
        assert vaults.check(vault) == []
