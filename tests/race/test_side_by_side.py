"""Everything else that two processes may do at the same moment, on both databases."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, true

from retention.core.decision import Action
from retention.destroy import certificate, purge
from retention.plans import purge_plans
from tests import vaults
from tests.race import jobs
from tests.race.crew import Failure, Job, crew, done
from tests.race.scene import Known, Scene, fate
from vault.catalog.schema import copies, log_checkpoints, log_entries, plans, recordings, renditions, screenings
from vault.check import Checker
from vault.ingest.intake import Outcome
from vault.log.entry import Act
from vault.model import RenditionName
from vault.people import Capability

GRACE = timedelta(days=14)


def held(scene: Scene, count: int = 6) -> tuple[list[Known], str]:
    known = scene.ingest(scene.files(count, queue="q", account="ACME-1"))
    return known, vaults.place_hold(scene.vault, accounts=("ACME-1",))


# Releases


def test_of_two_who_ask_for_a_release_at_once_one_is_refused(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        for _ in range(4):
            _, hold = held(scene, 1)
            answers = two.race(*[Job(jobs.request_release, (hold,))] * 2)
            assert sorted(a.kind for a in answers if isinstance(a, Failure)) == ["HoldStateError"]
    scene.settle()
    assert vaults.check(scene.vault) == []


def test_a_release_by_two_people_during_a_purge_lets_nothing_go_before_its_grace_ends(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 3) as three:
        known, hold = held(scene)
        asked, purged, _ = three.race(
            Job(jobs.request_release, (hold,)), Job(jobs.purge_due, (2,)), Job(jobs.purge_due, (2,))
        )
        done(asked, purged)
        answers = three.race(*[Job(jobs.approve_release, (hold, GRACE))] * 2, Job(jobs.purge_due, (2,)))
        assert sorted(a.kind for a in answers if isinstance(a, Failure)) == ["HoldStateError"]
        almost = vaults.START + GRACE - timedelta(microseconds=1)
        done(*three.race(*[Job(jobs.purge_due, (2,), at=almost)] * 2))
        assert len(fate(scene.vault, known).alive) == len(known)
        done(*three.race(*[Job(jobs.purge_due, (2,), at=vaults.START + GRACE)] * 2))
    assert len(fate(scene.vault, known).purged) == len(known)
    scene.settle()
    assert vaults.check(scene.vault) == []


# Policies


def test_what_a_purge_destroys_beside_a_longer_policy_went_before_it_by_the_older_one(scene: Scene) -> None:
    longer = vaults.policy("everything P30Y destroy")
    known = scene.ingest(scene.files(12, queue="q"))
    with crew(scene.home, scene.environment, 2) as two:
        plan = jobs.plan_policy(scene.vault, longer)
        done(*two.race(Job(jobs.purge_due, (1,)), Job(jobs.apply_policy, (plan, longer, True))))
    seen = fate(scene.vault, known)
    log = scene.entries()
    applied = max(n for n, e in enumerate(log) if e.act is Act.POLICY_APPLIED)
    purges = [n for n, e in enumerate(log) if e.act is Act.PURGE]
    assert seen.wrong == []
    assert len(purges) == len(seen.purged) > 0
    assert max(purges) < applied
    assert {log[n].details["policy"] for n in purges} == {1}
    scene.settle()
    assert vaults.check(scene.vault) == []


def test_of_two_policies_that_are_applied_at_once_one_is_refused(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        for years in (2, 4, 6, 8):
            texts = [vaults.policy(f"everything P{years + n}Y destroy") for n in (0, 1)]
            answers = two.race(*[Job(jobs.apply_policy, (jobs.plan_policy(scene.vault, t), t)) for t in texts])
            assert sorted(a.kind for a in answers if isinstance(a, Failure)) == ["StalePlanError"]
    scene.settle()
    assert vaults.check(scene.vault) == []


# Two purges


def make_plan(scene: Scene) -> str:
    rita = vaults.actor(scene.vault, "rita", Capability.PURGE_PLAN)
    made = purge_plans.make_plan(
        scene.vault.catalog, scene.vault.clock, rita, vault=scene.vault.id, only=frozenset({Action.DESTROY})
    )
    assert made is not None
    return made.id


def test_two_runs_of_one_plan_purge_each_recording_once(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        for _ in range(4):
            known = scene.ingest(scene.files(8))
            answers = two.race(*[Job(jobs.run_plan, (make_plan(scene), 2))] * 2)
            ran = [a for a in answers if not isinstance(a, Failure)]
            # who comes when all is done is told so
            assert [a.kind for a in answers if isinstance(a, Failure)] in ([], ["StalePlanError"])
            assert sorted(p.recording for a in ran for p in a if p.done) == sorted(k.id for k in known)
            assert len(fate(scene.vault, known).purged) == len(known)
    purges = [e.subject for e in scene.entries() if e.act is Act.PURGE]
    assert len(purges) == len(set(purges)) == 32
    scene.settle()
    assert vaults.check(scene.vault) == []


def test_two_schedulers_that_purge_at_once_purge_each_recording_once(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        for _ in range(4):
            known = scene.ingest(scene.files(8))
            answers = two.race(*[Job(jobs.purge_due, (2,))] * 2)
            ran = [a for a in answers if not isinstance(a, Failure)]
            assert [a for a in answers if isinstance(a, Failure) and a.kind != "StalePlanError"] == []
            assert sorted(p.recording for a in ran for p in a if p.done) == sorted(k.id for k in known)
            done(*two.race(Job(jobs.purge_due, (2,))))
    scene.settle()
    assert vaults.check(scene.vault) == []


# Stages


def test_two_processes_that_screen_and_archive_the_same_do_it_once(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        vaults.place_hold(scene.vault, queues=("q",))
        for _ in range(3):
            known = scene.ingest(scene.files(6, queue="q"))
            for stage in (jobs.screen, jobs.archive):
                answers = two.race(*[Job(stage)] * 2)
                done(*answers)
                assert [
                    e for _, errors in answers for e in errors if "wrong-state" not in e and e != "not-screened"
                ] == []
                assert sum(moved for moved, _ in answers) == len(known)
    scene.settle()
    with scene.vault.catalog.read() as connection:
        for table, where in (
            (renditions, renditions.c.name == RenditionName.REDACTED),
            (copies, true()),
            (screenings, true()),
        ):
            assert connection.scalar(select(func.count()).select_from(table).where(where)) == 18
    acts = [e.act for e in scene.entries()]
    assert (acts.count(Act.SCREEN), acts.count(Act.ARCHIVE)) == (18, 18)
    assert vaults.check(scene.vault) == []


@pytest.mark.parametrize("stage", [jobs.screen, jobs.archive])
def test_a_stage_and_a_purge_of_the_same_recordings_leave_a_whole_vault(scene: Scene, stage: Any) -> None:
    delays = random.Random(stage.__name__)
    with crew(scene.home, scene.environment, 2) as two:
        for _ in range(8):
            known = scene.ingest(scene.files(8))
            if stage is jobs.archive:
                done(jobs.screen(scene.vault, None))  # type: ignore[arg-type]
            purged, staged = two.race(
                Job(jobs.purge_due, (4,), delay=delays.uniform(0, 0.03)), Job(stage, delay=delays.uniform(0, 0.03))
            )
            done(purged, staged)
            done(*two.race(Job(jobs.purge_due, (100,))))
            seen = fate(scene.vault, known)
            assert (seen.alive, seen.wrong) == ([], [])
    scene.settle()
    assert vaults.check(scene.vault) == []


def test_a_purge_that_meets_a_screening_in_the_middle_of_a_batch_is_not_broken_off(scene: Scene) -> None:
    known = scene.ingest(scene.files(4))
    with crew(scene.home, scene.environment, 2) as two:
        purged, screened = two.race(Job(jobs.purge_due, (4, "in the batch")), Job(jobs.screen_once_read))
        done(purged, screened)
        done(*two.race(Job(jobs.purge_due, (100,))))
    assert len(fate(scene.vault, known).purged) == len(known)
    scene.settle()
    assert vaults.check(scene.vault) == []


# Ingest


def test_two_processes_that_take_in_the_same_files_take_each_once(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        for number in range(5):
            files = scene.files(30, queue="q")
            other = random.Random(number).sample(files, len(files))
            one, two_ = two.race(Job(jobs.ingest, (files,)), Job(jobs.ingest, (other,)))
            done(one, two_)
            by_name: dict[str, list[Any]] = {}
            for receipt in [*one, *two_]:
                by_name.setdefault(receipt.name, []).append(receipt)
            for receipts in by_name.values():
                assert sorted(r.outcome for r in receipts) == [Outcome.DUPLICATE, Outcome.TAKEN]
                assert len({r.recording for r in receipts}) == 1
    with scene.vault.catalog.read() as connection:
        assert connection.scalar(select(func.count()).select_from(recordings)) == 150
    scene.settle()
    assert vaults.check(scene.vault) == []


# The log


def test_entries_sequenced_by_several_processes_make_one_whole_tree(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 3) as three:
        before = len(scene.entries())
        answers = three.race(*[Job(jobs.sequence, (15,))] * 3)
    done(*answers)
    placed = sum(answers) + scene.vault.sequence()
    assert placed == 45
    with scene.vault.catalog.read() as connection:
        leaves = list(connection.scalars(select(log_entries.c.leaf_index).order_by(log_entries.c.leaf_index)))
        sizes = list(connection.scalars(select(log_checkpoints.c.size)))
        checker = Checker(
            catalog=scene.vault.catalog, stores=scene.vault.stores, public_key=scene.vault.public_key,
            origin=scene.vault.origin, deep=True,
        )  # fmt: skip
        assert list(checker.log_report(connection).findings) == []
    assert leaves == list(range(before + 45))
    assert max(sizes) == before + 45


# Certificates


def test_certificates_of_a_race_verify_and_name_their_plan(scene: Scene) -> None:
    with crew(scene.home, scene.environment, 2) as two:
        known = scene.ingest(scene.files(6))
        two.race(*[Job(jobs.purge_due, (2,))] * 2)
    with scene.vault.catalog.read() as connection:
        digests = set(connection.scalars(select(plans.c.digest)))
        for k in known:
            body = purge.get_certificate(connection, k.id)
            assert certificate.verify(body, scene.vault.public_key).plan in digests
