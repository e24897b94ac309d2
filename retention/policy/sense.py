"""What makes no sense in a rule that is well formed: what can never match, never end, or contradicts itself."""

from collections.abc import Iterator
from typing import TypeAlias

from retention.policy.clocks import plain
from retention.policy.language import Ceiling, Rule, Then
from retention.policy.match import Match, can_match
from retention.policy.periods import Period

Found: TypeAlias = tuple[str, int, str]
"""The key under which a problem stands, which item of its list it is in, and what it is."""


def problems_of(rule: Rule, *, said: frozenset[str]) -> Iterator[Found]:
    """Yield each problem of a rule; `said` are the keys of its file."""
    yield from _match_problems("match", 0, rule.match, "a condition")
    if rule.keep is None:
        yield from _without_minimum(rule, said)
    else:
        yield from _stage_problems(rule, rule.keep)
    for place, ceiling in enumerate(rule.erase_by):
        if ceiling.unless is not None:
            yield from _match_problems("erase_by", place, ceiling.unless, "an exception")
        yield from _ceiling_problems(rule, place, ceiling)


def _match_problems(key: str, place: int, match: Match, what: str) -> Iterator[Found]:
    possible = can_match(match)
    if possible is None:
        yield key, place, f"expected {what} that a person can follow, got one with hundreds of cases; make rules of it"
    elif not possible:
        yield key, place, f"expected {what} that some recording can meet, got one that contradicts itself"


def _without_minimum(rule: Rule, said: frozenset[str]) -> Iterator[Found]:
    if not rule.erase_by:
        yield "", 0, "expected the key 'keep', 'erase_by' or both: this rule says nothing"
        return
    for key in ("clock", "transcript_suffices_after", "archive_after"):
        if key in said:
            yield key, 0, f"expected {key!r} only beside 'keep', which it counts for"
    if rule.lock:
        yield "lock", 0, "expected 'lock' only beside 'keep', which it guards"
    if rule.then is Then.KEEP:
        yield "then", 0, "expected destroy or review after a ceiling, got keep"


def _stage_problems(rule: Rule, keep: Period) -> Iterator[Found]:
    stages = {
        "transcript_suffices_after": rule.transcript_suffices_after,
        "archive_after": rule.archive_after,
        "original": rule.original_keep,
    }
    for key, period in stages.items():
        if period is not None and period.is_at_least(keep):
            yield key, 0, f"expected a period shorter than keep ({keep}), got {period}"


def _ceiling_problems(rule: Rule, place: int, ceiling: Ceiling) -> Iterator[Found]:
    if rule.keep is None or plain(ceiling.clock) != plain(rule.clock):
        return
    if not ceiling.period.is_at_least(rule.keep):
        text = f"expected a ceiling not before the end of keep ({rule.keep}) from the same clock, got {ceiling.period}"
        yield "erase_by", place, text
