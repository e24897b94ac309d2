"""What people do in these tests, each in a line."""

import uuid
from datetime import timedelta
from typing import Any

from retention.core.decision import Action
from retention.destroy import purge
from retention.destroy.purge import Purged
from retention.hold import holds
from retention.plans import purge_plans
from retention.plans.plan import Plan
from service.assembly import Vault
from tests import vaults
from vault.model import Metadata
from vault.people import Capability

GRACE = timedelta(days=14)
EVERYTHING = frozenset({Action.DESTROY, Action.REVIEW})


def take_in(vault: Vault, **facts: Any) -> str:
    """Take in a chat that ended long ago."""
    metadata = Metadata(ended=vaults.START.replace(year=2016), **facts)
    path = vault.settings.home.parent / f"{uuid.uuid4().hex}.txt"
    (receipt,) = vaults.ingest(vault, [vaults.item(path, metadata, f"hello {path.stem}".encode())])
    assert receipt.error is None
    return str(receipt.recording)


def plan(vault: Vault, by: str = "rita") -> Plan:
    actor = vaults.actor(vault, by, Capability.PURGE_PLAN)
    made = purge_plans.make_plan(vault.catalog, vault.clock, actor, vault=vault.id, only=EVERYTHING)
    assert made is not None
    return made


def approve(vault: Vault, made: Plan, by: str = "rob") -> None:
    signatory = vaults.signatory(vault, by, Capability.PURGE_APPROVE)
    purge_plans.approve(vault.catalog, vault.clock, signatory, plan_id=made.id)


def run(vault: Vault, made: Plan) -> list[Purged]:
    rita = vaults.actor(vault, "rita", Capability.PURGE_RUN)
    return list(purge.run(vault.catalog, vault.clock, rita, vault.signing_key, plan_id=made.id))


def words(vault: Vault, hold: str) -> holds.SealedWords:
    found = vaults._hold_words(vault.keyring, hold, {"reason": "settled"})
    return holds.SealedWords(found.sealed, {**found.slot, "purpose": "release"}, found.sha256)


def request(vault: Vault, hold: str, by: str = "lena") -> str:
    signatory = vaults.signatory(vault, by, Capability.HOLD_CHANGE)
    return holds.request_release(vault.catalog, vault.clock, signatory, hold=hold, words=words(vault, hold))


def release(vault: Vault, hold: str, by: str = "luis") -> Any:
    signatory = vaults.signatory(vault, by, Capability.HOLD_CHANGE)
    return holds.approve_release(vault.catalog, vault.clock, signatory, hold=hold, grace=GRACE)
