"""What `check` asks of what was destroyed before its recording: that the policy named for it says so.

Of sound and picture it also asks who said that the transcript is accurate. That what was destroyed is gone, and that
what is gone was told, is compared in `vault.told`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, select

from keys.errors import StrongroomError
from retention.destroy.decide_reduction import ATTESTS
from retention.plans import policies
from retention.policy.language import Original, Rule
from retention.recorded import event_acts, events, told
from retention.recorded.events import Subject
from vault.catalog.schema import events as events_table
from vault.check import Finding, fault
from vault.log import journal
from vault.log.entry import Act, Entry

_Says: TypeAlias = Callable[[Rule], bool]
_EARLY: dict[Act, tuple[str, _Says]] = {
    Act.ORIGINAL_DESTROYED: ("its original is destroyed early", lambda rule: rule.original is Original.DESTROY),
    Act.MEDIA_DESTROYED: ("its transcript suffices", lambda rule: rule.transcript_suffices_after is not None),
}


def findings(connection: Connection) -> Iterator[Finding]:
    """Yield whatever was destroyed by a rule that did not say so, or over a transcript that nobody attested."""
    known: dict[tuple[Act, int], frozenset[str]] = {}
    for entry in journal.of_acts(connection, *_EARLY):
        what, says = _EARLY[entry.act]
        version = _version(entry)
        if (entry.act, version) not in known:
            known[entry.act, version] = _rules(connection, version, says)
        if entry.details.get("rule") not in known[entry.act, version]:
            text = f"no rule of policy version {version} says that {what}, and it was destroyed"
            yield fault("P2", str(entry.subject), text)
    for batch in told.every(connection, Act.MEDIA_DESTROYED):
        for entry in _unattested(connection, batch):
            yield fault("P2", str(entry.subject), "all but its transcript was destroyed, and nobody attested that one")


def _version(entry: Entry) -> int:
    number = entry.details.get("policy")
    return number if isinstance(number, int) else 0


def _rules(connection: Connection, version: int, says: _Says) -> frozenset[str]:
    try:
        applied, _ = policies.version(connection, version)
    except StrongroomError:
        return frozenset()  # that it is lost or altered is told too
    return frozenset(rule.name for rule in applied.policy.rules if says(rule))


def _unattested(connection: Connection, batch: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the entries whose event the log does not have as one that attests the transcript of that recording."""
    ids = {str(entry.details.get("attested_by")) for entry in batch}
    recorded = told.first(connection, ids, *event_acts.ACTS)
    query = select(events_table.c.id, events_table.c.key).where(events_table.c.id.in_(ids))
    keys = {row.id: row.key for row in connection.execute(query)}
    for entry in batch:
        event = recorded.get(str(entry.details.get("attested_by")))
        if (
            event is None
            or event.act is Act.EVENT_WITHDRAWN
            or (event.details.get("name"), event.details.get("subject")) != (ATTESTS, Subject.RECORDING)
            or keys.get(str(event.subject)) != events.key_of(str(entry.subject))
        ):
            yield entry
