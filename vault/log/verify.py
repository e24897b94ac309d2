"""Check a whole log against its signed checkpoints with the public key alone (SPEC section 6).

Streams: memory does not grow with the log. It reads what it is handed and changes nothing; where entries and
checkpoints come from, and whether they are all there are, is the caller's to know.

Steps:
  1  before each entry, every checkpoint of the tree's present size is opened and its root compared
  2  the entry's index is the next one: no gap, no repetition
  3  the entry is appended to the tree as the bytes it is
  4  the entry decodes, and its time is not before the last one's
  5  at the end: checkpoints that say there were more entries; entries that no checkpoint covers yet
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from keys.errors import BadSignatureError
from keys.signing import PublicKey
from vault.log import checkpoint as checkpoints_
from vault.log import entry as entries_
from vault.log.checkpoint import Checkpoint
from vault.log.errors import CheckpointFormatError, EntryFormatError, NoteFormatError, NoteKeyError
from vault.log.merkle import EMPTY_ROOT, Frontier, leaf_hash

MAX_FINDINGS = 100  # faults kept in a report, and as many warnings; more are counted, to keep the memory bounded


class Fault(StrEnum):
    """What can be wrong with a log."""

    ENTRIES_ALTERED = "entries-altered"  # the root of a checkpoint is not that of the entries below it
    ENTRY_FORMAT = "entry-format"  # an entry cannot be read
    ENTRIES_MISSING = "entries-missing"  # indexes are skipped
    ENTRY_EXTRA = "entry-extra"  # an index comes again, or out of order
    TAIL_CUT = "tail-cut"  # a checkpoint covers more entries than there are
    CHECKPOINT_ALTERED = "checkpoint-altered"  # its signature or its form does not hold
    CHECKPOINT_KEY = "checkpoint-key"  # signed by another key, or for another log
    CHECKPOINT_ORDER = "checkpoint-order"  # it came after a larger one, or after its entries
    CHECKPOINT_FORK = "checkpoint-fork"  # two signed roots for one size
    NO_CHECKPOINT = "no-checkpoint"  # nothing was proven
    TIME_BACKWARDS = "time-backwards"  # a warning: clocks are set back for honest reasons too


_WARNINGS = frozenset({Fault.TIME_BACKWARDS})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: with the entries first to last (both included), or with a checkpoint by its number."""

    fault: Fault
    first: int
    last: int
    message: str

    @property
    def is_warning(self) -> bool:
        """Whether the log may be whole all the same."""
        return self.fault in _WARNINGS


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a check of the log found."""

    entries: int  # seen, whatever their index
    checkpoints: int  # whose signature and root hold
    covered: int  # entries below the largest checkpoint that holds: these are proven
    uncovered: int  # entries above it, which nobody has signed for yet
    unproven: int  # checkpoints whose root could not be compared, because the tree was broken before them
    root: bytes  # of the tree over the entries, up to where it broke
    findings: tuple[Finding, ...]  # the first ones
    faults: int  # all of them, warnings apart
    warnings: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing but warnings was found; the uncovered entries are then well-formed, but not proven."""
        return self.faults == 0


