"""One log of twelve entries with checkpoints at 4, 8 and 10, and everything that can be done to it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.log.make_vectors import KEY, ORIGIN, OTHER
from vault.log import checkpoint, merkle
from vault.log.entry import Act, Entry, Outcome
from vault.log.verify import MAX_FINDINGS, Fault, verify_log

START = datetime(2026, 11, 21, 20, 42, tzinfo=UTC)


def _entry(number, *, minutes=None, actor="auto"):
    at = START + timedelta(minutes=number if minutes is None else minutes)
    return Entry(at=at, actor=actor, act=Act.CHECK, outcome=Outcome.DONE, subject=None, why="tick").encode()


def _signed(entries, size, key=KEY, origin=ORIGIN):
    root = merkle.root_of(merkle.leaf_hash(data) for data in entries[:size])
    return checkpoint.sign(checkpoint.Checkpoint(origin, size, root), key)


ENTRIES = [_entry(n) for n in range(12)]
CHECKPOINTS = [_signed(ENTRIES, size) for size in (4, 8, 10)]


def _verify(entries=ENTRIES, checkpoints=CHECKPOINTS, numbered=None):
    return verify_log(numbered or enumerate(entries), iter(checkpoints), KEY.public, ORIGIN)


def _findings(report):
    return [(finding.fault, finding.first, finding.last) for finding in report.findings]


def test_a_whole_log_is_proven_up_to_its_last_checkpoint():  # LOG-01, LOG-11
    report = _verify()
    assert report.is_whole
    assert _findings(report) == []
    assert (report.entries, report.checkpoints, report.covered, report.uncovered, report.unproven) == (12, 3, 10, 2, 0)
    assert report.root == merkle.root_of(merkle.leaf_hash(data) for data in ENTRIES)


@pytest.mark.parametrize(("index", "first", "last"), [(0, 0, 3), (3, 0, 3), (4, 4, 7), (7, 4, 7), (8, 8, 9), (9, 8, 9)])
def test_an_altered_entry_is_found_between_its_two_checkpoints(index, first, last):  # LOG-01
    report = _verify([*ENTRIES[:index], _entry(index, actor="eve"), *ENTRIES[index + 1 :]])
    assert _findings(report)[0] == (Fault.ENTRIES_ALTERED, first, last)
    assert not report.is_whole
    assert report.covered == first
    assert "not those that the checkpoint of size" in report.findings[0].message


def test_every_flipped_bit_of_a_covered_entry_is_found():
    for bit in range(8 * len(ENTRIES[5])):
        changed = bytearray(ENTRIES[5])
        changed[bit // 8] ^= 1 << bit % 8
        report = _verify([*ENTRIES[:5], bytes(changed), *ENTRIES[6:]])
        assert (Fault.ENTRIES_ALTERED, 4, 7) in _findings(report)


def test_two_entries_swapped_are_found():
    report = _verify([*ENTRIES[:5], ENTRIES[6], ENTRIES[5], *ENTRIES[7:]])
    assert (Fault.ENTRIES_ALTERED, 4, 7) in _findings(report)


def test_an_uncovered_entry_that_was_altered_is_not_proven_either_way():  # LOG-11
    report = _verify([*ENTRIES[:11], _entry(11, actor="eve")])
    assert report.is_whole
    assert report.uncovered == 2


def test_a_missing_entry_is_named():  # LOG-02
    numbered = [(n, data) for n, data in enumerate(ENTRIES) if n not in (5, 6)]
    report = _verify(numbered=numbered)
    assert _findings(report) == [(Fault.ENTRIES_MISSING, 5, 6)]
    assert (report.covered, report.uncovered, report.unproven) == (4, 8, 2)


def test_the_first_entries_missing_are_named_and_nothing_is_proven():
    report = _verify(numbered=list(enumerate(ENTRIES))[2:])
    assert _findings(report) == [(Fault.ENTRIES_MISSING, 0, 1), (Fault.NO_CHECKPOINT, 0, 0)]


def test_a_missing_entry_hidden_by_new_numbers_is_found():
    report = _verify([*ENTRIES[:5], *ENTRIES[6:]])
    assert _findings(report) == [(Fault.ENTRIES_ALTERED, 4, 7)]


def test_an_entry_slipped_in_is_found():
    report = _verify([*ENTRIES[:5], _entry(4), *ENTRIES[5:]])
    assert _findings(report) == [(Fault.ENTRIES_ALTERED, 4, 7)]


def test_an_entry_that_comes_twice_is_named_and_the_rest_still_proven():  # LOG-03
    report = _verify(numbered=[*enumerate(ENTRIES[:6]), (5, ENTRIES[5]), *list(enumerate(ENTRIES))[6:]])
    assert _findings(report) == [(Fault.ENTRY_EXTRA, 5, 5)]
    assert report.covered == 10
    assert not report.is_whole


def test_a_cut_tail_is_named():  # LOG-04
    report = _verify(ENTRIES[:9])
    assert _findings(report) == [(Fault.TAIL_CUT, 9, 9)]
    assert (report.covered, report.uncovered, report.unproven) == (8, 1, 1)


def test_a_tail_cut_exactly_at_a_checkpoint_is_named():  # LOG-04
    assert _findings(_verify(ENTRIES[:8])) == [(Fault.TAIL_CUT, 8, 9)]


def test_a_tail_cut_with_its_checkpoints_shows_only_against_one_kept_outside():
    assert _verify(ENTRIES[:8], CHECKPOINTS[:2]).is_whole
    assert _findings(_verify(ENTRIES[:8], [*CHECKPOINTS[:2], CHECKPOINTS[2]])) == [(Fault.TAIL_CUT, 8, 9)]


def test_an_altered_checkpoint_is_named_and_the_next_one_covers_for_it():  # LOG-05
    report = _verify(checkpoints=[CHECKPOINTS[0], CHECKPOINTS[1].replace("\n8\n", "\n7\n"), CHECKPOINTS[2]])
    assert _findings(report) == [(Fault.CHECKPOINT_ALTERED, 1, 1)]
    assert (report.checkpoints, report.covered) == (2, 10)
    assert not report.is_whole


def test_a_checkpoint_that_is_no_note_is_named():  # LOG-05
    assert _findings(_verify(checkpoints=["", *CHECKPOINTS])) == [(Fault.CHECKPOINT_ALTERED, 0, 0)]


def test_a_checkpoint_by_another_key_is_named():  # LOG-06
    report = _verify(checkpoints=[*CHECKPOINTS[:2], _signed(ENTRIES, 10, OTHER)])
    assert _findings(report) == [(Fault.CHECKPOINT_KEY, 2, 2)]
    assert report.covered == 8


def test_a_checkpoint_of_another_log_is_named():  # LOG-06
    report = _verify(checkpoints=[*CHECKPOINTS, _signed(ENTRIES, 12, origin="strongroom/other")])
    assert _findings(report) == [(Fault.CHECKPOINT_KEY, 3, 3)]


def test_the_wrong_public_key_proves_nothing():  # LOG-06, LOG-09
    report = verify_log(enumerate(ENTRIES), CHECKPOINTS, OTHER.public, ORIGIN)
    assert [finding.fault for finding in report.findings] == [Fault.CHECKPOINT_KEY] * 3 + [Fault.NO_CHECKPOINT]
    assert (report.covered, report.uncovered) == (0, 12)


def test_a_checkpoint_out_of_order_is_named():  # LOG-07
    report = _verify(checkpoints=[CHECKPOINTS[1], CHECKPOINTS[0], CHECKPOINTS[2]])
    assert _findings(report) == [(Fault.CHECKPOINT_ORDER, 1, 1)]


def test_two_signed_roots_for_one_size_are_a_fork():  # LOG-08, CKPT-06
    other = [*ENTRIES[:7], _entry(7, actor="eve")]
    report = _verify(checkpoints=[*CHECKPOINTS[:2], _signed(other, 8), CHECKPOINTS[2]])
    assert _findings(report) == [(Fault.CHECKPOINT_FORK, 8, 8)]
    assert report.covered == 10


def test_the_same_checkpoint_twice_is_fine():
    report = _verify(checkpoints=[CHECKPOINTS[0], CHECKPOINTS[0], *CHECKPOINTS[1:]])
    assert report.is_whole
    assert report.checkpoints == 4


def test_a_checkpoint_of_the_empty_log_is_compared_too():
    assert _verify(checkpoints=[_signed([], 0), *CHECKPOINTS]).checkpoints == 4
    forged = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 0, bytes(32)), KEY)
    assert _findings(_verify(checkpoints=[forged, *CHECKPOINTS])) == [(Fault.CHECKPOINT_FORK, 0, 0)]


@pytest.mark.parametrize("entries", [ENTRIES, []])
def test_a_log_without_checkpoints_is_not_whole(entries):  # LOG-09
    report = _verify(entries, [])
    assert _findings(report) == [(Fault.NO_CHECKPOINT, 0, 0)]
    assert not report.is_whole
    assert report.uncovered == len(entries)


def test_an_emptied_log_is_a_cut_tail():
    assert _findings(_verify([])) == [(Fault.TAIL_CUT, 0, 9), (Fault.NO_CHECKPOINT, 0, 0)]


def test_a_clock_set_back_is_only_a_warning():  # LOG-10
    entries = [*ENTRIES[:5], _entry(5, minutes=3), *ENTRIES[6:]]
    report = _verify(entries, [_signed(entries, 12)])
    assert _findings(report) == [(Fault.TIME_BACKWARDS, 5, 5)]
    assert report.is_whole
    assert report.warnings == 1


def test_an_unreadable_entry_under_a_good_root_is_named():  # LOG-12
    entries = [*ENTRIES[:5], b"{}", *ENTRIES[6:]]
    report = _verify(entries, [_signed(entries, 12)])
    assert _findings(report) == [(Fault.ENTRY_FORMAT, 5, 5)]
    assert report.covered == 12


def test_findings_are_kept_up_to_a_limit_and_counted_beyond():  # LOG-13
    report = _verify([b"?"] * 250, [])
    assert len(report.findings) == MAX_FINDINGS
    assert report.faults == 251


def test_many_warnings_never_crowd_a_fault_out():  # LOG-13
    entries = [_entry(n, minutes=-n) for n in range(250)]
    report = _verify(entries, [_signed(entries, 4), CHECKPOINTS[1]])
    assert report.warnings == 249
    assert report.faults == 1
    assert (Fault.ENTRIES_ALTERED, 4, 7) in _findings(report)


def test_entries_are_taken_one_at_a_time():
    taken = []

    def entries():
        for index, data in enumerate(ENTRIES):
            taken.append(index)
            yield index, data

    def checkpoints():
        yield CHECKPOINTS[0]
        assert taken[-1] <= 4
        yield CHECKPOINTS[1]
        assert taken[-1] <= 8

    assert verify_log(entries(), checkpoints(), KEY.public, ORIGIN).covered == 8
