"""Which recordings are meant, in SQL, against the same said in plain Python, on random small catalogs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, select

from keys.errors import CanonicalFormError
from tests.catalog.rows import new_rows, put
from vault.catalog.criteria import Criteria, covered, from_json, matching, possibly_matching_tombstone, to_json
from vault.catalog.engine import Catalog
from vault.catalog.recordings import NewRows
from vault.catalog.schema import recordings

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = {
    "ids": "id", "kinds": "kind", "states": "state", "agents": "agent", "queues": "queue", "industries": "industry",
    "jurisdictions": "jurisdiction", "interactions": "interaction", "sources": "source",
}  # fmt: skip
TOMBSTONE = ("ids", "kinds", "queues", "industries", "jurisdictions", "sources")
IDS = [f"{n:032x}" for n in range(6)]

words = st.sampled_from(["a", "b"])
maybe = st.none() | words
instants = st.integers(0, 4).map(lambda n: ORIGIN + timedelta(hours=n))
token = st.sampled_from([b"1", b"2"])
token_field = st.sampled_from(["number", "account"])


@st.composite
def catalogs(draw: st.DrawFn) -> list[NewRows]:
    """Draw up to six recordings with few values each, so that they meet often."""
    count = draw(st.integers(1, 6))
    return [
        new_rows(
            id=IDS[n], kind=draw(st.sampled_from(["chat", "call"])), state=draw(st.sampled_from(["sealed", "purged"])),
            agent=draw(maybe), queue=draw(maybe), industry=draw(maybe), jurisdiction=draw(maybe),
            interaction=draw(maybe), source=draw(words), started_at=draw(st.none() | instants), ended_at=draw(instants),
            source_token=bytes([n]), tokens=tuple(draw(st.sets(st.tuples(token_field, token), max_size=2))),
            labels=tuple(draw(st.sets(words))),
        )
        for n in range(count)
    ]  # fmt: skip


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.just(frozenset()) | st.frozensets(values, min_size=1, max_size=2)


criteria = st.builds(
    Criteria,
    ids=some(st.sampled_from(IDS)), kinds=some(st.sampled_from(["chat", "call"])),
    states=some(st.sampled_from(["sealed", "purged"])), agents=some(words), queues=some(words), industries=some(words),
    jurisdictions=some(words), interactions=some(words), sources=some(words), labels=some(words),
    tokens=st.just({}) | st.dictionaries(token_field, st.frozensets(token, min_size=1), max_size=2),
    since=st.none() | instants, until=st.none() | instants,
)  # fmt: skip
sparse = st.sets(st.sampled_from(sorted(Criteria.__slots__)), max_size=3).flatmap(
    lambda kept: criteria.map(lambda full: replace(Criteria(), **{name: getattr(full, name) for name in kept}))
)
"""Criteria with at most three terms: with more, nothing ever matches."""


def in_time(wanted: Criteria, row: Mapping[str, Any]) -> bool:
    started, ended = row["started_at"], row["ended_at"]
    return (wanted.since is None or ended >= wanted.since) and (
        wanted.until is None or started is None or started <= wanted.until
    )


def says_match(wanted: Criteria, rows: NewRows) -> bool:
    row = rows.recording
    columns = all(row[c] in getattr(wanted, name) for name, c in COLUMNS.items() if getattr(wanted, name))
    labels = not wanted.labels or bool(wanted.labels & {part["label"] for part in rows.labels})
    has = {(part["field"], part["token"]) for part in rows.tokens}
    tokens = all(any((field, t) in has for t in values) for field, values in wanted.tokens.items())
    return columns and labels and tokens and in_time(wanted, row)


def says_covered(wanted: Criteria, rows: NewRows, everything: list[NewRows]) -> bool:
    talk = rows.recording["interaction"]
    return says_match(wanted, rows) or (
        talk is not None and any(o.recording["interaction"] == talk and says_match(wanted, o) for o in everything)
    )


def says_tombstone(wanted: Criteria, rows: NewRows) -> bool:
    return all(
        rows.recording[COLUMNS[name]] in getattr(wanted, name) for name in TOMBSTONE if getattr(wanted, name)
    ) and in_time(wanted, rows.recording)


def found(connection: Connection, condition: ColumnElement[bool]) -> set[str]:
    return set(connection.scalars(select(recordings.c.id).where(condition)))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=catalogs(), wanted=sparse)
def test_sql_means_what_python_says(catalog: Catalog, rows: list[NewRows], wanted: Criteria) -> None:
    with catalog.engine.connect() as connection, connection.begin() as transaction:
        put(connection, *rows)
        assert found(connection, matching(wanted)) == {r.id for r in rows if says_match(wanted, r)}
        assert found(connection, covered(wanted)) == {r.id for r in rows if says_covered(wanted, r, rows)}
        tombstones = found(connection, possibly_matching_tombstone(wanted))
        assert tombstones == {r.id for r in rows if says_tombstone(wanted, r)}
        assert tombstones >= found(connection, matching(wanted))  # too many rather than too few
        transaction.rollback()


@given(wanted=criteria)
def test_criteria_survive_their_text(wanted: Criteria) -> None:
    text = to_json(wanted)
    assert from_json(text) == wanted
    assert to_json(from_json(text)) == text


@pytest.mark.parametrize(
    "altered",
    [
        "", "[]", "null", '{"agents":["a"]', '{"agents" : ["a"]}', '{"surplus":["a"]}', '{"agents":"ab"}',
        '{"agents":[]}', '{"agents":["b","a"]}', '{"agents":["a","a"]}', '{"agents":[1]}', '{"agents":[null]}',
        '{"agents":{"a":1}}', '{"agents":null}', '{"agents":[["a"]]}', '{"tokens":{}}', '{"tokens":[]}',
        '{"tokens":{"number":[]}}', '{"tokens":{"number":"ab"}}', '{"tokens":{"number":["zz"]}}',
        '{"tokens":{"number":["AB"]}}', '{"tokens":{"number":["a b"]}}', '{"tokens":{"number":[1]}}', '{"since":"x"}',
        '{"since":true}', '{"since":null}', '{"since":1.5}', '{"until":[1]}',
    ],
)  # fmt: skip
def test_altered_criteria_are_refused_rather_than_read_as_something_else(altered: str) -> None:
    with pytest.raises(CanonicalFormError):
        from_json(altered)


def test_criteria_keep_every_field_in_their_text() -> None:
    full = Criteria(
        **{name: frozenset({"a"}) for name in (*COLUMNS, "labels")}, tokens={"number": frozenset({b"1"})},
        since=ORIGIN, until=ORIGIN,
    )  # fmt: skip
    assert set(json.loads(to_json(full))) == set(Criteria.__slots__)
