"""What the tests of the pipeline do with a vault, each in a line."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from retention.core.decision import Action
from retention.destroy import purge
from retention.plans import purge_plans
from service import work
from service.assembly import Vault
from tests import vaults
from tests.pipeline.conftest import Place
from vault.catalog import recordings as rows
from vault.catalog.recordings import Copy, Recording, Rendition
from vault.catalog.schema import deletions
from vault.ingest.intake import Outcome
from vault.model import Metadata, RenditionName, State
from vault.people import Capability

_LETTERS = str.maketrans("0123456789", "ghijklmnop")  # a name with digits could be a card number
CARD = "4111 1111 1111 1111"


def ingest(place: Place, vault: Vault, count: int = 1, *, text: str = "hello", **facts: Any) -> list[str]:
    """Take in chats that ended yesterday; return their ids."""
    items = []
    for _ in range(count):
        name = uuid.uuid4().hex.translate(_LETTERS)
        content = json.dumps({"messages": [{"text": f"{text} {name}"}]}).encode()
        metadata = Metadata(ended=place.clock.now() - timedelta(days=1), source="test", source_ref=name, **facts)
        items.append(vaults.item(place.home.parent / f"{name}.json", metadata, content))
    receipts = vaults.ingest(vault, items)
    assert [r.outcome for r in receipts] == [Outcome.TAKEN] * count
    return [str(r.recording) for r in receipts]


def recording(vault: Vault, id_: str) -> Recording:
    with vault.catalog.read() as connection:
        return rows.get(connection, id_)


def state(vault: Vault, id_: str) -> State:
    return recording(vault, id_).state


def redacted(vault: Vault, id_: str) -> Rendition:
    with vault.catalog.read() as connection:
        its = rows.renditions_of(connection, [id_])[id_]
    return next(r for r in its if r.name is RenditionName.REDACTED)


def copy(vault: Vault, id_: str) -> Copy:
    blob = redacted(vault, id_).blob
    with vault.catalog.read() as connection:
        (found,) = rows.copies_of(connection, [blob])[blob]
    return found


def tick(place: Place, vault: Vault, **ahead: int) -> work.Report:
    """Move the clock (a second at least: a turn is claimed by its instant) and do what is due."""
    place.clock.advance(timedelta(**ahead) if ahead else timedelta(seconds=1))
    return vaults.tick(vault)


def keep_until(ended: datetime, days: int) -> datetime:
    """Return the end of a period in days: 00:00 UTC on the second day after its calendar date."""
    date = ended.astimezone(UTC).date() + timedelta(days=days + 2)
    return datetime(date.year, date.month, date.day, tzinfo=UTC)


def owed(vault: Vault) -> list[Any]:
    with vault.catalog.read() as connection:
        return list(connection.execute(select(deletions).order_by(deletions.c.store)))


def purge_by_hand(place: Place, vault: Vault) -> list[purge.Purged]:
    """Plan as rita, approve as rob, run as rita."""
    rita = vaults.actor(vault, "rita", Capability.PURGE_PLAN)
    both = frozenset({Action.DESTROY, Action.REVIEW})
    made = purge_plans.make_plan(vault.catalog, place.clock, rita, vault=vault.id, only=both)
    assert made is not None
    purge_plans.approve(
        vault.catalog, place.clock, vaults.signatory(vault, "rob", Capability.PURGE_APPROVE), plan_id=made.id
    )
    runner = vaults.actor(vault, "rita", Capability.PURGE_RUN)
    return list(purge.run(vault.catalog, place.clock, runner, vault.signing_key, plan_id=made.id))


def end_locks(place: Place, blobs: list[str]) -> None:
    """Shorten governance locks to moments from now, as only the archive's owner may, and wait for their end."""
    versions = [v for blob in blobs for v in place.versions(blob)]
    with place.client() as client:
        for version in versions:
            end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
            client.put_object_retention(
                Bucket=place.bucket, Key=version["Key"], VersionId=version["VersionId"],
                Retention={"Mode": "GOVERNANCE", "RetainUntilDate": end}, BypassGovernanceRetention=True,
            )  # fmt: skip
    while datetime.now(UTC) <= end:
        time.sleep(0.1)
