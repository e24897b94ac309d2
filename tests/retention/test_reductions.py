"""Sound and picture go when a transcript suffices and a person attested it, wholly; the transcript stays."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from retention.destroy import certificate, early, purge, reductions
from retention.destroy.decide_reduction import ATTESTS
from retention.destroy.reductions import Reduced
from retention.errors import RetentionAlteredError
from retention.plans import policy_plan, policy_plans
from retention.policy.reader import parse
from retention.recorded import event_acts, events
from retention.recorded.event_acts import NewEvent
from retention.recorded.events import Subject
from service import work
from service.assembly import Vault
from tests import vaults
from tests.people import steps
from tests.retention.test_originals import alter, blob, faults, ids, stored
from tests.servers import REGION, S3Server
from vault import playback
from vault.catalog import recordings as rows
from vault.catalog.schema import copies, deletions, key_slots, log_entries, renditions
from vault.catalog.schema import events as event_rows
from vault.catalog.schema import policies as policy_rows
from vault.catalog.schema import recordings as recording_rows
from vault.errors import OriginalDestroyedError, RenditionNotFoundError
from vault.log import entry, journal
from vault.log.entry import Act
from vault.model import Metadata, RenditionName, State
from vault.people import Capability
from vault.screen.stage import Screener

ORIGINAL, REDACTED, TRANSCRIPT = RenditionName.ORIGINAL, RenditionName.REDACTED, RenditionName.TRANSCRIPT
WHOLE = vaults.policy("everything P9Y destroy")
WORDS = WHOLE + "    transcript_suffices_after: P3Y\n"
FOUR_YEARS = timedelta(days=4 * 366)
WORK = "tests.pipeline.works:transcribe"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of three archived recordings with a transcript each, under a policy that keeps them whole."""
    home = tmp_path_factory.mktemp("reductions") / "home"
    vaults.make(home, vaults.StandingClock())
    with vaults.opened(home, vaults.StandingClock()) as vault:
        fill(vault)
    return home


def fill(vault: Vault) -> None:
    items = []
    for name in ("one", "two", "three"):
        content = json.dumps({"messages": [{"text": f"hello from {name}"}]}).encode()
        facts = Metadata(ended=vaults.START - timedelta(days=1), account=f"ACME-{name}", source="t", source_ref=name)
        items.append(vaults.item(vault.settings.home.parent / f"{name}.json", facts, content))
    vaults.ingest(vault, items)
    with vault.intents() as intents:
        screener = Screener(
            catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, clock=vault.clock,
            actor=work.JOB, setup=replace(vault.settings.screen, workers=1), run_folder=vault.run_folder, work=WORK,
        )  # fmt: skip
        assert [one.state for one in screener.screen(screener.due(), lambda _, exc: pytest.fail(str(exc)))] == (
            [State.SCREENED] * 3
        )
    vaults.tick(vault)


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Iterator[Vault]:
    """A copy of it, four years later, where a transcript suffices and all three are attested."""
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as opened:
        ripen(opened)
        yield opened


def ripen(vault: Vault) -> None:
    attest(vault, *ids(vault))
    vaults.apply_policy(vault, WORDS)
    vault.clock.advance(FOUR_YEARS)  # type: ignore[attr-defined]


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """The same on each database."""
    environment = {}
    if request.param == "postgresql":
        environment["STRONGROOM_CATALOG_URL"] = request.getfixturevalue("fresh_postgres_url")
    vaults.make(tmp_path / "home", vaults.StandingClock(), environment)
    with vaults.opened(tmp_path / "home", vaults.StandingClock(), environment) as opened:
        fill(opened)
        ripen(opened)
        yield opened


def attest(vault: Vault, *recordings: str, name: str = ATTESTS) -> list[str]:
    rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
    now = vault.clock.now()
    new = [NewEvent(name, Subject.RECORDING, events.key_of(i), now, i) for i in recordings]
    done = event_acts.record(vault.catalog, vault.clock, rita, new)
    vault.sequence()
    return [str(one.id) for one in done]


def run(vault: Vault) -> list[early.Ended]:
    return list(early.run_due(vault.catalog, vault.clock, vault.stores))


def has(vault: Vault) -> dict[str, set[str]]:
    """Return the renditions of each; what has a row has its key slot and its blob too."""
    with vault.catalog.read() as connection:
        its = rows.renditions_of(connection, ids(vault))
        slots = {(row.subject, row.purpose) for row in connection.execute(select(key_slots))}
    there = {i: {str(r.name) for r in of} for i, of in its.items()}
    assert {(i, name) for i, name in slots if name in set(RenditionName)} == {(i, n) for i in there for n in there[i]}
    return there


