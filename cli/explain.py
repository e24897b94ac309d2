"""`strongroom explain`: why one recording is still here, until when, by which rule; or why and how it went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection, select

from cli import explain_purged
from cli.base import Command
from cli.door import Door, pass_door
from retention import explain
from retention.core.claims import day
from retention.core.decision import Decision, Reason, ReasonCode
from retention.core.facts import AppliedPolicy
from retention.destroy import destruction, originals, reductions
from retention.destroy.decide_original import OriginalDecision
from retention.destroy.decide_reduction import ReductionDecision
from retention.explain import Account, accounts
from retention.plans import policies
from retention.policy import clocks
from retention.schedule import cases
from retention.schedule.cases import Case
from vault.catalog import recordings as rows
from vault.catalog.recordings import Copy, Recording
from vault.catalog.schema import policies as policy_table
from vault.catalog.schema import screenings
from vault.log.entry import Act, Entry
from vault.people import Capability

BASIS = {
    "manifest": "as its manifest says",
    "content": "as its content says",
    "taken-in": "counted from when it was taken in, because nobody said when it ended",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is told of a recording that is there."""

    case: Case
    policy: AppliedPolicy | None
    applied_at: datetime | None
    decision: Decision
    original: OriginalDecision
    media: ReductionDecision
    reduced: Entry | None
    cuts: int
    copies: tuple[Copy, ...]

    @property
    def accounts(self) -> list[Account]:
        """What each rule that matches says."""
        return accounts(self.case.facts, self.policy, self.case.circumstances)

    @property
    def locked_until(self) -> datetime | None:
        """Until when the archive's object lock keeps a copy."""
        return max((copy.locked_until for copy in self.copies if copy.locked_until), default=None)

    @property
    def lock_outlasts(self) -> bool:
        """Whether the object lock keeps a copy longer than the policy keeps the recording."""
        until = self.decision.keep_until
        return explain.lock_outlasts([self.locked_until] if self.locked_until else [], until)


@click.command("explain", cls=Command)
@click.argument("recording")
@click.option("--all", "every", is_flag=True, help="Tell of every rule that does not match too, and why it does not.")
@pass_door
def explain_(door: Door, recording: str, *, every: bool) -> None:
    """Say why a recording is kept, until when, by which rule or hold; or why and how it was purged."""
    actor = door.enter(Capability.FIND)
    vault = door.vault
    with vault.catalog.read() as connection:
        found = rows.get(connection, recording)
        if found.purged_at is not None:
            gone = destruction.of(connection, recording, vault.public_key)
            value, text = explain_purged.value_of(found, gone), explain_purged.words_of(found, gone)
        else:
            told = _explain(connection, found, vault.clock.now(), archives=vault.archive is not None)
            value, text = value_of(told, every=every), words_of(told, every=every)
    door.tell(actor, Act.EXPLAIN, recording)
    door.out.object(value, text=text)


def _explain(connection: Connection, found: Recording, now: datetime, *, archives: bool) -> Explanation:
    (case,) = cases.of(connection, [found], now)
    policy = policies.current(connection)
    applied = select(policy_table.c.applied_at).where(policy_table.c.version == (policy.version if policy else 0))
    renditions = rows.renditions_of(connection, [found.id]).get(found.id, [])
    copies = rows.copies_of(connection, [rendition.blob for rendition in renditions])
    cuts = connection.scalar(select(screenings.c.cuts).where(screenings.c.recording == found.id)) or 0
    return Explanation(
        case, policy, connection.scalar(applied), case.decided(policy, now),
        originals.decision_of(connection, found.id, now),
        reductions.decision_of(connection, found.id, now, archives=archives),
        reductions.entry_of(connection, found.id), cuts, tuple(c for its in copies.values() for c in its),
    )  # fmt: skip


def value_of(told: Explanation, *, every: bool) -> dict[str, Any]:
    """Return an explanation for programs."""
    recording, decision, circumstances = told.case.recording, told.decision, told.case.circumstances
    policy = told.policy
    value = {
        "recording": recording.id, "state": recording.state, "action": decision.action,
        "keep_until": decision.keep_until, "erase_by": decision.erase_by, "rule": decision.rule,
        "decided_by": _reason(decision.reasons[0]), "policy_version": decision.policy_version,
        "policy": None if policy is None else {
            "version": policy.version, "title": policy.policy.title, "digest": policy.policy.version_digest,
            "applied_at": _at(told.applied_at),
        },
        "ended": recording.ended_at, "ended_basis": recording.ended_basis, "taken_in": recording.created_at,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "rules": [_account(account) for account in told.accounts],
        "reviewers": [sorted(roles) for roles in decision.reviewers],
        "holds": [
            {"id": hold.id, "matter": hold.matter, "placed_at": _at(hold.placed_at),
             "released_at": _at(hold.released_at), "grace_until": _at(hold.grace_until)}
            for hold in told.case.holds
        ],
        "events": {name: [_at(at) for at in its] for name, its in sorted(circumstances.events.items())},
        "extensions": [_extension(told, at) for at in range(len(circumstances.extensions))],
        "erasure_requests": [{"id": e.id, "requested_at": _at(e.requested_at)} for e in circumstances.erasures],
        "conflicts": [_reason(reason) for reason in _conflicts(decision)],
        "object_lock": {
            "until": _at(told.locked_until), "outlasts_the_policy": told.lock_outlasts,
            "copies": [{"store": copy.store, "until": _at(copy.locked_until)} for copy in told.copies],
        },
        "original": {
            "destroy": told.original.destroy,
            "hold_keeps_card_data": told.original.kept_by_hold_alone and told.cuts > 0,
            "reasons": [{"code": str(r.code), "text": r.text, "hold": r.hold} for r in told.original.reasons],
        },
        "media": {
            "destroy": told.media.reduce, "since": _at(told.media.since),
            "destroyed_at": None if told.reduced is None else _at(told.reduced.at),
            "reasons": [{"code": str(r.code), "text": r.text, "hold": r.hold} for r in told.media.reasons],
        },
    }  # fmt: skip
    if every:
        missed = explain.not_matching(told.case.facts, policy)
        value["not_matching"] = [{"rule": rule, "because": because} for rule, because in missed]
    return value


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": str(reason.code), "text": reason.text, "until": _at(reason.until), "rule": reason.rule,
        "citation": reason.citation, "hold": reason.hold,
    }  # fmt: skip


