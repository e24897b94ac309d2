"""Originals go when the policy says so and nothing keeps them, and then wholly; a hold keeps them, and says so."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from retention.core.decision import Action
from retention.destroy import certificate, early, originals, purge
from retention.errors import RetentionAlteredError
from retention.plans import purge_plans
from retention.policy.reader import parse
from service import work
from service.assembly import Vault
from tests import vaults
from tests.people import steps
from vault import playback
from vault.catalog import recordings as rows
from vault.catalog.schema import copies, key_slots, log_entries, renditions
from vault.catalog.schema import policies as policy_rows
from vault.catalog.schema import recordings as recording_rows
from vault.check import Severity
from vault.errors import OriginalDestroyedError
from vault.log import entry, journal
from vault.log.entry import Act
from vault.model import Metadata, RenditionName, State
from vault.people import Capability

CARD = "4111 1111 1111 1111"
DESTROY = vaults.policy("everything P9Y destroy") + "    original: destroy\n"
ORIGINAL, REDACTED = RenditionName.ORIGINAL, RenditionName.REDACTED


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of three archived chats, each with a card number in it."""
    home = tmp_path_factory.mktemp("originals") / "home"
    clock = vaults.StandingClock()
    vaults.make(home, clock)
    with vaults.opened(home, clock) as vault:
        fill(vault)
    return home


def fill(vault: Vault) -> None:
    items = []
    for name in ("one", "two", "three"):
        content = json.dumps({"messages": [{"text": f"{name}: my card is {CARD}"}]}).encode()
        facts = Metadata(ended=vaults.START - timedelta(days=1), account=f"ACME-{name}", source="t", source_ref=name)
        items.append(vaults.item(vault.settings.home.parent / f"{name}.json", facts, content))
    vaults.ingest(vault, items)
    assert vaults.tick(vault).archived == 3


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Iterator[Vault]:
    """A copy of it."""
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """The same on each database."""
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    clock = vaults.StandingClock()
    vaults.make(tmp_path / "home", clock, environment)
    with vaults.opened(tmp_path / "home", clock, environment) as opened:
        fill(opened)
        yield opened


def ids(vault: Vault) -> list[str]:
    with vault.catalog.read() as connection:
        return list(connection.scalars(select(recording_rows.c.id).order_by(recording_rows.c.id)))


def with_original(vault: Vault) -> set[str]:
    """Return what has its original: row, key slot and blob, all or none."""
    with vault.catalog.read() as connection:
        its = rows.renditions_of(connection, ids(vault))
        slots = select(key_slots.c.subject).where(key_slots.c.purpose == ORIGINAL)
        opens = set(connection.scalars(slots))
    has = {i for i, of in its.items() if any(r.name is ORIGINAL for r in of)}
    assert has == opens
    return has


def blob(vault: Vault, recording: str, name: RenditionName) -> str:
    with vault.catalog.read() as connection:
        return next(r.blob for r in rows.renditions_of(connection, [recording])[recording] if r.name is name)


def run(vault: Vault) -> list[early.Ended]:
    return list(early.run_due(vault.catalog, vault.clock, vault.stores))


def alter(vault: Vault, *statements: Any) -> None:
    """Do as who owns the database can."""
    with vault.catalog.write() as connection:
        for statement in statements:
            connection.execute(statement)


def faults(vault: Vault) -> list[tuple[str, str]]:
    return [(f.promise, f.text) for f in vaults.check(vault) if f.severity is Severity.FAULT]


def stored(vault: Vault) -> set[str]:
    return {str(found.blob) for found in vault.primary.all()}


def test_a_pass_destroys_the_originals_in_every_trace_and_leaves_the_redacted(either: Vault) -> None:
    vaults.apply_policy(either, DESTROY)
    doomed = {blob(either, i, ORIGINAL) for i in ids(either)}
    report = vaults.tick(either)
    assert (report.originals, report.deleted, report.errors) == (3, 3, [])
    assert with_original(either) == set()
    assert not doomed & stored(either)
    for recording in ids(either):
        assert CARD.encode() not in vaults.content(either, recording, REDACTED)
        with either.catalog.read() as connection, pytest.raises(OriginalDestroyedError, match="by rule everything of"):
            playback.rendition_of(connection, recording, ORIGINAL)
    assert vaults.check(either) == []
    assert vaults.tick(either).originals == 0
    with either.catalog.read() as connection:
        told = list(journal.of_acts(connection, Act.ORIGINAL_DESTROYED))
    assert {(e.actor, e.why, e.details["rule"], e.details["policy"]) for e in told} == {
        ("auto", "policy/1", "everything", 1)
    }


@pytest.mark.parametrize(
    "text", [vaults.policy("everything P9Y destroy"), DESTROY + vaults.policy("b P1Y review").split("rules:\n")[1]]
)
def test_without_the_word_of_every_rule_originals_stay(vault: Vault, text: str) -> None:
    vaults.apply_policy(vault, text)
    assert vaults.tick(vault).originals == 0
    assert len(with_original(vault)) == 3


