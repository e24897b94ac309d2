"""What may go to the archive: the last word of a screening, from what was found and what was found again.

Pure. A recording passes only when it was wholly screened, everything found was cut, and an independent pass over the
result found nothing more; or when two people let it pass all the same.
"""

from enum import StrEnum

from vault.screen.errors import Why
from vault.screen.options import Options, Preset
from vault.screen.outcome import Finding, Redaction
from vault.screen.text.redact import MEDIA_TYPES


class Route(StrEnum):
    """Which screener looks at a recording."""

    TEXT = "text"
    SOUND = "sound"
    PICTURE = "picture"


FAMILIES = {"audio": Route.SOUND, "video": Route.PICTURE}
"""The screeners of media that are no text, by the first part of the media type."""


def route_of(media_type: str) -> Route | None:
    """Return the screener of a media type; None where there is none."""
    return Route.TEXT if media_type in MEDIA_TYPES else FAMILIES.get(media_type.partition("/")[0])


def let_pass(why: str | None) -> str:
    """Return what goes to the archive when two people let pass what is quarantined for a reason, in words."""
    if why == Why.LANGUAGE:
        return "with all digits that are heard, and all keys, cut; in its language the ears miss more"
    if why == Why.RESIDUE:
        return "with what can be cut of it, and with what the second pass still finds"
    if why == Why.PART_MISSING:
        return "with nothing cut, unless the missing part is there by then"
    return "as it is, with nothing cut"


def objection(redaction: Redaction, residue: tuple[Finding, ...], options: Options) -> tuple[Why, str] | None:
    """Return why a result may not be archived, with the reason in words; None when it may."""
    if options.ruling.accept:
        return None
    left = [finding for finding in redaction.findings if not finding.cut]
    if options.preset is Preset.REPORT_ONLY and left:
        return Why.REPORT_ONLY, f"{len(left)} findings, and the preset report-only cuts nothing"
    if residue:
        kinds = ", ".join(sorted({f"{finding.medium} {finding.kind}" for finding in residue}))
        return Why.RESIDUE, f"the second pass over the result still found {len(residue)}: {kinds}"
    return None
