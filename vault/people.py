"""Who may do what (DESIGN section 8): users, their roles and the capabilities these give. Unauthorised means no."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import Connection, insert, select, update

from keys.errors import PublicKeyError
from keys.signing import PublicKey
from vault.catalog.schema import users
from vault.errors import (
    AlteredRowError,
    NotAuthorisedError,
    RolesConflictError,
    UserExistsError,
    UserNameError,
    UserNotFoundError,
)
from vault.log.entry import Act, Entry, Outcome
from vault.model import Role

Details: TypeAlias = Mapping[str, int | str]

AUTO = "auto"
"""The name under which jobs act: they may run only what a policy allows without review."""

_NAME = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9._@+-]{0,63}")


class Capability(StrEnum):
    """One thing a command does, as the permission table names it."""

    INGEST = "ingest"
    FIND = "find"
    OPEN = "open"
    CALLERS = "callers"
    SCREEN = "screen"
    SCREEN_REVIEW = "screen.review"
    ARCHIVE = "archive"
    POLICY_READ = "policy.read"
    POLICY_CHANGE = "policy.change"
    POLICY_APPROVE = "policy.approve"
    HOLD_READ = "hold.read"
    HOLD_CHANGE = "hold.change"
    EVENT_READ = "event.read"
    EVENT_RECORD = "event.record"
    EVENT_CORRECT = "event.correct"
    DEMAND_READ = "demand.read"
    EXTENSION_CHANGE = "extension.change"
    ERASURE_CHANGE = "erasure.change"
    PURGE_PLAN = "purge.plan"
    PURGE_APPROVE = "purge.approve"
    PURGE_RUN = "purge.run"
    PURGE_READ = "purge.read"
    USERS = "users"
    KEYS = "keys"
    LOG = "log"
    CHECK = "check"
    TICK = "tick"


# an operator's feed adds what happened and cannot take it back; who writes the schedule feeds none of its clocks
_ALLOWED: dict[Role, frozenset[Capability]] = {
    Role.ADMIN: frozenset(
        {
            Capability.USERS,
            Capability.KEYS,
            Capability.POLICY_READ,
            Capability.POLICY_CHANGE,
            Capability.HOLD_READ,
            Capability.EVENT_READ,
            Capability.DEMAND_READ,
            Capability.PURGE_READ,
            Capability.FIND,
            Capability.LOG,
            Capability.CHECK,
            Capability.TICK,
        }
    ),
    Role.LEGAL: frozenset(
        {
            Capability.FIND,
            Capability.OPEN,
            Capability.CALLERS,
            Capability.SCREEN_REVIEW,
            Capability.HOLD_READ,
            Capability.HOLD_CHANGE,
            Capability.POLICY_READ,
            Capability.EVENT_READ,
            Capability.DEMAND_READ,
            Capability.EXTENSION_CHANGE,
            Capability.ERASURE_CHANGE,
            Capability.PURGE_APPROVE,
            Capability.PURGE_READ,
            Capability.LOG,
        }
    ),
    Role.RECORDS: frozenset(
        {
            Capability.FIND,
            Capability.CALLERS,
            Capability.SCREEN,
            Capability.SCREEN_REVIEW,
            Capability.ARCHIVE,
            Capability.POLICY_READ,
            Capability.POLICY_APPROVE,
            Capability.HOLD_READ,
            Capability.EVENT_READ,
            Capability.EVENT_RECORD,
            Capability.EVENT_CORRECT,
            Capability.DEMAND_READ,
            Capability.EXTENSION_CHANGE,
            Capability.ERASURE_CHANGE,
            Capability.PURGE_PLAN,
            Capability.PURGE_APPROVE,
            Capability.PURGE_RUN,
            Capability.PURGE_READ,
            Capability.LOG,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Capability.FIND,
            Capability.LOG,
            Capability.CHECK,
            Capability.POLICY_READ,
            Capability.HOLD_READ,
            Capability.EVENT_READ,
            Capability.DEMAND_READ,
            Capability.PURGE_READ,
        }
    ),
    Role.RECORDER: frozenset({Capability.INGEST}),
    Role.OPERATOR: frozenset(
        {
            Capability.INGEST,
            Capability.FIND,
            Capability.SCREEN,
            Capability.ARCHIVE,
            Capability.CHECK,
            Capability.TICK,
            Capability.POLICY_READ,
            Capability.EVENT_READ,
            Capability.EVENT_RECORD,
            Capability.PURGE_READ,
            Capability.LOG,
        }
    ),
}

# whoever writes the schedule must not decide what a court gets to see, and the auditor watches both
_APART = (
    (Role.ADMIN, Role.LEGAL),
    (Role.AUDITOR, Role.ADMIN),
    (Role.AUDITOR, Role.LEGAL),
    (Role.AUDITOR, Role.RECORDS),
)


@dataclass(frozen=True, slots=True)
class Actor:
    """In whose name something is done and why that one may: a person under a role, or `auto` under a policy."""

    name: str
    why: str

    def entry(
        self, now: datetime, act: Act, subject: str | None, details: Mapping[str, int | str] | None = None
    ) -> Entry:
        """Return the log entry of something this actor did."""
        return Entry(now, self.name, act, Outcome.DONE, subject, self.why, details or {})

    def refusal(
        self, now: datetime, act: Act, subject: str | None, why: str, details: Mapping[str, int | str]
    ) -> Entry:
        """Return the log entry of something that was refused to this actor."""
        return Entry(now, self.name, act, Outcome.REFUSED, subject, why, details)


@dataclass(frozen=True, slots=True)
class User:
    """A person known to the vault, with the public half of a key of their own."""

    name: str
    roles: frozenset[Role]
    public_key: PublicKey
    disabled: bool = False

    def may(self, capability: Capability) -> bool:
        """Tell whether one of the user's roles gives the capability."""
        return not self.disabled and any(capability in _ALLOWED[role] for role in self.roles)


