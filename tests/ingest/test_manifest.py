"""A manifest gives one answer a line: a row, or what is wrong with it, in words that quote nobody."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.ingest.errors import ManifestError
from vault.ingest.manifest import MAX_LINE, Row, RowError, read_manifest
from vault.model import Caller, Consent, Direction, Metadata, Segment

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("in")
    (place / "day").mkdir()
    (place / "a.wav").write_bytes(b"a")
    (place / "day" / "b.wav").write_bytes(b"b")
    return place


def read(data: bytes | str, folder: Path, name: str = "m") -> list[Row | RowError]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(read_manifest(io.BytesIO(raw), name=name, folder=folder, now=NOW))


def only_error(data: bytes | str, folder: Path, name: str = "m") -> RowError:
    (answer,) = read(data, folder, name)
    assert isinstance(answer, RowError)
    return answer


FULL = {
    "path": "day/b.wav",
    "started": "2026-03-01T10:00:00+01:00",
    "ended": "2026-03-01T10:05:00.5+01:00",
    "direction": "inbound",
    "agent": " a.moreno ",
    "seat": "12",
    "queue": "orders",
    "callers": [{"number": "+1 212 555 0142", "name": "Jordan"}, {"email": "kim@example.com"}],
    "account": "ACME-4711",
    "industry": "retail",
    "jurisdiction": "us-ca",
    "labels": ["payment", "dispute"],
    "consent": "announced",
    "interaction": "i-1",
    "source": "pbx",
    "source_ref": "77",
}
EXPECTED = Metadata(
    started=datetime(2026, 3, 1, 9, tzinfo=UTC),
    ended=datetime(2026, 3, 1, 9, 5, 0, 500_000, tzinfo=UTC),
    direction=Direction.INBOUND,
    agent="a.moreno",
    seat="12",
    queue="orders",
    callers=(Caller(number="+1 212 555 0142", name="Jordan"), Caller(email="kim@example.com")),
    account="ACME-4711",
    industry="retail",
    jurisdiction="US-CA",
    labels=frozenset({"payment", "dispute"}),
    consent=Consent.ANNOUNCED,
    interaction="i-1",
    source="pbx",
    source_ref="77",
)
CSV_FULL = (
    "path,started,ended,direction,agent,seat,queue,caller_number,caller_email,caller_name,account,industry,"
    "jurisdiction,labels,consent,interaction,source,source_ref\r\n"
    "day/b.wav,2026-03-01T10:00:00+01:00,2026-03-01T10:05:00.5+01:00,inbound,a.moreno,12,orders,"
    "+1 212 555 0142;,;kim@example.com,Jordan;,ACME-4711,retail,us-ca,payment;dispute,announced,i-1,pbx,77\r\n"
)


def test_a_full_json_row_is_read_with_every_field(folder: Path) -> None:
    assert read(json.dumps(FULL), folder) == [Row(1, Path("day/b.wav"), EXPECTED)]


def test_a_full_csv_row_says_the_same(folder: Path) -> None:
    assert read(CSV_FULL, folder) == [Row(2, Path("day/b.wav"), EXPECTED)]


def test_a_path_is_enough(folder: Path) -> None:
    expected = Metadata()
    assert read('{"path":"a.wav"}', folder) == [Row(1, Path("a.wav"), expected)]
    assert read("path\na.wav", folder) == [Row(2, Path("a.wav"), expected)]


def test_null_blank_and_absent_are_the_same(folder: Path) -> None:
    row = {"path": "a.wav", "agent": None, "queue": " ", "started": "", "labels": [""], "callers": [{}], "source": None}
    assert read(json.dumps(row), folder) == [Row(1, Path("a.wav"), Metadata())]
    assert read("path,agent,caller_name,labels\na.wav,, , \n", folder) == [Row(2, Path("a.wav"), Metadata())]


def test_text_is_composed_and_kept_otherwise(folder: Path) -> None:
    (row,) = read(json.dumps({"path": "a.wav", "agent": "Andre\u0301"}), folder)
    assert isinstance(row, Row)
    assert row.metadata.agent == "Andr\u00e9"


def test_marks_blank_lines_and_line_ends_do_not_matter(folder: Path) -> None:
    line = b'{"path":"a.wav"}'
    assert [type(r) for r in read(b"\xef\xbb\xbf" + line + b"\r\n\r\n  \n" + line, folder)] == [Row, Row]
    assert read(b"\xef\xbb\xbfpath\r\na.wav\r\n", folder) == [Row(2, Path("a.wav"), Metadata())]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"phone": "1"}, "phone", "unknown-field"),
        ({"+1 212 555 0142": "1"}, None, "unknown-field"),
        ({"path": None}, "path", "missing"),
        ({"path": ""}, "path", "missing"),
        ({"path": 5}, "path", "wrong-type"),
        ({"path": "a\n.wav"}, "path", "control-characters"),
        ({"path": "../a.wav"}, "path", "path-outside"),
        ({"path": "/etc/passwd"}, "path", "path-outside"),
        ({"path": "day"}, "path", "not-a-file"),
        ({"path": "none.wav"}, "path", "file-missing"),
        ({"path": "a.wav/b"}, "path", "not-a-file"),
        ({"path": "x" * 300}, "path", "file-unreadable"),
        ({"path": "x" * 5000}, "path", "path-outside"),
        ({"started": "2026-03-02T10:00:00"}, "started", "time"),
        ({"started": "2026-03-02"}, "started", "time"),
        ({"started": "2026-02-30T10:00:00Z"}, "started", "time"),
        ({"started": "2026-03-01T25:00:00Z"}, "started", "time"),
        ({"started": "2026-W09-1T10:00:00Z"}, "started", "time"),
        ({"started": "\uff12026-03-01T10:00:00Z"}, "started", "time"),
        ({"started": "2026-03-01T10:00:00+99:00"}, "started", "time"),
        ({"started": 1772359200}, "started", "wrong-type"),
        ({"ended": "2026-03-01T09:59:59+01:00"}, "ended", "end-before-start"),
        ({"ended": "1970-01-01T00:00:00Z", "started": None}, "ended", "time-too-early"),
        ({"ended": "0001-01-01T00:00:00+12:00", "started": None}, "ended", "time"),
        ({"ended": "2026-06-02T12:00:01Z"}, "ended", "time-in-future"),
        ({"direction": "sideways"}, "direction", "unknown-value"),
        ({"consent": "maybe"}, "consent", "unknown-value"),
        ({"consent": True}, "consent", "wrong-type"),
        ({"agent": ["a"]}, "agent", "wrong-type"),
        ({"agent": "a" * 257}, "agent", "too-long"),
        ({"agent": "a\u0000"}, "agent", "control-characters"),
        ({"queue": "\u202eqqq"}, "queue", "control-characters"),
        ({"account": "\ud800"}, "account", "control-characters"),
        ({"jurisdiction": "California"}, "jurisdiction", "unknown-value"),
        ({"labels": "payment"}, "labels", "wrong-type"),
        ({"labels": [1]}, "labels[0]", "wrong-type"),
        ({"labels": ["x" * 65]}, "labels[0]", "too-long"),
        ({"labels": ["x"] * 65}, "labels", "too-long"),
        ({"callers": {"number": "1"}}, "callers", "wrong-type"),
        ({"callers": ["+12125550142"]}, "callers[0]", "wrong-type"),
        ({"callers": [{"number": 12125550142}]}, "callers[0].number", "wrong-type"),
        ({"callers": [{}, {"phone": "1"}]}, "callers[1].phone", "unknown-field"),
        ({"callers": [{"number": "1" * 65}]}, "callers[0].number", "too-long"),
        ({"callers": [{"email": "nobody"}]}, "callers[0].email", "email"),
        ({"callers": [{}] * 33}, "callers", "too-long"),
        ({"source_ref": None}, "source_ref", "incomplete"),
        ({"source": " "}, "source", "incomplete"),
    ],
)
def test_a_wrong_field_is_named_with_a_code(
    change: dict[str, object], field: str | None, code: str, folder: Path
) -> None:
    error = only_error(json.dumps({**FULL, **change}), folder)
    assert (error.row, error.field, error.code) == (1, field, code)
    assert error.message.startswith("expected")
    for value in change.values():
        assert not (isinstance(value, str) and len(value) > 5 and value in error.message)


def test_a_clock_may_run_a_day_ahead(folder: Path) -> None:
    line = json.dumps({"path": "a.wav", "ended": (NOW + timedelta(days=1)).isoformat()})
    assert [type(answer) for answer in read(line, folder)] == [Row]


def test_a_bad_row_never_stops_the_others(folder: Path) -> None:
    good = b'{"path":"a.wav"}\n'
    bad = [
        b"not json\n",
        b"[1]\n",
        b'"text"\n',
        b'{"path":"a.wav","path":"b.wav"}\n',
        b'{"path":"a.wav","agent":NaN}\n',
        b'{"path":"a.wav","agent":"\xff"}\n',
        b'{"path":' + b"[" * 5000 + b"\n",
        b'{"path":' + b"9" * 5000 + b"}\n",
        b'{"path":"' + b"x" * MAX_LINE + b'"}\n',
        b'{"path":"a.wav"',
    ]
    answers = read(good + good.join(bad[:-1]) + good + bad[-1], folder)
    assert [answer.number for answer in answers if isinstance(answer, Row)] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    errors = [(answer.row, answer.code) for answer in answers if isinstance(answer, RowError)]
    assert errors == [
        (2, "json"),
        (4, "json"),
        (6, "json"),
        (8, "duplicate-field"),
        (10, "json"),
        (12, "encoding"),
        (14, "json"),
        (16, "json"),
        (18, "line-too-long"),
        (20, "json"),
    ]


def test_a_line_of_exactly_the_limit_is_read(folder: Path) -> None:
    line = b'{"path":"a.wav"' + b" " * (MAX_LINE - 16) + b"}"
    assert len(line) == MAX_LINE
    answers = read(line + b"\n" + line + b" \n" + line, folder)
    assert [type(answer) for answer in answers] == [Row, RowError, Row]


def test_a_bad_csv_row_never_stops_the_others(folder: Path) -> None:
    data = (
        b"path,agent,caller_number,caller_name\n"
        b'a.wav,"open,,\n'
        b"a.wav\n"
        b"a.wav,x,,,\n"
        b"a.wav,\xff,,\n"
        b"a.wav,x,1;2,Ann\n"
        b'a.wav,"Moreno, A.",555;,Ann;Bob\n'
    )
    answers = read(data, folder)
    found = [(a.row, a.field, a.code) for a in answers if isinstance(a, RowError)]
    assert found == [
        (2, None, "csv"),
        (3, None, "columns"),
        (4, None, "columns"),
        (5, None, "encoding"),
        (6, "caller_name", "uneven-callers"),
    ]
    (good,) = (a for a in answers if isinstance(a, Row))
    assert (good.number, good.metadata.agent) == (7, "Moreno, A.")
    assert good.metadata.callers == (Caller(number="555", name="Ann"), Caller(name="Bob"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "neither"),
        (b"agent,queue\nx,y\n", "'path' column"),
        (b"path;agent\na.wav;x\n", "commas"),
        (b"+1 212 555 0142,Jordan\n", "neither"),
        (b"path,path\n", "twice"),
        (b"path,phone\n", "'phone' in column 2"),
        (b"path,Jordan Example\n", "'another name' in column 2"),
        (b"path,callers\n", "'callers'"),
        (b'path,"agent\n', "header"),
        (b"path,\xff\n", "header"),
        ("path\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_manifest_without_a_usable_header_is_refused_as_a_whole(data: bytes, message: str, folder: Path) -> None:
    with pytest.raises(ManifestError, match=message) as caught:
        read(data, folder)
    assert "555" not in str(caught.value)
    assert "Jordan" not in str(caught.value)


def test_the_name_decides_only_where_the_first_line_is_neither(folder: Path) -> None:
    assert [type(a) for a in read('broken\n{"path":"a.wav"}', folder, "m.jsonl")] == [RowError, Row]
    assert [type(a) for a in read('{"path":"a.wav"}', folder, "m.csv")] == [Row]
    with pytest.raises(ManifestError):
        read('broken\n{"path":"a.wav"}', folder, "m.csv")


def test_an_empty_json_manifest_has_no_rows(folder: Path) -> None:
    assert read(b"", folder, "m.jsonl") == []


def test_rows_are_read_as_they_are_asked_for(folder: Path) -> None:
    class Endless(io.BytesIO):
        lines = 0

        def readline(self, _size: int | None = -1) -> bytes:
            self.lines += 1
            return b'{"path":"a.wav"}\n'

    stream = Endless()
    rows: Iterator[Row | RowError] = read_manifest(stream, name="m", folder=folder, now=NOW)
    for _ in range(1000):
        next(rows)
    assert stream.lines <= 1001


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*FULL, "other"]), JSON, max_size=6))
def test_any_json_row_is_answered(folder: Path, row: dict[str, object]) -> None:
    answers = read(json.dumps(row), folder)
    assert len(answers) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_answered_or_refused(folder: Path, data: bytes) -> None:
    answers = read(b'{"path":"a.wav"}\n' + data.replace(b"\r", b""), folder)
    assert isinstance(answers[0], Row)
    assert len(answers) <= 2 + data.count(b"\n")


# what it belongs to, and its parts

PARTS = [{"label": "order", "begin_ms": 0, "end_ms": 1000}, {"label": "chat@end", "begin_ms": 500, "end_ms": 2000}]


def wide(data: str, folder: Path) -> Metadata:
    (row,) = read(data, folder)
    assert isinstance(row, Row), row
    assert isinstance(row.metadata, Metadata)
    return row.metadata


def test_a_row_names_a_contract_a_case_and_segments_alike_in_both_forms(folder: Path) -> None:
    row = {"path": "a.wav", "contract": " K-1 ", "case": "C 9", "segments": PARTS}
    found = wide(json.dumps(row), folder)
    assert (found.contract, found.case) == ("K-1", "C 9")
    assert found.segments == (Segment("order", 0, 1000), Segment("chat@end", 500, 2000))
    cells = "path,contract,case,segments\na.wav,K-1,C 9,order@0-1000; chat@end@500 - 2000 ;\n"
    assert wide(cells, folder) == found


def test_the_same_segment_twice_is_one_and_none_is_none(folder: Path) -> None:
    assert len(wide(json.dumps({"path": "a.wav", "segments": [PARTS[0], PARTS[0]]}), folder).segments) == 1
    empty: tuple[object, ...] = ([], None)
    for nothing in empty:
        (row,) = read(json.dumps({"path": "a.wav", "segments": nothing, "contract": " "}), folder)
        assert isinstance(row, Row)
        assert row.metadata == Metadata()


@pytest.mark.parametrize(
    ("segments", "field", "code"),
    [
        ([{**PARTS[0], "end_ms": 0}], "segments[0].end_ms", "end-before-start"),
        ([{**PARTS[0], "begin_ms": 1000}], "segments[0].end_ms", "end-before-start"),
        ([{**PARTS[0], "begin_ms": -1}], "segments[0].begin_ms", "segment"),
        ([{**PARTS[0], "end_ms": 32 * 86_400_000}], "segments[0].end_ms", "segment"),
        ([{**PARTS[0], "end_ms": 1.5}], "segments[0].end_ms", "wrong-type"),
        ([{**PARTS[0], "begin_ms": True}], "segments[0].begin_ms", "wrong-type"),
        ([PARTS[0], {"label": "x", "begin_ms": 0}], "segments[1].end_ms", "missing"),
        ([{"begin_ms": 0, "end_ms": 1}], "segments[0].label", "missing"),
        ([{**PARTS[0], "label": "x" * 65}], "segments[0].label", "too-long"),
        ([{**PARTS[0], "label": "a\nb"}], "segments[0].label", "control-characters"),
        ([{**PARTS[0], "note": "x"}], "segments[0].note", "unknown-field"),
        ([PARTS[0]] * 65, "segments", "too-long"),
        (["order@0-1000"], "segments[0]", "wrong-type"),
        ("order@0-1000", "segments", "wrong-type"),
    ],
)
def test_a_segment_that_is_none_is_refused_with_its_place(
    folder: Path, segments: object, field: str, code: str
) -> None:
    error = only_error(json.dumps({"path": "a.wav", "segments": segments}), folder)
    assert (error.field, error.code) == (field, code)


@pytest.mark.parametrize("cell", ["order", "order@1000", "@0-1", "order@-5-10", "order@0-1.5", "order@0-", "order@a-b"])
def test_a_cell_that_is_no_segment_is_refused(folder: Path, cell: str) -> None:
    error = only_error(f"path,segments\na.wav,x@0-1;{cell}\n", folder)
    assert (error.field, error.code) == ("segments", "segment")
    assert cell not in error.message


@given(
    st.lists(
        st.tuples(st.text("abc @-1", min_size=1, max_size=8), st.integers(0, 10**9), st.integers(1, 10**9)), max_size=8
    )
)
def test_every_segment_that_a_row_names_is_there_in_order(folder: Path, parts: list[tuple[str, int, int]]) -> None:
    good = [(label, begin, begin + length) for label, begin, length in parts if label.strip()]
    row = {"path": "a.wav", "segments": [{"label": n, "begin_ms": b, "end_ms": e} for n, b, e in good]}
    (found,) = read(json.dumps(row), folder)
    assert isinstance(found, Row)
    expected = sorted({(b, e, n.strip()) for n, b, e in good})
    segments = found.metadata.segments if isinstance(found.metadata, Metadata) else ()
    assert [(s.begin_ms, s.end_ms, s.label) for s in segments] == expected