def codes(vault: Vault) -> dict[str, str]:
    now = vault.clock.now()
    with vault.catalog.read() as connection:
        return {i: reductions.decision_of(connection, i, now).reasons[0].code for i in ids(vault)}  # type: ignore[arg-type]


def test_a_pass_leaves_nothing_but_the_transcript(either: Vault) -> None:
    doomed = {blob(either, i, name) for i in ids(either) for name in (ORIGINAL, REDACTED)}
    archived = {str(found.blob) for found in either.need_archive().all()}
    assert len(archived) == 3
    report = vaults.tick(either)
    assert (report.reduced, report.originals, report.deleted, report.errors) == (3, 0, 9, [])
    assert list(has(either).values()) == [{"transcript"}] * 3
    assert not doomed & stored(either)
    assert list(either.need_archive().all()) == []
    for recording in ids(either):
        assert vaults.content(either, recording, TRANSCRIPT).startswith(b"WEBVTT")
        with either.catalog.read() as connection:
            with pytest.raises(OriginalDestroyedError, match="by rule everything of policy version 1"):
                playback.rendition_of(connection, recording, ORIGINAL)
            with pytest.raises(RenditionNotFoundError, match="its transcript, attested as accurate, is kept"):
                playback.rendition_of(connection, recording, REDACTED)
            name, aloud = playback.what_is_left(connection, recording)
            assert name is TRANSCRIPT
            assert str(aloud).endswith("attested as accurate, is kept; this is the transcript")
            told = reductions.entry_of(connection, recording)  # type: ignore[arg-type]
        assert told is not None
        assert (told.actor, told.why, told.details["rule"], told.details["policy"]) == (
            "auto", "policy/1", "everything", 1,
        )  # fmt: skip
    assert vaults.check(either) == []
    assert vaults.tick(either).reduced == 0
    assert set(codes(either).values()) == {"gone"}


def test_before_its_time_nothing_goes(vault: Vault) -> None:
    vault.clock.advance(-timedelta(days=2 * 366))  # type: ignore[attr-defined]
    assert run(vault) == []
    assert set(codes(vault).values()) == {"not-yet"}


@pytest.mark.parametrize("text", [WHOLE, WORDS + vaults.policy("b P1Y review").split("rules:\n")[1]])
def test_without_the_word_of_every_rule_nothing_goes(vault: Vault, text: str) -> None:
    vaults.apply_policy(vault, text)
    assert run(vault) == []
    assert set(codes(vault).values()) == {"rule-keeps"}


def test_a_machine_s_transcript_that_nobody_attested_never_suffices(made: Path, tmp_path: Path) -> None:
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as vault:
        vaults.apply_policy(vault, WORDS)
        vault.clock.advance(FOUR_YEARS)  # type: ignore[attr-defined]
        one, two, three = ids(vault)
        attest(vault, one, name="transcript-made")
        (event,) = attest(vault, two)
        rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
        event_acts.correct(vault.catalog, vault.clock, rita, event, at=None, because="wrong-recording")
        assert run(vault) == []
        assert set(codes(vault).values()) == {"not-attested"}
        attest(vault, three)
        vault.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
        assert [(d.recording, d.done) for d in run(vault)] == [(three, True)]


def test_what_was_attested_before_the_transcript_was_made_is_not_about_it(vault: Vault) -> None:
    alter(vault, update(renditions).where(renditions.c.name == TRANSCRIPT).values(created_at=vault.clock.now()))
    assert run(vault) == []
    assert set(codes(vault).values()) == {"not-attested"}


def test_a_hold_keeps_and_lets_go_after_its_grace_period(either: Vault) -> None:
    hold = vaults.place_hold(either, accounts=("ACME-one",))
    assert vaults.tick(either).reduced == 2
    (kept,) = [i for i, names in has(either).items() if "redacted" in names]
    assert codes(either)[kept] == "hold"
    steps.request(either, hold)
    steps.release(either, hold)
    assert run(either) == []
    either.clock.advance(steps.GRACE)  # type: ignore[attr-defined]
    assert [d.done for d in run(either)] == [True]
    assert faults(either) == []


