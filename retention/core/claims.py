"""What one rule, extension, ceiling or request says of one recording: a sentence, and until when.

Pure; `retention.core.decide` weighs what is said here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from retention.core.circumstances import Circumstances, ExtensionRef
from retention.core.decision import Reason, ReasonCode
from retention.core.ends import NEVER, is_known, start_of
from retention.core.facts import Facts
from retention.policy import clocks
from retention.policy.language import Ceiling, Rule
from retention.policy.match import matches
from retention.policy.periods import Period


def named(rule: Rule) -> str:
    """Return a rule with its citation, as every sentence names it."""
    return f"Rule {rule.name}{f' ({rule.basis})' if rule.basis else ''}"


def rule_reason(rule: Rule, keep: Period, recording: Facts, circumstances: Circumstances) -> Reason:
    """Return what a rule with the minimum `keep` says of a recording."""
    claim = f"{named(rule)} keeps {keep} from {clocks.words(rule.clock)}"
    code, text, until = _claim(claim, keep, rule.clock, recording, circumstances)
    return Reason(code, text, until=until, rule=rule.name, citation=rule.basis)


def extension_reason(extension: ExtensionRef, recording: Facts, circumstances: Circumstances) -> Reason:
    """Return what an authority's extension says of a recording."""
    claim = (
        f"Extension {extension.id} by {extension.authority} keeps {extension.keep} from {clocks.words(extension.clock)}"
    )
    code, text, until = _claim(claim, extension.keep, extension.clock, recording, circumstances)
    return Reason(ReasonCode.EXTENSION if code is ReasonCode.PERIOD else code, text, until=until)


def _claim(
    claim: str, keep: Period, clock: clocks.Clock, recording: Facts, circumstances: Circumstances
) -> tuple[ReasonCode, str, datetime | None]:
    """Return what a minimum comes to: its code, its sentence and its end."""
    start = start_of(clock, recording, circumstances)
    if start is None:
        text = f"{claim}, which is not known; until it is recorded there is no end date."
        return ReasonCode.START_UNKNOWN, text, None
    until = keep.ends(start)
    if until is None:
        return ReasonCode.NEVER_ENDS, f"{claim} on {day(start)}, past the last date that can be written.", None
    return ReasonCode.PERIOD, f"{claim} on {day(start)}: until {day(until)}.", until


def ceilings(
    rules: Sequence[Rule], recording: Facts, circumstances: Circumstances
) -> tuple[list[Reason], list[Reason]]:
    """Return the ceilings that apply, and what is to be told of those that do not (yet)."""
    apply: list[Reason] = []
    other: list[Reason] = []
    for rule in rules:
        for ceiling in rule.erase_by:
            reason = _ceiling(rule, ceiling, recording, circumstances)
            (apply if reason.code is ReasonCode.CEILING else other).append(reason)
    return apply, other


def _ceiling(rule: Rule, ceiling: Ceiling, recording: Facts, circumstances: Circumstances) -> Reason:
    claim = f"{named(rule)} lets nothing stay longer than {ceiling.period} from {clocks.words(ceiling.clock)}"
    code, until = ReasonCode.CEILING_WAITS, None
    start = start_of(ceiling.clock, recording, circumstances)
    if ceiling.unless is not None and matches(ceiling.unless, recording):
        code, text = ReasonCode.EXCEPTED, f"{claim}; this recording is an exception."
    elif start is None:
        text = f"{claim}, which is not known; until it is recorded that limits nothing."
    else:
        until = ceiling.period.ends(start)
        code = ReasonCode.CEILING_WAITS if until is None else ReasonCode.CEILING
        text = f"{claim} on {day(start)}: until {day(until)}."
    return Reason(code, text, until=until, rule=rule.name, citation=rule.basis)


def erasure_reason(request: str, requested_at: datetime) -> Reason:
    """Return what a request for erasure says: from then on nothing but a reason to keep keeps."""
    text = f"Erasure was requested on {day(requested_at)} (request {request}); it is done when nothing keeps any more."
    until = requested_at if is_known(requested_at) else NEVER
    return Reason(ReasonCode.ERASURE, text, until=until, rule=f"erasure-request/{request}")


def day(instant: datetime | None) -> str:
    """Return an instant as a lawyer reads it: to the minute, in UTC."""
    return "an unknown date" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
