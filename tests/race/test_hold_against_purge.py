"""A hold placed while a purge runs saves a recording or tells that it was already gone: never both, never neither."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests import vaults
from tests.race import jobs
from tests.race.crew import Crew, Job, crew, done
from tests.race.scene import Known, Scene, fate, judge

ROUNDS = 20
COUNT = 10  # recordings a round
BATCH = 3

Scope = tuple[dict[str, Any], Callable[[Known], bool]]


def by_account(tag: str, _known: list[Known]) -> Scope:
    return {"accounts": (f"ACME-{tag}",)}, lambda k: k.metadata.account == f"ACME-{tag}"


def by_account_and_queue(tag: str, _known: list[Known]) -> Scope:
    return {"accounts": (f"ACME-{tag}",), "queues": (tag,)}, lambda k: k.metadata.account == f"ACME-{tag}"


def by_queue(tag: str, _known: list[Known]) -> Scope:
    return {"queues": (tag,)}, lambda k: k.metadata.queue == tag


def by_ids(_tag: str, known: list[Known]) -> Scope:
    ids = [k.id for k in known[::2]]
    return {"ids": tuple(ids)}, lambda k: k.id in ids


def by_interaction(tag: str, _known: list[Known]) -> Scope:
    return {"interactions": (f"talk-{tag}",)}, lambda k: k.metadata.interaction == f"talk-{tag}"


SCOPES = (by_account, by_account_and_queue, by_queue, by_ids, by_interaction)


def facts(tag: str, scope: Any, number: int) -> dict[str, Any]:
    """Return the facts of a round's recordings; every third is of nobody the hold is about."""
    about = number % 3 > 0
    if scope is by_interaction:
        return {"interaction": f"talk-{tag}" if about else f"other-{tag}-{number}"}
    return {"queue": tag, "account": f"ACME-{tag}" if about else f"OTHER-{number}"}


def take_in(scene: Scene, tag: str, scope: Any) -> list[Known]:
    return [known for n in range(COUNT) for known in scene.ingest(scene.files(1, **facts(tag, scope, n)))]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_hold_placed_during_a_purge_saves_a_recording_or_tells_that_it_is_gone(scene: Scene, scope: Any) -> None:
    random_delay = random.Random(f"{scope.__name__}")
    with crew(scene.home, scene.environment, 3) as three:
        saved, lost = 0, 0
        for number in range(ROUNDS // len(SCOPES)):
            tag = f"q{number}"
            known = take_in(scene, tag, scope)
            arriving = scene.files(3, **facts(tag, scope, 1))
            terms, covers = scope(tag, known)
            pause = "between batches" if number == 0 else ""
            purged, placed, receipts = three.race(
                Job(jobs.purge_due, (BATCH, pause), delay=random_delay.uniform(0, 0.01)),
                Job(jobs.place, (terms, number % 2 == 0), delay=random_delay.uniform(0, 0.06)),
                Job(jobs.ingest, (arriving,), delay=random_delay.uniform(0, 0.06)),
            )
            done(purged, placed, receipts)
            hold, told = placed
            assert judge(scene, hold, told, known, scene.known(arriving, receipts), covers) == []
            seen = fate(scene.vault, filter(covers, known))
            saved, lost = saved + len(seen.alive), lost + len(seen.purged)
        # the first round makes sure of both
        assert saved > 0
        assert lost > 0
    scene.settle()
    assert vaults.check(scene.vault) == []


def test_a_hold_that_comes_while_a_batch_destroys_waits_and_tells_what_is_gone(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        known = take_in(scene, "slow", by_queue)
        terms, covers = by_queue("slow", known)
        purged, placed = two.race(Job(jobs.purge_due, (COUNT, "in the batch")), Job(jobs.place, (terms, True)))
    done(purged, placed)
    hold, told = placed
    assert judge(scene, hold, told, known, [], covers) == []
    assert told.already_purged == COUNT  # it waited, although the purge had only read the holds when it came


def race_with_a_bug(two: Crew, scene: Scene, purging: Any, placing: Any, *args: Any) -> list[str]:
    known = take_in(scene, "bug", by_queue)
    terms, covers = by_queue("bug", known)
    purged, placed = two.race(Job(purging, (BATCH,)), Job(placing, (terms, *args)))
    done(purged, placed)
    hold, told = placed
    return judge(scene, hold, told, known, [], covers)


def test_the_judge_sees_a_purge_that_reads_the_holds_before_its_transaction(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        wrong = race_with_a_bug(two, scene, jobs.purge_by_an_early_look, jobs.place, True)
    assert len([w for w in wrong if w.endswith("was purged after the hold")]) == COUNT - BATCH


@pytest.mark.parametrize("environment", ["postgresql"], indirect=True)
def test_the_judge_sees_a_purge_and_a_hold_that_take_no_lock(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        wrong = race_with_a_bug(two, scene, jobs.purge_without_a_lock, jobs.place_without_a_lock)
    assert any("are held" in w for w in wrong)


@pytest.mark.parametrize("environment", ["postgresql"], indirect=True)
def test_a_database_that_is_set_to_repeatable_read_does_not_make_a_purge_miss_a_hold(scene: Scene) -> None:
    """There a statement that waits for a lock would still see what was so before it waited."""
    with scene.vault.catalog.engine.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'")
        connection.commit()
    with crew(scene.home, scene.environment, 2) as two:
        known = take_in(scene, "rr", by_queue)
        terms, covers = by_queue("rr", known)
        purged, placed = two.race(Job(jobs.purge_once_a_hold_is_under_way, (BATCH,)), Job(jobs.place_slowly, (terms,)))
    done(purged, placed)
    hold, told = placed
    assert judge(scene, hold, told, known, [], covers) == []
    assert told.recordings == COUNT
