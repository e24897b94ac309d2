"""A locked rule: what a later policy may do to it, and what it may not."""

from collections.abc import Callable

import pytest

from retention.policy.language import Policy
from retention.policy.locks import violations, weakened
from retention.policy.reader import parse

Told = Callable[[Policy, Policy], list[str]]

LOCKED = """\
policy: strongroom/policy/v1
title: t
rules:
  - name: calls
    match: {kind: call, queue: [sales, service], not: {labels: test}}
    once: signed
    keep: P3Y
    clock: last payment
    then: {review: [legal, records]}
    erase_by: {period: P9Y, unless: {labels: [claim, vip]}}
    transcript_suffices_after: P1Y
    archive_after: P30D
    original: P1Y
    lock: true
"""
KEPT_ON = """\
policy: strongroom/policy/v1
title: t
rules:
  - name: calls
    match: {kind: call}
    keep: P3Y
    then: keep
    lock: true
  - name: privacy
    match: {labels: health}
    erase_by: {period: P5Y, clock: created}
"""
OTHER = "  - {name: more, match: MATCH, erase_by: P1Y}\n"


def revised(old: str, *changes: tuple[str, str], more: str = "", told: Told = violations) -> list[str]:
    new = old
    for before, after in changes:
        assert new.count(before) == 1, before
        new = new.replace(before, after)
    return told(parse(old), parse(new + more))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    lock: true\n", "    lock: true\n    basis: a law\n"),
        ("P3Y", "P4Y"),
        ("P3Y", "P36M"),
        ("queue: [sales, service]", "queue: [sales, service, claims]"),
        ("{kind: call, queue: [sales, service], not: {labels: test}}", "all"),
        ("{review: [legal, records]}", "{review: legal}"),
        ("P9Y", "P10Y"),
        ("[claim, vip]", "[claim, vip, complaint]"),
        ("    erase_by: {period: P9Y, unless: {labels: [claim, vip]}}\n", ""),
        ("    transcript_suffices_after: P1Y\n", ""),
        ("transcript_suffices_after: P1Y", "transcript_suffices_after: P2Y"),
        ("original: P1Y", "original: P2Y"),
        ("original: P1Y", "original: keep"),
        ("title: t", "title: u"),
    ],
)
def test_a_locked_rule_may_grow(before, after):
    assert revised(LOCKED, (before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("name: calls", "name: call", "expected it to stay, it is gone"),
        ("lock: true", "lock: false", "expected lock: true to stay"),
        ("P3Y", "P35M", "expected keep of at least P3Y, got P35M"),
        ("P3Y", "P1095D", "expected keep of at least P3Y, got P1095D"),
        ("queue: [sales, service]", "queue: [sales]", "expected match to stay or to cover more"),
        ("kind: call, ", "kind: chat, ", "expected match to stay or to cover more"),
        ("kind: call, ", "kind: call, agent: a, ", "expected match to stay or to cover more"),
        ("{labels: test}", "{labels: [test, training]}", "expected match to stay or to cover more"),
        ("once: signed", "once: ended", "expected once to stay as it is"),
        ("    once: signed\n", "", "expected once to stay as it is"),
        ("last payment", "first payment", "expected clock to stay as it is"),
        ("{review: [legal, records]}", "destroy", "expected then: review or more careful, got destroy"),
        ("{review: [legal, records]}", "keep", "expected then: review or more careful, got keep"),
        ("{review: [legal, records]}", "review", "expected a review by the same roles or fewer of them"),
        ("P9Y", "P8Y", "expected no ceiling that was not there, or is earlier, got erase_by P8Y"),
        ("{period: P9Y, unless: {labels: [claim, vip]}}", "P10Y", "expected no ceiling that was not there"),
        ("[claim, vip]", "[claim]", "expected no ceiling that was not there, or is earlier, got erase_by P9Y"),
        ("{period: P9Y, ", "{period: P9Y, clock: created, ", "expected no ceiling that was not there, or is earlier"),
        ("archive_after: P30D", "archive_after: P29D", "expected archive_after to stay as it is"),
        ("original: P1Y", "original: P11M", "expected the original to be kept as long"),
        ("original: P1Y", "original: destroy", "expected the original to be kept as long"),
        ("transcript_suffices_after: P1Y", "transcript_suffices_after: P1M", "expected transcript_suffices_after"),
    ],
)
def test_a_locked_rule_may_not_shrink(before, after, told):
    found = revised(LOCKED, (before, after))
    assert len(found) == 1
    assert found[0].startswith(f"locked rule calls: {told}")


