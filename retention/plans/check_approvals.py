"""What `check` asks of approvals: that every one the log has is there, signed by who is named, and that no other is.

Not even who owns the database can forge one: it would need the person's key, and an entry in the signed log.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from keys.errors import StrongroomError
from vault import approvals
from vault.catalog.schema import approvals as table
from vault.check import Finding, fault
from vault.log import journal
from vault.log.entry import Act
from vault.signed_act import SignedAct

_ACTS = {
    Act.HOLD_RELEASE_REQUESTED: (SignedAct.RELEASE_REQUEST, "release_sha256"),
    Act.HOLD_RELEASED: (SignedAct.RELEASE, "release_sha256"),
    Act.EXTENSION_WITHDRAWAL_ASKED: (SignedAct.RELEASE_REQUEST, "release_sha256"),
    Act.EXTENSION_WITHDRAWN: (SignedAct.RELEASE, "release_sha256"),
    Act.PURGE_APPROVED: (SignedAct.PURGE, "plan_sha256"),
    Act.POLICY_APPROVED: (SignedAct.POLICY, "plan_sha256"),
    Act.REVIEW_ASKED: (SignedAct.REVIEW_ASK, "review_sha256"),
    Act.REVIEW_RULED: (SignedAct.REVIEW_RULE, "review_sha256"),
}


def findings(connection: Connection) -> Iterator[Finding]:
    """Yield every approval that was altered, lost or planted."""
    told = _told(connection)
    for digest, act in connection.execute(select(table.c.digest, table.c.act).distinct().order_by(table.c.digest)):
        try:
            approvals.verified(connection, digest, SignedAct(act), needed=0)
        except StrongroomError as exc:
            yield fault("P5", f"approval of {_named(told, digest)}", f"{exc.code}: {exc}")
        except ValueError:
            yield fault("P5", f"approval of {_named(told, digest)}", "it is of an act that nobody can agree to")
    there = {
        (row.digest, row.user, row.act, f"role/{row.role}")
        for row in connection.execute(select(table.c.digest, table.c.user, table.c.act, table.c.role))
    }
    for key in sorted(there - set(told)):
        text = f"the log knows none by {key[1]} under this role"
        yield fault("P5", f"approval of {_named(told, key[0])}", text)
    for key in sorted(set(told) - there):
        yield fault("P5", f"approval of {told[key]}", f"the log says that {key[1]} gave it, the catalog has lost it")


def _told(connection: Connection) -> dict[tuple[str, str, str, str], str]:
    """Return what each approval of the log is of, by digest, user, act and role."""
    found: dict[tuple[str, str, str, str], str] = {}
    for entry in journal.of_acts(connection, *_ACTS):
        act, name = _ACTS[entry.act]
        found[str(entry.details.get(name)), entry.actor, act, entry.why] = str(entry.subject)
    return found


def _named(told: dict[tuple[str, str, str, str], str], digest: str) -> str:
    return next((subject for key, subject in told.items() if key[0] == digest), digest)
