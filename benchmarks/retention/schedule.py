"""A schedule of forty rules, as a contact centre of several industries and countries has it."""

_HEAD = """\
policy: strongroom/policy/v1
title: Forty rules
fiscal_year_end: 06-30
rules:
  - {name: everything, match: all, keep: P10Y, then: destroy}
"""
_WHO = "industry: {industry}, jurisdiction: [{one}, {other}]"
_FORMS = (
    "{{name: {name}, match: {{{who}}}, keep: P{years}Y, then: destroy, basis: 17 CFR {n}}}",
    "{{name: {name}, match: {{{who}, queue: [q{queue}, q{next}]}}, keep: P{months}M, then: review}}",
    "{{name: {name}, match: {{{who}, labels: [l3]}}, keep: P{years}Y, clock: event contract-ended, then: destroy}}",
    "{{name: {name}, match: {{{who}, kind: call}}, keep: P{years}Y, clock: {{fiscal-year-end: ended}}, then: destroy}}",
    (
        "{{name: {name}, match: {{{who}}}, keep: P{years}Y, then: destroy, "
        "erase_by: {{period: P30Y, clock: created, unless: {{labels: [l4, l2]}}}}}}"
    ),
    (
        "{{name: {name}, match: {{any: [{{{who}}}, {{queue: q{queue}, labels: l1}}], not: {{kind: screen}}}}, "
        "keep: P{months}M, clock: {{latest-of: [ended, created]}}, then: destroy}}"
    ),
    (
        "{{name: {name}, match: {{{who}, labels: [l2]}}, erase_by: [{{period: P20Y, clock: last customer-contact}}, "
        "{{period: P0D, clock: event purpose-satisfied}}], then: destroy}}"
    ),
    (
        "{{name: {name}, match: {{{who}, kind: [call, screen]}}, keep: P{years}Y, then: destroy, original: destroy, "
        "transcript_suffices_after: P3Y, archive_after: P30D}}"
    ),
    (
        "{{name: {name}, match: {{{who}, kind: call}}, keep: P{years}Y, clock: {{calendar-year-end: created}}, "
        "then: {{review: [records, legal]}}}}"
    ),
    (
        "{{name: {name}, match: {{{who}, labels: [l3, l4]}}, once: signed, keep: P{years}Y, clock: first signed, "
        "then: destroy}}"
    ),
    "{{name: {name}, match: {{direction: outbound, queue: [q{queue}, q{next}]}}, keep: P{years}Y, then: destroy}}",
)
RULES = 40


def text(*, longer: int = 0) -> str:
    """Return the schedule as a policy file; `longer`: by so many years each rule keeps longer."""
    lines = []
    for n in range(RULES - 1):
        who = _WHO.format(industry=f"i{n % 6}", one=f"j{n % 10}", other=f"j{(n + 3) % 10}")
        values = {"n": n, "name": f"rule-{n:02}", "who": who, "years": 4 + n % 8 + longer, "queue": n % 12}
        months = 30 + 6 * (n % 9) + 12 * longer
        line = _FORMS[n % len(_FORMS)].format(**values, next=(n + 5) % 12, months=months)
        lines.append(f"  - {line}\n")
    return _HEAD + "".join(lines)