def test_what_was_kept_stays_kept():
    plain = KEPT_ON.replace("    then: keep\n", "    then: destroy\n")
    assert "original" in revised(plain, ("    lock: true\n", "    lock: true\n    original: destroy\n"))[0]
    suffices = "    lock: true\n    transcript_suffices_after: P1Y\n"
    assert "transcript_suffices_after" in revised(plain, ("    lock: true\n", suffices))[0]


def test_what_is_kept_on_gets_no_ceiling_from_another_rule():
    for match in ("all", "{kind: call, queue: a}", "{any: [{kind: chat}, {labels: x}]}"):
        found = revised(KEPT_ON, more=OTHER.replace("MATCH", match))
        assert found == [
            "locked rule calls: expected no new or earlier ceiling on what it keeps on, got one in rule more"
        ]
    assert revised(KEPT_ON, more=OTHER.replace("MATCH", "{kind: chat}")) == []
    assert revised(KEPT_ON, ("P5Y", "P6Y")) == []
    assert (
        revised(KEPT_ON, ("    erase_by: {period: P5Y, clock: created}\n", "    keep: P1Y\n    then: destroy\n")) == []
    )
    for change in (("P5Y", "P4Y"), ("{labels: health}", "all"), ("clock: created", "clock: ended")):
        assert "ceiling" in revised(KEPT_ON, change)[0]


def test_another_rule_may_do_what_it_likes_where_nothing_is_kept_on():
    assert revised(LOCKED, more=OTHER.replace("MATCH", "all")) == []
    both = parse(LOCKED + OTHER.replace("MATCH", "all"))
    assert violations(both, parse(LOCKED)) == []


def test_without_a_locked_rule_everything_goes():
    assert violations(parse(LOCKED.replace("lock: true", "lock: false")), Policy("t", ())) == []
    assert violations(parse(LOCKED), Policy("t", ())) == ["locked rule calls: expected it to stay, it is gone"]


def test_what_weakens_a_rule_is_told_whether_it_is_locked_or_not():
    old = parse(LOCKED.replace("lock: true", "lock: false"))
    shorter = parse(LOCKED.replace("lock: true", "lock: false").replace("P3Y", "P2Y"))
    assert violations(old, shorter) == []
    assert weakened(old, shorter) == ["rule calls: expected keep of at least P3Y, got P2Y"]
    assert weakened(shorter, old) == []
    assert weakened(old, parse(LOCKED)) == []


CEILING = """\
policy: strongroom/policy/v1
title: t
rules:
  - {name: voiceprints, match: {labels: voice}, erase_by: P9Y, then: destroy}
"""


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ((("erase_by: P9Y", "keep: P1D, erase_by: P9Y"),), ""),
        ((), "  - {name: other, match: all, keep: P1D, then: destroy}\n"),
        ((), "  - {name: other, match: {labels: [voice, chat]}, keep: P1D, then: review}\n"),
        ((), "  - {name: other, match: {labels: voice}, erase_by: P1D, then: destroy}\n"),
    ],
)
def test_what_a_ceiling_alone_ends_is_not_ended_earlier_by_anything_new(changes, more):
    assert revised(CEILING, *changes, more=more, told=weakened)
    assert not revised(CEILING, more="  - {name: other, match: all, keep: P1D, then: keep}\n", told=weakened)
    assert not revised(CEILING, ("then: destroy", "keep: P1D, then: keep"), told=weakened)
