"""What people and time do to a vault, in any order; a subclass says how each is done, and looks what became of it."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from retention.core.decision import Action
from tests.retention.model import Model, Row

QUEUES = st.sampled_from(["sales", "service"])
ACCOUNTS = st.sampled_from(["a1", "a2"])
NAMES = st.sampled_from(["signed", "signed", "ended-contract"])
DAYS = st.integers(1, 60)
CLOCKS = st.sampled_from(["ended", "created", "event signed", "first signed", "last signed", "event ended-contract"])
ANY = st.integers(0, 99)


@st.composite
def schedules(draw):
    found = []
    for number in range(draw(st.integers(1, 3))):
        keep = draw(st.none() | DAYS | DAYS)
        clock = draw(CLOCKS)
        ceiling = draw(st.none() | st.integers(60, 90)) if keep else draw(DAYS)
        found.append(
            {
                "name": f"r{number}", "queue": draw(st.none() | QUEUES), "keep": keep, "clock": clock,
                "then": draw(st.sampled_from(["destroy", "destroy", "review", "keep"])) if keep else "destroy",
                "ceiling": ceiling, "from": draw(CLOCKS), "once": draw(st.none() | st.none() | NAMES),
            }
        )  # fmt: skip
    return found


class Machine(RuleBasedStateMachine):
    """Every step changes the model, and calls the method of the same name with `do_`."""

    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    def one_of(self, rows: dict[int, Row], pick: int) -> int:
        return sorted(rows)[pick % len(rows)]

    @initialize(days=DAYS, rules=schedules(), name=NAMES, account=ACCOUNTS)
    def begin(self, days: int, rules: list[Row], name: str, account: str) -> None:
        """Have something there that something can happen to."""
        self.take_in("sales", "a1", days)
        self.take_in("service", "a2", days)
        self.apply(rules)
        self.happen(name, account, days)

    @rule(queue=QUEUES, account=ACCOUNTS, days=DAYS)
    def take_in(self, queue: str, account: str, days: int) -> None:
        ended = self.now - timedelta(days=days)
        number = self.model.number()
        row: dict[str, Any] = {"queue": queue, "account": account, "ended": ended, "created": self.now}
        self.do_take_in(number, row)
        self.model.recordings[number] = row

    @rule(rules=schedules())
    def apply(self, rules: list[Row]) -> None:
        self.model.rules = rules
        self.do_apply(self.model.text())

    @rule(name=NAMES, account=ACCOUNTS, days=DAYS)
    def happen(self, name: str, account: str, days: int) -> None:
        number = self.model.number()
        row = {"name": name, "account": account, "at": self.now - timedelta(days=days, seconds=number)}
        self.do_happen(number, row)
        self.model.events[number] = row

    @precondition(lambda self: self.model.events)
    @rule(pick=ANY, days=st.none() | DAYS)
    def correct(self, pick: int, days: int | None) -> None:
        number = self.one_of(self.model.events, pick)
        old = self.model.events.pop(number)
        successor = self.model.number()
        at = None if days is None else self.now - timedelta(days=days, seconds=successor)
        self.do_correct(number, successor, at)
        if at is not None:
            self.model.events[successor] = {**old, "at": at}

    @rule(queue=QUEUES)
    def hold(self, queue: str) -> None:
        number = self.model.number()
        self.do_hold(number, queue)
        self.model.holds[number] = {"queue": queue, "until": None, "placed": self.now}

    @precondition(lambda self: self.held())
    @rule(pick=ANY, days=st.integers(1, 10))
    def release(self, pick: int, days: int) -> None:
        number = self.one_of(self.held(), pick)
        self.do_release(number, days)
        self.model.holds[number]["released"] = self.now
        self.model.holds[number]["until"] = self.now + timedelta(days=days)

    def held(self) -> dict[int, Row]:
        return {number: hold for number, hold in self.model.holds.items() if hold["until"] is None}

    @rule(queue=QUEUES, days=DAYS)
    def extend(self, queue: str, days: int) -> None:
        number = self.model.number()
        self.do_extend(number, queue, days)
        self.model.extensions[number] = {"queue": queue, "keep": days}

    @precondition(lambda self: self.model.extensions)
    @rule(pick=ANY)
    def lift(self, pick: int) -> None:
        number = self.one_of(self.model.extensions, pick)
        del self.model.extensions[number]
        self.do_lift(number)

    @rule(account=ACCOUNTS)
    def ask(self, account: str) -> None:
        number = self.model.number()
        covered = {one for one in self.model.alive if self.model.recordings[one]["account"] == account}
        self.do_ask(number, account)
        self.model.erasures[number] = {"at": self.now, "recordings": covered}

    @precondition(lambda self: self.model.erasures)
    @rule(pick=ANY)
    def take_back(self, pick: int) -> None:
        number = self.one_of(self.model.erasures, pick)
        del self.model.erasures[number]
        self.do_take_back(number)

    @rule(days=st.sampled_from([1, 7, 30, 61]))
    def wait(self, days: int) -> None:
        self.do_wait(timedelta(days=days))
        self.tick()

    @rule()
    def tick(self) -> None:
        free = {number for number in self.model.alive if self.model.verdict(number, self.now)[0] == "destroy"}
        self.do_tick()
        self.model.gone |= free

    @invariant()
    def what_is_there_is_what_the_model_keeps(self) -> None:
        assert self.do_look() == set(self.model.alive)

    @invariant()
    def every_decision_and_its_end_are_the_models(self) -> None:
        for number, decision in self.do_decide().items():
            still = decision.keep_until if decision.action is Action.KEEP else None
            assert (decision.action.value, still) == self.model.verdict(number, self.now)

    def teardown(self) -> None:
        """Let go of everything: with nothing left to keep it, nothing is kept."""
        for number in [*self.held()]:
            self.release(number, 1)
        for number in [*self.model.extensions]:
            del self.model.extensions[number]
            self.do_lift(number)
        self.tick()
        for account in ("a1", "a2"):  # what waited for an event waits no more, and nobody but the event says so
            for name in ("signed", "ended-contract"):
                self.happen(name, account, 60)
        self.wait(61)
        everything = {"name": "all", "queue": None, "keep": 1, "clock": "ended", "then": "destroy", "ceiling": None}
        self.apply([{**everything, "from": "ended", "once": None}])
        self.wait(30)
        assert self.do_look() == set() == set(self.model.alive)
