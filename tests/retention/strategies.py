"""Recordings, policies, holds and instants for the property tests: few values each, so that they meet often."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from retention.core.circumstances import Circumstances, ErasureRef, ExtensionRef
from retention.core.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.clocks import Fact, Of, OfEvent, OfSeveral, Which, Year, YearEnd
from retention.policy.language import REVIEWERS, Ceiling, Original, Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from vault.model import Consent, Kind, RecordingId, Segment, State

ORIGIN = datetime(2024, 2, 1, tzinfo=UTC)
EVENTS = ("ended-contract", "paid", "signed")

instants = st.integers(0, 200).map(lambda days: ORIGIN + timedelta(days=days)) | st.integers(0, 200 * 86400).map(
    lambda seconds: ORIGIN + timedelta(seconds=seconds)
)
values = st.sampled_from(["a", "b"])
subsets = st.frozensets(values)
periods = st.builds(Period, days=st.integers(1, 60)) | st.builds(Period, months=st.integers(1, 3))
matches = st.just(Match()) | st.builds(
    Match,
    kind=st.frozensets(st.sampled_from(Kind)),
    industry=subsets,
    jurisdiction=subsets,
    queue=subsets,
    labels=subsets,
)
rules = st.builds(
    Rule,
    name=st.text("xyz", min_size=1, max_size=3),
    match=matches,
    keep=periods,
    then=st.sampled_from([Then.DESTROY, Then.REVIEW]),
    basis=st.none() | st.just("12 CFR 1006.100(b)"),
)
policies = st.builds(
    AppliedPolicy,
    version=st.integers(1, 9),
    policy=st.builds(
        Policy, title=st.just("t"), rules=st.lists(rules, max_size=4, unique_by=lambda rule: rule.name).map(tuple)
    ),
)
recording_ids = st.integers(0, 2**128 - 1).map(lambda number: RecordingId(f"{number:032x}"))
facts = st.builds(
    Facts,
    id=recording_ids,
    kind=st.sampled_from(Kind),
    state=st.sampled_from([state for state in State if state is not State.PURGED]),
    ended=instants,
    created=instants,
    queue=st.none() | values,
    industry=st.none() | values,
    jurisdiction=st.none() | values,
    labels=subsets,
)
holds = st.builds(
    HoldRef,
    id=st.text("hjk", min_size=1, max_size=2),
    matter=st.just("Smith v. Acme"),
    placed_at=instants,
    released_at=st.none() | instants,
    grace_until=st.none() | instants,
)

# The whole language: clocks by event and year, nested conditions, ceilings, and what people recorded.
plain_clocks = (
    st.sampled_from(Fact)
    | st.just(Fact.ENDED)
    | st.builds(OfEvent, name=st.sampled_from(EVENTS), which=st.sampled_from(Which))
)
month_ends = st.sampled_from([(12, 31), (6, 30), (2, 29), (4, 5)])


@st.composite
def _clocks(draw, depth):
    form = draw(st.integers(0, 3 if depth else 0))
    if form == 0:
        return draw(plain_clocks)
    if form == 1:
        several = draw(st.lists(_clocks(depth - 1), min_size=2, max_size=3, unique=True))
        return OfSeveral(draw(st.sampled_from(Of)), tuple(several))
    if form == 2:
        return YearEnd(Year.CALENDAR, draw(_clocks(depth - 1)))
    return YearEnd(Year.FISCAL, draw(_clocks(depth - 1)), *draw(month_ends))


clocks = _clocks(2)
days = st.integers(0, 200).map(lambda number: date(2024, 2, 1) + timedelta(days=number))


def _some(match: Match) -> Match:
    return Match(queue=frozenset({"a"})) if match.is_all else match


leaf_conditions = matches.map(_some) | st.builds(
    lambda values, since, before: replace(Match(**values), ended_from=since, ended_before=before),
    st.fixed_dictionaries(
        {
            "consent": st.frozensets(st.sampled_from([Consent.NONE, Consent.EXPLICIT])),
            "agent": subsets,
            "segments": subsets,
        }
    ),
    st.none() | days,
    st.none() | days,
).map(_some)


@st.composite
def _conditions(draw, depth):
    """Draw a condition with others within it; written out, for a recursive strategy prints pages of itself."""
    own = draw(st.just(Match()) | leaf_conditions)
    if depth:
        several = st.just(()) | st.lists(_conditions(depth - 1), min_size=1, max_size=2).map(tuple)
        negated = draw(st.none() | _conditions(depth - 1))
        own = replace(own, any_of=draw(several), all_of=draw(several), negated=negated)
    return _some(own)


conditions = _conditions(2)
ceilings = st.builds(
    Ceiling, period=periods | st.just(Period()), clock=clocks, unless=st.none() | st.none() | leaf_conditions
)
reviewers = st.frozensets(st.sampled_from(REVIEWERS))


def _whole(rule: Rule) -> Rule:
    """Return the rule as the reader could have made it: with a minimum, a ceiling or both, and nothing idle."""
    if rule.keep is None and not rule.erase_by:
        rule = replace(rule, keep=Period(days=5))
    if rule.keep is None:
        then = Then.DESTROY if rule.then is Then.KEEP else rule.then
        rule = replace(
            rule, then=then, clock=Fact.ENDED, lock=False, transcript_suffices_after=None, archive_after=None
        )
    if rule.original is Original.KEEP:
        rule = replace(rule, original_keep=None)
    return rule if rule.then is Then.REVIEW else replace(rule, reviewers=frozenset())


_rich_rules = st.builds(
    Rule,
    name=st.sampled_from(["q", "r", "s", "t", "u", "v"]),
    match=st.just(Match()) | leaf_conditions | conditions,
    keep=st.none() | periods | periods,
    then=st.sampled_from(Then),
    clock=st.just(Fact.ENDED) | clocks,
    basis=st.none() | st.just("12 CFR 1006.100(b)"),
    original=st.sampled_from(Original),
    original_keep=st.none() | periods,
    erase_by=st.just(()) | st.lists(ceilings, max_size=2).map(tuple),
    reviewers=reviewers,
    once=st.none() | st.none() | st.sampled_from(EVENTS),
    transcript_suffices_after=st.none() | periods,
    archive_after=st.none() | periods,
    lock=st.booleans(),
).map(_whole)


@st.composite
def _any_of_rich_rules(draw):
    return draw(_rich_rules)


rich_rules = _any_of_rich_rules()
rich_schedules = st.builds(
    Policy, title=st.just("t"), rules=st.lists(rich_rules, max_size=4, unique_by=lambda rule: rule.name).map(tuple)
)
rich_policies = st.builds(AppliedPolicy, version=st.integers(1, 9), policy=rich_schedules)
rich_facts = st.builds(
    lambda one, agent, consent, parts: replace(one, agent=agent, consent=consent, segments=parts),
    facts,
    st.none() | values,
    st.sampled_from(Consent).map(str),
    st.lists(st.builds(Segment, values, st.just(0), st.just(1000)), max_size=2).map(tuple),
)
happened = st.dictionaries(
    st.sampled_from(EVENTS), st.lists(instants, min_size=1, max_size=2).map(lambda at: tuple(sorted(at)))
)
extensions = st.builds(
    ExtensionRef, id=st.sampled_from(["e1", "e2"]), authority=st.just("BaFin"), keep=periods, clock=plain_clocks
)
erasures = st.builds(ErasureRef, id=st.sampled_from(["d1", "d2"]), requested_at=instants)
circumstances = st.builds(
    Circumstances,
    events=happened,
    extensions=st.just(()) | st.lists(extensions, max_size=2).map(tuple),
    erasures=st.just(()) | st.lists(erasures, max_size=2).map(tuple),
)