def demand(user: User, capability: Capability) -> None:
    """Let the user pass, or refuse.

    Raises:
        NotAuthorisedError: no role of the user gives the capability.

    """
    if user.may(capability):
        return
    givers = ", ".join(sorted(role for role, allowed in _ALLOWED.items() if capability in allowed))
    state = "is disabled" if user.disabled else f"has the roles {', '.join(sorted(user.roles)) or 'none'}"
    raise NotAuthorisedError(f"{user.name} {state}; '{capability}' takes one of: {givers}")


def role_for(user: User, capability: Capability, wanted: Role | None = None) -> Role:
    """Return the role under which the user signs; `wanted`: under that one, where the user has several.

    Raises:
        NotAuthorisedError: no role of the user gives the capability, or the one that is wanted does not.

    """
    demand(user, capability)
    giving = {role for role in user.roles if capability in _ALLOWED[role]}
    if wanted is not None and wanted not in giving:
        raise NotAuthorisedError(f"{user.name} has not the role {wanted}, or it does not give '{capability}'")
    return wanted or min(giving)


def acting(user: User, capability: Capability, wanted: Role | None = None) -> Actor:
    """Return the user as an actor; `wanted`: under that role, where the user has several.

    Raises:
        NotAuthorisedError: no role of the user gives the capability, or the one that is wanted does not.

    """
    return Actor(user.name, f"role/{role_for(user, capability, wanted)}")


def check_roles(roles: frozenset[Role]) -> None:
    """Refuse roles that must not meet in one person.

    Raises:
        RolesConflictError: two of the roles watch each other.

    """
    for one, other in _APART:
        if one in roles and other in roles:
            raise RolesConflictError(f"expected roles that may meet in one person, got {one} and {other}")


def check_name(name: str) -> None:
    """Refuse names that a log entry or a file name cannot hold.

    Raises:
        UserNameError: not 1 to 64 of a-z 0-9 . _ @ + - starting with a letter or digit, without a letter (the log
            takes nothing that could be dialled), or reserved.

    """
    if _NAME.fullmatch(name) is None or name == AUTO:
        form = "1 to 64 of a-z 0-9 . _ @ + -, with a letter, starting with a letter or digit"
        raise UserNameError(f"expected {form}, not '{AUTO}'")


def check_is_new(connection: Connection, name: str) -> None:
    """Refuse a name that somebody has or had.

    Raises:
        UserExistsError: the name is taken, also by a disabled user.

    """
    if connection.execute(select(users.c.name).where(users.c.name == name)).first():
        raise UserExistsError(f"expected a new name, got one that is in use: {name}")


def add_user(connection: Connection, user: User, *, created_at: datetime) -> None:
    """Insert a user.

    Raises:
        UserExistsError: the name is taken, also by a disabled user: names are never given twice.
        UserNameError, RolesConflictError: see check_name, check_roles.

    """
    check_name(user.name)
    check_roles(user.roles)
    check_is_new(connection, user.name)
    connection.execute(
        insert(users).values(
            name=user.name,
            roles=_roles_text(user.roles),
            public_key=str(user.public_key),
            disabled=user.disabled,
            created_at=created_at,
        )
    )


def set_roles(connection: Connection, name: str, roles: frozenset[Role]) -> None:
    """Give a user other roles.

    Raises:
        UserNotFoundError, RolesConflictError: see find_user, check_roles.

    """
    check_roles(roles)
    if find_user(connection, name).disabled:
        raise UserNotFoundError(f"expected a user who is not disabled, {name} is")
    connection.execute(update(users).where(users.c.name == name).values(roles=_roles_text(roles)))


def disable(connection: Connection, name: str) -> None:
    """Take every capability from a user; the name stays taken.

    Raises:
        UserNotFoundError: nobody has that name.

    """
    find_user(connection, name)
    connection.execute(update(users).where(users.c.name == name).values(disabled=True))


def find_user(connection: Connection, name: str) -> User:
    """Return the user of that name.

    Raises:
        UserNotFoundError: nobody has that name.

    """
    row = connection.execute(select(users).where(users.c.name == name)).first()
    if row is None:
        raise UserNotFoundError("expected the name of a user of this vault")
    return _user(row)


def all_users(connection: Connection) -> list[User]:
    """Return every user, by name."""
    return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]


def _user(row: object) -> User:
    mapping = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's documented row access
    try:
        roles = frozenset(Role(r) for r in mapping["roles"].split(",") if r)
        key = PublicKey.parse(mapping["public_key"])
    except (ValueError, PublicKeyError) as exc:
        raise AlteredRowError(f"expected known roles and a public key of user {mapping['name']}, got others") from exc
    return User(mapping["name"], roles, key, disabled=mapping["disabled"])


def _roles_text(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))


def told(user: User) -> dict[str, int | str]:
    """Return what the log says of a user: the key's fingerprint and the roles; `check` compares it with the catalog."""
    return {"fingerprint": user.public_key.fingerprint(), "roles": "+".join(sorted(user.roles))}
