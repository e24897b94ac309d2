"""What people do in these tests, each in a line."""

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from retention.core.decision import Action, Decision
from retention.destroy import purge, purge_faults
from retention.hold.holds import SealedWords
from retention.plans import policies, purge_plans
from retention.policy.clocks import Clock, Fact
from retention.policy.periods import Period
from retention.recorded import erasure, event_acts, extensions
from retention.recorded.event_acts import NewEvent, Recorded
from retention.recorded.events import TOKENISED, Event, Subject, key_of
from retention.schedule import cases
from service.assembly import Vault
from tests import vaults
from vault.catalog import recordings as rows
from vault.catalog.criteria import Criteria
from vault.ids import new_id
from vault.model import Metadata
from vault.people import Capability
from vault.private import seal_document
from vault.search import Terms, belonging, criteria_of

BY_CONTRACT = """\
policy: strongroom/policy/v1
title: By event
rules:
  - {name: by-contract, match: all, keep: P1Y, clock: event contract-ended, then: destroy}
"""
ONE_YEAR = vaults.policy("everything P1Y destroy")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def take_in(vault: Vault, **facts: Any) -> str:
    """Take in a chat that ended ten years ago, if the facts do not say otherwise."""
    name = uuid.uuid4().hex
    metadata = Metadata(**{"ended": vaults.START.replace(year=2016), "source": "t", "source_ref": name, **facts})
    path = vault.settings.home.parent / f"{name}.txt"
    (receipt,) = vaults.ingest(vault, [vaults.item(path, metadata, f"hello {name}".encode())])
    assert receipt.error is None
    return str(receipt.recording)


def happened(vault: Vault, about: Subject, value: str, at: str, name: str = "contract-ended") -> NewEvent:
    key = belonging(vault.index, about, value) if about in TOKENISED else key_of(value)
    return NewEvent(name, about, key, instant(at), value)


def record(vault: Vault, about: Subject, value: str, *ats: str, name: str = "contract-ended") -> list[Recorded]:
    rita = vaults.actor(vault, "rita", Capability.EVENT_RECORD)
    new = [happened(vault, about, value, at, name) for at in ats]
    done = event_acts.record(vault.catalog, vault.clock, rita, new)
    vault.sequence()
    return done


def correct(vault: Vault, event: str | None, at: str | None) -> Event:
    rita = vaults.actor(vault, "rita", Capability.EVENT_CORRECT)
    when = None if at is None else instant(at)
    made = event_acts.correct(vault.catalog, vault.clock, rita, str(event), at=when, because="typo")
    vault.sequence()
    return made


def words(vault: Vault, demand: str) -> SealedWords:
    sealed, slot = seal_document(vault.keyring, demand, "words", {"because": "a letter"})
    return SealedWords(sealed, slot, hashlib.sha256(sealed).hexdigest())


def criteria(vault: Vault, **terms: Any) -> Criteria:
    return criteria_of(Terms(**terms), vault.index, vault.settings.region)


def extend(vault: Vault, keep: str = "P20Y", clock: Clock = Fact.ENDED, **terms: Any) -> str:
    """Record an extension as lena and return its id."""
    demand = new_id(vault.clock.now())
    lena = vaults.actor(vault, "lena", Capability.EXTENSION_CHANGE)
    extensions.record(
        vault.catalog, vault.clock, lena, demand=demand, authority="BaFin", keep=Period.parse(keep), counted=clock,
        criteria=criteria(vault, **terms), words=words(vault, demand),
    )  # fmt: skip
    vault.sequence()
    return demand


def end_extension(vault: Vault, demand: str, asks: str = "lena", agrees: str = "rita") -> None:
    one, other = (vaults.signatory(vault, name, Capability.EXTENSION_CHANGE) for name in (asks, agrees))
    extensions.ask_withdrawal(vault.catalog, vault.clock, one, demand=demand, because="lifted")
    extensions.approve_withdrawal(vault.catalog, vault.clock, other, demand=demand)
    vault.sequence()


def request_erasure(vault: Vault, **terms: Any) -> str:
    demand = new_id(vault.clock.now())
    lena = vaults.actor(vault, "lena", Capability.ERASURE_CHANGE)
    erasure.request(
        vault.catalog, vault.clock, lena, demand=demand, criteria=criteria(vault, **terms), words=words(vault, demand)
    )
    vault.sequence()
    return demand


def decided(vault: Vault, recording: str) -> Decision:
    now = vault.clock.now()
    with vault.catalog.read() as connection:
        (case,) = cases.of(connection, [rows.get(connection, recording)], now)
        return case.decided(policies.current(connection), now)


def faults(vault: Vault, *recordings: str) -> dict[str, str]:
    """Return the code of why a purge refuses each of the recordings."""
    with vault.catalog.read() as connection:
        found = purge_faults.of(connection, rows.get_many(connection, recordings))
    return {recording: code for recording, (code, _) in found.items()}


def refuse_untold(vault: Vault) -> None:
    with vault.catalog.read() as connection:
        purge_faults.refuse_untold(connection, policies.current(connection))


def alter(vault: Vault, *statements: Any) -> None:
    """Do as who owns the database can."""
    with vault.catalog.write() as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement


def found(vault: Vault) -> set[str]:
    """Return the subjects of what a check finds wrong with events and demands."""
    return {finding.subject for finding in vaults.check(vault)}


def plan(vault: Vault) -> str:
    rita = vaults.actor(vault, "rita", Capability.PURGE_PLAN)
    every = frozenset({Action.DESTROY, Action.REVIEW})
    made = purge_plans.make_plan(vault.catalog, vault.clock, rita, vault=vault.id, only=every)
    assert made is not None
    return made.id


def run(vault: Vault, plan_id: str) -> dict[str, bool]:
    """Carry a plan out; return whether each recording was destroyed."""
    rita = vaults.actor(vault, "rita", Capability.PURGE_RUN)
    return {
        p.recording: p.done for p in purge.run(vault.catalog, vault.clock, rita, vault.signing_key, plan_id=plan_id)
    }
