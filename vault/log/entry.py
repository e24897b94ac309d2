"""One log entry: who did what, when, to what, with what outcome and why (SPEC section 5).

An entry can never be erased, so nothing personal enters it: what it may hold is decided here, by type and pattern, for
writers and readers alike. It does not know where entries are kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from keys import canonical
from keys.canonical import MAX_INTEGER, Json
from keys.errors import CanonicalFormError
from keys.fields import Fields
from vault.log.errors import EntryContentError, EntryFormatError

VERSION = 1
MAX_ENTRY_LEN = 8192  # bytes
MAX_DETAILS = 32

_FIELDS = ("v", "at", "actor", "act", "outcome", "subject", "details", "why")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@-]{0,63}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}")
_DETAIL_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DETAIL = re.compile(r"[A-Za-z0-9._:/+-]{0,128}")
_CODE = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,127}")
_ANY = re.compile(r".{0,512}", re.DOTALL)

_NO_LETTER = re.compile(r"[^A-Za-z]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIALLED = range(7, 20)  # digits in a phone number (E.164 has at most 15) or a card number (at most 19)

Detail: TypeAlias = int | str


class Act(StrEnum):
    """Everything that is told. Members may be added; their words never change."""

    VAULT_INIT = "vault.init"
    USER_ADDED = "user.added"
    USER_ROLES = "user.roles"
    USER_DISABLED = "user.disabled"
    INGEST = "ingest"
    INTERACTION_JOINED = "interaction.joined"
    LIST = "list"
    SHOW = "show"
    EXPLAIN = "explain"
    OPEN = "open"
    SCREEN = "screen"
    QUARANTINE = "quarantine"
    REVIEW_ASKED = "review.asked"
    REVIEW_RULED = "review.ruled"
    ORIGINAL_DESTROYED = "original.destroyed"
    MEDIA_DESTROYED = "media.destroyed"
    ARCHIVE = "archive"
    POLICY_PLANNED = "policy.planned"
    POLICY_APPROVED = "policy.approved"
    POLICY_APPLIED = "policy.applied"
    EVENT_RECORDED = "event.recorded"
    EVENT_CORRECTED = "event.corrected"
    EVENT_WITHDRAWN = "event.withdrawn"
    EXTENSION_RECORDED = "extension.recorded"
    EXTENSION_REMEMBERED = "extension.remembered"
    EXTENSION_WITHDRAWAL_ASKED = "extension.withdrawal-asked"
    EXTENSION_WITHDRAWN = "extension.withdrawn"
    ERASURE_REQUESTED = "erasure.requested"
    ERASURE_COVERED = "erasure.covered"
    ERASURE_WITHDRAWN = "erasure.withdrawn"
    TEMPLATE_ADOPTED = "template.adopted"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASE_REQUESTED = "hold.release-requested"
    HOLD_RELEASED = "hold.released"
    PURGE_PLANNED = "purge.planned"
    PURGE_APPROVED = "purge.approved"
    PURGE = "purge"
    PURGE_REFUSED = "purge.refused"
    COPIES_DELETED = "copies.deleted"
    ACCESS_REFUSED = "access.refused"
    CHECK = "check"
    EPOCH_CREATED = "epoch.created"
    EPOCH_RETIRED = "epoch.retired"
    KEY_REWRAPPED = "key.rewrapped"
    SHARES_MADE = "shares.made"
    ROOT_CHANGED = "root.changed"
    EXPORT = "export"
    LOG_READ = "log.read"
    TICK = "tick"
    UPGRADE = "upgrade"


_USER_ACTS = frozenset({Act.USER_ADDED, Act.USER_ROLES, Act.USER_DISABLED})


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"


def _is_dialled(value: str) -> bool:
    """Tell a value that could be a caller's or a card number: digits without a letter, 7 to 19 of them, not a date."""
    # the pattern first: nearly every value has a letter, and entries are written by the thousand
    if _NO_LETTER.fullmatch(value) is None or _DATE.fullmatch(value) is not None:
        return False
    return sum(char.isdigit() for char in value) in _DIALLED


