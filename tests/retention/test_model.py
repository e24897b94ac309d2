"""Whatever people do in whatever order: what the model keeps is there, and what it lets go is gone after a tick.

First over the pure decision, then over a vault on SQLite with everything that it does on its own.
"""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from retention.core.circumstances import Circumstances, ErasureRef, ExtensionRef
from retention.core.decide import decide
from retention.core.decision import Action, Decision
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.hold import holds
from retention.plans import policies
from retention.policy.periods import Period
from retention.policy.reader import parse
from retention.recorded import erasure, event_acts
from retention.recorded.event_acts import NewEvent
from retention.recorded.events import Subject
from retention.schedule import cases
from tests import vaults
from tests.retention.machine import Machine
from tests.retention.model import Row
from tests.retention.recorded import steps
from vault.catalog import recordings as rows
from vault.model import Kind, Metadata, RecordingId, State
from vault.people import Capability
from vault.search import belonging


class Pure(Machine):
    """A vault of which only the decisions are there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = vaults.START
        self.there: dict[int, Facts] = {}
        self.policy: AppliedPolicy | None = None

    def do_take_in(self, number: int, row: Row) -> None:
        name = RecordingId(f"{number:032x}")
        self.there[number] = Facts(name, Kind.CHAT, State.SEALED, row["ended"], row["created"], queue=row["queue"])

    def do_apply(self, text: str) -> None:
        self.policy = AppliedPolicy(1, parse(text))

    def do_wait(self, by: timedelta) -> None:
        self.now += by

    def _nothing(self, *_: Any) -> None:
        """What people record is read from the model."""

    do_happen = do_correct = do_hold = do_release = do_extend = do_lift = do_ask = do_take_back = _nothing

    def do_decide(self) -> dict[int, Decision]:
        found = {}
        for number, facts in self.there.items():
            account = self.model.recordings[number]["account"]
            events: dict[str, tuple[datetime, ...]] = {}
            for event in self.model.events.values():
                if event["account"] == account:
                    events[event["name"]] = (*events.get(event["name"], ()), event["at"])
            around = Circumstances(
                events,
                tuple(
                    ExtensionRef(str(n), "BaFin", Period(days=one["keep"]))
                    for n, one in self.model.extensions.items()
                    if one["queue"] == facts.queue
                ),
                tuple(
                    ErasureRef(str(n), one["at"])
                    for n, one in self.model.erasures.items()
                    if number in one["recordings"]
                ),
            )
            held = [
                HoldRef(str(n), "m", one["placed"], one.get("released"), one["until"])
                for n, one in self.model.holds.items()
                if one["queue"] == facts.queue
            ]
            found[number] = decide(facts, self.policy, held, self.now, around)
        return found

    def do_tick(self) -> None:
        for number, decision in self.do_decide().items():
            if decision.action is Action.DESTROY:
                del self.there[number]

    def do_look(self) -> set[int]:
        return set(self.there)


class OnSqlite(Machine):
    """A vault as people have it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        place = Path(self.folder.name)
        self.clock = vaults.StandingClock()
        self.opened = vaults.opened(vaults.copy(_made(), place / "home"), self.clock)
        self.vault = self.opened.__enter__()
        self.ids: dict[int, str] = {}

    @property
    def now(self) -> datetime:  # type: ignore[override]
        return self.clock.now()

    def do_take_in(self, number: int, row: Row) -> None:
        path = self.vault.settings.home.parent / f"{number}.txt"
        about = Metadata(
            ended=row["ended"], queue=row["queue"], account=row["account"], source="t", source_ref=f"n{number}"
        )
        (receipt,) = vaults.ingest(self.vault, [vaults.item(path, about, f"hello {number}".encode())])
        assert receipt.error is None
        self.ids[number] = str(receipt.recording)

    def do_apply(self, text: str) -> None:
        vaults.apply_policy(self.vault, text)

    def do_happen(self, number: int, row: Row) -> None:
        key = belonging(self.vault.index, Subject.ACCOUNT, row["account"])
        new = NewEvent(row["name"], Subject.ACCOUNT, key, row["at"])
        rita = vaults.actor(self.vault, "rita", Capability.EVENT_RECORD)
        (made,) = event_acts.record(self.vault.catalog, self.clock, rita, [new])
        self.ids[number] = str(made.id)

    def do_correct(self, number: int, successor: int, at: datetime | None) -> None:
        rita = vaults.actor(self.vault, "rita", Capability.EVENT_CORRECT)
        made = event_acts.correct(self.vault.catalog, self.clock, rita, self.ids[number], at=at, because="typo")
        self.ids[successor] = made.id

    def do_hold(self, number: int, queue: str) -> None:
        self.ids[number] = vaults.place_hold(self.vault, queues=[queue])

    def do_release(self, number: int, days: int) -> None:
        hold = self.ids[number]
        one, other = (vaults.signatory(self.vault, name, Capability.HOLD_CHANGE) for name in ("lena", "luis"))
        words = vaults._hold_words(self.vault.keyring, hold, {"reason": "over"})
        words = holds.SealedWords(words.sealed, {**words.slot, "purpose": holds.RELEASE_WORDS}, words.sha256)
        holds.request_release(self.vault.catalog, self.clock, one, hold=hold, words=words)
        grace = timedelta(days=days)
        holds.approve_release(self.vault.catalog, self.clock, other, hold=hold, grace=grace)
        self.vault.sequence()

    def do_extend(self, number: int, queue: str, days: int) -> None:
        self.ids[number] = steps.extend(self.vault, f"P{days}D", queues=[queue])

    def do_lift(self, number: int) -> None:
        steps.end_extension(self.vault, self.ids[number])

    def do_ask(self, number: int, account: str) -> None:
        self.ids[number] = steps.request_erasure(self.vault, accounts=[account])

    def do_take_back(self, number: int) -> None:
        lena = vaults.actor(self.vault, "lena", Capability.ERASURE_CHANGE)
        erasure.withdraw(self.vault.catalog, self.clock, lena, demand=self.ids[number], because="mistaken")
        self.vault.sequence()

    def do_wait(self, by: timedelta) -> None:
        self.clock.advance(by)

    def do_decide(self) -> dict[int, Decision]:
        with self.vault.catalog.read() as connection:
            policy = policies.current(connection)
            found = rows.get_many(connection, [self.ids[number] for number in self.model.alive])
            decided = {
                case.recording.id: case.decided(policy, self.now) for case in cases.of(connection, found, self.now)
            }
        return {number: decided[self.ids[number]] for number in self.model.alive}

    def do_tick(self) -> None:
        assert vaults.tick(self.vault).errors == []

    def do_look(self) -> set[int]:
        with self.vault.catalog.read() as connection:
            return {n for n in self.model.recordings if rows.get(connection, self.ids[n]).state is not State.PURGED}

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()


_FOLDER = tempfile.TemporaryDirectory()


def _made() -> Path:
    """Return a vault with everybody in it, made once."""
    home = Path(_FOLDER.name) / "home"
    if not home.exists():
        vaults.make(home, vaults.StandingClock())
    return home


TestPure = Pure.TestCase
TestPure.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestOnSqlite = OnSqlite.TestCase
TestOnSqlite.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
