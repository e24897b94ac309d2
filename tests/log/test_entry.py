from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.log.entry import Act, Entry, Outcome, decode, format_time
from vault.log.errors import EntryContentError, EntryFormatError

AT = datetime(2026, 11, 21, 20, 42, tzinfo=UTC)
ENTRY = Entry(
    at=AT,
    actor="anna@example.com",
    act=Act.OPEN,
    outcome=Outcome.DONE,
    subject="0193500000007000800000000000abcd",
    why="role.legal",
    details={"rendition": "redacted", "sealed_size": 1048576},
)


def test_an_entry_has_the_bytes_the_specification_shows():
    assert ENTRY.encode() == (
        b'{"act":"open","actor":"anna@example.com","at":"2026-11-21T20:42:00.000000Z",'
        b'"details":{"rendition":"redacted","sealed_size":1048576},"outcome":"done",'
        b'"subject":"0193500000007000800000000000abcd","v":1,"why":"role.legal"}'
    )
    assert decode(ENTRY.encode()) == ENTRY


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    act=st.sampled_from(Act),
    outcome=st.sampled_from(Outcome),
    subject=st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    details=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
        st.integers(-(2**53) + 1, 2**53 - 1) | st.from_regex(r"[a-z][A-Za-z0-9._:/+-]{0,99}", fullmatch=True),
        max_size=32,
    ),
)
def test_every_entry_comes_back_as_it_was(at, act, outcome, subject, details):
    entry = Entry(at=at, actor="auto", act=act, outcome=outcome, subject=subject, why="policy", details=details)
    assert decode(entry.encode()) == entry


def test_a_changed_byte_never_reads_as_the_same_entry():
    data = ENTRY.encode()
    refused = 0
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            try:
                assert decode(bytes(changed)) != ENTRY
            except EntryFormatError:
                refused += 1
    assert refused > len(data)


def test_a_cut_entry_is_refused():
    data = ENTRY.encode()
    for at in range(len(data)):
        with pytest.raises(EntryFormatError, match="expected an entry of canonical JSON"):
            decode(data[:at])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"at": AT.replace(tzinfo=None)}, "at: expected an instant in UTC"),
        ({"at": AT.astimezone(timezone(timedelta(hours=1)))}, "at: expected an instant in UTC"),
        ({"actor": "anna lee"}, "actor: expected a string"),
        ({"actor": "15550100200"}, "actor: expected no value that could be"),
        ({"subject": "ben@example.com"}, "subject: expected a string"),
        ({"why": "Because"}, "why: expected a string"),
        ({"details": {"a": "Ben Miller"}}, "details, a: expected a string"),
        ({"details": {"a": "5555-5555-5555-4444"}}, "details, a: expected no value that could be"),
        ({"details": {"a": 1.5}}, "details, a: expected a string"),
        ({"details": {"a": True}}, "details, a: expected a string"),
        ({"details": {"a": 2**53}}, "details, a: expected an integer of at most 53 bits"),
        ({"details": {"a b": 1}}, "details, a name: expected a string"),
        ({"details": {f"n{i}": 1 for i in range(33)}}, "details: expected at most 32, got 33"),
        ({"details": {f"n{i}" + "x" * 38: "x" * 128 for i in range(32)}}, "details, a name"),
    ],
)
def test_what_has_no_place_in_the_log_is_refused_when_it_is_written(changes, message):
    with pytest.raises(EntryContentError, match=message):
        replace(ENTRY, **changes)


def test_the_largest_details_fit_an_entry():  # ENTRY-10
    details = {f"n{i:02}".ljust(40, "x"): "x" * 128 for i in range(32)}
    assert len(replace(ENTRY, details=details).encode()) < 8192


def test_a_message_never_quotes_what_was_refused():
    with pytest.raises(EntryContentError) as caught:
        replace(ENTRY, details={"a": "Ben Miller"})
    assert "Ben" not in str(caught.value)


def test_unknown_acts_and_outcomes_cannot_be_written():
    with pytest.raises(ValueError, match="opened"):
        replace(ENTRY, act="opened")
    with pytest.raises(ValueError, match="maybe"):
        replace(ENTRY, outcome="maybe")


def test_a_year_has_four_digits():
    assert format_time(datetime(7, 1, 2, tzinfo=UTC)) == "0007-01-02T00:00:00.000000Z"


def test_an_entry_that_is_too_large_is_refused_before_it_is_read():  # ENTRY-10
    with pytest.raises(EntryFormatError, match="expected an entry of at most 8192 bytes, got 8193"):
        decode(b"x" * 8193)
