"""Who may do what: the whole table, said a second time and from the other side."""

import pytest

from keys.signing import SigningKey
from service.assembly import Vault
from tests import vaults
from vault import people
from vault.errors import NotAuthorisedError, RolesConflictError, UserExistsError, UserNameError, UserNotFoundError
from vault.model import Role
from vault.people import Capability, User

C, R = Capability, Role
WHO_MAY = {
    C.INGEST: {R.RECORDER, R.OPERATOR},
    C.FIND: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR, R.OPERATOR},
    C.OPEN: {R.LEGAL},
    C.CALLERS: {R.LEGAL, R.RECORDS},
    C.SCREEN: {R.RECORDS, R.OPERATOR},
    C.SCREEN_REVIEW: {R.LEGAL, R.RECORDS},
    C.ARCHIVE: {R.RECORDS, R.OPERATOR},
    C.POLICY_READ: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR, R.OPERATOR},
    C.POLICY_CHANGE: {R.ADMIN},
    C.POLICY_APPROVE: {R.RECORDS},
    C.HOLD_READ: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR},
    C.HOLD_CHANGE: {R.LEGAL},
    C.EVENT_READ: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR, R.OPERATOR},
    C.EVENT_RECORD: {R.RECORDS, R.OPERATOR},
    C.EVENT_CORRECT: {R.RECORDS},
    C.DEMAND_READ: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR},
    C.EXTENSION_CHANGE: {R.LEGAL, R.RECORDS},
    C.ERASURE_CHANGE: {R.LEGAL, R.RECORDS},
    C.PURGE_PLAN: {R.RECORDS},
    C.PURGE_APPROVE: {R.LEGAL, R.RECORDS},
    C.PURGE_RUN: {R.RECORDS},
    C.PURGE_READ: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR, R.OPERATOR},
    C.USERS: {R.ADMIN},
    C.KEYS: {R.ADMIN},
    C.LOG: {R.ADMIN, R.LEGAL, R.RECORDS, R.AUDITOR, R.OPERATOR},
    C.CHECK: {R.ADMIN, R.AUDITOR, R.OPERATOR},
    C.TICK: {R.ADMIN, R.OPERATOR},
}
KEY = SigningKey.generate().public


def test_the_table_is_about_every_capability() -> None:
    assert set(WHO_MAY) == set(Capability)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("capability", Capability)
def test_a_role_gives_what_the_table_says_and_nothing_else(role: Role, capability: Capability) -> None:
    user = User("eve", frozenset({role}), KEY)
    if role in WHO_MAY[capability]:
        assert people.acting(user, capability).why == f"role/{role}"
    else:
        with pytest.raises(NotAuthorisedError, match="takes one of"):
            people.acting(user, capability)
    with pytest.raises(NotAuthorisedError, match="disabled"):
        people.demand(User("eve", frozenset({role}), KEY, disabled=True), capability)


@pytest.mark.parametrize("capability", Capability)
def test_without_a_role_nothing_is_allowed(capability: Capability) -> None:
    with pytest.raises(NotAuthorisedError, match="roles none"):
        people.demand(User("eve", frozenset(), KEY), capability)


@pytest.mark.parametrize(
    "pair",
    [(R.ADMIN, R.LEGAL), (R.AUDITOR, R.ADMIN), (R.AUDITOR, R.LEGAL), (R.AUDITOR, R.RECORDS)],
    ids="+".join,
)
def test_roles_that_watch_each_other_do_not_meet_in_one_person(pair: tuple[Role, Role]) -> None:
    with pytest.raises(RolesConflictError):
        people.check_roles(frozenset({*pair, R.RECORDER}))
    for role in pair:
        people.check_roles(frozenset({role}))


@pytest.mark.parametrize("name", ["", "auto", "Ada", "a b", ".a", "a" * 65, "a/b", "a\n", "ä"])
def test_a_name_that_the_log_or_a_file_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(UserNameError):
        people.check_name(name)


def test_names_are_given_once_and_roles_are_kept(vault: Vault) -> None:
    with vault.catalog.write() as connection:
        with pytest.raises(UserExistsError):
            people.add_user(connection, User("lena", frozenset({R.RECORDER}), KEY), created_at=vaults.START)
        with pytest.raises(RolesConflictError):
            people.set_roles(connection, "lena", frozenset({R.LEGAL, R.ADMIN}))
        people.set_roles(connection, "lena", frozenset({R.RECORDS}))
        assert people.find_user(connection, "lena").roles == {R.RECORDS}
        people.disable(connection, "lena")
        assert not any(people.find_user(connection, "lena").may(c) for c in Capability)
        for nobody in ("lena", "nobody"):
            with pytest.raises(UserNotFoundError):
                people.set_roles(connection, nobody, frozenset({R.LEGAL}))
        with pytest.raises(UserExistsError):  # a disabled user's name stays taken
            people.add_user(connection, User("lena", frozenset({R.RECORDER}), KEY), created_at=vaults.START)
