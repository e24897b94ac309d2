"""What may go to the archive: the last word of a screening, from what was found and what was found again.

Pure. A recording passes only when it was wholly screened, everything found was cut, and an independent pass over the
result found nothing more; or when two people let it pass all the same.
"""

import math
from enum import StrEnum
from typing import Final

from vault.screen.errors import Why
from vault.screen.options import Options, Preset
from vault.screen.outcome import Finding, Redaction
from vault.screen.text.redact import MEDIA_TYPES

_TOLD: Final = 20  # places of what is left that a reason has at most
_MILLIS: Final = 1000


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
        return "unsearched, with nothing cut, unless the missing part is there by then"
    if why in (None, Why.REPORT_ONLY):
        return "as it is, with nothing cut"
    return "as it is, with nothing cut: nobody searched it to its end for card data"


def objection(redaction: Redaction, residue: tuple[Finding, ...], options: Options) -> tuple[Why, str] | None:
    """Return why a result may not be archived, with the reason in words; None when it may."""
    if options.ruling.accept:
        return None
    left = [finding for finding in redaction.findings if not finding.cut]
    if options.preset is Preset.REPORT_ONLY and left:
        return Why.REPORT_ONLY, f"{len(left)} findings, and the preset report-only cuts nothing"
    if residue:
        found = dict.fromkeys(_told(finding) for finding in sorted(residue, key=lambda f: (f.medium, f.begin or 0.0)))
        more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        what = ", ".join(list(found)[:_TOLD])
        return Why.RESIDUE, f"the second pass over the result still found {len(residue)}: {what}{more}"
    return None


def _told(finding: Finding) -> str:
    """Return what was left and where, as a person gives it to `screen review cut`; of text without the place."""
    what = f"{finding.medium} {finding.kind}"
    if finding.begin is None or finding.end is None:
        return what
    low, high = math.floor(finding.begin * _MILLIS), math.ceil(finding.end * _MILLIS)
    begin, end = low / _MILLIS, max(low + 1, high) / _MILLIS  # a span has a length
    box = "" if finding.box is None else f" in {','.join(map(str, finding.box))}"
    return f"{what} at {begin:.12g}..{end:.12g}{box}"