def test_a_hold_keeps_its_originals_says_so_and_lets_them_go_after_its_grace_period(either: Vault) -> None:
    hold = vaults.place_hold(either, accounts=("ACME-one",))
    vaults.apply_policy(either, DESTROY)
    assert vaults.tick(either).originals == 2
    (kept,) = with_original(either)
    now = either.clock.now()
    with either.catalog.read() as connection:
        for which in (None, hold):
            found = originals.kept_by_hold(connection, now, hold=which)
            assert (found.count, found.ids) == (1, (kept,))
        assert originals.kept_by_hold(connection, now, hold="0" * 32).count == 0
    steps.request(either, hold)
    steps.release(either, hold)
    assert run(either) == []
    either.clock.advance(steps.GRACE)  # type: ignore[attr-defined]
    assert [d.done for d in run(either)] == [True]
    with either.catalog.read() as connection:
        assert originals.kept_by_hold(connection, either.clock.now()).count == 0
    assert faults(either) == []


class Interrupted:
    """A store that does something the first time it is asked; everything else is the real store's."""

    def __init__(self, store: Any, act: Callable[[], object]) -> None:
        self._store, self._act, self._left = store, act, [1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def stat(self, name: Any) -> Sequence[Any]:
        if self._left:
            self._left.clear()
            self._act()
        found: Sequence[Any] = self._store.stat(name)
        return found


def interrupted(vault: Vault, act: Callable[[], object]) -> Mapping[str, Any]:
    return {**vault.stores, "archive": Interrupted(vault.stores["archive"], act)}


def test_a_hold_placed_after_the_stores_were_asked_still_keeps(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    stores = interrupted(vault, lambda: vaults.place_hold(vault, accounts=("ACME-two",)))
    assert sorted(d.code for d in early.run_due(vault.catalog, vault.clock, stores)) == [
        "hold", "rule-destroys", "rule-destroys",
    ]  # fmt: skip
    assert len(with_original(vault)) == 1


def test_a_policy_applied_after_the_stores_were_asked_still_keeps(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    stores = interrupted(vault, lambda: vaults.apply_policy(vault, vaults.policy("everything P9Y destroy")))
    assert {d.code for d in early.run_due(vault.catalog, vault.clock, stores)} == {"rule-keeps"}
    assert len(with_original(vault)) == 3


@pytest.mark.parametrize("store", ["primary", "archive"])
@pytest.mark.parametrize("how", ["gone", "short", "not configured"])
def test_a_redacted_copy_that_is_not_there_keeps_the_original(vault: Vault, store: str, how: str) -> None:
    vaults.apply_policy(vault, DESTROY)
    one = ids(vault)[0]
    redacted = blob(vault, one, REDACTED)
    stores = dict(vault.stores)
    if how == "gone":
        stores[store].delete(redacted)  # type: ignore[arg-type]
    elif how == "short":
        (path,) = (p for p in vault.settings.home.rglob(redacted) if ("archive" in p.parts) == (store == "archive"))
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1])
    else:
        del stores[store]
    done = {str(d.recording): d.code for d in early.run_due(vault.catalog, vault.clock, stores)}
    assert done[one] == "no-copy"
    assert one in with_original(vault)
    assert len(with_original(vault)) == (3 if how == "not configured" else 1)


def test_what_is_not_archived_keeps_its_original(vault: Vault) -> None:
    alter(vault, update(recording_rows).values(state=State.SCREENED))
    vaults.apply_policy(vault, DESTROY)
    assert run(vault) == []
    assert len(with_original(vault)) == 3


def other_agent(one: str, _two: str) -> Any:
    return update(recording_rows).where(recording_rows.c.id == one).values(agent="eve")


def other_original(one: str, _two: str) -> Any:
    return (
        update(renditions)
        .where(renditions.c.recording == one, renditions.c.name == ORIGINAL)
        .values(sealed_sha256=b"x" * 32)
    )


def other_redacted(one: str, _two: str) -> Any:
    return (
        update(renditions)
        .where(renditions.c.recording == one, renditions.c.name == REDACTED)
        .values(sealed_sha256=b"x" * 32)
    )


def lost_copy(one: str, _two: str) -> Any:
    return delete(copies).where(copies.c.blob.in_(select(renditions.c.blob).where(renditions.c.recording == one)))


def lost_slot(one: str, _two: str) -> Any:
    return delete(key_slots).where(key_slots.c.subject == one, key_slots.c.purpose == REDACTED)


def untold(act: Act) -> Any:
    def entry_gone(one: str, _two: str) -> Any:
        return delete(log_entries).where(log_entries.c.subject == one, log_entries.c.act == act)

    return entry_gone


@pytest.mark.parametrize(
    "change",
    [
        other_agent,
        other_original,
        other_redacted,
        lost_copy,
        lost_slot,
        *map(untold, (Act.INGEST, Act.SCREEN, Act.ARCHIVE)),
    ],
)
def test_what_is_not_as_the_log_has_it_keeps_its_original(vault: Vault, change: Any) -> None:
    vaults.apply_policy(vault, DESTROY)
    one, two, _ = ids(vault)
    alter(vault, change(one, two))
    assert {d.recording for d in run(vault) if not d.done} == {one}
    with vault.catalog.read() as connection:
        assert any(r.name is ORIGINAL for r in rows.renditions_of(connection, [one])[one])


def test_a_planted_policy_destroys_nothing(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P9Y destroy"))
    with vault.catalog.read() as connection:
        row = dict(connection.execute(select(policy_rows)).one()._mapping)
    planted = {**row, "version": 2, "text": DESTROY, "digest": parse(DESTROY).version_digest}
    alter(vault, insert(policy_rows).values(planted))
    with pytest.raises(RetentionAlteredError):
        run(vault)
    assert len(with_original(vault)) == 3


def test_a_clock_that_jumped_destroys_no_original(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    vault.clock.advance(timedelta(days=30))  # type: ignore[attr-defined]
    assert work.tick(vault).originals == 0
    assert len(with_original(vault)) == 3


# What comes after


def test_a_purge_later_certifies_what_was_left(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    assert vaults.tick(vault).originals == 3
    vault.clock.advance(timedelta(days=366 * 10))  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 3
    with vault.catalog.read() as connection:
        body = purge.get_certificate(connection, ids(vault)[0])
    found = certificate.verify(body, vault.public_key)
    assert [r.name for r in found.renditions] == ["redacted"]
    assert "original" not in [slot.purpose for slot in found.key_slots_destroyed]
    assert faults(vault) == []


def test_a_purge_planned_before_the_original_went_is_planned_again(vault: Vault) -> None:
    vaults.apply_policy(vault, DESTROY)
    vault.clock.advance(timedelta(days=366 * 10))  # type: ignore[attr-defined]
    rita = vaults.actor(vault, "rita", Capability.PURGE_PLAN)
    only = frozenset({Action.DESTROY})
    for done in (False, True):
        plan = purge_plans.make_plan(vault.catalog, vault.clock, rita, vault=vault.id, only=only)
        assert plan is not None
        run(vault)
        purged = list(purge.run(vault.catalog, vault.clock, rita, vault.signing_key, plan_id=plan.id))
        assert {p.done for p in purged} == {done}


def test_check_tells_an_original_that_vanished_from_one_that_was_destroyed(vault: Vault) -> None:
    one, two, three = ids(vault)
    with vault.catalog.read() as connection:
        row = dict(
            connection.execute(select(renditions).where(renditions.c.recording == two, renditions.c.name == ORIGINAL))
            .one()
            ._mapping
        )
        slot = dict(
            connection.execute(select(key_slots).where(key_slots.c.subject == three, key_slots.c.purpose == ORIGINAL))
            .one()
            ._mapping
        )
    alter(vault, delete(renditions).where(renditions.c.recording == one, renditions.c.name == ORIGINAL))
    assert ("P2", "its original rendition is missing") in faults(vault)
    vaults.apply_policy(vault, DESTROY)
    assert vaults.tick(vault).originals == 2
    alter(vault, insert(renditions).values(row), insert(key_slots).values(slot))
    found = faults(vault)
    assert ("P3", "the log says that its original was destroyed, and it is still there") in found
    assert ("P3", "the log says that its original was destroyed, and its key slot is still there") in found


def test_check_tells_an_original_that_was_destroyed_by_a_rule_that_keeps(vault: Vault) -> None:
    vaults.apply_policy(vault, vaults.policy("everything P9Y destroy"))
    one = ids(vault)[0]
    with vault.catalog.read() as connection:
        told = journal.ingest_entries(connection, [one])[one].details["sealed_sha256"]
    details = {"sealed_sha256": told, "policy": 1, "rule": "everything"}
    forged = entry.Entry(vaults.START, "auto", Act.ORIGINAL_DESTROYED, entry.Outcome.DONE, one, "policy/1", details)
    with vault.catalog.write() as connection:
        journal.append(connection, [forged])
    found = faults(vault)
    assert (
        "P2",
        "no rule of policy version 1 says that its original is destroyed early, and it was destroyed",
    ) in found


def test_check_tells_that_another_original_was_destroyed_than_the_one_taken_in(vault: Vault) -> None:
    one = ids(vault)[0]
    forged = entry.Entry(
        vaults.START, "auto", Act.ORIGINAL_DESTROYED, entry.Outcome.DONE, one, "policy/1", {"sealed_sha256": "0" * 64}
    )
    with vault.catalog.write() as connection:
        journal.append(connection, [forged])
    found = faults(vault)
    assert ("P5", "the log says that another original was destroyed than the one taken in") in found
    assert (
        "P2",
        "no rule of policy version 0 says that its original is destroyed early, and it was destroyed",
    ) in found
