"""What each rule says of one recording, whether it matched or not: the parts of an explanation. Pure.

What is done is decided in `retention.core.decide` alone; this tells the dates that went into it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from retention.core.circumstances import Circumstances, ExtensionRef
from retention.core.ends import start_of
from retention.core.facts import AppliedPolicy, Facts
from retention.policy.language import Ceiling, Rule
from retention.policy.match import FIELDS, MANY, Match, matches


@dataclass(frozen=True, slots=True)
class CeilingAccount:
    """One ceiling of a rule: from when it counts, when it ends (None: not known), and whether it excepts this one."""

    ceiling: Ceiling
    starts: datetime | None
    until: datetime | None
    is_excepted: bool


@dataclass(frozen=True, slots=True)
class Account:
    """One rule that matched. `counts`: it does not wait for its event. `starts`: what its clock shows, if anything."""

    rule: Rule
    counts: bool
    starts: datetime | None
    until: datetime | None
    ceilings: tuple[CeilingAccount, ...]


def accounts(recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances) -> list[Account]:
    """Return an account of every rule that matches, in order of their names."""
    rules = [rule for rule in (policy.policy.rules if policy else ()) if matches(rule.match, recording)]
    return [_account(rule, recording, circumstances) for rule in sorted(rules, key=lambda rule: rule.name)]


def _account(rule: Rule, recording: Facts, circumstances: Circumstances) -> Account:
    starts = start_of(rule.clock, recording, circumstances)
    until = None if starts is None or rule.keep is None else rule.keep.ends(starts)
    limits = []
    for ceiling in rule.erase_by:
        began = start_of(ceiling.clock, recording, circumstances)
        excepted = ceiling.unless is not None and matches(ceiling.unless, recording)
        limits.append(CeilingAccount(ceiling, began, None if began is None else ceiling.period.ends(began), excepted))
    counts = rule.once is None or bool(circumstances.events.get(rule.once))
    return Account(rule, counts, starts, until, tuple(limits))


def extended(
    extension: ExtensionRef, recording: Facts, circumstances: Circumstances
) -> tuple[datetime | None, datetime | None]:
    """Return what an extension counts from, and until when it keeps; None where that is not known."""
    starts = start_of(extension.clock, recording, circumstances)
    return starts, None if starts is None else extension.keep.ends(starts)


def not_matching(recording: Facts, policy: AppliedPolicy | None) -> list[tuple[str, str]]:
    """Return the name of every rule that does not match, and the first thing in which it differs."""
    rules = sorted(policy.policy.rules if policy else (), key=lambda rule: rule.name)
    return [(rule.name, next(differences(rule.match, recording), "")) for rule in rules
            if not matches(rule.match, recording)]  # fmt: skip


def differences(condition: Match, recording: Facts) -> Iterator[str]:
    """Yield in what a recording does not meet a condition, in words; nothing where it meets it."""
    for field in FIELDS:
        wanted = condition.given.get(field)
        if wanted is None:
            continue
        there = recording.many(field) if field in MANY else _one(recording, field)
        if wanted.isdisjoint(there):
            yield f"{field}: the rule asks for {_any(wanted)}, the recording has {_any(there)}"
    if not matches(Match(ended_from=condition.ended_from, ended_before=condition.ended_before), recording):
        yield _span(condition, recording.ended)
    for part in condition.all_of:
        yield from differences(part, recording)
    alternatives = [next(differences(part, recording), None) for part in condition.any_of]
    if alternatives and None not in alternatives:
        yield "none of the alternatives holds: " + "; ".join(text for text in alternatives if text)
    if condition.negated is not None and matches(condition.negated, recording):
        yield "the rule leaves out what has " + _asked(condition.negated)


def _one(recording: Facts, field: str) -> frozenset[str]:
    value = recording.one(field)
    return frozenset() if value is None else frozenset({value})


def _any(values: frozenset[str]) -> str:
    return " or ".join(sorted(values)) or "none"


def _span(condition: Match, ended: datetime | None) -> str:
    bounds = [
        *([f"from {condition.ended_from}"] if condition.ended_from else []),
        *([f"before {condition.ended_before}"] if condition.ended_before else []),
    ]
    on = "on an unknown day" if ended is None else f"on {ended.astimezone(UTC).date()}"
    return f"ended: the rule asks for {' and '.join(bounds)}, the recording ended {on}"


def _asked(condition: Match) -> str:
    """Return a condition in few words."""
    parts = [f"{field} {_any(values)}" for field, values in condition.given.items()]
    if condition.ended_from or condition.ended_before:
        parts.append("an end in that span of days")
    if condition.any_of or condition.all_of or condition.negated is not None:
        parts.append("what its inner conditions say")
    return " and ".join(parts)


def lock_outlasts(locked_until: Sequence[datetime], due_from: datetime | None) -> bool:
    """Return whether the archive's object lock keeps a copy longer than the policy keeps the recording."""
    return due_from is not None and any(due_from < until for until in locked_until)
