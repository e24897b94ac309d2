"""What `check` asks of originals that were destroyed early: that the policy named for it says so.

That what was destroyed is gone, and that what is gone was told, is compared in `vault.told`.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

from keys.errors import StrongroomError
from retention import policies
from retention.policy.language import Original
from vault.check import Finding, fault
from vault.log import journal
from vault.log.entry import Act, Entry


def findings(connection: Connection) -> Iterator[Finding]:
    """Yield every original that was destroyed by a rule that did not say so."""
    destroying: dict[int, frozenset[str]] = {}
    for told in journal.of_acts(connection, Act.ORIGINAL_DESTROYED):
        version = _version(told)
        if version not in destroying:
            destroying[version] = _rules(connection, version)
        if told.details.get("rule") not in destroying[version]:
            text = f"no rule of policy version {version} says that its original is destroyed early, and it was"
            yield fault("P2", str(told.subject), text)


def _version(told: Entry) -> int:
    number = told.details.get("policy")
    return number if isinstance(number, int) else 0


def _rules(connection: Connection, version: int) -> frozenset[str]:
    try:
        applied, _ = policies.version(connection, version)
    except StrongroomError:
        return frozenset()  # that it is lost or altered is told too
    return frozenset(rule.name for rule in applied.policy.rules if rule.original is Original.DESTROY)
