"""Recordings, policies, holds and instants for the property tests: few values each, so that they meet often."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from retention.facts import AppliedPolicy, Facts, HoldRef
from retention.policy.language import Policy, Rule, Then
from retention.policy.match import Match
from retention.policy.periods import Period
from vault.model import Kind, RecordingId, State

ORIGIN = datetime(2024, 2, 1, tzinfo=UTC)

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
facts = st.builds(
    Facts,
    id=st.integers(0, 2**128 - 1).map(lambda number: RecordingId(f"{number:032x}")),
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