def _check(what: str, value: object, pattern: re.Pattern[str]) -> None:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise EntryContentError(f"{what}: expected a string of the form {pattern.pattern}")
    if _is_dialled(value):
        raise EntryContentError(f"{what}: expected no value that could be a telephone or card number")


def _check_details(details: Mapping[str, Detail]) -> None:
    if len(details) > MAX_DETAILS:
        raise EntryContentError(f"details: expected at most {MAX_DETAILS}, got {len(details)}")
    for name, value in details.items():
        _check("details, a name", name, _DETAIL_NAME)
        if type(value) is int:
            if abs(value) > MAX_INTEGER:
                raise EntryContentError(f"details, {name}: expected an integer of at most 53 bits")
        else:
            _check(f"details, {name}", value, _DETAIL)


def format_time(at: datetime) -> str:
    """Return an instant as entries have it: UTC with microseconds, 2026-11-21T20:42:00.000000Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of one act. The subject is the id of a recording, hold, plan …, or the name of a user.

    Numbers in the details are counts, sizes and versions: whether an integer is something else no pattern can tell,
    so it is the writer's duty not to put a caller's number there.

    Raises:
        EntryContentError: a field holds what has no place in the log (ENTRY-03 to ENTRY-10).

    """

    at: datetime
    actor: str
    act: Act
    outcome: Outcome
    subject: str | None
    why: str
    details: Mapping[str, Detail] = field(default_factory=dict)
    _encoded: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise EntryContentError("at: expected an instant in UTC")
        _check("actor", self.actor, _NAME)
        if self.subject is not None:
            _check("subject", self.subject, _NAME if self.act in _USER_ACTS else _ID)
        _check("why", self.why, _CODE)
        _check_details(self.details)
        # kept, because the check of the length needs them anyway, and later changes to `details` must not count
        object.__setattr__(self, "_encoded", self._encode())
        if len(self._encoded) > MAX_ENTRY_LEN:
            raise EntryContentError(f"expected an entry of at most {MAX_ENTRY_LEN} bytes")

    def encode(self) -> bytes:
        """Return the canonical bytes: the leaf of the log's tree."""
        return self._encoded

    def _encode(self) -> bytes:
        return canonical.encode(
            {
                "v": VERSION,
                "at": format_time(self.at),
                "actor": self.actor,
                "act": Act(self.act).value,
                "outcome": Outcome(self.outcome).value,
                "subject": self.subject,
                "details": dict(self.details),
                "why": self.why,
            }
        )


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as exc:
        raise EntryFormatError("entry: field at: expected a date of the calendar") from exc


def _details(value: Json) -> dict[str, Detail]:
    if not isinstance(value, dict):
        raise EntryFormatError("entry: field details: expected an object")
    details: dict[str, Detail] = {}
    for name, item in value.items():
        if type(item) is not int and not isinstance(item, str):
            raise EntryFormatError("entry: field details: expected integers and strings")
        details[name] = item
    return details


def decode(data: bytes) -> Entry:
    """Return the entry of its canonical bytes.

    Raises:
        EntryFormatError: not an entry, not in its one encoding, or it holds what no entry may.

    """
    if len(data) > MAX_ENTRY_LEN:
        raise EntryFormatError(f"expected an entry of at most {MAX_ENTRY_LEN} bytes, got {len(data)}")
    try:
        document = canonical.decode(data)
    except CanonicalFormError as exc:
        raise EntryFormatError("expected an entry of canonical JSON") from exc
    fields = Fields(document, _FIELDS, EntryFormatError, "entry")
    fields.constant("v", VERSION)
    try:
        return Entry(
            at=_time(fields.text("at", _AT)),
            actor=fields.text("actor", _ANY),
            act=fields.word("act", tuple(Act)),
            outcome=fields.word("outcome", tuple(Outcome)),
            subject=fields.text_or_null("subject", _ANY),
            details=_details(fields.raw("details")),
            why=fields.text("why", _ANY),
        )
    except EntryContentError as exc:
        raise EntryFormatError(f"entry: {exc}") from exc