def _account(account: Account) -> dict[str, Any]:
    rule = account.rule
    return {
        "rule": rule.name, "citation": rule.basis, "counts": account.counts, "once": rule.once,
        "keep": str(rule.keep) if rule.keep else None, "clock": clocks.form(rule.clock),
        "starts": _at(account.starts), "keep_until": _at(account.until), "then": rule.then, "lock": rule.lock,
        "ceilings": [
            {"period": str(one.ceiling.period), "clock": clocks.form(one.ceiling.clock), "starts": _at(one.starts),
             "until": _at(one.until), "excepted": one.is_excepted}
            for one in account.ceilings
        ],
    }  # fmt: skip


def _extension(told: Explanation, at: int) -> dict[str, Any]:
    circumstances = told.case.circumstances
    extension = circumstances.extensions[at]
    starts, until = explain.extended(extension, told.case.facts, circumstances)
    return {
        "id": extension.id, "authority": extension.authority, "keep": str(extension.keep),
        "clock": clocks.form(extension.clock), "starts": _at(starts), "keep_until": _at(until),
    }  # fmt: skip


def _conflicts(decision: Decision) -> list[Reason]:
    return [reason for reason in decision.reasons if reason.code is ReasonCode.CONFLICT]


def words_of(told: Explanation, *, every: bool) -> str:
    """Return an explanation as a lawyer reads it: the verdict, what decides, and every reason, the longest first."""
    recording, decision = told.case.recording, told.decision
    until = f"until {day(decision.keep_until)}" if decision.keep_until else "with no end date"
    verdict = {"keep": f"KEEP {until}", "review": "DUE, after a person's review", "destroy": "DUE to be destroyed"}
    lines = [
        f"{recording.id}: {verdict[decision.action]}",
        f"  It ended {recording.ended_at:%Y-%m-%d %H:%M}Z, {BASIS[recording.ended_basis]}.",
        *_policy_in_words(told),
        f"  What decides: {decision.reasons[0].text}",
        *(["  Every reason, the longest first:"] if decision.reasons[1:] else []),
        *(f"    {at}. {reason.text}" for at, reason in enumerate(decision.reasons, 1) if decision.reasons[1:]),
        *_reviewers_in_words(decision),
    ]
    if decision.erase_by is not None:
        lines.append(f"  To be gone by {day(decision.erase_by)}, where nothing keeps it longer.")
    lines += [f"  Event {name}: {', '.join(day(at) for at in its)}."
              for name, its in sorted(told.case.circumstances.events.items())]  # fmt: skip
    lines += [*_lock_in_words(told), *_original_in_words(told.original, told.cuts), *_media_in_words(told)]
    if every:
        missed = explain.not_matching(told.case.facts, told.policy)
        lines += [f"  Rules that do not match: {'' if missed else 'none'}".rstrip()]
        lines += [f"    {rule}: {because}" for rule, because in missed]
    return "\n".join(lines)


def _policy_in_words(told: Explanation) -> list[str]:
    if told.policy is None:
        return []
    since = f", in force since {day(told.applied_at)}" if told.applied_at else ""
    matching = [account.rule.name for account in told.accounts]
    return [
        f"  Decided by policy version {told.policy.version}: {told.policy.policy.title}{since}.",
        f"  Rules that match: {', '.join(matching) or 'none'}.",
    ]


def _reviewers_in_words(decision: Decision) -> list[str]:
    asked = [" or ".join(sorted(roles)) or "anybody who may" for roles in decision.reviewers]
    return [f"  A person reviews it before it is destroyed: {'; and '.join(dict.fromkeys(asked))}."] if asked else []


def _lock_in_words(told: Explanation) -> list[str]:
    if told.locked_until is None:
        return []
    longer = " That is longer than the policy keeps it: until then its copy there stays." if told.lock_outlasts else ""
    return [f"  The archive's object lock keeps its copy until {day(told.locked_until)}.{longer}"]


def _original_in_words(decision: OriginalDecision, cuts: int) -> list[str]:
    """Return what is worth telling of an original: nothing where it is just kept as long as its recording."""
    lines = [f"  Its original: {reason.text}" for reason in decision.reasons if decision.rule is not None]
    if decision.kept_by_hold_alone and cuts:
        lines.append("  A HOLD KEEPS CARD DATA: without it the policy would destroy this original.")
    return lines


def _media_in_words(told: Explanation) -> list[str]:
    """Return what is worth telling of sound and picture: nothing where no rule lets a transcript suffice."""
    if told.reduced is not None:
        details = told.reduced.details
        by = f"rule {details.get('rule')} of policy version {details.get('policy')}"
        return [f"  Its sound and picture were destroyed on {day(told.reduced.at)} by {by}; its transcript is kept."]
    return [f"  Its sound and picture: {reason.text}" for reason in told.media.reasons if told.media.rule is not None]
