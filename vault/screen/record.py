"""What is kept of a screening: the sealed report, and the numbers the log tells for ever.

The report says where each finding is and stays with the recording. The log gets counts, milliseconds and digests only;
`strongroom screen report` adds them up.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from keys.canonical import Json
from vault.log.entry import Detail
from vault.model import Kind
from vault.private import Document
from vault.screen.options import Options
from vault.screen.outcome import Engine, Finding, FindingKind, Medium
from vault.screen.work.job import Result

ENGINE: Final = Engine("strongroom-screen", "1")
"""The stage itself: who quarantined what no screener looked at."""
_ENGINE_LENGTH: Final = 128  # of the catalog's column, and of a detail in the log
_STRANGE: Final = re.compile(r"[^A-Za-z0-9._:+-]+")
_MILLIS: Final = 1000


def engine_text(engines: Iterable[Engine]) -> str:
    """Return engines as one word for the catalog and the log; those that do not fit are in the report only."""
    words = [f"{_STRANGE.sub('-', e.name)}/{_STRANGE.sub('-', e.version)}" for e in engines] or [
        f"{ENGINE.name}/{ENGINE.version}"
    ]
    text = words[0][:_ENGINE_LENGTH]
    for word in words[1:]:
        if len(text) + 1 + len(word) <= _ENGINE_LENGTH:
            text = f"{text}+{word}"
    return text


def count_name(medium: Medium, kind: FindingKind) -> str:
    """Return what the log calls the number of findings of a kind in a medium."""
    return f"{medium}_{kind.replace('-', '_')}"


def silenced_name(medium: Medium) -> str:
    """Return what the log calls the milliseconds cut from a medium."""
    return f"{medium}_cut_ms"


def details_of(kind: Kind, options: Options, result: Result) -> dict[str, Detail]:
    """Return what the log tells of a screening: what was found by kind and medium, and how much of it was cut."""
    found = Counter(count_name(finding.medium, finding.kind) for finding in result.findings)
    details: dict[str, Detail] = {
        "kind": str(kind),
        "preset": str(options.preset),
        "engine": engine_text(result.engines),
        "cuts": sum(finding.cut for finding in result.findings),
        **found,
        **{silenced_name(medium): ms for medium, ms in milliseconds_cut(result.findings).items()},
    }
    if result.why is not None:
        details["why"] = str(result.why)
    if options.ruling.accept:
        details["accepted"] = 1
    if result.redacted is not None:
        details["sealed_sha256"] = result.redacted.sealed_sha256.hex()
        details["media_type"] = result.media_type
    if result.transcript is not None:
        details["transcript_sha256"] = result.transcript.sealed_sha256.hex()
    return details


def milliseconds_cut(findings: Iterable[Finding]) -> dict[Medium, int]:
    """Return how much time was cut from each medium; what was found twice in one place counts once."""
    spans: dict[tuple[Medium, str], list[tuple[float, float]]] = defaultdict(list)
    for finding in findings:
        if finding.cut and finding.begin is not None and finding.end is not None:
            spans[finding.medium, finding.where].append((finding.begin, finding.end))
    total: Counter[Medium] = Counter()
    for (medium, _), of in spans.items():
        total[medium] += round(_union(of) * _MILLIS)
    return dict(total)


def _union(spans: list[tuple[float, float]]) -> float:
    total, reached = 0.0, 0.0
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def report_of(options: Options, result: Result) -> Document:
    """Return the report that is sealed with the recording, in whole milliseconds and hundredths: it has no floats."""
    engines: list[Json] = [{"name": e.name, "version": e.version, "digest": e.digest} for e in result.engines]
    return {
        "preset": str(options.preset),
        "engines": engines,
        "findings": [_finding(finding) for finding in result.findings],
        "why": None if result.why is None else str(result.why),
        "reason": result.reason,
        "accepted": options.ruling.accept,
    }


def _finding(finding: Finding) -> dict[str, Json]:
    return {
        "medium": str(finding.medium),
        "kind": str(finding.kind),
        "rule": finding.rule,
        "where": finding.where,
        "length": finding.length,
        "scheme": finding.scheme,
        "last4": finding.last4,
        "sure_percent": round(finding.sure * 100),
        "begin_ms": None if finding.begin is None else round(finding.begin * _MILLIS),
        "end_ms": None if finding.end is None else round(finding.end * _MILLIS),
        "box": None if finding.box is None else list(finding.box),
        "cut": finding.cut,
    }
