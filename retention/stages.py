"""When a recording may change its form, by the schedule alone: archived, a transcript only, without its original.

Pure, like `retention.decide`. Each function asks every rule that counts; the most careful one wins, and what is
unknown keeps things as they are.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from retention.circumstances import NOTHING, Circumstances
from retention.decide import matching_rules
from retention.facts import AppliedPolicy, Facts
from retention.policy import clocks
from retention.policy.language import Original, Rule
from retention.policy.periods import Period

AT_ONCE = datetime.min.replace(tzinfo=UTC)


def original_from(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> datetime | None:
    """Return from when the schedule lets the original go before the rest; None where some rule, or none, keeps it."""
    rules = matching_rules(recording, policy, circumstances)
    if not rules or any(rule.original is Original.KEEP for rule in rules):
        return None
    return _latest(rules, lambda rule: rule.original_keep, recording, circumstances)


def transcript_suffices_from(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> datetime | None:
    """Return from when a transcript is enough; None where some rule that keeps does not say so."""
    rules = [rule for rule in matching_rules(recording, policy, circumstances) if rule.keep is not None]
    if not rules or circumstances.extensions or any(rule.transcript_suffices_after is None for rule in rules):
        return None
    return _latest(rules, lambda rule: rule.transcript_suffices_after, recording, circumstances)


def archive_from(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> datetime | None:
    """Return from when the recording goes to the archive: at once, where no rule says later; None: not known yet."""
    rules = [rule for rule in matching_rules(recording, policy, circumstances) if rule.archive_after is not None]
    return _latest(rules, lambda rule: rule.archive_after, recording, circumstances)


def _latest(
    rules: list[Rule], period: Callable[[Rule], Period | None], recording: Facts, circumstances: Circumstances
) -> datetime | None:
    """Return when the last of the periods from each rule's clock has ended; None where one does not."""
    last = AT_ONCE
    for rule in rules:
        lasting = period(rule)
        if lasting is None:
            continue
        start = clocks.start(rule.clock, ended=recording.ended, created=recording.created, events=circumstances.events)
        until = None if start is None else lasting.ends(start)
        if until is None:
            return None
        last = max(last, until)
    return last