class Interrupted:
    """A store that does something the first time it is read; everything else is the real store's."""

    def __init__(self, store: Any, act: Callable[[], object]) -> None:
        self._store, self._acts = store, [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def open(self, *args: Any) -> Any:
        if self._acts:
            self._acts.pop()()
        return self._store.open(*args)


def run_interrupted(vault: Vault, act: Callable[[], object]) -> list[str]:
    stores: Any = {**vault.stores, "primary": Interrupted(vault.stores["primary"], act)}
    return sorted(d.code for d in early.run_due(vault.catalog, vault.clock, stores))


def test_a_hold_placed_after_the_transcripts_were_read_still_keeps(vault: Vault) -> None:
    found = run_interrupted(vault, lambda: vaults.place_hold(vault, accounts=("ACME-two",)))
    assert found == ["hold", "transcript-suffices", "transcript-suffices"]
    assert sorted(len(names) for names in has(vault).values()) == [1, 1, 3]


def test_a_policy_applied_after_the_transcripts_were_read_still_keeps(vault: Vault) -> None:
    assert run_interrupted(vault, lambda: vaults.apply_policy(vault, WHOLE)) == ["rule-keeps"] * 3
    assert all(len(names) == 3 for names in has(vault).values())


def test_an_attestation_withdrawn_after_the_transcripts_were_read_still_keeps(vault: Vault) -> None:
    def withdraw() -> None:
        with vault.catalog.read() as connection:
            event = connection.scalars(select(event_rows.c.id)).first()
        rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
        event_acts.correct(vault.catalog, vault.clock, rita, str(event), at=None, because="not-accurate")

    assert run_interrupted(vault, withdraw) == ["not-attested", "transcript-suffices", "transcript-suffices"]


def other_agent(one: str) -> Any:
    return update(recording_rows).where(recording_rows.c.id == one).values(agent="eve")


def other_digest(name: RenditionName) -> Any:
    def altered(one: str) -> Any:
        where = (renditions.c.recording == one, renditions.c.name == name)
        return update(renditions).where(*where).values(sealed_sha256=b"x" * 32)

    return altered


def lost_original(one: str) -> Any:
    return delete(renditions).where(renditions.c.recording == one, renditions.c.name == ORIGINAL)


def moved_event(one: str) -> Any:
    earlier = vaults.START - timedelta(days=9)
    return update(event_rows).where(event_rows.c.key == events.key_of(one)).values(at=earlier)


def untold(act: Act) -> Any:
    def entry_gone(one: str) -> Any:
        return delete(log_entries).where(log_entries.c.subject == one, log_entries.c.act == act)

    return entry_gone


def planted_event(one: str) -> Any:
    made = events.id_of(Subject.RECORDING, events.key_of(one), 1)
    values = {"id": made, "name": ATTESTS, "subject": "recording", "key": events.key_of(one), "at": vaults.START}
    return insert(event_rows).values(**values, recorded_at=vaults.START, recorded_by="rita", withdrawn=False)


@pytest.mark.parametrize(
    "change",
    [
        other_agent,
        *map(other_digest, (ORIGINAL, REDACTED, TRANSCRIPT)),
        lost_original,
        moved_event,
        planted_event,
        *map(untold, (Act.INGEST, Act.SCREEN, Act.ARCHIVE)),
    ],
)
def test_what_is_not_as_the_log_has_it_keeps_everything(vault: Vault, change: Any) -> None:
    one, *_ = ids(vault)
    alter(vault, change(one))
    assert {d.recording for d in run(vault) if not d.done} == {one}
    with vault.catalog.read() as connection:
        assert REDACTED in {r.name for r in rows.renditions_of(connection, [one])[one]}


@pytest.mark.parametrize("how", ["gone", "other bytes", "not configured"])
def test_a_transcript_that_cannot_be_read_back_keeps_everything_and_is_read_again_soon(vault: Vault, how: str) -> None:
    one = ids(vault)[0]
    stores = dict(vault.stores)
    name = blob(vault, one, TRANSCRIPT)
    (path,) = vault.settings.home.rglob(name)
    content = path.read_bytes()
    if how == "not configured":
        stores["primary"] = stores["archive"]
    else:
        path.chmod(0o600)
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        if how == "gone":
            path.unlink()
    done = {str(d.recording): d.code for d in early.run_due(vault.catalog, vault.clock, stores)}
    assert done[one] == "transcript-unread"
    assert "redacted" in has(vault)[one]
    if not path.exists():
        return
    path.write_bytes(content)
    assert run(vault) == []
    vault.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    assert one in {str(d.recording) for d in run(vault) if d.done}


def test_a_planted_policy_destroys_nothing(made: Path, tmp_path: Path) -> None:
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as vault:
        vaults.apply_policy(vault, WHOLE)
        attest(vault, *ids(vault))
        vault.clock.advance(FOUR_YEARS)  # type: ignore[attr-defined]
        with vault.catalog.read() as connection:
            row = dict(connection.execute(select(policy_rows)).one()._mapping)
        planted = {**row, "version": 2, "text": WORDS, "digest": parse(WORDS).version_digest}
        alter(vault, insert(policy_rows).values(planted))
        with pytest.raises(RetentionAlteredError):
            run(vault)
        assert all(len(names) == 3 for names in has(vault).values())


def test_what_is_screened_waits_for_the_archive_where_there_is_one(vault: Vault) -> None:
    alter(vault, delete(copies), update(recording_rows).values(state=State.SCREENED))
    assert {d.code for d in run(vault)} == {"not-archived"}
    assert all(len(names) == 3 for names in has(vault).values())


def test_without_an_archive_what_is_screened_suffices_and_check_finds_nothing(tmp_path: Path) -> None:
    environment = {"STRONGROOM_ARCHIVE_KIND": "none"}
    vaults.make(tmp_path / "home", vaults.StandingClock(), environment)
    with vaults.opened(tmp_path / "home", vaults.StandingClock(), environment) as vault:
        fill(vault)
        ripen(vault)
        with vault.catalog.read() as connection:
            now, one = vault.clock.now(), ids(vault)[0]
            for archives in (True, False):
                decision = reductions.decision_of(connection, one, now, archives=archives)  # type: ignore[arg-type]
                assert decision.reduce is not archives
        row = _row(vault, renditions, renditions.c.recording == one, renditions.c.name == REDACTED)
        alter(vault, other_digest(REDACTED)(one))
        found = reductions.destroy(vault.catalog, vault.clock, vault.stores, [one])  # type: ignore[list-item]
        assert [d.code for d in found] == ["not-told"]
        alter(vault, update(renditions).where(renditions.c.blob == row["blob"]).values(row))
        assert vaults.tick(vault).reduced == 3
        assert list(has(vault).values()) == [{"transcript"}] * 3
        assert vaults.check(vault) == []
    del environment["STRONGROOM_ARCHIVE_KIND"]
    with vaults.opened(tmp_path / "home", vaults.StandingClock(vaults.START + FOUR_YEARS), environment) as vault:
        assert vaults.tick(vault).errors == []


def test_an_object_lock_delays_the_deletion_of_a_blob_that_has_no_key_any_more(
    tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    environment = {
        "STRONGROOM_ARCHIVE_KIND": "s3", "STRONGROOM_ARCHIVE_ENDPOINT": s3_server.endpoint,
        "STRONGROOM_ARCHIVE_REGION": REGION, "STRONGROOM_ARCHIVE_BUCKET": s3_server.create_bucket(lock=True),
        "STRONGROOM_ARCHIVE_LOCK": "governance",
    }  # fmt: skip
    vaults.make(tmp_path / "home", vaults.StandingClock(), environment)
    with vaults.opened(tmp_path / "home", vaults.StandingClock(), environment) as vault:
        vaults.apply_policy(vault, WORDS)
        fill(vault)
        attest(vault, *ids(vault))
        vault.clock.advance(FOUR_YEARS)  # type: ignore[attr-defined]
        report = vaults.tick(vault)
        assert (report.reduced, report.deleted, len(report.errors)) == (3, 6, 3)
        assert all("blob-locked" in error for error in report.errors)
        assert list(has(vault).values()) == [{"transcript"}] * 3
        assert len(list(vault.need_archive().all())) == 3
        with vault.catalog.read() as connection:
            owed = connection.execute(select(deletions)).all()
        assert [row.store for row in owed] == ["archive"] * 3
        assert all(row.retry_at.year == vaults.START.year + 9 for row in owed)


def test_a_clock_that_jumped_destroys_nothing(vault: Vault) -> None:
    assert work.tick(vault).reduced == 0
    assert all(len(names) == 3 for names in has(vault).values())


# What comes before and after


def test_letting_a_transcript_suffice_counts_as_a_loss_and_needs_a_second_person(made: Path, tmp_path: Path) -> None:
    with vaults.opened(vaults.copy(made, tmp_path / "home"), vaults.StandingClock()) as vault:
        vaults.apply_policy(vault, WHOLE)
        founder = vaults.actor(vault, vaults.FOUNDER, Capability.POLICY_CHANGE)
        for text, count in ((WORDS, 3), (WHOLE, 0)):
            _, plan = policy_plans.make_plan(
                vault.catalog, vault.clock, founder, vault=vault.id, policy=parse(text)
            )  # fmt: skip
            assert plan.effect.originals_destroyed.count == count
            assert policy_plan.needs_approval(plan) is bool(count)


def test_an_original_that_went_before_is_no_obstacle(vault: Vault) -> None:
    vaults.apply_policy(vault, WORDS.replace("P3Y", "P6Y") + "    original: destroy\n")
    assert vaults.tick(vault).originals == 3
    vault.clock.advance(FOUR_YEARS)  # type: ignore[attr-defined]
    assert [d.done for d in run(vault)] == [True] * 3
    with vault.catalog.read() as connection:
        told = list(journal.of_acts(connection, Act.MEDIA_DESTROYED))
    assert all("original_sha256" not in one.details and "redacted_sha256" in one.details for one in told)


def test_a_purge_later_certifies_what_was_left(vault: Vault) -> None:
    assert vaults.tick(vault).reduced == 3
    vault.clock.advance(timedelta(days=366 * 6))  # type: ignore[attr-defined]
    assert vaults.tick(vault).purged == 3
    with vault.catalog.read() as connection:
        body = purge.get_certificate(connection, ids(vault)[0])
    found = certificate.verify(body, vault.public_key)
    assert [r.name for r in found.renditions] == ["transcript"]
    assert {"original", "redacted"}.isdisjoint(slot.purpose for slot in found.key_slots_destroyed)
    assert faults(vault) == []
    assert stored(vault) == set()


def _row(vault: Vault, table: Any, *where: Any) -> dict[str, Any]:
    with vault.catalog.read() as connection:
        return dict(connection.execute(select(table).where(*where)).one()._mapping)


def test_check_finds_what_vanished_untold_and_what_was_put_back(vault: Vault) -> None:
    one, two, three = ids(vault)
    row = _row(vault, renditions, renditions.c.recording == two, renditions.c.name == REDACTED)
    slot = _row(vault, key_slots, key_slots.c.subject == two, key_slots.c.purpose == REDACTED)
    of_one = (renditions.c.recording == one, renditions.c.name == REDACTED)
    blobs = select(renditions.c.blob).where(*of_one)
    alter(vault, delete(copies).where(copies.c.blob.in_(blobs)), delete(renditions).where(*of_one))
    alter(vault, delete(renditions).where(renditions.c.recording == three, renditions.c.name == TRANSCRIPT))
    found = faults(vault)
    assert ("P2", "its redacted rendition is missing") in found
    assert ("P2", "its transcript is missing") in found
    assert [d.recording for d in run(vault) if d.done] == [two]
    alter(vault, insert(renditions).values(row), insert(key_slots).values(slot))
    alter(vault, delete(renditions).where(renditions.c.recording == two, renditions.c.name == TRANSCRIPT))
    found = faults(vault)
    assert ("P3", "the log says that its redacted was destroyed, and it is still there") in found
    assert ("P3", "the log says that its redacted was destroyed, and its key slot is still there") in found
    assert found.count(("P2", "its transcript is missing")) == 2


def test_check_finds_that_no_rule_said_so_nobody_attested_it_or_other_renditions_went(vault: Vault) -> None:
    one, two, three = ids(vault)
    (event,) = attest(vault, two, name="transcript-made")
    (of_two,) = attest(vault, two)
    rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
    withdrawal = event_acts.correct(vault.catalog, vault.clock, rita, of_two, at=None, because="not-accurate")
    details: dict[str, int | str] = {"redacted_sha256": "0" * 64, "policy": 1, "rule": "nothing"}
    forged = [
        entry.Entry(vaults.START, "auto", Act.MEDIA_DESTROYED, entry.Outcome.DONE, i, "policy/1", its)
        for i, its in (
            (one, details),
            (two, details | {"rule": "everything", "attested_by": event}),
            (three, details | {"rule": "everything", "attested_by": of_two}),
            (two, details | {"rule": "everything", "attested_by": withdrawal.id}),
        )
    ]
    with vault.catalog.write() as connection:
        journal.append(connection, forged)
    found = faults(vault)
    unattested = ("P2", "all but its transcript was destroyed, and nobody attested that one")
    assert found.count(unattested) == 4
    unsaid = ("P2", "no rule of policy version 1 says that its transcript suffices, and it was destroyed")
    assert found.count(unsaid) == 1
    text = "the log says that another redacted rendition was destroyed than the one it has"
    assert found.count(("P5", text)) == 3
    assert [str(d.recording) for d in run(vault) if isinstance(d, Reduced) and d.done] == [one, two, three]
    assert faults(vault).count(unattested) == 4
