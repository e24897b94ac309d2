"""What makes no sense in a rule that is well formed: what can never match, never end, or contradicts itself."""

from collections.abc import Iterator

from retention.policy.language import Ceiling, Rule, Then
from retention.policy.match import can_match
from retention.policy.periods import Period


def problems_of(rule: Rule, *, said: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield each problem of a rule as the key it stands under and a text; `said` are the keys of its file."""
    yield from _match_problems(rule)
    if rule.keep is None:
        yield from _without_minimum(rule, said)
    else:
        yield from _stage_problems(rule, rule.keep)
    for ceiling in rule.erase_by:
        yield from _ceiling_problems(rule, ceiling)


def _match_problems(rule: Rule) -> Iterator[tuple[str, str]]:
    possible = can_match(rule.match)
    if possible is None:
        yield "match", "expected a condition that a person can follow, got one with hundreds of cases; make rules of it"
    elif not possible:
        yield "match", "expected a condition that some recording can meet, got one that contradicts itself"
    for ceiling in rule.erase_by:
        if ceiling.unless is not None and can_match(ceiling.unless) is False:
            yield "erase_by", "expected an exception that some recording can meet, got one that contradicts itself"


def _without_minimum(rule: Rule, said: frozenset[str]) -> Iterator[tuple[str, str]]:
    if not rule.erase_by:
        yield "", "expected the key 'keep', 'erase_by' or both: this rule says nothing"
        return
    for key in ("clock", "transcript_suffices_after", "archive_after"):
        if key in said:
            yield key, f"expected {key!r} only beside 'keep', which it counts for"
    if rule.then is Then.KEEP:
        yield "then", "expected destroy or review after a ceiling, got keep"


def _stage_problems(rule: Rule, keep: Period) -> Iterator[tuple[str, str]]:
    stages = {
        "transcript_suffices_after": rule.transcript_suffices_after,
        "archive_after": rule.archive_after,
        "original": rule.original_keep,
    }
    for key, period in stages.items():
        if period is not None and period.is_at_least(keep):
            yield key, f"expected a period shorter than keep ({keep}), got {period}"


def _ceiling_problems(rule: Rule, ceiling: Ceiling) -> Iterator[tuple[str, str]]:
    if rule.keep is None or ceiling.clock != rule.clock:
        return
    if not ceiling.period.is_at_least(rule.keep):
        text = f"expected a ceiling not before the end of keep ({rule.keep}) from the same clock, got {ceiling.period}"
        yield "erase_by", text
