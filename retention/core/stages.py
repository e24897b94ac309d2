"""When a recording may change its form, by the schedule alone: archived, a transcript only, without its original.

Pure, like `retention.core.decide`. Each function asks every rule that counts; the most careful one wins, and what is
unknown keeps things as they are.
"""

from datetime import datetime

from retention.core.circumstances import NOTHING, Circumstances
from retention.core.ends import counting, latest, original_end, transcript_end
from retention.core.facts import AppliedPolicy, Facts


def original_from(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> datetime | None:
    """Return from when the schedule lets the original go before the rest; None where some rule, or none, keeps it."""
    return original_end(counting(recording, policy, circumstances), recording, circumstances)


def transcript_suffices_from(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> datetime | None:
    """Return from when a transcript is enough; None where some rule that keeps does not say so."""
    return transcript_end(counting(recording, policy, circumstances), recording, circumstances)


def archive_from(
    recording: Facts, policy: AppliedPolicy | None, circumstances: Circumstances = NOTHING
) -> datetime | None:
    """Return from when the recording goes to the archive: at once, where no rule says later; None: not known yet."""
    rules = counting(recording, policy, circumstances)
    return latest(rules, lambda rule: rule.archive_after, recording, circumstances)