class _Check:
    def __init__(self, checkpoints: Iterable[str], public_key: PublicKey, origin: str) -> None:
        self._public_key = public_key
        self._origin = origin
        self._frontier = Frontier()
        self._is_broken = False  # the tree cannot be continued, so no further root can be compared
        self._entries = 0
        self._next_index = 0  # one above the largest index seen
        self._proven = 0
        self._unproven = 0
        self._last_good = Checkpoint(origin, 0, EMPTY_ROOT)
        self._last_size = 0
        self._last_time: datetime | None = None
        self._findings: list[Finding] = []
        self._faults = 0
        self._warnings = 0
        self._checkpoints = self._opened(checkpoints)
        self._pending = next(self._checkpoints, None)

    def _find(self, fault: Fault, first: int, last: int, message: str) -> None:
        finding = Finding(fault, first, last, message)
        # Counted apart, so that many warnings never crowd a fault out.
        self._faults += not finding.is_warning
        self._warnings += finding.is_warning
        if (self._warnings if finding.is_warning else self._faults) <= MAX_FINDINGS:
            self._findings.append(finding)

    def _opened(self, checkpoints: Iterable[str]) -> Iterator[Checkpoint]:
        """Yield the checkpoints whose signature holds and whose size does not go back."""
        for number, text in enumerate(checkpoints):
            try:
                checkpoint = checkpoints_.open_(text, self._origin, self._public_key)
            except NoteKeyError as exc:
                self._find(Fault.CHECKPOINT_KEY, number, number, f"checkpoint {number}: {exc}")
                continue
            except (NoteFormatError, CheckpointFormatError, BadSignatureError) as exc:
                self._find(Fault.CHECKPOINT_ALTERED, number, number, f"checkpoint {number}: {exc}")
                continue
            if checkpoint.size < self._last_size:
                message = f"checkpoint {number}: expected a size of at least {self._last_size}, got {checkpoint.size}"
                self._find(Fault.CHECKPOINT_ORDER, number, number, message)
                continue
            self._last_size = checkpoint.size
            yield checkpoint

    def settle(self) -> None:
        """Compare the root of every checkpoint of the tree's present size (step 1)."""
        while not self._is_broken and self._pending is not None and self._pending.size == self._frontier.size:
            self._compare(self._pending)
            self._pending = next(self._checkpoints, None)

    def _compare(self, checkpoint: Checkpoint) -> None:
        if checkpoint.root == self._frontier.root():
            self._proven += 1
            self._last_good = checkpoint
            return
        first, last = self._last_good.size, checkpoint.size - 1
        if first == checkpoint.size:
            message = f"a checkpoint of size {first} is signed with another root than the one proven: a forked log"
            self._find(Fault.CHECKPOINT_FORK, first, first, message)
            return
        message = f"entries {first} to {last}: not those that the checkpoint of size {checkpoint.size} was signed over"
        self._find(Fault.ENTRIES_ALTERED, first, last, message)
        self._unproven += 1
        self._is_broken = True

    def take(self, index: int, data: bytes) -> None:
        """Check one entry (steps 2 to 4)."""
        self._entries += 1
        if index < self._next_index:
            message = f"entry {index}: expected index {self._next_index}, got one that was there before"
            self._find(Fault.ENTRY_EXTRA, index, index, message)
            return
        if index > self._next_index:
            first, last = self._next_index, index - 1
            self._find(Fault.ENTRIES_MISSING, first, last, f"entries {first} to {last} are missing")
            self._is_broken = True
        self._next_index = index + 1
        if not self._is_broken:
            self._frontier.append(leaf_hash(data))
        self._read(index, data)

    def _read(self, index: int, data: bytes) -> None:
        try:
            at = entries_.decode(data).at
        except EntryFormatError as exc:
            self._find(Fault.ENTRY_FORMAT, index, index, f"entry {index}: {exc}")
            return
        if self._last_time is not None and at < self._last_time:
            self._find(Fault.TIME_BACKWARDS, index, index, f"entry {index}: its time is before the entry before it")
        self._last_time = at

    def finish(self) -> LogReport:
        """Say what the end of the log shows (step 5)."""
        while self._pending is not None:
            self._unproven += 1
            self._pending = next(self._checkpoints, None)
        if self._last_size > self._next_index:
            first, last = self._next_index, self._last_size - 1
            message = f"entries {first} to {last}: signed for by a checkpoint, but the log ends before them"
            self._find(Fault.TAIL_CUT, first, last, message)
        if not self._proven:
            self._find(Fault.NO_CHECKPOINT, 0, 0, "no checkpoint holds, so nothing is proven")
        return LogReport(
            entries=self._entries,
            checkpoints=self._proven,
            covered=self._last_good.size,
            uncovered=max(0, self._next_index - self._last_good.size),
            unproven=self._unproven,
            root=self._frontier.root(),
            findings=tuple(self._findings),
            faults=self._faults,
            warnings=self._warnings,
        )


def verify_log(
    entries: Iterable[tuple[int, bytes]], checkpoints: Iterable[str], public_key: PublicKey, origin: str
) -> LogReport:
    """Return what is wrong with a log, and how much of it is proven.

    Entries come as (index, canonical bytes) in order of index, checkpoints as signed notes in order of size. Add a
    checkpoint that was kept outside the vault at its place: it is what shows that entries and checkpoints were cut or
    rewritten together by one who has the signing key. Never raises for what is wrong with the log itself.
    """
    check = _Check(checkpoints, public_key, origin)
    for index, data in entries:
        check.settle()
        check.take(index, data)
    check.settle()
    return check.finish()
