"""What a person asks for, in their own words, turned into criteria the catalog can match without knowing callers.

Reaches the index key, because a caller is found by blind-index token.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from keys import canonical
from keys.keyring import IndexKey
from vault.catalog.criteria import Criteria
from vault.errors import SearchTermError
from vault.ids import is_id
from vault.ingest import normalise

_LAST4 = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """A search as typed: each given term must match, the values of one are alternatives."""

    numbers: tuple[str, ...] = ()
    last4s: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def name_a_person(self) -> bool:
        """Whether any term can be matched by blind-index token only."""
        return bool(self.numbers or self.last4s or self.emails or self.accounts or self.contracts or self.cases)

    def words(self) -> dict[str, canonical.Json]:
        """Return the given terms, for people; to be shown or sealed, never logged."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return {n: v.isoformat() if isinstance(v, datetime) else list(v) for n, v in given.items() if v}


def criteria_of(terms: Terms, index: IndexKey | None, region: str) -> Criteria:
    """Return the criteria of the terms.

    `index` is needed for terms that name a person only.

    Raises:
        SearchTermError: a number is none in any spelling, or last four are not four digits.

    """
    _check(terms)
    tokens = _tokens(terms, index, region) if index is not None else {}
    if terms.name_a_person and not tokens:
        raise RuntimeError("expected the index key for terms that name a person")
    shared = {f.name for f in fields(Criteria)} & {f.name for f in fields(Terms)} - {"since", "until"}
    given = {name: frozenset(getattr(terms, name)) for name in shared}
    given["jurisdictions"] = frozenset(code.upper() for code in terms.jurisdictions)  # as manifests are read
    return Criteria(
        **given,
        tokens={field: found for field, found in tokens.items() if found},
        since=terms.since,
        until=terms.until,
    )


def _check(terms: Terms) -> None:
    for field in fields(Terms):
        value = getattr(terms, field.name)
        if isinstance(value, tuple) and not all(item.strip() for item in value):
            raise SearchTermError(f"expected a value for {field.name}, got an empty one")
    if not all(is_id(recording) for recording in terms.ids):
        raise SearchTermError("expected ids of 32 hex digits, got another text")
    if terms.since is not None and terms.until is not None and terms.since > terms.until:
        raise SearchTermError("expected a time span that ends after it begins")


def _tokens(terms: Terms, index: IndexKey, region: str) -> dict[str, frozenset[bytes]]:
    return {
        "number": frozenset(
            index.token("number", _some(normalise.e164(n, region), "telephone number")) for n in terms.numbers
        ),
        "last4": frozenset(index.token("last4", _four(n)) for n in terms.last4s),
        "email": frozenset(index.token("email", _some(normalise.email(e), "e-mail address")) for e in terms.emails),
        "account": frozenset(belonging(index, "account", a) for a in terms.accounts),
        "contract": frozenset(belonging(index, "contract", c) for c in terms.contracts),
        "case": frozenset(belonging(index, "case", c) for c in terms.cases),
    }


def belonging(index: IndexKey, field: str, value: str) -> bytes:
    """Return the token by which what belongs to an account, a contract or a case (`field`) is found.

    Raises:
        SearchTermError: the value is blank.

    """
    return index.token(field, _some(normalise.account(value), field))


def _some(normalised: str | None, what: str) -> str:
    if normalised is None:
        raise SearchTermError(f"expected the {what} in any common spelling, got a text that is none")
    return normalised


def _four(text: str) -> str:
    if len(text) != _LAST4 or not text.isdecimal() or not text.isascii():
        raise SearchTermError("expected the last four digits of a number")
    return text
